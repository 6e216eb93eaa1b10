"""What threads tell the screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.message import Message

from kb.safe import one_line
from kb.said import text_of

if TYPE_CHECKING:
    from tui.questions import Words


class Telling(Message, bubble=False):
    """Something that may have gone wrong."""

    error: Exception | None

    def why(self, lang: str, most: int = 300) -> str:
        """What went wrong, in the reader's language and on one line; empty where nothing did."""
        return one_line(text_of(self.error).get(lang), most) if self.error is not None else ""


class Answered(Telling, bubble=False):
    """A call on another thread ended: with a value, or with an error."""

    def __init__(self, tag: str, run: int, value: Any = None, error: Exception | None = None) -> None:
        super().__init__()
        self.tag = tag
        self.run = run
        self.value = value
        self.error = error


class EventArrived(Message, bubble=False):
    """A running stream has something to say."""

    def __init__(self, tag: str, run: int, event: Any) -> None:
        super().__init__()
        self.tag = tag
        self.run = run
        self.event = event


class StreamEnded(Telling, bubble=False):
    """A stream has no more events: it is through, or it failed."""

    def __init__(self, tag: str, run: int, error: Exception | None = None) -> None:
        super().__init__()
        self.tag = tag
        self.run = run
        self.error = error


class SearchAnswered(Telling, bubble=False):
    """The hits of one search; `run` tells whether it is still the question of the moment."""

    def __init__(
        self, query: str, run: int, found: Words | None, took_ms: float, error: Exception | None = None
    ) -> None:
        super().__init__()
        self.query = query
        self.run = run
        self.found = found
        self.took_ms = took_ms
        self.error = error
