"""Verbose health pages of an API server (``/readyz?verbose``) as rows. Pure; what is not a whole page is unparsable."""

from __future__ import annotations

import json
import re
from typing import Any

from checks.parsers.base import Unparsable, excerpt
from kb.messages import message

_CHECK = re.compile(r"\[(?P<sign>[+-])\](?P<name>\S{1,200}) (?P<said>.{1,500})")
_END = re.compile(r"(?:readyz|livez|healthz) check (?P<end>passed|failed)")
_EXCLUDED = "excluded: ok"
_KUBECTL = re.compile(r'an error on the server \((?P<page>"(?:[^"\\]|\\.)*")\) has prevented')
"""How kubectl prints the page that comes with a 500: as a quoted string of Go."""


def rows(text: str) -> list[dict[str, Any]]:
    """``{name, ok, excluded, said}`` of every check, in their order; Unparsable for anything but a whole page.

    `said` is what stands behind the name; a check that was left out on request is `excluded` and not looked at.
    """
    found: list[dict[str, Any]] = []
    end = ""
    for line in _page(text).splitlines():
        if not line.strip():
            continue
        if end:
            raise Unparsable(message("parse.health-beyond", text=excerpt(line)))
        if match := _CHECK.fullmatch(line.rstrip()):
            said = match["said"]
            ok = match["sign"] == "+"
            found.append({"name": match["name"], "ok": ok, "excluded": said == _EXCLUDED, "said": said})
        elif match := _END.fullmatch(line.strip()):
            end = match["end"]
        elif found or not line.startswith("warn: "):
            raise Unparsable(message("parse.health-line", text=excerpt(line)))
    if not end or not found:
        raise Unparsable(message("parse.health-cut", text=excerpt(text)))
    if (end == "passed") != all(row["ok"] for row in found):
        raise Unparsable(message("parse.health-odd", end=end))
    return found


def is_refused_page(text: str) -> bool:
    """Whether this is kubectl's error around a page: an answer, though the command failed."""
    return bool(_KUBECTL.search(text))


def _page(text: str) -> str:
    """The page itself, also out of the error that kubectl makes of it."""
    match = _KUBECTL.search(text)
    if match is None:
        return text
    try:
        return str(json.loads(match["page"]))
    except ValueError:
        raise Unparsable(message("parse.health-cut", text=excerpt(text))) from None
