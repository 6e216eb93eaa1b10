"""An article: its symptoms as this cluster shows them, and its text."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Markdown, OptionList, Static
from textual.widgets.option_list import Option

from kb.messages import message as words
from kb.safe import one_line, printable
from tui import sessionwork
from tui.keys import quiet
from tui.messages import Answered
from tui.screens.article_live import LiveSymptoms
from tui.screens.article_text import pages_of, record_line, record_text, text_of
from tui.widgets.hints import Hint
from tui.work import ask

if TYPE_CHECKING:
    from checks.sessions.trackrecord import TrackRecord
    from kb.model import Article
    from tui.upkeep import News


ASKED = 15.0
"""Seconds after Ctrl+R in which a change that is found is what was asked for."""


class ArticleScreen(LiveSymptoms):
    """One article in one language."""

    CSS_PATH = "article.tcss"
    BINDINGS: ClassVar[list[BindingType]] = quiet({
        "g": "guide", "t": "track", "c": "check", "o": "evidence", "y": "copy_block", "slash": "find",
        "n": "find_next", "right_square_bracket": "page(1)", "left_square_bracket": "page(-1)",
    })  # fmt: skip
    help_key = "article"

    def __init__(self, article_id: str, lang: str) -> None:
        super().__init__(lang)
        self.article_id = article_id
        self.fresh: Article | None = None
        """The article as it is on disk now, where that differs from what is shown."""
        self.notice = ""
        self.asked = -ASKED
        """When Ctrl+R was pressed last: what is found changed right after it is shown without another key."""
        self.pages: tuple[str, ...] = ("",)
        self.page = 0
        self.found_at = -1
        self.record: TrackRecord | None = None

    def body(self) -> Iterator[Widget]:
        """A crumb, contents on the left, symptoms and text on the right, the find box below."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield Static("", id="notice", markup=False)
        yield Static("", id="track", markup=False)
        with Horizontal(id="main"):
            yield OptionList(id="toc", markup=False)
            with Vertical(id="right"):
                yield Static("", id="symptoms-title", markup=False)
                with VerticalScroll(id="text"):
                    yield OptionList(id="symptoms", markup=False)
                    yield Markdown("", id="markdown", open_links=False)
                    yield Static("", id="pages", markup=False)
        yield Input(id="find", select_on_focus=True)

    def ready(self) -> None:
        """The article is read on a thread: its file may be slow."""
        self.query_one("#find").display = self.query_one("#notice").display = False
        self.query_one("#pages").display = self.query_one("#track").display = False
        self.query_one("#symptoms").display = False
        self._read("article")
        self._read_record()

    def on_screen_resume(self) -> None:
        """Back from a walk, perhaps: its outcome counts."""
        if self.begun:
            self._read_record()

    def _read_record(self) -> None:
        folder, name = self.app.services.sessions_dir(), self.article_id
        ask(self, "record", 0, lambda: sessionwork.record_of(name, folder))

    def _read(self, tag: str) -> None:
        services, name = self.app.services, self.article_id
        ask(self, tag, 0, lambda: services.shelf().library.get(name))

    def way_here(self) -> Callable[[], None] | None:
        """The same article in the same language."""
        app, name, lang = self.app, self.article_id, self.lang
        return lambda: app.open_article(name, lang, keep_trail=True)

    # --- text ---------------------------------------------------------------------------------------------------

    async def on_answered(self, message: Answered) -> None:
        """The article is read, for the first time or once more."""
        if message.tag == "fresh":
            self._compare(message.value)
        if message.tag == "record" and message.error is None:
            self.record = message.value
            self._track()
        if message.tag != "article":
            return
        if message.error is not None or message.value is None:
            why = message.why(self.app.lang) or self.article_id
            self.query_one("#crumb", Static).update(
                Content.styled(" " + self.say("article.unreadable", why=why), "$text-error")
            )
            return
        self._take(message.value)
        self._focus_first()
        self.start_checks()
        await self._render_text()

    def _take(self, article: Article) -> None:
        self.article, self.fresh = article, None
        self.query_one("#notice").display = False
        if self.lang not in article.texts:
            self.lang = article.text(self.lang).lang
        self.show_symptoms()

    # --- files that change meanwhile ----------------------------------------------------------------------------

    def files_changed(self, news: News) -> None:
        """The file changed or went: nothing moves under the reader's eyes, a line says so."""
        if self.article_id in news.removed:
            self._note("article.gone")
        elif self.article_id in news.changed:
            self._read("article" if self.article is None else "fresh")

    def _compare(self, fresh: Article | None) -> None:
        """What is shown is still so, or differs, or can no longer be read."""
        shown = self.article
        if fresh is None or shown is None:
            self._note("article.unreadable_now")
        elif (fresh.guide, fresh.text(self.lang).markdown) == (
            shown.guide,
            shown.text(self.lang).markdown,
        ):
            self._take(fresh)
            self._crumb()
        else:
            self.fresh = fresh
            if time.monotonic() - self.asked < ASKED:
                self._take_fresh()
            else:
                self._note("article.changed")

    def _track(self) -> None:
        """What became of this article's fixes here, where somebody walked them to an end."""
        view = self.query_one("#track", Static)
        view.display = self.record is not None and bool(self.record.walked)
        if self.record is not None and view.display:
            view.update(record_line(self.record, self.app.lang, time.time()))
            self.refresh_hints()

    def action_track(self) -> None:
        """The finished sessions of this article one by one."""
        if self.record is None or not self.record.walked:
            self.notify(words("trackrecord.none").get(self.app.lang), markup=False)
        else:
            title = words("trackrecord.title").get(self.app.lang)
            self.app.open_text(title, record_text(self.record, self.app.lang))

    def _note(self, key: str) -> None:
        self.notice = key
        view = self.query_one("#notice", Static)
        view.display = True
        view.update(Content.styled(f" ! {self.say(key)}", "$text-warning"))

    def action_again(self) -> None:
        """Takes the text as it is on disk now, its place kept, and runs the checks again."""
        self.asked = time.monotonic()
        self._take_fresh()
        super().action_again()

    def _take_fresh(self) -> None:
        fresh = self.fresh
        if fresh is not None:
            if self.article is None or fresh.guide != self.article.guide:
                self.results = {}
            self._take(fresh)
            self.run_worker(self._render_in_place(), exclusive=True, group="markdown")

    async def _render_in_place(self) -> None:
        view = self.query_one("#text", VerticalScroll)
        where = view.scroll_y
        await self._render_text()
        self.call_after_refresh(view.scroll_to, y=where, animate=False)

    def _focus_first(self) -> None:
        guide = self.article.guide if self.article else None
        live = guide is not None and guide.symptoms and guide.origin == "authored"
        self.query_one("#symptoms" if live else "#text").focus()

    async def _render_text(self) -> None:
        if self.article is None:
            return
        self._crumb()
        self.pages = pages_of(printable(self.article.text(self.lang).markdown))
        self.page = min(self.page, len(self.pages) - 1)
        self.found_at = -1
        text = self.pages[self.page]
        if self.page == 0 and not text.lstrip().startswith("# "):
            text = f"# {printable(self.article.title(self.lang))}\n\n{text}"
        note = self.query_one("#pages", Static)
        note.display = len(self.pages) > 1
        note.update(
            Content.styled(self.say("article.page", page=self.page + 1, pages=len(self.pages)), "$quiet")
        )
        await self.query_one(Markdown).update(text)

    def _crumb(self) -> None:
        if self.article is None:
            return
        langs = [
            Content.styled(name, "bold" if name == self.lang else "$quiet")
            for name in sorted(self.article.texts)
        ]
        left = Content.assemble(
            (f" {self.say('article.home')} ", "$quiet"), (f"{self.app.signs.arrow} ", "$quiet"),
            (one_line(self.article.title(self.lang)), "bold"),
        )  # fmt: skip
        right = Content.styled(" · ", "$quiet").join(langs)
        if self.article.guide is not None:
            right = Content.assemble(
                right, ("   g", "bold $primary"), (f" {self.say(self._walk_label())} ", "$quiet")
            )
        from tui.widgets.rows import Row

        self.query_one("#crumb", Static).update(Row(left, right))

    def _walk_label(self) -> str:
        guide = self.article.guide if self.article else None
        return "hint.walk_derived" if guide is not None and guide.origin == "derived" else "hint.walk"

    @on(Markdown.TableOfContentsUpdated)
    def _contents(self, event: Markdown.TableOfContentsUpdated) -> None:
        options = [
            Option(Content("  " * max(0, level - 2) + one_line(label or "", 60)), id=block)
            for level, label, block in event.table_of_contents
            if block and 1 < level <= 3
        ]
        self.query_one("#toc", OptionList).set_options(options)

    @on(OptionList.OptionSelected, "#toc")
    def _jump(self, event: OptionList.OptionSelected) -> None:
        if event.option.id:
            for block in self.query(f"#{event.option.id}"):
                self.query_one("#text", VerticalScroll).scroll_to_widget(block, top=True, animate=False)

    def on_markdown_link_clicked(self, event: Markdown.LinkClicked) -> None:
        """A link is shown and copied, never opened."""
        href = one_line(event.href, 300)
        if href.startswith("#"):
            self.query_one(Markdown).goto_anchor(href[1:])
            return
        self.app.copy_to_clipboard(href)
        self.notify(self.say("article.link", href=href), markup=False)

    def switch_language(self) -> bool:
        """The other language of this article; False where there is none."""
        if self.article is None:
            return False
        others = [lang for lang in self.article.texts if lang != self.lang]
        if not others:
            self.notify(self.say("article.one_language"), markup=False)
            return True
        self.lang = others[0]
        self.run_worker(self._render_text(), exclusive=True, group="markdown")
        self.show_symptoms()
        return True

    async def action_page(self, by: int) -> None:
        """Another page of a very long article."""
        if 0 <= self.page + by < len(self.pages):
            self.page += by
            await self._render_text()
            self.query_one("#text").scroll_home(animate=False)

    # --- actions ------------------------------------------------------------------------------------------------

    def action_guide(self) -> None:
        """Walks the guide."""
        if self.article is not None and self.article.guide is not None:
            self.app.open_guide(self.article_id)
        else:
            self.notify(self.say("article.no_guide"), markup=False)

    def action_copy_block(self) -> None:
        """Copies a code block: the only one, or the one chosen, the first one in view proposed."""
        from tui.screens.choose import ChooseDialog, Item

        blocks = [b for s in self.article.text(self.lang).sections for b in s.blocks] if self.article else []
        if not blocks:
            self.notify(self.say("article.no_blocks"), markup=False)
            return
        items = [Item(str(n), one_line(b.text, 200), b.text) for n, b in enumerate(blocks)]
        self.app.push_screen(ChooseDialog(self.say("article.copy_which"), items), self._copy)

    def _copy(self, chosen: tuple[Any, ...] | None) -> None:
        if chosen:
            self.app.copy_to_clipboard(printable(chosen[0]))
            self.notify(self.say("copied", n=len(chosen[0].splitlines())), markup=False)

    def action_find(self) -> None:
        """Opens the box that finds words in the text."""
        box = self.query_one("#find", Input)
        box.placeholder = self.say("article.find")
        box.display = True
        box.focus()

    @on(Input.Submitted, "#find")
    def _find(self) -> None:
        self.action_find_next()
        self.query_one("#text").focus()

    def action_find_next(self) -> None:
        """The next block with the words of the find box."""
        from textual.widgets.markdown import MarkdownBlock

        wanted = self.query_one("#find", Input).value.strip().casefold()
        if not wanted:
            return
        blocks = [b for b in self.query_one(Markdown).query(MarkdownBlock) if wanted in text_of(b)]
        self.query(".-found").remove_class("-found")
        if not blocks:
            self.notify(self.say("article.not_found"), markup=False)
            return
        self.found_at = (self.found_at + 1) % len(blocks)
        block = blocks[self.found_at]
        block.add_class("-found")
        self.query_one("#text", VerticalScroll).scroll_to_widget(block, animate=False)

    def action_back(self) -> None:
        """Closes the find box, or the article."""
        box = self.query_one("#find", Input)
        if box.display and box.has_focus:
            box.display = False
            self.query_one("#text").focus()
        else:
            super().action_back()

    def retext(self) -> None:
        """The app's words in the other language."""
        self._crumb()
        self._track()
        if self.query_one("#notice").display:
            self._note(self.notice)
        self.show_symptoms()

    def hints(self) -> tuple[Hint, ...]:
        """What can be done with an article."""
        if isinstance(self.focused, Input):
            return (self.hint("Enter", "find_next"), self.hint("Esc", "back", "back"))
        guide = self.article.guide if self.article else None
        walk = (self.hint("g", self._walk_label().removeprefix("hint."), "guide"),) if guide else ()
        live = (
            (self.hint("c", "check", "check"), self.hint("o", "evidence", "evidence")) if self.uses() else ()
        )
        track = (self.hint("t", "track", "track"),) if self.record is not None and self.record.walked else ()
        rest = (
            *track,
            self.hint("y", "copy_block", "copy_block"),
            self.hint("^L", "tongue", "tongue"),
            self.hint("/", "find", "find"),
            self.hint("Esc", "back", "back"),
        )
        return (*walk, *live, *rest)

    def action_tongue(self) -> None:
        """The other language."""
        self.app.action_language()
