"""Leases of coordination.k8s.io/v1 as klinik uses them: one per target, with holder, purpose and expiry.

Every time in them is the API server's, as it tells in the answer to a dry run: whose clock is wrong, or jumps, neither
loses a Lease by that nor takes one that is held. A lost answer is cleared up by looking at what is there.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from checks.clock import Clock
from checks.cluster import Cluster, Object, Resource
from checks.errors import ClusterError, Conflict, InDoubt, NotFound, Timeout
from checks.layout import LEASES
from checks.plans.plan import PlannedWrite
from kb.safe import one_line

DURATION = 120
"""Seconds after which a Lease that nobody renewed is free."""
MANY = 20
"""More objects of one kind than this in a plan are claimed as one: the kind."""
CLUSTER_WIDE = "kube-system"
"""Where Leases of cluster-scoped targets live: the namespace that every cluster has, and klinik's users work in."""
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?")
MANAGED_BY = "app.kubernetes.io/managed-by"
TARGET, _PURPOSE, KIND = "klinik/target", "klinik/purpose", "klinik/kind"


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


class Leases:
    """The Leases of one holder, one at a time."""

    def __init__(self, cluster: Cluster, *, holder: str, purpose: str, clock: Clock) -> None:
        self._cluster = cluster
        self.holder = holder
        self._purpose = one_line(purpose, 200)
        self._clock = clock
        self._ahead: float | None = None
        """What to add to the monotonic clock for the server's time; None where it does not tell."""

    def now(self) -> float:
        """The server's time (Unix) since `ask_time`; this machine's where the server does not tell."""
        return self._clock.now() if self._ahead is None else self._clock.monotonic() + self._ahead

    def ask_time(self, claim: Claim) -> None:
        """Asks the server what time it is: it dates what a dry run would create."""
        body = self.new(claim, f"klinik-clock-{secrets.token_hex(4)}")
        try:
            made = self._cluster.create(LEASES, body, namespace=claim.namespace, dry_run=True, timeout=5.0)
        except ClusterError:
            return  # what is wrong is told by the next call, which matters
        told = _unix(made.get("metadata", {}).get("creationTimestamp"))
        self._ahead = told - self._clock.monotonic() if told else None

    def get(self, claim: Claim) -> Object:
        """The Lease of a target; raises ClusterError."""
        return self._cluster.get(LEASES, claim.lease, namespace=claim.namespace)

    def create(self, claim: Claim) -> Object:
        """Makes the Lease, or says which one is there: ours, where an answer was lost; raises ClusterError."""
        for _ in range(2):
            try:
                return self._cluster.create(LEASES, self.new(claim), namespace=claim.namespace)
            except (Conflict, InDoubt, Timeout) as error:
                lost = error
            try:
                return self.get(claim)
            except NotFound:
                continue  # it never arrived, or has just been given back
        raise lost

    def take(self, claim: Claim, lease: Object, *, more: bool) -> Object:
        """Makes a Lease ours that is there; with `more` it had another holder. Raises as `put`."""
        spec = self._spec()
        if more:
            spec["leaseTransitions"] = _number(lease.get("spec", {}).get("leaseTransitions")) + 1
        return self.put(claim, lease, spec)

    def renew(self, claim: Claim, lease: Object) -> Object:
        """Says that we are still at work; raises as `put`."""
        return self.put(claim, lease, {"renewTime": _micro(self.now())})

    def give_back(self, claim: Claim, lease: Object) -> None:
        """First emptied, then deleted, each bound to the version that was seen: who takes it in between keeps it.

        Raises as `put`.
        """
        freed = self.put(claim, lease, {"holderIdentity": "", "leaseDurationSeconds": 1})
        if not holder_of(freed).name:
            meta = freed.get("metadata", {})
            uid, version = str(meta.get("uid") or ""), str(meta.get("resourceVersion") or "")
            self._cluster.delete(LEASES, claim.lease, namespace=claim.namespace, uid=uid, version=version)

    def put(self, claim: Claim, lease: Object, spec: Mapping[str, Any]) -> Object:
        """Changes a Lease that nobody has written since it was seen; raises Conflict, InDoubt and other ClusterErrors.

        After a lost answer, or a refusal that may be the answer to a repetition, what is there decides.
        """
        meta: dict[str, Any] = {"resourceVersion": lease.get("metadata", {}).get("resourceVersion", "")}
        if "acquireTime" in spec:
            meta["annotations"] = self._notes(claim)
        body = {"metadata": meta, "spec": dict(spec)}
        for last in (False, True):
            try:
                return self._cluster.patch(LEASES, claim.lease, body, namespace=claim.namespace)
            except (Conflict, InDoubt, Timeout):
                there = self.get(claim)
                found = there.get("spec") or {}
                if isinstance(found, Mapping) and all(found.get(key) == value for key, value in spec.items()):
                    return there
                # It never arrived; should it do so late, one of the two is refused for its version.
                if last or there.get("metadata", {}).get("resourceVersion", "") != meta["resourceVersion"]:
                    raise
        raise AssertionError("unreachable")

    def new(self, claim: Claim, name: str = "") -> Object:
        """What would be created, under the name of its target or another one."""
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {
                "name": name or claim.lease,
                "namespace": claim.namespace,
                "labels": {MANAGED_BY: "klinik", KIND: claim.label},
                "annotations": self._notes(claim),
            },
            "spec": {**self._spec(), "leaseTransitions": 0},
        }

    def _notes(self, claim: Claim) -> dict[str, str]:
        return {TARGET: claim.target, _PURPOSE: self._purpose}

    def _spec(self) -> dict[str, Any]:
        stamp = _micro(self.now())
        return {
            "holderIdentity": self.holder,
            "leaseDurationSeconds": DURATION,
            "acquireTime": stamp,
            "renewTime": stamp,
        }


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


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else 0


def _micro(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _unix(value: Any) -> float:
    try:
        return datetime.fromisoformat(str(value)).timestamp() if value else 0.0
    except (ValueError, OverflowError):
        return 0.0
