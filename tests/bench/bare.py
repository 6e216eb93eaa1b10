"""What klinik's index is measured against, as small as each library allows: the same words of the same files.

- bare Whoosh: one stored TEXT field with its default positions and BM25F, a tokenizer of words and Chinese bigrams
  written as tightly as Whoosh's interface lets one; a query is the OR of its words, top 20 (an AND would be less work
  and another question: klinik ranks by how much of a query is answered);
- SQLite FTS5: the same terms joined by blanks; the same OR, `bm25()`, top 20;
- tantivy, where somebody has installed it: the same joined terms through its whitespace tokenizer.
"""

from __future__ import annotations

import importlib
import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from whoosh import analysis, fields, index, query

HAN = "\u2e80-\u9fff"
PIECE = re.compile(rf"[{HAN}]+|[^\W{HAN}]+")
TOP = 20
Search = Callable[[str], list[str]]
"""A query to the names of articles, best first."""


def terms(text: str) -> Iterator[str]:
    """Words in small letters and overlapping pairs of Chinese characters."""
    for match in PIECE.finditer(text.lower()):
        piece = match[0]
        if piece[0] > "\u2e7f":
            yield from (piece[at : at + 2] for at in range(max(1, len(piece) - 1)))
        else:
            yield piece


class Tokenizer(analysis.Tokenizer):  # type: ignore[misc]
    """Whoosh's way to the same terms; at the top of a module because Whoosh pickles it into its index."""

    def __call__(
        self, value: str, positions: bool = False, chars: bool = False, **options: object
    ) -> Iterator[Any]:
        """Token by token, always the same object, as Whoosh's own tokenizers do it."""
        token = analysis.Token(positions, chars, mode="", removestops=True)
        token.boost, token.stopped = 1.0, False
        for position, text in enumerate(terms(value)):
            token.text, token.pos = text, position
            yield token


def texts(root: Path) -> Iterator[tuple[str, str]]:
    """Name and text of every article below a folder: all of them read the same files."""
    for path in sorted(root.rglob("*.md")):
        yield path.stem, path.read_text(encoding="utf-8")


def whoosh(folder: Path, found: Iterable[tuple[str, str]]) -> Search:
    """Build the index of bare Whoosh in a folder; returns its search."""
    schema = fields.Schema(name=fields.ID(stored=True), text=fields.TEXT(analyzer=Tokenizer(), stored=True))
    folder.mkdir()
    writer = index.create_in(str(folder), schema).writer(limitmb=256)
    for name, text in found:
        writer.add_document(name=name, text=text)
    writer.commit()
    return open_whoosh(folder)


def open_whoosh(folder: Path) -> Search:
    """The search over an index of bare Whoosh."""
    searcher = index.open_dir(str(folder)).searcher()

    def search(text: str) -> list[str]:
        words = [query.Term("text", term) for term in dict.fromkeys(terms(text))]
        return [hit["name"] for hit in searcher.search(query.Or(words), limit=TOP)] if words else []

    return search


def fts5(folder: Path, found: Iterable[tuple[str, str]]) -> Search:
    """Build an index of SQLite FTS5 in a folder; returns its search."""
    folder.mkdir()
    database = sqlite3.connect(folder / "fts.db")
    database.execute(
        "create virtual table t using fts5(text, content='', tokenize=\"unicode61 tokenchars '_'\")"
    )
    database.execute("create table names(id integer primary key, name text)")
    for number, (name, text) in enumerate(found):
        database.execute("insert into t(rowid, text) values (?, ?)", (number, " ".join(terms(text))))
        database.execute("insert into names values (?, ?)", (number, name))
    database.commit()

    def search(text: str) -> list[str]:
        words = " OR ".join(f'"{term}"' for term in dict.fromkeys(terms(text)))
        if not words:
            return []
        rows = database.execute(
            "select names.name from t join names on names.id = t.rowid where t match ? order by bm25(t) limit ?",
            (words, TOP),
        )
        return [name for (name,) in rows]

    return search


def tantivy(folder: Path, found: Iterable[tuple[str, str]]) -> Search | None:
    """Build an index of tantivy in a folder; None where it is not installed."""
    try:
        library: Any = importlib.import_module("tantivy")
    except ImportError:
        return None
    schema = library.SchemaBuilder()
    schema.add_text_field("name", stored=True, tokenizer_name="raw")
    schema.add_text_field("text", tokenizer_name="whitespace")
    folder.mkdir()
    built = library.Index(schema.build(), path=str(folder))
    writer = built.writer(heap_size=256 << 20, num_threads=1)
    for name, text in found:
        writer.add_document(library.Document(name=[name], text=[" ".join(terms(text))]))
    writer.commit()
    writer.wait_merging_threads()
    built.reload()
    searcher = built.searcher()

    def search(text: str) -> list[str]:
        words = " ".join('"{}"'.format(term.replace('"', "")) for term in dict.fromkeys(terms(text)))
        if not words:
            return []
        asked = built.parse_query(words, ["text"])
        return [searcher.doc(place)["name"][0] for _, place in searcher.search(asked, TOP).hits]

    return search
