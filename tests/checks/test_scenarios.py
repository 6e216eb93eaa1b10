"""Every staged incident, over the wire: the evidence supports its cause and no other; a healthy cluster none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from checks.catalogue import load_catalogue
from checks.causes import judge_causes, symptom_verdicts
from checks.live import connect
from checks.model import Result, Verdict
from checks.practice.faults import Faults
from checks.practice.scenario import ScenarioInfo, build_world, list_scenarios
from checks.practice.server import PracticeServer
from checks.runner import run_all
from kb.guidefile import load_guide
from kb.model import CheckUse, Guide
from kb.paths import ASSETS

PACE = 0.02


def guides() -> dict[str, Guide]:
    loaded = {
        f.parent.name: load_guide(f, f.parent.name)[0] for f in (ASSETS / "articles").glob("*/guide.yaml")
    }
    return {name: guide for name, guide in loaded.items() if guide}


GUIDES = guides()


def everything() -> list[CheckUse]:
    return [
        CheckUse(f"{name}/{use.alias}", use.check, use.params)
        for name, guide in GUIDES.items()
        for use in guide.checks.values()
    ]


@pytest.fixture(scope="module", params=list_scenarios(), ids=lambda info: info.name)
def staged(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ScenarioInfo, Mapping[str, Result]]]:
    """One scenario, and the results of all checks of all guides on it."""
    info: ScenarioInfo = request.param
    kubeconfig = tmp_path_factory.mktemp("practice") / "kubeconfig"
    world = build_world(info.name, pace=PACE)
    try:
        with PracticeServer(world) as server:
            server.write_kubeconfig(Path(kubeconfig))
            cluster = connect(kubeconfig=str(kubeconfig))
            try:
                yield info, run_all(cluster, everything(), load_catalogue())
            finally:
                cluster.close()
    finally:
        world.close()


@pytest.fixture
def forbidden(tmp_path: Path) -> Iterator[Mapping[str, Result]]:
    """All checks on the healthy cluster, by a user who may do nothing."""
    world = build_world("healthy", pace=PACE)
    faults = Faults()
    try:
        with PracticeServer(world, faults=faults) as server:
            server.write_kubeconfig(tmp_path / "kubeconfig")
            cluster = connect(kubeconfig=str(tmp_path / "kubeconfig"))
            try:
                faults.forbid()
                yield run_all(cluster, everything(), load_catalogue())
            finally:
                cluster.close()
    finally:
        world.close()


def test_who_may_see_nothing_is_told_nothing(forbidden: Mapping[str, Result]) -> None:
    """Without any permission no verdict is made up, no cause is supported or refuted, and each says what it lacks."""
    assert {(r.verdict, r.judgement.reason) for r in forbidden.values()} == {(Verdict.UNKNOWN, "forbidden")}
    for article, guide in GUIDES.items():
        found = judge_causes(guide, of(forbidden, article))
        assert {one.state for one in found} == {"unknown"}
        assert all(one.settle for one in found)
    assert all("forbidden" in r.summary.en for r in forbidden.values())


def of(results: Mapping[str, Result], article: str) -> dict[str, Result]:
    return {
        alias.partition("/")[2]: found
        for alias, found in results.items()
        if alias.partition("/")[0] == article
    }


def test_the_staged_cause_and_no_other_is_supported(
    staged: tuple[ScenarioInfo, Mapping[str, Result]],
) -> None:
    """In its own article exactly the staged cause; the others are refuted or open, never unknown."""
    info, results = staged
    for article, guide in GUIDES.items():
        states = {found.cause.id: found.state for found in judge_causes(guide, of(results, article))}
        supported = [cause for cause, state in states.items() if state == "supported"]
        if article == info.article:
            assert supported == [info.cause], states
            assert "unknown" not in states.values(), states
        elif not info.article:
            assert supported == [], (article, states)


def test_symptoms_show_where_the_incident_is(staged: tuple[ScenarioInfo, Mapping[str, Result]]) -> None:
    """At least one symptom of the staged article fails or warns; on a healthy cluster none does."""
    info, results = staged
    for article, guide in GUIDES.items():
        verdicts = {s.symptom.id: s.verdict for s in symptom_verdicts(guide, of(results, article))}
        shown = [name for name, verdict in verdicts.items() if verdict in (Verdict.WARN, Verdict.FAIL)]
        if article == info.article:
            assert shown, verdicts
        elif not info.article:
            assert not shown, (article, verdicts)


def test_no_check_is_left_without_an_answer(staged: tuple[ScenarioInfo, Mapping[str, Result]]) -> None:
    """With every permission and every node answering nothing is unknown, and every verdict has its evidence."""
    _, results = staged
    unknown = {alias: r.summary.en for alias, r in results.items() if r.verdict is Verdict.UNKNOWN}
    assert not unknown
    assert all(result.evidence for result in results.values())
    assert all(result.summary.en and result.summary.zh for result in results.values())
