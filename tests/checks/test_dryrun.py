"""Previews of writes to objects: the server's dry run where it may be asked, klinik's own reckoning elsewhere."""

from __future__ import annotations

from dataclasses import replace

import pytest

from checks.layout import load_layout
from checks.live import LockedCluster
from checks.live.cluster import LiveCluster
from checks.plans.diff import merged
from checks.plans.dryrun import preview_of
from checks.plans.plan import PlannedWrite, Preview
from checks.plans.writes import Expander
from kb.model import DeleteAction, PatchAction
from tests.checks.dictcluster import DictCluster
from tests.checks.incident import Ovn, cluster_with

SUBNET = "kubeovn.io/v1/subnets"
MTU = PatchAction(SUBNET, "ovn-default", {"spec": {"mtu": 1300}})
POINTED = PatchAction(SUBNET, "ovn-default", [{"op": "add", "path": "/spec/mtu", "value": 1300}], type="json")


def previewed(cluster: object, *actions: PatchAction | DeleteAction) -> Preview:
    expander = Expander(cluster, load_layout())  # type: ignore[arg-type]
    writes: list[PlannedWrite] = []
    for action in actions:
        writes += expander.expand(action, {})
    found = preview_of(cluster, expander, writes)  # type: ignore[arg-type]
    assert found is not None
    assert found.note is not None
    return found


def requests_of(cluster: LiveCluster, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The methods of all requests that leave the client."""
    sent: list[str] = []
    real = LiveCluster._send

    def send(self: LiveCluster, call: object, deadline: object) -> bytes:
        sent.append(call.method)  # type: ignore[attr-defined]
        return real(self, call, deadline)  # type: ignore[arg-type]

    monkeypatch.setattr(LiveCluster, "_send", send)
    return sent


def test_read_only_sends_no_dry_run_and_says_whose_answer_it_is(
    cluster: LiveCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same difference, reckoned here; only reads leave klinik."""
    sent = requests_of(cluster, monkeypatch)
    asked = previewed(cluster, MTU, DeleteAction(SUBNET, "ovn-default"))
    assert {"PATCH", "DELETE"} < set(sent)
    assert "dry run" in asked.note.en  # type: ignore[union-attr]
    sent.clear()
    found = previewed(LockedCluster.of(cluster), MTU, DeleteAction(SUBNET, "ovn-default"))
    assert set(sent) == {"GET"}
    assert "no dry run was sent" in found.note.en  # type: ignore[union-attr]
    assert "没有发送 dry run" in found.note.zh  # type: ignore[union-attr]
    assert [line for line in found.lines if "mtu" in line] == [line for line in asked.lines if "mtu" in line]


def test_what_cannot_be_reckoned_is_shown_as_it_would_be_sent(cluster: LiveCluster) -> None:
    """A JSON patch: the kubectl line, not a guess."""
    found = previewed(LockedCluster.of(cluster), POINTED)
    assert found.lines[0].startswith("kubectl patch")
    assert "/spec/mtu" in found.lines[0]


def test_a_recorded_cluster_is_not_asked() -> None:
    """A bundle has no server to try anything out."""

    class Recorded(DictCluster):
        @property
        def info(self):  # type: ignore[no-untyped-def]
            return replace(super().info, recorded=1.0)

    cluster = Recorded(objects=cluster_with(Ovn()).objects)
    action = PatchAction(SUBNET, "net-a", {"metadata": {"annotations": {"touched": "yes"}}})
    cluster.fail["dry-run"] = RuntimeError("asked")  # type: ignore[assignment]
    assert "+    touched: yes" in [line.replace('"', "") for line in previewed(cluster, action).lines]


@pytest.mark.parametrize(
    ("now", "patch", "then"),
    [
        ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"c": None}}, {"a": 1, "b": {"d": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": "x"}, {"a": {"b": {"c": None, "d": 1}}}, {"a": {"b": {"d": 1}}}),
        ({}, {"a": None}, {}),
        ({"a": 1}, [1], [1]),
    ],
)
def test_a_merge_patch_is_applied_as_rfc_7386_says(now: object, patch: object, then: object) -> None:
    """The cases of the RFC's appendix that patches of guides meet."""
    before = repr(now)
    assert merged(now, patch) == then
    assert repr(now) == before
