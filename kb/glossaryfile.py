"""One ``glossary.yaml``, already parsed, to entries; every mistake of it to a problem with its line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kb.findings import finding, nearest
from kb.phrases import ANY, SLOT, Key, keys
from kb.problem import Problem, Severity
from kb.text import Lang
from kb.tokens import is_han
from kb.yamlfile import DataPath, Document

TERM = 0.8
"""What a term of the same entry is worth where the entry does not say otherwise."""
LONGEST = 80
"""Characters of an expression."""
MOST_EXPRESSIONS = 60
"""Expressions of one list."""
KINDS = ("zh", "en", "near", "said")
KEYS = (*KINDS, "weight", "replace")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing and its names: terms in both languages, related terms, and what people say for it."""

    zh: tuple[str, ...] = ()
    en: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    said: tuple[str, ...] = ()
    weight: float = TERM
    path: str = ""
    line: int = 0

    @property
    def terms(self) -> tuple[str, ...]:
        """Its names in both languages."""
        return (*self.zh, *self.en)


class Reader:
    """One file to entries, every mistake of it to a problem."""

    def __init__(self, document: Document, classes: dict[str, tuple[str, ...]]) -> None:
        self._document = document
        self._classes = classes
        self.problems: list[Problem] = []

    def read(self) -> tuple[list[Entry], frozenset[Key]]:
        """The entries, and the keys of the expressions that they replace."""
        data = self._document.data
        where: DataPath = ()
        if isinstance(data, dict):
            self._read_classes(data)
            data, where = data.get("terms", []), ("terms",)
        if data is None:
            return [], frozenset()
        if not isinstance(data, list):
            self._problem(where, "glossary.not-list")
            return [], frozenset()
        entries: list[Entry] = []
        gone: set[Key] = set()
        for number, item in enumerate(data):
            entry = self._entry(item, (*where, number))
            if entry is not None:
                entries.append(entry)
                if item.get("replace") is True:
                    gone.update(key for text in (*entry.terms, *entry.said) for key in keys(text))
        return entries, frozenset(gone)

    def _read_classes(self, data: Mapping[str, Any]) -> None:
        for key in data:
            if key not in ("classes", "terms"):
                self._problem(
                    (key,), "glossary.unknown-key", key=key, hint=nearest(key, ("classes", "terms"))
                )
        classes = data.get("classes") or {}
        if not isinstance(classes, dict):
            self._problem(("classes",), "glossary.classes")
            return
        for name, members in classes.items():
            if not SLOT.fullmatch(f"<{name}>"):
                self._problem(("classes", name), "glossary.class-name", name=name)
                continue
            texts = self._texts(members, ("classes", name), "class")
            self._classes[name] = tuple(dict.fromkeys((*self._classes.get(name, ()), *texts)))

    def _entry(self, item: Any, where: DataPath) -> Entry | None:
        if not isinstance(item, dict):
            self._problem(where, "glossary.entry")
            return None
        for key in item:
            if key not in KEYS:
                self._problem((*where, key), "glossary.unknown-key", key=key, hint=nearest(key, KEYS))
        read = {kind: self._texts(item.get(kind), (*where, kind), kind) for kind in KINDS}
        weight = item.get("weight", TERM)
        if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < 1:
            self._problem((*where, "weight"), "glossary.weight")
            weight = TERM
        if "replace" in item and not isinstance(item["replace"], bool):
            self._problem((*where, "replace"), "glossary.replace")
        line = self._document.line(where)
        entry = Entry(**read, weight=float(weight), path=self._document.path, line=line)
        if not entry.terms or len(entry.terms) + len(entry.near) + len(entry.said) < 2:
            self._problem(where, "glossary.empty")
            return None
        return entry

    def _texts(self, value: Any, where: DataPath, kind: str) -> tuple[str, ...]:
        """The good expressions of one list (a single one needs no list)."""
        if value is None:
            return ()
        items = value if isinstance(value, list) else [value]
        if len(items) > MOST_EXPRESSIONS:
            self._problem(where, "glossary.too-many", limit=MOST_EXPRESSIONS)
            items = items[:MOST_EXPRESSIONS]
        good: dict[str, None] = {}
        for number, text in enumerate(items):
            place = (*where, number) if isinstance(value, list) else where
            if isinstance(text, int | float) and not isinstance(text, bool):
                text = str(text)
            if self._is_good(text, place, kind):
                good[text.strip()] = None
        return tuple(good)

    def _is_good(self, text: Any, where: DataPath, kind: str) -> bool:
        if not isinstance(text, str) or len(text) > LONGEST or not any(c.isalnum() for c in text):
            self._problem(where, "glossary.text", limit=LONGEST)
            return False
        slots = SLOT.findall(text) if "<" in text or ANY in text or "..." in text else []
        if slots and (kind != "said" or text.strip(" .").startswith(ANY) or text.strip(" .").endswith(ANY)):
            self._problem(where, "glossary.slot", text=text)
            return False
        unknown = [name for name in slots if name and name not in self._classes]
        if unknown:
            hint = nearest(unknown[0], self._classes)
            self._problem(where, "glossary.unknown-class", name=unknown[0], hint=hint)
            return False
        return True

    def _problem(self, where: DataPath, code: str, *, severity: Severity = "error", **params: object) -> None:
        line = self._document.line(where)
        self.problems.append(finding(self._document.path, line, code, severity, **params))


def lang_of(text: str) -> Lang:
    """The language an expression is written in: Chinese when anything in it is."""
    return "zh" if any(is_han(c) for c in text) else "en"
