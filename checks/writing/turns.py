"""Whose turn it is to write: a Lease per target in the cluster itself, so that two operators see each other.

A turn is taken before the first write of a plan, looked at before every write, renewed while the step runs, and given
back at its end. A Lease of somebody else is respected while it lasts, and taken over only on request; the one who lost
it finds out before the next write goes out.
"""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar

from checks.clock import Clock
from checks.cluster import Cluster, Object
from checks.errors import ClusterError, Conflict, Forbidden, InDoubt, NotFound, Timeout, Unreachable
from checks.layout import LEASES
from checks.plans.plan import PlannedWrite
from checks.writing.leases import (
    CLUSTER_WIDE,
    DURATION,
    KIND,
    MANAGED_BY,
    MANY,
    TARGET,
    Claim,
    Holder,
    Leases,
    claims,
    holder_of,
)
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

__all__ = [
    "CLUSTER_WIDE", "DURATION", "MANY", "RENEW", "Claim", "Held", "Holder", "Took", "Turn", "TurnLost", "claims",
    "holder_of", "kept",
]  # fmt: skip

_Event = TypeVar("_Event")
_Return = TypeVar("_Return")
RENEW = 30.0
"""Seconds after which the holder renews."""
AGAIN = 5.0
"""Seconds after which a renewal that failed is tried again."""


class Held(Exception):
    """Somebody else is at work on a target; nothing was sent. May be taken over explicitly."""

    def __init__(
        self, claim: Claim, holder: Holder, now: float, others: tuple[tuple[Claim, Holder], ...] = ()
    ):
        self.claim = claim
        self.holder = holder
        self.now = now
        self.all = ((claim, holder), *others)
        """Everything of the plan that somebody else works on, as it was seen."""
        self.text = message(
            "turns.held",
            target=one_line(claim.target, 120),
            holder=one_line(holder.name, 120),
            purpose=one_line(holder.purpose, 120),
            ago=max(0, round(now - holder.seen)),
        )
        super().__init__(self.text.en)

    @property
    def holders(self) -> frozenset[str]:
        """Names of all of them: what a take-over has to be allowed for."""
        return frozenset(holder.name for _, holder in self.all)


class TurnLost(Exception):
    """The Lease is somebody else's now, or cannot be looked at: no write may go out any more."""

    def __init__(self, text: Text, claim: Claim, holder: Holder | None = None):
        super().__init__(text.en)
        self.text = text
        self.claim = claim
        self.holder = holder


@dataclass(frozen=True, slots=True)
class Took:
    """A Lease that is ours now; `before` is who had it, and still seemed to be at work when it was taken over."""

    claim: Claim
    before: Holder | None = None


class Turn:
    """The Leases of one plan for as long as its step runs. Not for several threads at once."""

    def __init__(
        self, cluster: Cluster, wanted: Sequence[Claim], *, holder: str, purpose: str, clock: Clock
    ) -> None:
        self._cluster = cluster
        self._leases = Leases(cluster, holder=holder, purpose=purpose, clock=clock)
        self._wanted = tuple(wanted)
        self._holder = holder
        self._clock = clock
        self._held: list[Claim] = []
        self._renewed = 0.0
        self._apart = 0.0
        """Wall clock less monotonic clock, when it was last looked at."""

    @property
    def held(self) -> tuple[Claim, ...]:
        """The Leases that were taken and not given back."""
        return tuple(self._held)

    def take(self, *, over: bool | Collection[str] = False) -> tuple[Took, ...]:
        """Takes all Leases, or none; `over` takes them from holders who are at work: from all, or from those named.

        Raises Held, and ClusterError where Leases cannot be read or written (Forbidden says what is missing).
        """
        took: list[Took] = []
        try:
            if self._wanted:
                self._leases.ask_time(self._wanted[0])
            if not isinstance(over, bool):
                self._only_from(over)
            for claim in self._wanted:
                before = self._take(claim, over)
                self._held.append(claim)
                took.append(Took(claim, before))
            for claim in self._wanted:
                self._look_beside(claim, over)
        except Held as held:
            self.release()
            others = tuple(one for one in self._also_held(self._wanted[:MANY]) if one[0] != held.claim)
            raise Held(held.claim, held.holder, held.now, others) from None
        except BaseException:
            self.release()
            raise
        self._renewed = self._clock.monotonic()
        self._slept()
        return tuple(took)

    def keep(self) -> None:
        """Renews the Leases when it is time to, all that are still ours; raises TurnLost for the first that is not."""
        now, slept = self._clock.monotonic(), self._slept()
        if now - self._renewed < RENEW and not slept:
            return
        self._renewed = now - RENEW + AGAIN  # where it fails, it is tried again, and not at every event
        if self._held:
            self._leases.ask_time(self._held[0])
        lost: TurnLost | None = None
        for claim in self._held:
            try:
                self._look(claim, renew=True)
            except TurnLost as error:
                lost = lost or error
                if error.holder is None:
                    break  # nothing can be seen: the others would take as long to say the same
        if lost is not None:
            raise lost
        self._renewed = now

    def _slept(self) -> bool:
        """Whether the machine slept since the last call, which the monotonic clock does not tell, or a clock jumped."""
        seen = self._clock.now() - self._clock.monotonic()
        apart, self._apart = abs(seen - self._apart), seen
        return apart > RENEW

    def check(self, write: PlannedWrite) -> None:
        """Looks whether it is still our turn for this write; raises TurnLost also where that cannot be seen."""
        self.keep()
        wanted = set(claims([write]))
        wanted |= {Claim(claim.namespace, claim.kind) for claim in wanted}
        for claim in self._held:
            if claim in wanted:
                self._look(claim, renew=False)

    def _look(self, claim: Claim, *, renew: bool) -> None:
        try:
            lease = self._ours(claim)
            if renew:
                try:
                    self._leases.renew(claim, lease)
                except (Conflict, InDoubt, Timeout):
                    self._ours(claim)  # still ours: it is renewed next time
        except NotFound:
            raise TurnLost(_lost(claim, Holder("")), claim, Holder("")) from None
        except ClusterError as error:
            text = message("turns.unseen", target=one_line(claim.target, 120), why=error.text)
            raise TurnLost(text, claim) from error

    def _ours(self, claim: Claim) -> Object:
        """The Lease, as long as it is ours; raises TurnLost and ClusterError."""
        lease = self._leases.get(claim)
        holder = holder_of(lease)
        if holder.name != self._holder:
            raise TurnLost(_lost(claim, holder), claim, holder)
        return lease

    def release(self) -> None:
        """Gives back what is ours; a Lease that cannot be given back runs out by itself."""
        while self._held:
            claim = self._held.pop()
            try:
                self._leases.give_back(claim, self._ours(claim))
            except (Timeout, Unreachable, InDoubt):
                self._held.clear()  # nobody answers: the operator need not wait for each of them
            except (TurnLost, ClusterError):
                continue

    # --- one Lease ------------------------------------------------------------------------------------------------

    def _take(self, claim: Claim, over: bool | Collection[str]) -> Holder | None:
        try:
            lease = self._leases.create(claim)
            holder, now = holder_of(lease), self._leases.now()
            if holder.name == self._holder:
                if (
                    now - holder.seen > RENEW
                ):  # of a run that broke off: it would run out while this one goes on
                    self._leases.take(claim, lease, more=False)
                return None
            if not holder.expired(now) and not _may(over, holder):
                raise Held(claim, holder, now)
            try:
                self._leases.take(claim, lease, more=True)
            except Conflict:
                raise Held(claim, holder_of(self._leases.get(claim)), now) from None
        except Forbidden as error:
            raise self._may_not(claim, error) from error
        return None if holder.expired(now) else holder

    def _only_from(self, shown: Collection[str]) -> None:
        """Nobody is robbed of his turn where the take-over would end at somebody who was not shown."""
        unseen = [one for one in self._also_held(self._wanted) if one[1].name not in shown]
        if unseen:
            raise Held(*unseen[0], self._leases.now(), tuple(unseen[1:]))

    def _also_held(self, wanted: Sequence[Claim]) -> tuple[tuple[Claim, Holder], ...]:
        """What of these somebody works on, for whoever is asked whether to take over; best effort."""
        found: list[tuple[Claim, Holder]] = []
        for claim in wanted:
            with suppress(ClusterError):
                holder = holder_of(self._leases.get(claim))
                ours = holder.name == self._holder or holder.expired(self._leases.now())
                if not ours:
                    found.append((claim, holder))
        return tuple(found)

    def _look_beside(self, claim: Claim, over: bool | Collection[str]) -> None:
        """An object and all of its kind are different Leases: whoever takes one looks at the other kind afterwards."""
        if over is True:
            return
        now = self._leases.now()
        selector = f"{MANAGED_BY}=klinik,{KIND}={claim.label}"
        for lease in self._cluster.list(LEASES, namespace=claim.namespace, labels=selector):
            target = str((lease.get("metadata", {}).get("annotations") or {}).get(TARGET, ""))
            other = Claim(claim.namespace, target)
            holder = holder_of(lease)
            ours = holder.name == self._holder or _may(over, holder)
            if other.whole != claim.whole and not ours and not holder.expired(now):
                raise Held(other, holder, now)

    def _may_not(self, claim: Claim, error: Forbidden) -> Forbidden:
        text = message("turns.forbidden", namespace=claim.namespace, why=error.text)
        return Forbidden(text, verb=error.verb, resource=error.resource, namespace=claim.namespace)


def kept(turn: Turn, events: Generator[_Event, None, _Return]) -> Generator[_Event, None, _Return]:
    """Passes events on and renews the Leases between them; who lost one learns it at the next write, not here."""
    try:
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                result: _Return = end.value
                return result
            yield event
            with suppress(TurnLost):
                turn.keep()
    finally:
        events.close()


def _may(over: bool | Collection[str], holder: Holder) -> bool:
    """Whether the operator said to take over from this one: who came meanwhile was never shown to him."""
    return over if isinstance(over, bool) else holder.name in over


def _lost(claim: Claim, holder: Holder) -> Text:
    name = one_line(holder.name, 120) or "–"
    return message("turns.lost", target=one_line(claim.target, 120), holder=name)
