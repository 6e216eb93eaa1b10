"""What site generators add to Markdown, as plain Markdown: JSX, admonitions, tabs, shortcodes, layout tags."""

from __future__ import annotations

import re

from kb.importing.model import note
from kb.importing.rows import Row, mark
from kb.problem import Problem

IMPORT = re.compile(
    r"(?:import\s+(?:[\w*{][^'\"`]{0,300}\sfrom\s+)?['\"][^'\"]{1,300}['\"];?|export\s+(?:const|default|function|let|var)\s.{0,2000})\s*\Z"
)
JSX_COMMENT = re.compile(r"\{/\*.{0,2000}?\*/\}")
ADMONITION = re.compile(
    r"(\s*):{3,}\s*\{?\.?([A-Za-z][\w-]{0,30})\}?\s*(?:\[([^\]]{0,200})\]|(.{0,200}?))?\s*\Z"
)
ADMONITION_END = re.compile(r"\s*:{3,}\s*\Z")
MATERIAL = re.compile(
    r"( {0,12})(?:!!!|\?\?\?\+?)\s+([A-Za-z][\w-]{0,30})(?:\s+[\w-]+)*\s*(?:\"(.{0,200})\")?\s*\Z"
)
MATERIAL_TAB = re.compile(r"( {0,12})===[!+]?\s+\"(.{1,200})\"\s*\Z")
SHORTCODE = re.compile(r"\s*\{\{[<%]\s*/?\s*[\w/.-]+.{0,500}?[%>]\}\}\s*\Z")
TAG_LINE = re.compile(r"\s*(?:</?([A-Za-z][\w.]{0,40})(?:\s[^<>]{0,600})?/?>\s*){1,6}\Z")
ONE_TAG = re.compile(r"<(/?)([A-Za-z][\w.]{0,40})((?:\s[^<>]{0,600})?)>")
ATTRIBUTE = re.compile(r"(?:label|title|value|name|summary|header)\s*=\s*\{?[\"'`]([^\"'`]{1,200})[\"'`]\}?")
SUMMARY = re.compile(
    r"\s*(?:<details(?:\s[^<>]{0,200})?>)?\s*<summary(?:\s[^<>]{0,200})?>(.{1,300}?)</summary>\s*\Z"
)
IMG = re.compile(r"<img\s([^<>]{1,2000}?)/?>")
SRC = re.compile(r"\bsrc\s*=\s*[\"'{]+([^\"'{}]{1,2000})[\"'}]+")
ALT = re.compile(r"\balt\s*=\s*[\"'{]+([^\"'{}]{0,500})[\"'}]+")
EMPTY_ANCHOR = re.compile(r"<a\s+(?:name|id)\s*=\s*[\"'][^\"'<>]{0,200}[\"']\s*/?>(?:\s*</a>)?")
TAB_NAMES = frozenset({"Tab", "TabItem", "TabPane", "Step", "Accordion", "AccordionItem"})
BOX_NAMES = {"Note": "Note", "Info": "Info", "Tip": "Tip", "Warning": "Warning", "Danger": "Danger",
             "Caution": "Caution", "Callout": "Note", "Admonition": "Note", "Directive": "Note",
             "Alert": "Note"}  # fmt: skip
WRAPPERS = frozenset(
    {"Tabs", "TabItems", "Steps", "Details", "Card", "Cards", "CardGroup", "CodeGroup", "Columns", "Frame", "Column",
     "AccordionGroup", "Fragment", "Grid", "Tabset", "Overview", "OverviewGroup"}
)  # fmt: skip
LAYOUT = frozenset(
    {"div", "center", "section", "span", "p", "font", "details", "article", "main", "figure", "picture"}
)
TITLES = {"note": "Note", "info": "Info", "tip": "Tip", "hint": "Hint", "important": "Important", "warning": "Warning",
          "caution": "Caution", "danger": "Danger", "error": "Error", "example": "Example", "success": "Success",
          "question": "Question", "bug": "Bug", "abstract": "Abstract", "details": "Details", "quote": "Quote",
          "failure": "Failure", "warn": "Warning", "attention": "Attention"}  # fmt: skip
SPACES = re.compile(r" *")


def flatten(rows: list[Row], path: str, notes: list[Problem], *, mdx: bool) -> list[Row]:
    """The lines without what only a site generator understands; the text inside stays, code is not touched."""
    if not any(not row.code and row.text and any(c in row.text for c in ":<{!?=") for row in rows):
        return rows
    mdx = mdx or any(
        not row.code and IMPORT.match(row.text) and row.text.startswith("import ") for row in rows[:40]
    )
    rows = _dedented(rows)
    level, cut, first = 1, 0, 0
    kept: list[Row] = []
    for row in rows:
        if row.code or not row.text.strip():
            kept.append(row)
            continue
        level = row.heading or level
        new = _line(row.text, level, mdx)
        if new is not None and new != row.text:
            kept.append(Row(row.number, new))
        elif new is None:
            cut += 1
            first = first or row.number
            kept.append(Row(row.number, ""))
        else:
            kept.append(row)
    if cut:
        notes.append(note(path, first, "cut.markup", count=cut))
    mark(kept)
    return kept


def _line(text: str, level: int, mdx: bool) -> str | None:
    """The line in plain Markdown; None where nothing of it is text."""
    if mdx and IMPORT.match(text):
        return None
    if mdx and "{/*" in text:
        text = JSX_COMMENT.sub("", text)
        if not text.strip():
            return None
    if ":::" in text:
        if ADMONITION_END.match(text):
            return None
        box = ADMONITION.match(text)
        if box:
            return box[1] + _title(box[2], (box[3] or box[4] or "").strip())
    if "{{" in text and SHORTCODE.match(text):
        return None
    if "<" not in text:
        return text
    return _tags(text, level, mdx)


def _tags(text: str, level: int, mdx: bool) -> str | None:
    summary = SUMMARY.match(text)
    if summary:
        return f"**{ONE_TAG.sub('', summary[1]).strip()}**"
    if "<img" in text and "`" not in text:
        text = IMG.sub(_image, text)
    if "<a " in text and "`" not in text:
        text = EMPTY_ANCHOR.sub("", text)
        if not text.strip():
            return None
    if not TAG_LINE.match(text):
        return text
    names = [(slash, name, rest) for slash, name, rest in ONE_TAG.findall(text)]
    for slash, name, rest in names:
        said = ATTRIBUTE.search(rest)
        if name in TAB_NAMES and not slash and said:
            return f"{'#' * min(level + 1, 6)} {said[1]}"
        if name in BOX_NAMES and not slash:
            return _title(BOX_NAMES[name], said[1] if said else "")
    known = all(n in TAB_NAMES or n in BOX_NAMES or n in WRAPPERS or n in LAYOUT for _, n, _ in names)
    component = mdx and all(n[:1].isupper() or n in LAYOUT for _, n, _ in names)
    return None if known or component else text


def _title(kind: str, title: str) -> str:
    word = TITLES.get(kind.lower(), kind.capitalize())
    return f"**{word}: {title}**" if title else f"**{word}:**"


def _image(match: re.Match[str]) -> str:
    source, alt = SRC.search(match[1]), ALT.search(match[1])
    return f"![{alt[1] if alt else ''}]({source[1].strip()})" if source else match[0]


def _dedented(rows: list[Row]) -> list[Row]:
    """The bodies of MkDocs' ``!!! note`` and ``=== "Tab"`` at the margin of their opening; fences move with them."""
    if not any(row.text.lstrip()[:3] in ("!!!", "???", "===") for row in rows):
        return rows
    kept: list[Row] = []
    open_at: list[int] = []
    for row in rows:
        text = row.text
        indent = len(SPACES.match(text)[0]) if text.strip() else -1  # type: ignore[index]
        while open_at and 0 <= indent < open_at[-1] + 4:
            open_at.pop()
        shift = 4 * len(open_at)
        text = text[shift:] if indent >= shift else text
        opening = MATERIAL.match(row.text)
        tab = None if opening else MATERIAL_TAB.match(row.text)
        if opening:
            open_at.append(len(opening[1]))
            text = " " * max(len(opening[1]) - shift, 0) + _title(opening[2], opening[3] or "")
        elif tab:
            open_at.append(len(tab[1]))
            text = " " * max(len(tab[1]) - shift, 0) + f"**{tab[2]}**"
        kept.append(Row(row.number, text))
        if opening or tab:
            kept.append(Row(row.number, ""))
    mark(kept)
    return kept
