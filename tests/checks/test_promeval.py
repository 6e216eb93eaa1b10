"""The part of PromQL that the practice cluster evaluates; how the real one answers stands in tests/prometheus."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pytest

from checks.prom.evaluate import Labels, NotEvaluated, Points, evaluate, holds, increase
from checks.prom.query import NotPromQL, Selector

SERIES: dict[str, dict[str, float]] = {"a": {"n1": 4.0, "n2": 6.0}, "b": {"n1": 2.0, "n2": 0.0}}


class Bed:
    """Two metrics on two nodes, and a counter with a past."""

    def instant(self, selector: Selector) -> Iterable[tuple[Labels, float, float]]:
        for name, values in SERIES.items():
            for node, value in values.items():
                labels = {"__name__": name, "node": node}
                if name == selector.name and all(
                    holds(m, labels.get(m.label, "")) for m in selector.matchers
                ):
                    yield labels, value, 100.0

    def past(self, selector: Selector, seconds: float) -> Iterable[tuple[Labels, Points]]:
        yield (
            {"__name__": selector.name, "node": "n1"},
            [(-90.0, 10.0), (-60.0, 20.0), (-30.0, 30.0), (0.0, 40.0)],
        )
        yield {"__name__": selector.name, "node": "n2"}, [(-30.0, 1.0)]


def asked(query: str) -> object:
    found = evaluate(query, Bed())
    return found if isinstance(found, float) else {labels.get("node", ""): value for labels, value in found}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a", {"n1": 4, "n2": 6}),
        ('a{node!~"n[13]"}', {"n2": 6}),
        ("a > 5", {"n2": 6}),
        ("1 + 2 * 3", 7),
        ("a / b", {"n1": 2, "n2": math.inf}),
        ("10 - a", {"n1": 6, "n2": 4}),
        ("sum(a)", {"": 10}),
        ("avg by (node) (a + a)", {"n1": 8, "n2": 12}),
        ("max(a) by (node)", {"n1": 4, "n2": 6}),
        ("topk(1, a)", {"n2": 6}),
        ("a > 5 or b", {"n2": 6, "n1": 2}),
        ("timestamp(a)", {"n1": 100, "n2": 100}),
        ("rate(x[2m])", {"n1": pytest.approx(1 / 3)}),
        ("nothing", {}),
        ("vector(1)", {"": 1}),
    ],
)
def test_queries_come_to_what_they_say(query: str, expected: object) -> None:
    """Selection, arithmetic, comparison, aggregation, functions."""
    assert asked(query) == expected


@pytest.mark.parametrize(
    "query",
    [
        "a offset 5m",
        "histogram_quantile(0.9, a)",
        "a * on (node) b",
        "a unless b",
        "sum without (node) (a)",
        "(a)[5m:1m]",
    ],
)
def test_what_is_beyond_it_is_said(query: str) -> None:
    """An empty answer would look like one."""
    with pytest.raises(NotEvaluated):
        evaluate(query, Bed())


@pytest.mark.parametrize("query", ["", "a +", "sum(", "a{", "a{b}", ")", "a b", 'a{node=~"("}'])
def test_what_is_no_query_is_refused(query: str) -> None:
    """As Prometheus does: 400, not 422."""
    with pytest.raises((NotPromQL, NotEvaluated)):
        evaluate(query, Bed())


def test_a_counter_that_began_anew_lost_nothing() -> None:
    """A reset adds what was counted before it; a single point says nothing."""
    assert increase([(-60.0, 5.0), (-30.0, 10.0), (0.0, 3.0)], 60.0) == pytest.approx(8.0)
    assert increase([(-30.0, 10.0)], 60.0) is None
