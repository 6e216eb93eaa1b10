"""A step is proven by evidence that turned and stayed; one look, an unknown or a relapse prove nothing."""

from __future__ import annotations

from collections.abc import Mapping

from checks.clock import Stop
from checks.model import Judgement, Result, Verdict
from checks.writing.verify import aliases, prove
from kb.model import Verify
from kb.text import Text
from tests.checks.incident import GUIDE


class Hands:
    """A clock that is moved by sleeping and by looking."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float, stop: Stop | None = None) -> None:
        self.at += seconds


def proven(verify: Verify, verdicts: str, *, cost: float = 0.0, pace: float = 0.5) -> tuple[bool, int]:
    """Whether a row of verdicts (o, f, u; the last one stays) proves it, and after how many looks."""
    clock, looks = Hands(), 0
    words = {"o": Verdict.OK, "f": Verdict.FAIL, "u": Verdict.UNKNOWN}

    def look(_: tuple[str, ...]) -> Mapping[str, Result]:
        nonlocal looks
        verdict = words[verdicts[min(looks, len(verdicts) - 1)]]
        looks += 1
        clock.at += cost * pace
        return {"macs": Result("c", "macs", Text("t"), Judgement(verdict, Text("s")), (), 0.0, 1)}

    events = prove(GUIDE, verify, look, pace=pace, clock=clock)
    try:
        while True:
            next(events)
    except StopIteration as ended:
        return ended.value[0], looks


def test_it_has_to_stay() -> None:
    """Good, bad, good again: the stable window starts anew."""
    verify = Verify("macs", within=60, stable_for=10)
    assert proven(verify, "foo") == (True, 4)
    assert proven(verify, "ofo")[0]
    assert not proven(verify, "of")[0]


def test_one_slow_look_is_no_stability() -> None:
    """A look that takes longer than the window is one observation; a second one is needed, even past the deadline."""
    assert proven(Verify("macs", within=5, stable_for=10), "o", cost=30) == (True, 2)
    assert not proven(Verify("macs", within=5, stable_for=10), "of", cost=30)[0]


def test_unknown_is_never_a_proof() -> None:
    """No verdict and no expression turns it into one."""
    assert not proven(Verify("macs", within=5), "u")[0]
    assert not proven(Verify("macs", within=5, when="macs.verdict != 'fail'"), "u")[0]


def test_without_a_window_the_first_good_look_is_enough() -> None:
    """And the time to become good is in the cluster's seconds."""
    assert proven(Verify("macs", within=10), "ffo", pace=0.01) == (True, 3)


def test_all_checks_of_the_condition_are_run() -> None:
    """The check that is named, and every alias in the expression."""
    verify = Verify("macs", when="macs.verdict == 'ok' && option.value == 'x' && other.y")
    assert aliases(GUIDE, verify) == ("macs", "option")
