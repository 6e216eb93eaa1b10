"""The error that people read: a sentence in both languages."""

from __future__ import annotations

import errno

from kb.messages import message
from kb.text import Text
from kb.wording import explained

_SYSTEM = (
    "EACCES", "EADDRINUSE", "ECONNREFUSED", "ECONNRESET", "EEXIST", "EHOSTUNREACH", "EISDIR", "EMFILE", "ENETUNREACH",
    "ENOENT", "ENOSPC", "ENOTDIR", "EPERM", "EPIPE", "EROFS", "ETIMEDOUT",
)  # fmt: skip
"""Errors of the system that the catalogue has words for."""


class Said(Exception):
    """`text` says in both languages what is wrong; the string of the error is the English one.

    A plain string stands for both: for words of a library or a cluster, which are repeated as they are.
    """

    def __init__(self, message: str | Text):
        self.text = Text.of(message)
        super().__init__(self.text.get("en"))


class BadValue(Said, ValueError):
    """Something given that cannot be what it should be."""


def text_of(error: BaseException) -> Text:
    """What an error says: its own text, or the words of a library or the system as a quotation."""
    found = getattr(error, "text", None)
    if isinstance(found, Text):
        return found
    if isinstance(error, OSError):
        name = errno.errorcode.get(error.errno or 0, "")
        return message(f"system.{name}") if name in _SYSTEM else quoted(error.strerror or str(error))
    return quoted(str(error) or type(error).__name__)


def about_file(error: OSError) -> Text:
    """The file or folder that an error of the system is about, and what the system says."""
    return explained(str(error.filename), text_of(error)) if error.filename else text_of(error)


def quoted(words: str) -> Text:
    """Words that are not klinik's and have one language: marked as such where the sentence around them is Chinese."""
    return Text(words, f"“{words}”" if words else "")
