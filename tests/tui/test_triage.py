"""The triage on home: upstream first and folded, reasons in one line, known things dim, changes as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.cluster import ExecResult
from checks.findings.finding import Finding
from checks.findings.mutes import Mute
from checks.findings.triage import Triage
from checks.model import Judgement, Result, Row, Verdict
from kb import open_library
from kb.paths import ASSETS
from kb.text import Text
from tests.checks.troubled import Bed, bed
from tests.tui.conftest import drawn, klinik, screen_text, until
from tests.tui.test_checks import viewer
from tui.connect import Connection
from tui.screens.changes import ChangesScreen
from tui.screens.check import CheckScreen
from tui.screens.checks import ChecksScreen
from tui.screens.evidence import answer
from tui.screens.home_rows import Look
from tui.screens.mute import MuteDialog
from tui.screens.mutes import MutesScreen
from tui.screens.rights import RightsScreen
from tui.screens.triage_rows import matching, unseen
from tui.services import Place, Services
from tui.spans import until as span_until
from tui.theme import UNICODE
from tui.widgets.search import HomeList

__all__ = ["viewer"]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Bed]:
    with bed(tmp_path, "mac-binding-leak") as found:
        yield found


def opening(running: Bed) -> Callable[[Place], Connection]:
    def open_it(place: Place) -> Connection:
        stack = ExitStack()
        return Connection(stack.enter_context(running.connected()), [stack.close])

    return open_it


async def through(pilot: Any, rounds: int = 1) -> None:
    """So many rounds of the triage are through, and drawn."""
    triaging = pilot.app.triaging
    await until(pilot, lambda: triaging.rounds >= rounds and triaging.state == "done", f"round {rounds}")
    await drawn(pilot, " checks ")


async def to_line(pilot: Any, wanted: str) -> None:
    """Moves the cursor to a line by its key."""
    await until(pilot, lambda: wanted in lines(pilot.app), f"the line {wanted}")
    view = pilot.app.screen.query_one(HomeList)
    view.focus()
    view.highlighted = lines(pilot.app).index(wanted)
    await pilot.pause()


def lines(app: Any) -> list[str]:
    return [option.id or "" for option in app.screen.query_one(HomeList).options]


async def test_a_finding_is_muted_with_a_reason_stays_counted_and_is_lifted(
    services: Callable[..., Services],
) -> None:
    app = klinik(services("mac-binding-leak"))
    async with app.run_test(size=(100, 40)) as pilot:
        await through(pilot)
        await to_line(pilot, "find:ovn-mac-binding-leak")
        await pilot.press("f6")
        await until(
            pilot, lambda: isinstance(app.screen, MuteDialog) and app.screen.query("#reason"), "the dialog"
        )
        await pilot.press("enter")
        assert "Say why" in screen_text(app)
        await pilot.press(*"known, INC-1", "enter", "f", "enter")
        await until(pilot, lambda: "Write 12h" in screen_text(app), "no such time")
        app.screen.query_one("#span").value = "2d"
        await pilot.press("enter")
        await until(pilot, lambda: app.triaging.mutes, "the mute")
        await drawn(pilot, "1 muted")
        await until(pilot, lambda: "do:mutes" in lines(app), "the line of the mutes")
        assert "find:ovn-mac-binding-leak" not in lines(app)
        await to_line(pilot, "do:mutes")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, MutesScreen), "the mutes")
        await until(pilot, lambda: "known, INC-1" in screen_text(app), "its reason")
        await pilot.press("l")
        await until(pilot, lambda: app.triaging.mutes[0].end == "lifted", "its end")
        await pilot.press("escape")
        await until(pilot, lambda: "find:ovn-mac-binding-leak" in lines(app), "the finding again")


async def test_a_watch_looks_again_and_says_what_changed_and_when(
    services: Callable[..., Services], running: Bed
) -> None:
    app = klinik(services(open_cluster=opening(running)))
    async with app.run_test(size=(100, 40)) as pilot:
        await through(pilot)
        assert not app.triaging.changes
        running.world.lie = lambda pod, argv: (
            ExecResult("NXST_AGGREGATE reply (xid=0x4): packet_count=0 byte_count=0 flow_count=250000\n", "", 0)
            if argv[:2] == ("ovs-ofctl", "dump-aggregate") else None
        )  # fmt: skip
        app.triaging.watch(1.0)
        await through(pilot, 2)
        assert "watching every" in screen_text(app)
        app.triaging.watch(0.0)
        at = app.triaging.rounds
        assert app.triaging._timer is None
        await to_line(pilot, "find:ovn-mac-binding-leak")
        await pilot.press("f8")
        assert app.triaging.every == 60.0
        await until(pilot, lambda: app.triaging.rounds > at, "another round at once")
        await pilot.press("f8")
        assert not app.triaging.every
        app.open_changes()
        await until(pilot, lambda: isinstance(app.screen, ChangesScreen), "the changes")
        worse = {one.change.shown.name: one.change.what for one in app.triaging.changes}
        assert worse["ovs.flow-count"] == "worse"
        await drawn(pilot, "worse")


def unknown(check: str, root: str) -> Result:
    judgement = Judgement(Verdict.UNKNOWN, Text("unknown", "未知"), reason="forbidden")
    return Result(check, f"a/{check}", Text(check.upper(), check), judgement, (), 1.0, 1, root=root)


def test_forty_unknown_checks_with_one_reason_are_one_line_with_a_count() -> None:
    may = "may:create pods/exec -n kube-system"
    results = [unknown(f"ovs.x{number}", may) for number in range(40)] + [unknown("ovn.odd", "")]
    gone = [unknown(f"node.x{number}", "api") for number in range(3)]
    everything, found = unseen([*results, *gone, replace(results[0], alias="b/again")], Look("en", UNICODE))
    assert [option.id for option in everything] == ["root:api"]
    assert [option.id for option in found] == [f"root:{may}", "do:unknown"]
    first = found[0].prompt.plain
    assert "40" in first
    assert "create pods/exec -n kube-system" in first
    assert "ODD" in found[1].prompt.plain


def test_a_reason_that_keeps_many_checks_is_said_once_in_the_language_of_the_reader() -> None:
    rows = tuple(
        Row(f"node-{n}", Verdict.UNKNOWN, Text("no: raw detail", "否：raw detail")) for n in range(4)
    )
    result = unknown("ovs.x", "may:list nodes")
    result = replace(result, judgement=replace(result.judgement, rows=rows))
    for lang, word in (("en", "no permission to list nodes"), ("zh", "没有权限：list nodes")):
        text = "\n".join(line.plain for line in answer(result, lang, UNICODE, 1.0))
        assert word in text
        assert "raw detail" not in text
    strange = replace(result, root="", judgement=replace(result.judgement, reason="never-heard-of"))
    assert "never-heard-of" in "\n".join(line.plain for line in answer(strange, "en", UNICODE, 1.0))


async def test_a_viewer_sees_what_is_not_known_and_the_way_to_the_role(
    services: Callable[..., Services], viewer: Callable[[Place], Connection]
) -> None:
    app = klinik(services(open_cluster=viewer))
    async with app.run_test(size=(110, 40)) as pilot:
        await through(pilot)
        assert "unknown" in screen_text(app)
        reasons = [one for one in lines(app) if one.startswith("root:may:") or one == "do:unknown"]
        assert reasons
        await to_line(pilot, reasons[0])
        await pilot.press("enter")
        wanted = RightsScreen if reasons[0].startswith("root:") else ChecksScreen
        await until(pilot, lambda: isinstance(app.screen, wanted), "where it leads")


async def test_a_bad_check_without_an_article_is_a_line_of_its_own(services: Callable[..., Services]) -> None:
    app = klinik(services("ovn-controller-starved"))
    async with app.run_test(size=(100, 45)) as pilot:
        await through(pilot)
        loose = [row.result.check for row in app.triaging.found().loose]
        wanted = {f"check:{check}" for check in loose}
        await until(
            pilot, lambda: wanted <= set(lines(app)), f"lines of {loose}"
        )  # the last answers are drawn together
        if loose:
            await to_line(pilot, f"check:{loose[0]}")
            await pilot.press("enter")
            await until(pilot, lambda: isinstance(app.screen, CheckScreen), "the check")


def test_spans_and_dates_are_read_as_people_write_them() -> None:
    assert span_until("1d12h", 0.0) == 36 * 3600.0
    assert span_until(" 2w ", 10.0) == 10.0 + 14 * 86400.0
    assert span_until("2030-01-02", 0.0) - span_until("2030-01-02T00:00", 0.0) == 86400.0
    for wrong in ("", "7", "d", "7x", "soon", "9999999d", "0000-00-00"):
        with pytest.raises(ValueError, match=r"."):
            span_until(wrong, 0.0)


def finding(article: str, under: str = "", depth: int = 0, mute: Mute | None = None) -> Finding:
    through = Text("the cause", "原因") if under else Text()
    return Finding(article, Verdict.FAIL, None, 1, 1, under=under, through=through, depth=depth, mute=mute)


def test_what_follows_from_a_finding_is_folded_below_it_and_never_lost(shelf_cache: Path) -> None:
    quiet = Mute("m1", "article", "a", "known", "chen", 1.0, 2.0)
    library = open_library([ASSETS], cache_dir=shelf_cache)
    shipped = [article for name in library.guided if (article := library.get(name))]
    articles = dict(zip("abcd", shipped, strict=False))
    look = Look("en", UNICODE)

    def ids(found: list[Finding], opened: set[str]) -> list[str]:
        whole = Triage(tuple(found), (), (), 1, 1)
        return [option.id or "" for option in matching(whole, articles, opened, look)]

    found = [finding("a"), finding("b", "a", 1), finding("c", "b", 2), finding("d")]
    assert ids(found, set()) == ["find:a", "fold:a", "find:d"]
    assert ids(found, {"a"}) == ["find:a", "fold:a", "find:b", "find:c", "find:d"]
    known = [finding("a", mute=quiet), *found[1:]]
    assert ids(known, set()) == ["find:b", "fold:b", "find:d"]
