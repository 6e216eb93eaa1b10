"""What home asks of the library: words as they are typed, a paste, a hit in its other language, what to narrow by.

Everything here may take long and is called on threads. No Textual.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kb.hits import Hit, SearchOutcome, Snippet
from kb.pastehits import PasteMatch, PasteOutcome
from tui.filters import misfits

if TYPE_CHECKING:
    from kb.facets import Counts
    from kb.library import Library

SHORT_LINES, SHORT = 12, 2000
"""A paste of no more lines and characters is searched for as words too: it may be a sentence in two lines."""
WORTH = 5
"""Lines that are offered to be searched for where nothing in a paste is known."""
ONE_ARTICLE = 50
"""Hits among which one article is looked for; a filter by id lets longer ids pass too."""


@dataclass(frozen=True, slots=True)
class Words:
    """The answer to words in the box."""

    found: SearchOutcome
    log: PasteOutcome | None = None
    """Where the words are a line of a log: the articles that know it."""
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Per article the languages in which it is there besides that of its hit."""
    misfits: tuple[str, ...] = ()
    """Filters whose value no article has, as typed."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """Text that was pasted, its lines ended as the library reads them."""

    text: str
    lines: int
    head: str
    """The first line that says something."""

    @property
    def several(self) -> bool:
        """Whether more than one line says something."""
        return self.lines > 1 and self.text.strip() != self.head


@dataclass(frozen=True, slots=True)
class WorthLine:
    """A line of a paste that sounds like trouble, without what stands before its message."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class PasteAnswer:
    """The answer to a paste."""

    outcome: PasteOutcome
    words: Words | None = None
    """Of a short paste: what its words find."""
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    worth: tuple[WorthLine, ...] = ()
    """Where nothing is known: lines that may be worth a search of their own."""


@dataclass(frozen=True, slots=True)
class Told:
    """An article in one language as a row shows it."""

    title: str
    lang: str
    snippet: Snippet


def pasted(text: str) -> Pasted:
    """A paste as terminals send it: their line ends are carriage returns."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n").strip("\n")
    head = next((line.strip() for line in plain[:20_000].split("\n") if line.strip()), "")
    return Pasted(plain, plain.count("\n") + 1 if plain else 0, head)


def typed(library: Library, text: str, *, limit: int = 50, lang: str | None = None) -> Words:
    """What the words in the box find; one that nothing is known of may be the beginning of one that is.

    With a line of a log, the articles that know the line as well, in `lang`.
    """
    from kb.pastetext import looks_like_paste

    found = library.find(text, limit)
    if _unfinished(text, found):
        found = library.find(text, limit, prefix_last=True)
    log = library.paste(text, lang=lang) if looks_like_paste(text) else None
    hits: Iterable[Hit | PasteMatch] = (*found.hits, *(log.matches if log else ()))
    return Words(found, log, _others(library, hits), misfits(text, found.where))


def _unfinished(text: str, found: SearchOutcome) -> bool:
    last = next((part for part in reversed(found.understood) if part.kind != "glossary"), None)
    return last is not None and last.kind != "word" and text.endswith(last.text)


def _others(library: Library, hits: Iterable[Hit | PasteMatch]) -> dict[str, tuple[str, ...]]:
    found = ((hit.article_id, library.other_languages(hit.article_id, hit.lang)) for hit in hits)
    return {article: langs for article, langs in found if langs}


def known(library: Library, paste: Pasted, *, lang: str, where: Mapping[str, str]) -> PasteAnswer:
    """What the library knows of a paste."""
    outcome = library.paste(paste.text, limit=20, lang=lang, where=where)
    words = None
    if paste.lines <= SHORT_LINES and len(paste.text) <= SHORT:
        words = Words(library.find(" ".join(paste.text.split()), 20, where=where))
        words = Words(words.found, None, _others(library, words.found.hits))
    others = _others(library, (*outcome.matches, *outcome.hints))
    worth = () if outcome.matches else worth_asking(paste.text)
    return PasteAnswer(outcome, words, others, worth)


def worth_asking(text: str, most: int = WORTH) -> tuple[WorthLine, ...]:
    """The lines of a paste that sound most like trouble, each kind once, in the order of their severity."""
    from kb.lognormal import message_of
    from kb.pastescore import severity
    from kb.pastetext import read
    from kb.safe import one_line

    lines = [line for line in read(text).lines if not line.halves and len(line.form.words) > 2]
    told = [(severity(line.form, few=False), line) for line in lines]
    worst = sorted((item for item in told if item[0] >= 0.7), key=lambda item: (-item[0], item[1].number))
    return tuple(
        WorthLine(line.number, one_line(message_of(line.text)[0], 200).strip()) for _, line in worst[:most]
    )


def counts(library: Library, words: str, where: Mapping[str, str]) -> Counts:
    """What the articles that match can be narrowed by; of a key that is filtered by already, what else there is."""
    found = dict(_facets(library, words, where))
    for key in where:
        others = {name: value for name, value in where.items() if name != key}
        found[key] = _facets(library, words, others).get(key, ())
    return found


def _facets(library: Library, words: str, where: Mapping[str, str]) -> Counts:
    if words or where:
        return library.find(words, 1, where=where).facets
    # A search for nothing finds nothing; every article either has a guide or has none.
    guided, unguided = (library.find("", 1, where={"guide": has}).facets for has in ("yes", "no"))
    return {key: _sum(guided.get(key, ()), unguided.get(key, ())) for key in {**guided, **unguided}}


def _sum(*counted: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    for value, articles in (pair for part in counted for pair in part):
        found[value] = found.get(value, 0) + articles
    return tuple(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def in_language(library: Library, text: str, article: str, lang: str) -> Told | None:
    """A hit in another language: its title and the passage that answers the words; None without a text in it."""
    hits = library.search(text, ONE_ARTICLE, lang, where={"id": article, "lang": lang})
    for hit in hits:
        if hit.article_id == article:
            return Told(hit.title, hit.lang, hit.snippet)
    found = library.get(article)
    if found is None or lang not in found.texts:
        return None
    return Told(found.texts[lang].title, lang, Snippet(((opening(found.texts[lang].markdown, 160), False),)))


def opening(markdown: str, limit: int = 1200) -> str:
    """The first lines of prose of an article, without its title."""
    lines = [line.rstrip() for line in markdown[: limit * 2].splitlines()]
    kept = [
        line.lstrip("# ") if line.startswith("#") else line
        for line in lines
        if not line.startswith(("# ", "```"))
    ]
    return "\n".join(kept).strip()[:limit]
