"""Fetching ahead: while one page of a list is looked at, the server is already asked for the next."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from typing import TypeVar

T = TypeVar("T")
_LOOK = 0.2
"""Seconds between two looks whether anybody still wants what has been fetched."""


def ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items in order, and the same error at the end; at most one is fetched before it is wanted."""
    fetched: queue.Queue[tuple[str, T | BaseException | None]] = queue.Queue(maxsize=1)
    gone = threading.Event()

    def hand_over(kind: str, item: T | BaseException | None) -> bool:
        while not gone.is_set():
            try:
                fetched.put((kind, item), timeout=_LOOK)
            except queue.Full:
                continue
            return True
        return False

    def fetch() -> None:
        try:
            for item in items:
                if not hand_over("item", item):
                    return
        except BaseException as error:  # raised again where the items are wanted
            hand_over("error", error)
            return
        hand_over("end", None)

    threading.Thread(target=fetch, name="klinik-ahead", daemon=True).start()
    try:
        while True:
            kind, item = fetched.get()
            if kind == "end":
                return
            if isinstance(item, BaseException):
                raise item
            yield item  # type: ignore[misc]
    finally:
        gone.set()
