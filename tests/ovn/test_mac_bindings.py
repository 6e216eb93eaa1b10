"""Incident (a) on real OVN: 6,000 MAC_Binding rows counted, judged, purged by prefix, the options given back."""

from __future__ import annotations

from checks.model import Verdict
from checks.writing.stepevents import StepEnded, Verified
from tests.ovn.conftest import Bed, run_step, undo_step
from tests.ovn.daemons import wait_until

STALE, KEPT = 6_000, 300
ROUTER = "ovn-cluster"


def rows(bed: Bed, prefix: str = "") -> int:
    listed = bed.daemons.sbctl("--bare", "--columns=ip", "list", "MAC_Binding").split()
    return sum(1 for ip in listed if ip.startswith(prefix))


def router_options(bed: Bed) -> str:
    return bed.daemons.nbctl("get", "Logical_Router", ROUTER, "options").strip()


def test_the_fix_of_stale_bindings_works_on_real_ovn(bed: Bed) -> None:
    """Check, cause, purge by prefix, verification and undo, each measured on the daemons themselves."""
    bed.daemons.nbctl(
        "set", "Logical_Router", ROUTER, "options:always_learn_from_arp_request=true", "options:mine=kept"
    )
    before = router_options(bed)
    quiet = bed.daemons.flows()
    bed.daemons.fill_mac_bindings(STALE, "10.16.")
    bed.daemons.fill_mac_bindings(KEPT, "172.30.")
    wait_until(lambda: bed.daemons.flows() >= quiet + 2 * (STALE + KEPT), "two flows for every row")

    walk = bed.walk("ovn-mac-binding-leak")
    found = walk.results["macs"]
    assert found.verdict is Verdict.FAIL
    assert found.judgement.data["rows"] == STALE + KEPT
    assert walk.results["raft"].verdict is Verdict.OK
    states = {view.cause.id: view.state for view in walk.causes()}
    assert states["stale-mac-bindings"] == "supported"
    walk.choose("stale-mac-bindings")

    ended = run_step(walk, "stop-learning")[-1]
    assert isinstance(ended, StepEnded)
    assert ended.state == "done", ended.message
    assert 'always_learn_from_arp_request="false"' in router_options(bed)
    assert 'dynamic_neigh_routers="true"' in router_options(bed)
    assert "mine=kept" in router_options(bed)

    events = run_step(walk, "purge-bindings", {"prefix": "10.16.0.0/16"})
    ended = events[-1]
    assert isinstance(ended, StepEnded)
    assert ended.state == "done", ended.message
    assert next(e for e in events if isinstance(e, Verified)).ok
    assert rows(bed, "10.16.") == 0
    assert rows(bed, "172.30.") == KEPT
    wait_until(lambda: bed.daemons.flows() <= quiet + 2 * KEPT + 50, "the flows of the purged rows to go")
    assert bed.check("ovn.mac-bindings").verdict is Verdict.OK

    ended = undo_step(walk, "stop-learning")[-1]
    assert isinstance(ended, StepEnded)
    assert ended.state == "undone", ended.message
    assert router_options(bed) == before


def test_purged_rows_come_back_as_they_were(bed: Bed) -> None:
    """The undo of a purge creates the same addresses, MACs and ports again, also after a try that broke off."""
    bed.daemons.sbctl("--all", "destroy", "MAC_Binding")
    bed.daemons.fill_mac_bindings(200, "10.16.")
    columns = ("--bare", "--columns=ip,mac,logical_port,datapath", "list", "MAC_Binding")
    before = sorted(bed.daemons.sbctl(*columns).strip().split("\n\n"))
    bed.daemons.nbctl("set", "Logical_Router", ROUTER, "options:always_learn_from_arp_request=false")
    bed.daemons.nbctl("set", "Logical_Router", ROUTER, "options:dynamic_neigh_routers=true")
    walk = bed.walk("ovn-mac-binding-leak")
    walk.choose("stale-mac-bindings")
    run_step(walk, "purge-bindings")
    assert rows(bed) == 0
    first, *others = walk.plan_undo("purge-bindings").commands
    assert first.target is not None
    where = (first.target.namespace, first.target.pod, first.target.container)
    assert bed.cluster.exec(*where, first.argv, timeout=30).code == 0
    assert len(walk.plan_undo("purge-bindings").commands) == len(others)
    undo_step(walk, "purge-bindings")
    assert sorted(bed.daemons.sbctl(*columns).strip().split("\n\n")) == before


def test_nobody_answers_for_the_southbound_leader(bed: Bed) -> None:
    """Without a leader label the rows are unknown, never zero."""
    from checks.cluster import PODS

    pods = bed.world.store.all(PODS, labels="ovn-sb-leader=true")
    name = pods[0]["metadata"]["name"]
    bed.cluster.patch(PODS, name, {"metadata": {"labels": {"ovn-sb-leader": None}}}, namespace="kube-system")
    try:
        result = bed.check("ovn.mac-bindings")
        assert result.verdict is Verdict.UNKNOWN
        assert result.judgement.reason == "absent"
    finally:
        bed.cluster.patch(
            PODS, name, {"metadata": {"labels": {"ovn-sb-leader": "true"}}}, namespace="kube-system"
        )


def test_restarting_ovs_ovn_brings_the_flows_back(bed: Bed) -> None:
    """The disruptive step: a new pod, new processes, the flows installed again."""
    from checks.cluster import PODS

    bed.daemons.sbctl("--all", "destroy", "MAC_Binding")
    wait_until(lambda: bed.daemons.flows() < 5000, "few flows")
    walk = bed.walk("ovn-mac-binding-leak")
    walk.choose("stale-mac-bindings")
    old = bed.world.store.all(PODS, labels="app=ovs")[0]["metadata"]["uid"]
    ended = run_step(walk, "restart-ovs-ovn", {"node": "node-1"})[-1]
    assert isinstance(ended, StepEnded)
    assert ended.state == "done", ended.message
    assert bed.world.store.all(PODS, labels="app=ovs")[0]["metadata"]["uid"] != old
    assert bed.daemons.flows() > 100
