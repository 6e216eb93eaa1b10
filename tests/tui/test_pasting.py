"""What may not be read here is pasted from elsewhere: judged the same way, marked, and never a wrong ok."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual import events
from textual.widgets import TextArea

from checks.live import connect
from checks.practice.faults import Faults
from checks.practice.scenario import build_world
from checks.practice.server import PracticeServer
from tests.tui.conftest import drawn, klinik, screen_text, until
from tests.tui.walking import settled
from tui.connect import Connection
from tui.screens.check import CheckScreen
from tui.screens.choose import ChooseDialog
from tui.screens.guide import GuideScreen
from tui.screens.paste import PasteScreen
from tui.screens.raw import RawScreen
from tui.services import Place, Services

FLOWS = "NXST_AGGREGATE reply (xid=0x4): packet_count=0 byte_count=0 flow_count={flows}"
CHECK = "ovs.flow-count"


@pytest.fixture
def refused(tmp_path: Path) -> Iterator[Callable[[Place], Connection]]:
    """A cluster on which nobody may run commands."""
    faults = Faults()
    faults.forbid("*", "pods", subresource="exec")
    server = PracticeServer(build_world("healthy", pace=0.05), faults=faults).start()
    server.write_kubeconfig(tmp_path / "kubeconfig")

    def open_it(place: Place) -> Connection:
        cluster = connect(kubeconfig=str(tmp_path / "kubeconfig"))
        return Connection(cluster, [cluster.close])

    yield open_it
    server.stop()


async def box(pilot: Any) -> PasteScreen:
    """Opens the box of the check by the keys of its page."""
    app = pilot.app
    await until(pilot, lambda: app.triaging.rounds or not app.services.looks, "the triage")
    await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
    await until(pilot, lambda: app.link.shelf is not None, "the library")
    app.open_check(CHECK)
    await until(pilot, lambda: isinstance(app.screen, CheckScreen) and app.screen.spec, "the check")
    await pilot.press("c")
    await until(pilot, lambda: CHECK in app.runs.results, "its answer")
    assert app.runs.results[CHECK].judgement.reason == "forbidden"
    await drawn(pilot, "paste an output")
    await pilot.press("p")
    await until(pilot, lambda: isinstance(app.screen, PasteScreen) and app.screen.asked, "what is missing")
    screen = app.screen
    assert isinstance(screen, PasteScreen)
    return screen


async def judged(pilot: Any, screen: PasteScreen, text: str) -> None:
    """Pastes as a terminal does, and has it judged."""
    area = screen.query_one(TextArea)
    area.focus()
    pilot.app.post_message(events.Paste(text))
    await until(pilot, lambda: area.text, "the paste in the box")
    runs, before, screen.wrong = screen.app.runs, screen.app.runs.results.get(CHECK), ""
    await pilot.press("f7")
    await until(
        pilot,
        lambda: screen.wrong or (runs.state == "done" and runs.results.get(CHECK) is not before),
        "the judgement",
    )


async def test_a_pasted_output_is_judged_and_marked_wherever_it_is_shown(
    services: Callable[..., Services], refused: Callable[[Place], Connection]
) -> None:
    app = klinik(services(open_cluster=refused))
    async with app.run_test(size=(110, 40)) as pilot:
        screen = await box(pilot)
        assert "ovs-ofctl dump-aggregate br-int" in screen_text(app)
        await pilot.press("ctrl+y")
        script = app.clipboard.splitlines()
        targets = [line.split('"== flows@')[1].split('"')[0] for line in script]
        assert len(targets) == 4
        text = "".join(f"== flows@{node}\r{FLOWS.format(flows=140000)}\r\r== rc=0\r" for node in targets)
        await judged(pilot, screen, text)
        assert app.runs.results[CHECK].verdict == "fail"
        await drawn(pilot, "pasted by")
        shown = [r for r in app.triaging.results.values() if r.check == CHECK]
        assert {r.verdict for r in shown} == {"fail"}
        mine = next(f for f in app.link.findings() if f.article == "ovn-mac-binding-leak")
        assert mine.matches
        await pilot.press("f9")
        await until(pilot, lambda: isinstance(app.screen, RawScreen), "the evidence")
        assert "not read by klinik" in screen_text(app)
        await pilot.press("escape")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.runs.results[CHECK].verdict == "unknown", "the cluster's own answer")
        await pilot.press("escape", "escape")
        await drawn(pilot, "pasted: up to 140,000 flows")


NO_ANSWERS = (
    "no such thing",
    "== flows@node-1\nbash: ovs-ofctl: command not found\n== rc=127\n",
    "== nowhere@node-1\nx\n== rc=0\n",
    "\x1b[31m\x00== flows@node-1\n\x1b]0;x\x07flow_count=\n== rc=0\n",
    "== flows@node-1\n" + FLOWS.format(flows=3),
)


async def test_a_paste_that_is_no_answer_never_makes_a_check_well(
    services: Callable[..., Services], refused: Callable[[Place], Connection]
) -> None:
    app = klinik(services(open_cluster=refused, looks=False))
    async with app.run_test(size=(110, 40)) as pilot:
        screen = await box(pilot)
        for text in NO_ANSWERS:
            screen.query_one(TextArea).clear()
            await judged(pilot, screen, text)
            assert app.runs.results[CHECK].verdict == "unknown", text
            assert app.screen is screen
            assert "\x1b" not in screen_text(app)


async def test_a_guide_goes_on_with_what_was_pasted(
    services: Callable[..., Services], refused: Callable[[Place], Connection]
) -> None:
    app = klinik(services(open_cluster=refused))
    async with app.run_test(size=(110, 40)) as pilot:
        await until(pilot, lambda: app.triaging.rounds, "the triage")
        app.open_guide("ovn-mac-binding-leak")
        await until(
            pilot, lambda: isinstance(app.screen, GuideScreen) and app.screen.query("#symptom-list"), "it"
        )
        guide = app.screen
        assert isinstance(guide, GuideScreen)
        await settled(pilot, guide)
        alias = next(a for a, use in guide.guide.checks.items() if use.check == CHECK)
        assert guide.snap.results[alias].verdict == "unknown"
        await drawn(pilot, "paste an output")
        await pilot.press("e")
        await until(
            pilot, lambda: isinstance(app.screen, ChooseDialog) and app.screen.query("#filter"), "the checks"
        )
        await pilot.press("slash", *"OpenFlow flows of br", "enter", "enter")
        await until(pilot, lambda: isinstance(app.screen, PasteScreen) and app.screen.asked, "the box")
        box = app.screen
        text = "".join(f"== flows@node-{n}\n{FLOWS.format(flows=140000)}\n== rc=0\n" for n in range(1, 5))
        await judged(pilot, box, text)
        await pilot.press("escape")
        await until(pilot, lambda: guide.snap.results[alias].verdict == "fail", "the verdict in the walk")
        assert guide.snap.results[alias].pasted
