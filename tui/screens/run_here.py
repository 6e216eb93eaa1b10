"""An article's reading command run from its step: what exactly would run, the question, what the last run printed."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from textual.content import Content

from checks.local.process import SECONDS
from checks.local.told import told
from kb.messages import message
from kb.safe import one_line, printable
from tui.screens.beforeafter import Line
from tui.screens.confirm import SureDialog
from tui.screens.step_asks import IN_A_QUESTION
from tui.widgets.pairs import Printed
from tui.widgets.say import dim

if TYPE_CHECKING:
    from checks.local.record import LocalRun
    from checks.local.walk import LocalPlan
    from tui.screens.fix import FixPane
    from tui.walker import Form

SHOWN = 200
"""Lines of the last output in the step; Enter shows all that was kept."""


def argv_line(plan: LocalPlan) -> str:
    """Exactly what would run, as it would be typed."""
    return printable(" | ".join(shlex.join(stage) for stage in plan.argv))


def lines(form: Form, ran: LocalRun | None, lang: str) -> list[Content]:
    """Below the article's line: what klinik would run (unless it was just run), or why it does not."""
    if form.here is None:
        why = form.not_here.get(lang) if form.not_here is not None else ""
        return [dim(one_line(why, 600))] if why else []
    if ran is not None and ran.argv == form.here.argv:
        return []
    said = message("localrun.here", seconds=f"{form.here.seconds:.0f}").get(lang)
    return [Content.styled(said, "$accent"), dim(one_line(argv_line(form.here), 2000))]


def last(run: LocalRun | None, lang: str) -> list[Line]:
    """What the last run printed."""
    if run is None:
        return []
    head = message("localrun.last", ended=told(run), seconds=f"{run.took_ms / 1000:.1f}").get(lang)
    parts: list[Line] = [
        Content(""),
        Content.styled(one_line(head, 600), "bold $text-success" if run.answered else "bold $text-warning"),
    ]
    output = printable(run.output).rstrip("\n").split("\n") if run.output.strip() else []
    if not output:
        parts.append(dim(message("localrun.nothing").get(lang)))
    parts += [Printed(Content(line.expandtabs(8)[:500])) for line in output[:SHOWN]]
    if len(output) > SHOWN:
        parts.append(dim(message("localrun.more", n=len(output) - SHOWN).get(lang)))
    if run.cut:
        parts.append(dim(message("localrun.cut").get(lang)))
    return parts


def raw(run: LocalRun | None, lang: str) -> str:
    """All that was kept of the last run, to read."""
    if run is None:
        return ""
    argv = " | ".join(shlex.join(stage) for stage in run.argv)
    cut = "\n" + message("localrun.cut").get(lang) if run.cut else ""
    return f"# {argv}\n# {told(run).get(lang)}\n\n{run.output}{cut}"


def ask(pane: FixPane) -> None:
    """Shows what would run and runs it on yes; where klinik does not run it, says why."""
    view = pane.view
    form = pane.form_of(view) if view is not None else None
    if view is None or form is None or pane.running:
        return
    app, lang = pane.screen.app, pane.lang
    plan = form.here
    if plan is None:
        why = form.not_here or message("derive.not-run")
        pane.notify(one_line(why.get(lang), 600), severity="warning", markup=False)
        return

    def decided(yes: bool | None) -> None:
        if yes and not pane.running:
            from checks.local.walk import run_local

            pane.looked = plan.step_id
            pane.begin(plan.step_id, lambda walk, stop: run_local(walk, plan, stop))

    line = argv_line(plan)
    shown = line if len(line) <= IN_A_QUESTION else line[:IN_A_QUESTION] + " …"
    parts = [
        message("localrun.question").get(lang),
        f"$ {shown}",
        message("localrun.terms", seconds=f"{SECONDS:.0f}").get(lang),
    ]
    yes, no = message("localrun.yes").get(lang), message("localrun.no").get(lang)
    app.push_screen(SureDialog("\n\n".join(parts), yes, no), decided)
