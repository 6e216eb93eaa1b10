"""The index of a library kept in step with its files: on disk where that is safe, in memory where it is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kb.articleread import read_article
from kb.fields import IndexText, index_text
from kb.hits import SearchOutcome
from kb.indexstore import FileNote, IndexStore, State, Unusable
from kb.problem import Problem
from kb.roots import Source

if TYPE_CHECKING:
    from kb.index import IndexReader

Sources = Mapping[str, tuple[Source, ...]]
PATIENCE = 30.0
"""Seconds to wait for another process that builds the first index; an old index is used without waiting."""


class Catalog:
    """Opens, builds, refreshes and repairs the index; callers take care that one thread is in here at a time."""

    def __init__(self, roots: Sequence[Path], cache_dir: Path | None) -> None:
        self._store: IndexStore | None = None
        self._reader: IndexReader | None = None
        try:
            if cache_dir is None:
                from kb import paths

                cache_dir = paths.cache_dir()
            self._store = IndexStore(cache_dir, roots)
        except (Unusable, OSError):
            self._store = None
        self._state: State | None = self._store.current() if self._store else None

    def known_problems(self, article: str, sources: Sequence[Source]) -> tuple[Problem, ...] | None:
        """What was wrong with the files of an article when they were indexed; None when they changed since."""
        if self._state is None or not _same(self._state, article, sources):
            return None
        files = self._state.files
        return tuple(problem for source in sources for problem in files[source.path].problems)

    def known_usable(self, article: str, sources: Sequence[Source]) -> bool | None:
        """Whether an article had a usable text when it was indexed; None when its files changed since."""
        if self._state is None or not _same(self._state, article, sources):
            return None
        return article not in self._state.unusable

    def find(
        self,
        sources: Sources,
        text: str,
        *,
        limit: int,
        lang: str | None,
        where: Mapping[str, str] | None,
        prefix_last: bool,
    ) -> SearchOutcome:
        """Search, building the index first where there is none yet, and again where it turns out damaged."""
        from kb import search
        from kb.index import Damaged

        for attempt in ("as it is", "built anew", "in memory"):
            try:
                reader = self._reader or self._open(sources)
                return search.find(reader, text, limit=limit, lang=lang, where=where, prefix_last=prefix_last)
            except Damaged:
                self._drop_reader()
                self._state = None
                if attempt == "built anew" or self._store is None:
                    self._store = None
                else:
                    self._build(self._store, sources, None, anew=True)
        raise AssertionError("an index in memory cannot be damaged")

    def update(self, sources: Sources) -> None:
        """Bring the index in step with the files."""
        from kb.index import Damaged

        self._drop_reader()
        try:
            self._open(sources)
        except Damaged:
            if self._store:
                self._build(self._store, sources, None, anew=True)  # opened by the next search

    def _drop_reader(self) -> None:
        if self._reader:
            with suppress(Exception):  # a damaged index may not even close
                self._reader.close()
        self._reader = None

    def _open(self, sources: Sources) -> IndexReader:
        from kb import index

        if self._store:
            self._state = self._store.current()
            if self._state is None or changes(self._state, sources) != ([], []):
                self._build(self._store, sources, self._state)
            if self._state:
                self._reader = index.read(self._state.folder)
                return self._reader
        texts = (text for article in sources for text in _texts(article, sources[article]))
        self._reader = index.write(None, [], texts, new=True)
        return self._reader

    def _build(self, store: IndexStore, sources: Sources, base: State | None, *, anew: bool = False) -> None:
        """Write the next state on disk; leaves `base` in place when another process is at it or the disk is full."""
        try:
            with store.lock(0.0 if base else PATIENCE) as held:
                if not held:
                    self._state = store.current()
                    return
                newest = None if anew else store.current()
                if newest and changes(newest, sources) == ([], []):
                    self._state = newest
                    return
                self._state = _next_state(store, sources, newest)
        except OSError:
            self._state = base


def _next_state(store: IndexStore, sources: Sources, base: State | None) -> State:
    """`write_state`, from nothing where the base turns out damaged."""
    try:
        return write_state(store, sources, base)
    except OSError:
        raise
    except Exception:  # Whoosh raises what its pickles and structs raise
        if base is None:
            raise
        return write_state(store, sources, None)


def changes(state: State, sources: Sources) -> tuple[list[str], list[str]]:
    """Articles to index again, and articles that are gone."""
    known: dict[str, set[tuple[str, int, int]]] = {}
    for path, note in state.files.items():
        known.setdefault(note.article, set()).add((path, note.size, note.mtime_ns))
    changed = [
        article
        for article, files in sources.items()
        if known.get(article) != {(source.path, source.size, source.mtime_ns) for source in files}
    ]
    return changed, [article for article in known if article not in sources]


def write_state(store: IndexStore, sources: Sources, base: State | None) -> State:
    """Index what changed since `base` into a new state and make it the current one."""
    from kb import index

    changed, removed = changes(base, sources) if base else (list(sources), [])
    stale = {*changed, *removed}
    files = {path: note for path, note in (base.files.items() if base else ()) if note.article not in stale}
    unusable = [article for article in (base.unusable if base else ()) if article not in stale]

    def texts() -> Iterator[IndexText]:
        for article in changed:
            found, problems = read_article(article, sources[article])
            for source in sources[article]:
                wrong = tuple(p for p in problems if p.path == source.path)
                files[source.path] = FileNote(article, source.size, source.mtime_ns, wrong)
            if found is None:
                unusable.append(article)
            else:
                yield from (index_text(found, text) for text in found.texts.values())

    folder = store.begin(base)
    try:
        index.write(folder, stale if base else [], texts(), new=base is None).close()
        return store.finish(folder, files, unusable)
    except BaseException:
        store.abandon(folder)
        raise


def _texts(article: str, sources: Sequence[Source]) -> Iterator[IndexText]:
    found = read_article(article, sources)[0]
    if found:
        yield from (index_text(found, text) for text in found.texts.values())


def _same(state: State, article: str, sources: Sequence[Source]) -> bool:
    notes = [state.files.get(source.path) for source in sources]
    return all(
        note and (note.article, note.size, note.mtime_ns) == (article, source.size, source.mtime_ns)
        for note, source in zip(notes, sources, strict=True)
    )
