"""Whether a step may be offered: its requirements and its "already done", over the results. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from checks.causes import bindings, holds
from checks.cel import expr
from checks.model import Result
from checks.sessions.session import Session
from kb.messages import message
from kb.model import Step
from kb.safe import one_line
from kb.text import Text

_STATES = ("refuted", "open", "unknown")


def blocked(step: Step, results: Mapping[str, Result]) -> Text | None:
    """Why a step is not offered; None where it is. What is not known blocks too, and says what is missing."""
    for requirement in step.requires:
        answer = holds(requirement.when, results)
        if answer is None:
            names = ", ".join(unknown_names(requirement.when, results)) or requirement.when
            unknown = message("session.blocked-unknown", names=names)
            said = requirement.text
            return Text(f"{said.en} ({unknown.en})", f"{said.zh}（{unknown.zh}）")
        if not answer:
            return requirement.text
    return None


def needs(step: Step, known: Iterable[str]) -> tuple[str, ...]:
    """Which of the known aliases the requirements of a step look at."""
    named: set[str] = set()
    for requirement in step.requires:
        try:
            named |= set(expr.compile(requirement.when).names)
        except expr.ExpressionError:
            continue  # `blocked` says so
    return tuple(alias for alias in known if alias in named)


def already_done(step: Step, results: Mapping[str, Result]) -> bool | None:
    """Whether the evidence says that the step is done; None for unknown, or where the step does not say."""
    return holds(step.already_done, results) if step.already_done else None


def unknown_names(expression: str, results: Mapping[str, Result]) -> tuple[str, ...]:
    """The aliases an expression needs and that have no answer."""
    try:
        names = expr.compile(expression).names
    except expr.ExpressionError:
        return ()
    known = bindings(results)
    return tuple(sorted(name for name in names if name not in known))


def doubts(session: Session) -> tuple[Text, ...]:
    """What to say of a fix whose cause was not supported when it was chosen: it is offered with a warning."""
    state = session.causes.get(session.cause, "")
    if state in ("", "supported"):
        return ()
    words = message(f"session.cause-{state}") if state in _STATES else Text.of(one_line(state, 40))
    return (message("session.cause-not-supported", cause=session.cause, state=words),)
