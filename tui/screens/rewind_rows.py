"""The lines of the undo of a session: its steps, what becomes of each, what was saved beside what is there. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.widgets.option_list import Option

from checks.walking.rewind import Leg, Rewind
from kb.messages import message
from kb.safe import one_line
from tui.i18n import translate
from tui.screens import beforeafter, step_text
from tui.theme import Signs
from tui.widgets.rows import Row
from tui.widgets.say import dim, foreign, risk

_STYLE = {
    "plan": ("here", "$accent"), "stays": ("home", "$text-warning"), "hand": ("home", "$text-warning"),
    "cannot": ("fail", "bold $text-error"), "later": ("unknown", "$quiet"), "running": ("here", "bold $accent"),
    "undone": ("ok", "$text-success"), "failed": ("fail", "bold $text-error"),
}  # fmt: skip


def word(key: str, lang: str, /, **params: object) -> str:
    """One of the messages of the undo."""
    return message(f"undo.{key}", **params).get(lang)


def state_of(leg: Leg, running: str, undone: Iterable[str], failed: str) -> str:
    """What becomes of a step, in one word."""
    step = leg.step.id
    if step in undone:
        return "undone"
    if step in (running, failed):
        return "running" if step == running else "failed"
    if leg.later:
        return "later"
    if leg.plan is not None:
        return "plan"
    return "hand" if leg.by_hand else "stays" if leg.named else "cannot"


def option(number: int, leg: Leg, state: str, lang: str, signs: Signs) -> Option:
    """One step of the way back."""
    name, style = _STYLE[state]
    sign = signs.verdicts.get(name) or (signs.here if name == "here" else signs.dot)
    title = leg.plan.title if leg.plan is not None else leg.step.text
    left = Content.assemble((f"{sign} ", style), dim(f"{number} "), foreign(title.get(lang)))
    right = Content.styled(word(f"state-{state}", lang), style)
    return Option(Row(left, right), id=leg.step.id)


def head(shown: Rewind, lang: str) -> Content:
    """What the whole comes to."""
    degree = translate(lang, f"risk.{shown.risk}")
    said = word("head", lang, count=len(shown.plans), stays=len(shown.stays), risk=degree)
    before, _, after = said.rpartition(degree)
    return Content.assemble(before, risk(shown.risk, lang), after)


def page(leg: Leg, now: float, lang: str, signs: Signs) -> list[beforeafter.Line]:
    """What undoing one step would send, or why nothing."""
    if leg.later:
        return [foreign(word("leg-later", lang), limit=600)]
    if leg.plan is None:
        why = leg.why.get(lang) if leg.why is not None else ""
        parts = [Content.styled(one_line(why, 1500), "bold $text-warning")]
        return [dim(word("leg-hand", lang)), *parts] if leg.by_hand else [*parts]
    plan = leg.plan
    return [
        foreign(plan.impact.get(lang), limit=1500),
        *step_text.plan_does(plan, lang),
        *step_text.plan_preview(plan, lang, now, sample=200),
    ]
