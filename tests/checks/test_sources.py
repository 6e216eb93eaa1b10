"""Metrics pages, Prometheus and events as facts, and alternatives that are asked target by target."""

from __future__ import annotations

import json
from typing import Any, cast
from urllib.parse import urlencode

import pytest

from checks.cluster import Cluster, Object
from checks.errors import ClusterError, Forbidden, Unreachable
from checks.facts import Facts
from checks.layout import Layout, Role
from checks.model import EventsRead, ExecRead, Fact, MetricsRead, PrometheusRead, Read
from checks.prom.at import PrometheusAt, candidates
from tests.checks.memory_cluster import MemoryCluster, node, pod, said

LAYOUT = Layout(
    {
        "ovs": Role("ovs", "kube-system", {"app": "ovs"}, "openvswitch", per="node"),
        "pinger": Role("pinger", "kube-system", {"app": "pinger"}, "pinger", per="node"),
    }
)
NODES = ("node-1", "node-2", "node-3")
LOST = "kube_ovn_dp_flows_lookup_lost"
NOW = 1_700_000_000.0
SERVICE: Object = {
    "metadata": {
        "name": "prometheus-k8s",
        "namespace": "monitoring",
        "labels": {"app.kubernetes.io/name": "prometheus"},
    },
    "spec": {"ports": [{"name": "web", "port": 9090}]},
}
METRICS = MetricsRead("pinger", 8080, (LOST,), shape={"lost": "sum(value.map(s, s.value))"})
EXEC = ExecRead("ovs", ("ovs-appctl", "dpctl/show"), {"regex": r"lost:(?P<lost>\d+)"})
QUERY = PrometheusRead(
    LOST, by=("hostname",), on="ovs", max_age=120.0, shape={"lost": "sum(value.map(s, s.value))"}
)


def cluster(**more: Any) -> MemoryCluster:
    pods = [pod(f"{app}-{name[-1]}", app, name) for app in ("ovs", "pinger") for name in NODES]
    objects = {"v1/pods": pods, "v1/nodes": [node(name) for name in NODES], **more.pop("objects", {})}
    return MemoryCluster(objects, **more)


def page(name: str, lost: int) -> str:
    return f'# TYPE {LOST} gauge\n{LOST}{{hostname="{name}",datapath="ovs-system"}} {lost}\nup 1\n'


def vector(values: dict[str, float], at: float = NOW) -> str:
    result = [{"metric": {"__name__": LOST, "hostname": n}, "value": [at, str(v)]} for n, v in values.items()]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})


def asked(query: str, name: str = "prometheus-k8s:9090") -> str:
    return f"{name}/api/v1/query?{urlencode({'query': query})}"


def monitored(values: dict[str, float], ages: dict[str, float] | None = None) -> dict[str, str]:
    seen = {name: NOW - (ages or {}).get(name, 10.0) for name in values}
    return {asked(LOST): vector(values), asked(f"max by (hostname) (timestamp({LOST}))"): vector(seen)}


def facts_of(bed: MemoryCluster, **options: Any) -> Facts:
    return Facts(cast(Cluster, bed), LAYOUT, clock=lambda: NOW, **options)


def fact(bed: MemoryCluster, read: Read, **options: Any) -> Fact:
    facts = facts_of(bed, **options)
    try:
        future = facts.want({"it": read})["it"]
        facts.start()
        return future.result(timeout=20)
    finally:
        facts.close()


def values(found: Fact) -> dict[str, Any]:
    return {answer.target: answer.error or answer.value for answer in found.answers}


# --- metrics pages


def test_a_metrics_page_is_read_from_every_pod_and_named_by_its_node() -> None:
    """One request per pod; what is kept as evidence are the lines of the families asked for."""
    bed = cluster(pages={f"pinger-{n}:8080/metrics": page(f"node-{n}", n) for n in (1, 2, 3)})
    found = fact(bed, METRICS)
    assert values(found) == {"node-1": {"lost": 1}, "node-2": {"lost": 2}, "node-3": {"lost": 3}}
    first = found.answers[0]
    assert first.raw == f'{LOST}{{hostname="node-1",datapath="ovs-system"}} 1\n'
    assert first.command == (
        *("kubectl", "get", "--raw"),
        "/api/v1/namespaces/kube-system/pods/pinger-1:8080/proxy/metrics",
    )


def test_a_page_without_the_family_is_no_zero() -> None:
    """The sum of nothing is 0, and 0 would be health."""
    bed = cluster(pages={"pinger-1:8080/metrics": "up 1\n", "pinger-2:8080/metrics": f"{LOST} NaN\n"})
    found = fact(bed, METRICS)
    assert values(found) == {"node-1": "unparsable", "node-2": "unparsable", "node-3": "absent"}


def test_two_checks_that_want_one_page_share_it() -> None:
    """The page is fetched once; each gets its own families out of it."""
    bed = cluster(pages={f"pinger-{n}:8080/metrics": page(f"node-{n}", n) for n in (1, 2, 3)})
    facts = facts_of(bed)
    both = facts.want({"lost": METRICS, "up": MetricsRead("pinger", 8080, ("up",))})
    facts.start()
    assert [a.value[0]["value"] for a in both["up"].result(20).answers] == [1, 1, 1]
    assert len(both["lost"].result(20).good) == 3
    assert sum(bed.calls[f"proxied pinger-{n}:8080/metrics"] for n in (1, 2, 3)) == 3
    facts.close()


def test_samples_of_a_page_are_apart_in_cluster_seconds() -> None:
    """Two samples, ten cluster seconds apart, on a cluster whose time runs fast."""
    bed = cluster(pace=0.001, pages={f"pinger-{n}:8080/metrics": page(f"node-{n}", n) for n in (1, 2, 3)})
    read = MetricsRead("pinger", 8080, (LOST,), samples=2, apart=10.0)
    first, second = fact(bed, read).answers[0].value
    assert second["at"] - first["at"] == pytest.approx(10.0)


# --- Prometheus


def test_prometheus_is_found_by_its_labels_and_answers_for_all_nodes_at_once() -> None:
    """One query and one for the ages of its series, in place of a command per node."""
    bed = cluster(objects={"v1/services": [SERVICE]}, pages=monitored(dict.fromkeys(NODES, 7)))
    found = fact(bed, QUERY)
    assert values(found) == {name: {"lost": 7} for name in NODES}
    assert found.answers[0].source == "prometheus monitoring/prometheus-k8s:9090"
    assert found.answers[0].command[:3] == ("kubectl", "get", "--raw")
    assert sum(count for call, count in bed.calls.items() if call.startswith("proxied")) == 2


def test_old_samples_are_absent() -> None:
    """The time beside an instant value is that of the query; the sample itself may be minutes old."""
    pages = monitored({"node-1": 1, "node-2": 2}, ages={"node-1": 30, "node-2": 200})
    found = fact(cluster(objects={"v1/services": [SERVICE]}, pages=pages), QUERY)
    assert values(found) == {"node-1": {"lost": 1}, "node-2": "absent", "node-3": "absent"}
    assert "200 s old" in found.failed[0].message.en


def test_without_prometheus_the_whole_query_is_absent() -> None:
    """Nobody to ask is a reason of its own."""
    assert fact(cluster(), QUERY).error == "absent"


@pytest.mark.parametrize(
    ("answered", "error"),
    [
        ("<html>login</html>", "unparsable"),
        ('{"status":"error","errorType":"bad_data","error":"parse error"}', "unparsable"),
        ('{"status":"success","data":{"resultType":"vector","result":[{"metric":3}]}}', "unparsable"),
        (Forbidden("no"), "forbidden"),
        (Unreachable("no endpoints available"), "unreachable"),
    ],
)
def test_what_prometheus_does_not_say_is_no_answer(answered: str | ClusterError, error: str) -> None:
    """A login page, an error, a broken answer: never an empty vector."""
    pages = {asked(LOST): answered}
    assert fact(cluster(objects={"v1/services": [SERVICE]}, pages=pages), QUERY).error == error


def test_settings_name_prometheus_and_no_service_is_listed() -> None:
    """What is configured is not looked for."""
    pages = {
        key.replace("prometheus-k8s:9090/", "prom:web/prefix/"): text
        for key, text in monitored(dict.fromkeys(NODES, 1)).items()
    }
    bed = cluster(pages=pages)
    found = fact(bed, QUERY, prometheus=PrometheusAt.service("obs/prom:web/prefix"))
    assert len(found.good) == 3
    assert not bed.calls["list v1/services"]


def test_the_next_candidate_is_tried_where_the_first_is_not_prometheus() -> None:
    """A Service with the right labels may have nobody behind it."""
    first = json.loads(json.dumps(SERVICE).replace("prometheus-k8s", "aaa"))
    pages: dict[str, Any] = {asked(LOST, "aaa:9090"): Unreachable("no endpoints available")}
    pages |= monitored(dict.fromkeys(NODES, 4))
    found = fact(cluster(objects={"v1/services": [first, SERVICE]}, pages=pages), QUERY)
    assert values(found) == {name: {"lost": 4} for name in NODES}


def test_series_may_name_a_node_by_its_address() -> None:
    """``instance`` is an address and a port with most exporters; the Node object says whose it is."""
    at = {"status": {"addresses": [{"type": "InternalIP", "address": "10.0.0.2"}]}}
    nodes = [node("node-1"), {**node("node-2"), **at}, node("node-3")]
    read = PrometheusRead("load", ("node", "instance"), "ovs", 120.0)
    result = [
        {"metric": {"instance": "10.0.0.2:9100"}, "value": [NOW, "7"]},
        {"metric": {"instance": "node-3:9100"}, "value": [NOW, "8"]},
        {"metric": {"instance": "10.0.0.9:9100"}, "value": [NOW, "9"]},
    ]
    body = json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})
    pages = {
        asked("load"): body,
        asked("max by (node, instance) (timestamp(load))"): body.replace('"7"', f'"{NOW}"').replace(
            '"8"', f'"{NOW}"'
        ),
    }
    found = fact(cluster(objects={"v1/services": [SERVICE], "v1/nodes": nodes}, pages=pages), read)
    assert {a.target: a.error or a.value[0]["value"] for a in found.answers} == {
        "node-1": "absent",
        "node-2": 7,
        "node-3": 8,
    }


def test_candidates_are_services_that_answer_queries() -> None:
    """Its exporters, its alert manager and ExternalNames carry the same application label."""

    def service(name: str, labels: dict[str, str], **spec: Any) -> Object:
        spec = {"ports": [{"name": "web", "port": 9090}], **spec}
        return {"metadata": {"name": name, "namespace": "m", "labels": labels}, "spec": spec}

    app = "app.kubernetes.io/name"
    found = candidates(
        [
            service("thanos", {app: "thanos-query"}, ports=[{"name": "http", "port": 10902}]),
            service("prometheus-operated", {"operated-prometheus": "true"}),
            service("prom-server", {app: "prometheus"}, ports=[{"name": "https-web", "port": 9091}]),
            service("prom-alertmanager", {app: "prometheus", "app.kubernetes.io/component": "alertmanager"}),
            service("elsewhere", {app: "prometheus"}, type="ExternalName"),
            service("portless", {app: "prometheus"}, ports=[]),
            service("web", {"app": "web"}),
            {"metadata": None, "spec": 5},
        ]
    )
    assert [str(at) for at in found] == [
        "m/https:prom-server:9091",
        "m/prometheus-operated:9090",
        "m/thanos:10902",
    ]


# --- alternatives


def chain(*others: Read) -> PrometheusRead:
    return PrometheusRead(
        LOST, ("hostname",), "ovs", 120.0, shape={"lost": "sum(value.map(s, s.value))"}, alternatives=others
    )


def test_only_the_targets_without_an_answer_are_asked_elsewhere() -> None:
    """Prometheus knows two nodes of three, one of them too long ago: two commands, not three."""
    pages = monitored({"node-1": 1, "node-2": 2}, ages={"node-2": 500})
    bed = cluster(
        objects={"v1/services": [SERVICE]}, pages=pages, command=lambda pod, argv: said("lookups: lost:9\n")
    )
    found = fact(bed, chain(EXEC))
    assert values(found) == {"node-1": {"lost": 1}, "node-2": {"lost": 9}, "node-3": {"lost": 9}}
    assert [a.source for a in found.answers] == [
        "prometheus monitoring/prometheus-k8s:9090",
        "exec ovs-2 (node-2) (prometheus: absent)",
        "exec ovs-3 (node-3) (prometheus: absent)",
    ]
    assert sum(n for call, n in bed.calls.items() if call.startswith("exec")) == 2


def test_three_sources_in_their_order() -> None:
    """No Prometheus; one metrics page is there, one refused, one without the family: the last two are commands."""
    pages: dict[str, Any] = {
        "pinger-1:8080/metrics": page("node-1", 1),
        "pinger-2:8080/metrics": Forbidden("pods/proxy"),
        "pinger-3:8080/metrics": "up 1\n",
    }
    bed = cluster(pages=pages, command=lambda pod, argv: said("lookups: lost:5\n"))
    found = fact(bed, chain(METRICS, EXEC))
    assert values(found) == {"node-1": {"lost": 1}, "node-2": {"lost": 5}, "node-3": {"lost": 5}}
    assert found.answers[1].source.endswith("(prometheus: absent, metrics: forbidden)")


def test_where_no_source_has_an_answer_all_are_named_and_the_reason_can_be_mended() -> None:
    """Forbidden says what to do; that Prometheus is not there does not."""
    bed = cluster(
        pages={f"pinger-{n}:8080/metrics": Forbidden("may not proxy") for n in (1, 2, 3)},
        command=lambda pod, argv: said("ovs-appctl: cannot connect to x (No such file or directory)", 1),
    )
    found = fact(bed, chain(METRICS, EXEC))
    assert {a.error for a in found.answers} == {"forbidden"}
    assert "metrics: may not proxy" in found.answers[0].message.en
    assert "exec: exit code 1" in found.answers[0].message.en


def test_an_alternative_that_another_check_asks_everybody_is_not_asked_again() -> None:
    """Each command runs at most once per run and target."""
    bed = cluster(command=lambda pod, argv: said("lookups: lost:5\n"))
    facts = facts_of(bed)
    one, two = facts.want({"a": EXEC})["a"], facts.want({"b": chain(EXEC)})["b"]
    facts.start()
    assert len(one.result(20).good) == len(two.result(20).good) == 3
    assert sum(n for call, n in bed.calls.items() if call.startswith("exec")) == 3
    facts.close()


def test_an_answer_that_cannot_be_brought_into_form_is_none() -> None:
    """The expression finds nothing in what was parsed: the next source is asked."""
    wrong = ExecRead(
        "ovs", ("x",), {"regex": r"(?P<other>\d+)"}, shape={"lost": "value.lost"}, alternatives=(EXEC,)
    )
    bed = cluster(command=lambda pod, argv: said("1" if argv == ("x",) else "lookups: lost:5\n"))
    assert values(fact(bed, wrong)) == {name: {"lost": 5} for name in NODES}


# --- events


def event(name: str, reason: str, at: str, **more: Any) -> Object:
    about = {"kind": "Pod", "namespace": "shop", "name": name}
    return {
        "metadata": {"name": f"{name}.1", "namespace": "shop"},
        "involvedObject": about,
        "reason": reason,
        "type": "Warning",
        "message": "no address",
        "lastTimestamp": at,
        **more,
    }


def test_events_are_rows_of_one_form_from_one_list() -> None:
    """Both shapes of the API, chosen by reason, kind and age; two reads share one list."""
    listed = [
        event("old", "AcquireAddressFailed", "2023-11-14T20:00:00Z", count=3),
        event("web", "AcquireAddressFailed", "2023-11-14T22:10:00Z", count=7, source={"host": "node-1"}),
        {
            "metadata": {"name": "x", "namespace": "shop"},
            "regarding": {"kind": "Node", "name": "node-2"},
            "reason": "NodeNotReady",
            "type": "Warning",
            "note": "kubelet stopped",
            "eventTime": "2023-11-14T22:12:00.000000Z",
            "series": {"count": 4, "lastObservedTime": "2023-11-14T22:12:30.000000Z"},
        },
        {"reason": 5, "type": None, "involvedObject": [], "count": "many"},
    ]
    bed = cluster(objects={"v1/events": listed})
    facts = facts_of(bed)
    reads: dict[str, Read] = {
        "ipam": EventsRead(reasons=("AcquireAddressFailed",), since=600),
        "nodes": EventsRead(kinds=("Node",)),
        "all": EventsRead(),
    }
    found = facts.want(reads)
    facts.start()
    assert found["ipam"].result(20).items == [
        {
            "reason": "AcquireAddressFailed",
            "message": "no address",
            "type": "Warning",
            "kind": "Pod",
            "namespace": "shop",
            "name": "web",
            "node": "node-1",
            "count": 7,
            "at": 1699999800.0,
            "source": "",
        }
    ]
    (node_event,) = found["nodes"].result(20).items
    assert (node_event["node"], node_event["count"], node_event["message"]) == (
        "node-2",
        4,
        "kubelet stopped",
    )
    assert node_event["at"] == NOW - 50
    assert len(found["all"].result(20).items) == 4
    assert bed.calls["list v1/events"] == 1
    facts.close()
