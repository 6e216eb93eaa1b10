"""What the checks of a guide say, as the JSON of ``klinik guide ID -o json`` (DESIGN.md, section 4). Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from checks.causes import judge_causes, symptom_verdicts
from checks.cluster import ClusterInfo, Resource
from checks.model import Result
from checks.plans import gate
from checks.plans.commandline import line_of
from checks.plans.inputs import Choices, choices
from checks.plans.template import SlotError, fill_argv, fill_text
from checks.risk.degrees import effective
from kb.model import (
    Action,
    Article,
    CommandAction,
    DeleteAction,
    ExecAction,
    Guide,
    ManualAction,
    PatchAction,
    RecreateAction,
    RestartAction,
    Step,
    WaitAction,
)

SHOWN = 20
"""Choices of an input that are listed; all are counted."""


def guide_json(
    info: ClusterInfo, article: Article, results: Mapping[str, Result], lang: str
) -> dict[str, Any]:
    """Symptoms, causes and steps with the states that the results give them; the article must have a guide."""
    guide = article.guide
    if guide is None:
        raise ValueError(f"{article.id} has no guide")
    return {
        "article": article.id,
        "title": article.title(lang),
        "lang": lang,
        "cluster": {
            "context": info.context,
            "server": info.server,
            "user": info.user,
            "namespace": info.namespace,
            "practice": info.practice or None,
        },
        "origin": guide.origin,
        "symptoms": _symptoms(guide, results, lang),
        "causes": _causes(guide, results, lang),
        "steps": [
            _step(guide.step(step_id), cause.id, results, lang)
            for cause in guide.causes
            for step_id in cause.fix
        ],
    }


def _symptoms(guide: Guide, results: Mapping[str, Result], lang: str) -> list[dict[str, Any]]:
    return [
        {
            "id": one.symptom.id,
            "text": one.symptom.text.get(lang),
            "verdict": str(one.verdict),
            "reason": one.reason,
            "summary": one.summary.get(lang),
        }
        for one in symptom_verdicts(guide, results)
    ]


def _causes(guide: Guide, results: Mapping[str, Result], lang: str) -> list[dict[str, Any]]:
    return [
        {
            "id": one.cause.id,
            "text": one.cause.text.get(lang),
            "state": one.state,
            "because": [
                {
                    "alias": alias,
                    "check": guide.checks[alias].check if alias in guide.checks else alias,
                    "verdict": str(verdict),
                    "summary": summary.get(lang),
                }
                for alias, verdict, summary in one.because
            ],
            "settle": list(one.settle),
        }
        for one in judge_causes(guide, results)
    ]


def _step(step: Step, cause: str, results: Mapping[str, Result], lang: str) -> dict[str, Any]:
    values, inputs = _inputs(step, results, lang)
    block = gate.blocked(step, results)
    done = gate.already_done(step, results)
    return {
        "id": step.id,
        "cause": cause,
        "text": fill_text(step.text, values).get(lang),
        "action": step.action.kind,
        "risk": effective(step),
        "command": _command(step.action, values, lang),
        "inputs": inputs,
        "state": "already_done" if done else "blocked" if block else "todo",
        "blocked": block.get(lang) if block else None,
        "reversible": bool(step.undo.parts),
        "undo": fill_text(step.undo.text, values).get(lang),
    }


def _inputs(step: Step, results: Mapping[str, Result], lang: str) -> tuple[dict[str, Any], dict[str, Any]]:
    values: dict[str, Any] = {}
    shown: dict[str, Any] = {}
    for spec in step.inputs:
        offered = choices(spec, results, values)
        default = offered.default
        if default not in (None, (), ""):
            values[spec.name] = default
        shown[spec.name] = {
            "text": spec.text.get(lang),
            "type": spec.type,
            "many": spec.many,
            "count": len(offered.options),
            "choices": [option.label for option in offered.options[:SHOWN]],
            "default": _default(default, offered),
        }
    return values, shown


def _default(value: Any, offered: Choices) -> Any:
    """The proposal, in short: rows by how many they are and the labels of the first."""
    if isinstance(value, (list, tuple)):
        ids = {id(one) for one in value[:SHOWN]}
        labels = [option.label for option in offered.options if id(option.value) in ids]
        return {"count": len(value), "first": labels[:SHOWN] or [str(one) for one in value[:SHOWN]]}
    return dict(value) if isinstance(value, Mapping) else value


def _command(action: Action, values: Mapping[str, Any], lang: str) -> str:
    """The action as one line; slots without a value stay visible, a list stands for its first item."""
    own = dict(values)
    each = getattr(action, "each", "")
    items = own.get(each) if each else None
    if isinstance(items, (list, tuple)) and items:
        own["item"] = items[0]
    match action:
        case ExecAction():
            words = (
                *_filled(action.argv, own),
                *_filled(action.tail, own),
                *(("…",) if _more(items) else ()),
            )
            return f"{_filled((action.on,), own)[0]}: {shlex.join(words)}"
        case PatchAction():
            return f"patch {Resource.parse(action.resource).dotted}/{_filled((action.name,), own)[0]}"
        case DeleteAction():
            return f"delete {Resource.parse(action.resource).dotted}/{_filled((action.name,), own)[0]}"
        case RestartAction():
            return f"restart {_filled((action.on,), own)[0]}"
        case WaitAction():
            return f"wait {action.seconds:g}"
        case ManualAction():
            return fill_text(action.instruction, own).get(lang)
        case RecreateAction():
            return "recreate"
        case CommandAction():
            return _line(action, own)


def _line(action: CommandAction, values: Mapping[str, Any]) -> str:
    try:
        return line_of(action, values)
    except SlotError:
        return action.shell


def _more(items: Any) -> bool:
    return isinstance(items, (list, tuple)) and len(items) > 1


def _filled(words: Sequence[str], values: Mapping[str, Any]) -> tuple[str, ...]:
    filled: list[str] = []
    for word in words:
        try:
            filled += fill_argv((word,), values)
        except SlotError:
            filled.append(word)
    return tuple(filled)
