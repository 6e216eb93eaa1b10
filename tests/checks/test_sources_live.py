"""Metrics and Prometheus through the proxies of a practice cluster: HTTPS, permissions, troubles; and by URL."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from checks.bundle.recording import Recording
from checks.bundle.replay import Replayed
from checks.bundle.tape import Tape
from checks.cluster import NODES, PODS, SERVICES
from checks.errors import ClusterError, Forbidden, Invalid, NotFound, Timeout, Unreachable
from checks.facts import Facts
from checks.layout import load_layout
from checks.live import LiveCluster, connect
from checks.live.web import get_url
from checks.model import ExecRead, Fact, MetricsRead, PrometheusRead, Read
from checks.practice.rbac import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES
from checks.practice.scenario import build_world
from checks.practice.server import PracticeServer
from checks.practice.sim.world import SimWorld
from checks.practice.store import Store
from checks.prom.at import PrometheusAt

LOST = "kube_ovn_dp_flows_lookup_lost"
SHAPE = {"lost": "sum(value.map(s, s.value))"}
METRICS = MetricsRead("pinger", 8080, (LOST,), shape=SHAPE)
EXEC = ExecRead("ovs", ("ovs-appctl", "dpctl/show"), {"regex": r"lost:(?P<lost>\d+)"})
CHAIN = PrometheusRead(LOST, ("hostname",), "ovs", 120.0, shape=SHAPE, alternatives=(METRICS, EXEC))


@pytest.fixture(scope="module")
def world() -> Iterator[SimWorld]:
    world = build_world("monitored", pace=0.02)
    yield world
    world.close()


@pytest.fixture
def server(world: SimWorld) -> Iterator[PracticeServer]:
    with PracticeServer(world) as server:
        yield server


@pytest.fixture
def cluster(server: PracticeServer, tmp_path: Path) -> Iterator[LiveCluster]:
    server.write_kubeconfig(tmp_path / "kubeconfig")
    cluster = connect(kubeconfig=str(tmp_path / "kubeconfig"))
    yield cluster
    cluster.close()


def pinger(store: Store) -> str:
    found = store.scan(PODS, namespace="kube-system", labels="app=kube-ovn-pinger")
    return str(next(iter(found))["metadata"]["name"])


def fact(cluster: object, read: Read, where: PrometheusAt | None = None) -> Fact:
    facts = Facts(cluster, load_layout(), prometheus=where)  # type: ignore[arg-type]
    try:
        future = facts.want({"it": read})["it"]
        facts.start()
        return future.result(timeout=30)
    finally:
        facts.close()


def sources(found: Fact) -> set[str]:
    """The kinds of sources that answered, or what failed."""
    return {answer.error or answer.source.split()[0] for answer in found.answers}


def test_a_pod_s_page_comes_through_the_proxy(cluster: LiveCluster, world: SimWorld) -> None:
    """What the exporter says is what the node's own daemons say."""
    name = pinger(world.store)
    text = cluster.proxied(PODS, "kube-system", name, 8080, "/metrics")
    assert f"# TYPE {LOST} gauge\n" in text
    answered = {a.target: a.value["lost"] for a in fact(cluster, METRICS).answers}
    told = {a.target: a.value["lost"] for a in fact(cluster, EXEC).answers}
    assert answered == told != {}


@pytest.mark.parametrize(
    ("port", "path", "scheme", "kind"),
    [
        (8080, "/nothing", "", NotFound),
        (9999, "/metrics", "", Unreachable),
        (8080, "/metrics", "https", Unreachable),
        (8080, "/../../../../secrets", "", Invalid),
        (8080, "/x/%2e%2e/y", "", NotFound),
    ],
)
def test_what_is_not_served_is_a_typed_error(
    cluster: LiveCluster, world: SimWorld, port: int, path: str, scheme: str, kind: type[ClusterError]
) -> None:
    """A path that leads out of the proxy is not even sent; one that only looks so stays a name."""
    with pytest.raises(kind):
        cluster.proxied(PODS, "kube-system", pinger(world.store), port, path, scheme=scheme)


def test_services_and_nodes(cluster: LiveCluster) -> None:
    """A Service leads to one of its pods; without any there is nobody; a kubelet is not staged."""
    ask = (("query", "sum by (job) (up)"),)
    text = cluster.proxied(SERVICES, "monitoring", "prometheus-k8s", "web", "/api/v1/query", query=ask)
    assert {s["metric"]["job"] for s in json.loads(text)["data"]["result"]} >= {"pinger", "cni-server"}
    with pytest.raises(NotFound):
        cluster.proxied(SERVICES, "monitoring", "nothing", 9090, "/")
    with pytest.raises(Unreachable):
        cluster.proxied(NODES, "", "node-1", 10250, "/metrics")


def test_prometheus_s_own_errors_are_passed_on(cluster: LiveCluster) -> None:
    """What it does not evaluate it refuses, in its own words."""
    ask = (("query", "histogram_quantile(0.9, up)"),)
    with pytest.raises(Invalid, match="does not evaluate"):
        cluster.proxied(SERVICES, "monitoring", "prometheus-k8s", 9090, "/api/v1/query", query=ask)


def test_each_source_takes_the_place_of_the_one_before(cluster: LiveCluster, server: PracticeServer) -> None:
    """Prometheus first; where that is forbidden the pages; where those are, commands."""
    found = fact(cluster, CHAIN)
    assert sources(found) == {"prometheus"}
    server.faults.forbid("get", "services", subresource="proxy")
    again = fact(cluster, CHAIN)
    assert sources(again) == {"metrics"}
    server.faults.forbid("get", "pods", subresource="proxy")
    last = fact(cluster, CHAIN)
    assert sources(last) == {"exec"}
    for one in (again, last):
        assert [a.value for a in one.answers] == [a.value for a in found.answers]
    server.faults.forbid("*", "pods", subresource="exec")
    assert {a.error for a in fact(cluster, CHAIN).answers} == {"forbidden"}


def test_roles_decide_about_proxies(server: PracticeServer, world: SimWorld, tmp_path: Path) -> None:
    """The name a rule has to give is that of the URL, port included."""
    rules = [
        {
            "apiGroups": [""],
            "resources": ["services/proxy"],
            "verbs": ["get"],
            "resourceNames": ["prometheus-k8s:9090"],
        }
    ]
    world.store.create(CLUSTER_ROLES, {"metadata": {"name": "asks"}, "rules": rules})
    binding = {
        "metadata": {"name": "asks"},
        "subjects": [{"kind": "User", "name": "ann"}],
        "roleRef": {"kind": "ClusterRole", "name": "asks"},
    }
    world.store.create(CLUSTER_ROLE_BINDINGS, binding)
    server.write_kubeconfig(tmp_path / "kc")
    cluster = connect(kubeconfig=str(tmp_path / "kc"), as_user="ann")
    ask = (("query", "up"),)
    try:
        assert cluster.proxied(SERVICES, "monitoring", "prometheus-k8s", 9090, "/api/v1/query", query=ask)
        with pytest.raises(Forbidden, match="proxy"):
            cluster.proxied(SERVICES, "monitoring", "prometheus-k8s", "web", "/api/v1/query", query=ask)
        with pytest.raises(Forbidden):
            cluster.proxied(PODS, "kube-system", pinger(world.store), 8080, "/metrics")
    finally:
        cluster.close()


@pytest.mark.parametrize("trouble", ["hang", "trickle"])
def test_a_server_that_does_not_come_to_an_end_costs_its_deadline(
    cluster: LiveCluster, server: PracticeServer, world: SimWorld, trouble: str
) -> None:
    """Neither silence nor a byte at a time holds a call."""
    getattr(server.faults, trouble)("/proxy/metrics")
    with pytest.raises(Timeout):
        cluster.proxied(PODS, "kube-system", pinger(world.store), 8080, "/metrics", timeout=0.4)


def test_a_page_beyond_the_limit_is_refused(cluster: LiveCluster, world: SimWorld) -> None:
    """Whatever a pod serves, memory is bounded."""
    with pytest.raises(ClusterError, match="larger than"):
        cluster.proxied(PODS, "kube-system", pinger(world.store), 8080, "/metrics", limit=100)


def test_a_recording_answers_the_same(cluster: LiveCluster) -> None:
    """Pages, samples and queries replay byte for byte."""
    sampled = MetricsRead("pinger", 8080, (LOST,), samples=2, apart=1.0)
    tape = Tape()
    live = [fact(Recording(cluster, tape), read) for read in (CHAIN, METRICS, sampled)]
    replayed = [fact(Replayed(cluster.info, tape), read) for read in (CHAIN, METRICS, sampled)]
    for one, other in zip(live, replayed, strict=True):
        assert [(a.target, a.raw, a.error) for a in one.answers] == [
            (a.target, a.raw, a.error) for a in other.answers
        ]


@pytest.mark.parametrize("where", [None, PrometheusAt.service("monitoring/prometheus-k8s:web")])
def test_a_recording_knows_where_prometheus_was_asked(
    cluster: LiveCluster, where: PrometheusAt | None
) -> None:
    """Found or configured: a replay needs neither the settings nor the Services."""
    tape = Tape()
    read = PrometheusRead(LOST, ("hostname",), "ovs", 120.0)
    live = fact(Recording(cluster, tape), read, where)
    again = fact(Replayed(replace(cluster.info, recorded=1.0), tape), read, PrometheusAt(url="http://other"))
    assert [(a.target, a.raw, a.source) for a in again.answers] == [
        (a.target, a.raw, a.source) for a in live.answers
    ]
    assert len(again.good) == 4


# --- Prometheus by URL


class _Page(threading.Thread):
    """A server of one fixed answer on loopback, which keeps what it was sent."""

    def __init__(self, code: int, body: str) -> None:
        from http.server import BaseHTTPRequestHandler, HTTPServer

        super().__init__(daemon=True)
        sent: list[tuple[str, str]] = []

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                sent.append((self.path, self.headers.get("Authorization", "")))
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.sent = sent
        self.server = HTTPServer(("127.0.0.1", 0), Answer)
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def run(self) -> None:
        self.server.serve_forever(0.05)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.join()


def test_a_url_is_asked_with_its_own_token_only(cluster: LiveCluster, tmp_path: Path) -> None:
    """The cluster's credentials stay with the cluster."""
    page = _Page(200, '{"status":"success"}')
    (tmp_path / "token").write_text("s3cret\n")
    try:
        ask = (("query", 'up{job="a b"}'),)
        assert cluster.fetched(f"{page.url}/q", query=ask) == '{"status":"success"}'
        cluster.fetched(f"{page.url}/q", token_file=str(tmp_path / "token"))
        assert page.sent == [("/q?query=up%7Bjob%3D%22a+b%22%7D", ""), ("/q", "Bearer s3cret")]
    finally:
        page.close()


@pytest.mark.parametrize(
    ("code", "kind"), [(401, Forbidden), (404, NotFound), (422, Invalid), (500, ClusterError)]
)
def test_what_a_url_refuses_is_a_typed_error(code: int, kind: type[ClusterError]) -> None:
    """Its 401 is not the cluster's: nobody logs in anew for it."""
    page = _Page(code, "no")
    try:
        with pytest.raises(kind):
            get_url(page.url, query=(), token_file="", ca_file="", timeout=5, limit=1000)
        assert len(page.sent) == 1
    finally:
        page.close()


@pytest.mark.parametrize("url", ["file:///etc/passwd", "prometheus:9090", "http://", "http://127.0.0.1:1/"])
def test_no_url_leads_to_files_or_nowhere(url: str) -> None:
    """Only http and https, and only what answers."""
    with pytest.raises(Unreachable):
        get_url(url, query=(), token_file="", ca_file="", timeout=2, limit=1000)


def test_a_token_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Before anything is sent."""
    page = _Page(200, "x")
    try:
        with pytest.raises(Unreachable, match="token"):
            get_url(page.url, query=(), token_file=str(tmp_path / "none"), ca_file="", timeout=2, limit=9)
        assert page.sent == []
    finally:
        page.close()
