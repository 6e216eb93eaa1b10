"""Wikitext to Markdown, and the articles of a MediaWiki XML dump, without files, talk and redirects."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

from kb.importing.model import Draft

PAGE_LIMIT = 2_000_000
"""Characters of one page's text that are read."""
TEXT = re.compile(r"<text\b[^<>]{0,300}>")
NAMESPACE = re.compile(r"<ns>\s*(-?\d+)\s*</ns>")
REDIRECT = re.compile(r"\s*#(?:REDIRECT|重定向)\b", re.IGNORECASE)
OPENING = re.compile(r"<(syntaxhighlight|source|pre|nowiki|code)(\s[^<>]{0,300})?>", re.IGNORECASE)
LANG = re.compile(r"\blang\s*=\s*[\"']?([\w+#.-]{1,20})")
HEADING = re.compile(r"(={1,6})\s*(.{1,300}?)\s*\1\s*\Z")
ITEM = re.compile(r"([*#:;]+)\s*(.*)\Z", re.DOTALL)
FILE = re.compile(
    r"\[\[(?:File|Image|文件|图像):([^\[\]|]{1,300})((?:\|[^\[\]|]{0,300}){0,10})\]\]", re.IGNORECASE
)
CATEGORY = re.compile(r"\[\[(?:Category|分类):[^\[\]]{1,300}\]\]", re.IGNORECASE)
LINK = re.compile(r"\[\[([^\[\]|]{1,300})(?:\|([^\[\]]{1,300}))?\]\]")
EXTERNAL = re.compile(r"\[((?:https?|ftp)://[^\s\[\]]{1,1000})(?:\s+([^\[\]]{1,500}))?\]")
BOLD = re.compile(r"'''(.{1,500}?)'''")
ITALIC = re.compile(r"''(.{1,500}?)''")
TEMPLATE = re.compile(r"\{\{([^{}]{0,2000})\}\}")
REFERENCE = re.compile(r"<ref\b[^<>]{0,300}/>|<ref\b[^<>]{0,300}>.{0,2000}?</ref>", re.DOTALL | re.IGNORECASE)
MAGIC = re.compile(r"__[A-Z]{3,20}__")
CELL_STYLE = re.compile(r"\A[^|\[\]{}]{0,200}\|(?!\|)\s*")
NOTES = {
    "note": "Note",
    "info": "Info",
    "tip": "Tip",
    "warning": "Warning",
    "caution": "Caution",
    "important": "Important",
}


def documents(dump: str) -> Iterator[tuple[str, str]]:
    """(title, wikitext) of the articles of an XML dump, the newest revision of each."""
    at = 0
    while (start := dump.find("<page>", at)) >= 0:
        end = dump.find("</page>", start)
        end = len(dump) if end < 0 else end
        at = end + 7
        page = dump[start:end]
        namespace = NAMESPACE.search(page[:3000])
        if namespace and namespace[1] != "0":
            continue
        title = _between(page, "<title>", "</title>")
        revisions = list(TEXT.finditer(page))
        if not revisions or not title:
            continue
        opening = revisions[-1]  # the newest
        close = page.find("</text>", opening.end())
        text = html.unescape(page[opening.end() : close if close >= 0 else len(page)][:PAGE_LIMIT])
        if text.strip() and not REDIRECT.match(text):
            yield html.unescape(title).strip(), text


def draft(title: str, text: str, key: str) -> Draft:
    """A page of wikitext as Markdown."""
    return Draft(markdown(text), "mediawiki", title=title, first_line=0)


def markdown(text: str) -> str:
    """Wikitext as Markdown; code goes through unchanged."""
    parts: list[str] = []
    at = 0
    lowered = text.lower()
    unclosed: set[str] = set()
    for opening in OPENING.finditer(text):
        name = opening[1].lower()
        if opening.start() < at or name in unclosed:
            continue
        close = lowered.find(f"</{name}>", opening.end()) if len(lowered) == len(text) else -1
        if close < 0:
            unclosed.add(name)
            continue
        inside = text[opening.end() : close]
        block = name in ("syntaxhighlight", "source", "pre") and "inline" not in (opening[2] or "")
        block = block or (name == "code" and "\n" in inside.strip())
        parts.append(_prose(text[at : opening.start()]))
        if block:
            language = LANG.search(opening[2] or "")
            parts.append(_fence(inside, language[1].lower() if language else ""))
        elif name == "nowiki":
            parts.append(html.unescape(inside))
        else:
            parts.append(f"`{html.unescape(' '.join(inside.split()))}`")
        at = close + len(name) + 3
    parts.append(_prose(text[at:]))
    return "".join(parts).strip("\n")


def _between(text: str, opening: str, closing: str) -> str:
    start = text.find(opening)
    end = text.find(closing, start)
    return text[start + len(opening) : end] if 0 <= start < end else ""


def _fence(code: str, language: str) -> str:
    exact = html.unescape(code).strip("\n")
    longest = max((len(run) for run in re.findall(r"`{3,}", exact)), default=2)
    fence = "`" * max(3, longest + 1)
    return f"\n\n{fence}{'' if language == 'text' else language}\n{exact}\n{fence}\n\n"


def _prose(text: str) -> str:
    for pattern in (REFERENCE, CATEGORY, MAGIC):
        text = pattern.sub("", text)
    for _ in range(5):
        changed = TEMPLATE.sub(_template, text)
        if changed == text:
            break
        text = changed
    lines: list[str] = []
    code: list[str] = []
    table: list[list[str]] | None = None
    for raw in text.split("\n"):
        line = raw.rstrip()
        if table is not None:
            if line.lstrip().startswith("|}"):
                lines += _table(table)
                table = None
            else:
                _row(table, line.strip())
            continue
        if line.lstrip().startswith("{|"):
            table = []
            continue
        if line[:1] == " " and line.strip():
            code.append(html.unescape(line[1:]))
            continue
        if code:
            lines += _fence("\n".join(code), "").strip("\n").split("\n")
            lines.insert(len(lines), "")
            code = []
        lines += _line(line)
    if code:
        lines += _fence("\n".join(code), "").strip("\n").split("\n")
    if table:
        lines += _table(table)
    return "\n".join(lines)


def _line(line: str) -> list[str]:
    heading = HEADING.match(line)
    if heading:
        return ["", f"{'#' * len(heading[1])} {_inline(heading[2])}", ""]
    item = ITEM.match(line)
    if item:
        marks, words = item[1], _inline(item[2])
        if marks[-1] == ";":
            term, colon, said = words.partition(" : ")
            return [f"**{term}**", "", *([said, ""] if colon else [])]
        indent = "   " * (len(marks) - 1)
        if set(marks) == {":"}:
            return [words, ""]
        return (
            [f"{indent}{'1.' if marks[-1] == '#' else '-'} {words}"]
            if marks[-1] != ":"
            else [f"{indent}{words}"]
        )
    if line.startswith("----"):
        return ["", "---", ""]
    return [_inline(line)]


def _inline(text: str) -> str:
    text = FILE.sub(_image, text)
    text = LINK.sub(lambda m: (m[2] or m[1]).strip(), text)
    text = EXTERNAL.sub(lambda m: f"[{m[2]}]({m[1]})" if m[2] else m[1], text)
    text = ITALIC.sub(r"*\1*", BOLD.sub(r"**\1**", text))
    return text.replace("<br>", "  ").replace("<br />", "  ").replace("<br/>", "  ")


def _image(match: re.Match[str]) -> str:
    said = [part.strip() for part in match[2].split("|") if part.strip()]
    alt = said[-1] if said and not re.fullmatch(r"\d+px|thumb|left|right|center|none|frame", said[-1]) else ""
    return f"![{alt}]({match[1].strip().replace(' ', '_')})"


def _template(match: re.Match[str]) -> str:
    """A note keeps its words; other templates are furniture of the wiki, but code in one is kept."""
    name, *values = match[1].split("|")
    word = NOTES.get(name.strip().lower())
    said = " ".join(
        value.partition("=")[2].strip() if re.match(r"\s*\w+\s*=", value) else value for value in values
    )
    if word:
        return f"'''{word}:''' {said}"
    if name.strip().lower() in ("code", "cmd", "kbd", "ic", "bc", "hc", "command", "mono", "tt"):
        return f"`{said.strip()}`"
    return ""


def _row(table: list[list[str]], line: str) -> None:
    if line.startswith("|-") or not line:
        table.append([])
    elif line.startswith("|+"):
        return
    elif line[0] in "|!":
        if not table:
            table.append([])
        parts = re.split(r"\|\||!!", line[1:]) if line[0] == "!" else line[1:].split("||")
        table[-1] += [_inline(CELL_STYLE.sub("", part).strip()) for part in parts]
    elif table and table[-1]:
        table[-1][-1] += f" {_inline(line)}"


def _table(table: list[list[str]]) -> list[str]:
    rows = [row for row in table if row]
    if not rows:
        return []
    width = max(map(len, rows))
    written = [
        "| " + " | ".join(cell.replace("|", "\\|") for cell in [*row, *[""] * (width - len(row))]) + " |"
        for row in rows
    ]
    return ["", written[0], "|" + " --- |" * width, *written[1:], ""]
