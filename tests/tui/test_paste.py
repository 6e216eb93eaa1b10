"""Pasting into the box: a log is compared line by line while the box stays usable, and Esc takes it back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from textual import events

from tests.tui.conftest import klinik, screen_text, until
from tests.tui.test_home import found, home_of, nowhere
from tui.screens.article import ArticleScreen
from tui.screens.home import HomeScreen
from tui.services import Services
from tui.widgets.preview import Preview
from tui.widgets.search import HomeList, SearchBox

BAD = "2031-04-05T06:07:09.113Z|01204|poll_loop|WARN|accept failed: Too many open files"


def switch_log(lines: int, bad_at: int = 0) -> str:
    """A log of ovs-vswitchd as healthy nodes write it; with `bad_at` this 1-based line says what is wrong."""
    kinds = (
        "bridge|INFO|bridge br-int: added interface veth{n:x}_h on port {n}",
        "connmgr|INFO|br-int<->unix#{n}: {m} flow_mods in the last {s} s ({m} adds)",
        "ofproto_dpif_xlate(handler{m})|INFO|/proc/sys/net/core/netdev_max_backlog is 1000",
        "timeval|INFO|context switches: {n} voluntary, {m} involuntary",
        "netdev_linux|INFO|veth{n:x}_h: ingress policing rate {m}",
    )
    made = [
        f"2031-04-05T06:{n // 60 % 60:02}:{n % 60:02}.{n % 1000:03}Z|{n:05}|"
        + kinds[n % 5].format(n=n, m=n % 13, s=n % 59)
        for n in range(1, lines + 1)
    ]
    if bad_at:
        made[bad_at - 1] = BAD
    return "\n".join(made)


def paste(app: Any, text: str) -> None:
    """As a terminal sends it: line ends are carriage returns, and the widget with the focus gets it."""
    app.focused.post_message(events.Paste(text.replace("\n", "\r")))


async def answered(pilot: Any) -> HomeScreen:
    """Waits for the answer to the paste."""
    home = home_of(pilot.app)
    await until(pilot, lambda: home.inquiry.answer is not None, "the answer to the paste")
    await pilot.pause()
    return home


async def test_a_long_log_names_the_article_and_the_line(services: Callable[..., Services]) -> None:
    """2,000 lines, one of which says it: that article is first, the line is named, and Enter opens it."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: home_of(app).shelf is not None, "the library")
        paste(app, switch_log(2000, bad_at=1204))
        home = await answered(pilot)
        match = home.inquiry.answer.outcome.matches[0]
        assert match.article_id == "ovs-too-many-open-files"
        assert match.lines[0].number == 1204
        text = screen_text(app)
        assert "2,000 lines pasted" in text
        assert "line 1,204" in text
        assert "Too many open files" in text
        assert app.screen.query_one(HomeList).options[0].id == "hit:ovs-too-many-open-files"
        assert isinstance(app.focused, SearchBox)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ArticleScreen), "the article")
        assert app.screen.article_id == "ovs-too-many-open-files"


async def test_the_box_is_usable_while_a_paste_is_compared(services: Callable[..., Services]) -> None:
    """Typing shows hits at once; when the words are gone the paste is there, and Esc brings the old words back."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"mac_binding")
        home = await found(pilot, "mac_binding")
        library, gate = home.shelf.library, threading.Event()
        whole = library.paste

        def slow(*args: Any, **options: Any) -> Any:
            assert gate.wait(30)
            return whole(*args, **options)

        library.paste = slow
        paste(app, switch_log(300, bad_at=17))
        await until(pilot, lambda: home.inquiry.paste is not None, "the paste")
        await pilot.pause()
        assert "Comparing 300 lines" in screen_text(app)
        assert app.screen.query_one(SearchBox).value == ""
        await pilot.press(*"subnet")
        await found(pilot, "subnet")
        assert home.inquiry.answer is None
        gate.set()
        await answered(pilot)
        assert home.found_query == "subnet"  # the answer to the paste does not replace what is looked at
        await pilot.press("escape")
        await pilot.pause()
        assert "line 17" in screen_text(app)
        await pilot.press("escape")
        await found(pilot, "mac_binding")
        assert app.screen.query_one(SearchBox).value == "mac_binding"
        assert home.inquiry.paste is None
        await pilot.press("alt+right")
        await answered(pilot)
        assert "line 17" in screen_text(app)


async def test_ten_thousand_lines_do_not_freeze_the_screen(services: Callable[..., Services]) -> None:
    """Keys are answered while a large paste is compared."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: home_of(app).shelf is not None, "the library")
        home = home_of(app)
        paste(app, switch_log(10_000, bad_at=9_999))
        await until(pilot, lambda: home.inquiry.paste is not None, "the paste")
        busy = home.inquiry.answer is None
        await pilot.press(*"subnet")
        await found(pilot, "subnet")
        assert busy
        await pilot.press(*["backspace"] * 6)
        await answered(pilot)
        assert home.inquiry.answer.outcome.matches[0].lines[0].number == 9_999
        assert home.inquiry.answer.outcome.lines_read == 10_000


async def test_a_line_of_a_log_in_the_box_is_known_by_its_article(services: Callable[..., Services]) -> None:
    """One line stays in the box where it can be edited; the article that knows it comes first and says which text."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(140, 45)) as pilot:
        await until(pilot, lambda: home_of(app).shelf is not None, "the library")
        paste(app, BAD + "\n")
        home = await found(pilot, BAD)
        assert app.screen.query_one(SearchBox).value == BAD
        assert home.inquiry.words.log.matches[0].article_id == "ovs-too-many-open-files"
        options = app.screen.query_one(HomeList).options
        assert options[0].id == "hit:ovs-too-many-open-files"
        assert "line 1" in options[0].prompt.plain
        assert len({option.id for option in options}) == len(options)
        side = app.screen.query_one(Preview)
        await until(pilot, lambda: side.article is not None, "the preview")
        assert side.lead


async def test_a_sentence_in_two_lines_is_searched_by_its_words_too(
    services: Callable[..., Services],
) -> None:
    """What a chat wrapped is no log."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: home_of(app).shelf is not None, "the library")
        paste(app, "subnet shows the wrong\nnumber of used addresses\n")
        home = await answered(pilot)
        hits = home.inquiry.answer.words.found.hits
        assert hits[0].article_id == "subnet-ip-count-wrong"
        assert "Subnet" in screen_text(app)


async def test_a_paste_that_nobody_knows_says_what_was_read_and_what_to_do(
    services: Callable[..., Services],
) -> None:
    """Lines that sound like trouble are offered to be searched for, one by one."""
    app = klinik(services(open_cluster=nowhere))
    strange = "2031-04-05T06:07:08Z ERROR frobnicator: quux manifold exploded beyond recovery"
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: home_of(app).shelf is not None, "the library")
        paste(app, switch_log(400) + "\n" + strange)
        home = await answered(pilot)
        assert home.inquiry.answer.outcome.matches == ()
        text = screen_text(app)
        assert "Nothing known in these 401 lines" in text
        assert "line 401" in text
        assert "kb import" in text
        await pilot.press("down", "enter")
        await until(pilot, lambda: "quux manifold" in app.screen.query_one(SearchBox).value, "the line")


async def test_ctrl_v_pastes_what_klinik_copied_or_says_whose_key_it_is(
    services: Callable[..., Services],
) -> None:
    """Most terminals keep Ctrl+V from themselves: a key that does nothing would not be understood at night."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, lambda: home_of(app).shelf is not None, "the library")
        await pilot.press("ctrl+v")
        await until(pilot, lambda: "Ctrl+Shift+V" in screen_text(app), "the way to paste")
        app.copy_to_clipboard(switch_log(50, bad_at=3))
        await pilot.press("ctrl+v")
        home = await answered(pilot)
        assert home.inquiry.paste.lines == 50


async def test_a_paste_reaches_the_box_from_the_list_and_survives_the_other_language(
    services: Callable[..., Services],
) -> None:
    """The hand does not have to go back first; Ctrl+L in the box says everything in Chinese, titles too."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"subnet")
        await found(pilot, "subnet")
        await pilot.press("down")
        assert isinstance(app.focused, HomeList)
        paste(app, switch_log(40, bad_at=8))
        home = await answered(pilot)
        assert isinstance(app.focused, SearchBox)
        await pilot.press("ctrl+l")
        await until(
            pilot,
            lambda: home.inquiry.answer is not None and home.inquiry.answer.outcome.matches[0].lang == "zh",
            "Chinese",
        )
        await pilot.pause()
        assert "已粘贴 40 行" in screen_text(app)
        assert "第 8 行" in screen_text(app)


async def test_an_article_that_knows_a_paste_is_shown_in_its_other_language(
    services: Callable[..., Services],
) -> None:
    """The lines of the log stay what they are; title and preview change, and the article opens in that language."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(140, 40)) as pilot:
        await until(pilot, lambda: home_of(app).shelf is not None, "the library")
        paste(app, switch_log(30, bad_at=4))
        home = await answered(pilot)
        await pilot.press("down", "ctrl+l")
        await until(pilot, lambda: "ovs-too-many-open-files" in home.inquiry.told, "the other language")
        await pilot.pause()
        line = app.screen.query_one(HomeList).options[0].prompt.plain
        assert home.shelf.guided["ovs-too-many-open-files"].title("zh")[:8] in line
        assert "Too many open files" in line
        assert app.screen.query_one(Preview).lang == "zh"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ArticleScreen), "the article")
        assert app.screen.lang == "zh"


async def test_control_characters_of_a_paste_never_reach_the_screen(
    services: Callable[..., Services],
) -> None:
    """A log may hold anything, and colours of a program are no words."""
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: home_of(app).shelf is not None, "the library")
        paste(app, "\x1b[31maccept failed\x1b[0m\x07\u202e: Too many open files")
        await found(pilot, "accept failed: Too many open files")
        paste(
            app, "\x1b]0;owned\x07one\n\x1b[2Jaccept failed: Too \x1b[1mmany\x1b[0m open files\x9b5n\nthree"
        )
        home = await answered(pilot)
        assert home.inquiry.matches()[0].article_id == "ovs-too-many-open-files"
        await pilot.pause()
        assert all(c.isprintable() or c == "\n" for c in screen_text(app))
