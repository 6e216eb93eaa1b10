"""The check browser and the permissions: everything of the catalogue is found, run, and told what it needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from checks.cluster import Object
from checks.practice.rbac import CLUSTER_ROLE_BINDINGS
from checks.rights.rbac import API_GROUP, Subject
from tests.checks.troubled import bed
from tests.tui.conftest import drawn, klinik, screen_text, until
from tests.tui.test_home import nowhere
from tui.connect import Connection
from tui.screens.check import CheckScreen
from tui.screens.checks import ChecksScreen
from tui.screens.raw import RawScreen
from tui.screens.rights import RightsScreen
from tui.services import Place, Services
from tui.widgets.search import HomeList, SearchBox


async def browser(pilot: Any) -> ChecksScreen:
    """Opens the browser, its catalogue read."""
    await until(pilot, lambda: pilot.app.cluster_state.phase != "connecting", "the cluster")
    pilot.app.open_checks()
    await until(pilot, lambda: isinstance(pilot.app.screen, ChecksScreen), "the browser")
    screen = pilot.app.screen
    await until(pilot, lambda: screen.specs, "the catalogue")
    await until(pilot, lambda: screen.query_one(HomeList).option_count, "its lines")
    return screen


def checks_of(screen: ChecksScreen) -> list[str]:
    """The checks that are listed."""
    ids = [option.id or "" for option in screen.query_one(HomeList).options]
    return [one.partition(":")[2] for one in ids if one.startswith("check:")]


@pytest.fixture
def viewer(tmp_path: Path) -> Iterator[Callable[[Place], Connection]]:
    """Opens a practice cluster as somebody with Kubernetes' own role for onlookers."""
    body: Object = {
        "metadata": {"name": "onlookers"},
        "roleRef": {"apiGroup": API_GROUP, "kind": "ClusterRole", "name": "view"},
        "subjects": [Subject("User", "viewer").object()],
    }
    with bed(tmp_path, "healthy") as running:
        running.world.store.create(CLUSTER_ROLE_BINDINGS, body)

        def open_it(place: Place) -> Connection:
            stack = ExitStack()
            return Connection(stack.enter_context(running.connected(as_user="viewer")), [stack.close])

        yield open_it


async def test_the_browser_lists_all_checks_by_component_and_filters_by_typing(
    services: Callable[..., Services],
) -> None:
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await browser(pilot)
        assert set(checks_of(screen)) == set(app.services.catalogue().ids())
        groups = [
            option.id for option in screen.query_one(HomeList).options if option.id.startswith("group:")
        ]
        assert groups == sorted(groups)
        assert "group:ovs" in groups
        await pilot.press(*"ovs 句柄")
        await until(
            pilot, lambda: checks_of(screen) == ["ovs.fd-kinds", "ovs.fd-usage"], "the filtered checks"
        )
        await pilot.press("down", "down", "x")
        assert screen.query_one(SearchBox).value == "ovs 句柄x"
        await until(pilot, lambda: not checks_of(screen), "nothing")
        await pilot.press("escape")
        await until(pilot, lambda: len(checks_of(screen)) == len(screen.specs), "everything again")
        assert app.screen is screen


async def test_a_browser_opened_with_words_has_its_cursor_on_the_first_check(
    services: Callable[..., Services],
) -> None:
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "absent", "the refusal")
        app.open_checks("flow-count")
        await until(pilot, lambda: getattr(app.screen, "specs", None), "the catalogue")
        await until(pilot, lambda: checks_of(app.screen) == ["ovs.flow-count"], "the one check")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CheckScreen), "the check")


async def test_a_component_runs_and_its_answers_stream_into_their_lines(
    services: Callable[..., Services],
) -> None:
    app = klinik(services("mac-binding-leak"))
    async with app.run_test(size=(100, 30)) as pilot:
        screen = await browser(pilot)
        await until(pilot, lambda: app.link.triage == "done", "the triage")
        at = [option.id for option in screen.query_one(HomeList).options].index("group:ovs")
        screen.query_one(HomeList).highlighted = at
        await pilot.press("f7")
        await until(pilot, lambda: "running:" in screen_text(app) or app.runs.done, "the run")
        await until(pilot, lambda: app.runs.state == "done", "its end")
        ran = set(app.runs.results)
        assert ran == {c for c in screen.specs if c.startswith("ovs.") and screen.specs[c].cost != "heavy"}
        assert app.runs.results["ovs.memory"].verdict == "fail"
        assert screen.query_one(HomeList).highlighted == at
        await pilot.press(*"ovs.memory")
        await until(pilot, lambda: checks_of(screen) == ["ovs.memory"], "one check")
        await drawn(pilot, "memory limit")


async def test_a_heavy_check_is_asked_about_and_the_page_shows_all_of_it(
    services: Callable[..., Services],
) -> None:
    app = klinik(services("mac-binding-leak"))
    async with app.run_test(size=(100, 45)) as pilot:
        screen = await browser(pilot)
        await pilot.press(*"conjunctions")
        await until(pilot, lambda: checks_of(screen) == ["ovs.conjunctions"], "the check")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, CheckScreen) and app.screen.spec, "its page")
        await until(pilot, lambda: "create pods/exec -n kube-system" in screen_text(app), "what it needs")
        text = screen_text(app)
        for part in ("heavy", "not run yet", "ovs-ofctl", "warn = 20000", "clusters with ovs", "MAC_Binding"):
            assert part in text
        await pilot.press("o")
        assert isinstance(app.screen, CheckScreen)
        await pilot.press("c")
        await until(pilot, lambda: "this check is heavy" in screen_text(app), "the question")
        assert not app.runs.running
        await pilot.press("y")
        await until(pilot, lambda: "ovs.conjunctions" in app.runs.results, "its answer")
        await until(pilot, lambda: "ok" in screen_text(app), "the answer on the page")
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.screen, RawScreen), "the evidence")
        assert "ovs-ofctl" in screen_text(app)
        await pilot.press("escape", "ctrl+y")
        assert app.clipboard == "klinik check ovs.conjunctions"


async def test_what_is_asked_for_during_a_run_waits_and_a_run_can_be_stopped(
    services: Callable[..., Services],
) -> None:
    app = klinik(services("healthy"))
    async with app.run_test(size=(80, 24)) as pilot:
        await browser(pilot)
        await until(pilot, lambda: app.link.triage == "done", "the triage")
        app.runs.start(["node.steal"])
        app.runs.start(["kube-ovn.version", "node.steal"])
        assert app.runs.waiting == ("kube-ovn.version",)
        await until(pilot, lambda: "kube-ovn.version" in app.runs.results, "what waited")
        await until(pilot, lambda: app.runs.state == "done", "the end")
        app.runs.start(["node.steal"])
        began = time.monotonic()
        await pilot.press("ctrl+g")
        assert app.runs.state == "stopped"
        assert time.monotonic() - began < 1
        assert "node.steal" in app.runs.results


async def test_without_a_cluster_the_browser_reads_and_says_why_nothing_runs(
    services: Callable[..., Services],
) -> None:
    app = klinik(services(open_cluster=nowhere, lang="zh"))
    async with app.run_test(size=(80, 24)) as pilot:
        await browser(pilot)
        await pilot.press("f8")
        assert app.runs.state == "idle"
        await until(
            pilot, lambda: any("没有可检查的集群" in n.message for n in app._notifications), "why not"
        )


@pytest.mark.parametrize("lang", ["en", "zh"])
async def test_a_viewer_sees_what_is_refused_and_the_role_that_would_allow_it(
    services: Callable[..., Services], viewer: Callable[[Place], Connection], lang: str
) -> None:
    app = klinik(services(open_cluster=viewer, lang=lang))
    async with app.run_test(size=(100, 40)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
        await until(pilot, lambda: app.link.shelf is not None, "the library")
        app.open_rights()
        await until(pilot, lambda: isinstance(app.screen, RightsScreen), "the permissions")
        await until(pilot, lambda: app.rights.answers and not app.rights.asking, "the answers")
        refused = {p.shown for p, may in app.rights.answers.items() if may is False}
        assert "pods/exec -n kube-system" in refused
        await drawn(pilot, "✗")
        await pilot.press("r")
        await until(pilot, lambda: isinstance(app.screen, RawScreen), "the role")
        await pilot.press("ctrl+y")
        assert "kind: ClusterRole" in app.clipboard
        assert "pods/exec" in app.clipboard
        assert "patch" not in app.clipboard
        await pilot.press("escape", "f")
        await until(pilot, lambda: isinstance(app.screen, RawScreen), "the role of the fixes")
        await pilot.press("ctrl+y")
        assert "patch" in app.clipboard
