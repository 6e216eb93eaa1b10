"""What a guide says about checks that the catalogue does not bear out: wrong ids, params, conditions, roles. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from checks.cel import expr
from checks.cel.expr import Expression, ExpressionError
from checks.layout import Layout
from checks.model import CheckSpec
from checks.risk.degrees import risk_of
from kb.findings import nearest, problem_of
from kb.model import Cause, ExecAction, Guide, RestartAction, Step
from kb.problem import Problem, Severity

if TYPE_CHECKING:
    from checks.catalogue import Catalogue

_ALWAYS = ("verdict", "value", "reason")
_OF_EACH = ("total", "bad", "unknown", "ok", "worst")
_OF_STEPS = ("inputs", "saved")


def lint(guide: Guide, catalogue: Catalogue, layout: Layout) -> list[Problem]:
    """All problems of a guide that need the catalogue or the layout to be seen."""
    return _Lint(guide, catalogue.checks, layout).run()


@dataclass
class _Lint:
    guide: Guide
    checks: Mapping[str, CheckSpec]
    layout: Layout
    problems: list[Problem] = field(default_factory=list)

    def run(self) -> list[Problem]:
        for use in self.guide.checks.values():
            self._use(use.alias, use.check, use.params)
        for cause in self.guide.causes:
            self._cause(cause)
        for step in self.guide.steps:
            self._step(step)
        return self.problems

    def _say(self, part: str, code: str, severity: Severity = "error", **params: Any) -> None:
        line = self.guide.lines.get(part, 0)
        found = problem_of(self.guide.path, line, f"guide.{code}", f"checks.guide-{code}", severity, **params)
        self.problems.append(found)

    def _use(self, alias: str, check: str, params: Mapping[str, Any]) -> None:
        part = f"checks.{alias}"
        spec = self.checks.get(check)
        if spec is None:
            self._say(part, "unknown-check", alias=alias, check=check, hint=nearest(check, self.checks))
            return
        for name in sorted(set(params) - set(spec.params)):
            hint = nearest(name, spec.params)
            self._say(part, "unknown-param", alias=alias, check=check, name=name, hint=hint)
        for name in sorted(set(params) & set(spec.params)):
            if _kind(params[name]) != _kind(spec.params[name]):
                wanted = f"{spec.params[name]!r}"
                self._say(
                    part, "param-type", alias=alias, name=name, value=f"{params[name]!r}", wanted=wanted
                )

    def _cause(self, cause: Cause) -> None:
        part = f"causes.{cause.id}"
        used = set(self.guide.checks)
        for key, text in (("supported_when", cause.supported_when), ("refuted_when", cause.refuted_when)):
            names = self._condition(part, f"{part}.{key}", text, ())
            for name in sorted((names or frozenset()) & used - set(cause.evidence)):
                self._say(part, "cause-blind", "warning", cause=cause.id, name=name)
            if key == "supported_when" and names is not None and not names & used:
                self._say(part, "cause-unreachable", cause=cause.id)

    def _step(self, step: Step) -> None:
        part = f"steps.{step.id}"
        if not any(step.id in cause.fix for cause in self.guide.causes):
            self._say(part, "step-unreachable", "warning", step=step.id)
        if step.verify is None and risk_of(step.action) != "read":
            self._say(part, "no-verify", "warning", step=step.id)
        for where, text in _conditions(step):
            self._condition(part, f"{part}.{where}", text, _OF_STEPS)
        for where, on in _roles(step):
            role = on.partition("@")[0]
            if "{" not in role and role not in self.layout.roles:
                hint = nearest(role, self.layout.roles)
                self._say(part, "unknown-role", where=f"{part}.{where}", role=role, hint=hint)

    def _condition(self, part: str, where: str, text: str, more: Iterable[str]) -> frozenset[str] | None:
        """Check one condition; the names it uses, None where it cannot be read."""
        if not text.strip():
            return frozenset()
        try:
            compiled = expr.compile(text)
        except ExpressionError as error:
            self._say(part, "cel", where=where, why=error.text)
            return None
        known = [*self.guide.checks, *more]
        for name in sorted(compiled.names - set(known)):
            self._say(part, "unknown-alias", where=where, name=name, hint=nearest(name, known))
        self._fields(part, where, compiled)
        return compiled.names

    def _fields(self, part: str, where: str, compiled: Expression) -> None:
        for name, wanted in sorted(compiled.fields):
            use = self.guide.checks.get(name)
            given = fields_of(self.checks[use.check]) if use and use.check in self.checks else None
            if use and given is not None and wanted not in given:
                hint = nearest(wanted, given)
                self._say(
                    part, "unknown-field", where=where, name=name, field=wanted, check=use.check, hint=hint
                )


def fields_of(spec: CheckSpec) -> frozenset[str] | None:
    """What conditions may ask of a check's result; None where only its Python judge knows."""
    if spec.judge:
        return None
    return frozenset((*_ALWAYS, *spec.measure, *(_OF_EACH if spec.each else ())))


def _kind(value: Any) -> str:
    """Whether a param is a number, a truth, a text …; ints and doubles are one."""
    return (
        "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
    )


def _conditions(step: Step) -> Iterator[tuple[str, str]]:
    yield "already_done", step.already_done
    for index, requirement in enumerate(step.requires):
        yield f"requires[{index}]", requirement.when
    if step.verify:
        yield "verify.when", step.verify.when
    for index, part in enumerate(step.undo.parts):
        yield f"undo.do[{index}]", part.when


def _roles(step: Step) -> Iterator[tuple[str, str]]:
    parts = [("action", step.action), *((f"undo.do[{n}]", p.action) for n, p in enumerate(step.undo.parts))]
    parts += [(f"save.{save.name}", save.read) for save in step.saves]
    if step.preview:
        parts.append(("preview", step.preview))
    for where, action in parts:
        if isinstance(action, ExecAction | RestartAction):
            yield where, action.on
