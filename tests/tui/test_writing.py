"""Writes in the app: never by a slip, never without a reason, never abandoned without asking."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.tui.conftest import klinik, staged, until
from tests.tui.walking import choose, confirm, open_guide, search_and_open, to_the_end
from tui.app import KlinikApp
from tui.screens.ask import AskDialog
from tui.screens.confirm import ConfirmDialog, SureDialog
from tui.screens.guide import GuideScreen
from tui.services import Services


async def to_first_step(pilot: object, app: KlinikApp, article: str, query: str, cause: str) -> GuideScreen:
    """Up to a previewed first step of the cause."""
    await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")  # type: ignore[arg-type]
    await search_and_open(pilot, query, article)  # type: ignore[arg-type]
    guide = await open_guide(pilot)  # type: ignore[arg-type]
    await choose(pilot, guide, cause)  # type: ignore[arg-type]
    await until(pilot, lambda: guide.fix.plan is not None, "the preview")  # type: ignore[arg-type]
    return guide


MAC = ("ovn-mac-binding-leak", "mac_binding memory", "stale-mac-bindings")


async def test_nothing_is_written_before_arming_and_confirming(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    """F5 asks for the reason, then for the yes; Enter and Esc both mean no. Here with all 52,000 rows."""
    app = klinik(services("mac-binding-leak", open_cluster=lambda place: staged(place.name, whole=True)))
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await to_first_step(pilot, app, *MAC)
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, AskDialog), "the reason")
        await pilot.press("escape")
        assert not app.cluster_state.writable
        await pilot.press("f5", *"INC-1", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the confirmation")
        assert app.cluster_state.writable
        assert app.focused is not None
        assert app.focused.id == "no"
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is guide, "back at the step")
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the confirmation again")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is guide, "back again")
        assert not guide.writing
        assert {view.state for view in guide.snap.steps} == {"todo"}
    entries = [
        json.loads(line)
        for path in (tmp_path / "sessions").glob("*.jsonl")
        for line in path.read_text().splitlines()
    ]
    assert "writing" not in [entry["kind"] for entry in entries]


async def test_read_only_cannot_be_armed(services: Callable[..., Services]) -> None:
    """--read-only means it: F5 says no and asks nothing."""
    app = klinik(services("mac-binding-leak", read_only=True, looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await to_first_step(pilot, app, *MAC)
        await pilot.press("f5")
        await pilot.pause()
        assert app.screen is guide
        assert not app.cluster_state.writable


async def test_quitting_during_a_write_asks_and_waits_for_its_answer(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    """The write under way is answered and written down, no further one is begun, then klinik ends."""
    app = klinik(services("mac-binding-leak", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await to_first_step(pilot, app, *MAC)
        await pilot.press("f5")
        await confirm(pilot)
        await until(pilot, lambda: guide.writing, "the write")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, SureDialog) or not guide.writing, "the question")
        assert app.is_running
        await pilot.press("y")
        await until(pilot, lambda: not app.is_running, "the end")
    (journal,) = (tmp_path / "sessions").glob("*.jsonl")
    kinds = [json.loads(line)["kind"] for line in journal.read_text(encoding="utf-8").splitlines()]
    assert kinds.count("writing") == kinds.count("answer")
    # an Event about what was done may be left behind once the step has ended
    assert [kind for kind in kinds if kind != "traced"][-1] in ("ended", "checked")


async def test_a_cause_without_support_asks_before_its_fix_is_shown(
    services: Callable[..., Services],
) -> None:
    """On a healthy cluster every fix is one question away, and no is the answer that is ready."""
    app = klinik(services("healthy", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
        await search_and_open(pilot, "mac_binding memory", "ovn-mac-binding-leak")
        guide = await open_guide(pilot)
        assert "supported" not in {view.state for view in guide.snap.causes}
        await pilot.press("2", "enter")
        await until(pilot, lambda: isinstance(app.screen, SureDialog), "the warning")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is guide, "back")
        assert guide.snap.session.cause == ""


async def test_a_session_is_resumed_where_it_was_left(services: Callable[..., Services]) -> None:
    """Home lists it as unfinished; Enter goes on at its step."""
    app = klinik(services("mac-binding-leak", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await to_first_step(pilot, app, *MAC)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, AskDialog), "the reason")
        await pilot.press(*"later", "enter")
        await until(pilot, lambda: guide.snap.steps[0].state == "skipped", "the skip")
        await pilot.press("escape", "escape", "escape", "escape")
        home = app.screen
        await until(
            pilot, lambda: home.reads.sessions and home.query_one("#list").option_count, "the session"
        )
        await until(
            pilot,
            lambda: any((o.id or "").startswith("session:") for o in home.query_one("#list").options),
            "its line",
        )
        view = home.query_one("#list")
        await pilot.press("down")
        for _ in range(view.option_count):
            if (view.highlighted_option.id or "").startswith("session:"):
                break
            await pilot.press("down")
        await pilot.press("enter")
        await until(
            pilot, lambda: isinstance(app.screen, GuideScreen) and app.screen.snap.steps, "the walk again"
        )
        assert app.screen.snap.session.cause == "stale-mac-bindings"
        assert app.screen.snap.steps[0].state == "skipped"
        assert app.screen.phase == 3


async def test_opening_a_guide_again_offers_its_unfinished_session(services: Callable[..., Services]) -> None:
    """Two half-done walks of one incident help nobody: going on is one key, and beginning anew stays possible."""
    app = klinik(services("mac-binding-leak", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await to_first_step(pilot, app, *MAC)
        path = guide.snap.path
        await pilot.press("escape", "g")
        await until(pilot, lambda: isinstance(app.screen, SureDialog), "the offer")
        await pilot.press("y")
        await until(
            pilot, lambda: isinstance(app.screen, GuideScreen) and app.screen.snap.steps, "the session"
        )
        assert app.screen.snap.path == path
        assert app.screen.phase == 3


async def test_more_than_low_risk_is_confirmed_by_typing(services: Callable[..., Services]) -> None:
    """y and Enter do nothing; the wrong words do nothing; the right ones and F5 run it."""
    app = klinik(services("subnet-ip-count-wrong", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await to_first_step(
            pilot, app, "subnet-ip-count-wrong", "v4usingIPs", guide_cause("subnet-ip-count-wrong")
        )
        assert guide.fix.plan.risk == "destructive"
        await pilot.press("f5", *"INC-1", "enter")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the confirmation")
        dialog = app.screen
        await pilot.press("y", "enter", "f5")
        assert app.screen is dialog
        assert not guide.writing
        box = dialog.query_one("#typed")
        box.value = ""
        await pilot.press(*dialog.plan.confirm.expected, "enter")
        assert app.screen is dialog
        await pilot.press("f5")
        await until(pilot, lambda: app.screen is guide, "the run")
        await until(pilot, lambda: guide.writing, "the run begun")
        await to_the_end(pilot, guide, lambda: guide.snap.steps[0].state == "done", "the step done")


def guide_cause(scenario: str) -> str:
    """The cause that a scenario stages."""
    from checks.practice.scenario import list_scenarios

    return next(info.cause for info in list_scenarios() if info.name == scenario)
