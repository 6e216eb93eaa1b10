"""Lists of a run: one per kind, chosen again here, in pages, with a second chance for those content with less."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from checks.bundle.recording import Recording
from checks.bundle.replay import Replayed
from checks.bundle.tape import Tape
from checks.cluster import Cluster, Object, Page, Resource
from checks.errors import ClusterError, Forbidden, Timeout
from checks.facts import Facts
from checks.layout import load_layout
from checks.model import ExecRead, Fact, ListRead, Read
from checks.selection import selection
from tests.checks.memory_cluster import MemoryCluster, node, pod, said

LAYOUT = load_layout()
PHASE = ("status.phase",)


@dataclass
class PagedCluster(MemoryCluster):
    """Serves pages of two in the order of keys, as the API server does."""

    asked: list[tuple[str, str, str, str]] = field(default_factory=list)
    metadata_only: list[str] = field(default_factory=list)
    forbidden: frozenset[str] = frozenset()
    """Resources that may be listed in one namespace only."""
    breaks: int = 0
    """The cluster-wide list breaks off after so many pages; 0: it does not."""
    gate: threading.Event | None = None
    """The third page of a list waits for this."""

    def list_pages(
        self, resource: Resource, *, namespace: str = "", labels: str = "", fields: str = "", page: int = 500,
        only_metadata: bool = False, timeout: float = 15.0, total: float = 60.0,
    ) -> Iterator[Page]:  # fmt: skip
        self.asked.append((str(resource), namespace, labels, fields))
        if only_metadata:
            self.metadata_only.append(str(resource))
        if str(resource) in self.forbidden and not namespace:
            raise Forbidden(f"cannot list {resource} at the cluster scope")
        found = self.objects.get(str(resource), [])
        if isinstance(found, ClusterError):
            raise found
        meant = selection(namespace, labels, fields).test(resource)
        chosen = sorted((one for one in found if meant(one)), key=_key)
        for number, start in enumerate(range(0, max(1, len(chosen)), 2)):
            if self.breaks and not namespace and number >= self.breaks:
                raise Timeout("no answer")
            if self.gate and number > 1:
                assert self.gate.wait(10)
            items = chosen[start : start + 2]
            more = start + 2 < len(chosen)
            yield Page(items, len(chosen) - start - 2 if more else 0, items[-1] if more else None)


def _key(obj: Object) -> str:
    meta = obj["metadata"]
    return f"{meta.get('namespace', '')}/{meta['name']}"


def other(name: str, namespace: str, **labels: str) -> Object:
    return {
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"nodeName": "node-1"},
        "status": {"phase": "Pending"},
    }


def facts_of(cluster: object, *groups: dict[str, Read]) -> list[dict[str, Fact]]:
    assert isinstance(cluster, Cluster)
    facts = Facts(cluster, LAYOUT)
    try:
        wanted = [facts.want(group) for group in groups]
        facts.start()
        return [{name: future.result(10) for name, future in group.items()} for group in wanted]
    finally:
        facts.close()


def names(fact: Fact) -> list[str]:
    assert not fact.failed, fact.failed
    return [item["metadata"]["name"] for item in fact.items]


def test_all_reads_of_a_kind_cost_one_list() -> None:
    """Namespaces, labels, fields and the roles of commands are chosen from the same pages."""
    pods = [pod("ovs-1", "ovs", "node-1"), pod("central", "ovn-central", "node-1")]
    cluster = PagedCluster(
        {"v1/pods": [*pods, other("web", "default", tier="front")], "v1/nodes": [node("node-1")]},
        command=lambda pod, argv: said("x"),
    )
    (found,) = facts_of(
        cluster,
        {
            "all": ListRead("v1/pods"),
            "ovs": ListRead("v1/pods", labels="app=ovs"),
            "front": ListRead("v1/pods", labels="tier in (front,back)", keep=PHASE),
            "pending": ListRead("v1/pods", fields="status.phase!=Running"),
            "said": ExecRead("ovs", ("x",)),
        },
    )
    assert names(found["all"]) == ["web", "central", "ovs-1"]
    assert names(found["ovs"]) == ["ovs-1"]
    assert found["front"].items == [
        {"metadata": {"name": "web", "namespace": "default"}, "status": {"phase": "Pending"}}
    ]
    assert names(found["pending"]) == ["web"]
    assert [a.value for a in found["said"].answers] == ["x"]
    assert sorted(cluster.asked) == [("v1/nodes", "", "", ""), ("v1/pods", "", "", "")]


def test_the_server_selects_what_all_readers_share() -> None:
    cluster = PagedCluster({"v1/pods": [pod("a", "ovs"), pod("b", "cni"), pod("c", "other")]})
    (found,) = facts_of(
        cluster,
        {
            "one": ListRead("v1/pods", namespace="kube-system", labels="app=ovs"),
            "two": ListRead("v1/pods", namespace="kube-system", labels="app in (cni)"),
        },
    )
    assert (names(found["one"]), names(found["two"])) == (["a"], ["b"])
    assert cluster.asked == [("v1/pods", "kube-system", "app in (cni,ovs)", "")]


def test_one_selection_goes_to_the_server_as_it_is_written() -> None:
    cluster = PagedCluster({"v1/pods": [pod("a", "ovs")]})
    read = ListRead("v1/pods", labels="app  in (ovs)")
    facts_of(cluster, {"one": read, "two": ListRead("v1/pods", labels="app  in (ovs)", keep=PHASE)})
    assert cluster.asked == [("v1/pods", "", "app  in (ovs)", "")]


def test_a_selector_that_only_the_server_understands_is_asked_alone() -> None:
    cluster = PagedCluster({"v1/pods": Forbidden("no")})
    facts_of(cluster, {"a": ListRead("v1/pods"), "b": ListRead("v1/pods", fields="spec.custom=1")})
    assert sorted(cluster.asked) == [("v1/pods", "", "", ""), ("v1/pods", "", "", "spec.custom=1")]


def test_only_metadata_is_asked_for_where_nothing_else_is_kept() -> None:
    cluster = PagedCluster({"v1/pods": [pod("a", "ovs")], "v1/nodes": [node("n")]})
    (found,) = facts_of(
        cluster,
        {
            "pods": ListRead("v1/pods", keep=("metadata.labels",)),
            "by_label": ListRead("v1/pods", labels="app=ovs", keep=("metadata.labels",)),
            "nodes": ListRead("v1/nodes", keep=("metadata.labels",)),
            "ready": ListRead("v1/nodes", keep=("status.conditions",)),
        },
    )
    assert cluster.metadata_only == ["v1/pods"]
    assert found["pods"].items == [
        {"metadata": {"name": "a", "namespace": "kube-system", "uid": "uid-a", "labels": {"app": "ovs"}}}
    ]
    assert names(found["by_label"]) == ["a"]


def test_a_namespace_is_complete_once_the_pages_are_beyond_it() -> None:
    """Commands start while the rest of 20,000 pods is still coming."""
    gate = threading.Event()
    pods = [
        pod("ovs-1", "ovs", "node-1"),
        other("a", "kube-system-2"),
        *(other(f"w{n}", "web") for n in range(4)),
    ]
    objects = {"v1/pods": pods, "v1/nodes": [node("node-1")]}
    cluster = PagedCluster(objects, command=lambda pod, argv: said("x"), gate=gate)
    assert isinstance(cluster, Cluster)
    facts = Facts(cluster, LAYOUT)
    wanted = facts.want(
        {
            "all": ListRead("v1/pods"),
            "longer": ListRead("v1/pods", namespace="kube-system-2"),
            "said": ExecRead("ovs", ("x",)),
        }
    )
    try:
        facts.start()
        assert [a.value for a in wanted["said"].result(5).answers] == ["x"]
        assert names(wanted["longer"].result(5)) == ["a"]
        assert not wanted["all"].done()
        gate.set()
        assert len(wanted["all"].result(5).items) == 6
    finally:
        gate.set()
        facts.close()


def test_who_may_list_one_namespace_only_gets_it() -> None:
    """The wide list is refused; what it refused is unknown, the rest is asked for in its own namespace."""
    cluster = PagedCluster(
        {"v1/pods": [pod("ovs-1", "ovs", "node-1")], "v1/nodes": [node("node-1")]},
        command=lambda pod, argv: said("x"),
        forbidden=frozenset({"v1/pods"}),
    )
    (found,) = facts_of(
        cluster,
        {
            "all": ListRead("v1/pods"),
            "central": ListRead("v1/pods", namespace="kube-system", labels="app=ovn-central"),
            "said": ExecRead("ovs", ("x",)),
        },
    )
    assert found["all"].failed[0].error == "forbidden"
    assert names(found["central"]) == []
    assert [a.value for a in found["said"].answers] == ["x"]
    places = [where for kind, where, *_ in cluster.asked if kind == "v1/pods"]
    assert places == ["", "kube-system"]


def test_a_wide_list_that_breaks_off_leaves_its_namespaces_known() -> None:
    pods = [*(other(f"a{n}", "apps") for n in range(6)), pod("ovs-1", "ovs", "node-1")]
    cluster = PagedCluster({"v1/pods": pods, "v1/nodes": []}, breaks=1)
    (found,) = facts_of(
        cluster, {"all": ListRead("v1/pods"), "ovs": ListRead("v1/pods", namespace="kube-system")}
    )
    assert found["all"].failed[0].error == "timeout"
    assert names(found["ovs"]) == ["ovs-1"]


def test_a_dead_list_is_not_asked_again_for_every_reader() -> None:
    cluster = PagedCluster({"v1/pods": Timeout("no answer")})
    reads: dict[str, Any] = {f"n{n}": ListRead("v1/pods", namespace=f"n{n}") for n in range(9)}
    (found,) = facts_of(cluster, reads)
    assert {fact.failed[0].error for fact in found.values()} == {"timeout"}
    assert len(cluster.asked) == 1


def test_what_readers_keep_alike_they_share() -> None:
    """Ten checks that keep the conditions of 20,000 pods hold them once, and one name of a node serves all its pods."""
    cluster = PagedCluster({"v1/pods": [other("a", "x"), other("b", "x")]})
    (found,) = facts_of(
        cluster,
        {
            "one": ListRead("v1/pods", keep=("spec.nodeName", "status")),
            "two": ListRead("v1/pods", keep=("status",)),
        },
    )
    one, two = found["one"].items, found["two"].items
    assert one[0]["status"] is two[0]["status"]
    assert one[0]["spec"]["nodeName"] is one[1]["spec"]["nodeName"]


def test_a_later_want_has_a_list_of_its_own() -> None:
    cluster = PagedCluster({"v1/pods": [pod("a", "ovs")]})
    assert isinstance(cluster, Cluster)
    facts = Facts(cluster, LAYOUT)
    try:
        first = facts.want({"a": ListRead("v1/pods", labels="app=ovs")})
        facts.start()
        assert names(first["a"].result(5)) == ["a"]
        again = facts.want({"a": ListRead("v1/pods", labels="app=ovs"), "b": ListRead("v1/pods")})
        assert again["a"] is first["a"]
        assert names(again["b"].result(5)) == ["a"]
    finally:
        facts.close()


def test_a_bundle_holds_one_whole_list_whatever_the_checks_keep() -> None:
    """Recorded once, and replayed to reads that want another part of it, or other fields."""
    cluster = PagedCluster({"v1/pods": [pod("a", "ovs"), pod("b", "cni")], "v1/nodes": [node("n")]})
    assert isinstance(cluster, Cluster)
    tape = Tape()
    recording = Recording(cluster, tape)
    reads: dict[str, Read] = {
        "ovs": ListRead("v1/pods", labels="app=ovs", keep=("metadata.labels",)),
        "cni": ListRead("v1/pods", namespace="kube-system", labels="app=cni", keep=("metadata.labels",)),
    }
    (live,) = facts_of(recording, reads)
    assert [call for call, _ in tape.items()] == [("list", "v1/pods", "", "app in (cni,ovs)", "")]
    past = Replayed(replace(cluster.info, recorded=1.0), tape)
    (again,) = facts_of(past, reads)
    assert [live[name].items for name in reads] == [again[name].items for name in reads]
    assert [live[name].answers[0].raw for name in reads] == [again[name].answers[0].raw for name in reads]
    (other,) = facts_of(past, {"b": ListRead("v1/pods", labels="app=cni", fields="status.phase=Running")})
    assert other["b"].items[0]["status"]["phase"] == "Running"
    (none,) = facts_of(past, {"all": ListRead("v1/pods")})
    assert none["all"].failed[0].error == "absent"
