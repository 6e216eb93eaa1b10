"""The whole plan of a fix before its first step: what stands against it, how far every step reaches, what is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from kb.messages import message
from kb.safe import one_line
from tui.keys import quiet
from tui.screens import outlook_rows as rows
from tui.screens.base import KlinikScreen
from tui.walker import wording
from tui.widgets.hints import Hint
from tui.widgets.lists import settle
from tui.widgets.rows import Page, Row

if TYPE_CHECKING:
    from checks.outlook.make import Outlook, StepOutlook
    from kb.model import Cause
    from tui.messages import Answered
    from tui.screens.guide import GuideScreen

WHOLE = "whole"
"""Id of the line that stands for the whole plan."""


class OutlookScreen(KlinikScreen[bool]):
    """Read, copied, and left with Enter towards the steps or with Esc back; it sends nothing but questions."""

    CSS_PATH = "outlook.tcss"
    AUTO_FOCUS = "#plan-parts"
    BINDINGS: ClassVar[list[BindingType]] = [
        *quiet({"ctrl+y": "copy", "y": "copy", "o": "open"}),
        # the list keeps the focus, what is read is beside it
        *quiet({"pagedown": "turn(1)", "pageup": "turn(-1)"}, priority=True),
    ]
    help_key = "outlook"

    def __init__(self, cause: Cause, ask: Callable[[], int]) -> None:
        super().__init__()
        self.cause = cause
        self.ask = ask
        """Has the plan made and returns the job's number; the answer comes by `take`."""
        self.asked = 0
        self.seen: Outlook | None = None
        self.problem = ""

    def body(self) -> Iterator[Widget]:
        """What it comes to, the steps, and what is known of the one under the cursor."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield Static("", id="head", markup=False)
        with Container(id="plan-both"):
            yield OptionList(id="plan-parts", markup=False)
            with VerticalScroll(id="plan-why"):
                yield Static("", markup=False)

    def ready(self) -> None:
        """The plan is asked for."""
        self.asked = self.ask()
        self._draw()

    def retext(self) -> None:
        """In the other language."""
        self._draw()

    def action_again(self) -> None:
        """Looks at the cluster again; what is known stays until then."""
        self.asked = self.ask()

    def hints(self) -> tuple[Hint, ...]:
        """On, copies, back."""
        words = (("Enter", "key-begin", "begin"), ("^Y", "key-copy", "copy"), ("o", "key-open", "open"))
        own = [
            Hint(key, self._word(word), action) for key, word, action in words if self.seen or self.problem
        ]
        return (*own, self.hint("^R", "again", "read_again"), self.hint("Esc", "back", "back"))

    def _word(self, key: str, /, **params: object) -> str:
        return message(f"outlook.{key}", **params).get(self.app.lang)

    # --- the plan -----------------------------------------------------------------------------------------------

    def take(self, answer: Answered) -> None:
        """The plan came, or why there is none; one for a cause that was left before is none of this screen's."""
        if answer.run != self.asked:
            return
        if answer.error is not None:
            self.problem = one_line(wording(answer.error, self.app.lang), 600)
        else:
            self.seen, self.problem = answer.value, ""
        if self.begun:
            self._draw()

    @property
    def chosen(self) -> StepOutlook | None:
        """The step under the cursor; None on the line of the whole plan."""
        option = self.query_one("#plan-parts", OptionList).highlighted_option
        steps = self.seen.steps if self.seen is not None else ()
        return next((one for one in steps if option is not None and one.step.id == option.id), None)

    def _draw(self) -> None:
        lang, signs = self.app.lang, self.app.signs
        crumb = Content.assemble(
            (f" {self._word('crumb')} ", "$quiet"), (one_line(self.cause.text.get(lang)), "bold")
        )
        self.query_one("#crumb", Static).update(Row(crumb))
        if self.seen is None:
            said = self.problem or self._word("reading")
            style = "bold $text-error" if self.problem else "$quiet"
            self.query_one("#head", Static).update(Content.styled(said, style))
        else:
            self.query_one("#head", Static).update(rows.head(self.seen, self.problem, lang, signs))
            options = [rows.whole(self.seen, WHOLE, lang, signs)]
            options += [rows.step(n, one, self.seen, lang) for n, one in enumerate(self.seen.steps, 1)]
            settle(self.query_one("#plan-parts", OptionList), options)
        self._draw_why()
        self.refresh_hints()

    def _draw_why(self) -> None:
        if self.seen is None:
            return
        lang, signs, one = self.app.lang, self.app.signs, self.chosen
        lines = (
            rows.page(self.seen, lang, signs) if one is None else rows.of_step(one, self.seen, lang, signs)
        )
        self.query_one("#plan-why > Static", Static).update(Page(lines))

    # --- actions ------------------------------------------------------------------------------------------------

    @on(OptionList.OptionHighlighted, "#plan-parts")
    def _moved(self) -> None:
        self._draw_why()
        self.query_one("#plan-why").scroll_home(animate=False)

    @on(OptionList.OptionSelected, "#plan-parts")
    def action_begin(self) -> None:
        """On to the steps: nothing is sent by that."""
        if self.seen is None and not self.problem:
            self.notify(self._word("reading"), markup=False)
        else:
            self.dismiss(True)

    def action_turn(self, way: int) -> None:
        """A page of what is known further down, or up."""
        why = self.query_one("#plan-why", VerticalScroll)
        why.scroll_page_down(animate=False) if way > 0 else why.scroll_page_up(animate=False)

    def action_copy(self) -> None:
        """The step under the cursor as kubectl lines, or all of them."""
        from checks.outlook.text import to_copy

        if self.seen is None:
            return
        one = self.chosen
        text = to_copy(self.seen, self.seen.steps if one is None else [one], self.app.lang)
        self.app.copy_to_clipboard(text)
        self.notify(self.say("copied", n=len(text.splitlines())), markup=False)

    def action_open(self) -> None:
        """All of it as text, to read and to copy whole."""
        if self.seen is not None:
            title = self.cause.text.get(self.app.lang)
            text = rows.as_text(self.seen, self.app.lang)
            self.app.open_text(title, text, copies=text)


def look_ahead(guide: GuideScreen, cause: Cause, then: Callable[[], object]) -> OutlookScreen:
    """Shows the whole plan of a cause, and goes on where the operator does."""

    def ask() -> int:
        from checks.outlook.make import outlook

        return guide.walker.do("outlook", lambda walk: outlook(walk, cause.id), patient=True)

    def decided(yes: bool | None) -> None:
        if yes:
            then()

    screen = OutlookScreen(cause, ask)
    guide.app.push_screen(screen, decided)
    return screen


__all__ = ["OutlookScreen", "look_ahead"]
