"""Reading one state of the index: postings, stored values, words.

What is stored and filtered by comes from Whoosh's reader, the postings from the words of each segment. Imports no
Whoosh: what is read was opened by `kb.index`.
"""

from __future__ import annotations

import mmap
from array import array
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import nlargest
from itertools import repeat
from operator import add
from typing import Any

from kb import facets as facetkeys
from kb.facets import Facets
from kb.fileparts import AVAILABLE, FileParts
from kb.indexwords import BadWords, Words
from kb.literalindex import LITERAL, LiteralKeys
from kb.postings import NONE, Postings

SUFFIX = ".words"
REMEMBERED = 500_000
"""Postings that are kept for the next keystroke."""
PLAIN = 2_000_000
"""Characters of texts that are kept for it."""


class Damaged(Exception):
    """The index on disk cannot be read; it is to be built anew."""


def open_words(storage: Any, segment: Any, *, searching: bool = False) -> Words:
    """The words of a segment; for `searching` a few of them at a time, else all from the first to the last."""
    name = segment.make_filename(SUFFIX)
    if hasattr(storage, "files"):  # in memory
        return Words(storage.files[name])
    with open(storage._fpath(name), "rb") as file:
        view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
        own = FileParts(file.fileno()) if searching and AVAILABLE else None
    return Words(view, own.read if own else None)


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
        self._plain_size = 0
        self._facets: Facets | None = None
        self._documents: dict[str, tuple[int, ...]] | None = None
        self._literals: list[tuple[_Leaf, LiteralKeys]] | None = None

    def _open_leaves(self) -> list[_Leaf]:
        leaves = []
        for reader, base in self._reader.leaf_readers():
            segment = reader.segment()
            if segment is None:  # an index without any document
                continue
            words = open_words(self._index.storage, segment, searching=True)
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
        except (BadWords, OSError, UnicodeError) as error:
            raise Damaged(str(error)) from error
        return Postings(documents, weights) if documents else NONE

    def article(self, document: int) -> str:
        """The id of the article a document belongs to."""
        return self._articles[document]

    def documents(self, article: str) -> tuple[int, ...]:
        """The documents of an article, one for each language, deleted ones too."""
        if self._documents is None:
            found: dict[str, tuple[int, ...]] = {}
            for document, name in enumerate(self._articles):
                found[name] = (*found.get(name, ()), document)
            self._documents = found
        return self._documents.get(article, ())

    def articles(self) -> frozenset[str]:
        """The ids of all articles that are in the index."""
        gone = {leaf.base + number for leaf in self._leaves for number in leaf.deleted}
        return frozenset(article for number, article in enumerate(self._articles) if number not in gone)

    def frequency(self, term: str) -> int:
        """How many documents hold a term; cheaper than its postings."""
        try:
            found = 0
            for leaf in self._leaves:
                place = leaf.words.find(term)
                if place >= 0:
                    if leaf.deleted:
                        return len(self.postings(term))
                    found += leaf.words.spread(place)
        except (BadWords, OSError, UnicodeError) as error:
            raise Damaged(str(error)) from error
        return found

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

    def facets(self) -> Facets:
        """Counts the values that articles are filtered by; made on first use."""
        if self._facets is None:
            facets = Facets(self._articles)
            try:
                for key in facetkeys.KEYS:
                    for value, documents in self._filed(key):
                        facets.file(key, value, documents)
            except Exception as error:
                raise Damaged(str(error)) from error
            self._facets = facets
        return self._facets

    def _filed(self, key: str) -> Iterator[tuple[str, list[int]]]:
        """The commonest values of a key as articles write them, and their documents."""
        often = ((self._reader.doc_frequency(key, term), term) for term in self._reader.lexicon(key))
        for _, term in nlargest(facetkeys.MOST, often):
            documents = list(self._reader.postings(key, term).all_ids())
            if documents:
                stored = self._reader.stored_fields(documents[0])[key]
                values = (stored,) if isinstance(stored, str) else stored
                plain = term.decode("utf-8")
                yield next((value for value in values if value.casefold() == plain), plain), documents

    def holding(self, key: int) -> list[int]:
        """The documents that have a literal line with this key (`kb.literals.keys`)."""
        found: list[int] = []
        try:
            if self._literals is None:
                self._literals = [(leaf, LiteralKeys(leaf.words)) for leaf in self._leaves]
            for leaf, keys in self._literals:
                place = keys.find(key)
                if place >= 0:
                    numbers = leaf.words.numbers(place)
                    found += (leaf.base + number for number in numbers if number not in leaf.deleted)
        except BadWords as error:
            raise Damaged(str(error)) from error
        return found

    def plain(self, document: int, normal: Callable[[str], str]) -> str:
        """The whole text of a document, title first, made comparable by `normal`; kept for the next keystroke."""
        text = self._plain.get(document)
        if text is None:
            values = self.stored(document)
            passages = (part for passage in values["passages"] for part in passage)
            text = normal("\n".join((values["name"], *passages, values["phrases"])))
            self._plain_size += len(text)
            if self._plain_size > PLAIN:
                self._plain.clear()
                self._plain_size = len(text)
            self._plain[document] = text
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
        except (BadWords, OSError, UnicodeError) as error:
            raise Damaged(str(error)) from error
        return sorted(found, key=lambda text: (-found[text], len(text), text))[:limit]

    def words(self) -> dict[str, int]:
        """All terms with the number of documents they stand in; read once, for spelling."""
        if self._words is None:
            self._words = {}
            try:
                for leaf in self._leaves:
                    words = leaf.words
                    for place in range(len(words.beginning(LITERAL)), len(words)):
                        term = words.term(place)
                        self._words[term] = self._words.get(term, 0) + words.spread(place)
            except (BadWords, OSError, UnicodeError) as error:
                raise Damaged(str(error)) from error
        return self._words
