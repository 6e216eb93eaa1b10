"""Answering a query from the index: candidates, ranking, one hit per article, snippets."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from kb import ranking, snippets, spelling
from kb.hits import Hit, SearchOutcome
from kb.query import COMPLETED, MISSPELT, Concept, concepts
from kb.snippets import Matcher
from kb.tokens import fold, is_han

if TYPE_CHECKING:
    from kb.index import IndexReader

FILTERS = ("lang", "component", "product", "version", "kind", "guide", "id")
COMPLETIONS = 30
LOOKED_AT = 24
"""Articles at the top whose texts are looked at for the words standing together."""
TOGETHER = 0.6
"""How much an article gains when all neighbouring words of the query stand together in it."""
VERBATIM = 0.5
"""The further gain when the whole query stands in it as typed."""
CLOSE = 0.8
"""The preferred language is shown when its text answers at least this share of what the other's does."""


@dataclass(slots=True)
class _Candidates:
    articles: dict[str, float]
    documents: dict[str, dict[int, float]] = field(default_factory=dict)


def find(
    index: IndexReader,
    text: str,
    *,
    limit: int = 20,
    lang: str | None = None,
    where: Mapping[str, str] | None = None,
    prefix_last: bool = False,
) -> SearchOutcome:
    """The articles that answer `text`, best first; ValueError for an unknown key in `where`."""
    allowed = allowed_documents(index, where or {})
    typed = concepts(text)
    if not typed or not index.size:
        return SearchOutcome(text)
    open_end = prefix_last and not text[-1:].isspace()
    asked, corrected = _expand(index, typed, open_end=open_end)
    found = _candidates(index, asked, allowed)
    ranked = _rerank(index, text, typed, found)
    matcher = Matcher(asked, open_end=open_end)
    prefer = lang or ("zh" if any(is_han(c.text[0]) for c in typed) else "en")
    hits = tuple(_hit(index, a, score, found.documents[a], matcher, prefer) for a, score in ranked[:limit])
    return SearchOutcome(text, hits, len(found.articles), suggestion=_suggestion(text, corrected, hits))


def allowed_documents(index: IndexReader, where: Mapping[str, str]) -> set[int] | None:
    """The documents that pass all filters; None when there is none to pass."""
    allowed: set[int] | None = None
    for key, wanted in where.items():
        if key not in FILTERS:
            raise ValueError(f"unknown filter {key}; known: {', '.join(FILTERS)}")
        passing = index.documents_where(key, _passes(key, wanted.casefold()))
        allowed = passing if allowed is None else allowed & passing
    return allowed


def _passes(key: str, wanted: str) -> Callable[[str], bool]:
    same = {"version": _version_matches, "guide": _guide_matches}.get(key, _value_matches)
    return lambda value: same(value, wanted)


def _guide_matches(value: str, wanted: str) -> bool:
    """``yes`` is a guide of either kind."""
    return value == {"no": "none"}.get(wanted, wanted) or (wanted == "yes" and value != "none")


def _value_matches(value: str, wanted: str) -> bool:
    return value.casefold() == wanted or (len(wanted) > 2 and wanted in value.casefold())


def _version_matches(value: str, wanted: str) -> bool:
    """``4.1`` is ``4.1``, ``4.1.3``, ``4.1.x`` and ``4.x``."""
    ours, theirs = value.casefold().lstrip("v").split("."), wanted.lstrip("v").split(".")
    return all(a == b or a == "x" for a, b in zip(ours, theirs, strict=False)) and bool(value)


def _expand(
    index: IndexReader, typed: Sequence[Concept], *, open_end: bool
) -> tuple[list[Concept], list[tuple[Concept, str]]]:
    """Concepts with completions of the last word and neighbours of unknown words; and what was corrected to what."""
    asked = list(typed)
    last = asked[-1]
    single_han = is_han(last.text[0]) and len(last.text) == 1
    unfinished = open_end and not is_han(last.text[0]) and len(last.text) > 1  # one letter begins everything
    if single_han or unfinished:
        asked[-1] = last.also(index.completions(last.text.lower(), COMPLETIONS), COMPLETED)
    corrected: list[tuple[Concept, str]] = []
    for position, concept in enumerate(asked):
        if is_han(concept.text[0]) or _known(index, concept):
            continue
        near = spelling.near(concept.terms[0][0], index.words())
        if near:
            asked[position] = concept.also(near, MISSPELT)
            corrected.append((concept, near[0]))
    return asked, corrected


def _known(index: IndexReader, concept: Concept) -> bool:
    terms = [term for term, _ in concept.terms]
    return any(index.knows(term) for term in terms) or any(index.knows(part) for part in concept.parts)


def _candidates(index: IndexReader, asked: Sequence[Concept], allowed: set[int] | None) -> _Candidates:
    per_concept: list[tuple[float, dict[str, float]]] = []
    documents: dict[str, dict[int, float]] = {}
    for concept in asked:
        weight, scores = ranking.concept_scores(index, concept)
        articles: dict[str, float] = {}
        for document, score in scores.items():
            if allowed is not None and document not in allowed:
                continue
            article = index.article(document)
            # the two languages of an article count as one: each word as well as the better text answers it
            articles[article] = max(articles.get(article, 0.0), score)
            of_article = documents.setdefault(article, {})
            of_article[document] = of_article.get(document, 0.0) + score
        per_concept.append((weight, articles))
    return _Candidates(ranking.combine(per_concept), documents)


def _rerank(
    index: IndexReader, text: str, typed: Sequence[Concept], found: _Candidates
) -> list[tuple[str, float]]:
    ranked = sorted(found.articles.items(), key=lambda item: (-item[1], item[0]))
    if len(typed) < 2:
        return ranked
    whole = _squeezed(text)
    neighbours = [_squeezed(text[a.start : b.end]) for a, b in pairwise(typed) if a.start < b.end]
    gained = [
        (article, score * (1 + _together(index, found.documents[article], whole, neighbours)))
        for article, score in ranked[:LOOKED_AT]
    ]
    return sorted(gained, key=lambda item: (-item[1], item[0])) + ranked[LOOKED_AT:]


def _together(index: IndexReader, documents: Mapping[int, float], whole: str, neighbours: list[str]) -> float:
    best = 0.0
    for document in documents:
        text = index.plain(document, _squeezed)
        gain = TOGETHER * sum(pair in text for pair in neighbours) / max(1, len(neighbours))
        best = max(best, gain + (VERBATIM if whole in text else 0.0))
    return best


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", " ", fold(text).lower()).strip()


def _hit(
    index: IndexReader,
    article: str,
    score: float,
    documents: Mapping[int, float],
    matcher: Matcher,
    prefer: str,
) -> Hit:
    stored = {document: index.stored(document) for document in documents}
    most = max(documents.values())
    document = max(
        documents,
        key=lambda d: (stored[d]["lang"] == prefer and documents[d] >= CLOSE * most, documents[d], -d),
    )
    values = stored[document]
    section, snippet = snippets.best(values["passages"], matcher)
    return Hit(
        article_id=article,
        lang=values["lang"],
        score=round(score, 4),
        title=values["name"],
        snippet=snippet,
        section=section,
        path=values["path"],
        has_guide=values["guide"] == "authored",
        products=tuple(values["product"]),
        components=tuple(values["component"]),
        versions=tuple(values["version"]),
        kind=tuple(values["kind"]),
        langs=tuple(sorted({v["lang"] for v in stored.values()})),
    )


def _suggestion(text: str, corrected: Sequence[tuple[Concept, str]], hits: Sequence[Hit]) -> str:
    """The query with its unknown words replaced by what was found for them, spelt as the best hits spell it."""
    if not corrected:
        return ""
    for concept, term in sorted(corrected, key=lambda item: -item[0].start):
        text = text[: concept.start] + _spelt(term, hits) + text[concept.end :]
    return text


def _spelt(term: str, hits: Sequence[Hit]) -> str:
    matcher = Matcher([Concept(term, ((term, 1.0),))])
    for hit in hits[:3]:
        for shown in (matcher.mark(hit.title), matcher.mark(hit.snippet.plain)):
            for piece, match in shown.segments:
                if match:
                    return piece.lower()
    return term
