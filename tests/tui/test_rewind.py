"""The undo of a whole session in the app: shown, armed, confirmed once, run to its end, and told what stays."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.tui.conftest import klinik, screen_text, until
from tests.tui.walking import choose, confirm, do_step, settled
from tui.screens.confirm import ConfirmDialog
from tui.screens.guide import GuideScreen
from tui.screens.rewind import RewindScreen
from tui.services import Services

ARTICLE, CAUSE = "subnet-ip-count-wrong", "leaked-ip-objects"
STEPS = ("delete-orphan-ips", "delete-orphan-eips")


async def test_the_session_is_undone_from_the_guide_and_from_the_list(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    """Two deletions are taken back with one confirmation; Esc and a wrong word send nothing."""
    app = klinik(services("subnet-ip-count-wrong", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
        app.open_guide(ARTICLE)
        await until(pilot, lambda: isinstance(app.screen, GuideScreen), "the guide")
        guide = app.screen
        assert isinstance(guide, GuideScreen)
        await settled(pilot, guide)
        await pilot.press("U")
        await pilot.pause()
        assert not isinstance(app.screen, RewindScreen), "without a session there is nothing to undo"
        await choose(pilot, guide, CAUSE)
        for step in STEPS:
            assert await do_step(pilot, guide, step) == "done"

        await pilot.press("U")
        await until(pilot, lambda: isinstance(app.screen, RewindScreen), "the undo")
        back = app.screen
        assert isinstance(back, RewindScreen)
        await until(pilot, lambda: back.shown is not None, "the way back")
        assert back.shown is not None
        assert [leg.step.id for leg in back.shown.legs] == list(reversed(STEPS))
        await pilot.press("ctrl+y")
        whole = back.shown.whole
        assert whole is not None
        assert app.clipboard.count("kubectl") == whole.items
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, ConfirmDialog), "the confirmation")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is back, "nothing yet")
        assert not back.writing
        await pilot.press("f5")
        await confirm(pilot)
        await until(pilot, lambda: back.ended is not None and not back.running, "the end", 120)
        assert back.ended is not None
        assert back.ended.state == "undone", screen_text(app)
        assert guide.snap.session.step(STEPS[0]).restored
        await pilot.press("escape")
        await settled(pilot, guide)
        assert all(view.state == "undone" for view in guide.snap.steps if view.step.id in STEPS)
        await until(pilot, lambda: "as it was" in screen_text(app), "the comparison beside the step")

        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, GuideScreen), "home")
        app.open_sessions()
        await until(pilot, lambda: getattr(app.screen, "sessions", ()), "the session")
        await pilot.press("U")
        await until(pilot, lambda: getattr(app.screen, "problem", ""), "nothing is left to undo")
        assert isinstance(app.screen, RewindScreen)

    (journal,) = (tmp_path / "sessions").glob("*.jsonl")
    entries = [json.loads(line) for line in journal.read_text(encoding="utf-8").splitlines()]
    ways = [entry for entry in entries if entry["kind"] == "rewind"]
    assert [one["state"] for one in ways] == ["begun", "undone"]
    assert all(thing["same"] for e in entries if e["kind"] == "restored" for thing in e["things"])
