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

from checks.model import Result, Verdict
from kb.safe import one_line, printable
from tui.i18n import translate
from tui.keys import quiet
from tui.messages import Answered, EventArrived, StreamEnded
from tui.screens import evidence
from tui.screens.article_text import not_heavy, pages_of, text_of
from tui.screens.base import KlinikScreen
from tui.widgets.hints import Hint
from tui.widgets.lists import settle
from tui.work import ask, stream

if TYPE_CHECKING:
    from threading import Event

    from kb.model import Article, CheckUse


class ArticleScreen(KlinikScreen[None]):
    """One article in one language."""

    CSS_PATH = "article.tcss"
    BINDINGS: ClassVar[list[BindingType]] = quiet({
        "g": "guide", "c": "check", "o": "evidence", "y": "copy_block", "slash": "find",
        "n": "find_next", "right_square_bracket": "page(1)", "left_square_bracket": "page(-1)",
    })  # fmt: skip
    help_key = "article"

    def __init__(self, article_id: str, lang: str) -> None:
        super().__init__()
        self.article_id = article_id
        self.lang = lang
        self.article: Article | None = None
        self.results: dict[str, Result] = {}
        self.live = "absent"
        """absent (no cluster), waiting, running or done."""
        self.run = 0
        self.stop: Event | None = None
        self.pages: tuple[str, ...] = ("",)
        self.page = 0
        self.found_at = -1

    def body(self) -> Iterator[Widget]:
        """A crumb, contents on the left, symptoms and text on the right, the find box below."""
        yield Static("", id="crumb", classes="crumb", markup=False)
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
        self.query_one("#find").display = False
        self.query_one("#pages").display = False
        self.query_one("#symptoms").display = False
        services, name = self.app.services, self.article_id
        ask(self, "article", 0, lambda: services.shelf().library.get(name))

    def way_here(self) -> Callable[[], None] | None:
        """The same article in the same language."""
        app, name, lang = self.app, self.article_id, self.lang
        return lambda: app.open_article(name, lang, keep_trail=True)

    # --- text ---------------------------------------------------------------------------------------------------

    async def on_answered(self, message: Answered) -> None:
        """The article is read."""
        if message.tag != "article":
            return
        if message.error is not None or message.value is None:
            why = one_line(str(message.error)) if message.error else self.article_id
            self.query_one("#crumb", Static).update(
                Content.styled(" " + self.say("article.unreadable", why=why), "$text-error")
            )
            return
        self.article = message.value
        if self.lang not in self.article.texts:
            self.lang = self.article.text(self.lang).lang
        self._show_symptoms()
        self._focus_first()
        self.start_checks()
        await self._render_text()

    def _focus_first(self) -> None:
        guide = self.article.guide if self.article else None
        self.query_one("#symptoms" if guide and guide.symptoms else "#text").focus()

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
                right, ("   g", "bold $primary"), (f" {self.say('hint.walk')} ", "$quiet")
            )
        from tui.widgets.rows import Row

        self.query_one("#crumb", Static).update(Row(left, right))

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
        self._show_symptoms()
        return True

    async def action_page(self, by: int) -> None:
        """Another page of a very long article."""
        if 0 <= self.page + by < len(self.pages):
            self.page += by
            await self._render_text()
            self.query_one("#text").scroll_home(animate=False)

    # --- symptoms -----------------------------------------------------------------------------------------------

    def uses(self) -> tuple[CheckUse, ...]:
        """The checks of the symptoms and causes that may be run without asking: all but the heavy ones."""
        guide = self.article.guide if self.article else None
        return tuple(guide.checks.values()) if guide else ()

    def start_checks(self) -> None:
        """Runs the guide's checks where there is a cluster; results stream in."""
        cluster, uses = self.app.link.cluster, self.uses()
        if self.app.cluster_state.phase == "absent" or cluster is None:
            self.live = "waiting" if self.app.cluster_state.phase == "connecting" else "absent"
            self._show_symptoms()
            return
        if not uses:
            return
        if self.stop is not None:
            self.stop.set()
        self.run += 1
        self.live = "running"
        services = self.app.services

        def events(stop: Event) -> Iterator[Any]:
            from checks.runner import run

            catalogue = services.catalogue()
            yield from run(cluster, not_heavy(uses, catalogue), catalogue, stop=stop)

        self.stop = stream(self, "checks", self.run, events)
        self._show_symptoms()

    def on_event_arrived(self, message: EventArrived) -> None:
        """A result settles into its line."""
        result = getattr(message.event, "result", None)
        if message.run == self.run and result is not None:
            self.results[result.alias] = result
            self._show_symptoms()

    def on_stream_ended(self, message: StreamEnded) -> None:
        """All checks have answered, or could not be run."""
        if message.run != self.run:
            return
        self.live = "failed" if message.error else "done"
        if message.error is not None:
            self.notify(
                self.say("article.checks_failed", why=one_line(str(message.error))),
                severity="error",
                markup=False,
            )
        self._show_symptoms()

    def on_unmount(self) -> None:
        """Nobody listens any more."""
        if self.stop is not None:
            self.stop.set()

    def cluster_news(self) -> None:
        """The cluster came while the article was open."""
        if self.live in ("waiting", "absent") and self.app.cluster_state.phase == "connected":
            self.start_checks()
        elif self.live == "waiting" and self.app.cluster_state.phase == "absent":
            self.live = "absent"
            self._show_symptoms()

    def _show_symptoms(self) -> None:
        guide = self.article.guide if self.article else None
        view = self.query_one("#symptoms", OptionList)
        if guide is None or not guide.symptoms:
            view.display = False
            self.query_one("#symptoms-title").display = False
            return
        signs, now = self.app.signs, time.time()
        options = [
            evidence.symptom_option(s, self.results, self.lang, signs, live=self.live, now=now)
            for s in guide.symptoms
        ]
        view.display = True
        settle(view, options)
        found = [evidence.symptom_verdict(s, self.results) for s in guide.symptoms]
        present = sum(v in (Verdict.FAIL, Verdict.WARN) for v in found)
        unclear = sum(v is Verdict.UNKNOWN for v in found)
        count = translate(self.lang, "article.present", n=present, total=len(found))
        if unclear:
            count += " · " + translate(self.lang, "article.unclear", n=unclear)
        said = count if self.live in ("done", "running") and self.results else self.say(f"live.{self.live}")
        self.query_one("#symptoms-title", Static).update(
            Content.assemble(
                (translate(self.lang, "article.symptoms"), "bold $primary"), "   ", (said, "$quiet")
            )
        )

    # --- actions ------------------------------------------------------------------------------------------------

    def action_check(self) -> None:
        """Runs the checks again; what is known stays until the new answer is there."""
        self.start_checks()

    def action_again(self) -> None:
        """The same."""
        if self.app.cluster_state.phase == "absent":
            self.app.link.again()
        self.start_checks()

    def action_evidence(self) -> None:
        """What was read for the symptom under the cursor, raw; from the text: for all of them."""
        guide = self.article.guide if self.article else None
        if guide is None:
            return
        view = self.query_one("#symptoms", OptionList)
        chosen = guide.symptoms
        if view.has_focus and view.highlighted is not None:
            chosen = (guide.symptoms[view.highlighted],)
        aliases = dict.fromkeys(alias for symptom in chosen for alias in symptom.checks)
        results = [self.results[alias] for alias in aliases if alias in self.results]
        if not results:
            self.notify(self.say("evidence.not_yet"), markup=False)
            return
        title = chosen[0].text.get(self.lang) if len(chosen) == 1 else self.article.title(self.lang)  # type: ignore[union-attr]
        self.app.open_text(title, evidence.raw(results, self.app.lang, time.time()))

    @on(OptionList.OptionSelected, "#symptoms")
    def _open_evidence(self) -> None:
        self.action_evidence()

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
        self._show_symptoms()

    def hints(self) -> tuple[Hint, ...]:
        """What can be done with an article."""
        if isinstance(self.focused, Input):
            return (self.hint("Enter", "find_next"), self.hint("Esc", "back", "back"))
        guide = self.article is not None and self.article.guide is not None
        walk = (
            self.hint("g", "walk", "guide"),
            self.hint("c", "check", "check"),
            self.hint("o", "evidence", "evidence"),
        )
        rest = (
            self.hint("y", "copy_block", "copy_block"),
            self.hint("^L", "tongue", "tongue"),
            self.hint("/", "find", "find"),
            self.hint("Esc", "back", "back"),
        )
        return (*walk, *rest) if guide else rest

    def action_tongue(self) -> None:
        """The other language."""
        self.app.action_language()
