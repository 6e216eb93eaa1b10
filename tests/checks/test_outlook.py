"""Before the first step: how far every step of a cause reaches, what is missing, and what cannot be taken back."""

from __future__ import annotations

from typing import Any

import pytest

from checks.cluster import Resource
from checks.errors import Timeout
from checks.outlook.make import Outlook, outlook
from tests.checks.dictcluster import DictCluster
from tests.checks.incident import Ovn, cluster_with, run, walk_on


class Asked(DictCluster):
    """Says no to some verbs, and nothing at all to others."""

    refused: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()

    def can(self, verb: str, resource: Resource, **options: Any) -> bool:
        what = f"{verb} {resource.plural}/{options.get('subresource', '')}".rstrip("/")
        if what in self.silent:
            raise Timeout("no answer")
        return what not in self.refused


@pytest.fixture
def cluster() -> DictCluster:
    return cluster_with(Ovn())


def by_id(found: Outlook) -> dict[str, Any]:
    return {one.step.id: one for one in found.steps}


def test_every_step_is_counted_or_says_why_not(cluster: DictCluster) -> None:
    walk = walk_on(cluster)
    sent = list(cluster.writes)
    steps = by_id(outlook(walk, "learning"))
    assert list(steps) == [step.id for step in walk.steps()]
    assert steps["stop"].reach.pods == 1
    assert steps["stop"].risk == "low"
    assert steps["stop"].reversible
    assert steps["purge"].blocked.en == "Stop learning first"
    assert steps["purge"].reach.rows == 4
    assert steps["drop"].reach.objects == {"subnets.kubeovn.io": 1}
    assert steps["drop"].risk == "destructive"
    assert steps["restart"].reach is None
    assert "node" in steps["restart"].unclear.en
    assert steps["hand"].by_hand
    assert cluster.writes == sent, "looking ahead writes nothing"


def test_what_cannot_be_taken_back_is_named(cluster: DictCluster) -> None:
    walk = walk_on(cluster)
    assert [one.step.id for one in outlook(walk, "learning").irreversible] == ["restart"]


def test_what_is_done_is_shown_as_done(cluster: DictCluster) -> None:
    walk = walk_on(cluster)
    run(walk, "stop")
    steps = by_id(outlook(walk, "learning"))
    assert steps["stop"].state == "done"
    assert steps["stop"].already_done
    assert steps["purge"].blocked is None


def test_missing_permissions_are_found_before_the_first_step(cluster: DictCluster) -> None:
    cluster.__class__ = Asked
    assert isinstance(cluster, Asked)
    cluster.refused, cluster.silent = ("delete subnets", "create pods/exec"), ("create events",)
    found = outlook(walk_on(cluster), "learning")
    steps = by_id(found)
    assert [(p.verb, p.shown) for p in steps["drop"].missing] == [("delete", "subnets.kubeovn.io")]
    assert ("create", "pods/exec -n kube-system") in [(p.verb, p.shown) for p in steps["stop"].missing]
    assert [p.verb for p in steps["drop"].unasked] == ["create"]
    assert len(found.missing) == 2
