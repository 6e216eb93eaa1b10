"""Muting a known finding: with a reason, for a time, and only as long as it gets no worse. Pure.

A mute knows what it covers as it was when somebody muted it: the verdict, the headline value and the bad parts of
every check. Whatever goes beyond that ends the mute: a worse verdict, a value worse by more than the margin, a part
that was not bad before, the time running out, and the finding having gone, so that it is news when it comes back.
Unknown is never muted: what cannot be seen is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from checks.findings.changes import BAD, MARGIN, Direction, beyond, grown, number
from checks.model import NOTHING, SEVERITY, Result, Verdict, worst
from kb.messages import message
from kb.text import Text

Kind = Literal["article", "check"]
End = Literal["", "expired", "worse", "gone", "lifted"]
State = Literal["standing", "idle", "expired", "worse", "gone", "lifted"]
SEPARATOR = "/"
"""Between article and alias in the aliases of a triage."""
LONGEST = 366 * 86400.0
"""Seconds for which something can be muted at most: a mute without an end is forgotten."""


class MuteError(Exception):
    """Something that cannot be muted; `text` says why."""

    def __init__(self, text: Text):
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Known:
    """One check as it was when it was muted."""

    key: str
    """The check's id."""
    verdict: Verdict
    value: float | None = None
    targets: Mapping[str, Verdict] = field(default_factory=lambda: NOTHING)
    worse: Direction = "higher"
    symptom: bool = True
    """Whether it shows the finding; the evidence of an article may stay bad when its symptoms have gone."""


@dataclass(frozen=True, slots=True)
class Mute:
    """One known finding that shall not disturb for a while."""

    id: str
    kind: Kind
    name: str
    """Id of the article or the check."""
    reason: str
    by: str
    at: float
    """Unix time."""
    until: float
    """Unix time."""
    targets: tuple[str, ...] = ()
    """Only these parts (nodes, subnets …); empty: all that were bad."""
    known: tuple[Known, ...] = ()
    margin: float = MARGIN
    end: End = ""
    ended: float = 0.0
    """Unix time."""
    why: Text = field(default_factory=Text)
    """What ended it, in words."""

    @property
    def limits(self) -> tuple[tuple[str, float], ...]:
        """Check and the value past which the mute lifts, where a value is watched."""
        found = ((k.key, beyond(k.value or 0.0, k.worse, self.margin)) for k in self._valued)
        return tuple((key, limit) for key, limit in found if limit is not None)

    @property
    def _valued(self) -> tuple[Known, ...]:
        return tuple(k for k in self.known if k.value is not None and k.verdict in BAD)


@dataclass(frozen=True, slots=True)
class Standing:
    """What has become of one mute in one run."""

    mute: Mute
    state: State
    why: Text = field(default_factory=Text)

    @property
    def holds(self) -> bool:
        """Whether it still mutes."""
        return self.state in ("standing", "idle")


@dataclass(frozen=True, slots=True)
class Muting:
    """The mutes of a cluster against the results of one run."""

    standing: tuple[Standing, ...] = ()

    def of(self, result: Result) -> Mute | None:
        """The mute that covers all that is bad in a result; None where something bad is not covered, or nothing is."""
        if result.verdict not in BAD:
            return None
        whole = next((m for m in self._over(result) if not m.targets), None)
        if whole is not None:
            return whole
        bad = {row.target for row in result.judgement.rows if row.verdict in BAD}
        return next(iter(self._over(result)), None) if bad and bad <= self.parts(result) else None

    def parts(self, result: Result) -> frozenset[str]:
        """The muted parts of a result that are bad."""
        rows = [row.target for row in result.judgement.rows if row.verdict in BAD]
        over = self._over(result)
        if any(not mute.targets for mute in over):
            return frozenset(rows)
        return frozenset(rows) & {target for mute in over for target in mute.targets}

    def counts(self, result: Result) -> Verdict:
        """What a result counts as: the worst of what is not muted. Unknown parts count, muted or not."""
        if result.verdict not in BAD:
            return result.verdict
        rows, muted = result.judgement.rows, self.parts(result)
        if self.of(result) is None and not muted:
            return result.verdict
        left = worst(tuple(row.verdict for row in rows if row.target not in muted))
        return Verdict.OK if left is Verdict.SKIPPED else left

    @property
    def lifted(self) -> tuple[Standing, ...]:
        """The mutes that this run ended."""
        return tuple(s for s in self.standing if not s.holds and not s.mute.end)

    def _over(self, result: Result) -> list[Mute]:
        return [s.mute for s in self.standing if s.holds and key_in(s.mute, result)]


def key_in(mute: Mute, result: Result) -> str:
    """The name by which a mute knows a result; empty where it does not cover it.

    The mute of an article covers its own symptoms, and its checks where nobody asks for them in another's name.
    """
    if mute.kind == "check":
        return result.check if result.check == mute.name else ""
    article, sign, _ = result.alias.partition(SEPARATOR)
    mine = not sign or article == mute.name
    return result.check if mine and any(k.key == result.check for k in mute.known) else ""


def muted_by(
    name: str,
    kind: Kind,
    results: Iterable[Result],
    *,
    reason: str,
    by: str,
    now: float,
    until: float,
    targets: Sequence[str] = (),
    margin: float = MARGIN,
    worse: Mapping[str, Direction] = NOTHING,
    evidence: Collection[str] = (),
) -> Mute:
    """A mute of what these results show now. Raises MuteError.

    `worse` gives the direction by check id (`.changes.direction`); `evidence` are the checks that an article rests on
    (`.triage.checks_of`), its symptoms are the results with the alias ``article/…``.
    """
    if not reason.strip():
        raise MuteError(message("mutes.no-reason"))
    if until <= now:
        raise MuteError(message("mutes.over-already"))
    if until > now + LONGEST:
        raise MuteError(message("mutes.too-long", days=int(LONGEST // 86400)))
    bare = Mute("", kind, name, reason.strip(), by, now, until, tuple(targets))
    mine = [r for r in results if r.verdict is not Verdict.UNKNOWN and _belongs(r, bare, evidence)]
    found = [_known(r, bare, worse) for r in mine]
    there = _parts(mine)
    absent = [target for target in targets if target not in there]
    if absent and there:
        raise MuteError(
            message("mutes.no-such-target", targets=", ".join(absent), there=", ".join(there[:20]))
        )
    if not any(known.verdict in BAD and known.symptom for known in found):
        raise MuteError(message("mutes.nothing-shows", name=name))
    return replace(bare, known=tuple(_joined(found)), margin=margin)


def bad_parts(name: str, kind: Kind, results: Iterable[Result]) -> tuple[str, ...]:
    """The parts (nodes, Subnets, rows) of a check, or of an article's symptoms, that are bad now.

    Each can be muted by itself; what only an article's evidence names shows nothing that could be.
    """
    bare = Mute("", kind, name, "", "", 0.0, 0.0)
    return tuple(_parts(r for r in results if r.verdict is not Verdict.UNKNOWN and _belongs(r, bare, ())))


def _parts(results: Iterable[Result]) -> list[str]:
    return sorted({row.target for r in results for row in r.judgement.rows if row.verdict in BAD})


def _belongs(result: Result, mute: Mute, evidence: Collection[str]) -> bool:
    if mute.kind == "check":
        return result.check == mute.name
    article, sign, _ = result.alias.partition(SEPARATOR)
    return article == mute.name if sign else result.check in evidence


def _known(result: Result, mute: Mute, worse: Mapping[str, Direction]) -> Known:
    rows = _bad_rows(result, mute)
    symptom = mute.kind == "check" or SEPARATOR in result.alias
    if mute.targets:
        return Known(result.check, worst(tuple(rows.values())), None, rows, symptom=symptom)
    towards: Direction = worse.get(result.check, "higher")
    value = number(result.judgement.value)
    return Known(result.check, result.verdict, value, rows, towards, symptom)


def _bad_rows(result: Result, mute: Mute) -> dict[str, Verdict]:
    return {
        row.target: row.verdict
        for row in result.judgement.rows
        if row.verdict in BAD and (not mute.targets or row.target in mute.targets)
    }


def _joined(found: Iterable[Known]) -> list[Known]:
    """One of each key: the same check may have run with several params, and any of them may show it."""
    by_key: dict[str, Known] = {}
    for one in found:
        have = by_key.get(one.key)
        if have is None:
            by_key[one.key] = one
            continue
        values = [v for v in (have.value, one.value) if v is not None]
        value = (min if one.worse == "lower" else max)(values) if values else None
        verdict, targets = worst((have.verdict, one.verdict)), {**have.targets, **one.targets}
        symptom = have.symptom or one.symptom
        by_key[one.key] = Known(one.key, verdict, value, targets, one.worse, symptom)
    return list(by_key.values())


# --- against a run --------------------------------------------------------------------------------------------------


def judged(mutes: Iterable[Mute], results: Iterable[Result], now: float) -> Muting:
    """What has become of every mute, seen from these results; `now` is Unix time."""
    seen = tuple(results)
    return Muting(tuple(_judged(mute, seen, now) for mute in mutes))


def _judged(mute: Mute, results: Sequence[Result], now: float) -> Standing:
    if mute.end:
        return Standing(mute, mute.end, mute.why)
    if now >= mute.until:
        return Standing(mute, "expired", message("mutes.why-expired"))
    mine = [(key, result) for result in results if (key := key_in(mute, result))]
    for key, result in mine:
        why = _worse(mute, next((k for k in mute.known if k.key == key), None), result)
        if why is not None:
            return Standing(mute, "worse", why)
    # Gone only where everything that was bad has been looked at and is well: unknown is no recovery.
    ill = {key for key, result in mine if not (result.verdict is Verdict.OK or _well_here(mute, result))}
    well = {key for key, _ in mine} - ill
    was_bad = {k.key for k in mute.known if k.verdict in BAD and k.symptom}
    unseen = any(r.verdict is Verdict.UNKNOWN for key, r in mine if key in was_bad)
    if was_bad and was_bad <= well and not unseen:
        return Standing(mute, "gone", message("mutes.why-gone"))
    return Standing(mute, "standing" if any(_bad(mute, result) for _, result in mine) else "idle")


def _bad(mute: Mute, result: Result) -> bool:
    return bool(_bad_rows(result, mute)) if mute.targets else result.verdict in BAD


def _well_here(mute: Mute, result: Result) -> bool:
    """With targets: whether each of them is well, or is no part any more while the check as a whole has answered."""
    if not mute.targets or result.verdict is Verdict.UNKNOWN:
        return False
    verdicts = {row.target: row.verdict for row in result.judgement.rows}
    return all(verdicts.get(target, Verdict.OK) is Verdict.OK for target in mute.targets)


def _worse(mute: Mute, known: Known | None, result: Result) -> Text | None:
    """In which way a result goes beyond what was muted; None where it does not."""
    if known is None or not _bad(mute, result):
        return None
    rows = _bad_rows(result, mute)
    verdict = worst(tuple(rows.values())) if mute.targets else result.verdict
    if SEVERITY[verdict] > SEVERITY[known.verdict]:
        return message("mutes.why-verdict", check=result.check, before=known.verdict, after=verdict)
    graver = [t for t, v in rows.items() if t in known.targets and SEVERITY[v] > SEVERITY[known.targets[t]]]
    if graver:
        return message("mutes.why-target-worse", check=result.check, targets=", ".join(sorted(graver)[:5]))
    new = sorted(set(rows) - set(known.targets))
    if new and not mute.targets:
        return message("mutes.why-targets", check=result.check, targets=", ".join(new[:5]), count=len(new))
    value = number(result.judgement.value)
    if not mute.targets and grown(known.value, value, known.worse, mute.margin):
        shown = {"before": _shown(known.value), "after": _shown(value), "margin": f"{mute.margin:.0%}"}
        return message("mutes.why-value", check=result.check, **shown)
    return None


def _shown(value: float | None) -> str:
    return "?" if value is None else f"{value:,.6g}" if abs(value) < 1000 else f"{value:,.0f}"
