"""The words of one segment of the index: which documents a term stands in, and how much it weighs there.

Whoosh keeps what is stored of an article and what it is filtered by; the postings of the text are here, because a
query reads whole lists of them: as plain arrays they are read at the speed of memory, and written several times faster
than one posting at a time. One file, in the byte order of the machine, read through a memory map:

    magic     8 bytes
    sizes     u64 of documents, terms, postings, bytes of terms, bytes of articles, checksum of the dictionary
    firsts    u64 for every term and one more: where its postings begin
    documents u32 for every posting, ascending within a term
    weights   f32 for every posting (`kb.weighting.term_weights`)
    starts    u32 for every term and one more: where its bytes begin
    terms     UTF-8, sorted
    articles  the id of the article of every document, with a zero byte between them
"""

from __future__ import annotations

import zlib
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge as merged
from itertools import accumulate
from operator import itemgetter
from struct import Struct

MAGIC = b"KLNKWRD1"
SIZES = Struct("=6Q")
RECORD = Struct("=If")
WORD = 4
"""Bytes of either part of a record."""
END = b"\xff"
"""Stands in no UTF-8 text: a prefix followed by it sorts behind everything that begins with the prefix."""


class BadWords(Exception):
    """The file is cut off, damaged or of another machine."""


@dataclass(slots=True)
class _Parts:
    """What is written, in the order of the file."""

    firsts: array[int]
    documents: bytes
    weights: bytes
    starts: array[int]
    terms: bytes
    articles: bytes


class WordPool:
    """The postings of documents on their way into a segment, gathered in memory."""

    def __init__(self) -> None:
        self._records: dict[str, bytearray] = {}
        self._articles: list[str] = []
        self._postings = 0

    @property
    def memory(self) -> int:
        """About how many bytes this takes, and what writing it takes on top."""
        return 3 * RECORD.size * self._postings + 250 * len(self._records)

    def add(self, article: str, weights: Mapping[str, float]) -> None:
        """Take in the next document: every term of it with its weight."""
        number = len(self._articles)
        self._articles.append(article)
        records, pack = self._records, RECORD.pack
        for term, weight in weights.items():
            if term in records:
                records[term] += pack(number, weight)
            else:
                records[term] = bytearray(pack(number, weight))
        self._postings += len(weights)

    def write(self, write: Callable[[bytes], object]) -> None:
        """Write the segment's file and forget everything."""
        encoded = sorted((term.encode("utf-8", "surrogatepass"), term) for term in self._records)
        rows = [self._records[term] for _, term in encoded]
        firsts = array("Q", accumulate((len(row) // RECORD.size for row in rows), initial=0))
        self._records = {}
        columns = memoryview(b"".join(rows)).cast("I")
        del rows
        terms = [term for term, _ in encoded]
        parts = _Parts(
            firsts,
            columns[0::2].tobytes(),
            columns[1::2].tobytes(),
            array("I", accumulate(map(len, terms), initial=0)),
            b"".join(terms),
            _joined(self._articles),
        )
        _write(parts, len(self._articles), write)
        self._articles, self._postings = [], 0


class Words:
    """The words of a finished segment; raises BadWords where its file cannot be right.

    With `fetch` postings are read by it (from, bytes) and not out of `data`: a memory map brings in 16 pages and more
    for every list that is looked at, and keeps them.
    """

    def __init__(self, data: bytes | memoryview, fetch: Callable[[int, int], bytes] | None = None) -> None:
        view = memoryview(data)
        self._fetch = fetch
        try:
            if bytes(view[: len(MAGIC)]) != MAGIC:
                raise BadWords("not a file of words")
            sizes = SIZES.unpack_from(view, len(MAGIC))
            self.documents, terms, postings, term_bytes, article_bytes, checksum = sizes
            at = len(MAGIC) + SIZES.size
            parts: list[memoryview] = []
            for size in (
                8 * (terms + 1), WORD * postings, WORD * postings, WORD * (terms + 1), term_bytes, article_bytes,
            ):  # fmt: skip
                parts.append(view[at : at + size])
                at += size
            if at != len(view) or zlib.crc32(parts[0], _checksum(parts[3:])) != checksum:
                raise BadWords("cut off or changed")
            self._firsts, self._starts = parts[0].cast("Q"), parts[3].cast("I")
            self._documents, self._weights = parts[1].cast("I"), parts[2].cast("f")
            self._begin = len(MAGIC) + SIZES.size + len(parts[0])
            self._terms = parts[4]
            self.articles: Sequence[str] = _split(parts[5], self.documents)
        except (ValueError, TypeError, OverflowError) as error:
            raise BadWords(str(error)) from error

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, number: int) -> bytes:
        """The bytes of a term by its place in the order."""
        return bytes(self._terms[self._starts[number] : self._starts[number + 1]])

    def find(self, term: str) -> int:
        """The place of a term; -1 where it is unknown."""
        wanted = term.encode("utf-8", "surrogatepass")
        place = bisect_left(self, wanted)
        return place if place < len(self) and self[place] == wanted else -1

    def beginning(self, prefix: str) -> range:
        """The places of all terms that begin with a prefix."""
        start = prefix.encode("utf-8", "surrogatepass")
        return range(bisect_left(self, start), bisect_left(self, start + END))

    def run(self, places: range) -> bytes:
        """The bytes of the terms at neighbouring places, one after the other."""
        return bytes(self._terms[self._starts[places.start] : self._starts[places.stop]])

    def term(self, place: int) -> str:
        """The term at a place."""
        return self[place].decode("utf-8", "surrogatepass")

    def spread(self, place: int) -> int:
        """How many documents the term at a place stands in, deleted ones too."""
        return self._firsts[place + 1] - self._firsts[place]

    def numbers(self, place: int) -> memoryview[int]:
        """The documents the term at a place stands in."""
        found: memoryview[int]
        if self._fetch:
            found = memoryview(self._fetched(self._begin, place)).cast("I")
        else:
            found = self._documents[self._firsts[place] : self._firsts[place + 1]]
        if len(found) and max(found) >= self.documents:
            raise BadWords("a document that does not exist")
        return found

    def weights(self, place: int) -> memoryview[float]:
        """What the term at a place weighs in each of its documents."""
        if self._fetch:
            return memoryview(self._fetched(self._begin + self._documents.nbytes, place)).cast("f")
        return self._weights[self._firsts[place] : self._firsts[place + 1]]

    def _fetched(self, begin: int, place: int) -> bytes:
        first, last = self._firsts[place], self._firsts[place + 1]
        found = self._fetch(begin + WORD * first, WORD * (last - first)) if self._fetch else b""
        if len(found) != WORD * (last - first):
            raise BadWords("cut off while it was read")
        return found


def merge(segments: Sequence[tuple[Words, Mapping[int, int]]], write: Callable[[bytes], object]) -> None:
    """Write one segment from several: of each its words, and old numbers of documents to new ones (else: dropped)."""
    kept = sorted((new, words.articles[old]) for words, numbers in segments for old, new in numbers.items())
    documents, weights = array("I"), array("f")
    terms: list[bytes] = []
    firsts, starts = array("Q", [0]), array("I", [0])
    for term, words, place, numbers in merged(*(_places(*s) for s in segments), key=itemgetter(0)):
        before = len(documents)
        for old, weight in zip(words.numbers(place), words.weights(place), strict=True):
            if old in numbers:
                documents.append(numbers[old])
                weights.append(weight)
        if len(documents) == before:
            continue
        if terms and terms[-1] == term:
            firsts.pop()
        else:
            terms.append(term)
            starts.append(starts[-1] + len(term))
        firsts.append(len(documents))
    articles = _joined([article for _, article in kept])
    parts = _Parts(firsts, documents.tobytes(), weights.tobytes(), starts, b"".join(terms), articles)
    _write(parts, len(kept), write)


def _places(
    words: Words, numbers: Mapping[int, int]
) -> Iterator[tuple[bytes, Words, int, Mapping[int, int]]]:
    return ((words[place], words, place, numbers) for place in range(len(words)))


def _write(parts: _Parts, documents: int, write: Callable[[bytes], object]) -> None:
    firsts = parts.firsts.tobytes()
    dictionary = (parts.starts.tobytes(), parts.terms, parts.articles)
    checksum = zlib.crc32(firsts, _checksum(dictionary))
    sizes = (
        documents,
        len(parts.firsts) - 1,
        parts.firsts[-1],
        len(parts.terms),
        len(parts.articles),
        checksum,
    )
    for piece in (MAGIC, SIZES.pack(*sizes), firsts, parts.documents, parts.weights, *dictionary):
        write(piece)


def _checksum(parts: Iterable[bytes | memoryview]) -> int:
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return checksum


def _joined(articles: Sequence[str]) -> bytes:
    return "\0".join(articles).encode("utf-8", "surrogatepass")


def _split(data: memoryview, documents: int) -> list[str]:
    found = bytes(data).decode("utf-8", "surrogatepass").split("\0") if documents else []
    if len(found) != documents:
        raise BadWords("articles are missing")
    return found
