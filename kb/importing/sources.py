"""Files, folders and standard input as sources: found in order, read with a bound, never waited for."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from kb.articlefile import MAX_BYTES
from kb.findings import finding
from kb.problem import Problem
from kb.said import text_of

SUFFIXES = (
    ".md", ".mdx", ".markdown", ".mdown", ".mkd", ".txt", ".text", ".html", ".htm", ".xhtml", ".mht.html",
    ".wiki", ".mediawiki", ".xml",
)  # fmt: skip
PAGES = (".html", ".htm", ".xhtml", ".xml")
MAX_PAGE = 20_000_000
"""Bytes of an HTML page: its text is a small part of it."""
SKIPPED = ("node_modules", "__pycache__", "__MACOSX")
STDIN = "-"


@dataclass(frozen=True, slots=True)
class Source:
    """One file to import."""

    path: str
    """As the system opens it; ``-`` for standard input."""
    base: str
    """The folder it was found below: nothing outside it is read for it."""
    relative: str
    """Below `base`, with ``/``."""
    key: str
    """What names it from one import to the next: the name of the base and the relative path."""
    problem: Problem | None = None
    """Why it cannot be read, where that is known already."""
    data: bytes = b""
    """What standard input gave."""


def find(names: Sequence[str], keep_out: str, stdin: BinaryIO | None) -> list[Source]:
    """All sources that `names` (files, folders, ``-``) stand for, each file once; `keep_out` is not searched."""
    found: list[Source] = []
    seen: set[tuple[int, int]] = set()
    barred = os.path.realpath(keep_out)
    for name in names:
        if name == STDIN:
            found.append(_standard_input(stdin))
            continue
        for source in _named(name, barred):
            known = _identity(source.path)
            if known is None or known not in seen:
                found.append(source)
            if known is not None:
                seen.add(known)
    return _distinct(found)


def read(source: Source) -> tuple[bytes | None, Problem | None]:
    """The bytes of a source, or why there are none."""
    if source.problem:
        return None, source.problem
    if source.path == STDIN:
        return source.data, None
    limit = MAX_PAGE if source.path.lower().endswith(PAGES) else MAX_BYTES
    try:
        info = os.stat(source.path)
        if not stat.S_ISREG(info.st_mode):
            return None, finding(source.key, 0, "file.not-a-file")
        if info.st_size > limit:
            return None, finding(source.key, 0, "file.too-large", size=info.st_size, limit=limit)
        with open(source.path, "rb") as file:
            data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        return None, _unreadable(source.key, error)
    if len(data) > limit:
        return None, finding(source.key, 0, "file.too-large", size=len(data), limit=limit)
    return data, None


def _standard_input(stream: BinaryIO | None) -> Source:
    data = stream.read(MAX_PAGE + 1) if stream else b""
    problem = None
    if len(data) > MAX_PAGE:
        problem, data = finding("stdin", 0, "file.too-large", size=len(data), limit=MAX_PAGE), b""
    return Source(STDIN, "", "stdin", "stdin", problem, data)


def _named(name: str, barred: str) -> Iterator[Source]:
    path = os.path.abspath(name)
    try:
        info = os.stat(path)
    except (OSError, ValueError) as error:
        shown = _shown(os.path.basename(path) or name)
        yield Source(path, os.path.dirname(path), shown, shown, _unreadable(shown, error))
        return
    if stat.S_ISDIR(info.st_mode):
        yield from _walk(path, barred)
        return
    base, stem = os.path.split(path)
    key = _shown(f"{os.path.basename(base)}/{stem}".lstrip("/"))
    problem = None if stat.S_ISREG(info.st_mode) else finding(key, 0, "file.not-a-file")
    yield Source(path, base, _shown(stem), key, problem)


def _walk(folder: str, barred: str) -> Iterator[Source]:
    """Documents below a folder in the order of their names; links are followed, but to no folder twice."""
    top = os.path.basename(folder)
    visited: set[tuple[int, int]] = set()
    pending = [(folder, "")]
    while pending:
        here, below = pending.pop()
        known = _identity(here)
        if known in visited or os.path.realpath(here) == barred:
            continue
        if known:
            visited.add(known)
        try:
            entries = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError as error:
            shown = _shown(f"{top}/{below}".rstrip("/"))
            yield Source(here, folder, shown, shown, _unreadable(shown, error))
            continue
        folders = []
        for entry in entries:
            if entry.name.startswith(".") or entry.name in SKIPPED:
                continue
            relative = f"{below}{entry.name}"
            wanted = entry.name.lower().endswith(SUFFIXES)
            key = _shown(f"{top}/{relative}")
            try:
                mode = entry.stat().st_mode
            except OSError as error:
                if wanted:
                    yield Source(entry.path, folder, _shown(relative), key, _unreadable(key, error))
                continue
            if stat.S_ISDIR(mode):
                folders.append((entry.path, f"{relative}/"))
            elif wanted:
                problem = None if stat.S_ISREG(mode) else finding(key, 0, "file.not-a-file")
                yield Source(entry.path, folder, _shown(relative), key, problem)
        pending += reversed(folders)


def _distinct(found: list[Source]) -> list[Source]:
    """Two sources of one run never share a key: the later one gets the name of the folder above in front."""
    taken: set[str] = set()
    distinct = []
    for source in found:
        key = source.key
        if key in taken and source.path != STDIN:
            above = Path(source.base).parent.name
            key = _free(f"{_shown(above)}/{key}", taken)
            source = Source(source.path, source.base, source.relative, key, source.problem, source.data)
        taken.add(key)
        distinct.append(source)
    return distinct


def _free(key: str, taken: Collection[str]) -> str:
    number = 2
    wanted = key
    while wanted in taken:
        wanted = f"{key}#{number}"
        number += 1
    return wanted


def _identity(path: str) -> tuple[int, int] | None:
    try:
        info = os.stat(path)
    except (OSError, ValueError):
        return None
    return info.st_dev, info.st_ino


def _unreadable(key: str, error: Exception) -> Problem:
    return finding(key, 0, "file.unreadable", why=text_of(error))


def _shown(name: str) -> str:
    """A file name as text: bytes that are none become marks, control characters blanks."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return "".join(c if c.isprintable() else " " for c in text)
