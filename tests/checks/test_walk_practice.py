"""Every staged incident, over HTTPS: check, cause, every step run and proven, undone, and all of it in the journal."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from checks.access import Access
from checks.catalogue import Catalogue, load_catalogue
from checks.export import session_json, session_markdown
from checks.journal import read
from checks.live import connect
from checks.plan import PlanError
from checks.practice.scenario import ScenarioInfo, build_world, list_scenarios
from checks.practice.server import PracticeServer
from checks.session import fold
from checks.stepevents import StepEnded
from checks.walk import Walk
from kb import open_library
from kb.model import Article, ManualAction, Step
from kb.paths import ASSETS

PACE = 0.03
SCENARIOS = list_scenarios()
INCIDENTS = [one for one in SCENARIOS if one.cause]
ROWS = 2000
"""More items than this are undone in the other test, with fewer of them."""


@pytest.fixture(scope="module")
def articles() -> dict[str, Article]:
    with tempfile.TemporaryDirectory() as folder:
        library = open_library([ASSETS], cache_dir=Path(folder))
        found = {article_id: library.get(article_id) for article_id in library.guided}
        return {article_id: article for article_id, article in found.items() if article}


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@contextmanager
def walking(scenario: str, article: Article, catalogue: Catalogue, folder: Path) -> Iterator[Walk]:
    """A walk, armed, with fresh results, on a practice cluster of its own."""
    with PracticeServer(build_world(scenario, pace=PACE)) as server:
        server.write_kubeconfig(folder / "kubeconfig")
        cluster = connect(kubeconfig=str(folder / "kubeconfig"))
        access = Access()
        access.arm(cluster.info, "TEST-1")
        walk = Walk.open(
            cluster, article, catalogue, journal_dir=folder / "sessions", access=access, operator="chen"
        )
        try:
            look(walk)
            yield walk
        finally:
            walk.close()
            cluster.close()


def look(walk: Walk) -> None:
    for _ in walk.check():
        pass


def finish(events: Iterator[Any]) -> StepEnded:
    last = list(events)[-1]
    assert isinstance(last, StepEnded)
    return last


def told(walk: Walk, step: Step, ended: StepEnded) -> str:
    results = {alias: (str(r.verdict), r.summary.en) for alias, r in walk.results.items()}
    return f"{step.id} ended {ended.state}: {ended.message.en}\n{results}"


def by_hand(scenario: ScenarioInfo, step: Step) -> str:
    return f"{scenario.name}: {step.id} is done by a person"


@pytest.mark.parametrize("scenario", INCIDENTS, ids=lambda one: one.name)
def test_an_incident_is_walked_to_its_end_and_back(
    scenario: ScenarioInfo, articles: dict[str, Article], catalogue: Catalogue, tmp_path: Path
) -> None:
    """The staged cause alone is supported; its steps run and are proven; each one that can be undone is undone."""
    with walking(scenario.name, articles[str(scenario.article)], catalogue, tmp_path) as walk:
        supported = [view.cause.id for view in walk.causes() if view.state == "supported"]
        assert supported == [scenario.cause], {
            a: (str(r.verdict), r.summary.en) for a, r in walk.results.items()
        }
        walk.choose(str(scenario.cause))
        ran = []
        for step in walk.steps():
            if isinstance(step.action, ManualAction):
                walk.skip(step.id, by_hand(scenario, step))
                continue
            if walk.already_done(step.id):
                walk.accept_done(step.id)
                continue
            if walk.blocked(step.id):
                walk.skip(step.id, walk.blocked(step.id).en)  # type: ignore[union-attr]
                continue
            plan = walk.plan(step.id, walk.proposed(step.id))
            ended = finish(walk.run(plan, typed=plan.confirm.expected))
            assert ended.state == "done", told(walk, step, ended)
            ran.append(step)
            if step is not walk.steps()[-1]:
                look(walk)
        if all(isinstance(step.action, ManualAction) for step in walk.steps()):
            assert not ran
        else:
            assert ran, "at least one step of klinik's own ran"
        for step in reversed(ran):
            undo(walk, step)
        walk.finish("solved")
        session = walk.session
        assert fold(read(walk.path)) == session  # type: ignore[arg-type]
        assert all(walk.state(step.id) != "todo" for step in walk.steps())
        for lang in ("en", "zh"):
            text = session_markdown(session, lang)
            assert all(step.id in text for step in ran)
            assert session_json(session, lang)["outcome"] == "solved"


def undo(walk: Walk, step: Step) -> None:
    """Undoes one step where it can be; where it cannot, its text has said so."""
    if not step.undo.parts or sum(one.items for one in walk.record_of(step.id).commands) > ROWS:
        assert step.undo.text
        return
    try:
        plan = walk.plan_undo(step.id)
    except PlanError as error:
        # What the step touched has gone since, as the step intended.
        gone = error.text.en
        assert "gone" in gone or "nothing" in gone, gone
        return
    assert finish(walk.undo(plan, typed=plan.confirm.expected)).state == "undone"
    assert walk.record_of(step.id).proof("undo") or step.verify is None


@pytest.mark.parametrize("article_id", sorted({str(one.article) for one in INCIDENTS}))
def test_a_healthy_cluster_supports_no_cause(
    article_id: str, articles: dict[str, Article], catalogue: Catalogue, tmp_path: Path
) -> None:
    """On the healthy practice cluster no guide finds its incident, and looking leaves no session behind."""
    with walking("healthy", articles[article_id], catalogue, tmp_path) as walk:
        states = {view.cause.id: view.state for view in walk.causes()}
        assert "supported" not in states.values(), states
    assert not (tmp_path / "sessions").exists()


def test_purged_rows_are_created_again_as_they_were(
    articles: dict[str, Article], catalogue: Catalogue, tmp_path: Path
) -> None:
    """Some rows go and come back with address, port, MAC and datapath; the option of the router too."""
    with walking("mac-binding-leak", articles["ovn-mac-binding-leak"], catalogue, tmp_path) as walk:
        walk.choose("stale-mac-bindings")

        def rows() -> dict[tuple[str, str], tuple[str, str]]:
            table = walk.results["macs"].judgement.tables["rows"]
            return {(r["ip"], r["logical_port"]): (r["mac"], r["datapath"]) for r in table}

        plan = walk.plan("stop-learning", walk.proposed("stop-learning"))
        assert finish(walk.run(plan, typed="y")).state == "done"
        look(walk)
        before = rows()
        proposed = walk.proposed("purge-bindings")
        chosen = proposed["rows"][:300]
        plan = walk.plan("purge-bindings", {**proposed, "rows": chosen})
        assert plan.items == 300
        finish(walk.run(plan, typed=plan.confirm.expected))
        look(walk)
        gone = before.keys() - rows().keys()
        assert gone == {(row["ip"], row["logical_port"]) for row in chosen}, (
            "exactly the chosen rows, no other"
        )
        back = walk.plan_undo("purge-bindings")
        assert finish(walk.undo(back, typed=back.confirm.expected)).state == "undone"
        look(walk)
        assert rows() == before
