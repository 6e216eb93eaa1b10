"""The findings of the library in the app: counted, narrowed, copied, opened, stopped, and never the end of the app."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList

import tui.librarycare
from kb import open_library
from kb.problem import Problem
from tests.tui.conftest import klinik, screen_text, until
from tests.tui.derived import library_root, no_cluster
from tui.app import KlinikApp
from tui.screens.article import ArticleScreen
from tui.screens.findings import FindingsScreen
from tui.screens.findings_rows import Found
from tui.services import Services

BROKEN_GUIDE = """checks:
  gone: {use: no.such-check}
symptoms:
  - id: gone
    text: {en: Gone, zh: 没了}
    checks: [gone]
causes:
  - id: cause
    text: {en: A cause, zh: 原因}
    supported_when: gone.verdict == "fail"
    refuted_when: gone.verdict == "ok"
    evidence: [gone]
    fix: []
steps: []
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A library with a dead link, an empty file and a guide that refers to nothing."""
    root = library_root(tmp_path / "root")
    folder = root / "articles" / "dead-link"
    folder.mkdir()
    (folder / "zh.md").write_text("# 链接失效\n\n## 现象\n\n见 ![图](images/none.png)\n", encoding="utf-8")
    (folder / "guide.yaml").write_text(BROKEN_GUIDE, encoding="utf-8")
    (root / "articles" / "empty").mkdir()
    (root / "articles" / "empty" / "en.md").write_bytes(b"")
    return root


@pytest.fixture
def app(root: Path, tmp_path: Path, services: Callable[..., Services]) -> KlinikApp:
    """klinik over it, without a cluster."""
    library = open_library([root], cache_dir=tmp_path / "index")
    return klinik(services(open_library=lambda: library, open_cluster=no_cluster))


async def opened(pilot: Pilot[Any], app: KlinikApp) -> FindingsScreen:
    """The findings, all of them there."""
    await until(pilot, lambda: app.link.shelf is not None, "the library")
    app.open_findings()
    await until(pilot, lambda: getattr(app.screen, "state", "") == "done", "the findings")
    await pilot.pause()
    assert isinstance(app.screen, FindingsScreen)
    return app.screen


async def to_code(pilot: Pilot[Any], screen: FindingsScreen, code: str) -> Problem:
    """Moves to the finding with this code."""
    view = screen.query_one("#findings", OptionList)
    for _ in range(60):
        option = view.highlighted_option
        found = screen.behind.get(option.id or "") if option is not None else None
        if found is not None and found.code == code:
            return found
        await pilot.press("down")
    pytest.fail(f"no {code} among {sorted({p.code for p in screen.behind.values()})}")


async def test_every_finding_has_its_code_its_place_and_its_severity(app: KlinikApp) -> None:
    """Errors first; the guide's checks are looked up as `klinik kb lint` does."""
    async with app.run_test(size=(110, 45)) as pilot:
        screen = await opened(pilot, app)
        codes = {problem.code for problem in screen.found.by_key.values()}
        assert {"link.dead-image", "guide.unknown-check"} <= codes
        severities = [screen.behind[o.id].severity for o in screen.query_one("#findings", OptionList).options
                      if o.id in screen.behind]  # fmt: skip
        assert severities == sorted(severities, key=("error", "warning", "info").index)
        shown = screen_text(app)
        assert "articles/dead-link/zh.md:5" in shown
        assert "all files read" in shown


async def test_findings_are_narrowed_by_severity_and_by_words(app: KlinikApp) -> None:
    """One key for a severity, the same again for all; Esc empties the words before it leaves."""
    async with app.run_test(size=(110, 45)) as pilot:
        screen = await opened(pilot, app)
        everything = len(screen.behind)
        await pilot.press("w")
        await pilot.pause()
        assert {problem.severity for problem in screen.behind.values()} == {"warning"}
        await pilot.press("w", "slash", *"dead-image")
        await pilot.pause()
        assert {problem.code for problem in screen.behind.values()} == {"link.dead-image"}
        await pilot.press("escape")
        await pilot.pause()
        assert app.screen is screen
        assert len(screen.behind) == everything


async def test_a_finding_opens_its_article_in_the_language_of_its_file_and_its_place_is_copied(
    app: KlinikApp,
) -> None:
    """Ctrl+Y takes what an editor opens; Enter the article; Esc comes back to the same line."""
    async with app.run_test(size=(110, 45)) as pilot:
        screen = await opened(pilot, app)
        problem = await to_code(pilot, screen, "link.dead-image")
        await pilot.press("ctrl+y")
        assert app.clipboard == f"{problem.path}:5"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ArticleScreen), "the article")
        article = app.screen
        assert isinstance(article, ArticleScreen)
        await until(pilot, lambda: article.article is not None, "read")
        assert article.article_id == "dead-link"
        assert article.lang == "zh"
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen, "back")
        option = screen.query_one("#findings", OptionList).highlighted_option
        assert option is not None
        assert screen.behind[option.id or ""] == problem


async def test_a_finding_that_belongs_to_no_readable_article_says_so(app: KlinikApp) -> None:
    """An empty file opens nothing, and nothing breaks."""
    async with app.run_test(size=(110, 45)) as pilot:
        screen = await opened(pilot, app)
        await pilot.press("slash", *"empty/en.md", "enter")
        await pilot.pause()
        assert screen.behind
        await pilot.press("enter")
        await until(pilot, lambda: len(app._notifications) > 0, "the word")
        assert app.screen is screen


async def test_a_run_can_be_stopped_and_says_that_there_may_be_more(
    app: KlinikApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was found stays; the thread ends."""
    running = threading.Event()

    def slow(
        library: Any, stop: threading.Event, told: Callable[[int, int], object]
    ) -> Iterator[list[Problem]]:
        yield [Problem("a.md", 1, "x.y", "first")]
        told(1, 9)
        running.set()
        stop.wait(30)

    monkeypatch.setattr(tui.librarycare, "findings", slow)
    async with app.run_test(size=(110, 45)) as pilot:
        await until(pilot, lambda: app.link.shelf is not None, "the library")
        app.open_findings()
        await until(pilot, lambda: running.is_set() and "first" in screen_text(app), "the first finding")
        await pilot.press("x")
        await pilot.pause()
        shown = screen_text(app)
        assert "stopped" in shown
        assert "1 of 9" in shown
        assert "first" in shown


async def test_files_that_change_meanwhile_are_said(app: KlinikApp, root: Path) -> None:
    """The list stays as it was; Ctrl+R looks again."""
    async with app.run_test(size=(110, 45)) as pilot:
        screen = await opened(pilot, app)
        (root / "articles" / "empty" / "en.md").write_text("# Full now\n\ntext\n", encoding="utf-8")
        app.upkeep.look(at_once=True)
        await until(pilot, lambda: screen.changed, "the news")
        await pilot.pause()
        assert "files changed meanwhile" in screen_text(app)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: screen.state == "done" and screen.run == 2, "again")
        assert "file.empty" not in {problem.code for problem in screen.found.by_key.values()}


def test_a_finding_that_two_report_counts_once_and_keeps_its_article() -> None:
    """The library knows the file, lint knows the article too."""
    found = Found()
    found.add([Problem("a.md", 3, "x.y", "wrong")])
    found.add([Problem("a.md", 3, "x.y", "wrong", article="a")])
    found.add([Problem("a.md", 3, "x.y", "wrong")])
    assert found.count("error") == 1
    assert [problem.article for problem in found.chosen("", "WRONG")] == ["a"]
    assert found.chosen("warning", "") == []


async def test_a_hundred_thousand_findings_are_counted_and_drawn_in_part() -> None:
    """The list holds what a person can read; the rest is reached by words."""
    from tui.screens.findings_rows import DRAWN, options
    from tui.theme import Signs

    found = Found()
    found.add(Problem(f"f{n}.md", n, "x.y", "wrong", "warning") for n in range(100_005))
    assert found.count("warning") == 100_000
    assert found.dropped == 5
    lines, behind = options(found.chosen("", ""), (), "en", Signs())
    assert len(behind) == DRAWN
    assert len(lines) == DRAWN + 2
