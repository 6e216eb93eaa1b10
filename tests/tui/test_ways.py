"""The other ways of a step, by key: undone, stopped, in doubt and settled, done by hand, exported."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from checks.practice.faults import Faults
from tests.tui.conftest import klinik, screen_text, staged, until
from tests.tui.test_trouble import troubled
from tests.tui.test_writing import MAC, to_first_step
from tests.tui.walking import choose, confirm, do_step, open_guide, search_and_open, through_the_plan
from tui.screens.ask import AskDialog
from tui.screens.choose import ChooseDialog
from tui.screens.confirm import SureDialog
from tui.screens.guide import GuideScreen
from tui.screens.resume import ResumeScreen
from tui.services import Place, Services

__all__ = ["troubled"]
OPTION = "always_learn_from_arp_request"


def state_of(guide: GuideScreen, step: str) -> str:
    """The state of a step as the guide shows it."""
    return next(view.state for view in guide.snap.steps if view.step.id == step)


async def test_u_takes_a_done_step_back(services: Callable[..., Services]) -> None:
    """The way back is planned, shown and confirmed like a step; afterwards the evidence is what it was."""
    app = klinik(services("mac-binding-leak", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await to_first_step(pilot, app, *MAC)
        before = guide.snap.results["options"].verdict
        step = guide.snap.steps[0].step.id
        assert await do_step(pilot, guide, step) == "done"
        assert guide.snap.results["options"].verdict is not before
        await pilot.press("u")
        await confirm(pilot)
        await until(pilot, lambda: "Held" in screen_text(app), "the look after the first of two writes")
        assert "writes to go: 1" in screen_text(app)
        await pilot.press("f5")
        await until(pilot, lambda: state_of(guide, step) == "undone" and not guide.fix.running, "the undo")
        await until(pilot, lambda: not guide.checking, "the evidence again")
        assert guide.snap.results["options"].verdict is before


async def test_x_stops_between_two_writes(services: Callable[..., Services], tmp_path: Path) -> None:
    """What has gone out is answered and counted; the rest is not sent, and the step says so."""
    app = klinik(services("mac-binding-leak", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await to_first_step(pilot, app, *MAC)
        assert await do_step(pilot, guide, guide.snap.steps[0].step.id) == "done"
        await pilot.press("down", "down")
        await until(
            pilot, lambda: guide.fix.step_id == "purge-bindings" and guide.fix.plan is not None, "the preview"
        )
        batches = len(guide.fix.plan.commands)
        assert batches > 20
        await pilot.press("f5")
        await confirm(pilot)
        await until(pilot, lambda: guide.fix.running, "the run")
        await until(pilot, lambda: "writing" in journal(tmp_path), "the first write")
        await pilot.press("x")
        await until(pilot, lambda: not guide.fix.running, "the stop", 120)
        assert state_of(guide, "purge-bindings") == "failed"
        kinds = journal(tmp_path).split()
        assert kinds.count("writing") == kinds.count("answer") < batches


def journal(folder: Path) -> str:
    """The kinds of the entries of the one session, from the second step on."""
    import json

    (path,) = (folder / "sessions").glob("*.jsonl")
    whole = path.read_text(encoding="utf-8").rpartition("\n")[0]  # its last line may be being written
    entries = [json.loads(line) for line in whole.splitlines()]
    starts = [n for n, entry in enumerate(entries) if entry["kind"] == "start"]
    return " ".join(entry["kind"] for entry in entries[starts[1] if len(starts) > 1 else len(entries) :])


async def test_t_settles_a_step_in_doubt(
    troubled: tuple[Faults, Callable[[Place], Any]], services: Callable[..., Services]
) -> None:
    """A write whose answer was lost is never assumed: the operator says what happened and how they know."""
    faults, open_it = troubled
    app = klinik(services(open_cluster=open_it, looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await to_first_step(pilot, app, *MAC)
        step = guide.snap.steps[0].step.id
        faults.drop("^EXEC.*" + OPTION + "=", after=True)
        await pilot.press("f5")
        await confirm(pilot)
        await until(pilot, lambda: state_of(guide, step) == "in_doubt" and not guide.fix.running, "the doubt")
        faults.clear()
        await until(pilot, lambda: not guide.checking, "the evidence")
        assert "in doubt" in screen_text(app)
        await pilot.press("t")
        await until(pilot, lambda: isinstance(app.screen, ResumeScreen) and app.screen.doubts, "the doubt")
        assert app.screen.doubts[0].leans is False
        assert "does not seem to have taken effect" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "what happened")
        await pilot.press("up", "enter")
        await until(
            pilot, lambda: isinstance(app.screen, SureDialog), "that the cluster speaks against a yes"
        )
        await pilot.press("escape", "enter")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "what happened")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SureDialog), "that it may still arrive")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, AskDialog), "how they know")
        await pilot.press(*"looked at it", "enter")
        await until(pilot, lambda: app.screen is guide, "nothing in doubt any more")
        await until(pilot, lambda: state_of(guide, step) == "failed", "the settlement")
        assert guide.snap.steps[0].record.reason == "looked at it"


async def test_d_is_proven_by_the_evidence_and_not_by_the_word(services: Callable[..., Services]) -> None:
    """Done by hand is asked once more, then verified: here nobody did anything, and the step says so."""
    app = klinik(
        services(
            "ovs-too-many-open-files", looks=False, open_cluster=lambda place: staged(place.name, pace=0.01)
        )
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
        await search_and_open(pilot, "Too many open files ovs", "ovs-too-many-open-files")
        guide = await open_guide(pilot)
        cause = next(v.cause for v in guide.snap.causes if "raise-limit" in v.cause.fix)
        await pilot.press("2")
        if next(v.state for v in guide.snap.causes if v.cause.id == cause.id) == "supported":
            await choose(pilot, guide, cause.id)
        else:
            view = guide.query_one("#cause-list")
            while guide.snap.causes[view.highlighted].cause.id != cause.id:
                await pilot.press("down")
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, SureDialog), "the warning")
            await pilot.press("y")
            await through_the_plan(pilot)
            await until(pilot, lambda: guide.snap.session.cause == cause.id and guide.phase == 3, "the fix")
        while guide.fix.step_id != "raise-limit":
            await pilot.press("down")
        await until(pilot, lambda: not guide.fix.reading, "the step read")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, SureDialog), "the question")
        await pilot.press("y")
        await until(
            pilot, lambda: state_of(guide, "raise-limit") not in ("todo", "running"), "the proof", 240
        )
        assert state_of(guide, "raise-limit") == "failed"


async def test_e_exports_a_session_for_its_owner_only(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    """Markdown where it was asked for, readable by nobody else."""
    app = klinik(services("mac-binding-leak", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await to_first_step(pilot, app, *MAC)
        await pilot.press("escape", "escape", "escape", "escape")
        app.open_sessions()
        await until(
            pilot, lambda: "ovn-mac-binding-leak" in screen_text(app) or "MAC" in screen_text(app), "it"
        )
        exported = tmp_path / "told.md"
        await pilot.press("e", "enter")
        await until(pilot, lambda: isinstance(app.screen, AskDialog), "where to")
        app.screen.query_one("#typed").value = str(exported)
        await pilot.press("enter")
        await until(pilot, exported.is_file, "the export")
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    assert "stale" in exported.read_text(encoding="utf-8")
