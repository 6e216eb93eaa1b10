"""Answering a query from the index: candidates, ranking, one hit per article, snippets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kb import closeness, ranking, snippets
from kb.expansion import Correction, expand
from kb.expressions import with_glossary
from kb.hits import Hit, SearchOutcome
from kb.query import Concept, Way, concepts, flat
from kb.snippets import Matcher
from kb.tokens import is_han

if TYPE_CHECKING:
    from kb.glossary import Glossary
    from kb.index import IndexReader

FILTERS = ("lang", "component", "product", "version", "kind", "guide", "id")
LOOKED_AT = 24
"""Articles at the top whose texts are looked at for the words standing together."""
TOGETHER = 0.6
"""How much an article gains when all neighbouring words of the query stand together in it."""
VERBATIM = 0.5
"""The further gain when the whole query stands in it as typed."""
WORTH_READING = 0.5
G_WINDOW, G_TITLE, G_ANSWERED, G_TOGETHER, G_VERBATIM = 0.8, 0.6, 0.3, 0.5, 0.5
CLOSE = 0.8
"""The preferred language is shown when its text answers at least this share of what the other's does."""


@dataclass(slots=True)
class _Candidates:
    articles: dict[str, float]
    documents: dict[str, dict[int, float]]
    asked: list[tuple[Concept, float]]


def find(
    index: IndexReader,
    text: str,
    *,
    limit: int = 20,
    lang: str | None = None,
    where: Mapping[str, str] | None = None,
    prefix_last: bool = False,
    glossary: Glossary | None = None,
) -> SearchOutcome:
    """The articles that answer `text`, best first; ValueError for an unknown key in `where`."""
    allowed = allowed_documents(index, where or {})
    typed = concepts(text)
    if not typed or not index.size:
        return SearchOutcome(text)
    open_end = prefix_last and not text[-1:].isspace()
    asked, corrected = expand(index, typed, open_end=open_end)
    if glossary:
        asked = with_glossary(text, asked, glossary)
    found = _candidates(index, asked, allowed)
    ranked = _rerank(index, text, typed, found)
    matcher = Matcher(flat(asked), open_end=open_end)
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


def _candidates(index: IndexReader, asked: Sequence[Concept], allowed: set[int] | None) -> _Candidates:
    per_concept: list[tuple[float, dict[str, float], bool]] = []
    documents: dict[int, float] = {}
    for concept in asked:
        scored = ranking.score(index, concept)
        for document, value in scored.documents.items():
            documents[document] = documents.get(document, 0.0) + value
        per_concept.append((scored.weight, ranking.by_article(index, scored, allowed), concept.extra))
    articles = ranking.combine(per_concept)
    of_article: dict[str, dict[int, float]] = {}
    for document, value in documents.items():
        if allowed is None or document in allowed:
            of_article.setdefault(index.article(document), {})[document] = value
    return _Candidates(
        articles, of_article, [(c, w) for c, (w, _, _) in zip(asked, per_concept, strict=True)]
    )


def _rerank(
    index: IndexReader, text: str, typed: Sequence[Concept], found: _Candidates
) -> list[tuple[str, float]]:
    ranked = sorted(found.articles.items(), key=lambda item: (-item[1], item[0]))
    look = closeness.look_for(text, typed, found.asked)
    gained = [
        (article, score * (1 + _gain(index, found.documents[article], look)))
        for article, score in ranked[:LOOKED_AT]
    ]
    return sorted(gained, key=lambda item: (-item[1], item[0])) + ranked[LOOKED_AT:]


def _gain(index: IndexReader, documents: Mapping[int, float], look: closeness.Look) -> float:
    most = max(documents.values())
    seen = [
        closeness.evidence(look, index.plain(document, closeness.normal))
        for document, value in documents.items()
        if value >= WORTH_READING * most
    ]
    return max(
        G_WINDOW * e.window
        + G_TITLE * e.title
        + G_ANSWERED * e.answered
        + G_TOGETHER * e.together
        + G_VERBATIM * e.verbatim
        for e in seen
    )


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


def _suggestion(text: str, corrected: Sequence[Correction], hits: Sequence[Hit]) -> str:
    """The query with its unknown words as the best hits spell what was found for them; empty where none does."""
    better = text
    for correction in sorted(corrected, key=lambda c: -c.start):
        spelt = _spelt(correction.term, hits)
        if spelt:
            better = better[: correction.start] + spelt + better[correction.end :]
    return better if better != text else ""


def _spelt(term: str, hits: Sequence[Hit]) -> str:
    matcher = Matcher([Concept(term, (Way((term,), 1.0),))])
    for hit in hits[:3]:
        for shown in (matcher.mark(hit.title), matcher.mark(hit.snippet.plain)):
            for piece, match in shown.segments:
                if match:
                    return piece.lower()
    return ""
