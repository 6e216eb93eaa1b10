"""Names of articles and images that are safe on every disk, from names and titles in any script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Container

LONGEST = 150
"""Bytes of an id in UTF-8."""
RESERVED = frozenset(
    {"con", "prn", "aux", "nul", "en", "zh", "images", "assets"}
    | {f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)}
)
GENERIC = re.compile(
    r"(?:index|readme|page|untitled|document|doc|article|main|home|new|note|notes|export|stdin|default|新建.{0,20}|未命名.*|无标题.*"
    r"|[0-9a-f]{8,}|[0-9]+(?:[_-][0-9a-f]{8,})?|[\d_.-]+|[0-9a-f]{8}-[0-9a-f-]{20,})\Z",
    re.IGNORECASE,
)
EXPORT_TAIL = re.compile(r"[ _-](?:[0-9a-f]{32}|[0-9]{6,12})\Z")
"""What Notion (a hash) and Confluence (a page number) put behind a name."""


def slug(text: str) -> str:
    """Letters, digits, ``_ . -`` of any script; never empty, hidden, reserved or too long."""
    name = "".join(c if _kept(c) else "-" for c in unicodedata.normalize("NFC", text.strip()))
    name = re.sub(r"-{2,}", "-", re.sub(r"\.{2,}", ".", name)).strip("-. ")
    encoded = name.encode("utf-8", "ignore")[:LONGEST]
    name = encoded.decode("utf-8", "ignore").strip("-. ")
    if not name:
        return "article"
    return f"{name}-article" if name.casefold() in RESERVED else name


def article_id(stem: str, title: str, folder: str) -> str:
    """The id of an article: its file's stem, or where that says nothing its title or folder."""
    bare = EXPORT_TAIL.sub("", stem).strip()
    if bare and not GENERIC.match(bare):
        return slug(bare)
    if stem.casefold() in ("index", "readme") and folder and not GENERIC.match(folder):
        return slug(folder)
    return slug(title or bare or folder or "article")


def free(wanted: str, taken: Container[str]) -> str:
    """`wanted`, or with the first suffix ``-2``, ``-3`` … that is not taken; `taken` holds casefolded ids."""
    if wanted.casefold() not in taken:
        return wanted
    number = 2
    while f"{wanted}-{number}".casefold() in taken:
        number += 1
    return f"{wanted}-{number}"


def _kept(char: str) -> bool:
    return (
        char in "_.-" or unicodedata.category(char)[0] in "LN" or unicodedata.category(char) in ("Mn", "Mc")
    )
