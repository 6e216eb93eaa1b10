"""A cluster that hangs, forbids or goes away: the app stays quick and says what it does not know."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from checks.live import connect as connect_live
from checks.model import Verdict
from checks.practice.faults import Faults
from checks.practice.server import PracticeServer
from tests.checks.smallworld import ENOUGH, small_world
from tests.tui.conftest import PACE, klinik, screen_text, until
from tests.tui.walking import open_guide, search_and_open
from tui.connect import Connection
from tui.services import Place, Services
from tui.widgets.search import SearchBox


@pytest.fixture
def troubled(tmp_path: Path) -> Iterator[tuple[Faults, Callable[[Place], Any]]]:
    """A practice server with its faults, and how to open it."""
    faults = Faults()
    server = PracticeServer(small_world("mac-binding-leak", pace=PACE, fewer=ENOUGH), faults=faults).start()
    path = tmp_path / "kubeconfig"
    server.write_kubeconfig(path)

    def open_it(place: Place) -> Connection:
        cluster = connect_live(kubeconfig=str(path))
        return Connection(cluster, [cluster.close])

    yield faults, open_it
    faults.clear()
    server.stop()


async def test_a_server_that_never_answers_leaves_the_app_quick(
    troubled: tuple[Faults, Callable[[Place], Any]], services: Callable[..., Services]
) -> None:
    """Typing is echoed and searched while the connection hangs; in the end the header says why."""
    faults, open_it = troubled
    faults.hang(".")
    app = klinik(services(open_cluster=open_it))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.link.cluster is not None, "the client")
        home = app.screen
        began = time.monotonic()
        await pilot.press(*"subnet")
        assert app.screen.query_one(SearchBox).value == "subnet"
        await until(pilot, lambda: home.found is not None and home.found_query == "subnet", "hits", 20)
        assert app.cluster_state.phase == "connecting" or time.monotonic() - began > 4
        await until(pilot, lambda: app.cluster_state.phase == "absent", "the deadline", 30)
        assert app.cluster_state.why
        assert "no cluster" in screen_text(app)


async def test_forbidden_commands_are_unknown_with_their_reason_and_support_nothing(
    troubled: tuple[Faults, Callable[[Place], Any]], services: Callable[..., Services]
) -> None:
    """Silence is not health: no cause is supported or refuted by what may not be read."""
    faults, open_it = troubled
    faults.forbid("*", "pods", subresource="exec")
    app = klinik(services(open_cluster=open_it))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
        await search_and_open(pilot, "mac_binding memory", "ovn-mac-binding-leak")
        assert "unknown" in screen_text(app)
        assert "forbidden" in screen_text(app)
        guide = await open_guide(pilot)
        assert {view.state for view in guide.snap.causes} <= {"unknown", "open"}
        assert any(s.verdict is Verdict.UNKNOWN for s in guide.snap.symptoms)
        # what is known all the same was read in another way, and never by a command
        told = [r for s in guide.snap.symptoms if s.verdict is not Verdict.UNKNOWN for r in s.results]
        for read in (one for result in told for one in result.evidence if not one.error):
            assert not read.source.startswith("exec"), read.source
        await pilot.press("2")
        await pilot.pause()
        assert "No cause is supported" in screen_text(app)
        assert "Would settle it" in guide.query_one("#cause-why > Static").visual.plain


async def test_an_expired_token_is_said_and_can_be_tried_again(
    troubled: tuple[Faults, Callable[[Place], Any]], services: Callable[..., Services]
) -> None:
    """Ctrl+R connects again once the credentials work."""
    faults, open_it = troubled
    faults.tokens_expired = True
    app = klinik(services(open_cluster=open_it))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "absent", "the refusal")
        faults.tokens_expired = False
        await pilot.press("ctrl+r")
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
        await until(pilot, lambda: app.link.triage == "done", "the triage")


async def test_a_cluster_that_dies_under_the_guide_leaves_every_answer_unknown(
    troubled: tuple[Faults, Callable[[Place], Any]], services: Callable[..., Services]
) -> None:
    """Checking again after the connection broke says so; nothing turns ok and the app goes on."""
    faults, open_it = troubled
    app = klinik(services(open_cluster=open_it))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
        await search_and_open(pilot, "mac_binding memory", "ovn-mac-binding-leak")
        guide = await open_guide(pilot)
        faults.drop(".")
        await pilot.press("c")
        await until(
            pilot,
            lambda: {r.verdict for r in guide.snap.results.values()} == {Verdict.UNKNOWN},
            "all unknown",
        )
        await pilot.press("escape", "escape")
        await until(pilot, lambda: app.screen.query(SearchBox), "home")
