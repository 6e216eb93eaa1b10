"""Sessions in the app: followed in time, taken along, taken in, told in a chat, begun as an article; and going on."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from checks.errors import NoCluster
from checks.sessions.handover import packed
from checks.sessions.journal import FileJournal, read
from kb import open_library
from kb.messages import message
from kb.paths import ASSETS
from tests.checks.incident import Ovn, cluster_with, run, walk_on
from tests.tui.conftest import klinik, screen_text, until
from tui.app import KlinikApp
from tui.screens.article import ArticleScreen
from tui.screens.ask import AskDialog
from tui.screens.choose import ChooseDialog
from tui.screens.confirm import SureDialog
from tui.screens.files import FileDialog
from tui.screens.guide import GuideScreen
from tui.screens.resume import ResumeScreen
from tui.screens.sessionfiles_draft import DraftScreen
from tui.screens.sessions import SessionsScreen
from tui.screens.timeline import TimelineScreen
from tui.services import Place, Services

MADE_UP = "token=hunter2hunter2"


def nowhere(_: Place) -> Any:
    raise NoCluster(message("cluster.no-cluster"))


@pytest.fixture
def walked(tmp_path: Path) -> Path:
    """The journal of a session that was walked to its end."""
    walk = walk_on(cluster_with(Ovn()), tmp_path / "sessions")
    run(walk, "stop")
    walk.note(MADE_UP)
    walk.finish("solved", "the option was off", {"kube-ovn": "v1.12.4"})
    walk.close()
    assert walk.path is not None
    return walk.path


def shows(app: KlinikApp, words: str) -> bool:
    return words in screen_text(app)


async def to_sessions(pilot: Pilot[Any], app: KlinikApp) -> SessionsScreen:
    await until(pilot, lambda: app.link.shelf is not None, "the library")
    app.open_sessions()
    await until(pilot, lambda: isinstance(app.screen, SessionsScreen) and app.screen.listed, "the sessions")
    assert isinstance(app.screen, SessionsScreen)
    return app.screen


async def typed(pilot: Pilot[Any], app: KlinikApp, text: str, what: str) -> None:
    """Answers the question for a line."""
    await until(pilot, lambda: isinstance(app.screen, AskDialog), what)
    app.screen.query_one("#typed", Input).value = text
    await pilot.press("enter")


async def test_a_session_is_followed_and_leaves_in_every_form(
    services: Callable[..., Services], walked: Path, tmp_path: Path
) -> None:
    app = klinik(services(open_cluster=nowhere))
    out = tmp_path / "out"
    out.mkdir()
    async with app.run_test(size=(100, 30)) as pilot:
        sessions = await to_sessions(pilot, app)
        await pilot.press("t")
        await until(
            pilot, lambda: isinstance(app.screen, TimelineScreen) and app.screen.moments, "the timeline"
        )
        timeline = app.screen
        assert isinstance(timeline, TimelineScreen)
        sent = next(n for n, one in enumerate(timeline.moments) if any("$ kubectl" in m.en for m in one.more))
        await pilot.press(*["down"] * sent)
        await pilot.press("y")
        assert app.clipboard.startswith("kubectl -n kube-system exec ovn-central-1")
        assert "always_learn_from_arp_request=false" in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is sessions, "the list")
        for down, name in enumerate(("a.md", "a.html", "a.json", "a.jsonl")):
            await pilot.press("e")
            await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "which form")
            await pilot.press(*["down"] * down, "enter")
            await typed(pilot, app, str(out / name), "where to")
            await until(pilot, (out / name).is_file, name)
            assert stat.S_IMODE((out / name).stat().st_mode) == 0o600
            assert "hunter2" not in (out / name).read_text(encoding="utf-8")
        assert "v1.12.4" in (out / "a.md").read_text(encoding="utf-8")
        assert json.loads((out / "a.json").read_text())["why"] == "the option was off"
        await until(pilot, lambda: read(walked)[-1]["kind"] == "handed-over", "the mark at home")
        # What is there is replaced only when asked; a folder, or klinik's own, is none to write to.
        await pilot.press("e", "enter")
        await typed(pilot, app, str(out), "where to")
        assert isinstance(app.screen, AskDialog)
        await typed(pilot, app, str(walked), "where to")
        assert isinstance(app.screen, AskDialog)
        before = (out / "a.html").read_bytes()
        await typed(pilot, app, str(out / "a.html"), "where to")
        await until(pilot, lambda: isinstance(app.screen, SureDialog), "whether to replace")
        await pilot.press("enter")
        assert (out / "a.html").read_bytes() == before
        await pilot.press("y")
        await until(pilot, lambda: "solved" in app.clipboard, "the summary")
        assert "\n" not in app.clipboard
    assert list(out.glob(".*")) == []


async def test_a_handed_over_session_is_taken_in_and_what_is_none_says_so(
    services: Callable[..., Services], walked: Path, tmp_path: Path
) -> None:
    known = read(walked)
    rows = {"v": 1, "n": len(known) + 1, "at": 1.0, "kind": "saved_rows", "step": "one", "tables": {}}
    text = packed([*known, {**rows, "redacted": True}], by="chen", at=1.8e9)
    other, given = tmp_path / "other", tmp_path / "given"
    given.mkdir()
    (given / "good.jsonl").write_text(text)
    (given / "cut.jsonl").write_text(text[:-30])
    newer = text.replace('"v":1', '"v":9')
    (given / "newer.jsonl").write_text(newer)
    os.mkfifo(given / "pipe.jsonl")
    other.mkdir()
    (other / "foreign.jsonl").write_bytes(b"\x00\xff\n" * 20)
    app = klinik(services(open_cluster=nowhere, journal_dir=other))
    async with app.run_test(size=(100, 30)) as pilot:
        sessions = await to_sessions(pilot, app)
        assert "no session of klinik" in screen_text(app)
        await pilot.press("enter", "t", "e", "d")
        assert app.screen is sessions, "nothing can be done with what is no session"
        await pilot.press("escape")
        app.take_in_session()
        await until(pilot, lambda: isinstance(app.screen, FileDialog), "which file")
        await pilot.press("escape")
        sessions = app.screen
        await pilot.press("i")
        await until(pilot, lambda: isinstance(app.screen, FileDialog), "which file")
        dialog = app.screen
        for name, why in (
            ("cut", "not copied whole"),
            ("newer", "newer klinik"),
            ("pipe", "no plain file"),
            ("absent", "No such file"),
        ):
            dialog.query_one("#typed", Input).value = str(given / f"{name}.jsonl")
            await pilot.press("enter")
            await until(pilot, partial(shows, app, why), why)
        dialog.query_one("#typed", Input).value = str(given / "good.jsonl")
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is sessions and len(sessions.listed) == 2, "the session")
        assert sessions.sessions[0].id == walked.stem
        await until(
            pilot,
            lambda: any("held secrets" in one.message for one in app._notifications),
            "what stays behind",
        )
    assert (other / walked.name).stat().st_mode & 0o777 == 0o600


async def test_a_session_begins_an_article_and_lint_is_shown(
    services: Callable[..., Services], shelf_cache: Path, walked: Path, tmp_path: Path
) -> None:
    root = tmp_path / "kb"
    root.mkdir()
    library = open_library([ASSETS, root], cache_dir=shelf_cache / "with-root")
    app = klinik(services(open_cluster=nowhere, open_library=lambda: library))
    async with app.run_test(size=(100, 30)) as pilot:
        await to_sessions(pilot, app)
        await pilot.press("d")
        await typed(pilot, app, "ovn-mac-binding-leak", "the id")
        assert isinstance(app.screen, AskDialog), "an id that is taken"
        await typed(pilot, app, "../../etc", "the id")
        assert isinstance(app.screen, AskDialog)
        await typed(pilot, app, "rows-again", "the id")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "the root")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog) and app.screen.many, "the languages")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, DraftScreen) and app.screen.state == "done", "lint")
        assert isinstance(app.screen, DraftScreen)
        assert set(app.screen.todos) == {"en.md", "zh.md"}
        assert "TODO left in zh.md" in screen_text(app)
        assert not [one for one in app.screen.found.problems if one.severity == "error"]
    written = (root / "articles" / "rows-again" / "en.md").read_text(encoding="utf-8")
    assert "always_learn_from_arp_request=false" in written
    assert "hunter2" not in written


def interrupted(folder: Path) -> Path:
    """The journal of a klinik that was killed between its write and the answer, handed over by chen, with damage."""
    name = "20260101-000000-ovn-mac-binding-leak-dead"
    told = [
        "kubectl",
        "-n",
        "kube-system",
        "exec",
        "x",
        "-c",
        "y",
        "--",
        "ovn-nbctl",
        "set",
        "Logical_Router",
    ]
    row, practice = (
        {"name": "ovn-cluster", "open": True},
        {"practice": "mac-binding-leak", "context": "her name for it"},
    )
    lines: list[dict[str, Any]] = [
        {"kind": "opened", "session": name, "article": "ovn-mac-binding-leak", "cluster": practice},
        {"kind": "cause", "cause": "stale-mac-bindings", "causes": {}, "steps": 4},
        {"kind": "start", "step": "stop-learning", "purpose": "do", "values": {"routers": [row]}},
        {"kind": "writing", "step": "stop-learning", "index": 0, "first": 0, "items": 1, "kubectl": told},
        {"kind": "handed-over", "operator": "chen"},
    ]  # fmt: skip
    folder.mkdir()
    path = folder / f"{name}.jsonl"
    text = "".join(
        json.dumps({"v": 1, "n": n, "at": 1.7e9 + n, **one}) + "\n" for n, one in enumerate(lines, 1)
    )
    path.write_text("{damaged\n".join(text.partition("\n")[::2]).replace("{damaged", "\n{damaged", 1))
    return path


async def test_a_session_goes_on_only_after_its_doubts_and_by_one_klinik(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    path = interrupted(tmp_path / "sessions")
    before = path.read_bytes()
    app = klinik(services("mac-binding-leak", looks=False))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
        with FileJournal.open(path):
            app.open_guide("ovn-mac-binding-leak", str(path))
            await until(pilot, lambda: "Another klinik" in screen_text(app), "the refusal")
            await pilot.press("escape")
        assert path.read_bytes() == before
        await to_sessions(pilot, app)
        assert "in doubt" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ResumeScreen) and app.screen.doubts, "the doubt")
        await until(pilot, lambda: "$ kubectl" in screen_text(app), "what was sent")
        shown = screen_text(app)
        for told in (
            "chen handed this session over",
            "1 line(s)",
            "does not seem to have taken effect",
        ):
            assert told in shown
        guide = next(screen for screen in app.screen_stack if isinstance(screen, GuideScreen))
        assert guide.fix.plan is None, "nothing is planned meanwhile"
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is guide, "the guide")
        assert guide.snap.session.step("stop-learning").state == "in_doubt", "going on settles nothing"
        await pilot.press("f5")
        await until(
            pilot, lambda: isinstance(app.screen, ResumeScreen) and app.screen.doubts, "the doubt again"
        )
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ChooseDialog), "the question")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AskDialog), "how they know")
        await pilot.press("enter")
        await until(pilot, lambda: guide.snap.session.step("stop-learning").state == "failed", "the answer")
        assert "not done" in guide.snap.session.step("stop-learning").reason
    kinds = [entry["kind"] for entry in read(path)][5:]
    assert "checked" in kinds
    assert [kind for kind in kinds if kind != "checked"] == ["handed-over", "resumed", "ended"]


async def test_an_article_shows_what_became_of_its_fixes(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    folder = tmp_path / "sessions"
    folder.mkdir()
    for number, outcome in enumerate(("solved", "not-solved")):
        name = f"20260101-00000{number}-ovn-mac-binding-leak-aaa{number}"
        lines: list[dict[str, Any]] = [
            {
                "kind": "opened",
                "at": 1.0,
                "session": name,
                "article": "ovn-mac-binding-leak",
                "operator": "li",
            },
            {"kind": "cause", "at": 2.0, "cause": "stale-mac-bindings", "causes": {}, "steps": 1},
            {
                "kind": "finished",
                "at": 1.7e9 + number,
                "outcome": outcome,
                "why": f"because {number}",
                "versions": {"kube-ovn": "v1.12.4"},
            },
        ]
        text = "".join(json.dumps({"v": 1, "n": n, **one}) + "\n" for n, one in enumerate(lines, 1))
        (folder / f"{name}.jsonl").write_text(text)
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.link.shelf is not None, "the library")
        app.open_article("ovn-mac-binding-leak", "en")
        await until(pilot, lambda: isinstance(app.screen, ArticleScreen) and app.screen.record, "the record")
        await until(pilot, lambda: "1 of 2 sessions here solved it" in screen_text(app), "its line")
        assert "v1.12.4" in screen_text(app)
        await pilot.press("t")
        await until(pilot, lambda: "because 1" in screen_text(app), "every attempt")
        assert "stale-mac-bindings: solved 1 of 2" in screen_text(app)
