"""The error that people read: a sentence in both languages."""

from __future__ import annotations

from kb.text import Text


class Said(Exception):
    """`text` says in both languages what is wrong; the string of the error is the English one.

    A plain string stands for both: for words of a library or a cluster, which are repeated as they are.
    """

    def __init__(self, message: str | Text):
        self.text = Text.of(message)
        super().__init__(self.text.get("en"))


def text_of(error: BaseException) -> Text:
    """What an error says: its own text, or the words of a library or the system as a quotation."""
    found = getattr(error, "text", None)
    return found if isinstance(found, Text) else quoted(str(error))


def quoted(words: str) -> Text:
    """Words that are not klinik's and have one language: marked as such where the sentence around them is Chinese."""
    return Text(words, f"“{words}”" if words else "")
