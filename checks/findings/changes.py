"""What changed between two runs: each as small values, compared by verdict, headline value and bad parts. Pure.

The same rules say what is news in a watch, what lifts a mute, and what differs between two bundles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from checks.model import NOTHING, SEVERITY, Result, Verdict
from kb.text import Text

if TYPE_CHECKING:
    from checks.catalogue import Catalogue

BAD = (Verdict.FAIL, Verdict.WARN)
MARGIN = 0.2
"""Share by which a headline value has to get worse to count: numbers of a living cluster never stand still."""
Direction = Literal["higher", "lower", "never"]
What = Literal["new", "worse", "unknown", "better", "gone", "known", "left"]
ORDER: tuple[What, ...] = ("new", "worse", "unknown", "better", "gone", "known", "left")
"""What may have happened to one thing, the urgent first: it began to show, got worse, cannot be seen any more, got
better, is well again, can be seen again (and is as it was), is not asked about any more."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one run said of one thing: a check, or an article."""

    key: str
    """The check's alias, or ``article:ID``."""
    name: str
    """Id of the check or the article."""
    title: Text
    verdict: Verdict
    summary: Text
    value: float | None = None
    targets: Mapping[str, Verdict] = field(default_factory=lambda: NOTHING)
    """The parts that are bad: nodes, subnets; of an article its symptoms."""
    reason: str = ""
    root: str = ""
    """With unknown: what it and others come from (`checks.roots`)."""
    at: float = 0.0
    """Unix time."""
    worse: Direction = "higher"
    before: Shown | None = None
    """With unknown: what was known last."""

    @property
    def bad(self) -> bool:
        """Whether it is warn or fail."""
        return self.verdict in BAD


@dataclass(frozen=True, slots=True)
class Change:
    """What became of one thing from one run to the next."""

    what: What
    key: str
    shown: Shown
    """The newer of both sides."""
    before: Shown | None
    after: Shown | None
    came: tuple[str, ...] = ()
    """Parts that are bad now and were not."""
    went: tuple[str, ...] = ()
    """Parts that were bad and are not."""


def number(value: Any) -> float | None:
    """A headline value that can be compared; None for what is no number, or none that a double holds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def shown(result: Result, worse: Direction = "higher") -> Shown:
    """What one result says, without its evidence."""
    judgement = result.judgement
    return Shown(
        key=result.alias,
        name=result.check,
        title=result.title,
        verdict=result.verdict,
        summary=judgement.summary,
        value=number(judgement.value),
        targets={row.target: row.verdict for row in judgement.rows if row.verdict in BAD},
        reason=judgement.reason,
        root=result.root,
        at=result.at,
        worse=worse,
    )


def direction(check: str, catalogue: Catalogue | None) -> Direction:
    """Which way the headline value of a check gets worse, as its file says."""
    if catalogue is None or check not in catalogue:
        return "higher"
    spec = catalogue.get(check)
    return "lower" if spec.worse == "higher" and spec.each and spec.fold == "min" else spec.worse


def snapshot(results: Iterable[Result], catalogue: Catalogue | None = None) -> dict[str, Shown]:
    """A whole run by alias."""
    return {r.alias: shown(r, direction(r.check, catalogue)) for r in results}


def remembering(before: Mapping[str, Shown], after: Mapping[str, Shown]) -> dict[str, Shown]:
    """`after`, in which what is unknown now remembers what was known last: coming back is no news then."""
    return {key: _remembering(before.get(key), one) for key, one in after.items()}


def _remembering(before: Shown | None, after: Shown) -> Shown:
    if after.verdict is not Verdict.UNKNOWN or before is None:
        return after
    known = before.before if before.verdict is Verdict.UNKNOWN else before
    return replace(after, before=known)


def grown(before: float | None, after: float | None, worse: Direction, margin: float = MARGIN) -> bool:
    """Whether a headline value got worse by more than the margin (a share of what it was)."""
    if before is None or after is None or worse == "never":
        return False
    room = abs(before) * margin
    return after > before + room if worse == "higher" else after < before - room


def beyond(value: float, worse: Direction, margin: float = MARGIN) -> float | None:
    """The value past which `grown` says yes; None where the value says nothing."""
    if worse == "never":
        return None
    return value + abs(value) * margin if worse == "higher" else value - abs(value) * margin


def compare(before: Mapping[str, Shown], after: Mapping[str, Shown]) -> tuple[Change, ...]:
    """What changed, the urgent first; what both say alike, within the margin, is left out."""
    found = []
    for key in dict.fromkeys([*after, *before]):
        change = _changed(key, before.get(key), after.get(key))
        if change is not None:
            found.append(change)
    return tuple(sorted(found, key=_urgency))


def _changed(key: str, before: Shown | None, after: Shown | None) -> Change | None:
    known = before.before if before and before.verdict is Verdict.UNKNOWN and before.before else before
    old = known.targets if known else {}
    new = after.targets if after else {}
    came = tuple(target for target in new if target not in old)
    went = tuple(target for target in old if target not in new)
    what = _what(before, known, after, came, went)
    newer = after or before
    if what is None or newer is None:
        return None
    if what == "unknown":  # what cannot be seen did not go away
        came = went = ()
    return Change(what, key, newer, before, after, came, went)


def _what(
    before: Shown | None,
    known: Shown | None,
    after: Shown | None,
    came: tuple[str, ...],
    went: tuple[str, ...],
) -> What | None:
    if after is None:
        return "left" if before and before.verdict is not Verdict.SKIPPED else None
    if after.verdict is Verdict.SKIPPED and after.reason:  # left out this time, which says nothing of health
        return "left" if known and known.bad else None
    was_unknown = before is not None and before.verdict is Verdict.UNKNOWN
    if after.verdict is Verdict.UNKNOWN:
        return None if before is None or was_unknown else "unknown"
    if known is None or known.verdict is Verdict.UNKNOWN or not known.bad:
        if after.bad:
            return "new"
        return "known" if was_unknown else None
    if not after.bad:
        return "gone"
    return _degree(known, after, came, went) or ("known" if was_unknown else None)


def _degree(known: Shown, after: Shown, came: tuple[str, ...], went: tuple[str, ...]) -> What | None:
    """Both are bad: which is worse. The verdict says more than the parts, and these more than the value."""
    step = SEVERITY[after.verdict] - SEVERITY[known.verdict]
    if step:
        return "worse" if step > 0 else "better"
    if came:
        return "worse"
    if went:
        return "better"
    if any(SEVERITY[v] > SEVERITY[known.targets[t]] for t, v in after.targets.items()):
        return "worse"
    if grown(known.value, after.value, after.worse):
        return "worse"
    eased: Direction = "lower" if after.worse == "higher" else "higher"
    return "better" if after.worse != "never" and grown(known.value, after.value, eased) else None


def _urgency(change: Change) -> tuple[int, int, str]:
    return ORDER.index(change.what), -SEVERITY[change.shown.verdict], change.key
