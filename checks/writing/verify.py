"""Proves a step: its check must reach what is expected in time, and hold it."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from typing import Any

from checks.causes import holds as condition_holds
from checks.clock import Clock, Stop, stopping
from checks.errors import ClusterError
from checks.model import Result
from checks.writing.stepevents import StepEvent, VerifyTick
from kb.messages import message
from kb.model import NOTHING, Guide, Verify
from kb.text import Text

LOOKS = 12
"""How often to look within the time, at least; never more often than every cluster second."""
Look = Callable[[tuple[str, ...]], Mapping[str, Result]]


def aliases(guide: Guide, verify: Verify) -> tuple[str, ...]:
    """The checks a verification runs: its own, and those its expression names."""
    named = re.findall(r"[A-Za-z_]\w*", verify.when)
    return tuple(dict.fromkeys((verify.check, *(name for name in named if name in guide.checks))))


def prove(
    guide: Guide,
    verify: Verify,
    look: Look,
    *,
    pace: float,
    clock: Clock,
    stop: Stop | None = None,
    inputs: Mapping[str, Any] = NOTHING,
    lacking: Callable[[], Text | None] = lambda: None,
) -> Generator[StepEvent, None, tuple[bool, Mapping[str, Result], float, Text]]:
    """Looks until it holds for `stable_for` or `within` is over.

    `look` runs checks and returns their results; `inputs` are the step's values, for its condition; `lacking` is asked
    where the checks hold and says which target is nevertheless as it was. Returns whether it held, the last results,
    the cluster seconds it took, and what to say when it did not hold.
    """
    wanted = aliases(guide, verify)
    began = clock.monotonic()
    good_since: float | None = None
    every = max(1.0, min(verify.within / LOOKS, verify.stable_for or verify.within))
    results: Mapping[str, Result] = {}
    while True:
        results = look(wanted)
        elapsed = (clock.monotonic() - began) / pace
        good = holds(verify, results, inputs)
        same = lacking() if good else None
        good = good and same is None
        # From the first good answer on: one look, however slow, proves no stability.
        good_since = (elapsed if good_since is None else good_since) if good else None
        stable = elapsed - good_since if good_since is not None else 0.0
        result = results.get(verify.check)
        if result is not None:
            yield VerifyTick(
                verify.check,
                result.verdict,
                result.summary,
                good,
                elapsed,
                verify.within,
                stable,
                verify.stable_for,
                same,
            )
        if good and stable >= verify.stable_for:
            return True, results, elapsed, Text()
        # Once it is good the stable window is seen to its end, even past the deadline.
        if not good and elapsed >= verify.within:
            late = message("session.not-verified", seconds=f"{verify.within:g}")
            return False, results, elapsed, same or late
        if stopping(stop):
            return False, results, elapsed, message("session.stopped-verifying")
        clock.sleep(every * pace, stop)


def holds(verify: Verify, results: Mapping[str, Result], inputs: Mapping[str, Any] = NOTHING) -> bool:
    """Whether these results prove the step; unknown never does."""
    if verify.when:
        return condition_holds(verify.when, results, inputs=dict(inputs)) is True
    result = results.get(verify.check)
    return result is not None and result.verdict.value in verify.expect


def brief(results: Mapping[str, Result]) -> dict[str, Any]:
    """Results in short, as the journal keeps them."""
    return {
        alias: {
            "check": result.check,
            "verdict": result.verdict.value,
            "reason": result.judgement.reason,
            "value": plain(result.judgement.value),
            "summary": {"en": result.summary.en, "zh": result.summary.zh},
            "title": {"en": result.title.en, "zh": result.title.zh},
            "at": result.at,
            **({"pasted": sorted({item.pasted for item in result.pasted})} if result.pasted else {}),
        }
        for alias, result in results.items()
    }


def plain(value: Any) -> Any:
    """A headline value that fits into a line; a large one is left out."""
    return value if isinstance(value, (str, int, float, bool)) or value is None else str(value)[:200]


__all__ = ["ClusterError", "aliases", "brief", "holds", "plain", "prove"]
