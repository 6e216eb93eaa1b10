"""Answering a query from the index: candidates, ranking, one hit per article, snippets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING

from kb import closeness, ranking, snippets
from kb.expansion import expand
from kb.expressions import with_glossary
from kb.hits import Hit, SearchOutcome
from kb.meant import Correction, as_typed, meant
from kb.query import Concept, Way, concepts, flat
from kb.snippets import Matcher
from kb.ties import newest, settled
from kb.tokens import is_han
from kb.understanding import understood
from kb.where import inline, passes

if TYPE_CHECKING:
    from kb.glossary import Glossary
    from kb.index import IndexReader

LOOKED_AT = 24
"""Articles at the top whose texts are looked at for the words standing together."""
WORTH_READING = 0.5
"""The other language's text is looked at too when it answers at least this share of what the better one does."""
WINDOW, TITLE, ANSWERED, TOGETHER, VERBATIM = 0.8, 0.9, 0.3, 0.8, 2.0
"""How much an article gains for each kind of evidence (`kb.closeness.Evidence`)."""
CLOSE = 0.8
"""The preferred language is shown when its text answers at least this share of what the other's does."""


@dataclass(slots=True)
class _Candidates:
    articles: dict[str, float]
    ranked: list[tuple[str, float]]
    """The best of them in order."""
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
    left, inside = inline(text, lambda key, wanted: bool(index.documents_where(key, passes(key, wanted))))
    filters = {**inside, **(where or {})}
    allowed = allowed_documents(index, filters)
    typed = concepts(left)
    prefer = lang or ("zh" if any(is_han(c.text[0]) for c in typed) else "en")
    if not index.size or (not typed and not filters):
        return SearchOutcome(text, where=inside)
    if not typed:
        return _listed(index, text, allowed or set(), inside, limit, lang or filters.get("lang") or "en")
    open_end = prefix_last and not left[-1:].isspace()
    variants = glossary.variants(left) if glossary else ()
    terms = [(v.start, v.end) for v in variants if not v.idiom]
    expanded, corrected = expand(index, left, typed, terms=terms, open_end=open_end)
    query = meant(left, corrected)
    if glossary and corrected:
        variants = as_typed(glossary.variants(query.text), query)
    asked = with_glossary(left, expanded, variants)
    found = _candidates(index, asked, allowed, max(limit, LOOKED_AT))
    ranked = settled(
        _rerank(index, query.text, concepts(query.text) if query.places else typed, found),
        lambda article: _standing(index, article, prefer),
    )
    matcher = Matcher(flat(asked), open_end=open_end)
    hits = tuple(_hit(index, a, score, found.documents[a], matcher, prefer) for a, score in ranked[:limit])
    return SearchOutcome(
        text,
        hits,
        len(found.articles),
        suggestion=_suggestion(text, corrected, hits),
        where=inside,
        facets=index.facets().count(found.articles),
        understood=understood(text, typed, asked, corrected, lambda concept: _known(index, concept)),
    )


def _listed(
    index: IndexReader, text: str, allowed: set[int], inside: Mapping[str, str], limit: int, prefer: str
) -> SearchOutcome:
    """All articles that pass the filters, where nothing else is asked."""
    documents: dict[str, dict[int, float]] = {}
    for document in allowed:
        documents.setdefault(index.article(document), {})[document] = 0.0
    matcher = Matcher([])
    hits = tuple(_hit(index, a, 0.0, documents[a], matcher, prefer) for a in sorted(documents)[:limit])
    return SearchOutcome(text, hits, len(documents), where=inside, facets=index.facets().count(documents))


def _known(index: IndexReader, concept: Concept) -> bool:
    terms = [term for way in concept.ways for term in way.terms]
    return any(index.frequency(term) for term in (*terms, *concept.parts))


def allowed_documents(index: IndexReader, where: Mapping[str, str]) -> set[int] | None:
    """The documents that pass all filters; None when there is none to pass."""
    allowed: set[int] | None = None
    for key, wanted in where.items():
        passing = index.documents_where(key, passes(key, wanted))
        allowed = passing if allowed is None else allowed & passing
    return allowed


def _candidates(
    index: IndexReader, asked: Sequence[Concept], allowed: set[int] | None, wanted: int
) -> _Candidates:
    kept = ranking.worth_asking(index, asked)
    scored = [ranking.score(index, concept) for concept in kept]
    articles = ranking.combine(
        (found.weight, ranking.by_article(index, found, allowed), concept.extra)
        for concept, found in zip(kept, scored, strict=True)
    )
    ranked = nsmallest(wanted, articles.items(), key=lambda item: (-item[1], item[0]))
    documents = {
        article: {
            document: sum(found.documents.get(document, 0.0) for found in scored)
            for document in index.documents(article)
            if (allowed is None or document in allowed)
            and any(document in found.documents for found in scored)
        }
        for article, _ in ranked
    }
    asked_for = [(concept, found.weight) for concept, found in zip(kept, scored, strict=True)]
    return _Candidates(articles, ranked, documents, asked_for)


def _rerank(
    index: IndexReader, text: str, typed: Sequence[Concept], found: _Candidates
) -> list[tuple[str, float]]:
    ranked = found.ranked
    look = closeness.look_for(text, typed, found.asked)
    gained = [
        (article, score * (1 + _gain(index, found.documents[article], look)))
        for article, score in ranked[:LOOKED_AT]
    ]
    return sorted(gained, key=lambda item: (-item[1], item[0])) + ranked[LOOKED_AT:]


def _standing(index: IndexReader, article: str, prefer: str) -> tuple[bool, tuple[int, ...]]:
    texts = [index.stored(document) for document in index.documents(article)]
    return any(t["lang"] == prefer for t in texts), newest(version for t in texts for version in t["version"])


def _gain(index: IndexReader, documents: Mapping[int, float], look: closeness.Look) -> float:
    most = max(documents.values())
    seen = [
        closeness.evidence(look, index.plain(document, closeness.normal))
        for document, value in documents.items()
        if value >= WORTH_READING * most
    ]
    return max(
        WINDOW * e.window
        + TITLE * e.title
        + ANSWERED * e.answered
        + TOGETHER * e.together
        + VERBATIM * e.verbatim
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
        guide=values["guide"],
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
            instead = correction.text if is_han(correction.text[0]) else spelt
            better = better[: correction.start] + instead + better[correction.end :]
    return better if better != text else ""


def _spelt(term: str, hits: Sequence[Hit]) -> str:
    matcher = Matcher([Concept(term, (Way((term,), 1.0),))])
    for hit in hits[:3]:
        for shown in (matcher.mark(hit.title), matcher.mark(hit.snippet.plain)):
            for piece, match in shown.segments:
                if match:
                    return piece.lower()
    return ""
