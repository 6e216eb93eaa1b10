"""Images beside a source: found without leaving the folder that is imported, and copied to the article."""

from __future__ import annotations

import hashlib
import os
import posixpath
import stat
from dataclasses import dataclass

from kb.importing import ids
from kb.importing.links import Target
from kb.importing.model import note
from kb.importing.sources import STDIN, Source
from kb.problem import Problem

SUFFIXES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".avif")
MAX_BYTES = 20_000_000
SITE = ("", "public", "static", "assets", "docs")
"""Folders of a site that addresses beginning with ``/`` are looked for in."""


@dataclass(frozen=True, slots=True)
class Copy:
    """An image to put into the ``images`` folder of an article."""

    name: str
    data: bytes


def copy_of(
    source: Source, target: Target, copies: list[Copy], taken: dict[str, str], notes: list[Problem]
) -> str | None:
    """The new reference of a local image, its bytes added to `copies`; None, with a note, where it stays as it is."""
    path = _found(source, target)
    if path is None:
        notes.append(note(source.key, 0, "image-missing", "warning", path=target.raw))
        return None
    if path in taken:
        return f"images/{taken[path]}"
    data, why = _bytes(path)
    if data is None:
        notes.append(note(source.key, 0, "image-refused", "warning", path=target.raw, why=why))
        return None
    stem, suffix = os.path.splitext(os.path.basename(path))
    name = ids.slug(stem) + suffix.lower()
    if name in taken.values():
        name = f"{ids.slug(stem)}-{hashlib.sha256(data).hexdigest()[:8]}{suffix.lower()}"
    taken[path] = name
    copies.append(Copy(name, data))
    return f"images/{name}"


def beside(source: Source, path: str) -> str:
    """The path of a file that a source names, as the system would open it; nothing is looked at."""
    if source.path == STDIN:
        return ""
    if path.startswith("/"):
        return os.path.join(source.base, path.lstrip("/"))
    return os.path.join(os.path.dirname(source.path), path)


def real(path: str) -> str:
    """The path without links; empty for one that cannot be."""
    try:
        return os.path.realpath(path) if path else ""
    except (OSError, ValueError):
        return ""


def _found(source: Source, target: Target) -> str | None:
    """The image's real path, inside the imported folder; None where there is none or it lies outside."""
    if source.path == STDIN or "\0" in target.path:
        return None
    if target.path.startswith("/"):
        tried = [os.path.join(source.base, place, target.path.lstrip("/")) for place in SITE]
    else:
        tried = [beside(source, target.path)]
    top = real(source.base)
    for path in tried:
        where = real(path)
        if where and os.path.commonpath((where, top)) == top and os.path.isfile(where):
            return where
    return None


def _bytes(path: str) -> tuple[bytes | None, str]:
    if not path.lower().endswith(SUFFIXES):
        return None, posixpath.basename(path)
    try:
        info = os.stat(path)
        if not stat.S_ISREG(info.st_mode) or info.st_size > MAX_BYTES:
            return None, f"{info.st_size:,} bytes"
        with open(path, "rb") as file:
            return file.read(MAX_BYTES), ""
    except OSError as error:
        return None, error.strerror or type(error).__name__
