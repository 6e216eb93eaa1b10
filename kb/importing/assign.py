"""Which article every document of an import becomes: new ones, known ones again, two languages of one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kb.importing import ids, pairing
from kb.importing.names import Named
from kb.importing.store import Known


@dataclass(frozen=True, slots=True)
class Doc:
    """A document of this run, as far as its place depends on it."""

    key: str
    """What names its source from one import to the next: a page's address, else its path."""
    name: Named
    lang: str
    title: str
    digest: str
    translated: str
    front_id: str
    prints: frozenset[int]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a document goes."""

    article: str
    lang: str


def places(docs: Sequence[Doc], known: Sequence[Known], taken: Iterable[str]) -> dict[str, Place]:
    """The place of every document by its key; the same for the same sources, whatever else is imported with them."""
    held = _held(docs, known)
    partner = _partners(docs)
    occupied: set[tuple[str, str]] = {(k.article.casefold(), k.lang) for k in known}
    names = set(taken)
    found: dict[str, Place] = {}
    for doc in docs:
        if doc.key in held:
            found[doc.key] = Place(held[doc.key], doc.lang)
    by_key = {doc.key: doc for doc in docs}
    alone = _join_known(docs, known, held, partner, occupied)
    for doc in docs:
        if doc.key in found:
            continue
        other = by_key.get(partner.get(doc.key, ""))
        place = alone.get(doc.key, "")
        if not place and other and other.key in found:
            place = found[other.key].article
            if (place.casefold(), doc.lang) in occupied:
                place = ""
        if not place:
            # an article is named after its source language, so that the order of sources does not matter
            lead = other if other and other.lang == "en" and other.key not in found else doc
            place = ids.free(ids.article_id(lead.name.stem, lead.title, lead.name.folder), names)
            names.add(place.casefold())
        occupied.add((place.casefold(), doc.lang))
        found[doc.key] = Place(place, doc.lang)
    return found


def _held(docs: Sequence[Doc], known: Sequence[Known]) -> dict[str, str]:
    """Documents that were imported before: by source, by checksum, by the tail of a path and its title."""
    held: dict[str, str] = {}
    used: set[tuple[str, str]] = set()

    def take(doc: Doc, text: Known) -> None:
        if doc.key not in held and (text.article, text.lang) not in used:
            held[doc.key] = text.article
            used.add((text.article, text.lang))

    by_source: dict[tuple[str, str], Known] = {(k.source, k.lang): k for k in known if k.source}
    for doc in docs:
        text = by_source.get((doc.key, doc.lang))
        if text:
            take(doc, text)
    by_digest: dict[tuple[str, str], Known] = {(k.digest, k.lang): k for k in known if k.digest}
    for doc in docs:
        text = by_digest.get((doc.digest, doc.lang))
        if text:
            take(doc, text)
    keys = {doc.key for doc in docs}
    by_tail: dict[tuple[str, str], list[Known]] = defaultdict(list)
    for text in known:
        if text.source and text.source not in keys:
            by_tail[(_tail(text.source), text.lang)].append(text)
    for doc in docs:
        for text in by_tail.get((_tail(doc.key), doc.lang), ()):
            if (
                text.title == doc.title
                or doc.key.endswith(f"/{text.source}")
                or text.source.endswith(f"/{doc.key}")
            ):
                take(doc, text)
    return held


def _tail(source: str) -> str:
    return source.rpartition("/")[2]


def _partners(docs: Sequence[Doc]) -> dict[str, str]:
    """The other language of each document in this run, by the strongest sign that there is one."""
    partner: dict[str, str] = {}

    def join(a: Doc, b: Doc) -> None:
        if a.lang != b.lang and a.key not in partner and b.key not in partner:
            partner[a.key], partner[b.key] = b.key, a.key

    sources = {doc.digest: doc for doc in docs}
    for doc in docs:
        source = sources.get(doc.translated)
        if source:
            join(doc, source)
    for sign in (_by_path, _by_front_id, _by_stem):
        groups: dict[str, list[Doc]] = defaultdict(list)
        for doc in docs:
            if doc.key not in partner and sign(doc):
                groups[sign(doc)].append(doc)
        for group in groups.values():
            if len(group) == 2:
                join(*group)
    by_key = {doc.key: doc for doc in docs}
    left = [pairing.Printed(d.key, d.lang, d.prints) for d in docs if d.key not in partner and d.prints]
    for one, other in pairing.by_content(left):
        join(by_key[one], by_key[other])
    return partner


def _by_path(doc: Doc) -> str:
    return doc.name.pair


def _by_front_id(doc: Doc) -> str:
    return doc.front_id.casefold()


def _by_stem(doc: Doc) -> str:
    return "" if ids.GENERIC.match(doc.name.stem) else doc.name.stem.casefold()


def _join_known(
    docs: Sequence[Doc],
    known: Sequence[Known],
    held: Mapping[str, str],
    partner: Mapping[str, str],
    occupied: set[tuple[str, str]],
) -> dict[str, str]:
    """Documents whose other language stands in the root already, without this one."""
    lonely = [k for k in known if (k.article.casefold(), _other(k.lang)) not in occupied]
    by_digest = {k.digest: k for k in lonely if k.digest}
    by_translated = {k.translated: k for k in lonely if k.translated}
    by_id = {k.front_id.casefold(): k for k in lonely if k.front_id}
    by_name = {k.article.casefold(): k for k in lonely}
    joined: dict[str, str] = {}
    for doc in docs:
        if doc.key in held or partner.get(doc.key) in held:
            continue
        slug = ids.article_id(doc.name.stem, doc.title, doc.name.folder).casefold()
        for text in (
            by_digest.get(doc.translated),
            by_translated.get(doc.digest),
            by_id.get(doc.front_id.casefold()) if doc.front_id else None,
            by_name.get(slug),
        ):
            if text and text.lang != doc.lang and text.article not in joined.values():
                joined[doc.key] = text.article
                break
    return joined


def _other(lang: str) -> str:
    return "en" if lang == "zh" else "zh"
