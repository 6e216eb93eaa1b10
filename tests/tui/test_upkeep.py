"""Files that change while the app runs are taken in without a restart, without a word too many, and move nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

from kb import open_library
from tests.tui.conftest import klinik, screen_text, until
from tests.tui.derived import TUNNEL, library_root, no_cluster
from tui.app import KlinikApp
from tui.screens.article import ArticleScreen
from tui.screens.guide import GuideScreen
from tui.screens.home import HomeScreen
from tui.services import Services
from tui.upkeep import LibraryChanged, Upkeep, pause_after
from tui.widgets.search import SearchBox

ARTICLE = "tunnel-port-gone"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of the library."""
    return library_root(tmp_path / "root")


@pytest.fixture
def app(root: Path, tmp_path: Path, services: Callable[..., Services]) -> KlinikApp:
    """klinik over it, without a cluster."""
    library = open_library([root], cache_dir=tmp_path / "index")
    return klinik(services(open_library=lambda: library, open_cluster=no_cluster))


class Ears:
    """Keeps what is posted."""

    def __init__(self) -> None:
        self.heard: list[LibraryChanged] = []
        self.came = threading.Event()

    def post_message(self, message: Any) -> bool:
        self.heard.append(message)
        self.came.set()
        return True


def write(root: Path, name: str, text: str) -> None:
    """Another file of an article."""
    folder = root / "articles" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "en.md").write_text(text, encoding="utf-8")


async def ready(pilot: Pilot[Any], app: KlinikApp) -> None:
    """The library is open and nothing is connected."""
    await until(pilot, lambda: app.link.shelf is not None, "the library")
    await until(pilot, lambda: app.cluster_state.phase == "absent", "no cluster")


async def opened(pilot: Pilot[Any], app: KlinikApp) -> ArticleScreen:
    """The article on the screen."""
    await ready(pilot, app)
    app.open_article(ARTICLE, "en")
    await until(pilot, lambda: getattr(app.screen, "article", None) is not None, "the article")
    assert isinstance(app.screen, ArticleScreen)
    return app.screen


async def test_a_new_article_is_found_without_a_restart_and_the_cursor_stays(
    app: KlinikApp, root: Path
) -> None:
    """The same words are asked again by themselves; the line under the cursor stays under it."""
    write(root, "second", TUNNEL.replace("Tunnel port of a node", "Second tunnel port"))
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot, app)
        home = app.screen
        assert isinstance(home, HomeScreen)
        await pilot.press(*"tunnel port")
        await until(pilot, lambda: home.found is not None and len(home.found.hits) == 2, "two hits")
        await pilot.press("down", "down")
        view = home.query_one("#list", OptionList)
        before = view.highlighted_option.id if view.highlighted_option else ""
        write(root, "third", TUNNEL.replace("Tunnel port of a node", "Third tunnel port tunnel port"))
        app.upkeep.look(at_once=True)
        await until(pilot, lambda: home.found is not None and len(home.found.hits) == 3, "the third")
        assert view.highlighted_option is not None
        assert view.highlighted_option.id == before
        assert home.query_one(SearchBox).value == "tunnel port"


async def test_an_open_article_that_changes_says_so_and_shows_it_when_asked(
    app: KlinikApp, root: Path
) -> None:
    """Nothing moves under the reader's eyes; Ctrl+R brings the new text."""
    async with app.run_test(size=(100, 30)) as pilot:
        article = await opened(pilot, app)
        write(root, ARTICLE, TUNNEL.replace("cleanup job", "hungry goat"))
        app.upkeep.look(at_once=True)
        await until(pilot, lambda: article.fresh is not None, "the news")
        await pilot.pause()
        assert "changed on disk" in screen_text(app)
        assert "hungry goat" not in screen_text(app)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "hungry goat" in screen_text(app), "the new text")
        assert "changed on disk" not in screen_text(app)


async def test_ctrl_r_looks_at_the_file_and_shows_what_it_finds(app: KlinikApp, root: Path) -> None:
    """Who asks for the text as it is now need not ask twice."""
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        write(root, ARTICLE, TUNNEL.replace("cleanup job", "hungry goat"))
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "hungry goat" in screen_text(app), "the new text")


async def test_a_file_that_is_only_touched_says_nothing(app: KlinikApp, root: Path) -> None:
    """The same words with another time are the same article."""
    async with app.run_test(size=(100, 30)) as pilot:
        article = await opened(pilot, app)
        first = article.article
        write(root, ARTICLE, TUNNEL)
        app.upkeep.look(at_once=True)
        await until(pilot, lambda: article.article is not first, "read again")
        await pilot.pause()
        assert article.fresh is None
        assert "changed on disk" not in screen_text(app)


async def test_an_article_that_vanishes_stays_readable(app: KlinikApp, root: Path) -> None:
    """The text as last read, with a note; going back and searching works."""
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        for path in (root / "articles" / ARTICLE).iterdir():
            path.unlink()
        app.upkeep.look(at_once=True)
        await until(pilot, lambda: "as last read" in screen_text(app), "the note")
        await until(pilot, lambda: "cleanup job" in screen_text(app), "the text")
        await pilot.press("ctrl+r")
        await pilot.pause()
        assert "cleanup job" in screen_text(app)


async def test_a_broken_file_is_said_quietly_and_the_article_stays(app: KlinikApp, root: Path) -> None:
    """An empty file is an error of the file, not of the app."""
    async with app.run_test(size=(100, 30)) as pilot:
        article = await opened(pilot, app)
        for name in ("en.md", "zh.md"):
            (root / "articles" / ARTICLE / name).write_bytes(b"")
        app.upkeep.look(at_once=True)
        await until(pilot, lambda: "can no longer be read" in screen_text(app), "the note")
        assert article.article is not None
        assert "cleanup job" in screen_text(app)


async def test_a_walk_keeps_the_guide_it_began_with(app: KlinikApp, root: Path) -> None:
    """Steps do not change under the hand of who does them."""
    async with app.run_test(size=(100, 30)) as pilot:
        await opened(pilot, app)
        await pilot.press("g")
        await until(pilot, lambda: getattr(app.screen, "guide", None) is not None, "the guide")
        guide = app.screen
        assert isinstance(guide, GuideScreen)
        before = guide.guide
        write(root, ARTICLE, TUNNEL.replace("del-port", "add-port"))
        app.upkeep.look(at_once=True)
        await until(pilot, lambda: any("began with" in n.message for n in app._notifications), "the note")
        await pilot.press("2", "enter")
        await until(pilot, lambda: guide.phase == 3, "the steps")
        assert guide.guide is before
        assert any("del-port" in getattr(v.step.action, "shell", "") for v in guide.snap.steps)


def test_looking_takes_less_than_a_twentieth_of_a_core() -> None:
    """However large the library: a look at 10,000 articles takes a quarter of a second, one at 50,000 over one."""
    for cost in (0.001, 0.27, 1.4, 20.0):
        assert cost / (cost + pause_after(cost)) < 0.05
        assert pause_after(cost, asked=True) < pause_after(cost)
    assert pause_after(0.001) >= 2


def test_a_look_comes_at_once_when_it_is_asked_for(
    tmp_path: Path, root: Path, services: Callable[..., Services]
) -> None:
    """The pause would be an hour."""
    library = open_library([root], cache_dir=tmp_path / "index")
    library.refresh()
    ears = Ears()
    upkeep = Upkeep(ears, services(open_library=lambda: library), least=3600.0)
    upkeep.start()
    write(root, "late", TUNNEL)
    assert not ears.came.wait(0.3)
    upkeep.look(at_once=True)
    assert ears.came.wait(20)
    upkeep.close()
    (heard,) = ears.heard
    assert heard.news is not None
    assert heard.news.changed == ("late",)
    assert "late" in heard.news.shelf.library.ids()


def test_a_guide_that_is_written_meanwhile_is_on_the_shelf(
    tmp_path: Path, root: Path, services: Callable[..., Services]
) -> None:
    """The triage can look for it, and the article opens with it."""
    library = open_library([root], cache_dir=tmp_path / "index")
    library.refresh()
    ears = Ears()
    upkeep = Upkeep(ears, services(open_library=lambda: library), least=0.05)
    upkeep.start()
    (root / "articles" / ARTICLE / "guide.yaml").write_text("symptoms: [\n", encoding="utf-8")
    assert ears.came.wait(20)
    upkeep.close()
    news = ears.heard[0].news
    assert news is not None
    assert news.guides
    assert any(problem.severity == "error" for problem in news.errors)


def test_a_failing_file_system_is_said_once(
    tmp_path: Path, root: Path, services: Callable[..., Services]
) -> None:
    """The thread goes on; the same failure is not repeated."""
    library = open_library([root], cache_dir=tmp_path / "index")
    looks: list[float] = []

    class Broken:
        guided: tuple[str, ...] = ()

        def get(self, name: str) -> None:
            return None

        def stale(self) -> bool:
            looks.append(time.monotonic())
            raise OSError("the disk is on fire")

    assert library is not None
    ears = Ears()
    upkeep = Upkeep(ears, services(open_library=Broken), least=0.01)
    upkeep.start()
    end = time.monotonic() + 20
    while len(looks) < 3 and time.monotonic() < end:
        upkeep.look(at_once=True)
        time.sleep(0.01)
    upkeep.close()
    assert len(looks) >= 3
    assert [str(heard.error) for heard in ears.heard] == ["the disk is on fire"]
