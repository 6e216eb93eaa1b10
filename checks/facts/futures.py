"""Two small things over futures that `concurrent.futures` lacks."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")


def when_all(futures: Sequence[Future[Any]], action: Callable[[], None]) -> None:
    """Call `action` once, when every future is done (failed ones too); at once where there are none."""
    if not futures:
        action()
        return
    left = itertools.count(len(futures) - 1, -1)  # next() is atomic, a decremented int is not

    def done(_: Future[Any]) -> None:
        if next(left) == 0:
            action()

    for future in futures:
        future.add_done_callback(done)


def settle(future: Future[T], make: Callable[[], T]) -> None:
    """Give the future what `make` returns, or raises."""
    try:
        future.set_result(make())
    except Exception as error:  # whatever it is, whoever waits must hear of it
        future.set_exception(error)
