"""Dialogs on a small screen: what is asked and how to answer stay in view, whatever stands between them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from textual.screen import Screen
from textual.widgets import OptionList

from checks.plans.plan import Confirm, Plan, Preview
from checks.walking.whatnext import Way
from kb.text import Text
from tests.tui.conftest import klinik, screen_text, until
from tests.tui.derived import no_cluster
from tui.app import KlinikApp
from tui.screens.base import KlinikScreen
from tui.screens.choose import ChooseDialog, Item
from tui.screens.confirm import ConfirmDialog
from tui.screens.mute import MuteDialog
from tui.screens.next import NextDialog
from tui.services import Services

SCROLLBAR = "▁▂▃▄▅▆▇█"
LONG = (
    "vpc-nat-gw-blue-0.kube-system.ovn-vpc-external-network.kube-system 172.20.10.2 ext-net statefulset-gone"
)


def choosing() -> Screen[Any]:
    return ChooseDialog("Which ones?", [Item(str(n), f"{LONG} {n}", n) for n in range(20)], many=True)


def confirming() -> Screen[Any]:
    plan = Plan(
        step_id="s",
        purpose="do",
        title=Text("Restart all of it"),
        context="prod",
        server="https://192.0.2.1:6443",
        risk="destructive",
        commands=(),
        preview=Preview("text", (), 0),
        confirm=Confirm("cluster-and-target", ("prod", "3")),
        reversible=False,
        undo_text=Text(),
        impact=Text("A sentence that says what stops meanwhile, and for how long. " * 8),
        warnings=tuple(
            Text(f"warning {n}, which needs more than one line of this dialog to be read") for n in range(4)
        ),
        made_at=0.0,
    )
    return ConfirmDialog(plan)


def going_on() -> Screen[Any]:
    return NextDialog(
        None, Text("It did not help. " * 60), tuple(Way("step", str(n), Text(f"way {n}")) for n in range(9))
    )


@pytest.fixture
def quiet(services: Callable[..., Services]) -> KlinikApp:
    """The app with nothing in it that matters here."""
    return klinik(services(open_cluster=no_cluster))


async def test_what_is_asked_and_how_to_answer_are_in_view(quiet: KlinikApp) -> None:
    asked = {
        choosing: ("Which ones?", "Space"),
        confirming: ("Restart all of it", "prod 3", "No, go back", "Run (F5)"),
        going_on: ("It did not help", "way 0"),
    }
    async with quiet.run_test(size=(80, 24)) as pilot:
        quiet.cluster_state = replace(quiet.cluster_state, production=True, context="prod")
        for make, seen in asked.items():
            dialog = make()
            quiet.push_screen(dialog)
            for size in ((80, 40), (80, 24)):
                await pilot.resize_terminal(*size)
                await pilot.pause()
                await pilot.pause()
                shown = screen_text(quiet)
                assert [part for part in seen if part not in shown] == []
                frame = dialog.query_one("#frame")
                assert all(one.region.bottom <= frame.region.bottom for one in frame.children), shown
            quiet.pop_screen()


async def test_the_second_line_of_a_choice_stands_below_its_first_word(quiet: KlinikApp) -> None:
    async with quiet.run_test(size=(80, 24)) as pilot:
        dialog = choosing()
        quiet.push_screen(dialog)
        await pilot.pause()
        await pilot.pause()
        lines = [
            strip.text
            for strip in dialog.query_one(OptionList).render_lines(dialog.query_one(OptionList).size.region)
        ]
        assert lines[0].startswith("[ ] vpc-nat")
        assert lines[1].startswith("    ")
        assert lines[1].strip()


async def test_a_terminal_without_box_characters_gets_none(
    services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "linux")
    app = klinik(services(open_cluster=no_cluster))
    async with app.run_test(size=(80, 24)) as pilot:
        for make in (choosing, confirming, lambda: MuteDialog("flows")):
            app.push_screen(make())
            await pilot.pause()
            await pilot.pause()
            shown = screen_text(app)
            assert sorted({c for c in shown if 0x2500 <= ord(c) < 0x25A0 and c not in SCROLLBAR}) == [], shown
            app.pop_screen()


async def test_a_question_waits_until_nothing_lies_above_its_screen(quiet: KlinikApp) -> None:
    """What comes late would else be answered by a key that was meant for something else."""
    asked: list[str] = []
    async with quiet.run_test(size=(80, 24)) as pilot:
        home = quiet.screen
        assert isinstance(home, KlinikScreen)
        home.once_on_top(lambda: asked.append("at once"))
        quiet.action_help()
        await pilot.pause()
        home.once_on_top(lambda: asked.append("later"))
        await pilot.pause(0.4)
        assert asked == ["at once"]
        await pilot.press("escape")
        await until(pilot, lambda: asked == ["at once", "later"], "the question")
