"""Front matter that is no YAML, read line by line: broken indentation, tabs, everything glued into one line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

KEYS = (
    "ProductsVersion", "ProductVersion", "products", "product", "components", "component", "kinds", "kind",
    "versions", "version", "sourceSHA", "source", "id", "tags", "keywords", "title", "description", "author",
    "date", "lang", "language", "categories", "category", "weight", "slug", "sidebar_position", "sidebar_label",
    "labels", "status", "summary", "aliases", "updated", "created", "queries", "imported", "importedSHA",
    "importedText",
)  # fmt: skip
KNOWN = frozenset(key.casefold() for key in KEYS)
GLUED_KEY = re.compile(
    rf"(?:\A|(?<=[\s\w.)\]\"'])) *({'|'.join(sorted(KEYS, key=len, reverse=True))})[:：](?=\s|$|-)"
)
GLUED_END = re.compile(r"-{3,}(?!\w)|-{3,}(?=#|<!--)")
LINE = re.compile(r"[ \t]*[\"']?([A-Za-z][\w.\- ]{0,40}?)[\"']?[ \t]*(?:[:：]|=(?!=))[ \t]*(.*)\Z")
ITEM = re.compile(r"[ \t]*[-*•][ \t]+(.*)\Z")
COMMENT = re.compile(r"(?:\A|[ \t])#.*\Z")
MAX_LINE = 4_000
MAX_GLUED = 8_000


def read(lines: Iterable[str]) -> dict[str, Any]:
    """Keys and values of lines ``key: value``, ``- item``, ``key: [a, b]``; what cannot be told apart is left out."""
    found: dict[str, Any] = {}
    key = ""
    for raw in lines:
        line = raw[:MAX_LINE].replace("\t", "  ").rstrip()
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        item = ITEM.match(line)
        pair = LINE.match(item[1] if item else line)
        if pair and (not item or pair[1].casefold() in KNOWN) and _is_key(pair[1], line):
            key = pair[1]
            found.setdefault(key, [])
            _add(found, key, pair[2])
        elif key:
            _add(found, key, item[1] if item else line.strip())
    return {name: _single(value) for name, value in found.items()}


def known(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys of `data` that front matter usually has."""
    return tuple(key for key in data if key.casefold() in KNOWN)


def glued_end(text: str) -> tuple[int, int] | None:
    """Where front matter that is all in one line stops, and where its body begins; None where it does not."""
    keys = list(GLUED_KEY.finditer(text[:MAX_GLUED]))
    if not keys:
        return None
    for mark in GLUED_END.finditer(text[:MAX_GLUED], keys[0].end()):
        return mark.start(), mark.end()
    return None


def glued(text: str) -> dict[str, Any]:
    """Front matter whose line breaks are gone: ``kind:   - Aproducts:    - B   - CProductsVersion:   - 4.1``."""
    found: dict[str, Any] = {}
    keys = list(GLUED_KEY.finditer(text[:MAX_GLUED]))
    for index, match in enumerate(keys):
        end = keys[index + 1].start() if index + 1 < len(keys) else len(text)
        value = text[match.end() : end].strip()
        items = [part.strip() for part in re.split(r"(?:\A|\s)-\s+", value)]
        kept = [_bare(part) for part in items if part]
        found.setdefault(match[1], kept if value.startswith("-") else _single(kept))
    return found


def texts(value: Any, depth: int = 0) -> Any:
    """Data of TOML or JSON with every scalar as text, as front matter has them."""
    if depth > 20:
        return ""
    if isinstance(value, dict):
        return {str(key): texts(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [texts(item, depth + 1) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    return str(value)


def _is_key(key: str, line: str) -> bool:
    """An unknown word counts as a key only at the margin and without blanks: else it is part of a value."""
    return key.casefold() in KNOWN or (line[:1] not in " -" and " " not in key)


def _add(found: dict[str, Any], key: str, raw: str) -> None:
    text = raw.strip()
    if not text.startswith(("'", '"')):
        text = COMMENT.sub("", text).strip()
    item = ITEM.match(text)
    text = item[1].strip() if item else text
    if text.startswith("[") and text.endswith("]"):
        parts = [part for part in re.split(r"[,，]", text[1:-1]) if part.strip()]
        found[key] += [_bare(part) for part in parts]
    elif text and text not in ("|", ">", "|-", ">-", "null", "~"):
        found[key].append(_bare(text))


def _bare(text: str) -> str:
    text = text.strip().strip("[]").strip() if text.strip()[:1] in "[]" else text.strip()
    if len(text) >= 2 and text[0] == text[-1] and text[0] in "'\"":
        return text[1:-1]
    return text.strip("'\"") if text[:1] in "'\"" or text[-1:] in "'\"" else text


def _single(items: Any) -> Any:
    return items[0] if isinstance(items, list) and len(items) == 1 else items if items else None
