"""What is known to be forbidden is not sent; what is sent is one list per kind; many unknowns have one root."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from checks import roots
from checks.cluster import PODS, Object, Resource
from checks.errors import Forbidden, NotFound, ServerGone, Timeout, Unauthenticated, Unreachable
from checks.model import Answer, Fact, Judgement, Result, Verdict
from checks.permission import Permission, Rules
from checks.practice.rbac import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, ROLE_BINDINGS
from checks.rights.rbac import API_GROUP, Subject
from kb.text import Text
from tests.checks.asked import Asked, asked_of
from tests.checks.troubled import Bed, bed

IPS = Resource.parse("kubeovn.io/v1/ips")
EXEC = Permission("get", PODS, "kube-system", "exec")


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Bed]:
    with bed(tmp_path) as running:
        yield running


def bound(cluster: Bed, *rules: Object) -> dict[str, str]:
    """Flags for a user who may do this and nothing else."""
    kind = "ClusterRole"
    cluster.world.store.create(CLUSTER_ROLES, {"metadata": {"name": "few"}, "rules": list(rules)})
    binding: Object = {
        "metadata": {"name": "few"},
        "roleRef": {"apiGroup": API_GROUP, "kind": kind, "name": "few"},
        "subjects": [Subject("User", "anna").object()],
    }
    cluster.world.store.create(CLUSTER_ROLE_BINDINGS, binding)
    return {"as_user": "anna"}


def rule(group: str, *resources: str, verbs: tuple[str, ...] = ("get", "list")) -> Object:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def watched(cluster: Bed, work: Callable[[], dict[str, Result]]) -> tuple[dict[str, Result], Asked]:
    """The results, and what the server was asked for them."""
    before = len(asked_of(cluster).requests)
    results = work()
    found = asked_of(cluster)
    return results, Asked(found.requests[before:], found.most_at_once)


def test_what_the_rules_leave_out_is_not_sent(cluster: Bed) -> None:
    """No list of IPs and no command goes out; the reason names verb, resource and namespace."""
    flags = bound(cluster, rule("", "pods", "nodes"), rule("kubeovn.io", "subnets"))
    results, asked = watched(
        cluster, lambda: cluster.run("subnet.recount", "ovs.flow-count", "subnet.capacity", flags=flags)
    )
    assert not [one for one in asked.requests if "/ips" in one.target or "/exec" in one.target]
    assert {id: (r.verdict, r.judgement.reason) for id, r in results.items()} == {
        "subnet.recount": (Verdict.UNKNOWN, "forbidden"),
        "ovs.flow-count": (Verdict.UNKNOWN, "forbidden"),
        "subnet.capacity": (Verdict.OK, ""),
    }
    flows, recount = results["ovs.flow-count"], results["subnet.recount"]
    assert flows.root == roots.forbidden(EXEC) == "may:get pods/exec -n kube-system"
    assert "get pods/exec -n kube-system" in flows.summary.en + flows.evidence[0].error
    assert {p.shown for p in flows.missing} == {"pods/exec -n kube-system"}
    assert recount.root == "may:list ips.kubeovn.io"
    assert {p.verb for p in recount.missing} == {"list"}
    assert "ips.kubeovn.io" in {p.shown for p in recount.missing}


def test_a_refused_command_still_says_how_it_reads(cluster: Bed) -> None:
    """Its answers carry the command, so that somebody else can run it."""
    cluster.server.faults.forbid("get", "pods", subresource="exec")
    flows = cluster.run("ovs.flow-count")["ovs.flow-count"]
    assert all("dump-aggregate" in " ".join(e.command) for e in flows.evidence)


def test_a_user_of_one_namespace_sees_what_is_in_it(cluster: Bed) -> None:
    """Pods may be listed in kube-system only: the wide list is not what decides."""
    cluster.world.store.create(
        Resource(API_GROUP, "v1", "roles"),
        {
            "metadata": {"name": "few", "namespace": "kube-system"},
            "rules": [rule("", "pods", "pods/exec", verbs=("get", "list", "create"))],
        },
        namespace="kube-system",
    )
    binding: Object = {
        "metadata": {"name": "few", "namespace": "kube-system"},
        "roleRef": {"apiGroup": API_GROUP, "kind": "Role", "name": "few"},
        "subjects": [Subject("User", "anna").object()],
    }
    cluster.world.store.create(ROLE_BINDINGS, binding, namespace="kube-system")
    found = cluster.run("ovn.raft", "pods.pending", flags={"as_user": "anna"})
    assert found["ovn.raft"].verdict is Verdict.OK
    assert (found["pods.pending"].verdict, found["pods.pending"].root) == (Verdict.UNKNOWN, "may:list pods")


@pytest.mark.parametrize("trouble", ["hang", "refuse"])
def test_reviews_in_trouble_forbid_nothing_and_delay_little(cluster: Bed, trouble: str) -> None:
    """Where the server will not say, the reads are sent and it answers itself."""
    if trouble == "hang":
        cluster.server.faults.hang("selfsubject")
    else:
        cluster.server.faults.status("selfsubject", 403)
    began = time.monotonic()
    found = cluster.run("ovn.raft", "subnet.capacity", within=8)
    assert {result.verdict for result in found.values()} == {Verdict.OK}
    assert time.monotonic() - began < 8


def test_the_whole_catalogue_lists_each_kind_once_within_its_limits(cluster: Bed) -> None:
    limits = {"api": 3, "exec": 4}
    _, asked = watched(cluster, lambda: cluster.run(limits=limits))
    lists = [one for one in asked.requests if one.verb == "list" and "continue=" not in one.target]
    kinds = [re.sub(r"/namespaces/[^/]+(?=/)|\?.*", "", one.target) for one in lists]
    assert len(kinds) == len(set(kinds)) > 30, sorted(kinds)
    assert asked.most_at_once["api"] <= 3
    assert asked.most_at_once["commands"] <= 4


# --- a server that is gone --------------------------------------------------------------------------------------------


def test_a_dead_server_is_one_root_and_not_many_timeouts(cluster: Bed) -> None:
    """Its door is shut: the run ends in a moment, and everything it could not know has the one reason."""
    with cluster.connected() as client:
        client.version()
    cluster.server.stop()
    began = time.monotonic()
    found = cluster.run(within=15)
    assert time.monotonic() - began < 15
    assert {result.verdict for result in found.values()} <= {Verdict.UNKNOWN, Verdict.SKIPPED}
    unknown = [result for result in found.values() if result.verdict is Verdict.UNKNOWN]
    assert {result.root for result in unknown} == {roots.API}
    (fold,) = roots.folded(found.values())
    assert len(fold.results) == len(unknown)
    assert "does not answer" in fold.text.en


def test_a_server_that_is_only_slow_is_not_gone(cluster: Bed) -> None:
    cluster.server.faults.delay("subnets", 6.5)
    found = cluster.run("subnet.capacity", "ovn.raft", within=30)
    assert {result.verdict for result in found.values()} == {Verdict.OK}


# --- roots, pure ------------------------------------------------------------------------------------------------------


def result(check: str, root: str, verdict: Verdict = Verdict.UNKNOWN) -> Result:
    return Result(check, check, Text("t"), Judgement(verdict, Text("s")), (), 0.0, 1, root)


def test_roots_fold_upstream_first_and_only_what_they_share() -> None:
    found = roots.folded(
        [
            result("a", "silent:ovn-nb-leader"),
            result("b", "silent:ovn-nb-leader"),
            result("c", "api"),
            result("d", "api"),
            result("e", "may:list ips.kubeovn.io"),
            result("f", ""),
            result("g", "api", Verdict.OK),
        ]
    )
    assert [(fold.root, [r.check for r in fold.results]) for fold in found] == [
        ("api", ["c", "d"]),
        ("silent:ovn-nb-leader", ["a", "b"]),
    ]


@pytest.mark.parametrize(
    ("error", "root"),
    [
        (ServerGone("x"), "api"),
        (Unauthenticated("x"), "login"),
        (Forbidden("x", verb="list", resource="ips.kubeovn.io"), "may:list ips.kubeovn.io"),
        (
            Forbidden("x", verb="exec", resource="pods", namespace="kube-system"),
            "may:create pods/exec -n kube-system",
        ),
        (Forbidden("x"), ""),
        (Timeout("x"), ""),
        (Unreachable("x"), ""),
        (NotFound("x"), ""),
    ],
)
def test_errors_tell_their_root(error: Exception, root: str) -> None:
    assert roots.of_error(error) == root


def test_a_part_that_failed_is_no_root_of_the_whole() -> None:
    """One node of two is refused: the other one answered, so nothing is wrong with the way there."""
    good, bad = Answer("n1", 1, "1", 0.0), Answer("n2", None, "", 0.0, error="forbidden", root="may:x")
    assert roots.of_facts({"r": Fact((good, bad))}, "forbidden") == ""
    assert roots.of_facts({"r": Fact((bad,))}, "forbidden") == "may:x"
    assert roots.of_facts({"r": Fact((bad,))}, "unparsable") == ""
    assert roots.of_facts({"r": Fact((bad,)), "s": Fact(error="forbidden", root="api")}, "forbidden") == "api"


@pytest.mark.parametrize(
    ("rules", "refused"),
    [
        ((rule("", "pods/exec", verbs=("get",)),), False),
        ((rule("", "*/exec", verbs=("*",)),), False),
        ((rule("*", "*", verbs=("*",)),), False),
        ((rule("", "pods", verbs=("*",)),), True),
        ((rule("apps", "pods/exec", verbs=("get",)),), True),
        (({"verbs": "get", "apiGroups": None},), True),
        ((), True),
    ],
)
def test_rules_refuse_what_they_do_not_name(rules: tuple[Object, ...], refused: bool) -> None:
    assert Rules(rules, complete=True).refuses(EXEC) is refused
    assert Rules(rules, complete=False).refuses(EXEC) is False


def test_a_server_that_hangs_is_gone_for_everybody_at_once(
    cluster: Bed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing comes, and it does not say its version either: nobody waits for a timeout of their own."""
    monkeypatch.setattr("checks.facts.reach.QUIET", 0.5)
    monkeypatch.setattr("checks.facts.reach.PROBE", 0.5)
    cluster.server.faults.hang(".")
    found = cluster.run(within=6)
    assert {result.root for result in found.values() if result.verdict is Verdict.UNKNOWN} == {roots.API}
    assert not [one for one in found.values() if one.verdict is Verdict.OK]
