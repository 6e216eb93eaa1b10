"""A value of a YAML document with its place: what check files are read through, noting every mistake with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kb.findings import nearest, problem_of
from kb.messages import message
from kb.problem import Problem, Severity
from kb.text import LANGS, Text
from kb.yamlfile import DataPath, Document


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a document; the methods read it as something and note what is wrong."""

    document: Document
    where: DataPath
    value: Any
    problems: list[Problem]
    shipped: bool = False
    """The file came with klinik, whose tests compiled its expressions: they are compiled when they are needed."""

    def say(self, code: str, severity: Severity = "error", **params: object) -> None:
        """Note a problem at this place; its sentence is ``checks.CODE``."""
        line = self.document.line(self.where)
        self.problems.append(
            problem_of(self.document.path, line, f"check.{code}", f"checks.{code}", severity, **params)
        )

    def at(self, key: str | int) -> Place:
        """The value at a key of a mapping or an index of a list; nothing where there is none."""
        inner = None
        if isinstance(self.value, Mapping):
            inner = self.value.get(key)
        elif isinstance(self.value, list) and isinstance(key, int):
            inner = self.value[key]
        return Place(self.document, (*self.where, key), inner, self.problems, self.shipped)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, Mapping) and key in self.value

    def items(self) -> Iterator[tuple[str, Place]]:
        """The entries of a mapping; none of anything else."""
        for key in self.value if isinstance(self.value, Mapping) else ():
            yield key, self.at(key)

    def each(self) -> Iterator[Place]:
        """The items of a list; none of anything else."""
        for index in range(len(self.value)) if isinstance(self.value, list) else ():
            yield self.at(index)

    def mapping(self, known: tuple[str, ...] = (), required: tuple[str, ...] = ()) -> bool:
        """Whether it is a mapping; unknown and missing keys are noted (any key is known where none is named)."""
        if not isinstance(self.value, Mapping):
            self.say("type", wanted=message("kb.want.mapping"), found=_named(self.value))
            return False
        for key in self.value:
            if known and key not in known:
                self.at(key).say("unknown-key", key=key, hint=nearest(key, known))
        for key in required:
            if key not in self.value:
                self.say("missing", key=key)
        return True

    def string(self, default: str = "") -> str:
        """A string; numbers are not taken for one."""
        if self.value is None:
            return default
        if isinstance(self.value, str):
            return self.value
        self.say("type", wanted=message("kb.want.text"), found=_named(self.value))
        return default

    def number(self, default: float, least: float = 0) -> float:
        """A number of at least `least`."""
        if self.value is None:
            return default
        if isinstance(self.value, int | float) and not isinstance(self.value, bool) and self.value >= least:
            return self.value
        self.say("type", wanted=message("kb.want.number", least=least), found=_named(self.value))
        return default

    def flag(self, default: bool = False) -> bool:
        """true or false."""
        if self.value is None:
            return default
        if isinstance(self.value, bool):
            return self.value
        self.say("type", wanted=message("kb.want.truth"), found=_named(self.value))
        return default

    def strings(self) -> tuple[str, ...]:
        """A list of strings; a number in it is noted, because YAML took quotes to be unneeded where they are not."""
        if self.value is None:
            return ()
        if not isinstance(self.value, list):
            self.say("type", wanted=message("kb.want.texts"), found=_named(self.value))
            return ()
        return tuple(item.string() for item in self.each())

    def choice(self, known: tuple[str, ...], default: str = "") -> str:
        """One of the known words."""
        if self.value is None:
            return default
        if self.value in known:
            return str(self.value)
        self.say("choice", value=str(self.value), known=", ".join(known))
        return default or known[0]

    def text(self) -> Text:
        """``{en: …, zh: …}`` with both languages."""
        if not self.mapping(LANGS):
            return Text()
        for lang in LANGS:
            if not self.at(lang).string().strip():
                self.say("missing-language", lang=lang)
        return Text(self.at("en").string(), self.at("zh").string())


def _named(value: Any) -> Text | str:
    names = {dict: "mapping", list: "list", str: "text", bool: "truth", type(None): "empty"}
    return message(f"kb.is.{names[type(value)]}") if type(value) in names else f"{value!r}"
