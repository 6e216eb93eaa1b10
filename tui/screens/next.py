"""Where next, when a fix did not do what it is for: what that means, and the places to go to."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from checks.walking.whatnext import Standing, Way, meaning, standing, ways
from kb.messages import message
from kb.text import Text
from tui.screens import beforeafter
from tui.screens.dialog import Dialog
from tui.widgets.rows import Page, Row
from tui.widgets.say import foreign

if TYPE_CHECKING:
    from tui.screens.guide import GuideScreen


class NextDialog(Dialog[Way]):
    """The symptoms before and now, what that means, and the ways; Enter goes there."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("n", "back", show=False)]
    help_key = "next"

    def __init__(self, found: Standing | None, means: Text | None, places: tuple[Way, ...]) -> None:
        super().__init__()
        self.found, self.means, self.places = found, means, places

    def compose(self) -> ComposeResult:
        """What is known on top, the ways below."""
        lang, signs = self.app.lang, self.app.signs
        lines: list[beforeafter.Line] = []
        if self.means is not None:
            lines.append(foreign(self.means.get(lang), "bold", limit=600))
        if self.found is not None:
            lines += beforeafter.of_session(self.found, lang, signs)
        with self.frame():
            with VerticalScroll(id="what", can_focus=False):
                yield Static(Page(lines), markup=False)
            yield Static(Content.styled(message("execution.where-next").get(lang), "bold"), markup=False)
            yield OptionList(
                *(
                    Option(Row(foreign(way.text.get(lang), limit=200)), id=str(n))
                    for n, way in enumerate(self.places)
                ),
                id="items",
                markup=False,
            )

    def on_mount(self) -> None:
        """The first way is under the cursor."""
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self.places[int(event.option.id or 0)])


def open_next(screen: GuideScreen) -> None:
    """Asks where to go from the walk as it stands, and goes there."""
    guide, article, snap = screen.guide, screen.article, screen.snap
    if guide is None or article is None or screen.writing:
        return
    view = screen.fix.view
    alias = view.step.verify.check if view is not None and view.step.verify is not None else ""
    means = meaning(view.record, snap.session, alias) if view is not None else None
    places = ways(article, guide, snap.session, snap.causes, snap.heavy)

    def chose(way: Way | None) -> None:
        if way is not None:
            _go(screen, way)

    screen.app.push_screen(NextDialog(standing(snap.session, snap.symptoms), means, places), chose)


def _go(screen: GuideScreen, way: Way) -> None:
    app = screen.app
    doors: dict[str, Callable[[], None]] = {
        "settle": lambda: _at_step(screen, way.id, screen.fix.action_settle),
        "retry": lambda: _at_step(screen, way.id, screen.fix.action_preview),
        "undo": lambda: _at_step(screen, way.id, screen.fix.action_undo),
        "step": lambda: _at_step(screen, way.id, screen.fix.action_preview),
        "cause": lambda: _at_cause(screen, way.id),
        "evidence": screen.action_heavy,
        "article": lambda: app.open_article(way.id),
        "workaround": lambda: app.open_article(way.id),
        "bundle": app.collect_bundle,
        "sessions": app.open_sessions,
        "finish": screen.action_finish,
    }
    doors[way.kind]()


def _at_step(screen: GuideScreen, step: str, then: Callable[[], None]) -> None:
    screen.action_phase(3)
    if screen.fix.show(step):
        then()


def _at_cause(screen: GuideScreen, cause: str) -> None:
    screen.causes_seen = True
    screen.action_phase(2)
    ids = [view.cause.id for view in screen.snap.causes]
    if cause in ids:
        screen.query_one("#cause-list", OptionList).highlighted = ids.index(cause)
