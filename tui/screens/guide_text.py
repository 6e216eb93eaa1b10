"""What the guide's panes say, as Content from values: causes and why, steps, plans, proofs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widgets.option_list import Option

from checks.model import Result
from checks.plans.template import SLOT, fill_text
from checks.walking.whatnext import standing
from kb.model import Cause, Guide, Symptom
from kb.safe import one_line, printable
from kb.text import Text
from tui.i18n import translate
from tui.screens import beforeafter
from tui.screens.evidence import explained
from tui.theme import Signs
from tui.widgets.rows import Page, Row
from tui.widgets.say import cause, dim, foreign

if TYPE_CHECKING:
    from checks.causes import CauseVerdict
    from checks.sessions.session import Session
    from tui.walker import Snapshot

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


# --- proof ----------------------------------------------------------------------------------------------------------


def proof_text(snap: Snapshot, titles: Mapping[str, str], lang: str, signs: Signs) -> Page:
    """What was done and what it changed: the record of the session."""
    session = snap.session
    lines: list[beforeafter.Line] = []
    found = standing(session, snap.symptoms)
    if found is not None:
        lines += [*beforeafter.of_session(found, lang, signs), Content("")]
    done = [r for r in session.steps.values() if r.state != "todo"]
    if not done:
        lines.append(dim(translate(lang, "proof.nothing")))
    for record in done:
        name, style = STEP_SIGN[record.state]
        head = f"{signs.verdicts.get(name, signs.here)} {translate(lang, 'step.' + record.state)}"
        lines.append(Content.assemble((head, style), "  ", foreign(titles.get(record.id, record.id), "bold")))
        if record.line:
            lines += [Content.styled(f"  {line}", "") for line in printable(record.line).split("\n")]
        proof = record.proof("undo" if record.state == "undone" else "do")
        if proof is not None:
            lines += beforeafter.of_proof(proof, lang, signs)
        elif record.message:
            lines.append(dim("  " + one_line(record.message.get(lang))))
        lines += beforeafter.of_marks(record.marks, lang, signs)
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


def phase_marks(
    names: Sequence[str], phase: int, reached: Mapping[int, bool], lang: str, signs: Signs
) -> Content:
    """The phases in a row: the one in view stands out, those that are through have a tick."""
    marks = []
    for number, name in enumerate(names, 1):
        here = number == phase
        style = "bold $primary" if here else "$quiet"
        tick = f" {signs.verdicts['ok']}" if reached.get(number) else ""
        mark = f"{signs.here if here else ''}{number} {translate(lang, 'phase.' + name)}{tick}"
        marks.append(Content.styled(mark, style))
    return Content("  ").join([*marks, Content("")])


def part_of(guide: Guide, snap: Snapshot, phase: int, index: int) -> Symptom | Cause | None:
    """What the cursor is on: a symptom in the first phase, a cause in the second, else nothing."""
    if phase == 1 and index < len(guide.symptoms):
        return guide.symptoms[index]
    return snap.causes[index].cause if phase == 2 and index < len(snap.causes) else None


def aliases_of(about: Symptom | Cause | None, guide: Guide) -> tuple[str, ...]:
    """The checks behind a symptom or a cause, or all of the guide."""
    if about is None:
        return tuple(guide.checks)
    return about.checks if isinstance(about, Symptom) else about.evidence


def results_of(aliases: Iterable[str], results: Mapping[str, Result]) -> list[Result]:
    """The results that are there, each once."""
    return [results[alias] for alias in dict.fromkeys(aliases) if alias in results]
