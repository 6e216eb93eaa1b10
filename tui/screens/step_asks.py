"""The questions a walk asks: inputs, reasons, what a person did, what happened to a write in doubt, how it ends."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from kb.messages import message
from kb.model import Input
from kb.safe import one_line
from tui.i18n import ago
from tui.screens.ask import AskDialog
from tui.screens.choose import ChooseDialog, Item
from tui.screens.confirm import SureDialog
from tui.work import ask

if TYPE_CHECKING:
    from checks.causes import CauseVerdict
    from checks.sessions.session import SessionSummary
    from checks.walking.doubts import Doubt
    from tui.app import KlinikApp
    from tui.screens.base import KlinikScreen
    from tui.walker import Form


IN_A_QUESTION = 500
"""Characters of a line that stand in a question: its answers stay in view on a small screen."""


def ask_input(app: KlinikApp, spec: Input, shown: Form, then: Callable[[Any], None]) -> None:
    """Chooses or types the value of one input; what exists only as evidence can only be chosen.

    A secret of an article's line is never asked for: it stays a slot that the operator fills in elsewhere.
    """
    from kb.derive.names import is_secret

    if shown.line and is_secret(spec.name):
        app.notify(one_line(spec.text.get(app.lang)), severity="warning", markup=False)
        return
    offered = shown.choices[spec.name]
    question = one_line(spec.text.get(app.lang))
    if spec.source and offered.options:
        _choose(app, spec, shown, question, then)
    elif spec.source and spec.type in ("rows", "node", "choice"):
        note = offered.note.get(app.lang) if offered.note else app.say("input.nothing")
        app.notify(one_line(note), severity="warning", markup=False)
    else:
        value = "" if shown.values.get(spec.name) is None else str(shown.values[spec.name])

        def typed(text: str | None) -> None:
            if text is not None:
                then(text)

        app.push_screen(AskDialog(question, value=value), typed)


def _choose(app: KlinikApp, spec: Input, shown: Form, question: str, then: Callable[[Any], None]) -> None:
    offered = shown.choices[spec.name]
    items = [Item(str(n), option.label, option.value) for n, option in enumerate(offered.options)]
    now = shown.values.get(spec.name)
    picked = list(now) if spec.many and isinstance(now, (tuple, list)) else [now]
    same = {id(value) for value in picked}
    plain = {value for value in picked if isinstance(value, (str, int))}
    chosen = [
        i.key for i in items if id(i.value) in same or (isinstance(i.value, (str, int)) and i.value in plain)
    ]
    note = one_line(offered.note.get(app.lang)) if offered.note else ""

    def took(values: tuple[Any, ...] | None) -> None:
        if values is not None:
            then(values if spec.many else values[0])

    app.push_screen(ChooseDialog(question, items, many=spec.many, chosen=chosen, note=note), took)


def ask_reason(app: KlinikApp, question: str, then: Callable[[str], object]) -> None:
    """A reason in words."""

    def given(why: str | None) -> None:
        if why:
            then(why)

    app.push_screen(AskDialog(app.say(question)), given)


def ask_done(app: KlinikApp, then: Callable[[], None], *, checked: bool = True) -> None:
    """Whether a person has done what the step says; without a check nothing looks whether it worked."""

    def decided(yes: bool | None) -> None:
        if yes:
            then()

    question = app.say("hand.question" if checked else "hand.question_unchecked")
    app.push_screen(SureDialog(question, app.say("hand.yes"), app.say("hand.no")), decided)


def ask_ran(app: KlinikApp, line: str, missing: tuple[str, ...], then: Callable[[], None]) -> None:
    """Whether a person has run a line of the article; the line that goes into the journal is in the question."""

    def decided(yes: bool | None) -> None:
        if yes:
            then()

    shown = "\n".join(line[:IN_A_QUESTION].split("\n")[:8])
    shown += " …" if shown != line else ""
    parts = [app.say("hand.ran"), f"$ {shown}"]
    if missing:
        parts.append(app.say("hand.ran_open", names=", ".join(missing)))
    app.push_screen(SureDialog("\n\n".join(parts), app.say("hand.ran_yes"), app.say("hand.no")), decided)


def ask_doubt(app: KlinikApp, doubt: Doubt, then: Callable[[bool, str], object]) -> None:
    """Whether a write in doubt took effect, and how one knows; what the cluster speaks against is asked twice."""
    leaning = {True: "yes", False: "no", None: ""}[doubt.leans]
    items = [Item("yes", app.say("settle.happened"), True), Item("no", app.say("settle.not_happened"), False)]
    told = "; ".join(
        one_line(seen.text.get(app.lang), 300) for seen in doubt.seen if seen.leans is doubt.leans
    )

    def chose(values: tuple[Any, ...] | None) -> None:
        if values is None:
            return
        happened = bool(values[0])
        warning = _against(app, doubt, happened)
        if not warning:
            _why(app, happened, told if doubt.leans is happened else "", then)
            return

        def decided(yes: bool | None) -> None:
            if yes:
                _why(app, happened, "", then)

        app.push_screen(
            SureDialog(warning, message("resume.against-yes").get(app.lang), app.say("confirm.no")), decided
        )

    said = {"yes": "resume.leans-yes", "no": "resume.leans-no"}.get(leaning, "resume.leans-nowhere")
    question = message("resume.question", leaning=f"({message(said).get(app.lang)})").get(app.lang)
    app.push_screen(ChooseDialog(question, items, chosen=(leaning,) if leaning else ()), chose)


def _against(app: KlinikApp, doubt: Doubt, happened: bool) -> str:
    """What speaks against an answer, as a question; empty where nothing does."""
    seen = [one_line(one.text.get(app.lang), 200) for one in doubt.seen if one.leans is (not happened)]
    if seen:
        return message("resume.against", seen="\n".join(f"- {line}" for line in seen[:5])).get(app.lang)
    if doubt.young and not happened:
        return message("resume.too-young", seconds=round(doubt.age)).get(app.lang)
    return ""


def _why(app: KlinikApp, happened: bool, proposed: str, then: Callable[[bool, str], object]) -> None:
    def given(why: str | None) -> None:
        if why:
            then(happened, why)

    app.push_screen(AskDialog(message("resume.why").get(app.lang), value=proposed[:500]), given)


def ask_anyway(app: KlinikApp, view: CauseVerdict, then: Callable[[], None]) -> None:
    """Whether to look at the fix of a cause that the evidence does not support."""

    def decided(yes: bool | None) -> None:
        if yes:
            then()

    state = app.say(f"cause.{view.state}")
    question = app.say("guide.not_supported", state=state, cause=one_line(view.cause.text.get(app.lang)))
    app.push_screen(SureDialog(question, app.say("guide.anyway"), app.say("confirm.no")), decided)


def ask_heavy(app: KlinikApp, names: str, then: Callable[[], None]) -> None:
    """Whether to run checks that put load on the nodes."""

    def decided(yes: bool | None) -> None:
        if yes:
            then()

    question = app.say("guide.heavy_question", names=names)
    app.push_screen(SureDialog(question, app.say("guide.heavy_yes"), app.say("confirm.no")), decided)


def ask_outcome(app: KlinikApp, present: int, then: Callable[[str, str], object]) -> None:
    """How the session ends, and why, for whoever reads the article next; symptoms that are still present are said."""
    items = [Item(o, app.say(f"proof.{o}"), o) for o in ("solved", "not-solved", "abandoned")]
    note = app.say("finish.still", n=present) if present else ""

    def chose(values: tuple[Any, ...] | None) -> None:
        if values is None:
            return
        outcome = str(values[0])

        def given(why: str | None) -> None:
            if why is not None:
                then(outcome, why)

        question, explain = (message(f"resume.outcome-{key}").get(app.lang) for key in (outcome, "explain"))
        app.push_screen(AskDialog(question, explain=explain, wrong=lambda _: ""), given)

    app.push_screen(ChooseDialog(app.say("finish.question"), items, note=note), chose)


def look_for_earlier(screen: KlinikScreen[None], article: str) -> None:
    """Reads the journals on a thread for an unfinished session of this guide on this cluster."""
    folder, cluster = screen.app.services.sessions_dir, screen.app.link.cluster

    def earlier() -> SessionSummary | None:
        from checks.clusteruid import uid_of
        from checks.identity import same_cluster
        from checks.sessions.journal import list_sessions
        from checks.walking.nowhere import Nowhere

        known = [one for one in list_sessions(folder()) if one.article == article and one.cause]
        known = [one for one in known if not one.finished and one.problem is None]
        if not known:
            return None
        at = cluster or Nowhere()  # guides derived from a text are walked without any
        uid = uid_of(at)
        return next((one for one in known if same_cluster(one.cluster, at.info, uid)), None)

    ask(screen, "earlier", 0, earlier)


def ask_resume(app: KlinikApp, found: SessionSummary | None, then: Callable[[str], None]) -> None:
    """Whether to go on with the earlier session; no begins anew and leaves it as it is."""
    if found is None:
        return

    def decided(yes: bool | None) -> None:
        if yes:
            then(found.path)

    when = ago(app.lang, max(0.0, time.time() - found.updated))
    question = app.say(
        "resume.question", when=when, who=one_line(found.operator), done=found.done, total=found.total
    )
    app.push_screen(SureDialog(question, app.say("resume.yes"), app.say("resume.no")), decided)
