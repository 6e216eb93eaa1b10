"""Whose turn it is to write: a Lease per target in the cluster itself, so that two operators see each other.

A turn is taken before the first write of a plan, looked at before every write, renewed while the step runs, and given
back at its end. A Lease of somebody else is respected while it lasts, and taken over only on request; the one who lost
it finds out before the next write goes out. The kind and its fields are those of coordination.k8s.io/v1.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from checks.clock import Clock
from checks.cluster import Cluster, Object, Resource
from checks.errors import ClusterError, Conflict, Forbidden, InDoubt, NotFound, Timeout
from checks.layout import LEASES
from checks.plan import PlannedWrite
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

_Event = TypeVar("_Event")
_Return = TypeVar("_Return")
DURATION = 120
"""Seconds after which a Lease that nobody renewed is free."""
RENEW = 30.0
"""Seconds after which the holder renews."""
MANY = 20
"""More objects of one kind than this in a plan are claimed as one: the kind."""
CLUSTER_WIDE = "kube-system"
"""Where Leases of cluster-scoped targets live: the namespace that every cluster has, and klinik's users work in."""
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
_LABEL = "app.kubernetes.io/managed-by"
_TARGET, _PURPOSE, _KIND = "klinik/target", "klinik/purpose", "klinik/kind"


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """What is worked on: a pod (by node where it has one), an object, or all objects of a kind."""

    namespace: str
    target: str
    """``pods/kube-system/ovs-ovn-x7``, ``subnets.kubeovn.io/ovn-default``, or a bare kind: ``ips.kubeovn.io``."""

    @property
    def kind(self) -> str:
        """The kind alone."""
        return self.target.partition("/")[0]

    @property
    def label(self) -> str:
        """The kind as a label's value may be: most are short enough as they are."""
        if _LABEL_VALUE.fullmatch(self.kind):
            return self.kind
        return f"kind-{hashlib.sha256(self.kind.encode()).hexdigest()[:32]}"

    @property
    def whole(self) -> bool:
        """Whether it claims every object of its kind."""
        return "/" not in self.target

    @property
    def lease(self) -> str:
        """The Lease's name: readable, and unique for the target."""
        words = re.sub(r"[^a-z0-9]+", "-", self.target.lower()).strip("-")[:40].strip("-")
        return f"klinik-{words}-{hashlib.sha256(self.target.encode()).hexdigest()[:10]}"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has a Lease: name, since when, for what, and when he was last heard of (Unix time)."""

    name: str
    since: float = 0.0
    seen: float = 0.0
    purpose: str = ""
    lasts: float = DURATION

    def expired(self, now: float) -> bool:
        """Whether nobody may be assumed to be at work any more."""
        return not self.name or now > self.seen + self.lasts


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


def claims(writes: Iterable[PlannedWrite]) -> tuple[Claim, ...]:
    """What a plan's writes work on, each once, in a stable order: everybody takes them in the same one."""
    found: set[Claim] = set()
    objects: dict[tuple[str, str], set[Claim]] = {}
    for write in writes:
        if write.target is not None:
            where = write.target
            found.add(Claim(where.namespace, f"pods/{where.namespace}/{where.pod}"))
        elif write.resource:
            kind = Resource.parse(write.resource).dotted
            place = "/".join(part for part in (kind, write.namespace, write.name) if part)
            space = write.namespace or CLUSTER_WIDE
            objects.setdefault((space, kind), set()).add(Claim(space, place))
    for (space, kind), some in objects.items():
        found |= some if len(some) <= MANY else {Claim(space, kind)}
    return tuple(sorted(found))


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
        self._wanted = tuple(wanted)
        self._holder = holder
        self._purpose = one_line(purpose, 200)
        self._clock = clock
        self._held: list[Claim] = []
        self._renewed = 0.0

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
        return tuple(took)

    def keep(self) -> None:
        """Renews the Leases when it is time to; raises TurnLost."""
        if self._clock.monotonic() - self._renewed < RENEW:
            return
        for claim in self._held:
            self._look(claim, renew=True)
        self._renewed = self._clock.monotonic()

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
            lease = self._cluster.get(LEASES, claim.lease, namespace=claim.namespace)
            holder = holder_of(lease)
            if holder.name != self._holder:
                raise TurnLost(_lost(claim, holder), claim, holder)
            if renew:
                self._patch(claim, lease, {"renewTime": self._stamp()})
        except NotFound:
            raise TurnLost(_lost(claim, Holder("")), claim) from None
        except Conflict:
            raise TurnLost(_lost(claim, Holder("?")), claim) from None
        except ClusterError as error:
            text = message("turns.unseen", target=one_line(claim.target, 120), why=error.text)
            raise TurnLost(text, claim) from error

    def release(self) -> None:
        """Gives back what is ours; a Lease that cannot be given back runs out by itself."""
        while self._held:
            claim = self._held.pop()
            try:
                lease = self._cluster.get(LEASES, claim.lease, namespace=claim.namespace)
                if holder_of(lease).name != self._holder:
                    continue
                # first empty it, bound to the version that was seen: who takes it then is not robbed
                freed = self._patch(claim, lease, {"holderIdentity": "", "leaseDurationSeconds": 1})
                uid = str(freed.get("metadata", {}).get("uid") or "")
                if not holder_of(freed).name:
                    self._cluster.delete(LEASES, claim.lease, namespace=claim.namespace, uid=uid)
            except ClusterError:
                continue

    # --- one Lease ------------------------------------------------------------------------------------------------

    def _take(self, claim: Claim, over: bool | Collection[str]) -> Holder | None:
        try:
            self._cluster.create(LEASES, self._new(claim), namespace=claim.namespace)
            return None
        except Conflict:
            pass
        except (InDoubt, Timeout):
            pass  # whether it is there, and whose it is, is seen below
        except Forbidden as error:
            raise self._may_not(claim, error) from error
        lease = self._cluster.get(LEASES, claim.lease, namespace=claim.namespace)
        holder, now = holder_of(lease), self._clock.now()
        if holder.name == self._holder:
            return None
        if not holder.expired(now) and not _may(over, holder):
            raise Held(claim, holder, now)
        taken = self._spec(now)
        taken["leaseTransitions"] = _number(lease.get("spec", {}).get("leaseTransitions")) + 1
        try:
            self._patch(claim, lease, taken)
        except Conflict:
            again = self._cluster.get(LEASES, claim.lease, namespace=claim.namespace)
            raise Held(claim, holder_of(again), now) from None
        except Forbidden as error:
            raise self._may_not(claim, error) from error
        return None if holder.expired(now) else holder

    def _only_from(self, shown: Collection[str]) -> None:
        """Nobody is robbed of his turn where the take-over would end at somebody who was not shown."""
        unseen = [one for one in self._also_held(self._wanted) if one[1].name not in shown]
        if unseen:
            raise Held(*unseen[0], self._clock.now(), tuple(unseen[1:]))

    def _also_held(self, wanted: Sequence[Claim]) -> tuple[tuple[Claim, Holder], ...]:
        """What of these somebody works on, for whoever is asked whether to take over; best effort."""
        found: list[tuple[Claim, Holder]] = []
        for claim in wanted:
            with suppress(ClusterError):
                holder = holder_of(self._cluster.get(LEASES, claim.lease, namespace=claim.namespace))
                ours = holder.name == self._holder or holder.expired(self._clock.now())
                if not ours:
                    found.append((claim, holder))
        return tuple(found)

    def _look_beside(self, claim: Claim, over: bool | Collection[str]) -> None:
        """An object and all of its kind are different Leases: whoever takes one looks at the other kind afterwards."""
        if over is True:
            return
        now = self._clock.now()
        selector = f"{_LABEL}=klinik,{_KIND}={claim.label}"
        for lease in self._cluster.list(LEASES, namespace=claim.namespace, labels=selector):
            target = str((lease.get("metadata", {}).get("annotations") or {}).get(_TARGET, ""))
            other = Claim(claim.namespace, target)
            holder = holder_of(lease)
            ours = holder.name == self._holder or _may(over, holder)
            if other.whole != claim.whole and not ours and not holder.expired(now):
                raise Held(other, holder, now)

    def _patch(self, claim: Claim, lease: Object, spec: Mapping[str, Any]) -> Object:
        meta: dict[str, Any] = {"resourceVersion": lease.get("metadata", {}).get("resourceVersion", "")}
        if "acquireTime" in spec:
            meta["annotations"] = self._notes(claim)
        body = {"metadata": meta, "spec": dict(spec)}
        return self._cluster.patch(LEASES, claim.lease, body, namespace=claim.namespace)

    def _new(self, claim: Claim) -> Object:
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": claim.lease,
                "namespace": claim.namespace,
                "labels": {_LABEL: "klinik", _KIND: claim.label},
                "annotations": self._notes(claim),
            },
            "spec": {**self._spec(self._clock.now()), "leaseTransitions": 0},
        }

    def _notes(self, claim: Claim) -> dict[str, str]:
        return {_TARGET: claim.target, _PURPOSE: self._purpose}

    def _spec(self, now: float) -> dict[str, Any]:
        stamp = _micro(now)
        return {
            "holderIdentity": self._holder,
            "leaseDurationSeconds": DURATION,
            "acquireTime": stamp,
            "renewTime": stamp,
        }

    def _stamp(self) -> str:
        return _micro(self._clock.now())

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


def holder_of(lease: Object) -> Holder:
    """Who has a Lease; a hostile or half-written one has fields of any type."""
    found = lease.get("spec")
    spec: Mapping[str, Any] = found if isinstance(found, Mapping) else {}
    notes = lease.get("metadata", {}).get("annotations") or {}
    seen = _unix(spec.get("renewTime")) or _unix(spec.get("acquireTime"))
    return Holder(
        name=str(spec.get("holderIdentity") or ""),
        since=_unix(spec.get("acquireTime")),
        seen=seen,
        purpose=str(notes.get(_PURPOSE, "")) if isinstance(notes, Mapping) else "",
        lasts=_number(spec.get("leaseDurationSeconds")) or DURATION,
    )


def _may(over: bool | Collection[str], holder: Holder) -> bool:
    """Whether the operator said to take over from this one: who came meanwhile was never shown to him."""
    return over if isinstance(over, bool) else holder.name in over


def _lost(claim: Claim, holder: Holder) -> Text:
    name = one_line(holder.name, 120) or "–"
    return message("turns.lost", target=one_line(claim.target, 120), holder=name)


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _micro(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _unix(value: Any) -> float:
    try:
        return datetime.fromisoformat(str(value)).timestamp() if value else 0.0
    except (ValueError, OverflowError):
        return 0.0
