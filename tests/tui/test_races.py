"""Answers that come late: what was asked for other inputs, another step or another screen is not acted upon."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from checks.plans.plan import Plan
from tests.tui.conftest import klinik, until
from tests.tui.test_writing import MAC, to_first_step
from tui.screens.confirm import ConfirmDialog
from tui.screens.fix import FixPane
from tui.screens.outlook import OutlookScreen
from tui.services import Services


async def test_a_late_plan_is_neither_shown_nor_asked_about(
    services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walk's thread is held up, as a slow cluster does, while the operator goes on typing."""
    seen: list[Plan] = []
    planned = FixPane.planned

    def noted(pane: FixPane, plan: Plan) -> None:
        seen.append(plan)
        planned(pane, plan)

    monkeypatch.setattr(FixPane, "planned", noted)
    app = klinik(services("mac-binding-leak", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await to_first_step(pilot, app, *MAC)
        fix = guide.fix
        app.link.arm("INC-1")

        def held_up(reached: threading.Event | None = None) -> threading.Event:
            gate, here = threading.Event(), reached or threading.Event()

            def wait(walk: object) -> None:
                here.set()
                gate.wait(30)

            guide.walker.do("mark", wait)
            return gate

        def asked(*steps: str) -> Callable[[], bool]:
            return lambda: [plan.step_id for plan in seen] == list(steps) and not fix.reading

        # Run with a preview that is too old; then another step, before the new one is there.
        first, second = [view.step.id for view in guide.snap.steps][:4:3]
        assert fix.plan is not None
        fix.plan = replace(fix.plan, made_at=0.0)
        seen.clear()
        gate = held_up()
        await pilot.press("f5", "down", "down", "down")
        gate.set()
        await until(pilot, asked(second), "the plan of the other step", 30)
        await pilot.pause()
        assert app.screen is guide, "a confirmation that nobody asked for"

        # Other inputs, while the plan for the old ones is still being made.
        await pilot.press("up", "up", "up")
        seen.clear()
        await until(pilot, asked(first), "the first step again")
        assert fix.form is not None
        assert fix.view is not None
        (name,) = [spec.name for spec in fix.view.step.inputs if spec.many]
        fewer = tuple(fix.form.values[name])[:1]
        seen.clear()
        gate = held_up()
        await pilot.press("p")
        fix._given(name, fewer)
        gate.set()
        await until(pilot, lambda: seen and not fix.reading, "the plan for the new inputs")
        assert [len(plan.commands) for plan in seen] == [1]

        # The operator has gone elsewhere when the plan comes.
        assert fix.plan is not None
        fix.plan = replace(fix.plan, made_at=0.0)
        seen.clear()
        gate = held_up()
        await pilot.press("f5", "f1")
        gate.set()
        await until(pilot, lambda: seen and not fix.reading, "the plan")
        assert not isinstance(app.screen, ConfirmDialog)
        await pilot.press("escape")
        assert app.screen is guide
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the confirmation")
        await pilot.press("escape")

        # The whole plan of one cause comes when that of another one is looked at.
        gate, reached = held_up(), threading.Event()
        await pilot.press("P", "escape")
        later = held_up(reached)
        await pilot.press("2", "down", "enter", "y")
        await until(pilot, lambda: isinstance(app.screen, OutlookScreen), "the plan of the other cause")
        ahead = app.screen
        assert isinstance(ahead, OutlookScreen)
        gate.set()
        await until(pilot, reached.is_set, "the first plan made")
        await pilot.pause()
        assert ahead.seen is None
        later.set()
        await until(pilot, lambda: ahead.seen is not None, "the plan")
        assert ahead.seen is not None
        assert [one.step.id for one in ahead.seen.steps] == list(ahead.cause.fix)
