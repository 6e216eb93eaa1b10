"""One cluster's series out of a Prometheus that has those of several: chosen in every selector, or not asked at all."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.bundle.cleaning import Cleaner
from checks.bundle.masks import Masks
from checks.bundle.recording import Recording
from checks.bundle.replay import Replayed
from checks.bundle.tape import Call, Tape, proxied_call
from checks.catalogue import load_catalogue
from checks.cluster import SERVICES, Cluster
from checks.facts import Facts
from checks.layout import load_layout
from checks.model import Fact, PrometheusRead, branches
from checks.prom.at import PrometheusAt
from checks.prom.query import Matcher, NotPromQL
from checks.prom.selecting import narrowed, selectors
from checks.settings import SettingsError, as_data, load, recorded
from checks.specs.readspec import fill
from tests.checks.memory_cluster import MemoryCluster
from tests.checks.test_sources import LOST, NOW, asked, vector

PROD = (("cluster", "prod"),)
OURS = Matcher("cluster", "=", "prod")
WHERE = replace(PrometheusAt.service("monitoring/prometheus-k8s:9090"), match=PROD)
CHOSEN = f'{LOST}{{cluster="prod"}}'
PAGES = {
    asked(CHOSEN): vector({"node-1": 3}),
    asked(f"max by (hostname) (timestamp({CHOSEN}))"): vector({"node-1": NOW}),
}


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("up", 'up{cluster="prod"}'),
        ("up{}", 'up{cluster="prod"}'),
        ('up{a="}",} ', 'up{cluster="prod",a="}",} '),
        ('{__name__=~"a|b"}', '{cluster="prod",__name__=~"a|b"}'),
        ("up # {\n {a='b'}", "up # {\n {cluster=\"prod\",a='b'}"),
        ("a # and \r + b", 'a{cluster="prod"} # and \r + b{cluster="prod"}'),
        ("a > bool (b)", 'a{cluster="prod"} > bool (b{cluster="prod"})'),
        ("rate(a[5m] offset -1h) @ end()", 'rate(a{cluster="prod"}[5m] offset -1h) @ end()'),
        ("start + end @ start()", 'start{cluster="prod"} + end{cluster="prod"} @ start()'),
        (
            "offset offset 5m or or or and",
            'offset{cluster="prod"} offset 5m or or{cluster="prod"} or and{cluster="prod"}',
        ),
        ("sum + sum by (sum) (sum)", 'sum{cluster="prod"} + sum by (sum) (sum{cluster="prod"})'),
        (
            "SUM(a) BY (b) / ON (c) GROUP_LEFT (d) e",
            'SUM(a{cluster="prod"}) BY (b) / ON (c) GROUP_LEFT (d) e{cluster="prod"}',
        ),
        (
            'label_replace(a, "b", "{c}", "d", `{e`)',
            'label_replace(a{cluster="prod"}, "b", "{c}", "d", `{e`)',
        ),
        ("-a ^ -Inf + time() * NaN", '-a{cluster="prod"} ^ -Inf + time() * NaN'),
        ("max_over_time((a + 1)[5m:30s])", 'max_over_time((a{cluster="prod"} + 1)[5m:30s])'),
        (
            "quantile(0.9, a) unless on () b",
            'quantile(0.9, a{cluster="prod"}) unless on () b{cluster="prod"}',
        ),
        ('up{cluster="test"}', 'up{cluster="prod",cluster="test"}'),
        ("vector(1)", "vector(1)"),
    ],
)
def test_every_selector_is_narrowed_and_nothing_else(query: str, wanted: str) -> None:
    """Names of operators are metrics where an operand has to come, braces in strings and comments are text."""
    assert narrowed(query, PROD) == wanted
    assert narrowed(query, ()) == query


@pytest.mark.parametrize(
    "query",
    [
        "a b",
        "limit(",
        "a by b",
        "a offset b",
        "a @ b",
        "a smoothed + b",
        "a 1 b",
        "[5m] a",
        "a, ;",
        '{"a.b"}',
        "a == == b",
    ],
)
def test_what_is_not_read_for_certain_is_refused(query: str) -> None:
    """A selector that was missed would let another cluster's series in."""
    with pytest.raises(NotPromQL):
        narrowed(query, PROD)


def test_a_value_cannot_break_out_of_its_quotes() -> None:
    value = 'a"} or up{x=~".*\\'
    assert selectors(narrowed("up", (("cluster", value),)))[0].matchers == (Matcher("cluster", "=", value),)


NAMES = st.sampled_from(["up", "by", "or", "sum", "start", "a:b", "bool_", "offset"])
LEAVES = st.one_of(
    NAMES.map(lambda name: (name, 1)),
    NAMES.map(lambda name: (name + '{x="}{",y=~".*"}', 1)),
    st.just(('{__name__="up"}', 1)),
    st.sampled_from([("3", 0), ("Inf", 0), ("time()", 0), ("vector(1)", 0)]),
)
SIGNS = ["+", "-", "/ on (x)", "> bool", "and", "or", "* ignoring (by) group_left (or)", "unless"]


def grown(inner: st.SearchStrategy[tuple[str, int]]) -> st.SearchStrategy[tuple[str, int]]:
    """Larger queries, each with the number of its selectors."""
    return st.one_of(
        st.tuples(inner, st.sampled_from(SIGNS), inner).map(
            lambda t: (f"{t[0][0]} {t[1]} {t[2][0]}", t[0][1] + t[2][1])
        ),
        inner.map(lambda one: (f"sum by (or) ({one[0]})", one[1])),
        inner.map(lambda one: (f"max({one[0]}) without (by, x)", one[1])),
        inner.map(lambda one: (f"max_over_time(({one[0]})[5m:1m] offset 1h)", one[1])),
        inner.map(lambda one: (f'label_replace(({one[0]}), "a", "{{$1}}", "b", "(.*)") # {{\n', one[1])),
    )


@settings(max_examples=150, deadline=None)
@given(st.recursive(LEAVES, grown, max_leaves=6))
def test_no_selector_is_missed(made: tuple[str, int]) -> None:
    """Every one of them has the condition, as many times as there are selectors; taken out again, it is the query."""
    query, count = made
    found = narrowed(query, PROD)
    assert found.count('cluster="prod"') == count
    assert count == 0 or all(OURS in selector.matchers for selector in selectors(found))
    plain = found.replace('{cluster="prod"}', "").replace('cluster="prod",', "")
    assert plain == query


def test_every_shipped_query_can_be_narrowed() -> None:
    catalogue = load_catalogue()
    reads = [
        one for spec in catalogue for read in spec.reads.values() for one in branches(fill(read, spec.params))
    ]
    queries = [one.query for one in reads if isinstance(one, PrometheusRead)]
    assert len(queries) > 5
    for query in queries:
        found = selectors(narrowed(query, PROD))
        assert all(OURS in selector.matchers for selector in found)
        assert len(found) == len(selectors(query))


# --- as it is asked -------------------------------------------------------------------------------------------------


def fact(bed: object, where: PrometheusAt | None) -> Fact:
    facts = Facts(cast(Cluster, bed), load_layout(), clock=lambda: NOW, prometheus=where)
    try:
        future = facts.want({"it": PrometheusRead(LOST, ("hostname",))})["it"]
        facts.start()
        return future.result(timeout=20)
    finally:
        facts.close()


def test_values_and_ages_are_asked_of_this_cluster_only() -> None:
    """And the command that is shown asks the same."""
    bed = MemoryCluster({}, pages=PAGES)
    found = fact(bed, WHERE)
    assert [(one.target, one.value[0]["value"]) for one in found.answers] == [("node-1", 3)]
    assert "cluster%3D%22prod%22" in found.answers[0].command[-1]
    assert found.answers[0].source.endswith('{cluster="prod"}')
    assert all("prod" in call for call in bed.calls if call.startswith("proxied"))


def test_a_recording_is_asked_with_the_choice_of_its_settings() -> None:
    tape, bed = Tape(), MemoryCluster({}, pages=PAGES)
    live = fact(Recording(cast(Cluster, bed), tape), WHERE)
    again = fact(Replayed(bed.info, tape), WHERE)
    assert [one.value for one in again.answers] == [one.value for one in live.answers]
    assert fact(Replayed(bed.info, tape), None).error == "absent"  # another question, which nobody asked


def asking(value: str) -> Call:
    query = (("query", narrowed("up", (("cluster", value),))),)
    return proxied_call(SERVICES, "monitoring", "p", "9090", "/api/v1/query", query=query)


def test_a_masked_bundle_asks_with_the_masked_name() -> None:
    """Where names are replaced, that of the cluster is too: in the settings and in the calls alike."""
    masks = Masks("key", ["prod-shanghai"], addresses=False)
    cleaner = Cleaner("key", masks, (("cluster", "prod-shanghai"),))
    cleaned = cleaner.call(asking("prod-shanghai"))
    assert cleaned == asking(cleaner.word("prod-shanghai"))
    assert "shanghai" not in " ".join(cleaned)


# --- as it is set ---------------------------------------------------------------------------------------------------


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_it_is_set_by_context_and_kept_by_a_bundle(tmp_path: Path) -> None:
    text = """
prometheus: {url: "https://thanos.example", match: {cluster: test, region: ""}}
contexts:
  prod: {prometheus: {service: "monitoring/thanos-query:9090", match: {cluster: prod}}}
"""
    path = written(tmp_path, text)
    general, prod = load(path, "").prometheus, load(path, "prod").prometheus
    assert general is not None
    assert prod is not None
    assert general.match == (("cluster", "test"), ("region", ""))
    assert prod.match == PROD
    assert prod.shown == 'monitoring/thanos-query:9090 {cluster="prod"}'
    kept = json.loads(json.dumps(as_data(load_layout(), load(path, "prod").over(load_catalogue()))))
    assert recorded(kept, "prod").prometheus == prod


@pytest.mark.parametrize(
    ("match", "code"),
    [
        ('{"a-b": x}', "settings.prometheus-label"),
        ("{__name__: up}", "settings.prometheus-label"),
        ("{cluster: 3}", "settings.prometheus-match"),
        ("{cluster: [a, b]}", "settings.prometheus-match"),
        ('{cluster: "a\\nb"}', "settings.prometheus-match"),
        (f'{{cluster: "{"x" * 300}"}}', "settings.prometheus-match"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, match: str, code: str) -> None:
    with pytest.raises(SettingsError) as raised:
        load(written(tmp_path, f"prometheus: {{url: 'https://p', match: {match}}}\n"))
    assert [problem.code for problem in raised.value.problems] == [code]
