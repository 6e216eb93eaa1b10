"""Saying yes to a write, graded by its risk; the way out is where the focus starts, and Enter never says yes."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from checks.plans.plan import Plan
from kb.messages import message
from kb.safe import one_line
from tui.screens.dialog import Dialog
from tui.widgets.rows import Row
from tui.widgets.say import dim, foreign, risk


class Sure(Button, can_focus=False):
    """The yes for the mouse; keys have their own way."""


class ConfirmDialog(Dialog[bool]):
    """Low risk: `y`. Else the words of the plan are typed, and F5 runs it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", show=False),
        Binding("n", "back", show=False),
        Binding("f5", "typed", show=False),
    ]

    def __init__(self, plan: Plan, warnings: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.plan = plan
        self.warnings = warnings

    def compose(self) -> ComposeResult:
        """What will happen, to what, and how to say yes."""
        lang, plan = self.app.lang, self.plan
        key = plan.confirm.kind == "key"
        with self.frame(dangerous=True):
            title = foreign(plan.title.get(lang), "bold")
            back = self.say("confirm.reversible" if plan.reversible else "confirm.irreversible")
            yield Static(
                Row(
                    title,
                    Content.assemble(risk(plan.risk, lang), dim(f" {self.app.signs.dot} {back}")),
                    wrap=True,
                )
            )
            with VerticalScroll(id="what", can_focus=False):
                if plan.impact:
                    yield Static(foreign(plan.impact.get(lang), limit=1000), markup=False)
                for warning in (*(w.get(lang) for w in plan.warnings), *self.warnings):
                    yield Static(Content.assemble("! ", foreign(warning)), classes="warning", markup=False)
                yield Static(dim(self._count()), markup=False)
                yield Static(dim(self._where()), id="where", markup=False)
            if self.app.cluster_state.production:
                yield Static(
                    Content.styled(message("access.on-production").get(lang), "bold $text-error"),
                    id="production",
                    markup=False,
                )
            if key:
                yield Static(self.say("confirm.key"), id="ask", markup=False)
            else:
                words = one_line(plan.confirm.expected, 200)
                yield Static(
                    Content.assemble(self.say(f"confirm.{plan.confirm.kind}"), " ", (words, "bold $accent")),
                    id="ask",
                    markup=False,
                )
                yield Input(id="typed")
            with Horizontal(id="buttons"):
                yield Button(self.say("confirm.no"), id="no")
                yield Sure(self.say("confirm.yes" if key else "confirm.run"), id="yes", disabled=not key)

    def _count(self) -> str:
        writes = len(self.plan.commands)
        return self.say("confirm.writes", writes=writes, items=f"{self.plan.items:,}")

    def _where(self) -> str:
        """The cluster by its address too: two contexts may have like names."""
        plan = self.plan
        context, server = one_line(plan.context, 80), one_line(plan.server, 120)
        return message("access.server", context=context, server=server).get(self.app.lang)

    def on_mount(self) -> None:
        """The focus is on no, or where the words are typed."""
        self.query_one("#typed" if self.query("#typed") else "#no").focus()

    @on(Input.Changed, "#typed")
    def _typing(self) -> None:
        right = self._right()
        self.query_one("#yes", Sure).disabled = not right
        self.query_one("#typed").set_class(right, "-right")

    def _right(self) -> bool:
        return self.plan.confirm.accepts(self.query_one("#typed", Input).value)

    @on(Input.Submitted, "#typed")
    def _entered(self) -> None:
        self.notify(self.say("confirm.f5" if self._right() else "confirm.not_yet"), markup=False)

    @on(Button.Pressed, "#no")
    def _no(self) -> None:
        self.action_back()

    @on(Button.Pressed, "#yes")
    def _clicked(self) -> None:
        if self.plan.confirm.kind == "key" or self._right():
            self.dismiss(True)

    def action_yes(self) -> None:
        """`y`, where a key is enough."""
        if self.plan.confirm.kind == "key":
            self.dismiss(True)

    def action_typed(self) -> None:
        """F5, once the right words stand there."""
        if self.plan.confirm.kind != "key":
            if self._right():
                self.dismiss(True)
            else:
                self.notify(self.say("confirm.not_yet"), severity="warning", markup=False)

    def action_back(self) -> None:
        """No."""
        if self.app.screen is self:
            self.dismiss(False)


class SureDialog(Dialog[bool]):
    """A plain question: `y` or no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "yes", show=False),
        Binding("n", "back", show=False),
    ]

    def __init__(self, question: str, yes: str, no: str, *, dangerous: bool = False) -> None:
        super().__init__()
        self.question, self.yes, self.no, self.dangerous = question, yes, no, dangerous

    def compose(self) -> ComposeResult:
        """The question and its two answers."""
        with self.frame(dangerous=self.dangerous):
            yield Static(self.question, markup=False)
            with Horizontal(id="buttons"):
                yield Button(self.no, id="no")
                yield Sure(f"{self.yes} (y)", id="yes")

    def on_mount(self) -> None:
        """The focus is on no."""
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_yes(self) -> None:
        """`y`."""
        self.dismiss(True)

    def action_back(self) -> None:
        """No."""
        if self.app.screen is self:
            self.dismiss(False)
