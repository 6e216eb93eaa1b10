"""Every staged incident, over HTTPS: check, cause, every step run and proven, undone, and all of it in the journal."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from checks.catalogue import Catalogue, load_catalogue
from checks.live import connect
from checks.practice.scenario import ScenarioInfo, list_scenarios
from checks.practice.server import PracticeServer
from checks.practice.sim.world import SimWorld
from checks.sessions.export import session_json, session_markdown
from checks.sessions.journal import read
from checks.sessions.session import fold
from checks.walking.access import Access
from checks.walking.rewind import RewindEnded, plan_rewind, run_rewind
from checks.walking.walk import Walk
from checks.writing.stepevents import StepEnded
from kb import open_library
from kb.model import Article, ExecAction, ManualAction, Step
from kb.paths import ASSETS
from tests.checks.smallworld import FEWER, small_world
from tests.checks.worldstate import differences, state_of

PACE = 0.03
SCENARIOS = list_scenarios()
INCIDENTS = [one for one in SCENARIOS if one.cause]
PORTS = r"nb\.Logical_Switch(_Port)?|sb\.Port_Binding"
NAMED = {
    "remove-lost-ports": r"node-\d+\.(Port|Interface|Bridge)",
    "drop-ip-finalizer": rf"kubeovn\.io/v1/ips .*|{PORTS}",
    "nudge-subnet": rf"kubeovn\.io/v1/subnets .*|{PORTS}",
}
"""What steps that said they cannot be undone, or whose object went as they meant, leave behind. Restarts: nothing.

Beside these only routers' learning goes on: of a pod that started again, and of everybody once learning is on again.
"""


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
def walking(
    scenario: str, article: Article, catalogue: Catalogue, folder: Path
) -> Iterator[tuple[Walk, SimWorld]]:
    """A walk, armed, with fresh results, on a practice cluster of its own."""
    with PracticeServer(world := small_world(scenario, pace=PACE)) as server:
        server.write_kubeconfig(folder / "kubeconfig")
        cluster = connect(kubeconfig=str(folder / "kubeconfig"))
        access = Access()
        access.arm(cluster.info, "TEST-1")
        walk = Walk.open(
            cluster, article, catalogue, journal_dir=folder / "sessions", access=access, operator="chen"
        )
        try:
            look(walk)
            yield walk, world
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
    """The staged cause alone is supported; its steps run and are proven; the undo of all brings the cluster back."""
    with walking(scenario.name, articles[str(scenario.article)], catalogue, tmp_path) as (walk, world):
        supported = [view.cause.id for view in walk.causes() if view.state == "supported"]
        assert supported == [scenario.cause] or scenario.name in FEWER, {
            a: (str(r.verdict), r.summary.en) for a, r in walk.results.items()
        }
        before = state_of(world)
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
        stays = take_back(walk)
        ids = {step.id for step in ran}
        for what, (gone, new) in differences(before, state_of(world)).items():
            named = stays & ids & {step for step, pattern in NAMED.items() if re.fullmatch(pattern, what)}
            learned = what == "sb.MAC_Binding" and (
                not gone if "stop-learning" in ids else "stop-flapper" in ids
            )
            assert named or learned, f"{what} is not as it was: gone {gone[:3]}, new {new[:3]}"
        back = [walk.record_of(step.id) for step in ran if step.id not in stays]
        assert all(record.state == "undone" for record in back)
        for record in back:
            assert record.restored, f"nothing was compared after undoing {record.id}"
            assert all(thing["same"] for thing in record.restored), record.restored
            commands = [step.action for step in ran if step.id == record.id]
            ovn = any(isinstance(one, ExecAction) and one.on.startswith("ovn-") for one in commands)
            assert bool(record.files) == ovn, "databases of OVN, and only those, are backed up"
        walk.finish("solved")
        session = walk.session
        assert fold(read(walk.path)) == session  # type: ignore[arg-type]
        assert all(walk.state(step.id) != "todo" for step in walk.steps())
        for lang in ("en", "zh"):
            text = session_markdown(session, lang)
            assert all(step.id in text for step in ran)
            assert session_json(session, lang)["outcome"] == "solved"


def take_back(walk: Walk) -> set[str]:
    """The whole session is undone, shown again where it has to be; returns the steps that stay."""
    while True:
        shown = plan_rewind(walk)
        stays = {leg.step.id for leg in shown.stays}
        if not shown.plans:
            return stays
        last = list(run_rewind(walk, shown, typed=shown.confirm.expected))[-1]
        assert isinstance(last, RewindEnded)
        assert last.state != "failed", last.message.en
        if last.state != "more":
            return stays


@pytest.mark.parametrize("article_id", sorted({str(one.article) for one in INCIDENTS}))
def test_a_healthy_cluster_supports_no_cause(
    article_id: str, articles: dict[str, Article], catalogue: Catalogue, tmp_path: Path
) -> None:
    """On the healthy practice cluster no guide finds its incident, and looking leaves no session behind."""
    with walking("healthy", articles[article_id], catalogue, tmp_path) as (walk, _):
        states = {view.cause.id: view.state for view in walk.causes()}
        assert "supported" not in states.values(), states
    assert not (tmp_path / "sessions").exists()


def test_purged_rows_are_created_again_as_they_were(
    articles: dict[str, Article], catalogue: Catalogue, tmp_path: Path
) -> None:
    """Some rows go and come back with address, port, MAC and datapath; the option of the router too."""
    article = articles["ovn-mac-binding-leak"]
    with walking("mac-binding-leak", article, catalogue, tmp_path) as (walk, _):
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


@pytest.mark.parametrize(
    ("scenario", "step_id", "name"),
    [
        ("subnet-ip-count-wrong", "delete-orphan-ips", "ips"),
        ("ip-held-by-finalizer", "drop-ip-finalizer", "ips"),
    ],
)
def test_one_of_many_is_proven_by_itself(
    scenario: str, step_id: str, name: str, articles: dict[str, Article], catalogue: Catalogue, tmp_path: Path
) -> None:
    """Who begins with one of many has done that one, although the check fails for the others as before."""
    staged = next(one for one in INCIDENTS if one.name == scenario)
    with walking(scenario, articles[str(staged.article)], catalogue, tmp_path) as (walk, _):
        walk.choose(str(staged.cause))
        values = walk.proposed(step_id)
        one, *others = values[name]
        assert others
        plan = walk.plan(step_id, {**values, name: [one]})
        ended = finish(walk.run(plan, typed=plan.confirm.expected))
        assert ended.state == "done", ended.message.en
        look(walk)
        left = [row["name"] for row in walk.proposed(step_id)[name]]
        assert left == [row["name"] for row in others]
