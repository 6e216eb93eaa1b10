"""Runs on large clusters and runs that end too early: what is left out says so, what has come is judged."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from checks.catalogue import Catalogue
from checks.cluster import ExecResult
from checks.model import ExecRead, MetricsRead, Result, Verdict
from checks.runner import run_all
from tests.checks.memory_cluster import said
from tests.checks.test_runner import CATALOGUE, cluster, counting, use


def results(widest: int, **options: Any) -> dict[str, Result]:
    """Both checks on three nodes, with a bound on how many pods one read may ask."""
    return run_all(cluster(**options), [use("flows.count"), use("nodes.count")], CATALOGUE, widest=widest)


def test_a_check_of_too_many_pods_is_left_out_and_says_of_how_many() -> None:
    asked: list[str] = []

    def command(pod: str, argv: tuple[str, ...]) -> ExecResult:
        asked.append(pod)
        return said("7")

    found = results(2, command=command)
    assert found["flows.count"].verdict is Verdict.SKIPPED
    assert found["flows.count"].judgement.reason == "costly"
    assert "in each of 3 pods of ovs" in found["flows.count"].summary.en
    assert "3" in found["flows.count"].summary.zh
    assert found["nodes.count"].verdict is Verdict.OK
    assert asked == []


def test_a_check_of_as_many_pods_as_allowed_runs() -> None:
    assert results(3)["flows.count"].verdict is Verdict.OK
    assert results(0)["flows.count"].verdict is Verdict.OK


def test_metrics_pages_of_as_many_pods_cost_as_much() -> None:
    """They are no way out; a source that answers for all in one request would have been asked first."""
    spec = counting("flows.count")
    read = spec.reads["flows"]
    assert isinstance(read, ExecRead)
    page = MetricsRead("ovs", port=1, families=("x",))
    catalogue = Catalogue({spec.id: replace(spec, reads={"flows": replace(read, alternatives=(page,))})})
    found = run_all(cluster(), [use("flows.count")], catalogue, widest=2)
    assert found["flows.count"].judgement.reason == "costly"


def test_a_run_that_is_over_judges_the_answers_it_has() -> None:
    """Two of three nodes have answered: their rows stand, the third is unknown, and the whole is not ok."""

    def command(pod: str, argv: tuple[str, ...]) -> ExecResult:
        if pod == "ovs-n2":
            threading.Event().wait(3.0)
        return said("700" if pod == "ovs-n1" else "7")

    found = run_all(cluster(command=command), [use("slow.count")], CATALOGUE, deadline=0.5)["slow.count"]
    rows = {row.target: row.verdict for row in found.judgement.rows}
    assert rows == {"n1": Verdict.FAIL, "n2": Verdict.UNKNOWN, "n3": Verdict.OK}
    assert found.verdict is not Verdict.OK
    assert "the run was over" in next(row.text.en for row in found.judgement.rows if row.target == "n2")
