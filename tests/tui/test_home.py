"""Home: typing is never lost, answers never jump, and no cluster is needed to search."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from textual import events

from checks.errors import ConfigError
from kb import open_library
from kb.paths import ASSETS
from tests.tui.conftest import klinik, screen_text, until
from tui.screens.home import HomeScreen
from tui.services import Place, Services
from tui.widgets.search import HomeList, SearchBox


def nowhere(place: Place) -> Any:
    """No cluster at all."""
    raise ConfigError("there is no kubeconfig; set KUBECONFIG or use --kubeconfig")


def home_of(app: Any) -> HomeScreen:
    """The first screen."""
    assert isinstance(app.screen, HomeScreen)
    return app.screen


async def found(pilot: Any, query: str) -> HomeScreen:
    """Waits for the hits of exactly this query."""
    home = home_of(pilot.app)
    await until(pilot, lambda: home.found is not None and home.found_query == query, f"hits for {query!r}")
    return home


async def test_keys_typed_before_the_library_is_open_are_searched_when_it_is(
    services: Callable[..., Services],
) -> None:
    """The box takes every key from the first instant."""
    gate = threading.Event()

    def slow() -> Any:
        assert gate.wait(30)
        return open_library([ASSETS], cache_dir=None)

    app = klinik(services(open_library=slow, open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"mac_binding memory")
        assert app.screen.query_one(SearchBox).value == "mac_binding memory"
        assert home_of(app).shelf is None
        await pilot.pause()
        assert "as soon as the library is ready" in screen_text(app)
        gate.set()
        home = await found(pilot, "mac_binding memory")
        assert home.found.hits[0].article_id == "ovn-mac-binding-leak"


async def test_chinese_is_typed_and_found(services: Callable[..., Services]) -> None:
    """Committed IME text arrives as characters two cells wide."""
    app = klinik(services(open_cluster=nowhere, lang="zh"))
    async with app.run_test(size=(80, 24)) as pilot:
        for character in "句柄 泄漏":
            app.screen.post_message(events.Key("space" if character == " " else character, character))
            app.screen.query_one(SearchBox)
            await pilot.pause()
        home = await found(pilot, "句柄 泄漏")
        assert home.found.hits[0].article_id == "ovs-too-many-open-files"
        assert home.found.hits[0].lang == "zh"
        assert "句柄 泄漏" in screen_text(app)


async def test_down_enters_the_list_and_typing_there_goes_back_into_the_box(
    services: Callable[..., Services],
) -> None:
    """As in fzf: the hand never has to think where the focus is."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"subnet")
        await found(pilot, "subnet")
        await pilot.press("down")
        assert isinstance(app.focused, HomeList)
        await pilot.press("x")
        assert isinstance(app.focused, SearchBox)
        assert app.focused.value == "subnetx"
        await pilot.press("down", "up")
        assert isinstance(app.focused, SearchBox)


async def test_escape_goes_back_one_level_and_never_quits(services: Callable[..., Services]) -> None:
    """From the list to the box, from a full box to an empty one; the text comes back with Alt+Right."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"subnet")
        await found(pilot, "subnet")
        await pilot.press("down", "escape")
        assert isinstance(app.focused, SearchBox)
        assert app.focused.value == "subnet"
        await pilot.press("escape")
        assert app.focused.value == ""
        await pilot.press("escape", "escape")
        assert app.is_running
        await pilot.press("alt+right")
        assert app.focused.value == "subnet"


async def test_an_answer_to_an_older_question_is_dropped(services: Callable[..., Services]) -> None:
    """Late hits never replace those of what stands in the box."""
    from tui.messages import SearchAnswered

    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"subnet")
        home = await found(pilot, "subnet")
        shown = home.found
        home.post_message(SearchAnswered("sub", home.inquiry.run - 1, None, 1.0))
        await pilot.pause()
        assert home.found is shown


async def test_without_a_cluster_the_header_says_why_and_practice_is_offered(
    services: Callable[..., Services],
) -> None:
    """Search and reading work, and the way on is named."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "practice cluster" in screen_text(app), "the offer")
        text = screen_text(app)
        assert app.cluster_state.phase == "absent"
        assert "no cluster" in text
        assert "no kubeconfig" in text
        await pilot.press(*"subnet")
        await found(pilot, "subnet")
        await pilot.press("enter")
        await until(pilot, lambda: "walk the guide" in screen_text(app), "the article")


async def test_nothing_found_says_so_and_how_to_go_on(services: Callable[..., Services]) -> None:
    """An empty result is an answer, not a blank."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"zzzzqqqq")
        await found(pilot, "zzzzqqqq")
        await pilot.pause()
        assert 'Nothing found for "zzzzqqqq"' in screen_text(app)
        assert "kb import" in screen_text(app)


async def test_resizing_keeps_text_and_cursor_and_shows_the_preview(
    services: Callable[..., Services],
) -> None:
    """A wide terminal has a preview, a narrow one does not; nothing else changes."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"subnet")
        await found(pilot, "subnet")
        await pilot.press("down", "down")
        at = app.screen.query_one(HomeList).highlighted
        assert not app.screen.query_one("#side").display
        await pilot.resize_terminal(140, 45)
        await until(pilot, lambda: app.screen.query_one("#side").display, "the preview")
        assert app.screen.query_one(HomeList).highlighted == at
        await pilot.resize_terminal(60, 15)
        await pilot.pause()
        assert app.screen.query_one(HomeList).highlighted == at
        assert app.screen.query_one(SearchBox).value == "subnet"


async def test_findings_of_the_cluster_stand_under_an_empty_box(services: Callable[..., Services]) -> None:
    """What this cluster shows, the worst first, without a key being pressed."""
    app = klinik(services("mac-binding-leak"))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.link.triage == "done", "the triage")
        first = app.link.findings()[0]
        assert (first.article, first.verdict) == ("ovn-mac-binding-leak", "fail")
        await pilot.pause()
        text = screen_text(app)
        assert "PRACTICE" in text
        assert "READ-ONLY" in text
        assert text.index("MAC_Binding") < text.index("Too many open files")
        assert isinstance(app.focused, SearchBox)


async def test_the_other_language_changes_every_word_of_home(services: Callable[..., Services]) -> None:
    """Ctrl+L, and the box keeps its text."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "absent", "the refusal")
        await pilot.press("ctrl+l")
        await pilot.pause()
        assert "无集群" in screen_text(app)
        assert "no cluster" not in screen_text(app)
