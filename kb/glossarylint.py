"""What is doubtful in glossary entries that can be read: said twice, contradicting, in the wrong language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from kb.findings import finding
from kb.glossaryfile import Entry, lang_of
from kb.phrases import Key, keys
from kb.problem import Problem
from kb.tokens import words

MOST_COMPARED = 12
"""Terms of an entry that are compared with those of others."""


def doubts(entries: Iterable[Entry]) -> Iterator[Problem]:
    """Warnings about entries: within one, and between those of one file."""
    known: dict[tuple[str, Key, Key], tuple[str, Key, int]] = {}
    for entry in entries:
        yield from _languages(entry)
        yield from _repeated(entry)
        for one, two, kind in _pairs(entry):
            pair = (entry.path, min(one, two), max(one, two))
            other, first, line = known.setdefault(pair, (kind, one, entry.line))
            if line == entry.line or (kind == other == "near" and one != first):
                continue
            code = "glossary.duplicate-pair" if other == kind else "glossary.contradiction"
            yield _warning(entry, code, pair=f"{_shown(one)} = {_shown(two)}", first=line)


def _languages(entry: Entry) -> Iterator[Problem]:
    for text in entry.zh:
        if lang_of(text) != "zh":
            yield _warning(entry, "glossary.not-zh", text=text)
    for text in entry.en:
        if lang_of(text) != "en":
            yield _warning(entry, "glossary.not-en", text=text)


def _repeated(entry: Entry) -> Iterator[Problem]:
    for texts, same in (((*entry.terms, *entry.near), index_terms), (entry.said, _first_key)):
        seen: dict[Key, str] = {}
        for text in texts:
            other = seen.setdefault(same(text), text)
            if other is not text:
                yield _warning(entry, "glossary.duplicate", text=text, other=other)


def _pairs(entry: Entry) -> Iterator[tuple[Key, Key, str]]:
    terms = [_first_key(term) for term in entry.terms[:MOST_COMPARED]]
    near = [_first_key(text) for text in entry.near]
    for number, one in enumerate(terms):
        for kind, others in (("term", terms[number + 1 :]), ("near", near)):
            for two in others:
                if one != two:
                    yield one, two, kind


def _first_key(text: str) -> Key:
    return keys(text)[0]


def _shown(key: Key) -> str:
    return ("" if lang_of(key[0]) == "zh" else " ").join(key)


def _warning(entry: Entry, code: str, **params: object) -> Problem:
    return finding(entry.path, entry.line, code, "warning", **params)


@lru_cache(maxsize=32768)
def index_terms(text: str) -> tuple[str, ...]:
    """The terms of the index an expression is found by: pairs of characters, whole words, hyphenated ones in parts."""
    found: dict[str, None] = {}
    for word in words(text):
        parts = [form.text for form in word.forms if form.kind == "part"]
        plain_hyphen = "-" in word.text and word.text.islower()
        found.update(dict.fromkeys(parts if plain_hyphen and parts else [word.forms[0].text]))
    return tuple(found)
