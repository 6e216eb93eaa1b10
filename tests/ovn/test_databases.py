"""Checks of the OVN databases on real ovsdb-servers and northds, and what they say when these are really broken."""

from __future__ import annotations

import os
import signal

import pytest

from checks.cluster import PODS
from checks.model import Result, Verdict
from tests.ovn.conftest import Bed
from tests.ovn.daemons import wait_until

ELECTION = 1500
"""Milliseconds: here leaders are killed, and waiting for the next one is most of the time of these tests."""
BLOB = "x" * 100_000


def settle(bed: Bed) -> None:
    """Waits until everything has one leader again, and lets the labels follow."""

    def one_each() -> bool:
        leaders = [sum(bed.daemons.leads(n, what) for n in range(3)) for what in ("nb", "sb", "northd")]
        return leaders == [1, 1, 1]

    wait_until(one_each, "one leader of everything", 40)
    bed.world.label_leaders()


@pytest.fixture(autouse=True)
def healthy(bed: Bed) -> None:
    """Every test begins with a cluster that has its leaders."""
    settle(bed)


def rows(result: Result) -> dict[str, str]:
    return {row.target: str(row.verdict) for row in result.judgement.rows}


def says(bed: Bed, check: str, verdict: Verdict, **params: object) -> Result:
    result = bed.check(check, **params)
    assert result.verdict is verdict, (check, result.summary.en, rows(result))
    return result


def member(bed: Bed, what: str, *, leading: bool) -> int:
    """A member that leads a database or northd, or one that does not."""
    return next(n for n in range(3) if bed.daemons.leads(n, what) == leading)


def test_healthy_databases_are_ok(bed: Bed) -> None:
    """Every check of the databases has a verdict on a healthy cluster, with evidence, and none complains."""
    for check in (
        "ovn.db-storage", "ovn.db-size", "ovn.db-memory", "ovn.northd", "ovn.members", "ovn.leader-labels",
        "ovn.listeners", "ovn.raft", "ovn.leaders",
    ):  # fmt: skip
        assert says(bed, check, Verdict.OK).evidence
    says(bed, "ovn.elections", Verdict.OK, recent=0)
    # How full the disk of this machine is is not ours to say, only that it was read.
    disk = bed.check("ovn.db-disk")
    assert disk.verdict is not Verdict.UNKNOWN
    assert 0 <= disk.judgement.value <= 100


def test_an_election_of_a_moment_ago_is_seen(bed: Bed) -> None:
    """The bed has just been started, so its leaders have just been elected."""
    found = says(bed, "ovn.elections", Verdict.WARN, recent=600)
    assert 0 <= found.judgement.data["newest"] < 600


def test_a_database_that_grew_is_seen_until_it_is_compacted(bed: Bed) -> None:
    """Megabytes that were written and taken back stay in the file and the raft log until compaction."""
    number = member(bed, "nb", leading=True)
    for at in range(12):
        bed.daemons.nbctl("set", "NB_Global", ".", f"external_ids:blob={at}{BLOB}")
    bed.daemons.nbctl("remove", "NB_Global", ".", "external_ids", "blob")
    grown = says(bed, "ovn.db-size", Verdict.WARN, nb_mib=1)
    assert grown.judgement.value >= 1
    says(bed, "ovn.db-memory", Verdict.WARN, raft_log=12)
    for other in sorted(range(3), key=lambda n: n == number):
        bed.daemons.appctl(other, "nb", "ovsdb-server/compact", "OVN_Northbound")
    settle(bed)
    says(bed, "ovn.db-size", Verdict.OK, nb_mib=1)
    says(bed, "ovn.db-memory", Verdict.OK, raft_log=12)


def test_a_server_that_listens_nowhere_is_seen(bed: Bed) -> None:
    """A removed TCP remote leaves the socket in the pod, where every command still works."""
    remote = bed.daemons.client(1, "sb")
    bed.daemons.appctl(1, "sb", "ovsdb-server/remove-remote", remote)
    found = says(bed, "ovn.listeners", Verdict.FAIL)
    assert rows(found)["ovn-central-2 sb"] == "fail"
    bed.daemons.appctl(1, "sb", "ovsdb-server/add-remote", remote)
    says(bed, "ovn.listeners", Verdict.OK)


def test_probes_of_connection_rows_are_read(bed: Bed) -> None:
    """Without rows there is nothing to tune; a row without a probe has the short default; a long one is well."""
    says(bed, "ovn.inactivity-probes", Verdict.SKIPPED)
    bed.daemons.sbctl("set-connection", "ptcp:16642:127.0.0.1")
    says(bed, "ovn.inactivity-probes", Verdict.WARN)
    bed.daemons.sbctl("set", "Connection", ".", "inactivity_probe=180000")
    says(bed, "ovn.inactivity-probes", Verdict.OK)
    bed.daemons.sbctl("del-connection")


def test_northd_that_is_paused_or_dead_is_seen(bed: Bed) -> None:
    """A paused one takes over nothing; of two dead ones a standby takes the place; without any there is none."""
    active = member(bed, "northd", leading=True)
    bed.daemons.appctl(active, "ovn-northd", "pause")
    paused = says(bed, "ovn.northd", Verdict.FAIL)
    assert rows(paused)[f"ovn-central-{active + 1}"] == "fail"
    bed.daemons.appctl(active, "ovn-northd", "resume")
    settle(bed)
    others = [n for n in range(3) if n != member(bed, "northd", leading=True)]
    bed.daemons.kill_northd(bed.daemons.centrals[others[0]])
    one_gone = says(bed, "ovn.northd", Verdict.WARN)
    assert one_gone.judgement.data["stopped"] == 1
    for number in set(range(3)) - {others[0]}:
        bed.daemons.kill_northd(bed.daemons.centrals[number])
    none = says(bed, "ovn.northd", Verdict.FAIL)
    assert rows(none)["northd"] == "fail"
    for place in bed.daemons.centrals:
        bed.daemons.start_northd(place)


def test_a_killed_leader_leaves_its_label_and_no_spare(bed: Bed) -> None:
    """The others elect a new leader: the old label is wrong, two of three are heard, and one more may not fail."""
    gone = member(bed, "nb", leading=True)
    bed.daemons.kill_server(gone, "nb")
    wait_until(lambda: any(bed.daemons.leads(n, "nb") for n in range(3) if n != gone), "another leader", 30)
    new = member(bed, "nb", leading=True)
    bed.daemons.nbctl("set", "NB_Global", ".", "external_ids:after=it")

    labels = says(bed, "ovn.leader-labels", Verdict.FAIL)
    assert labels.judgement.data["nb"] == f"ovn-central-{new + 1}"
    assert rows(labels)["nb"] == "fail"
    wait_until(lambda: rows(bed.check("ovn.members")).get("nb") == "warn", "the loss to be heard of", 20)
    members = says(bed, "ovn.members", Verdict.WARN)
    assert members.judgement.data["nb_spare"] == 0
    assert rows(members)[f"ovn-central-{gone + 1} nb"] == "unknown"
    wait_until(lambda: bed.check("ovn.raft").verdict is Verdict.WARN, "the silence to be noticed", 20)
    assert rows(bed.check("ovn.raft"))[f"ovn-central-{new + 1} nb"] == "warn"
    storage = bed.check("ovn.db-storage")
    assert rows(storage)[f"ovn-central-{gone + 1}"] == "unknown"
    assert storage.verdict is Verdict.UNKNOWN

    # The bed is young, so every election of its life is counted; the new leader's is one of them.
    assert says(bed, "ovn.db-logs", Verdict.WARN, elections=1).judgement.data["elections"] >= 2
    bed.world.label_leaders()
    assert rows(bed.check("ovn.leader-labels"))["nb"] == "ok"
    bed.daemons.start_server(gone, "nb")
    settle(bed)
    wait_until(lambda: bed.check("ovn.members").verdict is Verdict.OK, "all members to be heard again", 20)


def test_a_pod_that_is_gone_leaves_a_member_behind(bed: Bed) -> None:
    """A member that no pod runs any more still counts; while its pod only does not answer, nothing is claimed."""
    gone = next(n for n in range(3) if not bed.daemons.leads(n, "nb") and not bed.daemons.leads(n, "sb"))
    name = f"ovn-central-{gone + 1}"
    kept = bed.world.store.get(PODS, name, "kube-system")
    bed.world.store.delete(PODS, name, namespace="kube-system")
    found = says(bed, "ovn.members", Verdict.WARN)
    assert any(target.startswith("nb ") and verdict == "warn" for target, verdict in rows(found).items())
    meta = {k: v for k, v in kept["metadata"].items() if k in ("name", "labels")}
    bed.world.store.create(PODS, {**kept, "metadata": meta}, namespace="kube-system")
    says(bed, "ovn.members", Verdict.OK)


def test_who_stays_behind_is_named(bed: Bed) -> None:
    """A generation that nobody asked for is nothing; one that a stopped ovn-controller never takes over names it."""
    bed.daemons.nbctl("--wait=hv", "sync")
    says(bed, "ovn.sync", Verdict.OK)
    controller = bed.daemons.pid(bed.daemons.node, "ovn/ovn-controller.pid")
    os.kill(controller, signal.SIGSTOP)
    try:
        bed.daemons.nbctl("--wait=sb", "sync")
        late = says(bed, "ovn.sync", Verdict.WARN, lag=0)
        assert rows(late) == {"bed-node-1": "warn", "northd": "ok"}
    finally:
        os.kill(controller, signal.SIGCONT)
    wait_until(lambda: bed.check("ovn.sync", lag=0).verdict is Verdict.OK, "the chassis to catch up", 20)


def test_without_a_majority_nobody_leads_and_nothing_is_ok(bed: Bed) -> None:
    """Two of three southbound servers killed: no leader, no label, and what only the leader can answer is unknown.

    The last test of the file: what it breaks takes twenty seconds to come back.
    """
    kept = member(bed, "sb", leading=True)
    for number in set(range(3)) - {kept}:
        bed.daemons.kill_server(number, "sb")
    wait_until(lambda: not bed.daemons.leads(kept, "sb"), "the leader to step down", 30)
    bed.world.label_leaders()
    says(bed, "ovn.leaders", Verdict.FAIL)
    assert rows(says(bed, "ovn.raft", Verdict.FAIL))[f"ovn-central-{kept + 1} sb"] == "fail"
    assert rows(says(bed, "ovn.members", Verdict.FAIL))["sb"] == "fail"
    says(bed, "ovn.elections", Verdict.FAIL)
    for check in ("ovn.chassis", "ovn.encaps", "ovn.mac-bindings", "ovn.unclaimed-ports", "ovn.sync"):
        says(bed, check, Verdict.UNKNOWN)
