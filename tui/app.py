"""The Textual app: it owns the services, the state of the cluster and the way between screens, and nothing else."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.events import Event, Key, MouseDown, Paste
from textual.reactive import reactive

from kb.safe import one_line
from tui.checkruns import CheckRuns
from tui.link import Link
from tui.messages import Answered, EventArrived, StreamEnded
from tui.rights import Rights
from tui.screens.home import HomeScreen
from tui.services import Place, Services
from tui.theme import ASCII, DARK, LIGHT, PLAIN, VARIABLES, signs_for, wants_no_color
from tui.triaging import Triaging
from tui.upkeep import LibraryChanged, Upkeep
from tui.ways import Ways
from tui.widgets.status import ClusterState

if TYPE_CHECKING:
    from textual.screen import Screen

    from checks.sessions.session import SessionSummary


def commands() -> type[Provider]:
    """The palette's provider, imported when the palette is first opened."""
    from tui.commands import KlinikCommands

    return KlinikCommands


class KlinikApp(Ways):
    """One operator, one cluster at a time, one knowledge base."""

    CSS_PATH = ["app.tcss", "screens/home.tcss"]  # noqa: RUF012  (the default screen's own sheet is not read by Textual)
    TITLE = "klinik"
    COMMANDS = {commands}  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "leave", show=False, priority=True),
        Binding("ctrl+l", "language", show=False, priority=True),
        Binding("f1", "help", show=False, priority=True),
        Binding("f2", "arm", show=False, priority=True),
        Binding("alt+left", "back", show=False, priority=True),
        Binding("alt+right", "forward", show=False, priority=True),
    ]

    lang = reactive("en", init=False)
    """The language of the app's own words, "zh" or "en"."""
    cluster_state = reactive(ClusterState(), init=False)

    def __init__(self, services: Services) -> None:
        plain = wants_no_color()
        # NO_COLOR with a theme of the terminal's own colours must be known before the filters are chosen.
        super().__init__(ansi_color=True if plain else None)
        self.services = services
        self.signs = signs_for()
        self.link = Link(self, services)
        self.triaging = Triaging(self, services)
        self.runs = CheckRuns(self, services)
        self.rights = Rights(self)
        self.upkeep = Upkeep(self, services)
        self.leaving = False
        """The operator wants to quit as soon as the write under way is answered."""
        self.last_words = ""
        """A defect of klinik ended it: what is said on the terminal then."""
        self.forward_trail: list[Callable[[], None]] = []
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = PLAIN if plain else DARK.name
        self.set_class(plain, "-plain")
        self.set_class(self.signs is ASCII, "-ascii")
        self.set_reactive(KlinikApp.lang, services.lang)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colour names that Textual's own themes lack."""
        return dict(VARIABLES)

    def _fatal_error(self) -> None:
        """Ends with what the operator needs; Textual would print all values at hand, secrets among them."""
        from tui.crash import told

        error = sys.exc_info()[1]
        if error is not None and not self.last_words:
            self.last_words = told(self, error)
        self._close_messages_no_wait()

    # --- the way between screens --------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        """Home."""
        return HomeScreen()

    def on_mount(self) -> None:
        """Everything slow begins after the first frame is there."""
        self.call_after_refresh(self.set_timer, 0.01, self._begin)

    def _begin(self) -> None:
        gc.enable()
        self.link.start()
        self.upkeep.start()

    def on_app_focus(self) -> None:
        """Back from an editor, perhaps: the files are looked at sooner."""
        self.upkeep.look()

    def action_command_palette(self) -> None:
        """The palette, asking in the language of the app."""
        from textual.command import CommandPalette

        if not isinstance(self.screen, CommandPalette):
            placeholder = self.say("palette.placeholder")
            self.push_screen(CommandPalette(id="--command-palette", placeholder=placeholder))

    def action_help(self) -> None:
        """Help for what has the focus."""
        from tui.screens.help import HelpScreen

        if isinstance(self.screen, HelpScreen):
            self.screen.action_back()
        else:
            self.push_screen(HelpScreen(getattr(self.screen, "help_key", "home")))

    async def action_back(self) -> None:
        """One screen back."""
        back = getattr(self.screen, "action_back", None)
        if back is not None:
            back()

    def action_forward(self) -> None:
        """The screen that was left last, again."""
        if self.forward_trail:
            self.forward_trail.pop()()

    def action_language(self) -> None:
        """The other language: of the article where one is shown, else of the app."""
        switch = getattr(self.screen, "switch_language", None)
        if switch is None or not switch():
            self.lang = "en" if self.lang == "zh" else "zh"

    def action_leave(self) -> None:
        """Quits; during a write it asks first, then waits for its answer; asked once more it leaves at once."""
        writer = next((s for s in reversed(self.screen_stack) if getattr(s, "writing", False)), None)
        if writer is None or self.leaving:
            self.exit(0)
            return
        from tui.screens.confirm import SureDialog

        def decided(leave: bool | None) -> None:
            if leave and getattr(writer, "writing", False):
                self.leaving = True
                writer.stop_writing()
                self.notify(self.say("leave.waiting"), severity="warning", markup=False, timeout=30)
            elif leave:
                self.exit(0)

        if not isinstance(self.screen, SureDialog):
            answers = (self.say("leave.yes"), self.say("leave.no"))
            self.push_screen(SureDialog(self.say("leave.writing"), *answers, dangerous=True), decided)

    def step_over(self) -> None:
        """A step's run is over: who wanted to leave may go now."""
        if self.leaving:
            self.exit(0)

    def tell(self, news: str, *what: object) -> None:
        """Calls `news` of every screen that has it: the link, the runs or the files have something new."""
        if not self.is_running:  # at the end of the app its screens lose their widgets one by one
            return
        for screen in self.screen_stack:
            told = getattr(screen, news, None)
            if told is not None and getattr(screen, "begun", False):
                told(*what)

    def cluster_changed(self) -> None:
        """The link has news: the screens that show it draw it."""
        self.tell("cluster_news")

    def cluster_left(self) -> None:
        """What was known of the cluster before is forgotten."""
        self.triaging.forget()
        self.runs.forget()
        self.rights.forget()

    def action_watch(self) -> None:
        """Looks again on a schedule from now on, or no longer; a bundle never changes."""
        if self._watchable():
            self.triaging.watch(0.0 if self.triaging.every else self.triaging.wanted)

    def ask_interval(self) -> None:
        """Asks how often to look again, and watches so."""
        from tui.screens.interval import IntervalDialog

        def taken(every: float | None) -> None:
            if every is not None:
                self.triaging.usual = every
                self.triaging.watch(every)

        if self._watchable():
            self.push_screen(IntervalDialog(self.triaging.wanted), taken)

    def _watchable(self) -> bool:
        if self.cluster_state.recorded:
            self.notify(self.say("watch.bundle"), markup=False)
        elif self.link.cluster is None:
            self.notify(self.say("checks.no_cluster"), severity="warning", markup=False)
        else:
            return True
        return False

    def action_practice(self) -> None:
        """Offers the practice scenarios."""
        from tui.screens.scenarios import ScenariosScreen

        self.push_screen(ScenariosScreen(), self._chosen)

    def _chosen(self, scenario: str | None) -> None:
        if scenario:
            self.go(Place("practice", scenario))

    @property
    def here(self) -> tuple[str, str]:
        """Practice scenario and context of the cluster at hand, as sessions keep them; both empty without one."""
        info = self.link.cluster.info if self.link.cluster is not None else None
        return (info.practice, info.context) if info is not None else ("", "")

    def resume(self, session: SessionSummary) -> None:
        """Goes on with a session where its cluster is the one at hand, else shows the list."""
        if (session.practice, session.context) == self.here:
            self.open_guide(session.article, session.path)
        else:
            self.open_sessions()

    def ask_to_arm(self, then: Callable[[], None] | None = None) -> None:
        """Asks why writes shall be possible; `then` is done once they are."""
        from tui import arming

        arming.ask_to_arm(self, then)

    def action_arm(self) -> None:
        """Read-only at once where writes are possible, else the question why they shall be."""
        from tui import arming

        arming.toggle(self)

    def disarm(self) -> None:
        """Back to read-only; a step that runs stops before its next write."""
        from tui import arming

        arming.end(self)

    def writes_ran_out(self) -> None:
        """Nobody was there for so long that writes are no longer possible."""
        from tui import arming

        arming.ran_out(self)

    async def on_event(self, event: Event) -> None:
        """A key, a click or a paste says that somebody is there; what moves by itself does not."""
        if isinstance(event, (Key, MouseDown, Paste)):
            self.link.touched()
        await super().on_event(event)

    # --- the cluster --------------------------------------------------------------------------------------------

    def go(self, place: Place) -> None:
        """Another context, or a practice scenario; what was known of the cluster before is forgotten."""
        for screen in self.screen_stack:
            if getattr(screen, "writing", False):
                self.notify(self.say("link.writing"), severity="warning", markup=False)
                return
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.link.go(place)

    def on_library_changed(self, message: LibraryChanged) -> None:
        """Files came, changed or went: every screen that shows them says so, what is wrong is said quietly."""
        news = message.news
        if news is None:
            why = message.why(self.lang, 200)
            self.notify(self.say("upkeep.failed", why=why), severity="warning", markup=False)
            return
        self.link.library_changed(news.shelf, news.guides)
        self.tell("library_news", news.shelf)
        self.tell("files_changed", news)
        if news.errors:
            first = news.errors[0]
            where = one_line(first.path.replace("\\", "/").rpartition("/")[2], 60)
            said = self.say(
                "upkeep.errors", n=len(news.errors), where=where, why=one_line(first.said(self.lang), 160)
            )
            self.notify(said, severity="warning", markup=False, timeout=8)

    def on_answered(self, message: Answered) -> None:
        """Reports of the link's threads, and of the one that writes mutes."""
        (self.triaging if message.tag == "mutes" else self.link).answered(message)

    def on_event_arrived(self, message: EventArrived) -> None:
        """Events of the first look, the triage, of checks that run, of permissions asked for."""
        self._taker(message.tag).event(message)

    def on_stream_ended(self, message: StreamEnded) -> None:
        """One of them is through."""
        self._taker(message.tag).ended(message)

    def _taker(self, tag: str) -> Link | Triaging | CheckRuns | Rights:
        known: dict[str, Triaging | CheckRuns | Rights] = {
            "triage": self.triaging, "checks": self.runs, "rights": self.rights,
        }  # fmt: skip
        return known.get(tag, self.link)

    async def on_unmount(self) -> None:
        """Threads end, a practice cluster ends."""
        self.upkeep.close()
        self.triaging.close()
        self.link.close()


def run(services: Services) -> int:
    """Runs the app until the operator quits; returns the exit code."""
    app = KlinikApp(services)
    code = app.run()
    if app.last_words:
        sys.stderr.write(app.last_words + "\n")
    return app.return_code or code or 0
