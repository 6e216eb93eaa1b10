"""The app on the practice cluster over HTTPS, with its files in a temporary folder."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from checks.live import connect as connect_live
from checks.practice.faults import Faults
from checks.practice.scenario import build_world
from checks.practice.server import PracticeServer
from kb import open_library
from kb.paths import ASSETS
from tests.checks.smallworld import ENOUGH, small_world
from tui.app import KlinikApp
from tui.connect import Connection
from tui.services import Place, Scenario, Services

READERS = ("klinik-", "cluster-call")
PACE = 0.05
"""Twenty times faster than life; a loaded machine still has the time to answer within a step's deadline."""


IDLE, SELDOM = 0.005, 0.05
"""Seconds between two looks at what is waited for: at first, and when it takes its time."""


@pytest.fixture(scope="session")
def shelf_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index, built once for all tests."""
    return tmp_path_factory.mktemp("index")


def staged(name: str, *, pace: float = PACE, whole: bool = False, faults: Faults | None = None) -> Connection:
    """A practice cluster and its client, as the app opens one; with fewer rows unless it shall be `whole`."""
    world = build_world(name, pace=pace) if whole else small_world(name, pace=pace, fewer=ENOUGH)
    server = PracticeServer(world, faults=faults).start()
    folder = tempfile.TemporaryDirectory(prefix="klinik-practice-")  # kubectl is told its kubeconfig, too
    path = Path(folder.name) / "kubeconfig"
    server.write_kubeconfig(path)
    cluster = connect_live(kubeconfig=str(path))
    return Connection(cluster, [server.stop, folder.cleanup, cluster.close])


@pytest.fixture
def services(tmp_path: Path, shelf_cache: Path) -> Iterator[Callable[..., Services]]:
    """Makes services for a practice scenario, or for whatever `open_cluster` opens."""
    made: list[Services] = []

    def catalogue() -> Any:
        from checks.catalogue import load_catalogue

        return load_catalogue([ASSETS])

    def scenarios() -> tuple[Scenario, ...]:
        from checks.practice.scenario import list_scenarios

        return tuple(Scenario(s.name, s.title, s.article or "") for s in list_scenarios())

    def cluster(place: Place) -> Connection:
        return staged(place.name)

    def make(scenario: str = "healthy", **changes: Any) -> Services:
        one = Services(
            open_library=lambda: open_library([ASSETS], cache_dir=shelf_cache),
            open_catalogue=catalogue,
            open_cluster=cluster,
            scenarios=scenarios,
            place=Place("practice", scenario),
            journal_dir=tmp_path / "sessions",
        )
        one = replace(one, **changes)
        made.append(one)
        return one

    yield make
    for one in made:
        one.close()
    # Reads that the app gave up end by their own deadline; what they held is let go of here and not in another test.
    end = time.monotonic() + 5
    while time.monotonic() < end and any(t.name.startswith(READERS) for t in threading.enumerate()):
        time.sleep(0.05)
    gc.collect()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No wish of this terminal, and no file of this machine."""
    for name in ("NO_COLOR", "KLINIK_LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("KLINIK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("KLINIK_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture(autouse=True)
def patient_pilot(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pilot waits for the app; Textual's own waits a second after each key while any thread is busy."""
    monkeypatch.setattr("textual.app.wait_for_idle", handled)
    monkeypatch.setattr("textual.pilot.wait_for_idle", handled)


async def handled(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Until the loop of the app has nothing to do, judged by what its own thread works.

    In this process a cluster and its clients are at work too, on threads of their own, and they are not waited for.
    """
    began = time.monotonic()
    while True:
        worked = time.thread_time()
        await asyncio.sleep(IDLE)
        waited = time.monotonic() - began
        if waited >= max_sleep or (waited >= min_sleep and time.thread_time() - worked < IDLE / 10):
            return


async def until(
    pilot: Pilot[Any], condition: Callable[[], object], what: str, seconds: float = 120.0
) -> None:
    """Waits until the condition holds and its screen is drawn, with a deadline; the screen is in the failure."""
    end = time.monotonic() + seconds
    wait = IDLE
    if condition():
        return
    while not condition():
        if time.monotonic() > end:
            pytest.fail(f"never came: {what}\n{screen_text(pilot.app)}")
        await asyncio.sleep(wait)
        wait = min(wait * 1.3, SELDOM)  # a condition may draw the whole screen: that is not done all the time
    if pilot.app.is_running:
        await pilot.pause(0)


def quiet(*names: str) -> bool:
    """No thread of these reads is at work any more."""
    return not any(thread.name in names for thread in threading.enumerate())


async def drawn(pilot: Pilot[Any], *words: str) -> None:
    """Waits until all these words stand on the screen."""
    await until(pilot, lambda: all(one in screen_text(pilot.app) for one in words), f"{words} on the screen")


def screen_text(app: Any) -> str:
    """What the screen shows, as plain lines."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips[:height]) if width else ""


def klinik(services: Services) -> KlinikApp:
    """The app as the command line makes it."""
    return KlinikApp(services)
