"""Whether a step's way back would work with what was saved: every condition decided, every slot filled. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checks.cel.expr import ExpressionError
from checks.cel.expr import compile as compile_expression
from checks.plans.plan import PlanError
from checks.plans.template import SlotError, fill, fill_argv, fill_body
from kb.messages import message
from kb.model import Action, DeleteAction, ExecAction, PatchAction, RecreateAction, UndoPart


def undo_values(values: Mapping[str, Any], saved: Mapping[str, Any]) -> dict[str, Any]:
    """What the slots and conditions of an undo are about: the step's inputs, and what was saved before it."""
    return {**values, "saved": dict(saved), "inputs": dict(values)}


def holds(condition: str, values: Mapping[str, Any]) -> bool:
    """Whether a part of an undo is wanted; raises PlanError where that is not known."""
    if not condition:
        return True
    try:
        answer = compile_expression(condition).evaluate(values)
    except ExpressionError as error:
        raise PlanError(message("session.bad-condition", condition=condition, error=error.text)) from error
    if answer is None:
        raise PlanError(message("session.condition-unknown", condition=condition))
    return answer


def rehearse(
    parts: Sequence[UndoPart], values: Mapping[str, Any], objects: Sequence[Mapping[str, Any]]
) -> None:
    """Fills the undo as it would be filled later and sends nothing; raises PlanError where it could not be planned.

    `values` as of `undo_values`, `objects` the saved ones: ``{resource, namespace, name, object}``.
    """
    for part in parts:
        if not holds(part.when, values):
            continue
        if isinstance(part.action, RecreateAction):
            _creatable(objects)
            continue
        try:
            for own in rows_of(getattr(part.action, "each", ""), values):
                _fill(part.action, own)
        except SlotError as error:
            raise PlanError(error.text) from error


def rows_of(each: str, values: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """The values for every item of an action's `each`, or just the values; none for an empty list."""
    if not each:
        return (values,)
    items = values.get(each)
    many = items if isinstance(items, (list, tuple)) else () if items is None else (items,)
    return tuple({**values, "item": item} for item in many)


def _fill(action: Action, values: Mapping[str, Any]) -> None:
    match action:
        case ExecAction():
            fill(action.on, values)
            fill_argv((*action.argv, *action.tail), values)
        case PatchAction():
            fill(action.namespace, values)
            fill(action.name, values)
            fill_body(action.body, values)
        case DeleteAction():
            fill(action.namespace, values)
            fill(action.name, values)


def _creatable(objects: Sequence[Mapping[str, Any]]) -> None:
    """Whether every saved object has what an API server needs to take it as a new one."""
    for one in objects:
        obj = one.get("object") or {}
        whole = obj.get("apiVersion") and obj.get("kind") and obj.get("metadata", {}).get("name")
        if not whole:
            raise PlanError(message("undo.not-whole", name=str(one.get("name", ""))))
