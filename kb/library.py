"""The library: articles of several roots by id, what is wrong with their files, and the search over them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from kb.guidefile import load_guide
from kb.hits import Hit, SearchOutcome
from kb.model import Article, Guide
from kb.pastehits import PasteOutcome
from kb.problem import Problem
from kb.roots import Scan, scan

if TYPE_CHECKING:
    from kb.catalog import Catalog
    from kb.index import IndexReader
    from kb.indexing import Progress


REMEMBERED = 2000
"""Articles that are kept once they were read."""
REMEMBERED_BYTES = 24_000_000
"""Of their files."""


def open_library(roots: Sequence[Path] | None = None, cache_dir: Path | None = None) -> Library:
    """The library of `roots` (default: the shipped articles); later roots win by article id.

    Looks only at names and times; files are read when asked for, and not at all where the index in `cache_dir`
    (default: the platform's cache folder) already knows them.
    """
    from kb.paths import ASSETS

    return Library(tuple(roots) if roots is not None else (ASSETS,), cache_dir)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a refresh found: ids of articles that are new or changed, and of those that are gone."""

    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changed or self.removed)


class Library:
    """Articles by id and the search over them; may be used from several threads."""

    def __init__(self, roots: Sequence[Path], cache_dir: Path | None = None) -> None:
        self.roots = tuple(roots)
        self._cache_dir = cache_dir
        self._lock = threading.Lock()
        self._looking = threading.Lock()
        self._reading = threading.Lock()  # of its own: articles open while the index is being built
        self._scan: Scan = scan(self.roots)
        self._read: dict[str, tuple[Article | None, tuple[Problem, ...]]] = {}
        self._derived: dict[str, Article] = {}
        self._sizes: dict[str, int] = {}
        self._opened: Catalog | None = None

    @property
    def articles(self) -> Mapping[str, Article]:
        """All readable articles by id, in the order of their ids; each is read when it is looked up."""
        return _Articles(self)

    @property
    def guided(self) -> tuple[str, ...]:
        """Ids of the articles that have a ``guide.yaml``, readable or not."""
        sources = self._scan.sources
        return tuple(sorted(a for a in sources if any(s.kind == "guide" for s in sources[a])))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that is wrong with any file, in the order of files and lines."""
        found = [*self._scan.problems, *self._catalog.problems]
        for article, sources in self._scan.sources.items():
            known = None if article in self._read else self._catalog.known_problems(article, sources)
            found += self._load(article)[1] if known is None else known
        return tuple(sorted(found, key=lambda p: (p.path, p.line, p.code)))

    @property
    def guides(self) -> tuple[Guide, ...]:
        """The written guides that can be used, in the order of their articles; reads neither texts nor the index."""
        files = {
            article: s.path
            for article in self.guided
            for s in self._scan.sources.get(article, ())
            if s.kind == "guide"
        }
        found = (load_guide(Path(path), article)[0] for article, path in files.items())
        return tuple(guide for guide in found if guide is not None)

    @property
    def guide_problems(self) -> tuple[Problem, ...]:
        """What is wrong with the roots and with articles that have a written guide; needs no index."""
        found = [*self._scan.problems, *(p for article in self.guided for p in self._load(article)[1])]
        return tuple(sorted(found, key=lambda p: (p.path, p.line, p.code)))

    def problems_of(self, article: str) -> tuple[Problem, ...]:
        """What is wrong with the files of one article; nothing for an article that is not there."""
        return self._load(article)[1] if article in self._scan.sources else ()

    @property
    def index_problems(self) -> tuple[Problem, ...]:
        """Why the index is not on disk, or not in step with the files; part of `problems`."""
        return self._catalog.problems

    def get(self, article: str) -> Article | None:
        """The article with this id, its guide written or derived from its texts; None without a readable text."""
        found = self._load(article)[0] if article in self._scan.sources else None
        if found is None or found.guide is not None:
            return found
        derived = self._derived.get(article)
        if derived is None:
            from kb.articleread import with_guide

            derived = with_guide(found, self._scan.sources.get(article, ()))
            with self._reading:
                if self._read.get(article, (None,))[0] is found:  # else its files changed meanwhile
                    self._derived[article] = derived
        return derived

    def other_languages(self, article: str, lang: str) -> tuple[str, ...]:
        """The languages besides `lang` an article can be read in; its files are read only where there are several."""
        texts = [s for s in self._scan.sources.get(article, ()) if s.kind == "text"]
        if len(texts) < 2:
            return ()
        known = {s.lang for s in texts}
        if "" in known:
            found = self._load(article)[0]
            known = set(found.texts) if found is not None else set()
        return tuple(sorted(known - {lang}))

    def ids(self) -> list[str]:
        """The ids of all readable articles in order; reads only files that the index does not know."""
        return [a for a in sorted(self._scan.sources) if self._usable(a)]

    def search(
        self,
        text: str,
        limit: int = 20,
        lang: str | None = None,
        where: Mapping[str, str] | None = None,
        *,
        prefix_last: bool = False,
    ) -> list[Hit]:
        """The hits of `find`."""
        return list(self.find(text, limit, lang, where, prefix_last=prefix_last).hits)

    def find(
        self,
        text: str,
        limit: int = 20,
        lang: str | None = None,
        where: Mapping[str, str] | None = None,
        *,
        prefix_last: bool = False,
    ) -> SearchOutcome:
        """The articles that answer `text`, best first, one hit per article.

        `lang` is the preferred language of the hits (default: that of the query); `where` narrows by ``lang``,
        ``component``, ``product``, ``version``, ``kind``, ``guide`` (yes, no) or ``id`` and raises ValueError for any
        other key; with `prefix_last` the last word may still be unfinished.
        """
        from kb import search

        began = time.perf_counter()
        catalog = self._catalog
        outcome = catalog.ask(
            self._scan.sources,
            lambda index: search.find(
                index,
                text,
                limit=limit,
                lang=lang,
                where=where,
                prefix_last=prefix_last,
                glossary=catalog.glossary,
            ),
        )
        return replace(outcome, took_ms=(time.perf_counter() - began) * 1000)

    def paste(
        self,
        text: str,
        *,
        limit: int = 10,
        lang: str | None = None,
        where: Mapping[str, str] | None = None,
    ) -> PasteOutcome:
        """The articles that know lines of a pasted log, of events or of a command's output, best first.

        Without matches nothing in the paste is known. `lang` and `where` are those of `find`.
        """
        from kb import paste, pastetext, search

        began = time.perf_counter()
        pasted = pastetext.read(text)

        def answer(reader: IndexReader) -> PasteOutcome:
            allowed = search.allowed_documents(reader, where or {})
            return paste.find(reader, pasted, limit=limit, lang=lang, allowed=allowed)

        outcome = self._catalog.ask(self._scan.sources, answer)
        return replace(outcome, took_ms=(time.perf_counter() - began) * 1000)

    def refresh(self) -> Refreshed:
        """Look at the roots again, re-read only what changed, and bring the index up to date.

        Meanwhile searches are answered from the index as it was.
        """
        changed = self._look()
        for _ in self._catalog.update(self._scan.sources):
            pass
        return changed

    def build(self, *, anew: bool = False, workers: int | None = None) -> Iterator[Progress]:
        """Refresh and say how far it is, for libraries large enough that it takes time.

        Analyses with `workers` processes (default: as many as there are cores, for large libraries only). To stop
        iterating leaves the index as it was; with `anew` everything is indexed again.
        """
        self._look()
        yield from self._catalog.update(self._scan.sources, anew=anew, workers=workers)

    def stale(self) -> bool:
        """Whether files changed since the last look or are not in the index yet; looks at names and times only."""
        return self._rescan().sources != self._scan.sources or bool(self._catalog.behind(self._scan.sources))

    def _rescan(self) -> Scan:
        return scan(self.roots, known=self._scan)

    def _look(self) -> Refreshed:
        with self._looking:
            fresh = self._rescan()
            before, after = self._scan.sources, fresh.sources
            changed = tuple(sorted(a for a in after if before.get(a) != after[a]))
            removed = tuple(sorted(a for a in before if a not in after))
            with self._reading:
                self._scan = fresh
                for article in (*changed, *removed):
                    self._forget(article)
        return Refreshed(changed, removed)

    @property
    def _catalog(self) -> Catalog:
        from kb.catalog import Catalog

        with self._lock:
            if self._opened is None:
                self._opened = Catalog(self.roots, self._cache_dir)
            return self._opened

    def _usable(self, article: str) -> bool:
        if article not in self._read:
            known = self._catalog.known_usable(article, self._scan.sources.get(article, ()))
            if known is not None:
                return known
        return self._load(article)[0] is not None

    def _load(self, article: str) -> tuple[Article | None, tuple[Problem, ...]]:
        with self._reading:
            if article not in self._read:
                sources = self._scan.sources.get(article, ())
                self._sizes[article] = sum(source.size for source in sources)
                kept = sum(self._sizes.values())
                while self._read and (len(self._read) >= REMEMBERED or kept > REMEMBERED_BYTES):
                    kept -= self._forget(next(iter(self._read)))
                from kb.articleread import read_article

                self._read[article] = read_article(article, sources)
            return self._read[article]

    def _forget(self, article: str) -> int:
        """Keep an article no longer; returns how much it was."""
        self._read.pop(article, None)
        self._derived.pop(article, None)
        return self._sizes.pop(article, 0)


class _Articles(Mapping[str, Article]):
    def __init__(self, library: Library) -> None:
        self._library = library

    def __getitem__(self, article: str) -> Article:
        found = self._library.get(article)
        if found is None:
            raise KeyError(article)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._library.ids())

    def __len__(self) -> int:
        return len(self._library.ids())
