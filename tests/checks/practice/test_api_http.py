"""The practice API server on the wire: who may in, discovery, watches, tables and what it refuses."""

from __future__ import annotations

import json
import ssl
import stat
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.cluster import PODS
from checks.practice.kinds import builtin_kinds, named
from checks.practice.ovnkinds import KUBE_OVN_1_9, kube_ovn_kinds
from checks.practice.server import PracticeServer
from checks.practice.store import Store
from tests.checks.practice.scripted import IPS, SUBNETS, ScriptedWorld

Ask = Callable[..., tuple[int, Any]]


def asker(server: PracticeServer) -> Ask:
    context = ssl.create_default_context(cadata=server.authority.pem.decode())

    def ask(path: str, method: str = "GET", body: Any = None, **headers: str) -> tuple[int, Any]:
        data = None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
        sent |= {key.replace("_", "-"): value for key, value in headers.items()}
        request = urllib.request.Request(server.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, context=context, timeout=10) as answer:
                code, raw = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                code, raw = error.code, error.read()
        return code, json.loads(raw) if raw[:1] in (b"{", b"[") else raw.decode()

    return ask


@pytest.fixture
def ask(server: PracticeServer) -> Ask:
    return asker(server)


def test_nobody_gets_in_without_the_token(ask: Ask) -> None:
    code, body = ask("/api/v1/pods", Authorization="Bearer wrong")
    assert (code, body["reason"], body["message"]) == (401, "Unauthorized", "Unauthorized")
    assert ask("/api/v1/pods", Authorization="")[0] == 401
    assert ask("/readyz", Authorization="")[1] == "ok"


def test_the_kubeconfig_is_private(kubeconfig: Path, server: PracticeServer) -> None:
    assert stat.S_IMODE(kubeconfig.stat().st_mode) == 0o600
    assert server.token in kubeconfig.read_text()


def test_discovery_names_what_is_served(ask: Ask) -> None:
    assert ask("/version")[1]["gitVersion"] == "v1.28.3"
    groups = {group["name"] for group in ask("/apis")[1]["groups"]}
    assert {"apps", "kubeovn.io", "authorization.k8s.io"} <= groups
    resources = {r["name"]: r for r in ask("/apis/kubeovn.io/v1")[1]["resources"]}
    assert resources["ips"]["shortNames"] == ["ip"]
    assert "subnets/status" in resources
    assert "ips/status" not in resources
    assert "pods/exec" in {r["name"] for r in ask("/api/v1")[1]["resources"]}


def test_kinds_of_another_release_are_not_there() -> None:
    """A cluster on Kube-OVN 1.9 has no EIPs: 404 in plain text, as the real server answers."""
    old = ScriptedWorld(Store((*builtin_kinds(), *named(kube_ovn_kinds(), KUBE_OVN_1_9))))
    with PracticeServer(old) as server:
        ask = asker(server)
        assert ask("/apis/kubeovn.io/v1/iptables-eips") == (404, "404 page not found\n")
        assert ask("/apis/kubeovn.io/v1/subnets")[0] == 200
        assert ask("/apis/other.io/v1") == (404, "404 page not found\n")


def test_pages(ask: Ask, world: ScriptedWorld) -> None:
    for number in range(5):
        world.store.create(IPS, {"metadata": {"name": f"ip-{number}"}})
    _, first = ask("/apis/kubeovn.io/v1/ips?limit=4")
    assert first["metadata"]["remainingItemCount"] == 2
    _, second = ask(f"/apis/kubeovn.io/v1/ips?limit=4&continue={first['metadata']['continue']}")
    assert len(first["items"] + second["items"]) == 6
    assert "continue" not in second["metadata"]
    assert ask("/apis/kubeovn.io/v1/ips?continue=nonsense")[0] == 400


@pytest.mark.parametrize(
    ("path", "method", "body", "content", "code"),
    [
        (
            "/apis/kubeovn.io/v1/subnets/ovn-default",
            "PATCH",
            {},
            "application/strategic-merge-patch+json",
            415,
        ),
        ("/apis/kubeovn.io/v1/subnets/ovn-default", "PATCH", {}, "text/plain", 415),
        ("/apis/kubeovn.io/v1/subnets/ovn-default", "PATCH", {}, "application/json-patch+json", 400),
        (
            "/apis/kubeovn.io/v1/subnets?dryRun=Some",
            "POST",
            {"kind": "Subnet", "metadata": {"name": "x"}},
            "application/json",
            422,
        ),
        (
            "/apis/kubeovn.io/v1/subnets",
            "POST",
            {"kind": "Subnet", "metadata": {"name": "X"}},
            "application/json",
            422,
        ),
        ("/apis/kubeovn.io/v1/subnets", "POST", {"metadata": {"name": "x"}}, "application/json", 400),
        ("/apis/kubeovn.io/v1/subnets", "POST", {"kind": "Subnet"}, "text/plain", 415),
        ("/apis/kubeovn.io/v1/subnets", "POST", [], "application/json", 400),
        ("/apis/kubeovn.io/v1/subnets", "POST", {"metadata": "x"}, "application/json", 400),
        ("/apis/kubeovn.io/v1/subnets/ovn-default", "DELETE", [], "application/json", 400),
        ("/apis/kubeovn.io/v1/subnets/ovn-default", "PUT", 1, "application/json", 400),
        ("/apis/kubeovn.io/v1/subnets/ovn-default", "PATCH", None, "application/merge-patch+json", 400),
        ("/apis/kubeovn.io/v1/subnets/ovn-default", "POST", {}, "application/json", 405),
        ("/apis/kubeovn.io/v1/namespaces/default/subnets", "GET", None, "", 404),
        ("/apis/kubeovn.io/v1/ips/a.default/status", "GET", None, "", 404),
        ("/api/v1/namespaces/kube-system/pods/ovs-ovn-1/exec?command=x", "GET", None, "", 400),
        ("/api/v1/namespaces/kube-system/pods/ovs-ovn-1/log?tailLines=x", "GET", None, "", 400),
    ],
)
def test_refusals(ask: Ask, path: str, method: str, body: Any, content: str, code: int) -> None:
    assert ask(path, method, body, Content_Type=content)[0] == code


def test_the_status_is_a_subresource(ask: Ask, world: ScriptedWorld) -> None:
    path = "/apis/kubeovn.io/v1/subnets/ovn-default/status"
    patch = {"status": {"v4usingIPs": 9}, "spec": {"mtu": 1}}
    code, body = ask(path, "PATCH", patch, Content_Type="application/merge-patch+json")
    assert (code, body["status"]["v4usingIPs"]) == (200, 9)
    assert "mtu" not in world.store.get(SUBNETS, "ovn-default")["spec"]


def test_evictions_delete(ask: Ask, world: ScriptedWorld) -> None:
    path = "/api/v1/namespaces/kube-system/pods/ovs-ovn-1/eviction"
    body = {"kind": "Eviction", "apiVersion": "policy/v1", "metadata": {"name": "ovs-ovn-1"}}
    assert ask(path, "POST", body)[0] == 201
    assert world.store.find(PODS, "ovs-ovn-1", "kube-system") is None


def test_a_collection_can_be_deleted(ask: Ask, world: ScriptedWorld) -> None:
    assert ask("/api/v1/namespaces/kube-system/pods?fieldSelector=spec.nodeName=node-2", "DELETE")[0] == 200
    assert [p["metadata"]["name"] for p in world.store.all(PODS)] == ["ovs-ovn-1"]


def test_tables_for_those_who_ask(ask: Ask) -> None:
    accept = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
    _, table = ask("/api/v1/pods", Accept=accept)
    assert [column["name"] for column in table["columnDefinitions"]][:5] == [
        "Name",
        "Ready",
        "Status",
        "Restarts",
        "Age",
    ]
    assert table["rows"][0]["cells"][:4] == ["ovs-ovn-1", "1/1", "Running", "2"]
    assert table["rows"][0]["object"]["kind"] == "PartialObjectMetadata"


def test_watches_see_what_comes_in_and_goes_out_of_sight(
    server: PracticeServer, world: ScriptedWorld
) -> None:
    """A label selector turns changes into additions and deletions; the watch ends at its own timeout."""
    version = world.store.version
    path = f"/apis/kubeovn.io/v1/subnets?watch=true&resourceVersion={version}&timeoutSeconds=20&labelSelector=a%3Db"
    events: list[tuple[str, str]] = []
    full = threading.Event()

    def follow() -> None:
        context = ssl.create_default_context(cadata=server.authority.pem.decode())
        request = urllib.request.Request(
            server.url + path, headers={"Authorization": f"Bearer {server.token}"}
        )
        with urllib.request.urlopen(request, context=context, timeout=20) as answer:
            for line in lines(answer):
                events.append((line["type"], line["object"]["metadata"]["name"]))
                if len(events) == 4:
                    full.set()
                    return

    def lines(answer: Any) -> Iterator[dict[str, Any]]:
        while raw := answer.readline():
            yield json.loads(raw)

    thread = threading.Thread(target=follow)
    thread.start()
    world.store.create(SUBNETS, {"metadata": {"name": "other"}})
    world.store.create(SUBNETS, {"metadata": {"name": "s", "labels": {"a": "b"}}})
    world.store.modify(SUBNETS, "s", lambda o: o.update(spec={"mtu": 1}))
    world.store.modify(SUBNETS, "s", lambda o: o["metadata"]["labels"].update(a="c"))
    world.store.modify(SUBNETS, "s", lambda o: o["metadata"]["labels"].update(a="b"))
    assert full.wait(10)
    thread.join(10)
    assert events == [("ADDED", "s"), ("MODIFIED", "s"), ("DELETED", "s"), ("ADDED", "s")]


def test_watching_from_too_long_ago_is_expired(ask: Ask) -> None:
    _, event = ask("/api/v1/pods?watch=true&resourceVersion=1&timeoutSeconds=1")
    assert (event["type"], event["object"]["code"], event["object"]["reason"]) == ("ERROR", 410, "Expired")


def test_it_stops_and_starts_anew(world: ScriptedWorld) -> None:
    server = PracticeServer(world)
    for _ in range(2):
        server.start()
        assert asker(server)("/readyz")[1] == "ok"
        server.stop()
        server.stop()


def test_a_taken_port_is_an_error(server: PracticeServer, world: ScriptedWorld) -> None:
    with pytest.raises(OSError, match="in use"):
        PracticeServer(world, port=int(server.url.rpartition(":")[2])).start()


def test_a_world_that_breaks_is_an_internal_error(ask: Ask, world: ScriptedWorld) -> None:
    def break_(*_: object) -> None:
        raise RuntimeError("controller crashed")

    world.store.subscribe(break_)
    code, body = ask("/apis/kubeovn.io/v1/subnets", "POST", {"kind": "Subnet", "metadata": {"name": "s"}})
    assert (code, body["reason"]) == (500, "InternalError")
    assert "controller crashed" in body["message"]
