"""Whoosh's segments, read where something is wanted: Whoosh itself copies each into memory before it reads any of it.

A memory map would not copy, and yet keep 16 pages for every text that was looked at.

The classes here are named in the table of contents that Whoosh pickles. Importing this module imports Whoosh.
"""

from __future__ import annotations

from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from typing import Any

from whoosh.codec.whoosh3 import W3Codec, W3Segment
from whoosh.filedb.compound import CompoundStorage
from whoosh.filedb.structfile import BufferFile

from kb.fileparts import AVAILABLE, FileParts

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
    def __init__(self, file: Any, *, use_mmap: bool) -> None:
        on_disk = AVAILABLE and hasattr(file, "fileno")
        self._whole = FileParts(file.fileno()) if on_disk else None
        super().__init__(file, use_mmap=use_mmap)

    def open_file(self, name: str, *args: Any, **options: Any) -> Any:
        if self._whole is None:
            return super().open_file(name, *args, **options)
        return _Part(_Window(self._whole, *self.range(name)), name)


class _Part(BufferFile):  # type: ignore[misc]
    def __init__(self, window: _Window, name: str | None = None) -> None:
        super().__init__(b"", name=name)
        self._window = window
        self.file = BufferedReader(window, CHUNK)

    def get(self, position: int, length: int) -> bytes:
        return self._window.get(position, length)

    def subset(self, position: int, length: int, name: str | None = None) -> _Part:
        return _Part(self._window.part(position, length), name or self._name)


class _Window(RawIOBase):
    """A stretch of a file as a file of its own, at a place of its own."""

    def __init__(self, file: FileParts, start: int, length: int) -> None:
        self._file, self._start, self._length = file, start, length
        self._at = 0

    def get(self, position: int, length: int) -> bytes:
        length = min(length, self._length - position)
        return self._file.read(self._start + position, length) if length > 0 else b""

    def part(self, position: int, length: int) -> _Window:
        return _Window(self._file, self._start + position, min(length, self._length - position))

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        base = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._length}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        found = self.get(self._at, len(buffer))
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)
