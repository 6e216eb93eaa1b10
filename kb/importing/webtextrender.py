"""The lines of a page that are article, written as Markdown: headings, paragraphs, lists, tables and fenced code."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from kb.importing import fences, webtextheadings
from kb.importing.codelines import chinese, prose
from kb.importing.webtextmodel import Line, Page, cells

ITEM = re.compile(r"^(?P<lead>\s*)(?P<mark>[•◦▪●○■□➢➤✓✔*+–-]|\(?\d{1,3}[.)])(?:\s+(?P<text>\S.*)|\s*)$")
CLOSING = re.compile(r"^[,.;:!?，。、；：！？）)」』”’%](?!\S*[/=])")
TERMINAL = re.compile(r"[。！？；.!?;:：…][”’\"')）\]]*$")
RULE = re.compile(r"^[-=_*~·—\s]{3,}$")
TABLE_ROW = re.compile(r"\s\|(?:\s|$)|^\|")
INNER_ITEM = re.compile(r"(?<=[.。;；)）])\s-\s(?=\S)")
MARKUP = re.compile(r"^(?:#{1,6}(?=\s)|>(?=\s)|```|~~~|\+(?=\s)|=+$)")
NAME = re.compile(r"^[A-Za-z_]\w*[_.]\w+(?:\(\))?$")
WRAP = 50
"""A line this wide without an end was broken by the page's width."""


@dataclass(slots=True)
class Writer:
    """The Markdown so far, and the list that is open."""

    out: list[str] = field(default_factory=list)
    stack: list[tuple[int, str]] = field(default_factory=list)
    """Open list items: column in the source and the indentation of their content in the output."""
    last: str = ""
    """What the last block was: heading, text, item, code, table."""

    def blank(self) -> None:
        """A blank line, but never two."""
        if self.out and self.out[-1]:
            self.out.append("")

    def put(self, kind: str, lines: list[str]) -> None:
        """A block; items of one list stand together, everything else apart."""
        if not (kind == "item" and self.last == "item"):
            self.blank()
        self.out.extend(lines)
        self.last = kind


def render(page: Page, title: str, named: dict[int, str]) -> str:
    """Markdown of the lines that are not cut, under `title`; `named` holds languages told by the page."""
    writer = Writer()
    if title:
        writer.put("heading", [f"# {title}"])
    i = 0
    while i < len(page.lines):
        line = page.lines[i]
        if page.cut[i] or not line.bare:
            i += 1
        elif page.code[i] and i not in page.inline:
            i = _code(page, writer, i, named)
        elif i in page.heading:
            writer.stack.clear()
            writer.put("heading", ["#" * page.heading[i] + " " + webtextheadings.plain(line.text)])
            i += 1
        elif _row(line.text) and (table := _table(page, i)):
            writer.stack.clear()
            writer.put("table", table[0])
            i = table[1]
        elif (
            ITEM.match(line.text) and not re.match(r"^\d{1,3}[.)]\D", line.text.lstrip().replace(" ", "", 0))
        ) or re.match(r"^\s*(?:[•◦▪●○*+–-]|\(?\d{1,3}[.)])(?:\s|$)", line.text):
            i = _item(page, writer, i)
        else:
            i = _text(page, writer, i)
    return "\n".join(writer.out).strip("\n") + "\n" if writer.out else ""


def _code(page: Page, writer: Writer, i: int, named: dict[int, str]) -> int:
    """One run of code lines as fences; blank lines inside it stay."""
    lines: list[str] = []
    kinds: list[str] = []
    j = i
    while j < len(page.lines):
        if page.cut[j]:
            if page.cut[j] in ("copy-code", "line-numbers"):
                break
            j += 1
            continue
        if (page.lines[j].bare and not page.code[j]) or j in page.inline or (j > i and j in named):
            break
        lines.append(page.lines[j].text)
        kinds.append(page.code[j] if page.lines[j].bare else "")
        j += 1
    while lines and not lines[-1].strip():
        lines.pop()
    kinds = kinds[: len(lines)]
    pad = _pad(writer, page.lines[i].indent)
    for block in fences.fence(lines, kinds, named.get(i, "")):
        body = dedent(list(block.lines))
        ticks = "`" * max(
            3, 1 + max((len(run) for line in body for run in re.findall(r"`+", line)), default=0)
        )
        marked = [f"{ticks}{block.language}", *body, ticks]
        writer.put("code", [(pad + line).rstrip() for line in marked])
    return j


def _pad(writer: Writer, indent: int) -> str:
    """Indentation of a block that belongs to the open list item; closes the items it does not belong to."""
    while writer.stack and indent < writer.stack[-1][0] + 2:
        writer.stack.pop()
    return writer.stack[-1][1] if writer.stack else ""


def dedent(lines: list[str]) -> list[str]:
    """Lines without their common indentation; a first line that alone is indented (a list's code) is put right."""
    expanded = [line.expandtabs(4) if line[:1] == "\t" else line for line in lines]
    solid = [len(line) - len(line.lstrip()) for line in expanded if line.strip()]
    if len(solid) > 1 and solid[0] > min(solid[1:]):
        first = next(n for n, line in enumerate(expanded) if line.strip())
        expanded[first] = " " * min(solid[1:]) + expanded[first].lstrip()
    common = min((len(line) - len(line.lstrip()) for line in expanded if line.strip()), default=0)
    return [line[common:].rstrip() for line in expanded]


def _row(text: str) -> bool:
    return ("\t\t" in text.strip() or "\t" in text.strip()) or bool(TABLE_ROW.search(text))


def _table(page: Page, i: int) -> tuple[list[str], int] | None:
    """Rows with the same sign between their cells, from two on, as a Markdown table."""
    rows: list[list[str]] = []
    j = i
    while j < len(page.lines) and page.lines[j].bare and page.free(j) and _row(page.lines[j].text):
        rows.append(_cells(page.lines[j].text))
        j += 1
    ruled = [row for row in rows if all(re.fullmatch(r":?-{2,}:?", cell) for cell in row if cell)]
    rows = [row for row in rows if row not in ruled]
    width = max((len(row) for row in rows), default=0)
    if len(rows) < 2 or width < 2 or sum(len(row) == width for row in rows) * 2 < len(rows):
        return None
    filled = [row + [""] * (width - len(row)) for row in rows]
    lines = ["| " + " | ".join(row) + " |" for row in filled]
    return [lines[0], "|" + " --- |" * width, *lines[1:]], j


def _cells(text: str) -> list[str]:
    bare = text.strip()
    parts = re.split(r"\t+", bare) if "\t" in bare else bare.strip("|").split("|")
    return [part.strip().replace("|", "\\|") for part in parts]


def _item(page: Page, writer: Writer, i: int) -> int:
    """A list item, with the text that goes on in the lines after it."""
    line = page.lines[i]
    found = ITEM.match(line.text)
    if not found:
        return _text(page, writer, i)
    column = Line(0, found["lead"] + "x").indent
    while writer.stack and writer.stack[-1][0] >= column:
        writer.stack.pop()
    outer = writer.stack[-1][1] if writer.stack else ""
    mark = found["mark"].strip("(")
    lead = f"{mark.rstrip('.)')}. " if mark[:1].isdigit() else "- "
    text, j = found["text"] or "", i + 1
    if not text:
        j = _next(page, j)
        if j >= len(page.lines) or not page.free(j) or j in page.heading or ITEM.match(page.lines[j].text):
            return i + 1
        text, j = page.lines[j].bare, j + 1
    text, j = _go_on(page, text, j, column)
    pieces = INNER_ITEM.split(text) if not page.spaced else [text]
    writer.put("item", [f"{outer}{lead}{pieces[0]}", *(f"{outer}- {piece}" for piece in pieces[1:])])
    writer.stack.append((column, outer + " " * len(lead)))
    return j


def _next(page: Page, j: int) -> int:
    while j < len(page.lines) and (page.cut[j] or not page.lines[j].bare):
        j += 1
    return j


def _text(page: Page, writer: Writer, i: int) -> int:
    """A paragraph, broken lines joined again."""
    line = page.lines[i]
    if RULE.match(line.bare):
        return i + 1
    if i in page.inline:
        text, j = f"`{line.bare}`", i + 1
    else:
        text, j = line.bare, i + 1
    text, j = _go_on(page, text, j, -4)
    pad = _pad(writer, line.indent) if line.indent >= 2 and writer.stack else ""
    if not pad:
        writer.stack.clear()
    text = "\\" + text if MARKUP.match(text) and not text.startswith(("> ", "```")) else text
    writer.put("text", [pad + text])
    return j


def _go_on(page: Page, text: str, j: int, column: int) -> tuple[str, int]:
    """The text with the following lines that only the page's width or an inline tag broke off."""
    while j < len(page.lines):
        line = page.lines[j]
        if page.cut[j] == "image-label":
            j += 1
            continue
        if not line.bare or page.cut[j] or j in page.heading:
            break
        if j in page.inline:
            text, j = _join(text, f"`{line.bare}`"), j + 1
            continue
        if page.code[j] or not _joins(page, text, j, column):
            break
        text, j = _join(text, line.bare), j + 1
    return text, j


def _joins(page: Page, text: str, j: int, column: int) -> bool:
    line = page.lines[j]
    bare = line.bare
    if CLOSING.match(bare) and not re.match(r"^(?:\.{1,2}/|\.\w|:\d)", bare):
        return True
    if ITEM.match(line.text) or _row(line.text) or RULE.match(bare):
        return False
    if j - 1 in page.inline or re.search(r"[,，、（(]$", text):
        return True
    if TERMINAL.search(text):
        return page.spaced and cells(text[-400:]) >= 60 and _wrapped(page, j)
    if page.spaced:
        if NAME.match(bare) and not TERMINAL.search(bare):
            return False
        wide = cells(page.lines[j - 1].bare[:400]) >= WRAP and prose(text[-400:])
        return (wide and prose(bare)) or (bare[:1].islower() and prose(text[-400:]) and not chinese(bare))
    return (
        bool(re.match(r"[a-z]", bare))
        and not chinese(bare)
        and prose(text[-400:])
        and not re.search(r"[=/]", bare.split()[0])
    )


def _wrapped(page: Page, j: int) -> bool:
    """Whether the lines around are all about as wide as the page was."""
    widths = [cells(line.bare[:200]) for line in page.lines[max(0, j - 3) : j] if line.bare]
    return (
        len(widths) >= 2
        and min(widths[-2:]) >= 60
        and max(widths[-2:]) <= 100
        and not chinese(page.lines[j].bare)
    )


def _join(text: str, more: str) -> str:
    plain = CLOSING.match(more) is not None or bool(re.search(r"[（(\[“‘「]$", text))
    wide = bool(chinese(text[-1:])) and bool(chinese(more[:1]))
    return text + ("" if plain or wide else " ") + more
