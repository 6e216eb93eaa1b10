"""A reading command of an article as klinik may run it itself: kubectl, text filters behind it, never a shell. Pure.

What runs is a list of words per program. A value of the operator stays within its word, and is judged with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checks.local import kubectl as localkubectl
from checks.local.filters import may_filter
from checks.local.ko import Inside, translated
from checks.local.options import NotLocal
from checks.plans.template import SLOT, SlotError, word
from checks.risk.degrees import effective
from kb.messages import message
from kb.model import CommandAction, Step
from kb.shell import Command, Line, Word, parse

_EMBEDDED = re.compile(r"[A-Za-z0-9._:/@%+-]+")
"""A value that stands beside other text in its word: nothing that a little language could take for more than data."""
MOST = 6
"""Programs of the longest pipe."""


@dataclass(frozen=True, slots=True)
class LocalCommand:
    """What may run: the words of every program of a pipe, kubectl first."""

    stages: tuple[tuple[str, ...], ...]
    scoped: bool
    """Whether the line says which namespaces it is about."""
    inside: Inside | None = None
    """With ``kubectl ko``: what the first stage stands for; the pod is yet to be found."""


def refusal(step: Step) -> NotLocal | None:
    """Why klinik would not run this step whatever its values are; None where it might."""
    try:
        local_command(step, {spec.name: f"{{{spec.name}}}" for spec in step.inputs}, filled=False)
    except NotLocal as error:
        return error
    return None


def local_command(step: Step, values: Mapping[str, Any], *, filled: bool = True) -> LocalCommand:
    """The step's command with these typed values; raises NotLocal with the reason.

    Without `filled` the slots stay, and only what does not depend on them is judged.
    """
    action = step.action
    if not isinstance(action, CommandAction):
        raise NotLocal(message("derive.not-run"))
    if effective(step) != "read":
        raise NotLocal(message("localrun.writes"))
    if action.stdin:
        raise NotLocal(message("localrun.input"))
    names = frozenset(spec.name for spec in step.inputs)
    stages = [
        tuple(_word(one, names, values if filled else None) for one in command.words)
        for command in _pipe(parse(action.shell))
    ]
    first, *filters = stages
    if not first or first[0] != localkubectl.PROGRAM:
        raise NotLocal(message("localrun.tool", program=first[0] if first else "–"))
    for program, *words in filters:
        may_filter(program, words)
    if first[1:2] == ("ko",):
        return LocalCommand((first, *map(tuple, filters)), scoped=True, inside=translated(first[2:]))
    kubectl = localkubectl.may_run(first[1:])
    return LocalCommand(((localkubectl.PROGRAM, *kubectl.words), *map(tuple, filters)), kubectl.scoped)


def _pipe(line: Line) -> tuple[Command, ...]:
    """The programs of a plain pipe; raises NotLocal for everything that needs a shell."""
    if line.broken or not line.commands:
        raise NotLocal(message("localrun.broken"))
    if line.inner:
        raise NotLocal(message("localrun.substitution"))
    if any(operator != "|" for operator in line.operators):
        raise NotLocal(message("localrun.several"))
    if len(line.commands) > MOST or len(line.operators) != len(line.commands) - 1:
        raise NotLocal(message("localrun.broken"))
    for command in line.commands:
        if command.assignments:
            raise NotLocal(message("localrun.variable"))
        if not command.words or not all(_harmless(one.operator, one.target) for one in command.redirects):
            raise NotLocal(message("localrun.redirect"))
    return line.commands


def _harmless(operator: str, target: Word) -> bool:
    """``2>&1`` and ``2>/dev/null``: what goes wrong is shown beside the output anyway."""
    if operator in (">&", "<&"):
        return target.text in ("1", "2")
    return operator == ">" and target.literal and target.text == "/dev/null"


def _word(one: Word, names: frozenset[str], values: Mapping[str, Any] | None) -> str:
    """A word with its slots filled; raises NotLocal for a missing value, and for what a shell would make of it."""
    if not one.literal:
        raise NotLocal(message("localrun.expands", word=one.raw[:80]))
    if values is None:
        return one.text

    def fill(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in names:
            return match.group(0)
        if values.get(name) in (None, ""):
            raise NotLocal(message("localrun.missing", name=name))
        try:
            text = word(name, values[name])
        except SlotError as error:
            raise NotLocal(error.text) from error
        if match.group(0) != one.text and not _EMBEDDED.fullmatch(text):
            raise NotLocal(message("localrun.embedded", name=name))
        return text

    return SLOT.sub(fill, one.text)
