"""What is kept of listed objects is all that their checks look at: whole objects say the same, verdict and evidence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from checks.catalogue import Catalogue
from checks.model import CheckSpec, ListRead, Result
from checks.runner import run_all
from kb.model import CheckUse
from tests.checks.troubled import Bed, bed, catalogue

CATALOGUE = catalogue()
KEEPING = sorted(
    spec.id
    for spec in CATALOGUE
    if all(read.kind == "list" for read in spec.reads.values())
    and any(isinstance(read, ListRead) and read.keep for read in spec.reads.values())
)
"""Checks of lists alone: commands count what goes on meanwhile."""
SCENARIOS = ("ip-held-by-finalizer", "subnet-ip-count-wrong")


def whole(spec: CheckSpec) -> CheckSpec:
    """The check, reading whole objects."""
    reads = {n: replace(r, keep=()) if isinstance(r, ListRead) else r for n, r in spec.reads.items()}
    return replace(spec, reads=reads)


@pytest.fixture(scope="module", params=SCENARIOS)
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """A broken cluster: objects are deleted, orphaned and counted wrongly."""
    with bed(tmp_path_factory.mktemp("keep"), request.param) as running:
        yield running


def settled(data: Mapping[str, Any]) -> dict[str, Any]:
    """The data without ages."""
    return {key: value for key, value in data.items() if key not in ("age", "oldest", "seconds")}


def judged(cluster: Bed, known: Catalogue) -> dict[str, Any]:
    """What each check says; ages pass, so texts are left out."""
    with cluster.connected() as live:
        found = run_all(live, [CheckUse(check, check) for check in KEEPING], known)

    def said(result: Result) -> tuple[Any, ...]:
        j = result.judgement
        rows = tuple((row.target, row.verdict, settled(row.data)) for row in j.rows)
        tables = {k: [settled(r) for r in t] for k, t in j.tables.items()}
        return j.verdict, j.reason, settled(j.data), tables, rows

    return {check: said(result) for check, result in found.items()}


def test_what_is_kept_is_all_that_is_looked_at(cluster: Bed) -> None:
    everything = replace(CATALOGUE, checks={spec.id: whole(spec) for spec in CATALOGUE})
    assert KEEPING
    kept, unkept = judged(cluster, CATALOGUE), judged(cluster, everything)
    for check in KEEPING:
        assert kept[check] == unkept[check], check
