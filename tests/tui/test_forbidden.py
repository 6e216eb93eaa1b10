"""What a run lacked permissions for, said verb by verb."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.catalogue import load_catalogue
from checks.cluster import Object
from checks.model import Judgement, Result, Verdict
from checks.practice.rbac import CLUSTER_ROLE_BINDINGS
from checks.rights.rbac import API_GROUP, Subject
from kb.text import Text
from tests.checks.troubled import Bed, bed
from tui.forbidden import Forbidden

VIEWER = Subject("User", "viewer")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Bed]:
    with bed(tmp_path, "subnet-ip-count-wrong") as running:
        yield running


def test_with_the_role_view_nothing_is_wrong_and_everything_says_what_it_lacks(cluster: Bed) -> None:
    """Kubernetes' own role for onlookers: a verdict is the administrator's or it is unknown, and names every verb."""
    catalogue = load_catalogue()
    cheap = [spec.id for spec in catalogue if spec.cost == "cheap"]
    body: Object = {
        "metadata": {"name": "onlookers"},
        "roleRef": {"apiGroup": API_GROUP, "kind": "ClusterRole", "name": "view"},
        "subjects": [VIEWER.object()],
    }
    cluster.world.store.create(CLUSTER_ROLE_BINDINGS, body)
    found = cluster.run(*cheap, flags={"as_user": "viewer"})
    full = cluster.run(*cheap)
    forbidden = Forbidden()
    explained = {one: forbidden.explained(result) for one, result in found.items()}
    for one, result in explained.items():
        if result.verdict is not Verdict.UNKNOWN:
            assert result.verdict is full[one].verdict, one
            continue
        assert result.judgement.reason == "forbidden", f"{one}: {result.summary.en}"
        assert result.root.startswith("may:"), one
        lacking = {(p["verb"], p["resource"]) for p in forbidden.of(result)}
        assert lacking, one
        words = {word for verb, resource in lacking for word in (verb, *resource.split(" -n "))}
        assert all(word in result.judgement.remedy.en for word in words), one
        assert f"klinik doctor --rbac {one}" in result.judgement.remedy.zh
    assert explained["workloads.ready"].verdict is full["workloads.ready"].verdict
    assert explained["ovn.raft"].verdict is explained["subnet.capacity"].verdict is Verdict.UNKNOWN


def test_a_container_that_refuses_is_no_missing_role() -> None:
    """Forbidden inside a container: no role would help, and none is promised."""
    told = Judgement(Verdict.UNKNOWN, Text("no"), reason="forbidden", remedy=Text("as it was"))
    result = Result("ovn.raft", "raft", Text("t"), told, (), 0.0, 1)
    forbidden = Forbidden()
    assert forbidden.explained(result) is result
    assert forbidden.sentence(1, "") is None
    assert forbidden.all_missing() == []


def test_roots_of_ones_own_stand_in_the_command(tmp_path: Path) -> None:
    """A check of a root that the command does not name would not be found."""
    root = tmp_path / "my checks"
    assert Forbidden([root]).command("a.b") == f"klinik doctor --rbac a.b --kb '{root}'"
