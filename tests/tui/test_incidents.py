"""Every incident from the typed symptom to the written record, in the app, on the practice cluster over HTTPS."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from checks.model import Verdict
from checks.practice.scenario import list_scenarios
from tests.tui.conftest import klinik, until
from tests.tui.walking import choose, do_step, open_guide, search_and_open
from tui.screens.ask import AskDialog
from tui.services import Services

QUERIES = {
    "ovn-mac-binding-leak": "流表 10w 内存",
    "subnet-ip-count-wrong": "v4usingIPs 超过",
    "subnet-ip-stuck-deleting": "subnet stuck deleting",
    "ovn-controller-starved": "inactivity probe disconnect flows missing",
    "ovs-too-many-open-files": "Too many open files ovs",
}
STAGED = {info.name: info for info in list_scenarios() if info.article}


@pytest.mark.parametrize("scenario", STAGED)
async def test_an_incident_is_found_confirmed_fixed_proven_and_written_down(
    scenario: str, services: Callable[..., Services], tmp_path: Path
) -> None:
    """Type, open, check, confirm the staged cause, execute every step, verification green, journal complete."""
    staged = STAGED[scenario]
    beside = scenario == "mac-binding-leak"  # the triage goes on while this one is walked
    app = klinik(services(scenario, looks=beside))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
        await search_and_open(pilot, QUERIES[staged.article], staged.article)
        guide = await open_guide(pilot)
        states = {view.cause.id: view.state for view in guide.snap.causes}
        assert states[staged.cause] == "supported"
        assert [cause for cause, state in states.items() if state == "supported"] == [staged.cause]
        assert any(s.verdict in (Verdict.FAIL, Verdict.WARN) for s in guide.snap.symptoms)

        await pilot.press("2")
        marked = guide.snap.causes[guide.query_one("#cause-list").highlighted].cause.id
        assert marked == staged.cause, "the cursor waits on the supported cause"
        await choose(pilot, guide, staged.cause)
        ended = {}
        for step in [view.step.id for view in guide.snap.steps]:
            ended[step] = await do_step(pilot, guide, step)
        assert set(ended.values()) <= {"done", "already_done", "skipped"}, ended
        assert "done" in ended.values(), ended
        await pilot.press("4", "f", "enter")
        await until(pilot, lambda: isinstance(app.screen, AskDialog), "what helped")
        await pilot.press(*"it was the rows", "enter")
        await until(pilot, lambda: guide.snap.session.outcome == "solved", "the end of the session")
        assert guide.snap.session.why == "it was the rows"
        assert guide.snap.session.versions["kube-ovn"]
        await until(pilot, lambda: app.screen is not guide, "what next")
        await pilot.press("escape", "escape")

    (journal,) = (tmp_path / "sessions").glob("*.jsonl")
    entries = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    kinds = [entry["kind"] for entry in entries]
    assert kinds[0] == "opened"
    assert kinds[-1] == "finished"
    assert kinds.count("writing") == kinds.count("answer")
    proofs = [entry for entry in entries if entry["kind"] == "verified"]
    assert {p["step"] for p in proofs} == {step for step, state in ended.items() if state == "done"}
    assert all(proof["ok"] for proof in proofs)
