"""Steps that a person does: an article's command line with an operator's values, and what is kept of them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from checks.model import Result
from checks.plans.commandline import line_of
from checks.plans.inputs import choices, validate
from checks.plans.plan import PlanError
from checks.plans.template import SlotError
from kb.derive.names import is_secret
from kb.messages import message
from kb.model import CommandAction, Step


def line(step: Step, values: Mapping[str, Any], results: Mapping[str, Result]) -> str:
    """The command line with the values that are given, the other slots left visible.

    Raises InputError for a value that is none of its type, PlanError for one that cannot stand in the line.
    """
    if not isinstance(step.action, CommandAction):
        raise PlanError(message("session.not-manual"))
    try:
        return line_of(step.action, given(step, values, results))
    except SlotError as error:
        raise PlanError(error.text) from error


def given(step: Step, values: Mapping[str, Any], results: Mapping[str, Result]) -> dict[str, Any]:
    """The values that were given, typed; what is missing is left out. Raises InputError."""
    typed: dict[str, Any] = {}
    for spec in step.inputs:
        if values.get(spec.name) not in (None, ""):
            typed[spec.name] = validate(spec, values[spec.name], choices(spec, results, typed))
    return typed


def kept(step: Step, values: Mapping[str, Any], results: Mapping[str, Result]) -> dict[str, Any]:
    """The given values that may be written down: no secrets."""
    return {name: value for name, value in given(step, values, results).items() if not is_secret(name)}
