"""What a step says, as Content from values: its state, its inputs, its plan, what can be done with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from textual.content import Content
from textual.widgets.option_list import Option

from checks.plans.inputs import label_of
from kb.model import CommandAction, Guide, Input, ManualAction, Step
from kb.safe import one_line, printable
from tui.i18n import ago, translate
from tui.screens import beforeafter, restored_rows
from tui.screens.beforeafter import Line
from tui.screens.evidence import command
from tui.screens.guide_text import STEP_SIGN, filled
from tui.theme import Signs
from tui.widgets.rows import Row
from tui.widgets.say import block, dim, foreign, label, risk

if TYPE_CHECKING:
    from checks.plans.plan import Plan
    from tui.screens.guide_run import RunLog
    from tui.walker import Form, Snapshot, StepView


def step_option(number: int, view: StepView, values: Mapping[str, Any], lang: str, signs: Signs) -> Option:
    """One step with its state and risk."""
    name, style = STEP_SIGN[view.state]
    sign = signs.verdicts.get(name, signs.here if name == "running" else str(number))
    known = {**view.proposed, **view.record.values, **values}
    left = Content.assemble((f"{sign} ", style), foreign(filled(view.step.text, known, lang)))
    state: Content = Content.styled(translate(lang, f"step.{view.state}"), style)
    if view.state == "todo":
        if view.already_done:
            state = Content.styled(translate(lang, "step.seems_done"), "$text-success")
        elif view.blocked is not None:
            state = dim(translate(lang, "step.blocked"))
        else:
            state = dim(translate(lang, "step.todo"))
    return Option(Row(left, state), id=view.step.id)


def input_option(spec: Input, form: Form, lang: str, signs: Signs) -> Option:
    """One input with its value, or how many of how many."""
    value = form.values.get(spec.name)
    offered = form.choices[spec.name]
    if spec.many:
        n = len(value) if isinstance(value, (tuple, list)) else 0
        shown = translate(lang, "input.many", n=f"{n:,}", total=f"{len(offered.options):,}")
        if 0 < n <= 2:
            shown += "  " + "; ".join(label_of(spec, v) for v in value or ())
    elif value is None:
        shown = translate(lang, "input.fill" if form.line else "input.missing")
    else:
        shown = one_line(str(value), 120)
    note = dim("  " + offered.note.get(lang)) if offered.note else Content("")
    if form.line:
        note = input_note(spec, value, lang)
    style = "bold" if value is not None else "bold $text-error"
    left = Content.assemble(
        dim(f"{signs.here} "), foreign(spec.text.get(lang)), dim(": "), (shown, style), note
    )
    return Option(Row(left), id=spec.name)


def input_note(spec: Input, value: Any, lang: str) -> Content:
    """Where the value comes from when nobody chose it, and why a secret is never asked for."""
    from kb.derive.names import is_secret

    if is_secret(spec.name):
        return dim(translate(lang, "hand.secret"))
    if value is not None and value == spec.default:
        return dim("  " + translate(lang, "hand.sample"))
    return Content("")


def step_state(view: StepView, lang: str, signs: Signs) -> list[Content]:
    """What must be known before anything else: blocked, already so, in doubt, or how it ended."""
    parts: list[Content] = []
    if view.blocked is not None and view.state not in ("in_doubt", "done", "already_done"):
        said = f"{translate(lang, 'step.blocked_by')} {one_line(view.blocked.get(lang))}"
        parts.append(Content.styled(f"! {said}", "bold $text-warning"))
    if view.state == "todo" and view.already_done:
        parts.append(
            Content.styled(f"{signs.verdicts['ok']} {translate(lang, 'step.already')}", "bold $text-success")
        )
    if view.state == "in_doubt":
        parts.append(Content.styled(f"? {translate(lang, 'step.doubt')}", "bold $text-warning"))
    message = view.record.message.get(lang)
    if message and view.state in ("failed", "in_doubt", "done", "undone"):
        name, style = STEP_SIGN[view.state]
        parts.append(Content.styled(f"{signs.verdicts.get(name, '')} {one_line(message)}", style))
    if view.record.reason and view.state in ("skipped", "failed", "done"):
        parts.append(dim(translate(lang, "step.reason", reason=one_line(view.record.reason))))
    return parts


def step_proof(view: StepView, lang: str, signs: Signs) -> list[Line]:
    """How the last run ended: before and after side by side, and what its writes took hold of."""
    if view.state not in ("done", "failed", "undone"):
        return []
    taken_back = view.state == "undone" or (view.state == "failed" and view.record.purpose == "undo")
    proof = view.record.proof("undo" if taken_back else "do")
    back = restored_rows.compared(view.record.restored, lang, signs) if taken_back else []
    parts = beforeafter.of_proof(proof, lang, signs) if proof is not None else []
    return [*back, *parts, *beforeafter.of_marks(view.record.marks, lang, signs)]


def step_about(
    view: StepView, guide: Guide, values: Mapping[str, Any], plan: Plan | None, lang: str
) -> list[Content]:
    """To whom it matters, how it is proven, how it can be taken back."""
    step = view.step
    parts = []
    impact = plan.impact.get(lang) if plan is not None and plan.impact else filled(step.impact, values, lang)
    if impact:
        parts.append(_named("step.impact", impact, lang))
    if step.verify is not None and (plan is None or plan.purpose == "do"):
        use = guide.checks.get(step.verify.check)
        expect = step.verify.when or " / ".join(
            translate(lang, f"verdict.{one}") for one in step.verify.expect
        )
        key = "step.proof_says_held" if step.verify.stable_for else "step.proof_says"
        times = {"within": f"{step.verify.within:g}", "stable": f"{step.verify.stable_for:g}"}
        said = translate(lang, key, check=use.check if use else step.verify.check, expect=expect, **times)
        parts.append(_named("step.proof", said, lang))
    if plan is None or plan.purpose == "do":
        undo = filled(step.undo.text, values, lang)
        parts.append(_named("step.undo" if step.undo.parts else "step.no_undo", undo, lang))
    return parts


def step_explained(view: StepView, values: Mapping[str, Any], lang: str) -> list[Content]:
    """What the step is about, at length."""
    return [Content(""), dim(filled(view.step.explain, values, lang))] if view.step.explain else []


def joined(*sentences: str) -> str:
    """Sentences in a row; a full stop of Chinese brings its own space."""
    said = ""
    for one in filter(None, sentences):
        said += one if not said or said.endswith(("。", "！", "？")) else f" {one}"
    return said


def _named(key: str, said: str, lang: str) -> Content:
    return Content.assemble(label(translate(lang, key)), foreign(said, limit=1500))


def plan_does(plan: Plan, lang: str) -> list[Content]:
    """The risk, where it is done, and the command."""
    back = translate(lang, "confirm.reversible" if plan.reversible else "confirm.irreversible")
    parts = [Content.assemble(risk(plan.risk, lang), dim(f" · {back}"))]
    first = plan.commands[0] if plan.commands else None
    if plan.instruction:
        parts.append(block(plan.instruction.get(lang), "bold"))
    elif first is not None:
        where = (
            str(first.target)
            if first.target is not None
            else f"{first.resource} " + "/".join(filter(None, (first.namespace, first.name)))
        )
        parts.append(
            Content.assemble(label(translate(lang, "plan.on")), foreign(where), dim(f"  {first.role}"))
        )
        said = command(first.argv) if first.argv else first.what.get(lang)
        parts.append(_named("plan.does", said if len(said) < 300 else said[:300] + " …", lang))
        if len(plan.commands) > 1:
            parts.append(dim(translate(lang, "plan.more", n=len(plan.commands) - 1, items=f"{plan.items:,}")))
    parts += [Content.styled("! " + one_line(w.get(lang)), "bold $text-warning") for w in plan.warnings]
    return parts


def plan_preview(plan: Plan, lang: str, now: float, sample: int = 10) -> list[Content]:
    """The diff, or the rows it hits: the first of them, and how many there are."""
    if plan.manual:
        return []
    age = ago(lang, now - plan.made_at)
    title = translate(lang, f"plan.{plan.preview.kind}", total=f"{plan.preview.total:,}", age=age)
    parts = [Content.styled(title, "bold $primary")]
    if plan.preview.note:
        parts.append(dim(one_line(plan.preview.note.get(lang))))
    for line in plan.preview.lines[:sample]:
        parts += diff_line(line) if plan.preview.kind == "diff" else [foreign_line(line, "")]
    left = plan.preview.total - min(sample, len(plan.preview.lines))
    if left > 0:
        parts.append(dim(translate(lang, "plan.sample", n=f"{left:,}")))
    return parts


def diff_line(line: str) -> list[Content]:
    """A line of a unified diff; the two lines that name the object become one."""
    if line.startswith("+++ "):
        return []
    if line.startswith("--- "):
        return [foreign(line[4:].removeprefix("a/"), "bold")]
    style = "$text-success" if line.startswith("+") else "$text-error" if line.startswith("-") else "$quiet"
    return [foreign_line(line, style)]


def foreign_line(line: str, style: str) -> Content:
    """A harmless line whose blanks mean something."""
    safe = printable(line).replace("\n", " ").expandtabs(4)
    return Content.styled(safe if len(safe) <= 1000 else safe[:999] + "…", style)


def plan_raw(plan: Plan, lang: str) -> str:
    """All commands and the whole preview, to read at leisure."""
    commands = [
        f"$ {command(write.kubectl)}" if write.kubectl else f"# {write.what.get(lang)}"
        for write in plan.commands
    ]
    lines = "\n".join(plan.preview.lines)
    left = plan.preview.total - len(plan.preview.lines)
    more = "\n" + translate(lang, "plan.sample", n=f"{left:,}") if left > 0 else ""
    return "\n".join(commands) + f"\n\n{lines}{more}"


def step_keys(
    view: StepView | None, running: bool, *, held: bool = False, many: bool = False
) -> list[tuple[str, str, str]]:
    """Key, label and action of what can be done with a step, the most useful first."""
    if running and held:
        return [("F5", "execution.hint-go-on", "fix('run')"), ("x", "stop", "fix('stop')")]
    if running:
        hold = ("h", "execution.hint-hold", "fix('hold')")
        return [hold, ("x", "stop", "fix('stop')"), ("o", "evidence", "evidence")]
    if view is None:
        return [("2", "causes", "phase(2)")]
    found: list[tuple[str, str, str]] = []
    if view.state in ("failed", "in_doubt"):
        found.append(("w", "execution.hint-next", "next"))
    if view.state == "in_doubt":
        found.append(("t", "settle", "fix('settle')"))
    elif view.state == "todo" and view.already_done:
        found.append(("a", "accept", "fix('accept')"))
    if isinstance(view.step.action, (ManualAction, CommandAction)):
        found.append(("d", "by_hand", "fix('done_by_hand')"))
        if isinstance(view.step.action, CommandAction):
            found.insert(0, ("^Y", "copy_line", "fix('copy')"))
            found[:0] = [("F5", "run", "fix('run')")] if may_run_here(view.step) else []
    else:
        found += [("p", "preview", "fix('preview')"), ("F5", "run", "fix('run')")]
        found += [("b", "execution.hint-batch", "fix('batch')")] if many else []
    if view.step.inputs:
        found.append(("i", "inputs", "fix('edit')"))
    found.append(("s", "skip", "fix('skip')"))
    if view.record.commands and view.step.undo.parts:
        found.append(("u", "undo", "fix('undo')"))
    copied = isinstance(view.step.action, CommandAction)
    return found if copied else [*found, ("^Y", "copy_kubectl", "fix('copy')")]


def may_run_here(step: Step) -> bool:
    """Whether klinik might run an article's command itself."""
    from checks.local.run import refusal

    return refusal(step) is None


def commands_of(plan: Plan) -> str:
    """All its commands as kubectl, one a line."""
    return "\n".join(command(write.kubectl) for write in plan.commands if write.kubectl)


def warnings(snap: Snapshot, view: StepView | None, lang: str) -> list[str]:
    """What the confirmation has to say beyond the plan: an unsupported cause, a step that is already so."""
    found = [c.state for c in snap.causes if c.cause.id == snap.session.cause and c.state != "supported"]
    said = [translate(lang, "fix.not_supported", state=translate(lang, f"cause.{state}")) for state in found]
    if view is not None and view.already_done:
        said.append(translate(lang, "step.already"))
    return said


class Said(NamedTuple):
    """What the pane itself has to say about a step."""

    problem: str = ""
    reading: str = ""
    order: tuple[Content, ...] = ()
    """In which order the targets are worked on."""
    means: str = ""
    """What it means that the step did not end well."""


def detail(
    view: StepView,
    guide: Guide,
    form: Form | None,
    plan: Plan | None,
    log: RunLog | None,
    said: Said,
    lang: str,
    signs: Signs,
    now: float,
) -> list[Line]:
    """A step that is not running: its state, what would be done and what it hits, what it is about."""
    values = {**view.proposed, **view.record.values, **(form.values if form is not None else {})}
    parts: list[Line] = []
    if plan is None or plan.purpose == "undo":
        parts += step_state(view, lang, signs)
        if said.means:
            parts.append(Content.styled(f"{signs.arrow} {one_line(said.means, 1000)}", "bold"))
        parts += step_proof(view, lang, signs)
    if said.problem:
        parts.append(Content.styled(f"! {one_line(said.problem, 1000)}", "bold $text-error"))
    elif form is not None and form.wrong and view.state == "todo":
        parts.append(Content.styled(f"! {form.wrong.get(lang)}", "bold $text-warning"))
    if said.reading:
        parts.append(Content.styled(said.reading, "$accent"))
    if plan is not None:
        parts += [*plan_does(plan, lang), *said.order, *plan_preview(plan, lang, now), Content("")]
    if plan is None and log is not None and log.ended:
        parts += [*log.lines_of(lang, signs), Content("")]
    parts += step_about(view, guide, values, plan, lang)
    return [*parts, *step_explained(view, values, lang)]
