"""What a practice server was asked, for tests that count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checks.live.cluster import LiveCluster
from checks.live.failures import About
from checks.live.http import Call
from checks.practice.counters import PATH
from tests.checks.troubled import Bed


@dataclass(frozen=True)
class One:
    """One request."""

    method: str
    target: str
    accept: str
    verb: str


@dataclass(frozen=True)
class Asked:
    """All requests so far, and the most of a group that were on their way at once."""

    requests: Sequence[One]
    most_at_once: Mapping[str, int]


def asked_of(cluster: Bed) -> Asked:
    """What the server of this bed was asked."""
    with cluster.connected() as client:
        return asked_by(client)


def asked_by(client: LiveCluster) -> Asked:
    """The same through a client that may read it."""
    call = Call("GET", PATH, About(), (("requests", "1"),))
    found = client._json(call, client._deadline(10.0))  # no user has a reason to ask for this
    return Asked([One(**one) for one in found["requests"]], found["most_at_once"])
