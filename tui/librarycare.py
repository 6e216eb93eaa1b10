"""Every finding about a library for the screen: what the index and the library know at once, then what lint finds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.library import Library
    from kb.problem import Problem

PACE = 0.25
"""Seconds between two batches of findings, and between two words about progress."""

Told = Callable[[int, int], object]


class _Stopped(Exception):
    """Nobody wants the rest."""


def findings(library: Library, stop: threading.Event, told: Told) -> Iterator[list[Problem]]:
    """Batches of findings; `told` hears how many articles are done of how many. Setting `stop` ends it soon."""
    yield list(library.problems)
    batch: list[Problem] = []
    since = time.monotonic()
    try:
        for problem in _linted(library, _paced(stop, told)):
            batch.append(problem)
            if time.monotonic() - since >= PACE:
                yield batch
                batch, since = [], time.monotonic()
            if stop.is_set():
                return
    except _Stopped:
        return
    yield batch


def _paced(stop: threading.Event, told: Told) -> Told:
    last = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal last
        if stop.is_set():
            raise _Stopped
        if time.monotonic() - last >= PACE:
            last = time.monotonic()
            told(done, total)

    return progress


def _linted(library: Library, progress: Told) -> Iterator[Problem]:
    from checks.catalogue import lint_guide, load_catalogue
    from checks.layout import load_layout
    from kb.lint import lint

    layout = load_layout()
    catalogue = load_catalogue(library.roots, layout=layout, thorough=True)
    yield from catalogue.problems
    yield from lint(
        library.roots,
        of_guide=lambda guide: lint_guide(guide, catalogue, layout=layout),
        progress=lambda done, total: (progress(done, total), None)[1],
    )
