"""The Whoosh index: writing articles into it and reading postings out of it.

Whoosh keeps its table of contents as a pickle, so an index is code: it is only ever opened from the private folder
that `kb.indexstore` vouches for, or from memory. Importing this module imports Whoosh: do it on first use.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from whoosh import fields
from whoosh.analysis import KeywordAnalyzer
from whoosh.filedb.filestore import FileStorage, RamStorage
from whoosh.reading import TermNotFound
from whoosh.system import pack_uint

from kb.fields import FIELDS, Field, IndexText
from kb.tokens import terms

Postings = dict[int, float]
"""Document number to the number of times a term stands in it."""


class Damaged(Exception):
    """The index on disk cannot be read; it is to be built anew."""


class Counted(fields.TEXT):  # type: ignore[misc]
    """A text field that takes counted terms instead of text, so that Whoosh does not analyse again."""

    def __init__(self) -> None:
        super().__init__(analyzer=KeywordAnalyzer(), phrase=False)

    def index(self, value: Counter[str], **_: Any) -> Iterator[tuple[bytes, int, float, bytes]]:
        """Whoosh's postings of one value: term, frequency, weight and the encoded frequency."""
        return ((term.encode("utf-8"), n, float(n), pack_uint(n)) for term, n in value.items())


def _schema() -> Any:
    text = {name: Counted() for name in FIELDS}
    return fields.Schema(
        id=fields.ID(stored=True, sortable=True),
        lang=fields.ID(stored=True),
        component=fields.KEYWORD(stored=True),
        product=fields.KEYWORD(stored=True),
        version=fields.KEYWORD(stored=True),
        kind=fields.KEYWORD(stored=True),
        guide=fields.ID(stored=True),
        path=fields.STORED,
        name=fields.STORED,
        passages=fields.STORED,
        phrases=fields.STORED,
        **text,
    )


def write(folder: Path | None, remove: Iterable[str], add: Iterable[IndexText], *, new: bool) -> IndexReader:
    """Take articles out of and into the index in `folder` (None: in memory) and read it."""
    storage = FileStorage(str(folder)) if folder else RamStorage()
    index = storage.create_index(_schema()) if new else storage.open_index()
    writer = index.writer(limitmb=256)
    try:
        for article in remove:
            writer.delete_by_term("id", article)
        for text in add:
            writer.add_document(**_document(text))
    except BaseException:
        writer.cancel()
        raise
    writer.commit()
    return IndexReader(index)


def read(folder: Path) -> IndexReader:
    """Open the index in a folder; raises Damaged."""
    try:
        return IndexReader(FileStorage(str(folder)).open_index())
    except Exception as error:  # Whoosh raises what its pickles and structs raise
        raise Damaged(str(error)) from error


def _document(text: IndexText) -> dict[str, Any]:
    article = text.article
    values: dict[str, Any] = {name: Counter(terms(value)) for name, value in text.fields.items()}
    values.update(
        id=article.id,
        lang=text.text.lang,
        component=list(_keys(article.components)),
        product=list(_keys(article.products)),
        version=list(_keys(article.versions)),
        kind=list(_keys(article.kinds)),
        guide="yes" if article.guide else "no",
        _stored_component=article.components,
        _stored_product=article.products,
        _stored_version=article.versions,
        _stored_kind=article.kinds,
        path=text.text.path,
        name=text.text.title,
        passages=tuple((passage.section, passage.text) for passage in text.passages),
        phrases=text.phrases,
    )
    return values


def _keys(values: Iterable[str]) -> Iterator[str]:
    return (value.casefold() for value in values)


class IndexReader:
    """Postings, lengths and stored values of one state of the index; any failure to read raises Damaged."""

    def __init__(self, index: Any) -> None:
        self._index = index
        self._reader = index.reader()
        self.size: int = self._reader.doc_count()
        self._articles: Any = self._reader.column_reader("id") if self.size else {}
        self._postings: dict[tuple[Field, str], Postings] = {}
        self._lengths: dict[Field, dict[int, int]] = {field: {} for field in FIELDS}
        self._means = {
            field: self._reader.field_length(field) / max(1, self._reader.doc_count_all()) for field in FIELDS
        }
        self._words: dict[str, int] | None = None
        self._plain: dict[int, str] = {}

    def close(self) -> None:
        """Release the files."""
        self._reader.close()
        self._index.close()

    def postings(self, field: Field, term: str) -> Postings:
        """The documents that hold a term in a field, and how often."""
        key = (field, term)
        known = self._postings.get(key)
        if known is None:
            if len(self._postings) > 4096:
                self._postings.clear()
            known = self._postings[key] = self._read_postings(field, term)
        return known

    def _read_postings(self, field: Field, term: str) -> Postings:
        found: Postings = {}
        try:
            matcher = self._reader.postings(field, term)
            while matcher.is_active():
                found[matcher.id()] = matcher.weight()
                matcher.next()
        except TermNotFound:
            return {}
        except Exception as error:
            raise Damaged(str(error)) from error
        return found

    def length(self, field: Field, document: int) -> float:
        """The length of a document's field in units of the mean length."""
        lengths = self._lengths[field]
        length = lengths.get(document)
        if length is None:
            length = lengths[document] = self._reader.doc_field_length(document, field)
        return length / (self._means[field] or 1.0)

    def article(self, document: int) -> str:
        """The id of the article a document belongs to."""
        return str(self._articles[document])

    def knows(self, term: str) -> bool:
        """Whether a term stands in any field."""
        return any(self.postings(field, term) for field in FIELDS)

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
        encoded = prefix.encode("utf-8")
        try:
            for field in FIELDS:
                for term, info in self._reader.iter_prefix(field, encoded):
                    text = term.decode("utf-8")
                    found[text] = found.get(text, 0) + int(info.doc_frequency())
        except Exception as error:
            raise Damaged(str(error)) from error
        return sorted(found, key=lambda text: (-found[text], len(text)))[:limit]

    def words(self) -> dict[str, int]:
        """All terms with the number of fields of documents they stand in; read once, for spelling."""
        if self._words is None:
            self._words = {}
            try:
                for field in FIELDS:
                    for term, info in self._reader.iter_field(field):
                        text = term.decode("utf-8")
                        self._words[text] = self._words.get(text, 0) + int(info.doc_frequency())
            except Exception as error:
                raise Damaged(str(error)) from error
        return self._words
