"""What a step of a derived guide says: the article's line with the operator's values, as Content from values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from textual.content import Content

from kb.model import CommandAction, Guide, Input, ManualAction
from kb.safe import one_line, printable
from tui.i18n import translate
from tui.screens import run_here, step_text
from tui.screens.beforeafter import Line
from tui.widgets.say import block, dim, foreign, label, risk

if TYPE_CHECKING:
    from tui.theme import Signs
    from tui.walker import Form, StepView

STDIN_LINES = 12
"""Lines of what is fed to a command that are shown; Enter shows all."""


def is_by_hand(guide: Guide | None) -> bool:
    """Whether a person does every step, because the guide comes from an article's text."""
    return guide is not None and guide.origin == "derived"


def shown_line(form: Form) -> str:
    """The line as the screen has it: harmless, with all its lines."""
    return printable(form.line).expandtabs(8)


def to_copy(action: CommandAction, line: str) -> str:
    """What is pasted into a shell: the line, with what is fed to it as a here-document."""
    text = printable(line)
    if not action.stdin:
        return text
    body = printable(action.stdin).rstrip("\n")
    end = "EOF"
    while end in body.splitlines():
        end += "_"
    return f"{text} <<'{end}'\n{body}\n{end}"


def said_before(steps: Iterable[StepView], given: Mapping[str, Mapping[str, Any]], spec: Input) -> Any:
    """What was given, or used, for the same slot in another step; None where it was never asked.

    The same slot has the same name, type and words in the article.
    """
    found: Any = None
    for view in steps:
        if spec in view.step.inputs or any(_same(one, spec) for one in view.step.inputs):
            value = given.get(view.step.id, {}).get(spec.name, view.record.values.get(spec.name))
            found = value if value not in (None, "") else found
    return found


def _same(one: Input, other: Input) -> bool:
    return (one.name, one.type, one.text) == (other.name, other.type, other.text)


def detail(
    view: StepView,
    guide: Guide,
    form: Form | None,
    said: step_text.Said,
    lang: str,
    signs: Signs,
) -> list[Line]:
    """A step of an article: its state, what to do, what the article says about it, and where it says so."""
    from checks.risk.degrees import effective

    action = view.step.action
    parts: list[Line] = [*step_text.step_state(view, lang, signs)]
    if said.problem:
        parts.append(Content.styled(f"! {one_line(said.problem, 1000)}", "bold $text-error"))
    if isinstance(action, CommandAction):
        parts += _command(view, action, form, lang)
    elif isinstance(action, ManualAction):
        parts += [_badge(view, "hand.words", lang), block(action.instruction.get(lang), "bold")]
    # What a look at the cluster affects, and how it is taken back, is not worth a line.
    reads = effective(view.step) == "read"
    about = () if reads else (("step.impact", view.step.impact), ("step.no_undo", view.step.undo.text))
    parts += [
        Content.assemble(label(translate(lang, key)), foreign(text.get(lang), limit=1500))
        for key, text in about
        if text
    ]
    parts += run_here.last(view.ran, lang)
    parts.append(dim(source(view, guide, lang)))
    if view.step.explain:
        parts += [Content(""), block(view.step.explain.get(lang), "$quiet")]
    return parts


def source(view: StepView, guide: Guide, lang: str) -> str:
    """Where the article says it: its file, and the line where that is known."""
    line = view.step.action.line if isinstance(view.step.action, CommandAction) else 0
    name = one_line(guide.path.replace("\\", "/").rpartition("/")[2], 80)
    return translate(lang, "hand.source", where=f"{name}:{line}" if line else name)


def _badge(view: StepView, key: str, lang: str) -> Content:
    from checks.risk.degrees import effective

    return Content.assemble(risk(effective(view.step), lang), dim(" · " + translate(lang, key)))


def _command(view: StepView, action: CommandAction, form: Form | None, lang: str) -> list[Content]:
    """The risk, the line, what it still needs or what klinik would run, and what is fed to it."""
    from checks.risk.degrees import effective

    if form is None:
        return [_badge(view, "hand.not_run", lang)]
    parts = [_badge(view, "hand.runs" if form.here is not None else "hand.not_run", lang)]
    if form.wrong is not None:
        parts.append(Content.styled(f"! {one_line(form.wrong.get(lang))}", "bold $text-warning"))
    first, *more = shown_line(form).split("\n")
    parts.append(Content.assemble(("$ ", "bold $primary"), (first, "bold")))
    parts += [Content.styled("  " + line, "bold") for line in more]
    if form.missing:
        names = ", ".join(form.missing)
        parts.append(Content.styled("! " + translate(lang, "hand.still_open", names=names), "$text-warning"))
    elif effective(view.step) == "read":
        parts += run_here.lines(form, view.ran, lang)
    if action.stdin:
        lines = printable(action.stdin).rstrip("\n").split("\n")
        parts.append(dim(translate(lang, "hand.stdin", n=len(lines))))
        parts += [Content(f"  {line.expandtabs(4)[:400]}") for line in lines[:STDIN_LINES]]
        if len(lines) > STDIN_LINES:
            parts.append(dim("  " + translate(lang, "plan.sample", n=len(lines) - STDIN_LINES)))
    return parts


def whole(view: StepView, action: CommandAction, form: Form, lang: str) -> str:
    """Everything of a step to read at leisure: the line, what is fed to it, what the article says about it."""
    said = (view.step.explain.get(lang), view.step.impact.get(lang))
    parts = [to_copy(action, form.line), run_here.raw(view.ran, lang), *said]
    return "\n\n".join(part for part in parts if part)
