"""Encoded answers kept while the objects in them stay the same, so that the server is never what is slow."""

from __future__ import annotations

import gzip
import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from checks.cluster import Object

_KEPT = 64 * 1024 * 1024
"""Bytes of pages that are kept at most."""
_COMPRESS_ABOVE = 128 * 1024
"""From how many bytes on an answer is compressed, as by the real server."""


@dataclass(frozen=True, slots=True)
class Page:
    """The body of an answer as it goes out, and of which resource version it is."""

    body: bytes
    compressed: bool = False
    version: int = 0
    objects: int = 0
    """How many it lists."""


def encode(body: Object, *, gzipped: bool, version: int = 0) -> Page:
    """The body of an answer; large ones are compressed where the client takes that."""
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogateescape")
    count = len(body.get("items") or ())
    if gzipped and len(raw) > _COMPRESS_ABOVE:
        return Page(gzip.compress(raw, 1), compressed=True, version=version, objects=count)
    return Page(raw, version=version, objects=count)


class Pages:
    """Pages by what was asked for; the ones that nobody asked for longest go first. Thread-safe."""

    def __init__(self, kept: int = _KEPT) -> None:
        self._kept = kept
        self._size = 0
        self._pages: OrderedDict[Hashable, Page] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable, since: int, make: Callable[[], Page]) -> Page:
        """The page of this key if it is not older than the resource version `since`, else a new one."""
        with self._lock:
            page = self._pages.get(key)
            if page is not None and page.version >= since:
                self._pages.move_to_end(key)
                return page
        page = make()
        with self._lock:
            self._drop(key)
            self._pages[key] = page
            self._size += len(page.body)
            while self._size > self._kept:
                self._drop(next(iter(self._pages)))
        return page

    def _drop(self, key: Hashable) -> None:
        old = self._pages.pop(key, None)
        self._size -= len(old.body) if old else 0
