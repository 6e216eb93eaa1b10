"""The glossary: what may stand for an expression of a query, in either language (``ROOT/glossary.yaml``).

    glossary = load_glossary(roots)              # never raises; what is wrong stands in glossary.problems
    for variant in glossary.variants("pod 一直重启"):
        variant.start, variant.end               # where the expression stands in the text
        for other in variant.others:             # best first
            other.text, other.lang               # "CrashLoopBackOff", "en"
            other.weight                         # what it is worth beside the literal word (1.0)
            other.terms                          # terms of the index, all needed together: ("crashloopbackoff",)

Spans of terms do not overlap each other (longest first); an idiom (`said`) may lie around terms, both are given then.
The text of a variant itself is not among its others.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from kb import yamlfile
from kb.findings import finding
from kb.glossaryfile import KINDS, TERM, Entry, Reader, lang_of
from kb.glossarylint import doubts, index_terms
from kb.paths import ASSETS
from kb.phrases import Found, Key, Phrases, keys
from kb.problem import Problem
from kb.text import Lang

FILE = "glossary.yaml"
SAID, NEAR = 0.7, 0.45
"""What a term is worth for an idiom; a related expression for either."""
MOST_OTHERS = 12
Stamp = tuple[str, int, int]
"""Path, size (-1: no regular file) and time of change in ns of a file."""


@dataclass(frozen=True, slots=True)
class Other:
    """An expression that may stand for a part of the query."""

    text: str
    weight: float

    @property
    def lang(self) -> Lang:
        """The language it is written in."""
        return lang_of(self.text)

    @property
    def terms(self) -> tuple[str, ...]:
        """The terms of the index it is found by, all of them needed."""
        return index_terms(self.text)


@dataclass(frozen=True, slots=True)
class Variant:
    """A known expression in a query, and what may stand for it, best first."""

    start: int
    end: int
    others: tuple[Other, ...]
    idiom: bool = False
    """It is a way of saying something, not a term: its own words may be worth little."""


@dataclass(frozen=True, slots=True)
class Glossary:
    """Entries of all roots; made by `load_glossary` or `glossary_of`."""

    entries: tuple[Entry, ...] = ()
    _mistakes: tuple[Problem, ...] = ()
    _phrases: Phrases = field(default_factory=Phrases, repr=False, compare=False)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong or doubtful in the files, in their order and that of the lines; takes its time."""
        found = {*self._mistakes, *doubts(self.entries)}
        return tuple(sorted(found, key=lambda p: (p.path, p.line, p.code, p.message)))

    def variants(self, text: str) -> tuple[Variant, ...]:
        """The known expressions of a query in their order; pure, under a millisecond for a sentence."""
        found = self._phrases.find(text)
        spans: dict[tuple[int, int, bool], list[int]] = {}
        for one in (*_leftmost(f for f in found if not _idiom(f)), *_widest({f for f in found if _idiom(f)})):
            spans.setdefault((one.start, one.end, _idiom(one)), []).append(one.payload)
        variants = [
            Variant(start, end, self._others(text[start:end], payloads), idiom)
            for (start, end, idiom), payloads in sorted(spans.items())
        ]
        return tuple(variant for variant in variants if variant.others)

    def _others(self, typed: str, payloads: Iterable[int]) -> tuple[Other, ...]:
        itself = index_terms(typed)
        best: dict[str, float] = {}
        for payload in dict.fromkeys(payloads):
            entry, idiom = self.entries[payload // 2], payload % 2
            scale = entry.weight / TERM
            for texts, weight in ((entry.terms, SAID if idiom else TERM), (entry.near, NEAR)):
                for text in texts:
                    best[text] = max(best.get(text, 0.0), weight * scale)
        ranked = sorted(best.items(), key=lambda item: -item[1])
        offered = [(text, weight) for text, weight in ranked if weight > 0 and index_terms(text) != itself]
        return tuple(Other(text, round(weight, 3)) for text, weight in offered[:MOST_OTHERS])


def _idiom(found: Found) -> bool:
    return found.payload % 2 == 1


def _leftmost(found: Iterable[Found]) -> list[Found]:
    """The longest at the first place, then on behind it; several when they are equally long."""
    chosen: list[Found] = []
    for one in sorted(found, key=lambda f: (f.start, -f.end)):
        last = chosen[-1] if chosen else None
        if last is None or one.start >= last.end or (one.start, one.end) == (last.start, last.end):
            chosen.append(one)
    return chosen


def _widest(found: Iterable[Found]) -> list[Found]:
    """Those that do not lie inside one that says more."""
    chosen: list[Found] = []
    for one in sorted(found, key=lambda f: (f.start, -f.end, -f.size)):
        if not any(
            one.end <= o.end and (one.start, one.end) != (o.start, o.end) and one.size < o.size
            for o in chosen
        ):
            chosen.append(one)
    return chosen


def load_glossary(roots: Sequence[Path]) -> Glossary:
    """The shipped glossary and those of `roots`, later ones adding to or replacing what earlier ones say.

    Costs some 70 ms for the shipped file, and only a look at the files while none of them has changed.
    """
    files = [folder / FILE for folder in dict.fromkeys([ASSETS, *roots])]
    return _loaded(tuple(stamp for file in files if (stamp := _stamp(file)) is not None))


def _stamp(file: Path) -> Stamp | None:
    """What a file looks like from outside; None where there is none."""
    try:
        info = os.stat(file)
    except (OSError, ValueError):
        return (str(file), -1, 0) if os.path.islink(file) else None
    # a pipe would never end
    return (str(file), info.st_size, info.st_mtime_ns) if stat.S_ISREG(info.st_mode) else (str(file), -1, 0)


@lru_cache(maxsize=4)
def _loaded(stamps: tuple[Stamp, ...]) -> Glossary:
    return glossary_of([_document(path, size) for path, size, _ in stamps])


def _document(path: str, size: int) -> yamlfile.Document:
    if size < 0:
        return yamlfile.Document(path, None, {}, (finding(path, 0, "file.not-a-file"),))
    return yamlfile.load(Path(path))


def glossary_of(documents: Sequence[yamlfile.Document]) -> Glossary:
    """The glossary that parsed files say, in order."""
    problems: list[Problem] = []
    entries: list[Entry] = []
    classes: dict[str, tuple[str, ...]] = {}
    for document in documents:
        reader = Reader(document, classes)
        fresh, gone = reader.read()
        problems += (*document.problems, *reader.problems)
        entries = [*(_without(entry, gone) for entry in entries), *fresh]
    phrases = Phrases()
    for name, members in classes.items():
        for member in members:
            phrases.add_member(name, member)
    for number, entry in enumerate(entries):
        for term in entry.terms:
            phrases.add(term, 2 * number)
        for idiom in entry.said:
            phrases.add(idiom, 2 * number + 1)
    return Glossary(tuple(entries), tuple(problems), phrases)


def _without(entry: Entry, gone: frozenset[Key]) -> Entry:
    """An earlier root's entry without the expressions that a later one replaces."""
    if not gone:
        return entry
    kept = {
        kind: tuple(text for text in getattr(entry, kind) if gone.isdisjoint(keys(text))) for kind in KINDS
    }
    return Entry(**kept, weight=entry.weight, path=entry.path, line=entry.line)
