"""Sources in files of checks: read into values, mistakes at their lines; what they need, and how they are described."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.checktests.run import run_test
from checks.checktests.tests import read_tests
from checks.cluster import PODS, SERVICES, Resource
from checks.layout import load_layout
from checks.model import CheckSpec, EventsRead, ExecRead, MetricsRead, PrometheusRead
from checks.parse import Unparsable, parse
from checks.parsers.prometheus import Refused, answer, lines_of
from checks.permission import Permission
from checks.prom.at import PrometheusAt
from checks.prom.query import NotPromQL
from checks.prom.selecting import selectors
from checks.proxypath import proxy_path
from checks.reports.listing import description
from checks.rights.permissions import of_branch, of_check
from checks.specs.shape import Place
from checks.specs.spec import SlotError, fill, specs_of
from kb import yamlfile

ROLES = ("ovs", "pinger", "cni")
CHAIN = """\
- id: ovs.loss
  title: {en: Loss, zh: 丢包}
  why: {en: Why., zh: 原因。}
  params: {window: 120, apart: 10}
  reads:
    dp:
      prometheus: {query: "increase(lost[{window}s])", by: [node, instance], max_age: "{window}"}
      as: {lost: "int(value[0].value)"}
      or:
        - metrics: {on: pinger, port: 8080, families: [lost], samples: 2, apart: "{apart}"}
          as: {lost: "value[1].value[0].value - value[0].value[0].value"}
        - exec: {on: ovs, argv: [ovs-appctl, dpctl/show]}
          parse: {regex: 'lost:(?P<lost>\\d+)'}
    warnings:
      events: {reasons: [FailedCreatePodSandBox], kinds: [Pod], since: "{window}"}
  each: dp
  measure: {lost: "dp.lost", seen: "size(warnings)"}
  outcomes:
    - {when: "lost > 0", verdict: warn, say: {en: "{lost}", zh: "{lost}"}}
    - {verdict: ok, say: {en: "{lost} {seen}", zh: "{lost} {seen}"}}
  value: lost
  fold: sum
  summary: {en: "{value}", zh: "{value}"}
"""


def spec(text: str = CHAIN) -> CheckSpec:
    (found,), problems = specs_of(yamlfile.parse(text, "x.yaml"), ROLES)
    assert problems == []
    return found


def test_a_chain_is_read_and_its_params_are_filled() -> None:
    """Each branch with its own form; the query is asked for the targets of the next source."""
    read = fill(spec().reads["dp"], {"window": 60, "apart": 5})
    assert isinstance(read, PrometheusRead)
    assert (read.query, read.by, read.on, read.max_age) == (
        "increase(lost[60s])",
        ("node", "instance"),
        "pinger",
        60,
    )
    pages, command = read.alternatives
    assert isinstance(pages, MetricsRead)
    assert (pages.samples, pages.apart, pages.families) == (2, 5, ("lost",))
    assert isinstance(command, ExecRead)
    events = fill(spec().reads["warnings"], {"window": 60, "apart": 5})
    assert isinstance(events, EventsRead)
    assert (events.since, events.kinds) == (60, ("Pod",))


def test_a_param_cannot_break_out_of_a_query() -> None:
    """What a guide sets stays a word in it."""
    with pytest.raises(SlotError):
        fill(spec().reads["dp"], {"window": '1] or vector(1)"', "apart": 5})


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('"increase(lost[{window}s])"', '"increase(lost[5m]"', "check.promql"),
        ('"increase(lost[{window}s])"', '"1 + 1"', "check.promql"),
        ('"increase(lost[{window}s])"', '"increase(lost[{wndow}s])"', "check.unknown-slot"),
        ("by: [node, instance]", "by: [no-de]", "check.bad-label"),
        ("by: [node, instance], ", "on: ovs, ", "check.on-without-by"),
        ("port: 8080", 'port: "8080"', "check.port"),
        ("port: 8080", "port: 0", "check.port"),
        ("families: [lost]", "families: []", "check.no-families"),
        ("families: [lost]", "families: [a b]", "check.bad-family"),
        ("port: 8080", "port: 8080, path: /x/../y?z", "check.url-path"),
        ("port: 8080", "port: 8080, scheme: ftp", "check.choice"),
        ("on: pinger", "on: pingr", "check.unknown-role"),
        ('"int(value[0].value)"', '"int(answer[0].value)"', "check.as"),
        ('"int(value[0].value)"', '"int("', "check.as"),
        ("kinds: [Pod]", "kind: Pod", "check.unknown-key"),
    ],
)
def test_mistakes_are_named(old: str, new: str, code: str) -> None:
    """Each by its own code, and the check is not used."""
    assert old in CHAIN
    found, problems = specs_of(yamlfile.parse(CHAIN.replace(old, new, 1), "x.yaml"), ROLES)
    assert found == []
    assert code in {problem.code for problem in problems}


def test_lists_and_events_have_no_alternatives() -> None:
    """They are one answer, taken as it comes."""
    text = CHAIN.replace('since: "{window}"}', 'since: "{window}"}\n      or: [{events: {}}]')
    _, problems = specs_of(yamlfile.parse(text, "x.yaml"), ROLES)
    assert {p.code for p in problems} == {"check.only-of-answers"}


# --- permissions and descriptions


def test_a_chain_needs_what_its_surest_source_needs() -> None:
    """Who may run the command gets every answer; the others spare it."""
    layout = load_layout()
    needed = of_check(spec(), layout)
    assert Permission("create", PODS, "kube-system", "exec") in needed
    assert Permission("list", Resource.parse("v1/events")) in needed
    assert not any(one.subresource == "proxy" for one in needed)
    read = spec().reads["dp"]
    assert isinstance(read, PrometheusRead)
    assert Permission("get", PODS, "kube-system", "proxy") in of_branch(read.alternatives[0], layout)
    assert Permission("get", SERVICES, "", "proxy") in of_branch(read, layout)
    at = PrometheusAt.service("monitoring/prometheus-k8s:9090")
    own = Permission("get", SERVICES, "monitoring", "proxy", "prometheus-k8s:9090")
    assert own in of_branch(read, layout, prometheus=at)
    assert Permission("list", SERVICES) not in of_branch(read, layout, prometheus=at)
    assert of_branch(PrometheusRead("up"), layout, prometheus=PrometheusAt(url="http://p")) == set()


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_all_sources_are_described(lang: str) -> None:
    """In words and as data, in the order they are asked."""
    reads = description(spec(), load_layout(), lang)["reads"]
    assert [reads[0]["kind"], *(other["kind"] for other in reads[0]["or"])] == [
        "prometheus",
        "metrics",
        "exec",
    ]
    assert "prometheus: increase(lost[{window}s])" in reads[0]["text"]
    assert "lost (" in reads[0]["or"][0]["text"], "several samples are said"
    assert reads[1]["text"] == "events Pod FailedCreatePodSandBox"


# --- tests of such checks


@pytest.mark.parametrize(
    ("facts", "verdict"),
    [
        ("dp: [{metric: {node: n1}, value: 3}]", "warn"),
        ("dp: [{metric: {node: n1}, value: 0}]\n      warnings: [{reason: FailedCreatePodSandBox}]", "ok"),
        ("dp: [{node: n1, error: forbidden}, {node: n1, pages: ['lost 1\n\n', 'lost 5\n\n']}]", "warn"),
        ("dp: [{metric: {node: n1}, value: NaN}, {node: n1, out: 'lost:0\n\n'}]", "ok"),
        ("dp: {error: timeout}", "unknown"),
        ("dp: [{metric: 5}]", "unknown"),
        ("dp: [{metric: {node: n1}, value: 0, at: 1000}]", "unknown"),
    ],
)
def test_tests_tell_of_every_source(facts: str, verdict: str) -> None:
    """Series, pages and outputs stand beside each other, and what is missing leads on."""
    if "warnings" not in facts:
        facts += "\n      warnings: []"
    text = f"- name: t\n  kind: other\n  facts:\n      {facts}\n  expect: {verdict}\n"
    document = yamlfile.parse(text, "t.yaml")
    problems: list[Any] = []
    (test,) = read_tests(Place(document, (), document.data, problems), spec())
    assert problems == []
    ran = run_test(spec(), test, load_layout())
    assert ran.wrong == (), ran.wrong


# --- texts


PAGE = """\
# HELP up Whether.
# TYPE up gauge
up{job="a \\"quoted\\" one",path="C:\\\\x\\ny"} 1
up_other 5
lat_bucket{le="0.5"} 3 # {trace="x"} 0.4
lat_bucket{le="+Inf"} 4
lat_sum 1.5e+00
lat_count 4 1395066363000
"""


def test_prometheus_text_is_read() -> None:
    """Escapes, exponents, times and exemplars; neighbours in name are not taken along."""
    found = parse({"prometheus": ["up", "lat"]}, PAGE)
    assert [s["name"] for s in found] == ["up", "lat_bucket", "lat_bucket", "lat_sum", "lat_count"]
    assert found[0]["labels"] == {"job": 'a "quoted" one', "path": "C:\\x\ny"}
    assert [s["value"] for s in found] == [1, 3, 4, 1.5, 4]
    assert lines_of(PAGE, ["lat"]).startswith("lat_bucket")
    assert "up" not in lines_of(PAGE, ["lat"])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "up\n",
        "up{ 1\n",
        'up{a="b} 1\n',
        "up one\n",
        "up{a=b} 1\n",
        "up 1",
        "up NaN\n",
        "up +Inf\n",
        "\x1b[31mup\x1b[0m x\n",
        "<html>up 1</html>",
    ],
)
def test_damaged_pages_are_no_numbers(text: str) -> None:
    """Cut off, not a number, another format: nothing of it is read as something."""
    with pytest.raises(Unparsable):
        parse({"prometheus": ["up"]}, text)


def test_a_page_of_many_samples_is_bounded() -> None:
    """A label that grows without end fills no memory."""
    with pytest.raises(Unparsable, match="more than"):
        parse({"prometheus": ["up"]}, "".join(f'up{{a="{n}"}} 1\n' for n in range(50_001)))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=300))
def test_no_answer_breaks_the_parsers(text: str) -> None:
    """Whatever comes: samples, or Unparsable."""
    for read in (
        answer,
        lambda t: parse({"prometheus": ["up"]}, "up" + t),
        lambda t: parse({"table": True}, t),
    ):
        with contextlib.suppress(Unparsable):
            assert isinstance(read(text), list)


@pytest.mark.parametrize(
    "body",
    [
        '{"status":"success","data":{"resultType":"vector","result":{}}}',
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1]}]}}',
        '{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1,"x"]}]}}',
        '{"status":"success","data":{"resultType":"string","result":[1,"x"]}}',
        '{"status":"success"}',
        '{"data":{"resultType":"vector","result":[]}}',
        "[]",
        "null",
    ],
)
def test_broken_answers_of_prometheus_are_refused(body: str) -> None:
    """An answer of another form is not an empty one."""
    with pytest.raises(Unparsable):
        answer(body)


def test_answers_of_prometheus_are_read() -> None:
    """Vectors, ranges and scalars; errors in its own words."""
    assert answer('{"status":"success","data":{"resultType":"scalar","result":[7,"2"]}}') == [
        {"labels": {}, "at": 7, "value": 2}
    ]
    (series,) = answer(
        '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"__name__":"x","a":"b"},'
        '"values":[[1,"2"],[2,"NaN"],[3,"4.5"]]}]}}'
    )
    assert series == {
        "labels": {"a": "b"},
        "name": "x",
        "at": 3,
        "value": 4.5,
        "values": [{"at": 1, "value": 2}, {"at": 3, "value": 4.5}],
    }
    with pytest.raises(Refused, match="timeout: query timed out"):
        answer('{"status":"error","errorType":"timeout","error":"query timed out"}')


@pytest.mark.parametrize(
    ("how", "text", "expected"),
    [
        (
            True,
            "NAME    READY  LAST SEEN\nweb-0   1      2 min ago\nweb-1          \n",
            [
                {"name": "web-0", "ready": 1, "last_seen": "2 min ago"},
                {"name": "web-1", "ready": "", "last_seen": ""},
            ],
        ),
        (True, "a b\n1 2\n", [{"a": 1, "b": 2}]),
        (["pid", "what"], "12 sshd: root@pts/0\n", [{"pid": 12, "what": "sshd: root@pts/0"}]),
    ],
)
def test_tables_are_read(how: Any, text: str, expected: list[dict[str, Any]]) -> None:
    """By the header's words and their places, or by names given."""
    assert parse({"table": how}, text) == expected


@pytest.mark.parametrize(
    ("how", "text"), [(True, ""), (["a", "b"], "one\n"), (True, "A    B\nlonger than it was\n")]
)
def test_lines_that_do_not_fit_are_refused(how: Any, text: str) -> None:
    """A cell that runs into the next column is not two cells."""
    with pytest.raises(Unparsable):
        parse({"table": how}, text)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("up", ["up"]),
        ('up{job=~"a|b{}",x!="y"}', ['up{job=~"a|b{}",x!="y"}']),
        ("sum by (node, le) (rate(x_total[5m])) / on (node) group_left () y offset 5m", ["x_total", "y"]),
        ('{__name__=~"node_.*"} unless bar', ['{__name__=~"node_.*"}', "bar"]),
        ("topk(3, a) > bool 5 and b", ["a", "b"]),
        ('label_replace(a, "k", "$1", "l", "(.*)") or vector(0)', ["a"]),
        ("a # and not b", ["a"]),
        ("max_over_time((a + b)[5m:30s])", ["a", "b"]),
    ],
)
def test_the_series_of_a_query_are_found(query: str, names: list[str]) -> None:
    """Functions, keywords, labels and strings are none."""
    assert [selector.text for selector in selectors(query)] == names


@pytest.mark.parametrize(
    "query", ["", "1", "up{", "up)", 'up{a="b', "sum(up", "up{a b}", "up{a=b}", "up;drop", "x" * 3000]
)
def test_what_is_no_query_is_refused(query: str) -> None:
    """Before it is sent anywhere."""
    with pytest.raises(NotPromQL):
        selectors(query)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("monitoring/prometheus-k8s:9090", "monitoring/prometheus-k8s:9090"),
        ("m/https:prom:web/select/0/prometheus/", "m/https:prom:web/select/0/prometheus"),
        ("m/prom", "m/prom"),
    ],
)
def test_where_prometheus_is_can_be_written(text: str, shown: str) -> None:
    """Namespace, scheme, name, port and prefix."""
    assert str(PrometheusAt.service(text)) == shown


@pytest.mark.parametrize("text", ["prom", "m/", "m/Prom:1", "m/a b", "m/p:1?x", "../x/y", "m/ftp:p:1"])
def test_what_is_no_service_is_refused(text: str) -> None:
    """Nothing in it may lead to another path of the API."""
    with pytest.raises(ValueError, match="Service"):
        PrometheusAt.service(text)


def test_proxy_paths_stay_behind_their_proxy() -> None:
    """Names and paths are parts of the URL, whatever they hold."""
    assert proxy_path(PODS, "ns", "a", 80, "/x y?z#/m", query=(("q", "a b&c"),)) == (
        "/api/v1/namespaces/ns/pods/a:80/proxy/x%20y%3Fz%23/m?q=a+b%26c"
    )
    assert (
        proxy_path(SERVICES, "ns", "a", "", "/", scheme="https")
        == "/api/v1/namespaces/ns/services/https:a:/proxy/"
    )
    for name, port, path in (("a/b", 1, "/"), ("a", "1/x", "/"), ("a", 1, "/../x"), ("a", 1, "/./x")):
        with pytest.raises(ValueError, match="prox"):
            proxy_path(PODS, "ns", name, port, path)
