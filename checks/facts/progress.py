"""How far the reads of a run are, and how long the rest may take (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checks.facts.pool import Load
from checks.model import RunProgress

_SURE = 0.5
"""Seconds before which no rate means anything."""


@dataclass(frozen=True, slots=True)
class Paging:
    """One list that is coming in pages."""

    since: float
    """When it was asked for, on the monotonic clock."""
    pages: int
    seen: int
    """Objects that have come."""
    left: int
    """Objects that are still to come, as far as the server says so."""


def progress(loads: Mapping[str, Load], lists: Iterable[Paging], now: float) -> RunProgress:
    """Calls and pages so far and in all; the slowest kind of call and the longest list say how long it takes."""
    done, total = 0, 0
    seconds: list[float] = []
    for kind, load in loads.items():
        done, total = done + load.over, total + load.asked
        elapsed, left = now - load.since, load.asked - load.over
        if kind != "api" and load.over and elapsed >= _SURE:  # one list is not as long as another
            seconds.append(elapsed * left / load.over)
    for one in lists:
        each = max(1, one.seen // max(1, one.pages))
        done, total = done + one.pages, total + one.pages + -(-one.left // each)
        elapsed = now - one.since
        if one.seen and elapsed >= _SURE:
            seconds.append(elapsed * one.left / one.seen)
    return RunProgress(done, total, max(seconds, default=None))
