"""Running an article's reading command within a walk: planned for showing, run as shown, kept in the session.

It reads and is no step's write: no arming is needed, nothing is in doubt when it is interrupted. What it printed goes
to the screen and into the journal without secrets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks import kubeconfig
from checks.errors import ClusterError, ConfigError
from checks.layout import resolve
from checks.local.access import HasKubeAccess, KubeAccess
from checks.local.ko import Inside
from checks.local.options import NotLocal
from checks.local.output import Cleaned
from checks.local.process import SECONDS, Ended, environment, find, run_pipe
from checks.local.record import matchers
from checks.local.run import local_command
from checks.local.told import told
from checks.plans import byhand
from checks.redact import redactor
from checks.sessions.session import SETTLED
from checks.writing.stepevents import Output, StepEnded, StepEvent, Waiting
from kb.messages import message
from kb.model import CommandAction

if TYPE_CHECKING:
    from checks.clock import Stop
    from checks.walking.walk import Walk

__all__ = ["LocalPlan", "NotLocal", "plan_local", "run_local"]

KEPT = 64 * 1024
"""Characters of output that are kept in the session."""


@dataclass(frozen=True, slots=True)
class LocalPlan:
    """What would run, exactly: shown first, then run."""

    step_id: str
    values: Mapping[str, Any]
    argv: tuple[tuple[str, ...], ...]
    """The words of each program of the pipe, the program by its absolute path."""
    access: KubeAccess
    seconds: float = SECONDS

    @property
    def environment(self) -> dict[str, str]:
        """Which kubeconfig files kubectl reads: those that klinik is connected with."""
        return {"KUBECONFIG": os.pathsep.join(self.access.files)}


def plan_local(walk: Walk, step_id: str, values: Mapping[str, Any]) -> LocalPlan:
    """What would run for this step with these values; raises NotLocal, and InputError for a value of the wrong type."""
    step = walk.guide.step(step_id)
    typed = byhand.given(step, values, walk.results)
    command = local_command(step, typed)
    if not isinstance(walk.cluster, HasKubeAccess):
        raise NotLocal(message("localrun.no-cluster"))
    access = walk.cluster.kube_access
    paths = [find(program) for program, *_ in command.stages]
    lost = next((s[0] for s, path in zip(command.stages, paths, strict=True) if path is None), None)
    if lost is not None:
        raise NotLocal(message("localrun.not-found", program=lost))
    (_, *words), *filters = command.stages
    if command.inside is not None:
        words = _in_pod(walk, command.inside)
    first = (str(paths[0]), *access.options(scoped=command.scoped), *words)
    rest = ((str(path), *one[1:]) for path, one in zip(paths[1:], filters, strict=True))
    return LocalPlan(step_id, byhand.kept(step, values, walk.results), (first, *rest), access)


def _in_pod(walk: Walk, inside: Inside) -> list[str]:
    """The words of kubectl for a command in the pod of a role, as the cluster is now."""
    try:
        target = resolve(walk.cluster, walk.layout, inside.role)[0]
    except ClusterError as error:
        raise NotLocal(message("localrun.no-pod", role=inside.role, why=error.text)) from error
    return ["exec", "-n", target.namespace, target.pod, "-c", target.container, "--", *inside.argv]


def run_local(walk: Walk, plan: LocalPlan, stop: Stop | None = None) -> Iterator[StepEvent]:
    """Runs what was shown, and writes it down; a step whose command ended well is ticked off. `StepEnded` comes last.

    Raises NotLocal where klinik is no longer connected with what was shown, and JournalError.
    """
    _still_same(walk, plan)
    _begin(walk)
    redact = redactor(walk.session.id)
    cleaned = Cleaned(redact, KEPT)
    yield Waiting(message("localrun.running"), 0.0, plan.seconds)
    started, at = walk.clock.monotonic(), walk.clock.now()
    ended = Ended("not-started", (), 0.0)
    for piece in run_pipe(plan.argv, environment(plan.environment), stop=stop, seconds=plan.seconds):
        if isinstance(piece, Ended):
            ended = piece
        elif piece.text:
            shown = cleaned.take(piece.text, error=piece.error)
            if shown:
                yield Output(shown)
        else:
            yield Waiting(message("localrun.running"), walk.clock.monotonic() - started, plan.seconds)
    rest = cleaned.rest()
    if rest:
        yield Output(rest)
    _write(walk, plan, ended, cleaned, at)
    state = walk.state(plan.step_id)
    if walk.session.runs[-1].answered and state not in SETTLED and walk.blocked(plan.step_id) is None:
        yield from walk.done_by_hand(plan.step_id, stop, plan.values)
        return
    yield StepEnded(plan.step_id, state, told(walk.session.runs[-1]))


def _begin(walk: Walk) -> None:
    """Makes the journal before anything runs: its name is the key of the tokens that stand for secrets."""
    _ = walk.journal


def _still_same(walk: Walk, plan: LocalPlan) -> None:
    """kubectl reads the files anew: they have to say what they said when klinik connected with them."""
    cluster = walk.cluster
    if not isinstance(cluster, HasKubeAccess) or cluster.kube_access != plan.access:
        raise NotLocal(message("localrun.no-cluster"))
    access = plan.access
    try:
        if access.choice is None:
            config = kubeconfig.read()
            same = config is None or not config.contexts
        else:
            now = kubeconfig.merged([Path(file) for file in access.files])
            same = kubeconfig.choose(now, access.choice.context) == access.choice
    except ConfigError as error:
        raise NotLocal(message("localrun.changed")) from error
    if not same:
        raise NotLocal(message("localrun.changed"))


def _write(walk: Walk, plan: LocalPlan, ended: Ended, cleaned: Cleaned, at: float) -> None:
    step = walk.guide.step(plan.step_id)
    redact = redactor(walk.session.id)
    shell = walk.line(step.id, plan.values) if isinstance(step.action, CommandAction) else ""
    walk.record(
        "ran",
        step=plan.step_id,
        line=redact(shell),
        argv=[[redact(word) for word in stage] for stage in plan.argv],
        started=at,
        took_ms=round(ended.took * 1000),
        end=ended.how,
        code=ended.code(matchers(plan.argv)),
        output=redact(cleaned.kept),
        cut=cleaned.cut,
        why=ended.why,
        operator=walk.operator,
    )
