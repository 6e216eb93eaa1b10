"""Bundles in the app: collected, opened in a cluster's place, compared; whatever file is named, nothing breaks."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from textual.widgets import Input, Static

from checks.bundle.archive import open_bundle
from tests.tui.conftest import PACE, drawn, klinik, quiet, screen_text, until
from tui.bundling import files_near, proposed
from tui.cli.options import Where
from tui.connect import Connection, connect, practice
from tui.screens.collect import CollectScreen
from tui.screens.difference import DifferenceScreen
from tui.screens.files import FileDialog
from tui.services import Place, Services


def anywhere(place: Place) -> Connection:
    """A practice cluster, or what a bundle recorded."""
    if place.kind == "bundle":
        return connect(Where(bundle=Path(place.name)))
    return practice(place.name, pace=PACE)


async def ready(pilot: Any) -> None:
    """The library is open and the cluster known, and what it shows where that is looked at."""
    await until(pilot, lambda: pilot.app.cluster_state.phase == "connected", "the cluster")
    await until(pilot, lambda: pilot.app.link.shelf is not None, "the library")
    if pilot.app.services.looks:
        await until(pilot, lambda: pilot.app.link.triage == "done", "the triage")


async def collected(pilot: Any, path: Path, article: str = "") -> CollectScreen:
    """Collects to `path` by the keys."""
    app = pilot.app
    app.collect_bundle()
    await until(
        pilot, lambda: isinstance(app.screen, CollectScreen) and app.screen.query("#file"), "the screen"
    )
    screen = app.screen
    screen.article = article
    screen.query_one("#file", Input).value = str(path)
    await pilot.press("enter")
    await until(pilot, lambda: screen.state in ("done", "failed"), "the bundle")
    await drawn(pilot, "Written:" if screen.state == "done" else "Not collected")
    return screen


def refused(app: Any, path: Path) -> bool:
    """The dialog says what is wrong with this file (the screen wraps it, with what lies below beside it)."""
    return any(str(path) in str(line.render()) for line in app.screen.query("#wrong").results(Static))


async def named(pilot: Any, path: Path) -> None:
    """Types a path into the dialog."""
    await until(
        pilot,
        lambda: isinstance(pilot.app.screen, FileDialog) and pilot.app.screen.query(Input),
        "the dialog",
    )
    dialog = pilot.app.screen
    dialog.query_one(Input).value = str(path)
    await pilot.press("enter")
    await until(
        pilot, lambda: pilot.app.screen is not dialog or dialog.query_one("#wrong").visual.plain, "an answer"
    )


async def test_a_bundle_is_collected_opened_and_compared(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    first, second = tmp_path / "one.klinik", tmp_path / "two.klinik"
    article = "subnet-ip-count-wrong"
    app = klinik(services("healthy", open_cluster=anywhere))
    async with app.run_test(size=(90, 30)) as pilot:
        await ready(pilot)
        screen = await collected(pilot, first, article)
        assert screen.state == "done", screen.error
        assert "Written:" in screen_text(app)
        with open_bundle(first) as opened:
            assert opened.manifest.article == article
        await pilot.press("escape")
        app.go(Place("practice", article))
        await ready(pilot)
        assert (await collected(pilot, second, article)).state == "done"

        app.compare_bundles()
        await named(pilot, first)
        await until(pilot, lambda: "newer" in screen_text(app), "the second question")
        await named(pilot, second)
        await until(
            pilot, lambda: isinstance(app.screen, DifferenceScreen) and app.screen.found, "the difference"
        )
        await drawn(pilot, "Verdicts", "✓ ok → ✗ fail")
        await pilot.press("enter")
        await until(pilot, lambda: "Why" in screen_text(app), "the check that changed")

        app.open_bundle()
        await named(pilot, second)
        await ready(pilot)
        assert "BUNDLE of" in screen_text(app)
        assert app.link.findings()[0].article == article
        app.ask_to_arm()
        await pilot.pause()
        assert not app.link.armed
        assert any("read-only" in n.message for n in app._notifications)
        assert app.cluster_state.locked
        app.go(Place("practice", "healthy"))
        await ready(pilot)
        assert not app.cluster_state.locked


async def test_collecting_stops_at_once_and_writes_nothing(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    path = tmp_path / "never.klinik"
    app = klinik(services("healthy", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app.collect_bundle()
        await until(
            pilot, lambda: isinstance(app.screen, CollectScreen) and app.screen.query("#file"), "the screen"
        )
        screen = app.screen
        screen.query_one("#file", Input).value = str(path)
        await pilot.press("enter")
        await until(pilot, lambda: screen.total, "its beginning")
        await pilot.press("x")
        assert screen.state == "stopped"
        await until(pilot, lambda: quiet("klinik-collect"), "the end of its thread")
        assert not list(tmp_path.glob("*never*"))
        await drawn(pilot, "nothing was written")
        await pilot.press("escape")
        assert app.screen is not screen


async def test_a_place_that_cannot_be_written_is_refused_in_words(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    (tmp_path / "folder").mkdir()
    app = klinik(services("healthy", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        for path in (tmp_path / "folder", tmp_path / "missing" / "x.klinik", Path()):
            screen = await collected(pilot, path, "ovs-too-many-open-files")
            assert screen.state == "failed", path
            await pilot.press("escape")
            await until(pilot, lambda: len(app.screen_stack) == 1, "home")


async def test_a_file_that_is_there_is_only_replaced_when_asked(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    path = tmp_path / "there.klinik"
    path.write_bytes(b"mine")
    app = klinik(services("healthy", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        app.collect_bundle()
        await until(
            pilot, lambda: isinstance(app.screen, CollectScreen) and app.screen.query("#file"), "the screen"
        )
        app.screen.query_one("#file", Input).value = str(path)
        await pilot.press("enter")
        await drawn(pilot, "Replace")
        asked = app.screen
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is not asked, "the answer")
        assert app.screen.state not in ("running", "done")
        assert path.read_bytes() == b"mine"


async def test_what_is_no_bundle_is_refused_with_the_reason(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    text, foreign = tmp_path / "text.klinik", tmp_path / "foreign.klinik"
    text.write_text("hello \x1b[31m", encoding="utf-8")
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("../../evil", "x")
    app = klinik(services("healthy", open_cluster=anywhere, lang="zh", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        before = app.link.cluster
        app.open_bundle()
        for path in (text, foreign, tmp_path / "absent.klinik", tmp_path):
            await named(pilot, path)
            await until(pilot, partial(refused, app, path), f"the reason for {path.name}")
            assert isinstance(app.screen, FileDialog)
        await pilot.press("escape")
        assert app.link.cluster is before


def test_files_are_offered_newest_first_and_names_come_from_the_cluster(tmp_path: Path) -> None:
    for number, name in enumerate(("a.klinik", "b.zip", "c.txt")):
        (tmp_path / name).write_bytes(b"")
        os.utime(tmp_path / name, (number, number))
    assert [path.name for path in files_near(f"{tmp_path}/")] == ["b.zip", "a.klinik"]
    assert [path.name for path in files_near(f"{tmp_path}/A")] == ["a.klinik"]
    assert files_near("~nobody-at-all/") == files_near("\0") == ()
    assert proposed("prod/../../x y", 0).name.startswith("klinik-prod-..-..-x-y-1970")
