"""The index of a library kept in step with its files: on disk where that is safe, in memory where it is not."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from kb.findings import finding
from kb.indexing import Pace, Progress, WorkerLost, bytes_of, take_in_all, texts_of, workers_for
from kb.indexstore import FileNote, IndexStore, State, Unusable
from kb.problem import Problem
from kb.roots import Source

if TYPE_CHECKING:
    from kb.glossary import Glossary
    from kb.index import IndexReader

Sources = Mapping[str, tuple[Source, ...]]
Answer = TypeVar("Answer")
PATIENCE = 30.0
"""Seconds to wait for another process that builds the first index; an old index is used without waiting."""
AT_ONCE = 500_000
"""Bytes of changed files that a search waits for; with more the old index answers, until somebody refreshes."""
IN_MEMORY = 24_000_000
"""Bytes of files that are indexed where there is no place on disk."""


class Catalog:
    """Opens, builds, refreshes and repairs the index; may be used from several threads.

    A search waits for other searches only: while a new state is written, the old one answers.
    """

    def __init__(self, roots: Sequence[Path], cache_dir: Path | None) -> None:
        self._roots = tuple(roots)
        self._glossary: Glossary | None = None
        self._writing = threading.Lock()
        """Held by whoever makes the next state; never asked for by one who holds `_turn`."""
        self._writer = 0
        self._turn = threading.Lock()
        """Held while an index is being read, and while it is exchanged."""
        self._store: IndexStore | None = None
        self._reader: IndexReader | None = None
        self._wrong: Problem | None = None
        self._held: Sources | None = None
        """The files that the index in memory was made of, where it is in memory."""
        try:
            if cache_dir is None:
                from kb import paths

                cache_dir = paths.cache_dir()
            self._store = IndexStore(cache_dir, roots)
        except (Unusable, OSError) as error:
            self._failed(str(cache_dir or next(iter(roots), "")), _why(error))
        self._state: State | None = self._store.current() if self._store else None

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Why the index is not on disk, or not in step with the files."""
        return (self._wrong,) if self._wrong else ()

    @property
    def glossary(self) -> Glossary:
        """What may stand for what in a query: the shipped glossary and those of the roots."""
        from kb.glossary import load_glossary

        if self._glossary is None:
            self._glossary = load_glossary(self._roots)
        return self._glossary

    def known_problems(self, article: str, sources: Sequence[Source]) -> tuple[Problem, ...] | None:
        """What was wrong with the files of an article when they were indexed; None when they changed since."""
        state = self._state
        if state is None or not _same(state, article, sources):
            return None
        return tuple(problem for source in sources for problem in state.files[source.path].problems)

    def known_usable(self, article: str, sources: Sequence[Source]) -> bool | None:
        """Whether an article had a usable text when it was indexed; None when its files changed since."""
        state = self._state
        if state is None or not _same(state, article, sources):
            return None
        return article not in state.unusable

    def ask(self, sources: Sources, question: Callable[[IndexReader], Answer]) -> Answer:
        """What `question` makes of the index, which is built first where there is none yet, and again where damaged."""
        from kb.index import Damaged

        for anew in (False, True, True):
            if self._reader is None:
                self._open(sources, anew=anew)
            with self._turn:
                if self._reader is None:
                    continue  # somebody else found it damaged
                try:
                    return question(self._reader)
                except Damaged:
                    self._close()
                    self._state = None
        with self._turn:
            return question(self._from_memory(sources))

    def update(
        self, sources: Sources, *, anew: bool = False, workers: int | None = None
    ) -> Iterator[Progress]:
        """Bring the index in step with the files, whatever it takes; to stop iterating is to leave it as it was."""
        self._glossary = None
        with self._alone():
            yield from self._advance(sources, anew=anew, workers=workers)

    def behind(self, sources: Sources) -> list[str]:
        """The articles whose files are not as the index knows them."""
        if self._state is None:
            return list(sources) if self._store else []
        changed, removed = changes(self._state, sources)
        return [*changed, *removed]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if self._writer == threading.get_ident():
            raise RuntimeError("an index that is being built is asked for by the thread that builds it")
        with self._writing:
            self._writer = threading.get_ident()
            try:
                yield
            finally:
                self._writer = 0

    def _open(self, sources: Sources, *, anew: bool) -> None:
        """Have a reader: of the state on disk, after what little changed since was taken in."""
        with self._alone():
            if self._reader is not None:
                return
            state = None if anew else self._state
            if state:
                changed, removed = changes(state, sources)
                if sum(bytes_of(sources[article]) for article in changed) > AT_ONCE:
                    self._wrong = finding(
                        str(state.folder), 0, "index.behind", "warning", count=len(changed) + len(removed)
                    )
                    if self._exchange(state):
                        return
            for _ in self._advance(sources, anew=anew, workers=None):
                pass

    def _advance(self, sources: Sources, *, anew: bool, workers: int | None) -> Iterator[Progress]:
        store = self._store
        if store is None:
            self._exchange_memory(sources)
            return
        try:
            with store.lock(0.0 if self._state else PATIENCE) as held:
                newest = None if anew and held else store.current(self._state)
                if held and (newest is None or changes(newest, sources) != ([], [])):
                    newest = yield from _next_state(store, sources, newest, workers)
                if not held:
                    self._wrong = finding(str(store.folder), 0, "index.busy", "warning")
                if newest is not None and self._exchange(newest):
                    if held:
                        self._wrong = None
                    return
        except OSError as error:
            self._failed(str(store.folder), _why(error))
        if self._state is not None and self._reader is None:
            self._exchange(self._state)
        if self._state is None:
            self._exchange_memory(sources)

    def _exchange(self, state: State) -> bool:
        """Read another state from now on; whether it can be read."""
        from kb import index

        if self._reader is not None and self._state is not None and self._state.folder == state.folder:
            self._state = state
            return True
        try:
            reader = index.read(state.folder)
        except index.Damaged:
            if self._state is state:
                self._state = None
            return False
        with self._turn:
            self._close()
            self._reader, self._state, self._held = reader, state, None
        return True

    def _exchange_memory(self, sources: Sources) -> None:
        if self._reader is not None and self._held == sources:
            return
        reader = self._from_memory(sources)
        with self._turn:
            self._close()
            self._reader, self._state, self._held = reader, None, dict(sources)

    def _from_memory(self, sources: Sources) -> IndexReader:
        from kb import index

        reader = index.write(None, [], texts_of(sources, IN_MEMORY), new=True)
        if self._wrong and sum(map(bytes_of, sources.values())) > IN_MEMORY:
            held = len(set(reader.articles()))
            self._wrong = finding(
                self._wrong.path,
                0,
                "index.part",
                "error",
                why=self._wrong.message,
                held=held,
                count=len(sources),
            )
        return reader

    def _failed(self, path: str, why: str) -> None:
        self._wrong = finding(path, 0, "index.no-room", "warning", why=why)

    def _close(self) -> None:
        if self._reader:
            with suppress(Exception):  # a damaged index may not even close
                self._reader.close()
        self._reader = None


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno) if error.errno != errno.EDQUOT else "disk quota exceeded"
    return str(error)


def _next_state(
    store: IndexStore, sources: Sources, base: State | None, workers: int | None
) -> Generator[Progress, None, State]:
    """`write_state`; from nothing where the base turns out damaged, alone where another process got lost."""
    try:
        return (yield from write_state(store, sources, base, workers))
    except OSError:
        raise
    except WorkerLost:
        return (yield from write_state(store, sources, base, 1))
    except Exception:  # Whoosh raises what its pickles and structs raise
        if base is None:
            raise
        return (yield from write_state(store, sources, None, workers))


def changes(state: State, sources: Sources) -> tuple[list[str], list[str]]:
    """Articles to index again, and articles that are gone."""
    counts = state.counts
    changed = [
        article
        for article, found in sources.items()
        if counts.get(article) != len(found) or not _same(state, article, found)
    ]
    if len(sources) - len(changed) == len(counts):  # every known article is there, unchanged
        return changed, []
    return changed, [article for article in counts if article not in sources]


def write_state(
    store: IndexStore, sources: Sources, base: State | None, workers: int | None = None
) -> Generator[Progress, None, State]:
    """Index what changed since `base` into a new state and make it the current one, which is returned."""
    from kb import index

    changed, removed = changes(base, sources) if base else (list(sources), [])
    stale = {*changed, *removed}
    files = {path: note for path, note in (base.files.items() if base else ()) if note.article not in stale}
    unusable = {article for article in (base.unusable if base else ()) if article not in stale}
    todo = {article: sources[article] for article in changed}
    folder = store.begin(base)
    try:
        writer = index.IndexWriter(folder, new=base is None)
        try:
            writer.remove(stale if base else ())
            pace = Pace(todo)
            for read in take_in_all(writer, folder, todo, workers or workers_for(todo)):
                for source in sources[read.article]:
                    wrong = tuple(p for p in read.problems if p.path == source.path)
                    files[source.path] = FileNote(read.article, source.size, source.mtime_ns, wrong)
                if not read.usable:
                    unusable.add(read.article)
                yield pace.after(read.article)
            writer.commit().close()
        except BaseException:
            with suppress(Exception):  # the first error is the one that counts
                writer.cancel()
            raise
        return store.finish(folder, files, sorted(unusable))
    except BaseException:
        store.abandon(folder)
        raise


def _same(state: State, article: str, sources: Sequence[Source]) -> bool:
    for source in sources:
        note = state.files.get(source.path)
        if (
            note is None
            or note.mtime_ns != source.mtime_ns
            or note.size != source.size
            or note.article != article
        ):
            return False
    return True
