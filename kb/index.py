"""The Whoosh index: writing articles into it and reading what it knows out of it.

Whoosh keeps its table of contents as a pickle, so an index is code: it is only ever opened from the private folder
that `kb.indexstore` vouches for, or from memory. Importing this module imports Whoosh: do it on first use.
Whoosh's segments hold what is stored and filtered by; the postings of the text lie beside each (`kb.indexwords`).
"""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import repeat
from operator import add
from pathlib import Path
from typing import Any

from whoosh import fields
from whoosh.codec.whoosh3 import W3Codec, W3Segment
from whoosh.filedb.filestore import FileStorage, RamStorage
from whoosh.index import TOC, clean_files
from whoosh.reading import SegmentReader
from whoosh.writing import SegmentWriter

from kb import literalindex
from kb.fields import IndexText, guidance
from kb.indexwords import BadWords, WordPool, Words, merge
from kb.postings import NONE, Postings
from kb.weighting import term_weights

SUFFIX = ".words"
MEMORY = 96 << 20
"""Bytes of words that are gathered before a segment is written."""
FANOUT = 4
"""So many segments of about one size become one."""
MERGED_MOST = 4_000_000
"""Postings; larger segments are left as they are."""
REMEMBERED = 500_000
"""Postings that are kept for the next keystroke."""


class Damaged(Exception):
    """The index on disk cannot be read; it is to be built anew."""


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
        literal=fields.KEYWORD,
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
            for number, article in enumerate(_open_words(self._storage, segment).articles):
                if article in gone and not segment.is_deleted(number):
                    segment.delete_document(number)

    def add(self, text: IndexText) -> None:
        """Take in one text of an article."""
        if self._writer is None:
            self._writer = SegmentWriter(self._index, _lk=False, codec=W3Codec())
        self._writer.add_document(**_stored(text))
        self._pool.add(text.article.id, term_weights(text.fields))
        if self._pool.memory > self._memory:
            self.flush()

    def adopt(self, notes: Iterable[SegmentNote]) -> None:
        """Take in segments whose files another process put into the folder."""
        for note in notes:
            segment = W3Segment(W3Codec(), self._index.indexname, note.documents, note.name)
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
        writer = SegmentWriter(self._index, _lk=False, codec=W3Codec())
        parts: list[tuple[Words, Mapping[int, int]]] = []
        number = 0
        for segment in segments:
            kept = [n for n in range(segment.doc_count_all()) if not segment.is_deleted(n)]
            parts.append(
                (_open_words(self._storage, segment), {old: number + n for n, old in enumerate(kept)})
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


def _open_words(storage: Any, segment: Any) -> Words:
    name = segment.make_filename(SUFFIX)
    if isinstance(storage, RamStorage):
        return Words(storage.files[name])
    with open(storage._fpath(name), "rb") as file:
        return Words(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))


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
        **literalindex.values(text.literals),
    }


def _keys(values: Iterable[str]) -> Iterator[str]:
    return (value.casefold() for value in values)


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One segment: its words, the number of its first document, and its documents that do not count any more."""

    words: Words
    base: int
    deleted: frozenset[int]


class IndexReader:
    """Postings and stored values of one state of the index; any failure to read raises Damaged."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._reader = index.reader()
        self._leaves: list[_Leaf] = []
        try:
            self._leaves = self._open_leaves()
        except BaseException:
            self.close()
            raise
        self.size: int = sum(leaf.words.documents - len(leaf.deleted) for leaf in self._leaves)
        self._articles = [article for leaf in self._leaves for article in leaf.words.articles]
        self._postings: dict[str, Postings] = {}
        self._remembered = 0
        self._words: dict[str, int] | None = None
        self._plain: dict[int, str] = {}

    def _open_leaves(self) -> list[_Leaf]:
        leaves = []
        for reader, base in self._reader.leaf_readers():
            segment = reader.segment()
            if segment is None:  # an index without any document
                continue
            words = _open_words(self._index.storage, segment)
            if words.documents != segment.doc_count_all():
                raise BadWords("of another segment")
            leaves.append(_Leaf(words, base, frozenset(segment.deleted_docs())))
        return leaves

    def close(self) -> None:
        """Release the files."""
        self._leaves = []
        self._reader.close()
        self._index.close()

    def postings(self, term: str) -> Postings:
        """The documents that hold a term, in order, and its weight in each."""
        known = self._postings.get(term)
        if known is None:
            known = self._read_postings(term)
            self._remembered += len(known) + 1
            if self._remembered > REMEMBERED:
                self._postings.clear()
                self._remembered = len(known) + 1
            self._postings[term] = known
        return known

    def _read_postings(self, term: str) -> Postings:
        documents, weights = array("I"), array("f")
        try:
            for leaf in self._leaves:
                place = leaf.words.find(term)
                if place < 0:
                    continue
                numbers, values = leaf.words.numbers(place), leaf.words.weights(place)
                if leaf.deleted:
                    kept = [
                        (leaf.base + n, w)
                        for n, w in zip(numbers, values, strict=True)
                        if n not in leaf.deleted
                    ]
                    documents.extend(number for number, _ in kept)
                    weights.extend(weight for _, weight in kept)
                else:
                    documents.extend(map(add, numbers, repeat(leaf.base)) if leaf.base else numbers)
                    weights.extend(values)
        except (BadWords, UnicodeError) as error:
            raise Damaged(str(error)) from error
        return Postings(documents, weights) if documents else NONE

    def article(self, document: int) -> str:
        """The id of the article a document belongs to."""
        return self._articles[document]

    def knows(self, term: str) -> bool:
        """Whether a term stands in any field."""
        return len(self.postings(term)) > 0

    def documents_where(self, key: str, passes: Callable[[str], bool]) -> set[int]:
        """The documents with a value of a stored key (``product``, ``lang`` …) that passes."""
        found: set[int] = set()
        try:
            for term in self._reader.lexicon(key):
                if passes(term.decode("utf-8")):
                    found.update(self._reader.postings(key, term).all_ids())
        except Exception as error:
            raise Damaged(str(error)) from error
        return found

    def holding(self, key: str) -> list[int]:
        """The documents that have a literal line with this key (`kb.literals.keys`)."""
        try:
            return literalindex.holding(self._reader, key)
        except Exception as error:
            raise Damaged(str(error)) from error

    def plain(self, document: int, normal: Callable[[str], str]) -> str:
        """The whole text of a document, title first, made comparable by `normal`; kept for the next keystroke."""
        text = self._plain.get(document)
        if text is None:
            if len(self._plain) > 256:
                self._plain.clear()
            values = self.stored(document)
            passages = (part for passage in values["passages"] for part in passage)
            text = self._plain[document] = normal("\n".join((values["name"], *passages, values["phrases"])))
        return text

    def stored(self, document: int) -> dict[str, Any]:
        """The stored values of a document."""
        try:
            return dict(self._reader.stored_fields(document))
        except Exception as error:
            raise Damaged(str(error)) from error

    def completions(self, prefix: str, limit: int) -> list[str]:
        """Terms that begin with a prefix, the most frequent first."""
        found: dict[str, int] = {}
        try:
            for leaf in self._leaves:
                # of each segment a few more than wanted: a term that is frequent in all is frequent in one
                words = leaf.words
                for place in nlargest(4 * limit, words.beginning(prefix), key=words.spread):
                    term = words.term(place)
                    found[term] = found.get(term, 0) + words.spread(place)
        except (BadWords, UnicodeError) as error:
            raise Damaged(str(error)) from error
        return sorted(found, key=lambda text: (-found[text], len(text), text))[:limit]

    def words(self) -> dict[str, int]:
        """All terms with the number of documents they stand in; read once, for spelling."""
        if self._words is None:
            self._words = {}
            try:
                for leaf in self._leaves:
                    words = leaf.words
                    for place in range(len(words)):
                        term = words.term(place)
                        self._words[term] = self._words.get(term, 0) + words.spread(place)
            except (BadWords, UnicodeError) as error:
                raise Damaged(str(error)) from error
        return self._words
