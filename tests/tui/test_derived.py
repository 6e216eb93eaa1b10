"""Guides derived from articles in the app: read, filled in, copied, ticked off by hand, and honest."""

from __future__ import annotations

import json
import shutil
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
from tui.screens.ask import AskDialog
from tui.screens.confirm import SureDialog
from tui.screens.guide import GuideScreen
from tui.screens.raw import RawScreen
from tui.services import Services

ARTICLE = "tunnel-port-gone"


@pytest.fixture
def app(tmp_path: Path, services: Callable[..., Services]) -> KlinikApp:
    """klinik with one article of no guide, and no cluster."""
    root = library_root(tmp_path / "root")
    library = open_library([root], cache_dir=tmp_path / "index")
    return klinik(services(open_library=lambda: library, open_cluster=no_cluster))


async def article_of(pilot: Pilot[Any], app: KlinikApp) -> ArticleScreen:
    """The article, read."""
    await until(pilot, lambda: app.cluster_state.phase == "absent", "no cluster")
    app.open_article(ARTICLE)
    await until(pilot, lambda: getattr(app.screen, "article", None) is not None, "the article")
    await pilot.pause()
    assert isinstance(app.screen, ArticleScreen)
    return app.screen


async def guide_of(pilot: Pilot[Any], app: KlinikApp) -> GuideScreen:
    """Its derived guide."""
    await article_of(pilot, app)
    await pilot.press("g")
    await until(pilot, lambda: getattr(app.screen, "guide", None) is not None, "the guide")
    await pilot.pause()
    assert isinstance(app.screen, GuideScreen)
    return app.screen


async def steps_of(pilot: Pilot[Any], app: KlinikApp) -> GuideScreen:
    """Its steps, the first one read."""
    guide = await guide_of(pilot, app)
    await pilot.press("2", "enter")
    await until(pilot, lambda: guide.phase == 3 and guide.fix.form is not None, "the steps")
    await pilot.pause()
    return guide


async def to_step(pilot: Pilot[Any], guide: GuideScreen, word: str) -> str:
    """Moves to the step whose line, or text, has this word."""
    for view in guide.snap.steps:
        if word in getattr(view.step.action, "shell", "") or word in view.step.text.en:
            break
    else:
        pytest.fail(f"no step with {word!r}: {[v.step.text.en for v in guide.snap.steps]}")
    wanted = view.step.id
    while guide.fix.step_id != wanted:
        await pilot.press("down")
    await until(
        pilot, lambda: guide.fix.form is not None and guide.fix.form.step_id == wanted, f"{wanted} read"
    )
    await pilot.pause()
    return wanted


async def give(pilot: Pilot[Any], guide: GuideScreen, name: str, value: str) -> None:
    """Fills in one input by its list and the dialog."""
    view = guide.fix.query_one("#inputs", OptionList)
    view.focus()
    names = [option.id for option in view.options]
    view.highlighted = names.index(name)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, AskDialog), f"the question for {name}")
    await pilot.press(*value, "enter")
    await until(
        pilot,
        lambda: (
            guide.fix.form is not None and guide.fix.form.values.get(name) == value and not guide.fix.reading
        ),
        f"{name} = {value}",
    )
    guide.fix.query_one("#steps").focus()
    await pilot.pause()


async def test_an_article_says_that_its_guide_comes_from_its_text(app: KlinikApp) -> None:
    """No verdicts are promised where nothing is checked; the text has the focus."""
    async with app.run_test(size=(100, 30)) as pilot:
        await article_of(pilot, app)
        shown = screen_text(app)
        assert "Guide from this text" in shown
        assert "no live checks" in shown
        assert "present here" not in shown
        assert "derived guide" in shown


async def test_symptoms_and_causes_of_a_derived_guide_have_no_verdicts(app: KlinikApp) -> None:
    """Symptoms are words, causes stay open, and choosing one asks for no courage against evidence."""
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await guide_of(pilot, app)
        assert "derived guide" in screen_text(app)
        assert "no live checks" in screen_text(app)
        assert "tunnel device vanished" in screen_text(app)
        assert not any(word in screen_text(app) for word in ("skipped", "fail", "not checked"))
        await pilot.press("2")
        await pilot.pause()
        assert {view.state for view in guide.snap.causes} == {"open"}
        assert "no evidence for or against" in screen_text(app)
        await pilot.press("enter")
        await until(pilot, lambda: guide.phase == 3, "the steps without a question")


async def test_a_line_is_filled_copied_and_ticked_off_and_stands_in_the_journal(app: KlinikApp) -> None:
    """What was copied is what is asked about and what is kept; klinik itself runs nothing."""
    async with app.run_test(size=(100, 30)) as pilot:
        guide = await steps_of(pilot, app)
        step = await to_step(pilot, guide, "del-port")
        shown = screen_text(app)
        assert "klinik does not run this" in shown
        assert "destructive" in shown or "disruptive" in shown
        await give(pilot, guide, "namespace", "kube-system")
        await give(pilot, guide, "pod", "ovs-ovn-7")
        assert "still to be filled in: interface" in screen_text(app)
        await give(pilot, guide, "interface", "ovn0")
        line = "kubectl -n kube-system exec ovs-ovn-7 -- ovs-vsctl del-port br-int ovn0"
        await pilot.press("ctrl+y")
        assert app.clipboard == line
        await pilot.press("f5")
        await pilot.pause()
        assert guide.fix.running == ""
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, SureDialog), "the question")
        assert isinstance(app.screen, SureDialog)
        assert f"$ {line}" in app.screen.question
        await pilot.press("y")
        await until(pilot, lambda: guide.snap.session.step(step).state == "done", "done")
        journal = guide.snap.path.read_text(encoding="utf-8") if guide.snap.path else ""
        kinds = [json.loads(entry)["kind"] for entry in journal.splitlines()]
        assert line in journal
        assert "writing" not in kinds
        await until(pilot, lambda: guide.fix.step_id != step, "the next step")
        await pilot.press("4")
        await pilot.pause()
        assert line in screen_text(app)


async def test_a_reading_command_is_shown_run_and_kept_and_a_writing_one_is_not(
    tmp_path: Path, services: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5 asks with the exact words; the output stays in view, the step is ticked off, nothing needs to be armed."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    monkeypatch.setenv("HOME", str(tmp_path))
    library = open_library([library_root(tmp_path / "root")], cache_dir=tmp_path / "index")
    app = klinik(services(open_library=lambda: library, read_only=True))
    async with app.run_test(size=(120, 40), notifications=True) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
        app.open_guide(ARTICLE)
        await until(pilot, lambda: getattr(app.screen, "guide", None) is not None, "the guide")
        guide = app.screen
        assert isinstance(guide, GuideScreen)
        await pilot.press("2", "enter")
        await until(pilot, lambda: guide.phase == 3 and guide.fix.form is not None, "the steps")
        step = await to_step(pilot, guide, "get pods")
        await pilot.press("f5")
        await pilot.pause()
        assert app.screen is guide, "without its value nothing is asked"
        await give(pilot, guide, "namespace", "kube-system")
        await until(pilot, lambda: "F5 would run exactly this" in screen_text(app), "what would run")
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, SureDialog), "the question")
        assert isinstance(app.screen, SureDialog)
        assert "--context=practice-healthy get pods -n kube-system -o wide" in app.screen.question
        await pilot.press("enter")
        await pilot.pause()
        assert guide.fix.running == "", "Enter is no"
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, SureDialog), "the question again")
        await pilot.press("y")
        await until(pilot, lambda: guide.snap.session.step(step).state == "done", "done")
        await until(pilot, lambda: not guide.fix.running and guide.fix.form is not None, "over")
        assert guide.fix.step_id == step, "what it printed stays in view"
        assert "Last run: it ended well" in screen_text(app)
        assert "etcd-node-1" in screen_text(app)
        await to_step(pilot, guide, "del-port")
        await pilot.press("f5")
        await pilot.pause()
        assert app.screen is guide, "what writes is not even asked about"
        await until(pilot, lambda: "it is not known to only" in screen_text(app), "why not")


async def test_what_was_said_for_a_slot_is_proposed_where_it_comes_again(app: KlinikApp) -> None:
    """A namespace is typed once; the later step has it, and shows the line with it."""
    async with app.run_test(size=(100, 30)) as pilot:
        guide = await steps_of(pilot, app)
        await to_step(pilot, guide, "get pods")
        await give(pilot, guide, "namespace", "net-prod")
        await to_step(pilot, guide, "del-port")
        form = guide.fix.form
        assert form is not None
        assert form.line == "kubectl -n net-prod exec {pod} -- ovs-vsctl del-port br-int {interface}"
        assert form.missing == ("pod", "interface")


async def test_a_secret_is_never_asked_for_and_stays_a_slot(app: KlinikApp) -> None:
    """The password is filled in where the line is run: not on this screen, in no clipboard, in no journal."""
    async with app.run_test(size=(100, 30)) as pilot:
        guide = await steps_of(pilot, app)
        await to_step(pilot, guide, "redis-cli")
        await give(pilot, guide, "ip", "10.0.0.9")
        guide.fix.query_one("#inputs", OptionList).focus()
        guide.fix.query_one("#inputs", OptionList).highlighted = 1
        await pilot.press("enter")
        await pilot.pause()
        assert app.screen is guide
        await pilot.press("ctrl+y")
        assert app.clipboard == "redis-cli -h 10.0.0.9 -a {password} ping"


async def test_a_wrong_value_is_said_and_left_out(app: KlinikApp) -> None:
    """An address that is none changes no line."""
    async with app.run_test(size=(100, 30)) as pilot:
        guide = await steps_of(pilot, app)
        await to_step(pilot, guide, "redis-cli")
        guide.fix.query_one("#inputs").focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, AskDialog), "the question")
        await pilot.press(*"no-address", "enter")
        await until(pilot, lambda: guide.fix.form is not None and guide.fix.form.wrong is not None, "refused")
        await pilot.pause()
        assert guide.fix.form is not None
        assert "{ip}" in guide.fix.form.line
        assert "! " in screen_text(app)


async def test_a_step_in_words_is_a_persons_word_and_says_that_nothing_checks_it(app: KlinikApp) -> None:
    """No check looks whether it worked, and the question does not promise one."""
    async with app.run_test(size=(100, 30)) as pilot:
        guide = await steps_of(pilot, app)
        step = await to_step(pilot, guide, "Move the pods")
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, SureDialog), "the question")
        assert "Nothing here can check it" in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: guide.snap.session.step(step).state == "done", "done")


async def test_a_skipped_step_keeps_its_reason_and_the_walk_is_resumed_without_a_cluster(
    app: KlinikApp,
) -> None:
    """The session of a derived guide is found again where it was begun: with no cluster."""
    async with app.run_test(size=(100, 30)) as pilot:
        guide = await steps_of(pilot, app)
        step = guide.fix.step_id
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, AskDialog), "why")
        await pilot.press(*"not our node", "enter")
        await until(pilot, lambda: guide.snap.session.step(step).state == "skipped", "skipped")
        await pilot.press("escape")
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, SureDialog), "the earlier session")
        await pilot.press("y")
        await until(
            pilot,
            lambda: (
                isinstance(app.screen, GuideScreen)
                and app.screen.snap.session.cause
                and app.screen.phase == 3
            ),
            "resumed",
        )
        again = app.screen
        assert isinstance(again, GuideScreen)
        assert again.snap.session.step(step).reason == "not our node"


async def test_a_question_about_a_long_line_keeps_its_answers_in_view(app: KlinikApp) -> None:
    """On a small screen, too."""
    from tui.screens.step_asks import ask_ran

    async with app.run_test(size=(80, 24)) as pilot:
        ask_ran(app, "\n".join(["cat <<EOF", *["x" * 200] * 40, "EOF"]), ("a", "b"), lambda: None)
        await until(pilot, lambda: isinstance(app.screen, SureDialog), "the question")
        await pilot.pause()
        assert "Not yet" in screen_text(app)
        assert "I ran it (y)" in screen_text(app)
        assert " …" in screen_text(app)


async def test_a_session_whose_article_changed_is_not_taken_up(app: KlinikApp, tmp_path: Path) -> None:
    """The third step of today may be another command than the third of yesterday."""
    async with app.run_test(size=(100, 30)) as pilot:
        guide = await steps_of(pilot, app)
        await pilot.press("s")
        await until(pilot, lambda: isinstance(app.screen, AskDialog), "why")
        await pilot.press(*"later", "enter")
        await until(pilot, lambda: guide.snap.path is not None and guide.snap.session.steps, "skipped")
        await pilot.press("escape")
        path = tmp_path / "root" / "articles" / ARTICLE / "en.md"
        path.write_text(TUNNEL.replace("del-port", "add-port"), encoding="utf-8")
        app.upkeep.look(at_once=True)
        await until(pilot, lambda: getattr(app.screen, "fresh", None) is not None, "the news")
        await pilot.press("g")
        await until(pilot, lambda: isinstance(app.screen, SureDialog), "the earlier session")
        await pilot.press("y")
        await until(pilot, lambda: "no longer the same" in screen_text(app), "the refusal")


async def test_the_place_in_the_article_is_one_key_away(app: KlinikApp) -> None:
    """`o` shows the section that a step comes from, with its file and line."""
    async with app.run_test(size=(100, 30)) as pilot:
        guide = await steps_of(pilot, app)
        await to_step(pilot, guide, "del-port")
        await pilot.press("o")
        await until(pilot, lambda: app.screen is not guide, "the text")
        assert isinstance(app.screen, RawScreen)
        assert "## Resolution" in app.screen.text
        assert "so that the agent makes it anew" in app.screen.text
        assert "en.md:" in app.screen.text


async def test_a_derived_guide_speaks_chinese(app: KlinikApp) -> None:
    """Line, badge and question are said in the operator's language."""
    app.lang = "zh"
    async with app.run_test(size=(80, 24)) as pilot:
        guide = await steps_of(pilot, app)
        await to_step(pilot, guide, "del-port")
        shown = screen_text(app)
        assert "自动生成" in shown
        assert "klinik 不执行" in shown
        assert "尚未填写" in shown
