"""One import from sources to files: look at all, decide where each goes, write one after the other."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from kb import frontmatter
from kb.findings import finding
from kb.importing import assign, compose, convert, fronts, ids, images, links, names, sources, store
from kb.importing.compose import Composed
from kb.importing.model import STATES, Event, Finished, Found, Imported, Read, State, note
from kb.importing.rows import rows_of, text_of
from kb.importing.sources import Source
from kb.problem import Problem
from kb.said import text_of as words_of

KEPT = 64_000_000
"""Characters of finished articles kept between the two passes; what goes beyond is made again."""


@dataclass(frozen=True, slots=True)
class Options:
    """How to import."""

    lang: str = ""
    """Language of all sources; empty: told from names and words."""
    dry_run: bool = False
    copy_images: bool = False
    overwrite: bool = False
    """Whether articles that were edited by hand are replaced."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A document after the first pass."""

    source: Source
    piece: str
    doc: assign.Doc | None
    failed: tuple[Problem, ...] = ()
    double_of: str = ""


@dataclass(slots=True)
class _Run:
    root: store.Root
    options: Options
    day: str
    kept: dict[str, tuple[Composed, str]] = field(default_factory=dict)
    budget: int = KEPT
    places: dict[str, assign.Place] = field(default_factory=dict)
    articles: dict[str, str] = field(default_factory=dict)
    """Real path of a source to its article, for links."""
    stems: dict[str, set[str]] = field(default_factory=dict)


def import_sources(
    names_of: Sequence[str], root: Path, options: Options | None = None, *, stdin: BinaryIO | None = None
) -> Iterator[Event]:
    """Import files, folders and ``-`` into a knowledge-base root; nothing is written before the `Found` event.

    Raises OSError where the root itself cannot be written; everything about a source is in its `Imported` event.
    Stopping the iteration stops the import: every file is then either the old or the new one.
    """
    run = _Run(store.open_root(root), options or Options(), time.strftime("%Y-%m-%d"))
    found = sources.find(names_of, str(root), stdin)
    items: list[_Item] = []
    keys: dict[str, str] = {}
    digests: dict[tuple[str, str, str], str] = {}
    for number, source in enumerate(found, 1):
        for item in _survey(run, source, keys, digests):
            items.append(item)
        yield Read(number, len(found), source.key)
    docs = [item.doc for item in items if item.doc and not item.double_of]
    run.places = assign.places(docs, run.root.texts, run.root.taken)
    _remember_links(run, items)
    yield Found(len(items))
    states: Counter[str] = Counter()
    for item in items:
        done = _finish(run, item)
        states[done.state] += 1
        yield done
    languages: dict[str, set[str]] = {}
    for place in run.places.values():
        languages.setdefault(place.article, set()).add(place.lang)
    yield Finished(
        {state: states[state] for state in STATES},
        len(languages),
        sum(len(langs) == 2 for langs in languages.values()),
    )


def _survey(
    run: _Run, source: Source, keys: dict[str, str], digests: dict[tuple[str, str, str], str]
) -> Iterator[_Item]:
    """The documents of a source, converted once to know their title, language and content."""
    data, problem = sources.read(source)
    if data is None:
        yield _Item(source, "", None, (problem,) if problem else ())
        return
    for piece in convert.pieces(data, source.key, source.relative):
        if piece.draft is None:
            yield _Item(source, piece.name, None, piece.problems)
            continue
        name = _named(source, piece.name)
        made = compose.compose(
            piece.draft, source.key, lang=run.options.lang, named_lang=name.lang, stem=name.stem
        )
        key = _key(source, piece, made.title, keys)
        digest = hashlib.sha256(piece.raw).hexdigest()
        doc = assign.Doc(
            key,
            name,
            made.lang,
            made.title,
            digest,
            "".join(frontmatter.values(made.front, "sourceSHA")[:1]).lower(),
            "".join(frontmatter.values(made.front, "id")[:1]),
            made.prints,
        )
        double = digests.setdefault((digest, made.lang, piece.name), key)
        size = len(made.body)
        if size <= run.budget:
            run.budget -= size
            run.kept[key] = (made, piece.draft.format)
        yield _Item(source, piece.name, doc, double_of="" if double == key else double)


def _named(source: Source, piece: str) -> names.Named:
    if source.path == sources.STDIN:
        return names.Named("stdin", "", f"stdin/{ids.slug(piece)}", "")
    if piece:
        return names.Named(piece, "", f"{source.relative}#{piece}".casefold(), "")
    return names.named(source.relative)


def _key(source: Source, piece: convert.Piece, title: str, keys: dict[str, str]) -> str:
    """A page's own address, else its path (standard input: its title); unique in this run."""
    own = f"{source.key}#{piece.name}" if piece.name else source.key
    if source.path == sources.STDIN and not piece.name:
        own = f"stdin/{ids.slug(title)}"
    wanted = (piece.draft.url if piece.draft else "") or own
    if keys.setdefault(wanted, own) != own:
        wanted = own
        keys.setdefault(wanted, own)
    return wanted


def _remember_links(run: _Run, items: Sequence[_Item]) -> None:
    for item in items:
        doc = item.doc
        place = run.places.get(doc.key) if doc else None
        if doc and place and not item.piece and item.source.path != sources.STDIN:
            run.articles[images.real(item.source.path)] = place.article
            run.stems.setdefault(doc.name.stem.casefold(), set()).add(place.article)


def _finish(run: _Run, item: _Item) -> Imported:
    source, doc = item.source, item.doc
    if doc is None:
        empty = all(problem.code == "article.empty" for problem in item.failed)
        return Imported(source.key, "skipped" if empty and item.failed else "failed", notes=item.failed)
    if item.double_of:
        said = note(source.key, 0, "double", other=item.double_of)
        return Imported(doc.key, "skipped", lang=doc.lang, title=doc.title, notes=(said,))
    again = run.kept.pop(doc.key, None) or _again(run, item)
    if again is None:
        return Imported(doc.key, "failed", notes=(finding(source.key, 0, "file.unreadable", why="changed"),))
    made, kind = again
    place = run.places[doc.key]
    notes = list(made.notes)
    body, copies = _linked(run, item, made.body, place, notes)
    text = fronts.written(made.front, doc.key, run.day, doc.digest, body)
    try:
        state, path = _put(run, place, doc, text, notes, source.key)
        if state in ("new", "updated", "conflict") and not run.options.dry_run:
            for copy in copies:
                store.write(
                    run.root.path,
                    run.root.file(place.article, place.lang).parent / "images" / copy.name,
                    copy.data,
                )
    except (OSError, store.Outside) as error:
        notes.append(note(source.key, 0, "not-written", "error", why=words_of(error)))
        return Imported(doc.key, "failed", place.article, place.lang, made.title, "", kind, tuple(notes))
    relative = path.relative_to(run.root.path).as_posix()
    return Imported(doc.key, state, place.article, place.lang, made.title, relative, kind, tuple(notes))


def _again(run: _Run, item: _Item) -> tuple[Composed, str] | None:
    """A document that was not kept, read and composed again."""
    data, _ = sources.read(item.source)
    if data is None or item.doc is None:
        return None
    for piece in convert.pieces(data, item.source.key, item.source.relative):
        if piece.name == item.piece and piece.draft:
            if hashlib.sha256(piece.raw).hexdigest() != item.doc.digest:
                return None
            name = _named(item.source, piece.name)
            made = compose.compose(
                piece.draft, item.source.key, lang=run.options.lang, named_lang=name.lang, stem=name.stem
            )
            return replace(made, lang=item.doc.lang), piece.draft.format
    return None


def _linked(
    run: _Run, item: _Item, body: str, place: assign.Place, notes: list[Problem]
) -> tuple[str, list[images.Copy]]:
    """The body with links to imported articles and, where asked for, with copied images."""
    if "](" not in body and "]:" not in body:
        return body, []
    copies: list[images.Copy] = []
    taken: dict[str, str] = {}

    def new(target: links.Target) -> str | None:
        if not target.local:
            return None
        if target.image:
            if not run.options.copy_images:
                return None
            return images.copy_of(item.source, target, copies, taken, notes)
        return _article_link(run, item, target, place)

    rows = rows_of(body, 1)
    links.retarget(rows, new)
    return text_of(rows), copies


def _article_link(run: _Run, item: _Item, target: links.Target, place: assign.Place) -> str | None:
    """``../<id>/<lang>.md`` where the target is imported in the same run, found by its path or else by its name."""
    article = run.articles.get(images.real(images.beside(item.source, target.path)))
    if article is None:
        named = names.named(target.path)
        if not target.path.lower().endswith(sources.SUFFIXES):
            return None
        meant = run.stems.get(named.stem.casefold(), set())
        article = next(iter(meant)) if len(meant) == 1 else None
    if article is None:
        return None
    return (
        f"../{article}/{place.lang}.md{target.anchor}"
        if article != place.article
        else target.anchor or f"{place.lang}.md"
    )


def _put(
    run: _Run, place: assign.Place, doc: assign.Doc, text: str, notes: list[Problem], key: str
) -> tuple[State, Path]:
    """Write a text where it belongs, beside it where somebody edited what stands there."""
    path = run.root.file(place.article, place.lang)
    beside = path.with_name(f"{path.name}.new")
    data = text.encode("utf-8", "replace")
    there = store.text_at(path)
    if there is None:
        if not run.options.dry_run:
            store.write(run.root.path, path, data)
        return "new", path
    if _same(there, text):
        return "unchanged", path
    if store.imported_digest(there) == doc.digest and not fronts.untouched(there):
        return "unchanged", path  # edited by hand, and the source says nothing new
    if fronts.untouched(there) or run.options.overwrite:
        if not run.options.dry_run:
            store.write(run.root.path, path, data)
            beside.unlink(missing_ok=True)
        return "updated", path
    notes.append(note(key, 0, "conflict", "warning", path=path.relative_to(run.root.path).as_posix()))
    waiting = store.text_at(beside)
    if not run.options.dry_run and (waiting is None or not _same(waiting, text)):
        store.write(run.root.path, beside, data)
    return "conflict", beside


def _same(one: str, other: str) -> bool:
    """Whether two written articles differ in nothing but the day."""
    return fronts.undated(one) == fronts.undated(other)
