"""Bytes of a file by their place: unlike a memory map, this keeps nothing of what was read in the process."""

from __future__ import annotations

import os
import weakref

AVAILABLE = hasattr(os, "pread")


class FileParts:
    """A file that stays open until nobody reads it any more, whatever becomes of the one it was opened as."""

    def __init__(self, descriptor: int) -> None:
        self._own = os.dup(descriptor)
        weakref.finalize(self, os.close, self._own)

    def read(self, begin: int, size: int) -> bytes:
        """At most so many bytes; raises OSError. May be called from several threads."""
        return os.pread(self._own, size, begin)
