"""Which files of the roots belong to which article; looks at names and `stat`, opens nothing."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Literal

from kb.articlefile import SUFFIXES, file_name
from kb.findings import finding
from kb.problem import Problem
from kb.said import text_of

GUIDE = "guide.yaml"
SKIPPED = ("node_modules", "__pycache__")


@dataclass(frozen=True, slots=True)
class Source:
    """One file of an article as the file system knows it; equal sources have equal contents."""

    article: str
    kind: Literal["text", "guide"]
    path: str
    root: str
    size: int
    mtime_ns: int
    lang: str = ""
    """Where the file's name says it."""


@dataclass(slots=True)
class Scan:
    """All files of all roots by article; of an article in several roots, only the files of the last one."""

    sources: dict[str, tuple[Source, ...]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def scan(roots: Sequence[Path], known: Scan | None = None) -> Scan:
    """Walk the roots in order; later ones win by article id. With a scan that is `known`, faster."""
    found = Scan()
    before = (
        {source.path: source for sources in known.sources.values() for source in sources} if known else {}
    )
    for root in roots:
        here: dict[str, list[Source]] = {}
        if not root.is_dir():
            found.problems.append(finding(str(root), 0, "root.missing"))
            continue
        for source in _walk(root, before, found.problems):
            here.setdefault(source.article, []).append(source)
        found.sources.update({article: tuple(sources) for article, sources in here.items()})
    return found


def _walk(root: Path, before: Mapping[str, Source], problems: list[Problem]) -> Iterator[Source]:
    seen: set[tuple[int, int]] = set()
    pending = [(str(root), PurePath())]
    while pending:
        folder, relative = pending.pop()
        try:
            info = os.stat(folder)
            if (info.st_dev, info.st_ino) in seen:  # a link back to a folder already walked
                continue
            seen.add((info.st_dev, info.st_ino))
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            problems.append(_unreadable(folder, error))
            continue
        of_article = any(entry.name == GUIDE for entry in entries) and _is_article_folder(
            relative, {entry.name.lower() for entry in entries}
        )
        for entry in entries:
            name = entry.name
            if name.startswith("."):
                continue
            wanted = name.lower().endswith(SUFFIXES) or (of_article and name == GUIDE)
            try:
                if entry.is_dir():
                    if name not in SKIPPED:
                        pending.append((entry.path, relative / name))
                    if wanted:
                        problems.append(finding(entry.path, 0, "file.not-a-file", "warning"))
                elif wanted:
                    info = entry.stat()
                    if stat.S_ISREG(info.st_mode):
                        yield _source(entry.path, relative, name, root, info, before.get(entry.path))
                    else:
                        problems.append(finding(entry.path, 0, "file.not-a-file"))
            except OSError as error:
                if wanted:
                    problems.append(_unreadable(entry.path, error))


def _is_article_folder(relative: PurePath, names: set[str]) -> bool:
    """Only there is ``guide.yaml`` a guide: in ``articles/<id>/``, or beside ``en.md`` or ``zh.md``."""
    under_articles = len(relative.parts) == 2 and relative.parts[0] == "articles"
    return bool(relative.parts) and (under_articles or bool(names & {"en.md", "zh.md", "en.mdx", "zh.mdx"}))


def _source(
    path: str, folder: PurePath, name: str, root: Path, info: os.stat_result, known: Source | None
) -> Source:
    if (
        known
        and known.size == info.st_size
        and known.mtime_ns == info.st_mtime_ns
        and known.root == str(root)
    ):
        return known
    below = folder / name
    if name == GUIDE:
        return Source(_id(below.parts[-2]), "guide", path, str(root), info.st_size, info.st_mtime_ns)
    said = file_name(below)
    return Source(_id(said.article), "text", path, str(root), info.st_size, info.st_mtime_ns, said.lang)


def _id(name: str) -> str:
    """A file's name as an id: what is no text, or would disturb a screen, is written with its number."""
    if name.isprintable():
        return name
    escaped = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in escaped)


def _unreadable(path: str, error: OSError) -> Problem:
    return finding(path, 0, "file.unreadable", why=text_of(error))
