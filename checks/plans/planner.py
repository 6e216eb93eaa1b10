"""Makes plans: what a step, or its undo, would do to this cluster now, with a preview of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from checks.cluster import Cluster
from checks.layout import Layout
from checks.model import Result
from checks.plans.dryrun import preview_of
from checks.plans.inputs import label_of
from checks.plans.plan import LINES, Confirm, Picked, Plan, PlanError, PlannedWrite, Preview, bound, digest
from checks.plans.template import SlotError, fill, fill_argv, fill_text
from checks.plans.writes import Expander, owner
from checks.risk.command import risk_of_argv
from checks.risk.degrees import effective, risk_of, worst_risk
from checks.risk.twice import ORDER, twice
from checks.sessions.session import StepRecord
from checks.writing import dbbackup, eviction
from checks.writing.rehearse import holds, undo_values
from checks.writing.rowsthere import still_missing
from kb.messages import message
from kb.model import CommandAction, DeleteAction, ExecAction, ManualAction, PatchAction, Risk, Save, Step
from kb.safe import one_line, printable
from kb.text import Text


def make_plan(
    cluster: Cluster,
    layout: Layout,
    step: Step,
    values: Mapping[str, Any],
    results: Mapping[str, Result],
    now: float,
) -> Plan:
    """The plan of a step with these (validated) values; reads the cluster, writes nothing.

    Raises PlanError where the step cannot be planned and ClusterError where the cluster does not say enough.
    """
    expander = Expander(cluster, layout)
    writes = tuple(expander.expand(step.action, values))
    if not writes:
        raise PlanError(message("session.nothing-to-do"))
    risk = worst_risk([effective(step), *_risks_of_words(writes)])
    each = getattr(step.action, "each", "")
    twins = _twins(expander, cluster, step, values)
    shown = [line for lines in twins for line in lines]
    backups = dbbackup.wanted(cluster, writes)
    preview = _preview(cluster, expander, step, values, writes, shown)
    return Plan(
        step_id=step.id,
        purpose="do",
        title=fill_text(step.text, values),
        context=cluster.info.context,
        server=cluster.info.server,
        risk=risk,
        commands=writes,
        preview=replace(preview, note=preview.note or dbbackup.told(backups)),
        confirm=confirmation(cluster, risk, writes),
        reversible=bool(step.undo.parts),
        undo=step.undo.parts,
        backups=backups,
        undo_text=fill_text(step.undo.text, values),
        impact=fill_text(step.impact, values),
        made_at=now,
        warnings=_warnings(cluster, expander, writes),
        saves=_filled_saves(step.saves, values),
        values=dict(values),
        picked=_picked(step, values, results),
        twin=digest(shown) if twins else "",
        twins=tuple(map(digest, twins)) if step.preview and each and step.preview.each == each else (),
        instruction=fill_text(step.action.instruction, values)
        if isinstance(step.action, ManualAction)
        else writes[0].what
        if isinstance(step.action, CommandAction)
        else Text(),
    )


def plan_undo(cluster: Cluster, layout: Layout, step: Step, record: StepRecord, now: float) -> Plan:
    """The plan that takes a step back, for what was really sent; raises PlanError where there is no way back."""
    if not step.undo.parts:
        raise PlanError(step.undo.text or message("session.no-undo"))
    runs = record.to_undo()
    if any(run.redacted for run in runs):
        raise PlanError(message("handover.redacted"))
    expander = Expander(cluster, layout, _oldest_objects(runs), absent_is_fine=True)
    writes: list[PlannedWrite] = []
    risks: list[Risk] = []
    there = False
    for run in runs:
        values = undo_values(run.values, run.saved)
        _only_applied(step, run, values)
        for part in step.undo.parts:
            if not holds(part.when, values):
                continue
            left = still_missing(cluster, expander, part.action, values)
            each = getattr(part.action, "each", "")
            if left is not values and not left[each]:
                there = True  # all of it
                continue
            found = expander.expand(part.action, left)
            writes += found
            # What was saved may come back as a patch of an object that still exists: that has its own risk.
            patches = (_risk_of_patch(write) for write in found if write.kind == "patch")
            risks += [risk_of(part.action), *patches]
    writes = _last_of_same(writes)
    if not writes:
        gone = ", ".join(one_line(name, 60) for name in expander.absent[:5])
        nothing = message("undo.there" if there else "session.undo-nothing")
        raise PlanError(message("session.undo-gone", names=gone) if gone else nothing)
    risk = worst_risk([*risks, *_risks_of_words(writes)])
    return Plan(
        step_id=step.id,
        purpose="undo",
        title=_undo_title(fill_text(step.text, values)),
        context=cluster.info.context,
        server=cluster.info.server,
        risk=risk,
        commands=tuple(writes),
        preview=preview_of(cluster, expander, tuple(writes)) or _text_preview(tuple(writes), ()),
        confirm=confirmation(cluster, risk, tuple(writes)),
        reversible=True,
        undo_text=message("session.undo-of-undo"),
        impact=fill_text(step.undo.text, values),
        made_at=now,
        warnings=_warnings(cluster, expander, tuple(writes)),
        values=dict(record.values),
    )


def confirmation(cluster: Cluster, risk: Risk, writes: Sequence[PlannedWrite]) -> Confirm:
    """What has to be typed: a key, the target, or cluster and target, which production asks for whatever the risk."""
    name = target_name(writes)
    if risk != "destructive" and not cluster.info.production:
        return Confirm("target", (name,)) if risk == "disruptive" else Confirm("key", ("y",))
    return Confirm("cluster-and-target", (cluster.info.context or cluster.info.server, name))


def target_name(writes: Sequence[PlannedWrite]) -> str:
    """What a plan touches, in one word to type: the node, the pod, the object, or how many there are."""
    names = {_name_of(write) for write in writes} - {""}
    if len(names) == 1:
        return names.pop()
    return str(len(names) or len(writes))


def _name_of(write: PlannedWrite) -> str:
    if write.target:
        return write.target.node if "@" in write.role and write.target.node else write.target.pod
    return write.name


# --- previews ---------------------------------------------------------------------------------------------------------


def _preview(
    cluster: Cluster,
    expander: Expander,
    step: Step,
    values: Mapping[str, Any],
    writes: tuple[PlannedWrite, ...],
    twin: Sequence[str],
) -> Preview:
    if isinstance(step.action, (PatchAction, DeleteAction)):
        found = preview_of(cluster, expander, writes)
        if found:
            return found
    rows = _rows_preview(step, values, twin)
    return rows or _text_preview(writes, twin)


def _rows_preview(step: Step, values: Mapping[str, Any], twin: Sequence[str]) -> Preview | None:
    each = getattr(step.action, "each", "")
    spec = next((one for one in step.inputs if one.name == each), None)
    rows = values.get(each) if each else None
    if spec is None or not isinstance(rows, (list, tuple)) or not isinstance(step.action, ExecAction):
        return None
    lines = [label_of(spec, row) for row in rows[:LINES]]
    return Preview("rows", (*lines, *twin)[:LINES], len(rows), None)


def _text_preview(writes: Sequence[PlannedWrite], twin: Sequence[str]) -> Preview:
    lines = [one_line(shlex.join(write.kubectl), 2000) if write.kubectl else "" for write in writes]
    lines = [line for line in lines if line]
    return Preview("text", (*lines, *twin)[:LINES], len(lines) + len(twin))


def _twins(expander: Expander, cluster: Cluster, step: Step, values: Mapping[str, Any]) -> list[list[str]]:
    """What the step's read-only twin says now, by item where it is asked about the step's own; none without a twin."""
    twin, each = step.preview, getattr(step.action, "each", "")
    if twin is None:
        return []
    items = values.get(each) if each and twin.each == each else None
    parts = [{**values, each: [item]} for item in items] if isinstance(items, (list, tuple)) else [values]
    return [twin_lines(expander, cluster, twin, own) for own in parts]


def twin_lines(
    expander: Expander, cluster: Cluster, twin: ExecAction, values: Mapping[str, Any]
) -> list[str]:
    """Runs a read-only twin and returns its answer, safe to show; raises PlanError where it would write."""
    if risk_of(twin) != "read":
        raise PlanError(message("session.twin-writes", command=one_line(shlex.join(twin.argv), 200)))
    lines: list[str] = []
    for write in expander.expand(twin, values):
        if write.target is None:
            continue
        answer = run_read(cluster, write)
        lines.append("$ " + one_line(shlex.join(write.argv), 400))
        lines += printable(answer).splitlines()
    return lines


def run_read(cluster: Cluster, write: PlannedWrite) -> str:
    """The output of a reading command; raises PlanError where it fails."""
    target = write.target
    if target is None:
        raise PlanError(message("session.no-target", role=write.role))
    timeout = max(1.0, write.timeout)
    answer = cluster.exec(target.namespace, target.pod, target.container, write.argv, timeout=timeout)
    if answer.code != 0:
        said = one_line(answer.stderr or answer.stdout, 300)
        command = one_line(shlex.join(write.argv), 200)
        raise PlanError(message("session.read-failed", command=command, code=answer.code, said=said))
    return answer.stdout


# --- the rest ---------------------------------------------------------------------------------------------------------


def _warnings(cluster: Cluster, expander: Expander, writes: Sequence[PlannedWrite]) -> tuple[Text, ...]:
    found: list[Text] = []
    restarts = [write for write in writes if write.kind == "restart"]
    if len(restarts) > 1:
        found.append(message("session.many-restarts", count=len(restarts)))
    found += eviction.warnings(cluster, restarts)
    found += _repeated(writes)
    for write in writes:
        if write.kind in ("patch", "delete"):
            kept = owner(expander.objects.get((write.resource, write.namespace, write.name), {}))
            if kept and kept not in found and len(found) < 5:
                found.append(kept)
    return tuple(found)


def _repeated(writes: Sequence[PlannedWrite]) -> Iterator[Text]:
    """What the worst command would do if something on the way sent it twice; nothing where that changes nothing."""
    commands = [write.argv for write in writes if write.kind == "exec"]
    worst = max(map(twice, commands), key=ORDER.index, default="same")
    if worst != "same":
        argv = next(argv for argv in commands if twice(argv) == worst)
        shown = one_line(shlex.join(argv), 80)
        again = worst == "again"
        yield message("preview.twice-again" if again else "preview.twice-refused", command=shown)


def _picked(step: Step, values: Mapping[str, Any], results: Mapping[str, Result]) -> tuple[Picked, ...]:
    found = []
    for spec in step.inputs:
        value = values.get(spec.name)
        if spec.source.partition(".")[0] in results and spec.type in ("rows", "choice", "node") and value:
            many = value if isinstance(value, (list, tuple)) else (value,)
            found.append(Picked(spec, tuple(many)))
    return tuple(found)


def _filled_saves(saves: Sequence[Save], values: Mapping[str, Any]) -> tuple[Save, ...]:
    """The saves with their slots filled, so that the digest covers what they really read."""
    try:
        return tuple(replace(save, read=_filled(save.read, values)) for save in saves)
    except SlotError as error:
        raise PlanError(error.text) from error


def _filled(read: ExecAction, values: Mapping[str, Any]) -> ExecAction:
    return replace(read, on=fill(read.on, values), argv=fill_argv(read.argv, values))


def _only_applied(step: Step, record: StepRecord, values: dict[str, Any]) -> None:
    """Cuts the list of the action's items down to those whose write went through or may have."""
    each = getattr(step.action, "each", "")
    items = values.get(each) if each else None
    if not isinstance(items, (list, tuple)):
        return
    sent: set[int] = set()
    for command in record.applied():
        sent.update(range(command.first, command.first + command.items))
    values[each] = [item for index, item in enumerate(items) if index in sent]


def _oldest_objects(runs: Sequence[StepRecord]) -> tuple[Mapping[str, Any], ...]:
    """The saved objects of several runs, each as it was before the first of them."""
    oldest: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for run in runs:
        for one in run.objects:
            oldest[one["resource"], one["namespace"], one["name"]] = one
    return tuple(oldest.values())


def _last_of_same(writes: Sequence[PlannedWrite]) -> list[PlannedWrite]:
    """Every write once, at its last place: what the oldest run saved has the last word."""
    kept: dict[str, PlannedWrite] = {}
    for write in reversed(list(writes)):
        kept.setdefault(digest(bound(write)), write)
    return list(reversed(kept.values()))


def _risks_of_words(writes: Sequence[PlannedWrite]) -> list[Risk]:
    """The risks of the command lines that will run: what a slot became can only raise what the template said."""
    return [risk_of_argv(write.argv) for write in writes if write.kind == "exec"]


def _risk_of_patch(write: PlannedWrite) -> Risk:
    return risk_of(PatchAction(write.resource, write.name, write.body, type=write.patch_type))


def _undo_title(step: Text) -> Text:
    return Text(
        message("session.undo-title", step=step.en).en, message("session.undo-title", step=step.zh).zh
    )
