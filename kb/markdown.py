"""The door to markdown-it: headings, code blocks, and plain text for the index and snippets.

Only blocks are parsed; inline markup is stripped with a few patterns, which is many times faster and cannot be
made to loop by hostile text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

MAX_LINE = 20_000
"""Longer lines are cut before parsing: they are data, not prose, and the parser may need very long for them."""

REMEMBERED = 200_000
"""Characters of a text whose blocks are kept while the next few texts are read."""

IMAGE = re.compile(r"!\[([^\[\]]{0,500})\]\([^()\s]{0,2000}(?:\s[^()]{0,200})?\)")
LINK = re.compile(r"\[([^\[\]]{1,500})\]\([^()\s]{0,2000}(?:\s[^()]{0,200})?\)")
TAG = re.compile(
    r"""</?[A-Za-z][\w.:-]{0,40}(?:\s+[\w.:@-]{1,60}(?:\s?=\s?(?:"[^"]{0,400}"|'[^']{0,400}'))?){0,20}\s?/?>"""
    r"""|<!--.{0,2000}?-->""",
    re.S,
)
STRONG = re.compile(r"(\*\*|__)(?=\S)(.{1,500}?)(?<=\S)\1")
EMPHASIS = re.compile(r"(?<![\w*])\*(?=[^\s*])([^*\n]{1,300}?)(?<=\S)\*(?![\w*])")
CODE = re.compile(r"(`{1,3})(.{1,500}?)\1")
ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


@dataclass(frozen=True, slots=True)
class Block:
    """One leaf block in document order: a heading, a paragraph (or a table cell or list item), or code."""

    kind: str
    """heading, text, code or html."""
    text: str
    """Headings and text: without markup; code: as it stands."""
    line: int
    """1-based, in the text that was parsed."""
    level: int = 0
    info: str = ""
    end: int = 0
    """Headings and code: the line after it (an underlined heading has two lines, a fence closes with one)."""


def blocks(markdown: str, *, first_line: int = 1) -> list[Block]:
    """All leaf blocks of a Markdown text; lines count from `first_line`."""
    # reading an article and indexing it ask for the same blocks one after the other
    found = _remembered(markdown) if len(markdown) <= REMEMBERED else _blocks(markdown)
    below = first_line - 1
    if not below:
        return list(found)
    return [
        Block(b.kind, b.text, b.line + below, b.level, b.info, b.end + below if b.end else 0) for b in found
    ]


def _blocks(markdown: str) -> tuple[Block, ...]:
    found: list[Block] = []
    level, line, end = 0, 1, 1
    for token in _parser().parse(_bounded(markdown)):
        if token.map:
            line, end = token.map[0] + 1, token.map[1] + 1
        if token.type == "heading_open":
            level = 0 if token.level else int(token.tag[1:])  # a heading inside a quote or list heads nothing
        elif token.type == "inline":
            kind = "heading" if level else "text"
            found.append(Block(kind, strip_inline(token.content), line, level, end=end))
            level = 0
        elif token.type in ("fence", "code_block"):
            found.append(_code(token, line, end))
        elif token.type == "html_block":
            found.append(Block("html", TAG.sub(" ", token.content).strip(), line))
    return tuple(found)


@lru_cache(maxsize=4)
def _remembered(markdown: str) -> tuple[Block, ...]:
    return _blocks(markdown)


def _code(token: Token, line: int, end: int) -> Block:
    # the block's own first line is the one after an opening fence
    start = line + 1 if token.type == "fence" else line
    return Block("code", token.content.rstrip("\n"), start, info=token.info.strip(), end=end)


@dataclass(frozen=True, slots=True)
class Piece:
    """One leaf of a text with its place: what guides are derived from."""

    kind: str
    """heading, paragraph, item, row (of a table), code or html."""
    text: str
    """With its inline markup, where there is any; the cells of a row apart by tabs."""
    line: int
    """1-based, in the text that was parsed."""
    depth: int = 0
    """Lists around it (for an item 1 is the outermost list); of a heading: its level."""
    ordered: bool = False
    """An item of a numbered list."""
    head: bool = False
    """A row of column names."""
    info: str = ""
    """Of a code block: what stands behind its fence."""


def pieces(markdown: str, *, first_line: int = 1) -> list[Piece]:
    """All leaves of a Markdown text in order; the first paragraph of a list item is the item."""
    found: list[Piece] = []
    lists: list[bool] = []
    cells: list[str] = []
    line, heading, fresh, in_row, in_head = first_line, 0, False, False, False
    for token in _parser().parse(_bounded(markdown)):
        if token.map:
            line = token.map[0] + first_line
        kind = token.type
        if kind in ("bullet_list_open", "ordered_list_open"):
            lists.append(kind[0] == "o")
        elif kind in ("bullet_list_close", "ordered_list_close"):
            lists.pop()
        elif kind == "list_item_open":
            fresh = True
        elif kind in ("thead_open", "thead_close"):
            in_head = kind == "thead_open"
        elif kind == "tr_open":
            cells, in_row = [], True
        elif kind == "tr_close":
            found.append(Piece("row", "\t".join(cells), line, len(lists), head=in_head))
            in_row = False
        elif kind == "heading_open":
            heading = 0 if token.level else int(token.tag[1:])
        elif kind == "inline" and in_row:
            cells.append(" ".join(token.content.split()))
        elif kind == "inline":
            name = "heading" if heading else "item" if fresh and lists else "paragraph"
            depth = heading or len(lists)
            found.append(Piece(name, token.content, line, depth, bool(lists) and lists[-1]))
            fresh, heading = False, 0
        elif kind in ("fence", "code_block"):
            code = _code(token, line, line)
            found.append(Piece("code", code.text, code.line, len(lists), info=code.info))
            fresh = False
        elif kind == "html_block":
            found.append(Piece("html", TAG.sub(" ", token.content).strip(), line, len(lists)))
    return found


def plain_text(parts: Sequence[Block]) -> str:
    """The words of blocks, one block per line or more."""
    return "\n".join(part.text for part in parts if part.text)


def strip_inline(text: str) -> str:
    """Inline Markdown without its markup: links keep their text, code its words."""
    if "`" in text:
        text = CODE.sub(lambda m: m[2].strip(), text)
    if "](" in text:
        text = LINK.sub(r"\1", IMAGE.sub(r"\1", text))
    if "<" in text:
        text = TAG.sub(" ", text)
    if "*" in text or "__" in text:
        text = EMPHASIS.sub(r"\1", STRONG.sub(r"\2", text))
    if "\\" in text:
        text = ESCAPE.sub(r"\1", text)
    return text.strip()


def to_html(markdown: str) -> str:
    """A Markdown text as HTML of its own: tables, no raw HTML, no pictures, links only where they lead to the web."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": 20, "html": False}).enable("table").disable(["image"])
    html: str = parser.render(_bounded(markdown))
    return html


def _bounded(markdown: str) -> str:
    if len(markdown) <= MAX_LINE:
        return markdown
    return "\n".join(line if len(line) <= MAX_LINE else line[:MAX_LINE] for line in markdown.split("\n"))


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": 20}).enable("table")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser
