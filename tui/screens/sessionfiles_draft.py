"""From a session to an article: its id, its root, its languages; then what was written and what lint says about it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from kb.safe import one_line
from tui import sessionwork
from tui.bundling import typed_path
from tui.keys import quiet
from tui.messages import Answered, EventArrived
from tui.screens import findings_rows as rows
from tui.screens import sessionfiles
from tui.screens.ask import AskDialog
from tui.screens.base import KlinikScreen
from tui.screens.choose import ChooseDialog, Item
from tui.screens.sessionfiles import failure, say
from tui.widgets.hints import Hint
from tui.widgets.rows import Page, Row
from tui.widgets.say import dim
from tui.work import ask

if TYPE_CHECKING:
    from kb.problem import Problem
    from tui.sessionwork import Drafted

LANGS = ("zh", "en")
NEXT = ("nothing", "summary", "export", "draft")
TODO = "TODO"


def taken(screen: KlinikScreen[None], message: Answered) -> bool:
    """Goes on with what a thread answered about a session's files; False where the message is about something else."""
    return sessionfiles.answered(screen, message) or answered(screen, message)


def after_finish(screen: KlinikScreen[None], session: str, journal: str) -> None:
    """A session is finished: offers to tell others, to keep it, or to write it down for the next time."""
    app = screen.app
    if not journal:
        return
    items = [Item(key, say(app, f"next-{key}"), key) for key in NEXT]

    def chosen(values: tuple[Any, ...] | None) -> None:
        if not values:
            return
        match values[0]:
            case "summary":
                sessionfiles.summarize(screen, journal)
            case "export":
                sessionfiles.export(screen, session, journal)
            case "draft":
                begin(screen, journal)

    asked = ChooseDialog(say(app, "next"), items, note=app.say("finish.done", path=journal))
    screen.once_on_top(lambda: app.push_screen(asked, chosen))


def begin(screen: KlinikScreen[None], journal: str) -> None:
    """Asks what the article shall be called, where it goes and in which languages; the library is read on a thread."""
    services = screen.app.services
    ask(screen, "draft-roots", 0, lambda: (journal, sessionwork.roots_to_write(services)))


def answered(screen: KlinikScreen[None], message: Answered) -> bool:
    """Goes on with what the thread answered; False where the message is about something else."""
    app = screen.app
    if message.tag not in ("draft-roots", "drafted"):
        return False
    if message.error is not None:
        app.notify(failure(app, message.error), severity="error", markup=False, timeout=10)
    elif message.tag == "drafted":
        app.push_screen(DraftScreen(message.value))
        app.upkeep.look(at_once=True)
    else:
        _ask_id(screen, *message.value)
    return True


def _ask_id(screen: KlinikScreen[None], journal: str, roots: tuple[Path, ...]) -> None:
    app = screen.app

    def given(name: str | None) -> None:
        if name:
            _ask_root(screen, journal, roots, name)

    question = AskDialog(
        say(app, "draft-id"),
        explain=say(app, "draft-id-why"),
        wrong=lambda name: sessionwork.wrong_id(app.services, name, app.lang),
    )
    app.push_screen(question, given)


def _ask_root(screen: KlinikScreen[None], journal: str, roots: tuple[Path, ...], name: str) -> None:
    app = screen.app
    other = Item("", say(app, "draft-other"), None)
    items = [*(Item(str(root), one_line(str(root), 200), root) for root in roots), other]

    def chosen(values: tuple[Any, ...] | None) -> None:
        if values is None:
            return
        if values[0] is None:
            _ask_folder(screen, journal, name)
        else:
            _ask_langs(screen, journal, name, values[0])

    if roots:
        app.push_screen(ChooseDialog(say(app, "draft-root"), items), chosen)
    else:
        _ask_folder(screen, journal, name)


def _ask_folder(screen: KlinikScreen[None], journal: str, name: str) -> None:
    app = screen.app

    def wrong(text: str) -> str:
        try:
            return "" if text and typed_path(text).is_dir() else say(app, "draft-no-folder")
        except (OSError, ValueError):
            return say(app, "no-path")

    def given(text: str | None) -> None:
        if text:
            _ask_langs(screen, journal, name, typed_path(text).absolute())

    app.push_screen(AskDialog(say(app, "draft-folder"), wrong=wrong), given)


def _ask_langs(screen: KlinikScreen[None], journal: str, name: str, root: Path) -> None:
    app = screen.app
    items = [Item(lang, say(app, f"draft-{lang}"), lang) for lang in LANGS]

    def chosen(values: tuple[Any, ...] | None) -> None:
        if values is None:
            return
        if not values:
            app.notify(say(app, "draft-no-lang"), severity="warning", markup=False)
            return
        langs = tuple(str(lang) for lang in values)
        ask(screen, "drafted", 0, lambda: sessionwork.drafted(app.services, journal, name, root, langs))

    app.push_screen(ChooseDialog(say(app, "draft-langs"), items, many=True, chosen=LANGS), chosen)


class DraftScreen(KlinikScreen[None]):
    """The files of the new article, what is still to be written in them, and what lint finds."""

    CSS_PATH = "timeline.tcss"
    AUTO_FOCUS = "#problems"
    BINDINGS: ClassVar[list[BindingType]] = quiet({"ctrl+y": "copy", "y": "copy", "g": "read"})
    help_key = "draft"

    def __init__(self, found: Drafted) -> None:
        super().__init__()
        self.found = found
        self.state = "running"
        self.progress = (0, 0)
        self.todos: dict[str, int] = {}
        self.behind: dict[str, Problem] = {}
        self.run = 0
        self._stop = threading.Event()

    def body(self) -> Iterator[Widget]:
        """A title, the files, the findings."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield Static("", id="files", markup=False)
        yield OptionList(id="problems", markup=False)
        yield Static("", id="advice", markup=False)

    def ready(self) -> None:
        """Lint begins at once."""
        self.action_again()

    def on_unmount(self) -> None:
        """Nobody listens any more."""
        self._stop.set()

    def action_again(self) -> None:
        """Looks the article through once more, as its files are now."""
        self._stop.set()
        stop = self._stop = threading.Event()
        self.run += 1
        self.state, self.progress = "running", (0, 0)
        found, services, run = self.found, self.app.services, self.run

        def told(done: int, total: int) -> None:
            self.post_message(EventArrived("linting", run, (done, total)))

        def work() -> tuple[Drafted, dict[str, int]]:
            todos = {path.name: path.read_text(encoding="utf-8").count(TODO) for path in found.paths}
            return sessionwork.linted(services, found, stop, told), todos

        ask(self, "linted", run, work)
        self._draw()

    def on_event_arrived(self, message: EventArrived) -> None:
        """How far it is."""
        if message.run == self.run and self.state == "running":
            self.progress = message.event
            self._draw_crumb()

    def on_answered(self, message: Answered) -> None:
        """All is looked through, or the files are gone."""
        if message.run != self.run:
            return
        if message.error is not None:
            self.state = "failed"
            self.notify(failure(self.app, message.error), severity="error", markup=False, timeout=10)
        else:
            self.state = "done"
            self.found, self.todos = message.value
        self._draw()

    def retext(self) -> None:
        """In the other language."""
        self._draw()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """What to do about the finding under the cursor."""
        said = rows.advice(self.behind.get(event.option.id or ""), self.app.lang)
        self.query_one("#advice", Static).update(Content.styled(f" {said}", "$accent"))

    def _draw(self) -> None:
        self._draw_crumb()
        lang, signs = self.app.lang, self.app.signs
        folder = self.found.paths[0].parent if self.found.paths else self.found.root
        lines = [Content.styled(one_line(str(folder), 400))]
        for path in self.found.paths:
            count = self.todos.get(path.name)
            left = say(self.app, "draft-todos", count=count, file=path.name) if count else path.name
            lines.append(Content.styled(f"  {left}", "$text-warning" if count else ""))
        if self.app.link.shelf is None or self.found.root not in self.app.link.shelf.library.roots:
            lines.append(dim(say(self.app, "draft-elsewhere", root=one_line(str(self.found.root), 300))))
        self.query_one("#files", Static).update(Page(lines))
        found = rows.Found()
        found.add(list(self.found.problems))
        options, self.behind = rows.options(found.chosen("", ""), (self.found.root,), lang, signs)
        if self.state == "done" and not options:
            options = [Option(dim(say(self.app, "draft-clean")), disabled=True)]
        self.query_one("#problems", OptionList).set_options(options)
        self.refresh_hints()

    def _draw_crumb(self) -> None:
        left = Content.assemble(
            (f" {say(self.app, 'draft-title')}  ", "bold"), one_line(self.found.article, 100)
        )
        done, total = self.progress
        if self.state == "running":
            right = dim(say(self.app, "draft-linting", done=done, total=total or "…"))
        else:
            count = len(self.found.problems)
            right = dim(say(self.app, "draft-found", count=count)) if count else Content("")
        self.query_one("#crumb", Static).update(Row(left, right, share=0.6))

    def action_copy(self) -> None:
        """The paths of the files, to open them in an editor."""
        text = "\n".join(str(path) for path in self.found.paths)
        self.app.copy_to_clipboard(text)
        self.notify(self.say("copied", n=len(self.found.paths)), markup=False)

    def action_read(self) -> None:
        """The article as the library has it, where its root is one of the library's."""
        shelf = self.app.link.shelf
        if shelf is not None and self.found.article in shelf.library.ids():
            self.app.open_article(self.found.article)
        else:
            self.notify(
                say(self.app, "draft-elsewhere", root=one_line(str(self.found.root), 300)), markup=False
            )

    def hints(self) -> tuple[Hint, ...]:
        """What to do with it."""
        return (
            self.hint("g", "read", "read"),
            self.hint("^Y", "copy_place", "copy"),
            self.hint("^R", "again", "read_again"),
            self.hint("Esc", "back", "back"),
        )
