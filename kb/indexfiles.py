"""Whoosh's segments, read through their memory map: Whoosh itself copies each into memory before it reads any of it.

The classes here are named in the table of contents that Whoosh pickles. Importing this module imports Whoosh.
"""

from __future__ import annotations

from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from typing import Any

from whoosh.codec.whoosh3 import W3Codec, W3Segment
from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.structfile import BufferFile

CHUNK = 512
"""Bytes that are read ahead: what is read at a time are single numbers and short keys."""


class Codec(W3Codec):  # type: ignore[misc]
    """Whoosh's way to write, for segments that are read without a copy."""

    def new_segment(self, storage: Any, indexname: str) -> Segment:
        return Segment(self, indexname)


class Segment(W3Segment):  # type: ignore[misc]
    """A segment whose parts are windows on one file."""

    def open_compound_file(self, storage: Any) -> Any:
        file = storage.open_file(self.make_filename(self.COMPOUND_EXT))
        return _Parts(file, use_mmap=storage.supports_mmap)


class _Parts(CompoundStorage):  # type: ignore[misc]
    def open_file(self, name: str, *args: Any, **options: Any) -> Any:
        if self._source is None:  # in memory anyway
            return super().open_file(name, *args, **options)
        start, length = self.range(name)
        return _Part(memoryview(self._source)[start : start + length], name)


class _Part(BufferFile):  # type: ignore[misc]
    def __init__(self, view: memoryview, name: str | None = None) -> None:
        super().__init__(b"", name=name)
        self._buf = view
        self.file = BufferedReader(_Window(view), CHUNK)

    def subset(self, position: int, length: int, name: str | None = None) -> _Part:
        return _Part(self._buf[position : position + length], name or self._name)


class _Window(RawIOBase):
    """A stretch of memory as a file."""

    def __init__(self, view: memoryview) -> None:
        self._view = view
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        base = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: len(self._view)}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        found = self._view[self._at : self._at + len(buffer)]
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)
