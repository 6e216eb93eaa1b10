"""Markdown whose line ends were lost on the way (`---kind:   - A---# Title## Cause- one- two`), taken apart again."""

from __future__ import annotations

import re
from functools import cache

from kb import headings

KEYS = (
    "kind", "products", "ProductsVersion", "productsVersion", "id", "title", "date", "tags", "author", "authors",
    "sourceSHA",
    "component", "components", "category", "categories", "status", "lang", "language", "description", "weight",
    "environment", "version", "versions", "keywords", "queries", "sidebar_position", "slug",
)  # fmt: skip
GLUED_HEADING = re.compile(r"(?<=[^\s#])#{1,6}[ \t]\s*(?=[^\s#])")
FRONT = re.compile(r"^---\s*(?=[A-Za-z]\w*:)(?P<front>.{0,8000}?)---(?=\s|<|#|$|\S)", re.DOTALL)
ORIGINAL = re.compile(r"(?:Original Title|原标题|原始标题)\s*[:：]\s*(?P<title>[^\n]{4,300})")


def is_glued(text: str) -> bool:
    """Whether headings or a front matter stand in the middle of long lines instead of at the beginning of their own."""
    head = text.lstrip("\ufeff \t\r\n")[:4000]
    line = head.split("\n", 1)[0]
    if re.match(r"---\s*[A-Za-z]\w*:\s", line) and len(line) > 20:
        return True
    longest = max(text[:200_000].split("\n"), key=len)
    return (
        len(longest) > 100 and len(GLUED_HEADING.findall(longest[:20_000])) >= 2 and "```" not in longest[:50]
    )


def unglue(text: str) -> str:
    """The text with every front-matter key, heading, list item, image and fence on a line of its own."""
    front, rest = _front(text.lstrip("\ufeff \t\r\n"))
    title = ORIGINAL.search(rest)
    lines: list[str] = []
    fenced = False
    for line in rest.split("\n"):
        if line.lstrip().startswith("```"):
            fenced = not fenced
        if fenced or len(line) < 20:
            lines.append(line)
        else:
            lines += _body(line, title["title"].strip() if title else "").split("\n")
    return front + re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n") + "\n"


def _front(text: str) -> tuple[str, str]:
    found = FRONT.match(text)
    if not found or "\n" in found["front"].strip():
        return "", text
    keys = "|".join(KEYS)
    front = re.sub(rf"(?<=[^\s-])\s*({keys}):(?=\s|$)", r"\n\1:", found["front"].strip())
    front = re.sub(r"[ \t]{1,8}- (?=\S)", r"\n  - ", front)
    lines = [line.rstrip() for line in front.split("\n") if line.strip()]
    return "---\n" + "\n".join(lines) + "\n---\n\n", text[found.end() :]


def _body(line: str, title: str) -> str:
    line = re.sub(r"(-->)(?=\S)", r"\1\n\n", line)
    line = re.sub(r"(?<=[^\s#\n])(?=#{1,6}[ \t]+[^\s#])", "\n\n", line)
    parts = [_part(part, title) for part in line.split("\n")]
    return "\n".join(parts)


def _part(part: str, title: str) -> str:
    heading = re.match(r"^(#{1,6})[ \t]+(.*)$", part)
    if not heading:
        return _items(part)
    name, rest = _split_heading(heading[2], title if heading[1] == "#" else "")
    body = _items(rest).lstrip("\n")
    return f"{heading[1]} {name}\n" + (f"\n{body}" if body else "")


def _split_heading(text: str, title: str) -> tuple[str, str]:
    """The heading's own words and what was glued behind them."""
    if title and text.startswith(title) and len(text) > len(title):
        return title, text[len(title) :]
    bracketed = re.match(r"^\[[^\[\]]{1,60}\](?=\S|\s|$)(?!\()", text)
    if bracketed:
        return bracketed[0], text[bracketed.end() :].lstrip()
    at = re.search(r"(?<=\S)-\s(?=\S)|\*\*(?=\S)|!\[|```|(?<=\S)(?=[1-9][.、]\s?\D)|<!--", text)
    name = text[: at.start()] if at and at.start() else text
    known = next((word for word in _known() if name.casefold().startswith(word)), "")
    if known and len(name) > len(known) and headings.kind(name) == "other":
        return name[: len(known)], text[len(known) :].lstrip()
    return name.rstrip(), text[len(name) :].lstrip() if name != text else ""


@cache
def _known() -> tuple[str, ...]:
    names = {
        name for words in headings.WHOLE.values() for name in words if len(name) >= 5 or not name.isascii()
    }
    return tuple(sorted((name for name in names if len(name) >= 4), key=len, reverse=True))


def _items(text: str) -> str:
    text = re.sub(r"\s*(!\[[^\]\n]{0,300}\]\([^)\n]{0,600}\))\s*", r"\n\n\1\n", text)
    text = re.sub(r"(?<=[^\s\-])-\s(?=[^\s\-])", "\n- ", text)
    text = re.sub(r"(?<=[^\s`])\s*(```(?:[a-z]{1,12}(?=\s)|(?=\s|$)))", r"\n\1\n", text)
    text = re.sub(r"(?<=[^\s*])(\*\*[^*\n]{2,40}\*\*)(?=\n|$)", r"\n\n\1\n", text)
    text = re.sub(r"(?<=[。；;:：])\s*(?=[1-9][0-9]?\.\s\S)", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).rstrip()
