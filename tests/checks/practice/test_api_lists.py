"""Lists on the wire: pages of one moment, forms, selectors, resource versions; and what the server counts."""

from __future__ import annotations

import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from checks.cluster import NODES, PODS, ExecResult
from checks.live import LiveCluster, connect
from checks.practice import slowness
from checks.practice import store as store_module
from checks.practice.counters import PATH
from checks.practice.server import PracticeServer
from tests.checks.memory_cluster import until
from tests.checks.practice.scripted import IPS, SUBNETS, ScriptedWorld, pod
from tests.checks.practice.test_api_http import Ask, asker

IPS_PATH = "/apis/kubeovn.io/v1/ips"
METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"


@pytest.fixture
def ask(server: PracticeServer) -> Ask:
    return asker(server)


def ips(world: ScriptedWorld, *numbers: int) -> None:
    for number in numbers:
        body = {
            "metadata": {"name": f"ip-{number}", "labels": {"odd": str(number % 2)}},
            "spec": {"n": number},
        }
        world.store.create(IPS, body)


def names(body: Any) -> list[str]:
    return [item["metadata"]["name"] for item in body["items"]]


def test_pages_are_of_the_moment_of_the_first(ask: Ask, world: ScriptedWorld) -> None:
    """What is created, changed and deleted meanwhile shows only in a new list."""
    ips(world, 1, 2, 3, 4)
    before = names(ask(IPS_PATH)[1])
    _, first = ask(f"{IPS_PATH}?limit=2")
    ips(world, 9)
    world.store.delete(IPS, "ip-4")
    world.store.modify(IPS, "ip-3", lambda body: body.update(spec={"n": 33}))
    _, second = ask(f"{IPS_PATH}?limit=9&continue={first['metadata']['continue']}")
    assert names(first) + names(second) == before
    assert [i["spec"]["n"] for i in second["items"] if i["metadata"]["name"] == "ip-3"] == [3]
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]
    assert "ip-9" in names(ask(IPS_PATH)[1])


def test_a_moment_too_long_ago_is_gone(ask: Ask, world: ScriptedWorld) -> None:
    """410 with a token that goes on with whatever there is now; the client of klinik begins anew instead."""
    ips(world, 1, 2, 3)
    _, first = ask(f"{IPS_PATH}?limit=2")
    for number in range(store_module._KEPT_CHANGES + 1):
        world.store.modify(SUBNETS, "ovn-default", partial(dict.update, spec={"mtu": number}))
    world.store.create(IPS, {"metadata": {"name": "zz"}})
    code, gone = ask(f"{IPS_PATH}?limit=2&continue={first['metadata']['continue']}")
    assert (code, gone["reason"]) == (410, "Expired")
    _, rest = ask(f"{IPS_PATH}?continue={gone['metadata']['continue']}")
    assert names(first) + names(rest) == ["a.default", "ip-1", "ip-2", "ip-3", "zz"]


def test_resource_versions_of_lists(ask: Ask, world: ScriptedWorld) -> None:
    ips(world, 1)
    then = ask(IPS_PATH)[1]["metadata"]["resourceVersion"]
    ips(world, 2)
    assert names(ask(f"{IPS_PATH}?resourceVersion={then}&resourceVersionMatch=Exact")[1])[-1] == "ip-1"
    assert names(ask(f"{IPS_PATH}?resourceVersion={then}&resourceVersionMatch=NotOlderThan")[1])[-1] == "ip-2"
    assert names(ask(f"{IPS_PATH}?resourceVersion=0")[1])[-1] == "ip-2"
    assert ask(f"{IPS_PATH}?resourceVersion=999999999&resourceVersionMatch=Exact")[0] == 504
    for wrong in ("resourceVersionMatch=Exact", "resourceVersion=x", "limit=-1", "limit=x", "continue=bm8"):
        assert ask(f"{IPS_PATH}?{wrong}")[0] == 400, wrong


def test_metadata_alone(ask: Ask, world: ScriptedWorld) -> None:
    ips(world, 1)
    _, body = ask(IPS_PATH, Accept=METADATA)
    assert (body["kind"], body["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert names(body) == ["a.default", "ip-1"]
    assert all(set(item) == {"kind", "apiVersion", "metadata"} for item in body["items"])
    _, one = ask(f"{IPS_PATH}/ip-1", Accept=METADATA.replace("List", ""))
    assert (one["kind"], one["metadata"]["labels"]) == ("PartialObjectMetadata", {"odd": "1"})
    assert "spec" not in one


def test_a_table_in_pages(ask: Ask, world: ScriptedWorld) -> None:
    ips(world, 1, 2, 3)
    _, first = ask(f"{IPS_PATH}?limit=3", Accept=TABLE)
    _, second = ask(f"{IPS_PATH}?limit=3&continue={first['metadata']['continue']}", Accept=TABLE)
    assert [row["cells"][0] for row in first["rows"] + second["rows"]] == [
        "a.default",
        "ip-1",
        "ip-2",
        "ip-3",
    ]


def test_selectors_choose_before_pages(ask: Ask, world: ScriptedWorld) -> None:
    """How many are left is not said then, as by the real server."""
    ips(world, *range(1, 8))
    _, first = ask(f"{IPS_PATH}?labelSelector=odd%3D1&limit=3")
    assert names(first) == ["ip-1", "ip-3", "ip-5"]
    assert "remainingItemCount" not in first["metadata"]
    token = first["metadata"]["continue"]
    assert names(ask(f"{IPS_PATH}?labelSelector=odd%3D1&limit=3&continue={token}")[1]) == ["ip-7"]
    _, found = ask("/api/v1/pods?fieldSelector=spec.nodeName%3Dnode-2")
    assert names(found) == ["ovs-ovn-2"]


def test_what_was_encoded_before_is_not_old(ask: Ask, world: ScriptedWorld) -> None:
    """A list asked for again says every change between, and each namespace is its own."""
    world.store.create(PODS, pod("in-default"), namespace="default")
    for number in range(3):
        ips(world, number)
        assert f"ip-{number}" in names(ask(IPS_PATH)[1])
        world.store.delete(IPS, f"ip-{number}")
        assert f"ip-{number}" not in names(ask(IPS_PATH)[1])
    assert names(ask("/api/v1/namespaces/default/pods")[1]) == ["in-default"]
    assert "in-default" not in names(ask("/api/v1/namespaces/kube-system/pods")[1])


def test_it_can_be_as_slow_as_a_real_server(world: ScriptedWorld, tmp_path: Path) -> None:
    """Time for every object of a page and for every command; no more commands a second than there."""
    world.commands["true"] = lambda argv, out: ExecResult("", "", 0)
    with PracticeServer(world, slowness=2.0) as server:
        server.write_kubeconfig(tmp_path / "config")
        slow = connect(kubeconfig=str(tmp_path / "config"))
        began = time.monotonic()
        assert list(slow.list(PODS))
        assert time.monotonic() - began >= 2 * (slowness.CALL + 2 * slowness.POD)
        began = time.monotonic()
        threads = [
            threading.Thread(target=slow.exec, args=("kube-system", "ovs-ovn-1", "openvswitch", ("true",)))
            for _ in range(6)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - began
        slow.close()
    assert took >= max(2 * slowness.COMMAND, 6 * 2 / slowness.COMMANDS_A_SECOND)


# --- what it counts


def test_requests_are_counted(ask: Ask, cluster: LiveCluster, world: ScriptedWorld) -> None:
    """Lists apart from their further pages; commands apart from calls to the API server."""
    ips(world, 1, 2, 3)
    ask(PATH, "DELETE")
    list(cluster.list(IPS, page=2))
    list(cluster.list(PODS, labels="app=ovs"))
    cluster.get(SUBNETS, "ovn-default")
    world.commands["true"] = lambda argv, out: ExecResult("", "", 0)
    cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("true",))
    _, found = ask(f"{PATH}?requests")
    assert found["lists"] == {"ips.kubeovn.io": 1, "pods": 1}
    assert found["pages"] == {"ips.kubeovn.io": 2, "pods": 1}
    assert (found["verbs"]["get"], found["verbs"]["exec"]) == (1, 1)
    assert found["most_at_once"] == {"api": 1, "commands": 1}
    targets = [request["target"] for request in found["requests"]]
    assert targets[0] == f"{IPS_PATH}?limit=2"
    assert targets[-1].startswith("/api/v1/namespaces/kube-system/pods/ovs-ovn-1/exec?")


def test_requests_at_once_are_counted(ask: Ask, cluster: LiveCluster, server: PracticeServer) -> None:
    """Those that wait count from when they come until they are answered."""
    server.faults.delay("/nodes", 0.3, times=3)
    threads = [threading.Thread(target=lambda: list(cluster.list(NODES))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert until(lambda: ask(PATH)[1]["most_at_once"] == {"api": 3})
    ask(PATH, "DELETE")
    list(cluster.list(NODES))
    assert ask(PATH)[1]["most_at_once"] == {"api": 1}, "none is left over"


def test_only_the_administrator_reads_the_counters(ask: Ask) -> None:
    assert ask(PATH)[0] == 200
    assert ask(PATH, Impersonate_User="jane")[0] == 404
    assert ask(PATH, Authorization="")[0] == 401
