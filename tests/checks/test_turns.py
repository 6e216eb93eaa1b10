"""Whose turn it is: Leases on the practice cluster's real API, taken, refused, lost, taken over and given back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from checks.clock import Stop
from checks.cluster import Cluster, Object, Resource, Target
from checks.errors import NotFound
from checks.layout import LEASES
from checks.live import connect
from checks.plans.plan import PlannedWrite
from checks.practice.scenario import build_world
from checks.practice.server import PracticeServer
from checks.writing.turns import DURATION, MANY, RENEW, Claim, Held, Holder, Turn, TurnLost, claims, holder_of
from kb.text import Text
from tests.checks.dictcluster import DictCluster

SUBNET = Claim("kube-system", "subnets.kubeovn.io/ovn-default")


WRITE = PlannedWrite("patch", Text.of("x"), resource="kubeovn.io/v1/subnets", name="ovn-default")


class Hands:
    """A clock that stands still until it is moved; its wall clock may be wrong."""

    def __init__(self, wrong: float = 0.0) -> None:
        self.time = 1_700_000_000.0
        self.wrong = wrong

    def now(self) -> float:
        return self.time + self.wrong

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float, stop: Stop | None = None) -> None:
        self.time += seconds


@pytest.fixture(scope="module")
def server() -> Iterator[PracticeServer]:
    with PracticeServer(build_world("healthy")) as server:
        yield server


@pytest.fixture(scope="module")
def cluster(server: PracticeServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    folder = tmp_path_factory.mktemp("turns")
    server.write_kubeconfig(folder / "kubeconfig")
    cluster = connect(kubeconfig=str(folder / "kubeconfig"))
    yield cluster
    cluster.close()


@pytest.fixture
def hands(server: PracticeServer, cluster: Cluster) -> Iterator[Hands]:
    """The clock of the server, and of everybody whose clock is right."""
    hands = Hands()
    server.world.store.clock = hands.now
    yield hands
    for lease in list(cluster.list(LEASES, labels="app.kubernetes.io/managed-by=klinik")):
        meta = lease["metadata"]
        cluster.delete(LEASES, meta["name"], namespace=meta["namespace"])


def turn(cluster: Cluster, who: str, hands: Hands, *wanted: Claim) -> Turn:
    return Turn(
        cluster, wanted or (SUBNET,), holder=who, purpose="subnet-ip-count-wrong/recount", clock=hands
    )


def there(cluster: Cluster, claim: Claim) -> Holder:
    return holder_of(cluster.get(LEASES, claim.lease, namespace=claim.namespace))


def write(kind: str, name: str, namespace: str = "") -> PlannedWrite:
    return PlannedWrite("delete", Text.of("x"), resource=kind, name=name, namespace=namespace)


def test_a_turn_is_a_lease_with_holder_purpose_and_expiry(cluster: Cluster, hands: Hands) -> None:
    mine = turn(cluster, "chen@a/1", hands)
    assert [took.before for took in mine.take()] == [None]
    lease = cluster.get(LEASES, SUBNET.lease, namespace="kube-system")
    assert lease["spec"]["holderIdentity"] == "chen@a/1"
    assert lease["spec"]["leaseDurationSeconds"] == DURATION
    assert lease["spec"]["renewTime"] == lease["spec"]["acquireTime"] == "2023-11-14T22:13:20.000000Z"
    assert lease["metadata"]["annotations"]["klinik/purpose"] == "subnet-ip-count-wrong/recount"
    assert lease["metadata"]["annotations"]["klinik/target"] == SUBNET.target


def test_exactly_one_of_two_gets_it_and_the_other_sees_who(cluster: Cluster, hands: Hands) -> None:
    turn(cluster, "chen@a/1", hands).take()
    hands.time += 7
    with pytest.raises(Held) as held:
        turn(cluster, "li@b/2", hands).take()
    assert held.value.holder.name == "chen@a/1"
    assert "7 s ago" in held.value.text.en
    assert "chen@a/1" in held.value.text.zh
    assert there(cluster, SUBNET).name == "chen@a/1"


def test_it_is_renewed_in_time_and_free_once_it_ran_out(cluster: Cluster, hands: Hands) -> None:
    mine = turn(cluster, "chen@a/1", hands)
    mine.take()
    hands.time += RENEW
    mine.keep()
    assert there(cluster, SUBNET).seen == hands.time
    hands.time += DURATION
    with pytest.raises(Held):
        turn(cluster, "li@b/2", hands).take()
    hands.time += 1
    assert turn(cluster, "li@b/2", hands).take()[0].before is None, "nobody was at work any more"
    with pytest.raises(TurnLost):
        mine.check(WRITE)


def test_a_take_over_is_explicit_and_both_know(cluster: Cluster, hands: Hands) -> None:
    mine = turn(cluster, "chen@a/1", hands)
    mine.take()
    (took,) = turn(cluster, "li@b/2", hands).take(over=True)
    assert took.before is not None
    assert took.before.name == "chen@a/1"
    with pytest.raises(TurnLost) as lost:
        mine.check(WRITE)
    assert lost.value.holder is not None
    assert lost.value.holder.name == "li@b/2"
    mine.release()
    assert there(cluster, SUBNET).name == "li@b/2", "what was lost is not given back"
    assert cluster.get(LEASES, SUBNET.lease, namespace="kube-system")["spec"]["leaseTransitions"] == 1


def test_the_same_session_goes_on_with_its_own_lease(cluster: Cluster, hands: Hands) -> None:
    turn(cluster, "chen@a/1", hands).take()
    assert turn(cluster, "chen@a/1", hands).take()[0].before is None


@pytest.mark.parametrize("wrong", [3600.0, -3600.0])
def test_a_wrong_clock_neither_robs_nor_is_robbed(cluster: Cluster, hands: Hands, wrong: float) -> None:
    """Leases are dated by the server: what this machine takes for the time plays no part."""
    theirs = Hands(wrong)
    turn(cluster, "chen@a/1", hands).take()
    with pytest.raises(Held, match="0 s ago"):
        turn(cluster, "li@b/2", theirs).take()
    other = Claim("kube-system", "subnets.kubeovn.io/zz-last")
    turn(cluster, "li@b/2", theirs, other).take()
    assert there(cluster, other).seen == hands.time
    with pytest.raises(Held):
        turn(cluster, "chen@a/1", hands, other).take()


def test_a_clock_that_jumps_while_the_turn_is_held_changes_nothing(cluster: Cluster, hands: Hands) -> None:
    mine = turn(cluster, "chen@a/1", hands)
    ticks = Hands()
    mine._clock = mine._leases._clock = ticks  # a wall clock of its own, which goes wrong
    mine.take()
    for jump in (86_400.0, -86_400.0):
        ticks.wrong += jump
        mine.check(WRITE)
        assert there(cluster, SUBNET).seen == hands.time


def test_whoever_slept_renews_before_the_next_write(cluster: Cluster, hands: Hands) -> None:
    """A suspended machine's monotonic clock stands still: its Lease has run out, and nobody has taken it."""
    asleep = Hands()
    mine = turn(cluster, "chen@a/1", asleep)
    mine.take()
    hands.time += 5 * DURATION
    asleep.wrong += 5 * DURATION
    assert there(cluster, SUBNET).expired(hands.time)
    mine.check(WRITE)
    assert there(cluster, SUBNET).seen == hands.time


def test_a_run_that_broke_off_is_renewed_by_the_one_that_goes_on(cluster: Cluster, hands: Hands) -> None:
    turn(cluster, "chen@a/1", hands).take()
    hands.time += DURATION - 1
    turn(cluster, "chen@a/1", hands).take()
    hands.time += 2
    with pytest.raises(Held):
        turn(cluster, "li@b/2", hands).take()


def test_one_lost_lease_does_not_let_the_others_run_out(cluster: Cluster, hands: Hands) -> None:
    other = Claim("kube-system", "subnets.kubeovn.io/zz-last")
    mine = turn(cluster, "chen@a/1", hands, SUBNET, other)
    mine.take()
    turn(cluster, "li@b/2", hands).take(over=True)
    hands.time += RENEW
    with pytest.raises(TurnLost):
        mine.keep()
    assert there(cluster, other).seen == hands.time


def test_a_turn_given_back_leaves_nothing_behind(cluster: Cluster, hands: Hands) -> None:
    mine = turn(cluster, "chen@a/1", hands)
    mine.take()
    mine.release()
    assert mine.held == ()
    with pytest.raises(NotFound):
        there(cluster, SUBNET)


def test_who_takes_a_lease_the_moment_it_is_given_back_keeps_it(hands: Hands) -> None:
    """Between emptying a Lease and deleting it there is a moment in which it is anybody's."""

    class Quick(DictCluster):
        def patch(self, resource: Resource, name: str, body: Any, **options: Any) -> Object:
            given_back = super().patch(resource, name, body, **options)
            if body["spec"].get("holderIdentity") == "":
                super().patch(resource, name, {"spec": {"holderIdentity": "li@b/2"}}, **options)
            return given_back

    quick = Quick()
    mine = Turn(quick, (SUBNET,), holder="chen@a/1", purpose="p", clock=hands)
    mine.take()
    mine.release()
    assert there(quick, SUBNET).name == "li@b/2"


def test_all_targets_or_none(cluster: Cluster, hands: Hands) -> None:
    other = Claim("kube-system", "subnets.kubeovn.io/zz-last")
    turn(cluster, "chen@a/1", hands, other).take()
    with pytest.raises(Held):
        turn(cluster, "li@b/2", hands, SUBNET, other).take()
    with pytest.raises(NotFound):
        there(cluster, SUBNET)


def test_one_object_and_all_of_its_kind_exclude_each_other(cluster: Cluster, hands: Hands) -> None:
    everything = Claim("kube-system", "subnets.kubeovn.io")
    first = turn(cluster, "chen@a/1", hands)
    first.take()
    with pytest.raises(Held):
        turn(cluster, "li@b/2", hands, everything).take()
    first.release()
    turn(cluster, "li@b/2", hands, everything).take()
    with pytest.raises(Held):
        first.take()


def test_every_write_looks_at_its_own_lease_only(cluster: Cluster, hands: Hands) -> None:
    other = Claim("kube-system", "subnets.kubeovn.io/zz-last")
    mine = turn(cluster, "chen@a/1", hands, SUBNET, other)
    mine.take()
    turn(cluster, "li@b/2", hands, other).take(over=True)
    mine.check(WRITE)
    with pytest.raises(TurnLost):
        mine.check(write("kubeovn.io/v1/subnets", "zz-last"))


def test_a_lease_that_vanished_is_lost(cluster: Cluster, hands: Hands) -> None:
    mine = turn(cluster, "chen@a/1", hands)
    mine.take()
    cluster.delete(LEASES, SUBNET.lease, namespace="kube-system")
    with pytest.raises(TurnLost):
        mine.check(WRITE)


@pytest.mark.parametrize(
    "spec", [None, [], {"renewTime": 7, "leaseDurationSeconds": "x"}, {"holderIdentity": 3}]
)
def test_a_half_written_lease_is_read_without_trust(spec: object) -> None:
    holder = holder_of({"metadata": {"annotations": "x"}, "spec": spec})
    assert holder.lasts == DURATION
    assert holder.seen == 0.0


def test_what_a_plan_works_on() -> None:
    pod = PlannedWrite("exec", Text.of("x"), target=Target("kube-system", "ovs-ovn-1", "openvswitch", "n1"))
    few = [write("kubeovn.io/v1/ips", f"a{n}") for n in range(3)]
    many = [write("v1/pods", f"p{n}", "apps") for n in range(MANY + 1)]
    found = [(claim.namespace, claim.target) for claim in claims([*few, *few, pod, *many])]
    assert found == [
        ("apps", "pods"),
        ("kube-system", "ips.kubeovn.io/a0"),
        ("kube-system", "ips.kubeovn.io/a1"),
        ("kube-system", "ips.kubeovn.io/a2"),
        ("kube-system", "pods/kube-system/ovs-ovn-1"),
    ]


@pytest.mark.parametrize(
    "target", ["subnets.kubeovn.io/" + "x" * 300, "ips.kubeovn.io/A_b;$(x)", "子网/默认"]
)
def test_every_target_makes_a_name_that_kubernetes_takes(target: str) -> None:
    import re

    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", Claim("x", target).lease)
