"""Ids of articles as names of files and folders: what does not travel to every file system."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from kb.lint.view import found
from kb.problem import Problem
from kb.roots import Source

FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f]|[ .]\Z|\A ')
DEVICES = re.compile(r"(?i)(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?\Z")
LONGEST_BYTES = 200
"""Of an id; file systems allow 255 for a name with its ending."""


def travels(name: str) -> bool:
    """Whether a name can be a file on Linux, macOS and Windows."""
    if not name or FORBIDDEN.search(name) or DEVICES.match(name):
        return False
    try:
        return len(name.encode()) <= LONGEST_BYTES
    except UnicodeEncodeError:  # bytes that are no text in the system's encoding
        return False


def check_ids(sources: Mapping[str, Sequence[Source]]) -> Iterator[Problem]:
    """Ids that are one and the same where letter case or composition do not count, and ids that cannot travel."""
    seen: dict[tuple[str, str], str] = {}
    for article, files in sorted(sources.items()):
        path, root = files[0].path, files[0].root
        if not travels(article):
            yield replace(found(path, 0, "article.bad-id", id=article), article=article)
        other = seen.setdefault((root, unicodedata.normalize("NFC", article).casefold()), article)
        if other != article:
            yield replace(found(path, 0, "article.id-case", id=article, other=other), article=article)
