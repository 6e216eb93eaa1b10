"""Walking a guide in the app by its keys, as an operator does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.pilot import Pilot

from kb.model import ManualAction
from tests.tui.conftest import until
from tui.screens.ask import AskDialog
from tui.screens.confirm import ConfirmDialog
from tui.screens.guide import GuideScreen
from tui.screens.outlook import OutlookScreen


async def search_and_open(pilot: Pilot[Any], query: str, article: str) -> None:
    """Types the words, waits for the hit and opens it."""
    home = pilot.app.screen
    await until(pilot, lambda: home.shelf is not None, "the library")
    await pilot.press(*query)
    await until(pilot, lambda: home.found is not None and home.found_query == query, "hits")
    assert home.found.hits[0].article_id == article
    await pilot.press("enter")
    await until(pilot, lambda: getattr(pilot.app.screen, "live", "") == "done", "the article's checks")


async def open_guide(pilot: Pilot[Any]) -> GuideScreen:
    """From the article into its guide, all answers there."""
    await pilot.press("g")
    await until(pilot, lambda: isinstance(pilot.app.screen, GuideScreen), "the guide")
    guide = pilot.app.screen
    assert isinstance(guide, GuideScreen)
    await settled(pilot, guide)
    return guide


async def settled(pilot: Pilot[Any], guide: GuideScreen) -> None:
    """All checks have answered."""
    await until(pilot, lambda: guide.snap.results and not guide.checking, "the guide's checks")


async def choose(pilot: Pilot[Any], guide: GuideScreen, cause: str) -> None:
    """Goes to the causes, to this one, and plans its fix."""
    await pilot.press("2")
    ids = [view.cause.id for view in guide.snap.causes]
    view = guide.query_one("#cause-list")
    for _ in range(len(ids)):
        if view.highlighted == ids.index(cause):
            break
        await pilot.press("down")
    await pilot.press("enter")
    await through_the_plan(pilot)
    await until(pilot, lambda: guide.snap.session.cause == cause and guide.phase == 3, "the fix")


async def through_the_plan(pilot: Pilot[Any]) -> None:
    """Reads the whole plan of a fix, and goes on to its steps."""
    await until(pilot, lambda: isinstance(pilot.app.screen, OutlookScreen), "the plan")
    plan = pilot.app.screen
    assert isinstance(plan, OutlookScreen)
    await until(pilot, lambda: plan.seen is not None, "the plan read")
    await pilot.press("enter")
    await until(pilot, lambda: pilot.app.screen is not plan, "the plan left")


async def do_step(pilot: Pilot[Any], guide: GuideScreen, step: str) -> str:
    """Takes one step to its end in whatever way it asks for; returns its state."""
    fix = guide.fix
    ids = [view.step.id for view in guide.snap.steps]
    while fix.step_id != step:
        await pilot.press("down" if ids.index(fix.step_id) < ids.index(step) else "up")
    await until(
        pilot, lambda: fix.form is not None and fix.form.step_id == step and not fix.reading, f"{step} read"
    )
    view = next(view for view in guide.snap.steps if view.step.id == step)
    if view.already_done:
        await pilot.press("a")
    elif view.blocked is not None or isinstance(view.step.action, ManualAction):
        await pilot.press("s")
        await until(pilot, lambda: isinstance(pilot.app.screen, AskDialog), "the question why")
        await pilot.press(*"nobody here", "enter")
    else:
        await until(pilot, lambda: fix.plan is not None or fix.problem, f"the plan of {step}")
        assert not fix.problem, fix.problem
        await pilot.press("f5")
        await confirm(pilot)
    await to_the_end(pilot, guide, lambda: _state(guide, step) not in ("todo", "running"), f"{step} over")
    await settled(pilot, guide)
    return _state(guide, step)


async def to_the_end(pilot: Pilot[Any], guide: GuideScreen, over: Callable[[], object], what: str) -> None:
    """Until the run is over; where the step holds for somebody to look it goes on."""
    fix = guide.fix
    while True:
        await until(pilot, lambda: fix.held or (not fix.running and over()), what, 240)
        if not fix.held:
            return
        await pilot.press("f5")
        await until(pilot, lambda: not fix.held or not fix.running, "going on")


async def confirm(pilot: Pilot[Any]) -> None:
    """Gives the reason where writes are not armed yet, and says yes as the dialog asks for it."""
    await until(
        pilot, lambda: isinstance(pilot.app.screen, (AskDialog, ConfirmDialog)), "arming or confirming"
    )
    if isinstance(pilot.app.screen, AskDialog):
        await pilot.press(*"INC-4711", "enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, ConfirmDialog), "the confirmation")
    dialog = pilot.app.screen
    assert isinstance(dialog, ConfirmDialog)
    if dialog.plan.confirm.kind == "key":
        await pilot.press("y")
    else:
        await pilot.press(*dialog.plan.confirm.expected, "f5")
    await until(pilot, lambda: pilot.app.screen is not dialog, "the dialog gone")


def _state(guide: GuideScreen, step: str) -> str:
    return next(view.state for view in guide.snap.steps if view.step.id == step)
