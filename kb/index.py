"""The Whoosh index: writing articles into it and reading what it knows out of it.

Whoosh keeps its table of contents as a pickle, so an index is code: it is only ever opened from the private folder
that `kb.indexstore` vouches for, or from memory. Importing this module imports Whoosh: do it on first use.
Whoosh's segments hold what is stored and filtered by; the postings of the text lie beside each (`kb.indexwords`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whoosh import fields
from whoosh.filedb.filestore import FileStorage, RamStorage
from whoosh.index import TOC, clean_files
from whoosh.reading import SegmentReader
from whoosh.writing import SegmentWriter

from kb.fields import IndexText, guidance
from kb.indexfiles import Codec, Segment
from kb.indexreader import SUFFIX, Damaged, IndexReader, open_words
from kb.indexwords import WordPool, Words, merge
from kb.literalindex import term as literal_term
from kb.literals import keys as literal_keys
from kb.literals import packed
from kb.weighting import term_weights

__all__ = ["Damaged", "IndexReader", "IndexWriter", "SegmentNote", "read", "write"]

MEMORY = 96 << 20
"""Bytes of words that are gathered before a segment is written."""
FANOUT = 4
"""So many segments of about one size become one."""
MERGED_MOST = 4_000_000
"""Postings; larger segments are left as they are."""


@dataclass(frozen=True, slots=True)
class SegmentNote:
    """A finished segment of another process: its name and the number of its documents."""

    name: str
    documents: int


def _schema() -> Any:
    return fields.Schema(
        lang=fields.ID(stored=True),
        id=fields.ID(stored=True),
        component=fields.KEYWORD(stored=True),
        product=fields.KEYWORD(stored=True),
        version=fields.KEYWORD(stored=True),
        kind=fields.KEYWORD(stored=True),
        guide=fields.ID(stored=True),
        path=fields.STORED,
        name=fields.STORED,
        passages=fields.STORED,
        phrases=fields.STORED,
        literals=fields.STORED,
    )


class IndexWriter:
    """Takes articles out of and into the index in `folder` (None: in memory); nothing counts before `commit`."""

    def __init__(self, folder: Path | None, *, new: bool, memory: int = MEMORY) -> None:
        self._storage = FileStorage(str(folder)) if folder else RamStorage()
        self._index = self._storage.create_index(_schema()) if new else self._storage.open_index()
        self._toc = self._index._read_toc()
        self._segments: list[Any] = list(self._toc.segments)
        self._writer: Any = None
        self._pool = WordPool()
        self._memory = memory

    def remove(self, articles: Iterable[str]) -> None:
        """Take articles out, as far as they were in before this writer began."""
        gone = set(articles)
        for segment in self._toc.segments if gone else ():
            for number, article in enumerate(open_words(self._storage, segment).articles):
                if article in gone and not segment.is_deleted(number):
                    segment.delete_document(number)

    def add(self, text: IndexText) -> None:
        """Take in one text of an article."""
        if self._writer is None:
            self._writer = SegmentWriter(self._index, _lk=False, codec=Codec())
        self._writer.add_document(**_stored(text))
        keys = {literal_term(key) for literal in text.literals for key in literal_keys(literal.words)}
        self._pool.add(text.article.id, term_weights(text.fields) | dict.fromkeys(keys, 1.0))
        if self._pool.memory > self._memory:
            self.flush()

    def adopt(self, notes: Iterable[SegmentNote]) -> None:
        """Take in segments whose files another process put into the folder."""
        for note in notes:
            segment = Segment(Codec(), self._index.indexname, note.documents, note.name)
            segment.compound = True
            self._segments.append(segment)

    def flush(self) -> list[SegmentNote]:
        """Finish the segment that is being written; returns all that were finished by this writer and not before."""
        if self._writer is not None:
            segment = self._writer._finalize_segment()
            self._writer._finish()
            self._writer = None
            self._save_words(segment, self._pool.write)
            self._segments.append(segment)
        own = self._segments[len(self._toc.segments) :]
        return [SegmentNote(segment.segid, segment.doc_count_all()) for segment in own]

    def commit(self) -> IndexReader:
        """Make everything that was added and removed the content of the index, and read it."""
        self.flush()
        self._tidy()
        toc = TOC(self._toc.schema, self._segments, self._toc.generation + 1)
        toc.write(self._storage, self._index.indexname)
        clean_files(self._storage, self._index.indexname, toc.generation, self._segments)
        return IndexReader(self._index)

    def cancel(self) -> None:
        """Let go of the files; what was written is of no use."""
        if self._writer is not None:
            self._writer.cancel()
            self._writer = None

    def _tidy(self) -> None:
        """Merge small segments, as many of about one size as come together, and those that are mostly deleted."""
        while group := _to_merge(self._segments):
            self._segments = [s for s in self._segments if s not in group]
            alive = [s for s in group if s.doc_count_all() > s.deleted_count()]
            if alive:
                self._segments.append(self._merge(alive))

    def _merge(self, segments: Sequence[Any]) -> Any:
        writer = SegmentWriter(self._index, _lk=False, codec=Codec())
        parts: list[tuple[Words, Mapping[int, int]]] = []
        number = 0
        for segment in segments:
            kept = [n for n in range(segment.doc_count_all()) if not segment.is_deleted(n)]
            parts.append(
                (open_words(self._storage, segment), {old: number + n for n, old in enumerate(kept)})
            )
            number += len(kept)
            reader = SegmentReader(self._storage, self._toc.schema, segment)
            try:
                writer.add_reader(reader)
            finally:
                reader.close()
        merged = writer._finalize_segment()
        writer._finish()
        self._save_words(merged, lambda write: merge(parts, write))
        return merged

    def _save_words(self, segment: Any, save: Callable[[Callable[[bytes], object]], None]) -> None:
        file = self._storage.create_file(segment.make_filename(SUFFIX))
        try:
            save(file.write)
        finally:
            file.close()


def write(folder: Path | None, remove: Iterable[str], add: Iterable[IndexText], *, new: bool) -> IndexReader:
    """Take articles out of and into the index in `folder` (None: in memory) and read it."""
    writer = IndexWriter(folder, new=new)
    try:
        writer.remove(remove)
        for text in add:
            writer.add(text)
        return writer.commit()
    except BaseException:
        writer.cancel()
        raise


def read(folder: Path) -> IndexReader:
    """Open the index in a folder; raises Damaged."""
    try:
        return IndexReader(FileStorage(str(folder)).open_index())
    except Exception as error:  # Whoosh raises what its pickles and structs raise
        raise Damaged(str(error)) from error


def _to_merge(segments: Sequence[Any]) -> list[Any]:
    levels: dict[int, list[Any]] = {}
    for segment in segments:
        alive = segment.doc_count_all() - segment.deleted_count()
        if alive * 2 < segment.doc_count_all():
            return [segment]
        level = 0
        while alive >= FANOUT:
            alive //= FANOUT
            level += 1
        levels.setdefault(level, []).append(segment)
    for level, group in levels.items():
        # a text has a few hundred different words; what would be too large to merge in memory stays apart
        if len(group) >= FANOUT and FANOUT ** (level + 2) * 300 <= MERGED_MOST:
            return group
    return []


def _stored(text: IndexText) -> dict[str, Any]:
    article = text.article
    return {
        "id": article.id,
        "lang": text.text.lang,
        "component": list(_keys(article.components)),
        "product": list(_keys(article.products)),
        "version": list(_keys(article.versions)),
        "kind": list(_keys(article.kinds)),
        "guide": guidance(article),
        "_stored_component": article.components,
        "_stored_product": article.products,
        "_stored_version": article.versions,
        "_stored_kind": article.kinds,
        "path": text.text.path,
        "name": text.text.title,
        "passages": tuple((passage.section, passage.text) for passage in text.passages),
        "phrases": text.phrases,
        "literals": tuple(packed(literal) for literal in text.literals),
    }


def _keys(values: Iterable[str]) -> Iterator[str]:
    return (value.casefold() for value in values)
