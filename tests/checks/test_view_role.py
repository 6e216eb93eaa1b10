"""Kubernetes' own role ``view`` and nothing more: no nodes, no commands, none of Kube-OVN's kinds.

On healthy and on broken clusters every check of the catalogue says what an administrator would be told, or that it
does not know, and then which verb on which resource it lacks.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from checks.cluster import Object
from checks.model import Result, Verdict
from checks.practice.rbac import CLUSTER_ROLE_BINDINGS
from checks.rights.rbac import API_GROUP, Subject
from tests.checks.troubled import Bed, bed, catalogue

VIEWER = Subject("User", "viewer")
SCENARIOS = ("healthy", "mac-binding-leak", "ip-held-by-finalizer", "ovs-too-many-open-files")
CATALOGUE = catalogue()
BAD = (Verdict.FAIL, Verdict.WARN)


@pytest.fixture(scope="module", params=SCENARIOS)
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """A cluster with a user who may only look on."""
    with bed(tmp_path_factory.mktemp("view"), request.param) as running:
        body: Object = {
            "metadata": {"name": "onlookers"},
            "roleRef": {"apiGroup": API_GROUP, "kind": "ClusterRole", "name": "view"},
            "subjects": [VIEWER.object()],
        }
        running.world.store.create(CLUSTER_ROLE_BINDINGS, body)
        yield running


@pytest.fixture(scope="module")
def seen(cluster: Bed) -> dict[str, Result]:
    """What the onlooker is told, of the whole catalogue."""
    return cluster.run(flags={"as_user": "viewer"})


@pytest.fixture(scope="module")
def full(cluster: Bed, seen: dict[str, Result]) -> dict[str, Result]:
    """What an administrator is told by the checks that the onlooker has a verdict of."""
    told = [check for check, result in seen.items() if result.verdict is not Verdict.UNKNOWN]
    return cluster.run(*told)


def test_a_verdict_is_the_administrators(seen: dict[str, Result], full: dict[str, Result]) -> None:
    """Above all, nothing that fails is well for want of permissions."""
    assert set(seen) == set(CATALOGUE.ids())
    assert full, "some things can be seen"
    for check, whole in full.items():
        told = seen[check]
        assert not (told.verdict is Verdict.OK and whole.verdict in BAD), f"{check}: {told.summary.en}"
        assert told.verdict is whole.verdict, f"{check}: {told.summary.en} / {whole.summary.en}"


def test_what_is_not_known_names_verb_and_resource(seen: dict[str, Result]) -> None:
    lost = {check: result for check, result in seen.items() if result.verdict is Verdict.UNKNOWN}
    assert "ovs.flow-count" in lost
    assert "subnet.capacity" in lost
    for check, result in lost.items():
        assert result.judgement.reason == "forbidden", f"{check}: {result.summary.en}"
        assert result.missing, check
        for permission in result.missing:
            assert permission.verb
            assert str(permission.resource)
        assert result.summary.zh


def test_what_is_lacking_is_enough(cluster: Bed, seen: dict[str, Result]) -> None:
    """The permissions that a check names are really refused: nobody asks for more than is needed."""
    with cluster.connected(as_user="viewer") as viewer:
        named = {permission for result in seen.values() for permission in result.missing}
        assert named
        for one in named:
            assert not viewer.can(
                one.verb, one.resource, namespace=one.namespace, subresource=one.subresource, name=one.name
            ), one
