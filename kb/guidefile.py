"""``guide.yaml`` to a `Guide`, with everything that is wrong with it said at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb import yamlfile
from kb.findings import finding
from kb.model import (
    NOTHING,
    Action,
    Cause,
    CheckUse,
    DeleteAction,
    ExecAction,
    Guide,
    Input,
    ManualAction,
    PatchAction,
    RecreateAction,
    Requirement,
    RestartAction,
    Save,
    Step,
    Symptom,
    Undo,
    UndoPart,
    Verify,
    WaitAction,
)
from kb.problem import Problem
from kb.text import Text

if TYPE_CHECKING:
    from kb import schema


def load_guide(file: Path, article: str) -> tuple[Guide | None, list[Problem]]:
    """The guide in a file; None together with at least one error when it cannot be used."""
    return _guide(yamlfile.load(file), article)


def parse_guide(text: str, path: str, article: str) -> tuple[Guide | None, list[Problem]]:
    """The guide in a text; None together with at least one error when it cannot be used."""
    return _guide(yamlfile.parse(text, path), article)


def _guide(document: yamlfile.Document, article: str) -> tuple[Guide | None, list[Problem]]:
    from kb import guiderefs, shapes

    problems = list(document.problems)
    if document.data is None and problems:
        return None, problems
    if not isinstance(document.data, dict):
        return None, [*problems, finding(document.path, 1, "guide.not-mapping")]
    shape, shape_problems = shapes.check(document)
    problems += shape_problems
    # references are checked on the raw data, so that one wrong type does not hide a wrong name elsewhere
    problems += guiderefs.check(document)
    if shape is None or any(problem.severity == "error" for problem in problems):
        return None, sorted(problems, key=lambda problem: problem.line)
    return build(shape, document.path, article, _lines(document)), problems


def _lines(document: yamlfile.Document) -> dict[str, int]:
    """Where the named parts of a guide begin."""
    found = {f"checks.{alias}": document.line(("checks", alias)) for alias in document.data["checks"]}
    for group in ("symptoms", "causes", "steps"):
        for index, item in enumerate(document.data.get(group, [])):
            found[f"{group}.{item['id']}"] = document.line((group, index))
    return found


def build(shape: schema.GuideShape, path: str, article: str, lines: Mapping[str, int] = NOTHING) -> Guide:
    """The frozen model of a guide whose shape and references are right."""
    return Guide(
        article=article,
        path=path,
        checks={alias: CheckUse(alias, use.use, use.params) for alias, use in shape.checks.items()},
        symptoms=tuple(
            Symptom(s.id, text(s.text), tuple(s.checks), tuple(s.signatures), tuple(s.phrases))
            for s in shape.symptoms
        ),
        causes=tuple(
            Cause(
                id=c.id,
                text=text(c.text),
                explain=text(c.explain),
                supported_when=c.supported_when,
                refuted_when=c.refuted_when,
                evidence=tuple(c.evidence),
                upstream_of=tuple(c.upstream_of),
                leads_to=tuple(c.leads_to),
                fix=tuple(c.fix),
            )
            for c in shape.causes
        ),
        steps=tuple(_step(step) for step in shape.steps),
        signatures=tuple(shape.signatures),
        applies_to=shape.applies_to,
        fixed_in={component: tuple(found) for component, found in shape.fixed_in.items()},
        lines=lines,
    )


def text(shape: schema.TextShape | None) -> Text:
    """A `Text`, empty where there is none."""
    return Text(shape.en, shape.zh) if shape else Text()


def _step(step: schema.StepShape) -> Step:
    undo = step.undo
    return Step(
        id=step.id,
        text=text(step.text),
        explain=text(step.explain),
        impact=text(step.impact),
        action=_action(step.action),
        undo=Undo(text(undo.text), tuple(UndoPart(_action(part), part.when) for part in undo.do))
        if undo
        else Undo(Text()),
        risk=step.risk,
        inputs=tuple(_input(name, shape) for name, shape in step.inputs.items()),
        requires=tuple(Requirement(need.when, text(need.text)) for need in step.requires),
        already_done=step.already_done,
        preview=_exec(step.preview.exec) if step.preview else None,
        saves=tuple(Save(name, _exec(save.exec), save.parse or NOTHING) for name, save in step.save.items()),
        verify=_verify(step.verify) if step.verify else None,
        traffic=step.traffic,
    )


def _verify(verify: schema.VerifyShape) -> Verify:
    expect = tuple(verify.expect) if verify.expect is not None else ("ok",)
    return Verify(verify.check, expect, verify.when, verify.within, verify.stable_for)


def _input(name: str, shape: schema.InputShape) -> Input:
    return Input(
        name=name,
        text=text(shape.text),
        type=shape.type,
        many=shape.many,
        source=shape.source,
        key=shape.key,
        label=shape.label,
        where=_frozen(shape.where),
        within=_frozen(shape.within),
        default=shape.default,
        minimum=shape.minimum,
        maximum=shape.maximum,
    )


def _frozen(value: Mapping[str, Any]) -> Mapping[str, Any]:
    return value or NOTHING


def _exec(shape: schema.ExecShape) -> ExecAction:
    return ExecAction(
        on=shape.on,
        argv=tuple(shape.argv),
        each=shape.each,
        tail=tuple(shape.tail),
        batch=shape.batch,
        pause=shape.pause,
        timeout=shape.timeout,
    )


def _action(shape: schema.ActionShape) -> Action:
    if shape.exec:
        return _exec(shape.exec)
    if shape.patch:
        p = shape.patch
        return PatchAction(p.resource, p.name, p.body, p.namespace, p.type, p.each)
    if shape.delete:
        d = shape.delete
        return DeleteAction(d.resource, d.name, d.namespace, d.each)
    if shape.restart:
        return RestartAction(shape.restart.on, shape.restart.each, shape.restart.timeout)
    if shape.wait:
        return WaitAction(shape.wait.seconds)
    if shape.manual:
        return ManualAction(text(shape.manual.instruction))
    return RecreateAction()
