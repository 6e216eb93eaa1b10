"""Reads of Prometheus against the real one of Debian's packages, by URL and behind a Service of a practice cluster."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from checks.catalogue import load_catalogue
from checks.cluster import PODS, Object
from checks.facts import Facts
from checks.layout import load_layout
from checks.live import LiveCluster, connect
from checks.model import ExecRead, Fact, PrometheusRead, Read, branches
from checks.parse import parse
from checks.parsers.prometheus import answer
from checks.practice.proxies import Served
from checks.practice.scenario import build_world
from checks.practice.server import PracticeServer
from checks.practice.sim.exporters import container_of
from checks.practice.sim.world import SimWorld
from checks.prom.at import PrometheusAt
from checks.prom.selecting import narrowed
from checks.runner import run_all
from checks.specs.readspec import fill
from kb.model import CheckUse
from tests.checks.troubled import LyingWorld
from tests.prometheus.server import Pages, RealPrometheus, missing

pytestmark = pytest.mark.skipif(
    missing(), reason="not installed: prometheus or its node exporter; see install.sh"
)

LOST = "kube_ovn_dp_flows_lookup_lost"
OLD = 200
"""Seconds: how old the samples of the page with times of its own are."""
FLEET = ("test", "prod", 'a"b\\c')
"""Clusters whose series are in one place; those of the second one are 11 and 12."""
EXEC = ExecRead("ovs", ("ovs-appctl", "dpctl/show"), {"regex": r"lost:(?P<lost>\d+)"})
SHAPE = {"lost": "sum(value.map(s, s.value))"}


class Monitored(LyingWorld):
    """The staged cluster, with the real program behind the Service that the simulated one stands behind."""

    real: RealPrometheus | None = None

    def served(
        self, pod: Object, port: int, scheme: str, path: str, query: Mapping[str, str]
    ) -> Served | None:
        if container_of(pod) != "prometheus" or self.real is None:
            return self.truth.served(pod, port, scheme, path, query)
        try:
            with urlopen(f"{self.real.url}{path}?{urlencode(query)}", timeout=5) as found:
                return Served(found.read().decode(), found.status, found.headers["Content-Type"])
        except HTTPError as error:
            with error:
                return Served(error.read().decode(), error.code, "application/json")


class Bed:
    """Everything that runs, and klinik's view of it."""

    def __init__(self, world: Monitored, real: RealPrometheus, cluster: LiveCluster, quiet: set[str]) -> None:
        self.world, self.real, self.cluster, self.quiet = world, real, cluster, quiet

    def fact(self, read: Read, where: PrometheusAt | None = None) -> Fact:
        facts = Facts(self.cluster, load_layout(), prometheus=where)
        try:
            future = facts.want({"it": read})["it"]
            facts.start()
            return future.result(timeout=30)
        finally:
            facts.close()

    def asked(self, query: str) -> list[dict[str, Any]]:
        with urlopen(f"{self.real.url}/api/v1/query?{urlencode({'query': query})}", timeout=5) as found:
            return answer(found.read().decode())


def _pages(world: SimWorld, quiet: set[str]) -> dict[str, Callable[[], str]]:
    """The pingers' own pages by node, and one whose samples carry old times of their own."""
    pods = world.store.all(PODS, namespace="kube-system", labels="app=kube-ovn-pinger")

    def page(pod: Object) -> str:
        found = world.served(pod, 8080, "", "/metrics", {})
        assert found is not None
        return found.text if pod["spec"]["nodeName"] not in quiet else ""

    pages: dict[str, Callable[[], str]] = {
        f"/{pod['spec']['nodeName']}/metrics": lambda pod=pod: page(pod)  # type: ignore[misc]
        for pod in pods
    }
    pages["/old/metrics"] = lambda: f'lagging{{hostname="node-1"}} 5 {int((time.time() - OLD) * 1000)}\n'
    pages["/fleet/metrics"] = _fleet
    pages["/odd/metrics"] = lambda: 'odd{hostname="node-1"} NaN\nodd{hostname="node-2"} +Inf\n'
    return pages


def _fleet() -> str:
    """Series of several clusters under the same names, also under names that are operators elsewhere."""
    lines = [
        f'{name}{{cluster={json.dumps(cluster)},hostname="node-{node}"}} {value * 10 + node}'
        for name in ("by", "or", "shared", "start")
        for value, cluster in enumerate(FLEET)
        for node in (1, 2)
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    folder = tmp_path_factory.mktemp("prometheus")
    world = Monitored(build_world("monitored", pace=0.02))
    quiet: set[str] = set()
    pages = _pages(world.truth, quiet)
    served = Pages(pages)
    real = RealPrometheus(folder, served.address, list(pages))
    world.real = real
    try:
        with PracticeServer(world) as server:
            server.write_kubeconfig(folder / "kubeconfig")
            cluster = connect(kubeconfig=str(folder / "kubeconfig"))
            bed = Bed(world, real, cluster, quiet)
            real.wait(lambda: _scraped(bed), "a scrape of every page")
            yield bed
            cluster.close()
    finally:
        real.close()
        served.close()
        world.truth.close()


def _scraped(bed: Bed) -> bool:
    try:
        return len(bed.asked(LOST)) == 4 and len(bed.asked("lagging")) == 1
    except OSError:
        return False


@pytest.fixture(params=["service", "url"])
def where(request: pytest.FixtureRequest, bed: Bed) -> PrometheusAt | None:
    """Found by its labels and asked through the API server, or by the URL of the settings."""
    return PrometheusAt(url=bed.real.url) if request.param == "url" else None


def test_one_query_answers_for_all_nodes(bed: Bed, where: PrometheusAt | None) -> None:
    """What Prometheus scraped is what the commands say."""
    read = PrometheusRead(LOST, ("hostname",), "ovs", 60.0, shape=SHAPE)
    found, told = bed.fact(read, where), bed.fact(EXEC)
    assert len(found.good) == 4
    assert {a.target: a.value for a in found.answers} == {a.target: a.value for a in told.answers}
    assert found.answers[0].command[0] == ("curl" if where else "kubectl")


def test_a_sample_s_own_age_counts(bed: Bed, where: PrometheusAt | None) -> None:
    """The API answers with the time of the query; the sample under it is 200 s old."""
    young = PrometheusRead("lagging", ("hostname",), max_age=120.0)
    (refused,) = bed.fact(young, where).answers
    assert (refused.error, refused.target) == ("absent", "node-1")
    (taken,) = bed.fact(PrometheusRead("lagging", ("hostname",), max_age=280.0), where).answers
    assert taken.value[0]["value"] == 5
    assert abs(taken.value[0]["at"] - time.time()) < 30, "what the API says is the time of the query"
    inside = PrometheusRead("sum by (hostname) (lagging) * 2", ("hostname",), max_age=120.0)
    assert [a.error for a in bed.fact(inside, where).answers] == ["absent"]


def test_history_is_what_was_scraped(bed: Bed, where: PrometheusAt | None) -> None:
    """A span brings points along, up to the server's own present."""

    def known() -> bool:
        series = bed.asked(f"({LOST})[10s:1s]")
        return len(series) == 4 and all(len(one["values"]) >= 2 for one in series)

    bed.real.wait(known, "two points of history")
    (first, *_) = bed.fact(PrometheusRead(LOST, ("hostname",), "ovs", span=10.0, step=1.0), where).answers
    points = first.value[0]["values"]
    assert len(points) >= 2
    assert points[-1]["at"] - points[0]["at"] >= 1
    assert first.value[0]["value"] == points[-1]["value"]


def test_what_is_no_number_is_no_answer(bed: Bed, where: PrometheusAt | None) -> None:
    """NaN and infinity compare as nothing; they must not compare as health."""
    assert bed.fact(PrometheusRead("odd", ("hostname",)), where).error == "absent"


def test_queries_that_it_refuses_say_why(bed: Bed, where: PrometheusAt | None) -> None:
    """Its own words come through both ways."""
    found = bed.fact(PrometheusRead(f"sum({LOST}, 1)", ("hostname",)), where)
    assert found.error == "invalid"
    assert "parse error" in found.message.en.lower()
    assert bed.fact(PrometheusRead("no_such_metric", ("hostname",)), where).error == "absent"


def test_a_node_that_is_no_longer_scraped_is_asked_by_command(bed: Bed, where: PrometheusAt | None) -> None:
    """Prometheus marks its series stale; only that node costs a command."""
    bed.quiet.add("node-3")
    try:
        bed.real.wait(lambda: len(bed.asked(LOST)) == 3, "the series of node-3 to become stale")
        read = PrometheusRead(LOST, ("hostname",), "ovs", 60.0, shape=SHAPE, alternatives=(EXEC,))
        found = bed.fact(read, where)
        assert [a.source.split()[0] for a in found.answers] == [
            "prometheus",
            "prometheus",
            "exec",
            "prometheus",
        ]
        assert not found.failed
    finally:
        bed.quiet.clear()
        bed.real.wait(lambda: len(bed.asked(LOST)) == 4, "node-3 to be back")


@pytest.mark.parametrize(
    "query",
    [
        LOST,
        f'{LOST}{{hostname=~"node-[12]"}}',
        f"timestamp({LOST})",
        f"sum by (hostname) ({LOST})",
        f"count({LOST})",
        "kube_ovn_ovs_status",
        f"topk(9, {LOST} > 1) or vector(3)",
        f"({LOST} + 2) * 3 / {LOST} - -1",
        f'label_replace({LOST}, "node", "n-$1", "hostname", "node-(.*)")',
        f'max by (hostname) (timestamp({LOST}{{hostname!="node-1"}})) * 0',
        "nothing > 5",
    ],
)
def test_the_practice_cluster_s_prometheus_answers_as_the_real_one(bed: Bed, query: str) -> None:
    """The same series with the same values, but for the labels of the scrape."""
    ask = {"query": query}
    real = bed.asked(query)
    pod = next(
        p for p in bed.world.store.scan(PODS, namespace="monitoring") if container_of(p) == "prometheus"
    )
    simulated = bed.world.truth.served(pod, 9090, "", "/api/v1/query", ask)
    assert simulated is not None
    values = "timestamp" not in query

    def plain(samples: list[dict[str, Any]]) -> list[str]:
        scrape = ("job", "instance", "namespace", "pod")
        kept = [
            {
                "name": sample.get("name", ""),
                **{k: v for k, v in sample["labels"].items() if k not in scrape},
                **({"=": sample["value"]} if values else {}),
            }
            for sample in samples
        ]
        return sorted(json.dumps(one, sort_keys=True) for one in kept)

    assert plain(answer(simulated.text)) == plain(real)


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("shared", [11, 12]),
        ("shared{}", [11, 12]),
        ('shared{hostname="node-1",}', [11]),
        ("start + start # {\n + by", [33, 36]),
        ("by or or or shared", [11, 12]),
        ("shared > bool (shared)", [0, 0]),
        ("sum by (cluster) (or)", [23]),
        ("sum(shared) BY (cluster, hostname) / ON (hostname) GROUP_LEFT (cluster) start", [1, 1]),
        ('label_replace(shared, "to", "{$1}", "hostname", "(.*)")', [11, 12]),
        ('{__name__=~"shared|or"} unless on () vector(1) == 2', [11, 11, 12, 12]),
        ("max_over_time((shared + 1)[10s:1s] offset -1s)", [12, 13]),
        ("-shared ^ 1 + vector(0) or shared @ end()", [11, 12]),
        ("count(shared) + count(start) - 4", [0]),
        ("topk(5, shared) and on (hostname) by", [11, 12]),
    ],
)
def test_nothing_of_another_cluster_comes_through(bed: Bed, query: str, values: list[float]) -> None:
    """A narrowed query gives what the query would give where only this cluster's series are."""
    bed.real.wait(lambda: len(bed.asked("shared")) == 2 * len(FLEET), "the series of all clusters")
    told = bed.asked(narrowed(query, (("cluster", "prod"),)))
    assert sorted(one["value"] for one in told) == values
    assert {one["labels"].get("cluster", "prod") for one in told} == {"prod"}


def test_a_choice_that_matches_nothing_is_no_answer(bed: Bed) -> None:
    """An unknown name is absent, so that the next source is asked; the right one answers."""
    read = PrometheusRead("shared", ("hostname",), max_age=60.0)
    here = PrometheusAt(url=bed.real.url)
    assert bed.fact(read, replace(here, match=(("cluster", "nowhere"),))).error == "absent"
    for number, name in enumerate(FLEET):
        found = bed.fact(read, replace(here, match=(("cluster", name),)))
        assert [one.value[0]["value"] for one in found.answers] == [10 * number + 1, 10 * number + 2]


def queries() -> list[tuple[str, PrometheusRead]]:
    """Every query of the shipped checks, with their defaults in place."""
    found = []
    for spec in load_catalogue():
        for name, read in spec.reads.items():
            branch = [b for b in branches(fill(read, spec.params)) if isinstance(b, PrometheusRead)]
            found += [(f"{spec.id}.{name}", one) for one in branch]
    return found


@pytest.mark.parametrize(("name", "read"), queries(), ids=[name for name, _ in queries()])
def test_every_query_of_the_catalogue_is_one(bed: Bed, name: str, read: PrometheusRead) -> None:
    """The real one takes the query, and the questions for the ages of what it rests on."""
    found = bed.fact(replace(read, shape={}, alternatives=(), on=""), PrometheusAt(url=bed.real.url))
    assert found.error in ("", "absent"), found.message
    assert {answer.error for answer in found.answers} <= {"", "absent"}


def test_what_the_node_exporter_says_answers_for_the_node(bed: Bed) -> None:
    """Names, modes and labels are the real ones: load and steal of node-1 without a command, of the others with one."""
    bed.real.wait(
        lambda: bool(bed.asked("increase(node_cpu_seconds_total[2m])")), "two scrapes of the node exporter"
    )
    results = run_all(
        bed.cluster,
        [CheckUse("load", "node.load"), CheckUse("steal", "node.steal")],
        load_catalogue(),
        prometheus=PrometheusAt(url=bed.real.url),
    )
    for alias in ("load", "steal"):
        sources = {
            e.target: e.source.split()[0] for e in results[alias].evidence if e.target.startswith("node-")
        }
        assert sources == {"node-1": "prometheus", "node-2": "exec", "node-3": "exec", "node-4": "exec"}
        assert results[alias].judgement.reason == ""
    rows = {row.target: row for row in results["load"].judgement.rows}
    assert rows["node-1"].data["load"] == pytest.approx(os.getloadavg()[1], abs=3)


def test_its_own_metrics_page_is_read(bed: Bed) -> None:
    """The text format as client_golang writes it: gauges, histograms, labels with quotes."""
    with urlopen(f"{bed.real.url}/metrics", timeout=5) as found:
        text = found.read().decode()
    families = ["prometheus_build_info", "prometheus_http_request_duration_seconds", "go_goroutines"]
    samples = parse({"prometheus": families}, text)
    by_name = {sample["name"]: sample for sample in samples}
    assert by_name["prometheus_build_info"]["labels"]["version"].startswith("2.")
    assert by_name["go_goroutines"]["value"] > 5
    assert {
        "prometheus_http_request_duration_seconds_bucket",
        "prometheus_http_request_duration_seconds_count",
    } <= set(by_name)


def test_the_folder_is_the_only_place_it_writes(bed: Bed) -> None:
    """Nothing is left outside of the test's own folder."""
    assert (bed.real.folder / "data").is_dir()
    assert Path(bed.real.folder / "log").read_text() == ""
