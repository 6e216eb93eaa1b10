"""What is settable about findings in the app: which parts of one are known, and how often it looks again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.tui.conftest import klinik, screen_text, until
from tests.tui.test_triage import lines, through, to_line
from tui.screens.changes import ChangesScreen
from tui.screens.choose import ChooseDialog
from tui.screens.interval import IntervalDialog
from tui.screens.mute import MuteDialog
from tui.services import Services

FINDING = "find:ovn-mac-binding-leak"


async def chosen(pilot: Any, *keys: str) -> tuple[str, ...]:
    """Opens the parts of the finding that is being muted, presses keys there, and says what is chosen then."""
    app = pilot.app
    await pilot.press("f6")
    await until(pilot, lambda: isinstance(app.screen, ChooseDialog) and app.focused, "the parts")
    await pilot.press(*keys)
    await until(pilot, lambda: isinstance(app.screen, MuteDialog), "the choice")
    found: tuple[str, ...] = app.screen.chosen
    return found


async def test_single_parts_are_muted_and_a_watch_looks_as_often_as_was_said(
    services: Callable[..., Services],
) -> None:
    """The finding stays for its other parts; what is no time within bounds is not taken."""
    app = klinik(services("mac-binding-leak"))
    async with app.run_test(size=(80, 24)) as pilot:
        await through(pilot)
        await to_line(pilot, FINDING)
        await pilot.press("f6")
        await until(
            pilot, lambda: isinstance(app.screen, MuteDialog) and app.screen.query("#reason"), "the dialog"
        )
        parts = app.screen.parts
        assert len(parts) > 1
        assert f"all that is bad: {len(parts)}" in screen_text(app)
        assert await chosen(pilot, "a", "enter") == ()
        assert await chosen(pilot, "n", "space", "enter") == parts[:1]
        await until(pilot, lambda: f"only {parts[0]}" in " ".join(screen_text(app).split()), "what is chosen")
        await pilot.press(*"known", "enter", "enter")
        await until(pilot, lambda: app.triaging.mutes, "the mute")
        assert app.triaging.mutes[0].targets == parts[:1]
        await until(pilot, lambda: FINDING in lines(app), "the finding, for its other parts")
        app.open_changes()
        await until(pilot, lambda: isinstance(app.screen, ChangesScreen), "the changes")
        await pilot.press("i")
        await until(
            pilot, lambda: isinstance(app.screen, IntervalDialog) and app.screen.query("#span"), "the line"
        )
        assert app.screen.query_one("#span").value == "1m"
        app.screen.query_one("#span").value = "1s"
        await pilot.press("enter")
        await until(pilot, lambda: "between 5s and 24h" in screen_text(app), "what can be set")
        app.screen.query_one("#span").value = "2m"
        await pilot.press("enter")
        await until(pilot, lambda: app.triaging.every == 120.0, "the new interval")
        assert app.triaging.wanted == 120.0
