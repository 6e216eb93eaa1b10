"""A step of many targets in the app: whose turn it is, one target first, held, ended, where next, and the proof."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from textual.content import Content

from checks.clock import RealClock
from checks.model import Row, Verdict
from checks.walking.whatnext import Way
from checks.writing.stepevents import CanaryLooked, StepStarted, Verified, Waiting, WriteDone, WriteStarted
from checks.writing.turns import Claim, Held, Holder, Turn, claims
from kb.messages import message
from kb.text import Text
from tests.tui.conftest import klinik, screen_text, until
from tests.tui.test_writing import guide_cause, to_first_step
from tests.tui.walking import confirm
from tui.screens.choose import ChooseDialog
from tui.screens.guide_run import RunLog
from tui.screens.next import NextDialog
from tui.screens.turn import TurnDialog
from tui.services import Services
from tui.theme import Signs
from tui.widgets.pairs import Chips, Pair
from tui.widgets.rows import Page

SUBNET = "subnet-ip-count-wrong"


def written(folder: Path) -> list[dict[str, Any]]:
    """The journal's entries of writes that went out."""
    lines = [line for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    return [entry for entry in map(json.loads, lines) if entry["kind"] == "writing"]


async def to_the_turn(pilot: Any, app: Any) -> TurnDialog:
    """F5, yes, and then somebody else is at work."""
    await pilot.press("f5")
    await confirm(pilot)
    await until(pilot, lambda: isinstance(app.screen, TurnDialog), "who is at work")
    dialog = app.screen
    assert isinstance(dialog, TurnDialog)
    return dialog


async def test_many_targets_one_first_and_only_in_ones_turn(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    """Taking over, holding, ending and going on are all asked for; nothing goes out in between."""
    app = klinik(services(SUBNET, looks=False))
    folder = tmp_path / "sessions"
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await to_first_step(pilot, app, SUBNET, "v4usingIPs", guide_cause(SUBNET))
        fix = guide.fix
        first = guide.snap.steps[0].step.id
        many = len({write.name for write in fix.plan.commands})
        assert many > 2
        assert "alone, then it holds" in fix.query_one("#plan").visual.plain

        # somebody else is at work on one of the targets
        cluster = app.link.cluster
        other = Turn(
            cluster, claims(fix.plan.commands[1:2]), holder="li@desk", purpose="audit", clock=RealClock()
        )
        other.take()
        await to_the_turn(pilot, app)
        await until(pilot, lambda: "li@desk" in screen_text(app), "who")
        assert "audit" in screen_text(app)
        await pilot.press("y", "enter")  # the focus is on waiting
        await until(pilot, lambda: app.screen is guide, "back at the step")
        assert not written(folder)
        assert not guide.writing

        # taken over on purpose; the first target is done, and the step holds
        await to_the_turn(pilot, app)
        await pilot.press("T")
        await until(pilot, lambda: fix.held and "Held" in screen_text(app), "held after the first target")
        assert len(written(folder)) == 1
        assert f"targets to go: {many - 1}" in screen_text(app)
        await pilot.press("g", "enter", "y", "h")
        await pilot.pause(0.5)
        assert len(written(folder)) == 1, "only F5 lets it go on"
        await pilot.press("x")
        await until(pilot, lambda: not guide.writing and not guide.checking, "the end")
        assert guide.snap.steps[0].state == "failed"

        # what was allowed for one run is forgotten where another step is confirmed, or something fails
        fix.over = {"another": {"wang@desk"}}
        fix.failed(ValueError("refused"))
        assert not fix.over

        # where next
        assert "Press w" in fix.query_one("#plan").visual.plain
        await pilot.press("w")
        await until(pilot, lambda: isinstance(app.screen, NextDialog), "where next")
        places: tuple[Way, ...] = app.screen.places
        assert places[0].kind == "retry"
        assert {"bundle", "sessions", "finish"} <= {way.kind for way in places}
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is guide and fix.plan is not None, "the preview again")
        assert len({write.name for write in fix.plan.commands}) == many - 1

        # two at a time, held nowhere, to the end
        await pilot.press("b")
        for answer in (1, 2):
            await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "a choice")
            dialog = app.screen
            dialog.query_one("#items").highlighted = answer
            await pilot.press("enter")
            await until(pilot, lambda dialog=dialog: app.screen is not dialog, "chosen")
        order = fix.order_of(fix.plan)
        assert (order.batch, order.holds) == (2, "never")
        await pilot.press("f5")
        await confirm(pilot)
        await until(pilot, lambda: guide.snap.steps[0].state == "done" and not guide.checking, "done", 120)
        record = guide.snap.steps[0].record
        assert all(mark["changed"] for mark in record.marks)
        assert len(record.marks) == many - 1
        await pilot.press("4")
        shown = guide.query_one("#proof-text > Static").visual.plain
        assert "before" in shown
        assert f"changed: {many - 1} of {many - 1}" in shown
    kinds = [json.loads(line) for path in folder.glob("*.jsonl") for line in path.read_text().splitlines()]
    assert [e["state"] for e in kinds if e["kind"] == "turn"] == ["taken-over"]
    sent = [e["kubectl"] for e in kinds if e["kind"] == "writing" and e["step"] == first]
    assert len(sent) == many
    assert len({tuple(argv) for argv in sent}) == many, "no target twice"


async def test_on_production_taking_over_is_typed(services: Callable[..., Services]) -> None:
    """T does nothing there, nor does another name; the target's name and F5 do."""
    app = klinik(services("healthy", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
        app.cluster_state = replace(app.cluster_state, practice="", production=True)
        answers: list[Any] = []
        claim = Claim("kube-system", "pods/kube-system/ovs-ovn-x7")
        held = Held(claim, Holder("li@desk/s", 1.0, 2.0, "\x1b[2J[b]audit"), 3.0)
        app.push_screen(TurnDialog(held), answers.append)
        await pilot.pause()
        assert "PRODUCTION" in str(app.screen.query_one("#frame").border_title)
        await pilot.press("T")
        app.screen.query_one("#typed").focus()
        await pilot.press(*"ovs-ovn-x", "enter", "f5", "8", "enter", "f5")
        await pilot.pause()
        assert not answers
        await pilot.press("backspace", "7", "enter")
        assert not answers
        await pilot.press("f5")
        await until(pilot, lambda: answers, "the answer")
        assert answers == ["take"]


def test_the_live_view_of_a_thousand_targets_stays_small() -> None:
    """Each target has a state of its own, those around the one at hand are named, hostile names stay harmless."""
    names = [f"node-{n}\x1b[2J" if n == 500 else f"node-{n}" for n in range(1000)]
    log = RunLog("step", targets=dict.fromkeys(names, "waits"), of_write=tuple(names))
    log.add(StepStarted("step", "do", 1000, 1000), "en")
    for index in range(500):
        log.add(WriteStarted(index, 1000, Text("x"), ("kubectl", "x")), "en")
        log.add(WriteDone(index, 1000, index + 1, 1000, 1), "en")
    log.add(CanaryLooked(("node-0",), True, (Row("node-0", Verdict.OK, Text("9000 ms")),)), "en")
    log.add(WriteStarted(500, 1000, Text("x"), ()), "en")
    shown = Page(log.lines_of("en", Signs(), room=4)).plain
    assert "500 of 1000 writes" in shown
    assert "\x1b" not in shown
    assert [log.targets[f"node-{n}"] for n in (0, 1, 499, 501)] == ["good", "sent", "sent", "waits"]
    assert log.targets[names[500]] == "works"
    assert sum(f"node-{n}" in shown for n in range(480, 520)) <= 20
    log.add(Waiting(message("session.paused"), 1.0, 0.0), "en")
    assert Page(log.lines_of("en", Signs(), held=True)).plain.startswith("Held")
    log.add(Verified(True, {}, {}), "en")
    assert set(log.targets.values()) == {"good"}


def test_two_columns_keep_apart_and_fall_together_where_there_is_no_room() -> None:
    pair = Pair(Content("before " * 8), Content("之后 " * 20), "→")
    wide, narrow = pair.laid_out(80), pair.laid_out(20)
    assert all(line.cell_length <= 80 for line in wide)
    assert "before" in wide[0].plain
    assert "之后" in wide[0].plain
    assert not any("before" in line.plain and "之后" in line.plain for line in narrow)
    chips = Chips(tuple(Content(f"name-{n}") for n in range(9))).laid_out(30)
    assert chips[0].plain.split() == ["name-0", "name-1", "name-2"]
    assert all(line.cell_length <= 30 for line in chips)


def test_a_held_step_of_one_target_counts_its_writes_from_the_first_on() -> None:
    """Rows of a database are one pod and many writes: one target to go would say next to nothing."""
    log = RunLog("step", targets={"ovn-central-1": "waits"}, of_write=("ovn-central-1",) * 326)
    log.add(StepStarted("step", "do", 326, 52_010), "en")
    assert "writes to go: 326." in Page(log.lines_of("en", Signs(), held=True)).plain
