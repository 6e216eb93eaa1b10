"""Filters: ``component:ovn`` inside a query, their names in both languages, and which values pass. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

FILTERS = ("lang", "component", "product", "version", "kind", "guide", "id")
NAMES: Mapping[str, str] = {
    **{name: name for name in FILTERS if name != "id"},
    "language": "lang", "components": "component", "products": "product", "ver": "version",
    "语言": "lang", "组件": "component", "产品": "product", "版本": "version", "类型": "kind", "指南": "guide",
}  # fmt: skip
VALUES: Mapping[str, Mapping[str, str]] = {
    "lang": {"中文": "zh", "英文": "en", "chinese": "zh", "english": "en"},
    "guide": {"有": "yes", "是": "yes", "true": "yes", "无": "no", "没有": "no", "否": "no", "false": "no"},
}
INLINE = re.compile(
    r'(?<!\S)([A-Za-z\u4e00-\u9fff]{2,10})[:：](?:"([^"\n]{1,80})"|“([^”\n]{1,80})”|([^\s"“]{1,80}))(?!\S)'
)


def inline(text: str, exists: Callable[[str, str], bool]) -> tuple[str, dict[str, str]]:
    """The text with its filters blanked out, places unchanged, and the filters.

    What looks like a filter and fits no article at all is a part of the text: logs are full of colons.
    """
    found: dict[str, str] = {}
    for match in INLINE.finditer(text):
        key = NAMES.get(match[1].lower())
        wanted = match[2] or match[3] or match[4]
        if key is None or key in found:
            continue
        wanted = VALUES.get(key, {}).get(wanted.casefold(), wanted)
        if exists(key, wanted):
            found[key] = wanted
            text = text[: match.start()] + " " * len(match[0]) + text[match.end() :]
    return text, found


def passes(key: str, wanted: str) -> Callable[[str], bool]:
    """Whether a value of this key fits; ValueError for an unknown key."""
    if key not in FILTERS:
        raise ValueError(f"unknown filter {key}; known: {', '.join(FILTERS)}")
    same = {"version": _version_matches, "guide": _guide_matches}.get(key, _value_matches)
    plain = wanted.casefold()
    return lambda value: same(value, plain)


def _guide_matches(value: str, wanted: str) -> bool:
    """``yes`` is a guide of either kind."""
    return value == {"no": "none"}.get(wanted, wanted) or (wanted == "yes" and value != "none")


def _value_matches(value: str, wanted: str) -> bool:
    return value.casefold() == wanted or (len(wanted) > 2 and wanted in value.casefold())


def _version_matches(value: str, wanted: str) -> bool:
    """``4.1`` is ``4.1``, ``4.1.3``, ``4.1.x`` and ``4.x``."""
    ours, theirs = value.casefold().lstrip("v").split("."), wanted.lstrip("v").split(".")
    return all(a == b or a == "x" for a, b in zip(ours, theirs, strict=False)) and bool(value)
