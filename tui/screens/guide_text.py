"""What the guide's panes say, as Content from values: causes and why, steps, plans, proofs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widgets.option_list import Option

from checks.inputs import label_of
from checks.model import Result, Verdict
from checks.template import SLOT, fill_text
from kb.model import Guide, Input
from kb.safe import one_line
from kb.text import Text
from tui.i18n import ago, translate
from tui.screens.evidence import command, explained
from tui.theme import Signs
from tui.widgets.rows import Page, Row
from tui.widgets.say import block, cause, dim, foreign, risk, verdict

if TYPE_CHECKING:
    from checks.causes import CauseVerdict
    from checks.plan import Plan
    from checks.session import Proof, Session
    from tui.walker import Form, Snapshot, StepView

STEP_SIGN = {
    "todo": ("home", "$quiet"), "running": ("running", "bold $accent"), "done": ("ok", "$text-success"),
    "already_done": ("ok", "$text-success"), "skipped": ("skipped", "$quiet"), "failed": ("fail", "bold $text-error"),
    "in_doubt": ("unknown", "bold $text-warning"), "undone": ("skipped", "$quiet"),
}  # fmt: skip


def filled(text: Text, values: Mapping[str, Any], lang: str) -> str:
    """A step's text with its chosen values in place of ``{slots}``; what is not chosen yet is an ellipsis."""
    return one_line(SLOT.sub("…", fill_text(text, values).get(lang)), 2000)


# --- causes ---------------------------------------------------------------------------------------------------------


def cause_option(view: CauseVerdict, lang: str, signs: Signs) -> Option:
    """One cause with its state."""
    left = Content.assemble(cause(view.state, lang, signs), "  ", foreign(view.cause.text.get(lang)))
    return Option(Row(left, indent=2, wrap=True), id=view.cause.id)


def why(view: CauseVerdict, guide: Guide, snap: Snapshot, lang: str, signs: Signs, now: float) -> Page:
    """What a cause is, what it rests on, and what would settle it."""
    parts = [
        Content.assemble(cause(view.state, lang, signs), "  ", foreign(view.cause.text.get(lang), "bold")),
        foreign(view.cause.explain.get(lang), limit=2000),
        Content(""),
    ]
    for alias in view.cause.evidence:
        result = snap.results.get(alias)
        if result is not None:
            parts += explained(result, lang, signs, now, rows=4)
        else:
            heavy = alias in snap.heavy
            said = translate(lang, "guide.heavy" if heavy else "guide.not_run")
            use = guide.checks.get(alias)
            parts.append(dim(f"{signs.dot} {use.check if use else alias}: {said}"))
    if view.settle:
        names = ", ".join(guide.checks[a].check for a in view.settle if a in guide.checks)
        ask = " " + translate(lang, "guide.heavy_key") if any(a in snap.heavy for a in view.settle) else ""
        parts += [
            Content(""),
            Content.styled(translate(lang, "guide.settle", names=names) + ask, "bold $accent"),
        ]
    below = _brings_about(view, guide, lang)
    if below:
        parts += [Content(""), dim(translate(lang, "guide.upstream_of", what=below))]
    steps = [guide.step(step_id) for step_id in view.cause.fix]
    if steps:
        parts += [Content(""), Content.styled(translate(lang, "guide.fix_steps", n=len(steps)), "bold")]
        parts += [
            Content.assemble(dim(f"{n}. "), filled(step.text, {}, lang)) for n, step in enumerate(steps, 1)
        ]
    return Page(parts)


def _brings_about(view: CauseVerdict, guide: Guide, lang: str) -> str:
    texts = {s.id: s.text for s in guide.symptoms} | {c.id: c.text for c in guide.causes}
    return "; ".join(texts[i].get(lang) for i in view.cause.upstream_of if i in texts)


def verdict_line(snap: Snapshot, lang: str, signs: Signs, checking: bool) -> Content:
    """What the evidence says in one line, and the next thing to do."""
    if checking and not any(c.state == "supported" for c in snap.causes):
        return dim(translate(lang, "guide.checking", n=len(snap.results)))
    supported = [c for c in snap.causes if c.state == "supported"]
    unknown = [c for c in snap.causes if c.state == "unknown"]
    if supported:
        names = ", ".join(one_line(c.cause.text.get(lang), 60) for c in supported)
        return Content.assemble(cause("supported", lang, signs), "  ", names)
    key = "guide.none_unknown" if unknown else "guide.none_open" if snap.causes else "guide.no_causes"
    return Content.styled(translate(lang, key, n=len(unknown)), "bold $text-warning")


# --- steps ----------------------------------------------------------------------------------------------------------


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
        shown = translate(lang, "input.missing")
    else:
        shown = one_line(str(value), 120)
    note = dim("  " + offered.note.get(lang)) if offered.note else Content("")
    style = "bold" if value is not None else "bold $text-error"
    left = Content.assemble(
        dim(f"{signs.here} "), foreign(spec.text.get(lang)), dim(": "), (shown, style), note
    )
    return Option(Row(left), id=spec.name)


def step_head(view: StepView, values: Mapping[str, Any], plan: Plan | None, lang: str, signs: Signs) -> Page:
    """What the step does, to whom it matters, and how it can be taken back."""
    step = view.step
    parts = []
    if step.explain:
        parts.append(foreign(filled(step.explain, values, lang), limit=2000))
    impact = plan.impact.get(lang) if plan is not None and plan.impact else filled(step.impact, values, lang)
    if impact:
        parts.append(
            Content.assemble((translate(lang, "step.impact") + " ", "bold"), foreign(impact, limit=1000))
        )
    undo = filled(step.undo.text, values, lang)
    word = "step.undo" if step.undo.parts else "step.no_undo"
    parts.append(Content.assemble((translate(lang, word) + " ", "bold"), foreign(undo, limit=1000)))
    if view.blocked is not None and view.state != "in_doubt":
        parts.append(
            Content.styled(
                translate(lang, "step.blocked_by") + " " + one_line(view.blocked.get(lang)),
                "bold $text-warning",
            )
        )
    if view.state == "todo" and view.already_done:
        parts.append(Content.styled(translate(lang, "step.already"), "bold $text-success"))
    if view.state == "in_doubt":
        parts.append(Content.styled(translate(lang, "step.doubt"), "bold $text-warning"))
    message = view.record.message.get(lang)
    if message and view.state in ("failed", "in_doubt", "done", "undone"):
        style = "$text-error" if view.state == "failed" else "$quiet"
        parts.append(Content.styled(one_line(message), style))
    if view.record.reason and view.state in ("skipped", "failed", "done"):
        parts.append(dim(translate(lang, "step.reason", reason=one_line(view.record.reason))))
    return Page(parts)


def plan_text(plan: Plan, lang: str, signs: Signs, now: float, sample: int = 60) -> Page:
    """What exactly would be done: where, the command, and the diff or the rows it hits."""
    first = plan.commands[0] if plan.commands else None
    head = [
        Content.assemble(
            risk(plan.risk, lang),
            dim(f" · {translate(lang, 'confirm.reversible' if plan.reversible else 'confirm.irreversible')}"),
        )
    ]
    if plan.instruction:
        head.append(block(plan.instruction.get(lang), "bold"))
    elif first is not None:
        if first.target is not None:
            head.append(
                Content.assemble(
                    (translate(lang, "plan.on") + " ", "bold"),
                    foreign(str(first.target)),
                    dim(f"  {first.role}"),
                )
            )
        elif first.resource:
            head.append(Content.assemble((translate(lang, "plan.on") + " ", "bold"), foreign(first.resource)))
        said = command(first.argv) if first.argv else first.what.get(lang)
        if len(said) > 300:
            said = said[:300] + " …"
        head.append(Content.assemble((translate(lang, "plan.does") + " ", "bold"), said))
        if len(plan.commands) > 1:
            head.append(dim(translate(lang, "plan.more", n=len(plan.commands) - 1, items=f"{plan.items:,}")))
    for warning in plan.warnings:
        head.append(Content.styled("! " + one_line(warning.get(lang)), "bold $text-warning"))
    title = translate(
        lang, f"plan.{plan.preview.kind}", total=f"{plan.preview.total:,}", age=ago(lang, now - plan.made_at)
    )
    body = [Content(""), Content.styled(title, "bold $primary")]
    if plan.preview.note:
        body.append(dim(plan.preview.note.get(lang)))
    for line in plan.preview.lines[:sample]:
        style = ""
        if plan.preview.kind == "diff":
            style = (
                "$text-success"
                if line.startswith("+")
                else "$text-error"
                if line.startswith("-")
                else "$quiet"
            )
        body.append(foreign(line, style, limit=1000))
    if plan.preview.total > sample:
        body.append(
            dim(
                translate(
                    lang, "plan.sample", n=f"{plan.preview.total - min(sample, len(plan.preview.lines)):,}"
                )
            )
        )
    return Page([*head, *body])


# --- proof ----------------------------------------------------------------------------------------------------------


def before_after(proof: Proof, lang: str, signs: Signs) -> list[Content]:
    """The evidence before and after a step, side by side."""
    lines = []
    for alias, after in proof.after.items():
        before = proof.before.get(alias)
        title = Text.of(after.get("title") or alias).get(lang)
        lines.append(Content.assemble(dim("  "), foreign(title, "bold")))
        for word, one in (("proof.before", before), ("proof.after", after)):
            if one:
                said = foreign(Text.of(one.get("summary")).get(lang))
                sign = verdict(str(one.get("verdict", Verdict.UNKNOWN)), lang, signs)
                lines.append(Content.assemble(dim(f"    {translate(lang, word)}  "), sign, "  ", said))
    return lines


def proof_text(snap: Snapshot, titles: Mapping[str, str], lang: str, signs: Signs) -> Page:
    """What was done and what it changed: the record of the session."""
    session = snap.session
    lines: list[Content] = []
    done = [r for r in session.steps.values() if r.state != "todo"]
    if not done:
        lines.append(dim(translate(lang, "proof.nothing")))
    for record in done:
        name, style = STEP_SIGN[record.state]
        head = f"{signs.verdicts.get(name, signs.here)} {translate(lang, 'step.' + record.state)}"
        lines.append(Content.assemble((head, style), "  ", foreign(titles.get(record.id, record.id), "bold")))
        proof = record.proof("undo" if record.state == "undone" else "do")
        if proof is not None:
            lines += before_after(proof, lang, signs)
        elif record.message:
            lines.append(dim("  " + one_line(record.message.get(lang))))
        if record.reason:
            lines.append(dim("  " + translate(lang, "step.reason", reason=one_line(record.reason))))
        lines.append(Content(""))
    lines += _notes(session, lang)
    if session.outcome:
        lines.append(Content.styled(translate(lang, f"proof.{session.outcome}"), "bold $text-success"))
    if snap.path is not None:
        lines.append(dim(translate(lang, "proof.journal", path=snap.path)))
    return Page(lines)


def _notes(session: Session, lang: str) -> list[Content]:
    if not session.notes:
        return []
    head = Content.styled(translate(lang, "proof.notes"), "bold")
    return [
        head,
        *(Content.assemble(dim(f"  {n.operator}: "), foreign(n.text)) for n in session.notes),
        Content(""),
    ]


def results_of(aliases: Iterable[str], results: Mapping[str, Result]) -> list[Result]:
    """The results that are there, each once."""
    return [results[alias] for alias in dict.fromkeys(aliases) if alias in results]
