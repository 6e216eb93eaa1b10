"""YAML to plain data with the line of everything, bounded against bombs.

Reads as YAML 1.2 does, and more carefully: only ``true`` and ``false`` are booleans (``on``, ``yes``, ``no``
are text), no dates, no base-60 numbers, no octals; a number that would lose something (``007``, 50 digits,
``1e999``) stays text. Keys are always text. Built from the parser's events, not by its own composer, so that
depth, node count and the expansion of aliases are bounded while reading.
"""

from __future__ import annotations

import math
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kb.findings import clean, finding
from kb.problem import Problem
from kb.said import quoted, text_of
from kb.text import Text

MAX_BYTES = 2_000_000
MAX_DEPTH = 60
MAX_NODES = 200_000
"""Nodes of a document after its aliases are expanded."""

INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")
HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,15}\Z")
FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
WORDS: Mapping[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}
CORE = "tag:yaml.org,2002:"

DataPath = tuple[str | int, ...]
Param = str | int


@dataclass(frozen=True, slots=True)
class Document:
    """What a YAML text says: data (None after an error), the line of every key and item, what is wrong."""

    path: str
    data: Any
    lines: Mapping[DataPath, int]
    problems: tuple[Problem, ...] = ()

    def line(self, where: DataPath) -> int:
        """The 1-based line of the key or item at `where`, or of the nearest thing around it."""
        for length in range(len(where), -1, -1):
            line = self.lines.get(where[:length])
            if line is not None:
                return line
        return 1


def load(file: Path) -> Document:
    """Read and parse a file; never raises for anything about the file, that is in `problems`."""
    path = str(file)
    try:
        info = file.stat()
        if not (stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode)):  # a pipe or a device may never end
            return _failed(path, finding(path, 0, "file.not-a-file"))
        if info.st_size > MAX_BYTES:
            return _failed(path, finding(path, 0, "yaml.too-large", size=info.st_size, limit=MAX_BYTES))
        with open(file, "rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
    except OSError as error:
        return _failed(path, finding(path, 0, "file.unreadable", why=text_of(error)))
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        return _failed(path, finding(path, line, "yaml.not-utf8"))
    return parse(text, path)


def parse(text: str, path: str, *, first_line: int = 1, numbers: bool = True) -> Document:
    """Parse one document; lines count from `first_line`; without `numbers` every scalar stays text."""
    import yaml

    if len(text) > MAX_BYTES:
        return _failed(path, finding(path, 0, "yaml.too-large", size=len(text), limit=MAX_BYTES))
    builder = _Builder(path, first_line, numbers)
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        for event in yaml.parse(text, Loader=loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + first_line if mark else first_line
        detail = " ".join(part for part in (error.context, error.problem) if part)
        builder.stop(line, "yaml.syntax", detail=quoted(clean(detail)))
    except yaml.YAMLError as error:  # characters YAML does not allow
        position = getattr(error, "position", 0) or 0
        line = text.count("\n", 0, position) + first_line
        builder.stop(line, "yaml.syntax", detail=quoted(clean(str(getattr(error, "reason", error)))))
    except _Stop:
        pass
    data = None if builder.stopped else builder.root
    return Document(path, data, builder.lines, tuple(builder.problems))


def _failed(path: str, problem: Problem) -> Document:
    return Document(path, None, {}, (problem,))


class _Stop(Exception):
    """Reading ends here: the document is over a bound."""


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being filled."""

    value: Any
    where: DataPath
    anchor: str | None
    size_before: int
    key: str | None = None
    skip: bool = False
    """The next value is that of a key that was refused."""


@dataclass(slots=True)
class _Builder:
    """Turns parser events into data; `where` is the path of the thing that comes next."""

    path: str
    first_line: int
    numbers: bool
    root: Any = None
    stopped: bool = False
    documents: int = 0
    nodes: int = 0
    lines: dict[DataPath, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    stack: list[_Open] = field(default_factory=list)
    anchors: dict[str, tuple[Any, int] | None] = field(default_factory=dict)
    """Finished values with their node counts; None while still open (an alias to it would be a cycle)."""

    def take(self, event: Any) -> None:
        """Add one event of the parser."""
        name = type(event).__name__
        if name == "ScalarEvent":
            self._scalar(event)
        elif name in ("MappingStartEvent", "SequenceStartEvent"):
            self._open(event, {} if name.startswith("Mapping") else [])
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            self._close()
        elif name == "AliasEvent":
            self._alias(event)
        elif name == "DocumentStartEvent":
            self.documents += 1
            if self.documents > 1:
                self._halt(event, "yaml.many-documents")

    def stop(self, line: int, code: str, **params: Param | Text) -> None:
        """Record why the data cannot be used."""
        self.stopped = True
        self.problems.append(finding(self.path, line, code, "error", **params))

    def _halt(self, event: Any, code: str, **params: Param) -> None:
        self.stop(self._line(event), code, **params)
        raise _Stop

    def _line(self, event: Any) -> int:
        return int(event.start_mark.line) + self.first_line

    def _count(self, event: Any, nodes: int = 1) -> None:
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            self._halt(event, "yaml.too-many-nodes", limit=MAX_NODES)

    def _awaits_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and self.stack[-1].key is None

    def _scalar(self, event: Any) -> None:
        self._count(event)
        if self._awaits_key():
            self._key(event)
            return
        value = self._resolve(event)
        if event.anchor:
            self.anchors[event.anchor] = (value, 1)
        self._place(event, value)

    def _key(self, event: Any) -> None:
        top = self.stack[-1]
        top.key = event.value
        top.skip = event.value in top.value
        if top.skip:
            first = self.lines.get((*top.where, event.value), 0)
            self.problems.append(
                finding(self.path, self._line(event), "yaml.duplicate-key", key=event.value, first=first)
            )
        else:
            top.value[event.value] = None
            self.lines[(*top.where, event.value)] = self._line(event)

    def _where(self) -> DataPath:
        if not self.stack:
            return ()
        top = self.stack[-1]
        return (*top.where, len(top.value) if isinstance(top.value, list) else top.key or "")

    def _place(self, event: Any, value: Any) -> None:
        if not self.stack:
            self.root = value
            self.lines.setdefault((), self._line(event))
            return
        top = self.stack[-1]
        if isinstance(top.value, list):
            self.lines[(*top.where, len(top.value))] = self._line(event)
            top.value.append(value)
            return
        if not top.skip:
            top.value[top.key or ""] = value
        top.key, top.skip = None, False

    def _open(self, event: Any, value: Any) -> None:
        self._count(event)
        if len(self.stack) >= MAX_DEPTH:
            self._halt(event, "yaml.too-deep", limit=MAX_DEPTH)
        if self._awaits_key():
            self._halt(event, "yaml.complex-key")
        if event.anchor:
            self.anchors[event.anchor] = None
        where = self._where()
        if self.stack and self.stack[-1].skip:
            where = (*where, "", "")  # a refused duplicate must not overwrite the lines of the first
        # placed before it is filled, in place, so that order and lines come out right
        self._place(event, value)
        self.stack.append(_Open(value, where, event.anchor, self.nodes))

    def _close(self) -> None:
        done = self.stack.pop()
        if done.anchor:
            self.anchors[done.anchor] = (done.value, self.nodes - done.size_before + 1)

    def _alias(self, event: Any) -> None:
        if self._awaits_key():
            self._halt(event, "yaml.complex-key")
        if event.anchor not in self.anchors:
            self._halt(event, "yaml.unknown-anchor", name=event.anchor)
        known = self.anchors[event.anchor]
        if known is None:
            self._halt(event, "yaml.cycle", name=event.anchor)
            return
        value, size = known
        self._count(event, size)
        self._place(event, value)

    def _resolve(self, event: Any) -> Any:
        tag, text = event.tag, event.value
        if tag in (None, "!") and (not event.implicit[0] or not self.numbers):
            return text
        if tag in (CORE + "str", "!"):
            return text
        if tag is None or tag in (CORE + "int", CORE + "float", CORE + "bool", CORE + "null"):
            return plain(text)
        return self._unknown_tag(event)

    def _unknown_tag(self, event: Any) -> str:
        self.problems.append(finding(self.path, self._line(event), "yaml.tag", tag=event.tag))
        return str(event.value)


def plain(text: str) -> str | int | float | bool | None:
    """The value of an unquoted scalar."""
    if text in WORDS:
        return WORDS[text]
    if INTEGER.match(text):
        return int(text)
    if HEXADECIMAL.match(text):
        return int(text, 16)
    if len(text) <= 40 and FLOAT.match(text):
        number = float(text)
        return number if math.isfinite(number) else text
    return text


def dump(data: Any) -> str:
    """Plain data as YAML for people: keys in their order, Unicode as it is."""
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=10_000))
