"""Reads off the screen's thread: daemon threads that may be abandoned, and the one that searches.

Every report is a message tagged with the run it belongs to, so that late answers of an older run can be dropped.
Writes do not come here: they run on Textual workers, which quitting waits for.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Protocol

from textual.message import Message

from tui.messages import Answered, EventArrived, SearchAnswered, StreamEnded
from tui.questions import typed

if TYPE_CHECKING:
    from tui.services import Shelf


class Owner(Protocol):
    """Who the reports go to: a screen, a widget or the app."""

    def post_message(self, message: Message) -> bool:
        """Takes a message from any thread."""
        ...


def ask(owner: Owner, tag: str, run: int, call: Callable[[], Any]) -> None:
    """Calls on a daemon thread and posts one `Answered` with the value or the error."""

    def work() -> None:
        try:
            reply = Answered(tag, run, value=call())
        except (
            Exception
        ) as error:  # every failure is shown by the owner: the thread has no other way to say it
            reply = Answered(tag, run, error=error)
        owner.post_message(reply)

    threading.Thread(target=work, name=f"klinik-{tag}", daemon=True).start()


def stream(
    owner: Owner, tag: str, run: int, events: Callable[[threading.Event], Iterable[Any]]
) -> threading.Event:
    """Iterates on a daemon thread, posting an `EventArrived` for each event and one `StreamEnded`.

    Setting the returned event, which `events` gets too, stops after the event at hand.
    """
    stop = threading.Event()

    def pump() -> None:
        error: Exception | None = None
        try:
            for event in events(stop):
                if stop.is_set():
                    return
                owner.post_message(EventArrived(tag, run, event))
        except Exception as caught:  # shown by the owner, as above
            error = caught
        if not stop.is_set():
            owner.post_message(StreamEnded(tag, run, error))

    threading.Thread(target=pump, name=f"klinik-{tag}", daemon=True).start()
    return stop


async def in_thread(call: Callable[[], Any]) -> Any:
    """Awaits a call on a daemon thread, which does not hold up the end of the app as an executor's would."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[Any] = loop.create_future()

    def settle(value: Any, error: Exception | None) -> None:
        if answer.done():
            return
        if error is not None:
            answer.set_exception(error)
        else:
            answer.set_result(value)

    def work() -> None:
        value, failed = None, None
        try:
            value = call()
        except Exception as error:  # handed to the one who awaits
            failed = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, value, failed)

    threading.Thread(target=work, name="klinik-call", daemon=True).start()
    return await answer


class Searching:
    """One thread that opens the shelf and then answers the newest question; older ones are never asked."""

    def __init__(self, owner: Owner, shelf: Callable[[], Shelf], limit: int = 50, settle: float = 0.03):
        self._owner = owner
        self._open = shelf
        self._limit = limit
        self._settle = settle
        self._wanted = threading.Condition()
        self._query: tuple[str, str] | None = None
        self._run = 0
        self._closed = False

    def start(self) -> None:
        """Begins to open the library."""
        threading.Thread(target=self._work, name="klinik-search", daemon=True).start()

    def search(self, query: str, lang: str = "en") -> int:
        """Asks for `query` in place of any earlier question; the answer carries the returned number.

        `lang` is the language of articles that are shown for a line of a log, which has none of its own.
        """
        with self._wanted:
            self._run += 1
            self._query = (query, lang)
            self._wanted.notify()
            return self._run

    def close(self) -> None:
        """Lets the thread end."""
        with self._wanted:
            self._closed = True
            self._wanted.notify()

    def _next(self) -> tuple[str, str, int] | None:
        with self._wanted:
            while self._query is None and not self._closed:
                self._wanted.wait()
            run = -1
            while run != self._run and not self._closed:  # more keys may follow at once
                run = self._run
                self._wanted.wait(self._settle)
            query, self._query = self._query, None
            return None if self._closed or query is None else (*query, self._run)

    def _work(self) -> None:
        try:
            shelf = self._open()
        except Exception as error:  # a library that cannot be opened is said on the screen
            self._owner.post_message(Answered("library", 0, error=error))
            return
        self._owner.post_message(Answered("library", 0, value=shelf))
        while (job := self._next()) is not None:
            query, lang, run = job
            began = time.perf_counter()
            try:
                found = typed(shelf.library, query, limit=self._limit, lang=lang)
            except Exception as error:
                self._owner.post_message(SearchAnswered(query, run, None, 0.0, error))
                continue
            took = (time.perf_counter() - began) * 1000
            self._owner.post_message(SearchAnswered(query, run, found, took))
