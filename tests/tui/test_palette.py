"""The palette: everything by name, in either language."""

from __future__ import annotations

from collections.abc import Callable

from textual.command import CommandPalette

from tests.tui.conftest import klinik, screen_text, until
from tests.tui.test_home import nowhere
from tui.services import Services


async def test_without_a_cluster_the_palette_opens_a_practice_cluster(
    services: Callable[..., Services],
) -> None:
    """Ctrl+P, practice, a scenario: the header says PRACTICE."""
    app = klinik(services(open_cluster=nowhere, lang="zh"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "absent", "the refusal")
        app.services.open_cluster = services("healthy").open_cluster
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette), "the palette")
        await pilot.press(*"practice cluster")
        await until(
            pilot, lambda: "演练集群" in screen_text(app) and "模拟故障" in screen_text(app), "the command"
        )
        await pilot.press("enter")
        await until(
            pilot,
            lambda: app.screen.query("#items") and app.screen.query_one("#items").option_count,
            "scenarios",
        )
        names = [option.id for option in app.screen.query_one("#items").options]
        assert "healthy" in names
        for _ in range(names.index("healthy")):
            await pilot.press("down")
        await pilot.press("enter")
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the practice cluster")
        await until(pilot, lambda: "演练" in screen_text(app), "its mark")


async def test_help_is_about_the_screen_it_was_asked_on(services: Callable[..., Services]) -> None:
    """F1 on home speaks of home, and any of its keys closes it."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        home = app.screen
        await pilot.press("f1")
        await until(pilot, lambda: "Home: type what you see" in screen_text(app), "the help")
        await pilot.press("f1")
        await until(pilot, lambda: app.screen is home, "home")
