"""Outputs from elsewhere for what the cluster does not answer: the commands to run there, and a box to paste into."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static, TextArea
from textual.widgets.option_list import Option

from checks.model import Verdict
from kb.safe import one_line
from tui.keys import quiet
from tui.messages import Answered
from tui.screens import evidence
from tui.screens.base import KlinikScreen
from tui.widgets.hints import Hint
from tui.widgets.lists import settle
from tui.widgets.rows import Page, Row
from tui.widgets.say import dim, foreign
from tui.work import ask

if TYPE_CHECKING:
    from checks.layout import Layout
    from checks.model import CheckSpec, Result
    from checks.pasting.elsewhere import Ask
    from checks.pasting.pasted import Pasted

ALL = "*"
"""The line of all reads together."""


class PasteBox(TextArea):
    """The box; Tab leaves it."""

    def __init__(self) -> None:
        super().__init__(id="box", tab_behavior="focus", soft_wrap=False, show_line_numbers=False)


class PasteScreen(KlinikScreen[None]):
    """One check: what to run elsewhere, read by read, and what came back."""

    CSS_PATH = "paste.tcss"
    AUTO_FOCUS = "#box"
    BINDINGS: ClassVar[list[BindingType]] = [
        *quiet({"tab": "panes", "f7": "judge", "f9": "evidence", "ctrl+y": "copy"}, priority=True),
        *quiet({"question_mark": "help"}),
    ]
    help_key = "paste"

    def __init__(self, check: str) -> None:
        super().__init__()
        self.check = check
        self.spec: CheckSpec | None = None
        self.layout_known: Layout | None = None
        self.pasted: tuple[Pasted, ...] = ()
        """What was pasted here so far: a check may need several reads, one after the other."""
        self.asked: dict[str, list[Ask]] = {}
        """What is still to be run elsewhere, by read."""
        self.wrong = ""

    # --- frame --------------------------------------------------------------------------------------------------

    def body(self) -> Iterator[Widget]:
        """The check's answer, the reads it lacks, the commands of one of them, and the box."""
        yield Static("", id="crumb", classes="crumb", markup=False)
        yield Static("", id="state", markup=False)
        yield OptionList(id="reads", markup=False)
        yield VerticalScroll(Static("", id="commands", markup=False), id="shown", can_focus=False)
        yield PasteBox()
        yield Static("", id="wrong", markup=False)

    def ready(self) -> None:
        """The check is looked up on a thread."""
        services, check = self.app.services, self.check
        ask(self, "spec", 0, lambda: (services.catalogue().get(check), services.layout()))

    def way_here(self) -> Callable[[], None] | None:
        """The box again."""
        return partial(self.app.open_paste, self.check)

    def on_answered(self, message: Answered) -> None:
        """The check is there."""
        if message.error is not None:
            self.wrong = self.say("checks.no_such", check=one_line(self.check))
        else:
            self.spec, self.layout_known = message.value
            self._run_first()
        self.retext()

    def _run_first(self) -> None:
        """What is missing is known once the cluster has been asked; a heavy check is run where one asks for it."""
        runs, spec = self.app.runs, self.spec
        if spec is not None and runs.latest(spec.id) is None and spec.cost != "heavy":
            runs.start([spec.id])

    def hints(self) -> tuple[Hint, ...]:
        """Copy, paste, judge."""
        return (
            self.hint("^Y", "copy_asked", "copy"),
            self.hint("F7", "judge", "judge"),
            self.hint("Tab", "reads", "panes"),
            self.hint("F9", "evidence", "evidence"),
            self.hint("Esc", "back", "back"),
        )

    # --- drawing ------------------------------------------------------------------------------------------------

    def checks_news(self) -> None:
        """What was pasted has been judged."""
        self.retext()

    def cluster_news(self) -> None:
        """The triage has an answer for the check."""
        self.retext()

    def retext(self) -> None:
        """Everything again, without what stands in the box."""
        result = self.app.runs.latest(self.check)
        title = self.spec.title.get(self.app.lang) if self.spec is not None else self.check
        crumb = f" {self.say('paste.title')} {self.app.signs.arrow} {one_line(title)}"
        self.query_one("#crumb", Static).update(Content.styled(crumb, "bold"))
        self.query_one("#state", Static).update(Page(self._state(result)))
        self._draw_reads(result)
        self.query_one("#box", TextArea).border_title = self.say("paste.box")
        self.query_one("#wrong", Static).update(Content.styled(self.wrong, "$text-error"))
        self.refresh_hints()

    def _state(self, result: Result | None) -> list[Content]:
        if self.check in (*self.app.runs.running, *self.app.runs.waiting):
            return [Content.styled(self.say("live.running"), "$accent")]
        if result is None:
            return [dim(self.say("checks.not_run"))]
        told = evidence.answer(result, self.app.lang, self.app.signs, time.time(), 3)
        return told[:1] if result.verdict is Verdict.UNKNOWN and not result.pasted else told

    def _draw_reads(self, result: Result | None) -> None:
        self.asked = {}
        if self.spec is not None and self.layout_known is not None and result is not None:
            from checks.pasting.elsewhere import asks

            for one in asks(self.spec, result, self.layout_known):
                self.asked.setdefault(one.read, []).append(one)
        lines = [self._read(name, wanted) for name, wanted in self.asked.items()]
        if len(lines) > 1:
            every = [one for wanted in self.asked.values() for one in wanted]
            lines.insert(0, self._read(ALL, every))
        nothing = Option(dim(self.say("paste.nothing")), disabled=True)
        settle(self.query_one("#reads", OptionList), lines or [nothing])
        self._draw_commands()

    def _read(self, name: str, wanted: list[Ask]) -> Option:
        reason = evidence.reason(wanted[0].reason, self.app.lang)
        said = self.say("paste.targets", n=len(wanted), reason=reason)
        shown = self.say("paste.all") if name == ALL else name
        return Option(Row(Content.assemble(foreign(shown, "bold"), dim(f"  {said}"))), id=name)

    @on(OptionList.OptionHighlighted, "#reads")
    def _draw_commands(self) -> None:
        wanted = self._wanted()
        lines = [Content.styled(self.say("paste.run"), "bold")] if wanted else []
        lines += [foreign(line, "$primary", limit=2000) for line in self._script().splitlines()]
        for where in dict.fromkeys(one.where.get(self.app.lang) for one in wanted if one.plain):
            plain = next(one.plain for one in wanted if one.where.get(self.app.lang) == where)
            lines += [
                Content.assemble(dim(self.say("paste.or")), " ", foreign(where, limit=500)),
                foreign(f"  {plain}"),
            ]
        self.query_one("#commands", Static).update(Page(lines))

    def _chosen(self) -> str:
        """The read under the cursor; empty for all of them."""
        option = self.query_one("#reads", OptionList).highlighted_option
        name = option.id if option is not None else None
        return name if name in self.asked else next(iter(self.asked)) if len(self.asked) == 1 else ""

    def _wanted(self) -> list[Ask]:
        name = self._chosen()
        return [one for read, wanted in self.asked.items() if name in ("", read) for one in wanted]

    def _script(self) -> str:
        from checks.pasting.elsewhere import script

        return script(self._wanted())

    # --- actions ------------------------------------------------------------------------------------------------

    def action_copy(self) -> None:
        """The commands of the read under the cursor, as lines for a shell with kubectl."""
        text = self._script()
        if text:
            self.app.copy_to_clipboard(text)
            self.notify(self.say("copied", n=len(text.splitlines())), markup=False)

    def action_judge(self) -> None:
        """Takes what stands in the box as the answer of the read under the cursor, and judges the check with it."""
        from checks.pasting.pasted import PasteError

        if self.spec is None:
            return
        try:
            found = self._read_paste(self.spec, self.query_one("#box", TextArea).text)
        except PasteError as error:
            self.wrong = one_line(error.text.get(self.app.lang), 400)
            self.retext()
            return
        self.wrong = ""
        fresh = {(one.read, one.target) for one in found}
        self.pasted = (*(old for old in self.pasted if (old.read, old.target) not in fresh), *found)
        self.query_one("#box", TextArea).clear()
        self.app.runs.paste(self.check, self.pasted)

    def _read_paste(self, spec: CheckSpec, text: str) -> tuple[Pasted, ...]:
        """The outputs by the names above them; where there are none, the read under the cursor is meant."""
        from checks.operators import user
        from checks.pasting.pasted import PasteError, read_paste

        try:
            return read_paste(spec, text, by=user(), now=time.time())
        except PasteError:
            if not self._chosen():
                raise
        return read_paste(spec, text, read=self._chosen(), by=user(), now=time.time())

    def action_evidence(self) -> None:
        """What the answer rests on, pasted parts marked."""
        from tui.screens.checks import open_evidence

        if self.spec is not None:
            open_evidence(self.app, self.spec)

    def action_panes(self) -> None:
        """Between the box and the reads."""
        box, reads = self.query_one("#box"), self.query_one("#reads")
        (reads if box.has_focus else box).focus()

    def action_again(self) -> None:
        """Asks the cluster itself once more."""
        if self.spec is not None:
            from tui.screens.checks import run_one

            self.pasted = ()
            run_one(self.app, self.spec)
