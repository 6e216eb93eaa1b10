"""Before a session goes on: its steps in doubt, what was sent, what the cluster shows now, and the question."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from checks.sessions.session import Command, Session
from checks.walking.doubts import Doubt, handed_over, look
from kb.messages import message as words
from kb.safe import one_line, printable
from tui.i18n import ago
from tui.keys import quiet
from tui.messages import Answered
from tui.screens import step_asks as asks
from tui.screens.base import KlinikScreen
from tui.screens.guide_text import filled
from tui.theme import VERDICT_STYLE, Signs
from tui.walker import wording
from tui.widgets.hints import Hint
from tui.widgets.lists import settle
from tui.widgets.rows import Page, Row
from tui.widgets.say import dim

if TYPE_CHECKING:
    from checks.walking.walk import Walk
    from tui.screens.guide import GuideScreen

_LEANS = {True: "ok", False: "fail", None: "unknown"}


def wanted(session: Session) -> bool:
    """Whether there is something to say before the session goes on."""
    doubt = any(record.state == "in_doubt" for record in session.steps.values())
    return doubt or bool(session.damaged) or bool(handed_over(session))


def begin(guide: GuideScreen) -> None:
    """A session that goes on: what is open in it first, then the checks."""
    if guide.session_path and wanted(guide.snap.session):
        guide.once_on_top(lambda: open_on(guide))
    else:
        guide.start_checks()


def open_on(guide: GuideScreen) -> None:
    """Shows the steps in doubt of a walk; the guide looks at everything again afterwards."""
    guide.app.push_screen(ResumeScreen(guide), lambda _: guide.start_checks())


class ResumeScreen(KlinikScreen[None]):
    """One line for each step in doubt; nothing is settled without an answer."""

    CSS_PATH = "timeline.tcss"
    AUTO_FOCUS = "#doubts"
    BINDINGS: ClassVar[list[BindingType]] = quiet({"c": "again", "o": "whole", "t": "timeline", "y": "copy"})
    help_key = "resume"

    def __init__(self, guide: GuideScreen) -> None:
        super().__init__()
        self.guide = guide
        self.doubts: tuple[Doubt, ...] = ()
        self.state = "looking"
        """looking, done or failed."""
        self.problem = ""
        self.run = 0

    def body(self) -> Iterator[Widget]:
        """A title, what has to be known first, the steps in doubt, and what is seen of the one under the cursor."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield Static("", id="notices", markup=False)
        yield OptionList(id="doubts", markup=False)
        with VerticalScroll(id="shown"):
            yield Static("", markup=False)

    def ready(self) -> None:
        """Looks at once."""
        self.action_again()

    def action_again(self) -> None:
        """Looks at the cluster again."""
        self.run += 1
        self.state, run, taker = "looking", self.run, self

        def seen(walk: Walk) -> None:
            try:
                found = tuple(look(walk, step.id) for step in walk.in_doubt())
            except Exception as error:  # shown here: the guide below would hide it
                taker.post_message(Answered("doubts", run, error=error))
            else:
                taker.post_message(Answered("doubts", run, value=found))

        self.guide.walker.do("doubts", seen)
        self._draw()

    def on_answered(self, message: Answered) -> None:
        """What the cluster shows is there."""
        if message.tag != "doubts" or message.run != self.run:
            return
        if message.error is not None:
            self.state, self.problem = "failed", one_line(wording(message.error, self.app.lang), 500)
        else:
            self.state, self.problem = "done", ""
            settled = bool(self.doubts) and not message.value
            self.doubts = message.value
            if settled:
                self.notify(self._say("settled"), markup=False)
                if not self._notices():
                    self.action_back()
                    return
        self._draw()

    def retext(self) -> None:
        """In the other language."""
        self._draw()

    # --- drawing ------------------------------------------------------------------------------------------------

    def _say(self, key: str, /, **params: object) -> str:
        return words(f"resume.{key}", **params).get(self.app.lang)

    def _notices(self) -> list[str]:
        session = self.guide.snap.session
        found = []
        if session.damaged:
            found.append(self._say("damaged", count=session.damaged))
        giver = handed_over(session)
        if giver:
            found.append(self._say("handed-over", operator=one_line(giver, 80)))
        return found

    def _draw(self) -> None:
        lang, signs = self.app.lang, self.app.signs
        head = (f" {self._say('title')}  ", "bold $text-warning")
        right = dim(self._say("looking")) if self.state == "looking" else Content("")
        left = Content.assemble(head, one_line(self.guide.article_title, 200))
        self.query_one("#crumb", Static).update(Row(left, right))
        lines = [Content.styled(f"! {text}", "$text-warning") for text in self._notices()]
        if self.problem:
            lines.append(Content.styled(self.problem, "$text-error"))
        self.query_one("#notices", Static).update(Page(lines))
        self.query_one("#notices").display = bool(lines)
        options = [Option(self._row(one, lang, signs), id=one.step.id) for one in self.doubts]
        if not options:
            key = {"looking": "looking", "failed": "failed"}.get(self.state, "none")
            options = [Option(dim(self._say(key)), disabled=True)]
        settle(self.query_one("#doubts", OptionList), options)
        self._shown()
        self.refresh_hints()

    def _row(self, one: Doubt, lang: str, signs: Signs) -> Row:
        sign = Content.styled(signs.verdicts["unknown"], VERDICT_STYLE["unknown"])
        undo = f"{words('session.export-undo').get(lang)}: " if one.record.purpose == "undo" else ""
        text = Content.assemble(sign, "  ", undo, filled(one.step.text, one.record.values, lang))
        return Row(text, Content.styled(self._leaning(one), "$accent"), share=0.6)

    def _leaning(self, one: Doubt) -> str:
        return self._say({True: "leans-yes", False: "leans-no", None: "leans-nowhere"}[one.leans])

    @on(OptionList.OptionHighlighted, "#doubts")
    def _shown(self) -> None:
        one = self.chosen
        lines = [] if one is None else detail(one, self.app.lang, self.app.signs, time.time())
        if one is not None:
            lines += [Content(""), Content.styled(self._leaning(one), "bold $accent"), dim(self._say("ask"))]
        self.query_one("#shown > Static", Static).update(Page(lines))

    @property
    def chosen(self) -> Doubt | None:
        """The step under the cursor."""
        at = self.query_one("#doubts", OptionList).highlighted
        return self.doubts[at] if at is not None and at < len(self.doubts) else None

    # --- answering ----------------------------------------------------------------------------------------------

    @on(OptionList.OptionSelected, "#doubts")
    def action_answer(self) -> None:
        """Asks whether the step took effect; what goes against the evidence is asked twice."""
        one = self.chosen
        if one is None or self.state == "looking":
            return
        step = one.step.id

        def answered(happened: bool, why: str) -> None:
            self.guide.walker.do("mark", lambda walk: walk.settle(step, happened, why))
            self.action_again()

        asks.ask_doubt(self.app, one, answered)

    def action_whole(self) -> None:
        """Everything about the step as text: commands, answers, what was seen."""
        one = self.chosen
        if one is not None:
            lines = detail(one, self.app.lang, self.app.signs, time.time(), whole=True)
            self.app.open_text(one.step.text.get(self.app.lang), "\n".join(line.plain for line in lines))

    def action_timeline(self) -> None:
        """What happened up to now."""
        if self.guide.snap.path is not None:
            self.app.open_timeline(str(self.guide.snap.path))

    def action_copy(self) -> None:
        """The commands without an answer, to look at them elsewhere."""
        one = self.chosen
        if one is not None:
            text = "\n".join(_shell(command) for command in one.record.commands[one.record.run_from :])
            self.app.copy_to_clipboard(text)
            self.notify(self.say("copied", n=len(text.splitlines())), markup=False)

    def hints(self) -> tuple[Hint, ...]:
        """Looking, answering, going on."""
        answer = (self.hint("Enter", "answer", "answer"),) if self.doubts else ()
        return (
            *answer,
            self.hint("c", "again", "again"),
            self.hint("o", "whole", "whole"),
            self.hint("t", "timeline", "timeline"),
            self.hint("Esc", "go_on", "back"),
        )


def detail(one: Doubt, lang: str, signs: Signs, now: float, *, whole: bool = False) -> list[Content]:
    """What was sent, and what the cluster shows now; with `whole` every write of the run and all lines."""

    def told(key: str, **params: object) -> str:
        return words(f"resume.{key}", **params).get(lang)

    lines = [Content.styled(filled(one.step.text, one.record.values, lang), "bold")]
    sent = one.record.commands[one.record.run_from :] if whole else one.open
    if one.open:
        lines.append(Content.styled(told("open", count=len(one.open)), "bold $primary"))
    else:
        lines.append(Content.styled(told("all-answered"), "bold $primary"))
    for command in sent:
        clock = datetime.fromtimestamp(command.at).astimezone().strftime("%Y-%m-%d %H:%M:%S")
        lines.append(
            dim(
                f"  {clock} ({ago(lang, max(0.0, now - command.at))})  {one_line(command.what.get(lang), 200)}"
            )
        )
        lines.append(Content.styled(f"$ {one_line(_shell(command), 4000 if whole else 400)}", "bold"))
        if command.error or (whole and command.output):
            lines.append(
                Content.styled(
                    "  " + printable("\n".join((command.output, command.error))).strip()[:2000],
                    "$text-warning",
                )
            )
    if one.young:
        lines.append(Content.styled(f"! {told('young', seconds=round(one.age))}", "$text-warning"))
    lines += [Content(""), Content.styled(told("shows"), "bold $primary")]
    for seen in one.seen:
        name = _LEANS[seen.leans]
        lines.append(
            Content.assemble(
                "  ", (signs.verdicts[name], VERDICT_STYLE[name]), " ", one_line(seen.text.get(lang), 600)
            )
        )
        lines += [dim(f"      {one_line(line, 300)}") for line in seen.lines]
    if not one.seen:
        lines.append(dim(f"  {told('shows-nothing')}"))
    return lines


def _shell(command: Command) -> str:
    import shlex

    return shlex.join(command.kubectl)
