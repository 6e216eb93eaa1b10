"""Narrowing the results, hits in their other language, and what is said where nothing is found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.command import CommandPalette

from kb import open_library
from tests.tui.conftest import klinik, quiet, screen_text, until
from tests.tui.test_home import found, home_of, nowhere
from tui.filters import joined, misfits, without, written
from tui.questions import counts
from tui.screens.article import ArticleScreen
from tui.screens.facets import FacetsDialog
from tui.screens.findings import FindingsScreen
from tui.services import Services
from tui.widgets.preview import Preview
from tui.widgets.search import HomeList, SearchBox

FRONT = "---\nkind: [{kind}]\nproducts: [Pump Works]\nProductsVersion: [{version}]\ncomponent: [{component}]\n---\n"
EN = (
    FRONT
    + "# The {name} valve sticks\n\n## Symptoms\n\nThe valve hums.\n\n## Resolution\n\n1. Turn it off.\n"
)
ZH = FRONT + "# {name} 阀门卡住\n\n## 现象\n\n阀门发出嗡嗡声。\n\n## 解决方案\n\n1. 关闭。\n"
PLAIN = FRONT + "# Notes on the {name} valve\n\nIt is made of brass.\n"


@pytest.fixture
def library(tmp_path: Path) -> Callable[[], Any]:
    """Three articles: two with steps in their text, one of them in two languages; one that only tells."""
    root = tmp_path / "kb"
    for article, lang, text, values in (
        ("north", "en", EN, {"kind": "Solution", "version": "4.1", "component": "pump"}),
        ("north", "zh", ZH, {"kind": "Solution", "version": "4.1", "component": "pump"}),
        ("south", "en", EN, {"kind": "Solution", "version": "4.2", "component": "water tower"}),
        ("east", "en", PLAIN, {"kind": "Information", "version": "4.2", "component": "pump"}),
    ):
        path = root / "articles" / article / f"{lang}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(name=article, **values), encoding="utf-8")
    return lambda: open_library([root], cache_dir=tmp_path / "index")


def ids(app: Any) -> list[str]:
    """The lines of the list that can be chosen."""
    return [str(o.id) for o in app.screen.query_one(HomeList).options if not o.disabled]


async def narrowing(pilot: Any) -> FacetsDialog:
    """Opens the dialog and waits for its counts."""
    await pilot.press("ctrl+f")
    await until(pilot, lambda: isinstance(pilot.app.screen, FacetsDialog), "the dialog")
    dialog: FacetsDialog = pilot.app.screen
    await until(pilot, lambda: dialog.counts is not None, "the counts")
    await pilot.pause()
    return dialog


def test_filters_are_written_as_they_are_read() -> None:
    """What is chosen stands in the box as text, and is taken out of it again."""
    where = {"component": "water tower", "lang": "zh"}
    text = joined("valve hums", where)
    assert text == 'component:"water tower" lang:zh valve hums'
    assert without(text, where) == "valve hums"
    assert without("error: component:ovn", {}) == "error: component:ovn"
    assert written("kind", 'the "great" one') == "kind:great"
    assert misfits("component:none valve 组件:无 lang:zh", {"lang": "zh"}) == ("component:none", "组件:无")


def test_counts_of_nothing_are_those_of_the_whole_library(library: Callable[[], Any]) -> None:
    """An empty box can be narrowed too; of a key that is filtered by, the other values still count."""
    kb = library()
    everything = counts(kb, "", {})
    assert dict(everything["component"]) == {"pump": 2, "water tower": 1}
    assert dict(everything["guide"]) == {"derived": 2, "none": 1}
    assert dict(everything["lang"]) == {"en": 3, "zh": 1}
    some = counts(kb, "valve", {"component": "pump", "version": "4.1"})
    assert dict(some["component"]) == {"pump": 1}
    assert dict(some["version"]) == {"4.1": 1, "4.2": 1}
    assert dict(some["kind"]) == {"Solution": 1}


async def test_a_facet_is_found_by_typing_and_stands_in_the_box(
    services: Callable[..., Services], library: Callable[[], Any]
) -> None:
    """Ctrl+F from the box, a few letters, Enter; the filter is text that can be edited, and is shown as understood."""
    app = klinik(services(open_library=library, open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"valve")
        home = await found(pilot, "valve")
        assert home.found.total == 3
        await narrowing(pilot)
        assert "Narrow: valve" in screen_text(app)
        await pilot.press(*"tower", "enter")
        await found(pilot, 'component:"water tower" valve')
        await pilot.pause()
        assert ids(app) == ["hit:south"]
        assert "water tower" in str(app.screen.query_one(SearchBox).border_title)
        assert isinstance(app.focused, SearchBox)
        dialog = await narrowing(pilot)
        assert dialog.where == {"component": "water tower"}
        await pilot.press("up", "up", "enter")  # the line that takes all filters away
        await found(pilot, "valve")


async def test_several_facets_are_ticked_with_tab_and_the_counts_follow(
    services: Callable[..., Services], library: Callable[[], Any]
) -> None:
    """As in fzf; Esc decides nothing."""
    app = klinik(services(open_library=library, open_cluster=nowhere, lang="zh"))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: home_of(app).shelf is not None, "the library")
        dialog = await narrowing(pilot)  # with an empty box
        await pilot.press(*"pump", "tab")
        await until(pilot, lambda: dict(dialog.counts["kind"]) == {"Information": 1, "Solution": 1}, "counts")
        await pilot.press(*["backspace"] * 4)
        for character in "正文":
            dialog.query_one("#filter").insert_text_at_cursor(character)
        await pilot.pause()
        await pilot.press("tab")
        await until(pilot, lambda: dict(dialog.counts["kind"]) == {"Solution": 1}, "counts again")
        await pilot.press("enter")
        await found(pilot, "component:pump guide:derived")
        await pilot.pause()
        assert ids(app) == ["hit:north"]
        await narrowing(pilot)
        await pilot.press("tab", "escape")
        assert app.screen.query_one(SearchBox).value == "component:pump guide:derived"


async def test_a_paste_is_narrowed_too(services: Callable[..., Services]) -> None:
    """Its filters stand beside it in the frame; where they leave nothing they can be taken away."""
    from tests.tui.test_paste import answered, paste, switch_log

    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: home_of(app).shelf is not None, "the library")
        paste(app, switch_log(60, bad_at=9))
        home = await answered(pilot)
        home._narrowed({"id": "subnet"})
        await until(pilot, lambda: home.inquiry.answer is not None, "the narrowed answer")
        await pilot.pause()
        assert home.inquiry.answer.outcome.matches == ()
        assert "id:subnet" in str(app.screen.query_one(SearchBox).border_title)
        assert "drop:id" in ids(app)
        await pilot.press("enter")
        await until(pilot, lambda: home.inquiry.answer and home.inquiry.answer.outcome.matches, "all again")
        assert home.inquiry.before == ""


async def test_a_hit_is_shown_and_opened_in_its_other_language(
    services: Callable[..., Services], library: Callable[[], Any]
) -> None:
    """One hit per article; Ctrl+L in the list changes title, passage and preview of that hit alone."""
    app = klinik(services(open_library=library, open_cluster=nowhere))
    async with app.run_test(size=(140, 30), notifications=True) as pilot:
        await pilot.press(*"valve hums")
        home = await found(pilot, "valve hums")
        await pilot.pause()
        rows = ids(app)
        assert sorted(rows) == ["hit:east", "hit:north", "hit:south"]
        await pilot.press("down")
        while app.focused.highlighted_option.id != "hit:north":
            await pilot.press("down")
        assert "en·zh" in app.focused.highlighted_option.prompt.plain
        await pilot.press("ctrl+l")
        await until(pilot, lambda: "north" in home.inquiry.told, "the other language")
        await pilot.pause()
        line = app.focused.highlighted_option
        assert line.id == "hit:north"
        assert "north 阀门卡住" in line.prompt.plain
        assert "嗡嗡" in line.prompt.plain
        side = app.screen.query_one(Preview)
        await until(pilot, lambda: side.article is not None, "the preview")
        assert side.lang == "zh"
        assert app.lang == "en"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ArticleScreen), "the article")
        assert app.screen.lang == "zh"
        await pilot.press("escape", "ctrl+l")
        await until(pilot, lambda: home.inquiry.told["north"].lang == "en", "back again")
        while app.focused.highlighted_option.id != "hit:south":
            await pilot.press("up" if app.focused.highlighted else "down")
        await pilot.press("ctrl+l")
        await until(pilot, lambda: "only this language" in screen_text(app), "that there is no other")


async def test_written_derived_and_no_guides_are_told_apart(
    services: Callable[..., Services], library: Callable[[], Any]
) -> None:
    """A text with steps is no guide with live checks, and the list does not pretend."""
    app = klinik(services(open_library=library, open_cluster=nowhere))
    async with app.run_test(size=(140, 30)) as pilot:
        await pilot.press(*"valve")
        await found(pilot, "valve")
        await pilot.pause()
        lines = {str(o.id): o.prompt.plain.split("\n")[0] for o in app.screen.query_one(HomeList).options}
        assert "steps" in lines["hit:north"]
        assert not {"steps", "guide"} & set(lines["hit:east"].split())
    app = klinik(services(open_cluster=nowhere))
    async with app.run_test(size=(140, 30)) as pilot:
        await pilot.press(*"subnet")
        await found(pilot, "subnet")
        await pilot.pause()
        assert "guide" in app.screen.query_one(HomeList).options[0].prompt.plain


async def test_nothing_found_says_what_was_understood_and_offers_ways_on(
    services: Callable[..., Services], library: Callable[[], Any]
) -> None:
    """Filters that leave nothing can be taken away by key; words that nobody wrote are named."""
    app = klinik(services(open_library=library, open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        for character in "kind:information zzqqx hums":
            app.screen.query_one(SearchBox).insert_text_at_cursor(character)
        await found(pilot, "kind:information zzqqx hums")
        await pilot.pause()
        text = screen_text(app)
        assert 'Nothing found for "kind:information zzqqx hums"' in text
        assert "in no article" in text
        assert "zzqqx" in text
        assert "kind:information" in text
        assert "kb import" in text
        assert ids(app) == ["drop:kind"]
        await pilot.press("down", "enter")
        await found(pilot, "zzqqx hums")
        await pilot.pause()
        assert "hit:north" in ids(app)
        assert "in no article: zzqqx" in str(app.screen.query_one(SearchBox).border_title)


async def test_a_better_spelling_is_taken_by_key(
    services: Callable[..., Services], library: Callable[[], Any]
) -> None:
    """It is named where there are hits too, and nothing moves because of it."""
    app = klinik(services(open_library=library, open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"vavle sticks")
        home = await found(pilot, "vavle sticks")
        assert home.found.hits
        assert home.found.suggestion == "valve sticks"
        await pilot.pause()
        assert "Did you mean: valve sticks" in screen_text(app)
        await pilot.press("ctrl+t")
        await found(pilot, "valve sticks")


async def test_enter_before_the_answer_opens_what_the_words_find(
    services: Callable[..., Services], library: Callable[[], Any]
) -> None:
    """Never what stood there before."""
    app = klinik(services(open_library=library, open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"brass")
        await found(pilot, "brass")
        box = app.screen.query_one(SearchBox)
        box.value = "south"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, ArticleScreen), "the article")
        assert app.screen.article_id == "south"


async def test_an_unfinished_word_finds_what_begins_with_it(
    services: Callable[..., Services], library: Callable[[], Any]
) -> None:
    """While one types, and only as long as the word is none of the library's."""
    app = klinik(services(open_library=library, open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(*"bras")
        home = await found(pilot, "bras")
        assert [hit.article_id for hit in home.found.hits] == ["east"]


async def test_changed_files_are_asked_again_where_the_cursor_is(
    services: Callable[..., Services], library: Callable[[], Any], tmp_path: Path
) -> None:
    """New articles settle in; words and pastes are answered anew, and nobody is thrown off the line."""
    from tests.tui.test_paste import answered, paste

    app = klinik(services(open_library=library, open_cluster=nowhere))
    log = "noise one\nE0405 06:07:08 pump.go:17] impeller jammed by gravel\nnoise two\n" + "more noise\n" * 20
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: home_of(app).shelf is not None, "the library")
        paste(app, log)
        home = await answered(pilot)
        assert not home.inquiry.matches()
        await pilot.press(*"valve")
        await found(pilot, "valve")
        await pilot.press("down", "down")
        at = app.focused.highlighted_option.id
        text = EN.format(name="west", kind="Solution", version="4.1", component="pump")
        text += "\n## Symptoms\n\nThe log says `impeller jammed by gravel`:\n\n```\nimpeller jammed by gravel\n```\n"
        path = tmp_path / "kb/articles/west/en.md"
        path.parent.mkdir()
        path.write_text(text, encoding="utf-8")
        home.shelf.library.refresh()
        home.library_news(home.shelf)
        await until(pilot, lambda: home.found.total == 4, "the new article")
        await pilot.pause()
        assert app.focused.highlighted_option.id == at
        await pilot.press("escape", "escape")
        await until(pilot, lambda: home.inquiry.matches(), "the paste again")
        assert home.inquiry.matches()[0].article_id == "west"


async def test_the_palette_narrows(services: Callable[..., Services], library: Callable[[], Any]) -> None:
    """Whoever does not know the key finds the action by its name."""
    app = klinik(services(open_library=library, open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: home_of(app).shelf is not None, "the library")
        await pilot.press("ctrl+p")
        await until(pilot, lambda: isinstance(app.screen, CommandPalette), "the palette")
        await pilot.press(*"filter the results")
        await until(pilot, lambda: "by component" in screen_text(app), "the command")
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, FacetsDialog), "the dialog")


async def test_files_with_errors_are_counted_under_an_empty_box(
    services: Callable[..., Services], library: Callable[[], Any], tmp_path: Path
) -> None:
    """A quiet line, and only where something is wrong."""
    app = klinik(services(open_library=library, open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: home_of(app).reads.shelf is not None, "the library")
        await until(pilot, lambda: home_of(app).reads.progress is None, "the index")
        await until(pilot, lambda: quiet("klinik-index", "klinik-care"), "the look at the files")
        assert "errors" not in screen_text(app)
    (tmp_path / "kb/articles/north/guide.yaml").write_text("symptoms: 3\n", encoding="utf-8")
    app = klinik(services(open_library=library, open_cluster=nowhere))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: home_of(app).reads.care.errors, "the errors")
        await pilot.pause()
        assert "errors" in screen_text(app)
        assert ids(app)[-1] == "do:findings"
        await pilot.press("down", "end", "enter")
        await until(pilot, lambda: isinstance(app.screen, FindingsScreen), "the findings")
