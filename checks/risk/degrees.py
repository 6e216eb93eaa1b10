"""How dangerous an action is, computed from what it does; an unknown command is destructive.

The commands are in `checks.risk.command`; this module knows the actions of a guide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checks.plans.template import SLOT
from checks.risk.command import risk_of_argv
from checks.risk.shell import risk_of_shell
from kb.model import (
    RISKS,
    Action,
    CommandAction,
    DeleteAction,
    ExecAction,
    ManualAction,
    PatchAction,
    RecreateAction,
    RestartAction,
    Risk,
    Step,
    WaitAction,
)


def worst_risk(risks: Sequence[Risk]) -> Risk:
    """The highest of several risks; `read` for none."""
    return max(risks, key=RISKS.index, default="read")


def risk_of(action: Action) -> Risk:
    """The risk of an action by itself, whatever its step declares."""
    match action:
        case ExecAction():
            return risk_of_argv((*action.argv, *action.tail))
        case PatchAction():
            return _patch(action)
        case DeleteAction():
            return "destructive"
        case RestartAction():
            return "disruptive"
        case RecreateAction():
            return "low"
        case WaitAction() | ManualAction():
            return "read"
        case CommandAction():
            shell = risk_of_shell(action.shell)
            return worst_risk([shell, risk_of_argv(action.argv)]) if action.argv else shell


def effective(step: Step) -> Risk:
    """The risk an operator is shown and confirms: what the action does, raised by what the step declares."""
    return worst_risk([risk_of(step.action), step.risk or "read"])


def _patch(action: PatchAction) -> Risk:
    if action.type == "json":
        return worst_risk([_json_operation(op) for op in action.body or ()])
    return worst_risk([_path(path) for path in _merge_paths(action.body)])


def _json_operation(operation: Any) -> Risk:
    if not isinstance(operation, Mapping):
        return "destructive"
    if operation.get("op") == "test":
        return "read"
    # A move takes away what is at `from`.
    named = ("path", "from") if operation.get("op") == "move" else ("path",)
    return worst_risk([_path(_pointer(operation.get(name, ""))) for name in named])


def _pointer(text: Any) -> tuple[str, ...]:
    parts = str(text).strip("/").split("/")
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


def _merge_paths(body: Any) -> list[tuple[str, ...]]:
    if not isinstance(body, Mapping):
        return [()]
    paths: list[tuple[str, ...]] = []
    for key, value in body.items():
        if key == "metadata" and isinstance(value, Mapping):
            paths += [(key, str(inner)) for inner in value]
        else:
            paths.append((str(key),))
    return paths


def _path(path: tuple[str, ...]) -> Risk:
    if path[:1] != ("metadata",):
        # The root, or a key that only the operator's input names, may be anything.
        return "destructive" if not path or path == ("",) or SLOT.search(path[0]) else "disruptive"
    field = path[1] if len(path) > 1 else ""
    return "low" if field in ("annotations", "labels") else "destructive"
