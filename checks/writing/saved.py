"""The rollback point of a plan: what its undo needs is read, written down, read back and tried out before a write.

Whatever of it fails, the step has not begun: PlanError (or what the reading raised), and nothing was sent.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import asdict
from typing import Any

from checks.cluster import Cluster, Resource
from checks.parse import parse
from checks.plans.plan import Plan, PlanError, PlannedWrite, digest
from checks.plans.planner import run_read
from checks.plans.writes import Expander, content
from checks.sessions.journal import Journal, read
from checks.sessions.session import Entry, StepRecord, fold
from checks.writing import dbbackup, keptfile, savedrows
from checks.writing.dbbackup import Backup
from checks.writing.rehearse import rehearse, undo_values
from checks.writing.stepevents import Saved, StepEvent, Waiting
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

TOUCHING = ("patch", "delete", "restart")
"""Kinds of writes whose object is saved whole."""


def save(
    cluster: Cluster, expander: Expander, plan: Plan, journal: Journal
) -> Generator[StepEvent, None, None]:
    """Saves what the plan's undo needs and proves that it can be used; raises PlanError, ClusterError, JournalError."""
    written: list[Entry] = []
    for backup in plan.backups:
        yield Waiting(backup.told, 0.0, 0.0)
        entry, said = _backup(cluster, plan, journal, backup)
        written += [entry]
        yield Saved(said)
    if plan.purpose == "undo":
        for write in plan.commands:
            if write.kind in TOUCHING:
                _object(cluster, plan, journal, write, "before_undo")
        return
    written += yield from _rows(cluster, plan, journal)
    for save in plan.saves:
        answers: dict[str, Any] = {}
        for write in expander.expand(save.read, plan.values):
            where = write.target.pod if write.target else ""
            answers[where] = parse(save.parse, run_read(cluster, write))
        value = next(iter(answers.values())) if len(answers) == 1 else answers
        written.append(journal.append("saved", step=plan.step_id, name=save.name, value=value))
        yield Saved(message("session.saved-value", name=save.name))
    for write in plan.commands:
        if write.kind in TOUCHING:
            written.append(_object(cluster, plan, journal, write, "saved_object"))
            kind = Resource.parse(write.resource).dotted
            yield Saved(message("session.saved-object", kind=kind, name=one_line(write.name, 100)))
    back = _read_back(journal, plan, written)
    rehearse(plan.undo, undo_values(plan.values, back.saved), back.objects)
    if plan.undo:
        journal.append("rollback_point", step=plan.step_id, entries=len(written))
        yield Saved(message("undo.point-checked", count=len(written)))


def _rows(cluster: Cluster, plan: Plan, journal: Journal) -> Generator[StepEvent, None, list[Entry]]:
    """The rows that commands write to, where the whole database is not backed up."""
    programs = {source.database: program for program, source in dbbackup.SOURCES.items()}
    possible = [one for one in plan.backups if one.why_not is None and journal.path is not None]
    backed_up = [programs[one.source.database] for one in possible]
    written: list[Entry] = []
    count = 0
    for write, what in savedrows.wanted(plan, backed_up):
        target = write.target
        if target is None:
            continue
        pod = {"role": write.role, "pod": target.pod, "node": target.node or ""}
        where = {"step": plan.step_id, "program": write.argv[0], **pod}
        try:
            tables = savedrows.rows(cluster, target, write.argv[0], what)
        except (
            PlanError
        ) as error:  # the step's own undo has what it needs; that this is missing is written down
            journal.append("saved_rows", tables={}, why=error.text.en, **where)
            yield Saved(error.text)
            continue
        count += sum(len(held) for held in tables.values())
        written.append(journal.append("saved_rows", tables=tables, **where))
    if count:
        yield Saved(message("undo.rows-saved", count=f"{count:,}"))
    return written


def _backup(cluster: Cluster, plan: Plan, journal: Journal, backup: Backup) -> tuple[Entry, Text]:
    """The whole database, kept beside the journal and proven whole; where it cannot be had, that is written down."""
    database, target = backup.source.database, backup.target
    if backup.why_not is not None or journal.path is None:
        why = backup.why_not.en if backup.why_not is not None else ""
        return journal.append("saved_file", step=plan.step_id, database=database, why=why), backup.told
    answer = cluster.exec(
        target.namespace, target.pod, target.container, backup.argv, timeout=dbbackup.TIMEOUT + 5
    )
    raw = answer.stdout.encode("utf-8", "surrogatepass")
    rows = dbbackup.contents(raw, database) if answer.code == 0 else Text.of(one_line(answer.stderr, 300))
    if isinstance(rows, Text):
        both = {
            lang: message("undo.backup-failed", database=database, why=rows.get(lang))
            for lang in ("en", "zh")
        }
        raise PlanError(Text(both["en"].en, both["zh"].zh))
    kept = keptfile.keep(journal.path, f"{database}.{len(journal.entries) + 1}.db", raw)
    counts = {table: len(held) for table, held in rows.items()}
    entry = journal.append(
        "saved_file", step=plan.step_id, purpose=plan.purpose, database=database, rows=counts, **asdict(kept)
    )
    said = message(
        "undo.backup-taken",
        database=database,
        rows=f"{sum(counts.values()):,}",
        size=f"{kept.size // 1024:,}",
        name=kept.name,
    )
    return entry, said


def _object(cluster: Cluster, plan: Plan, journal: Journal, write: PlannedWrite, kind: str) -> Entry:
    """The object as it is now, which must be the one that was shown."""
    obj = cluster.get(Resource.parse(write.resource), write.name, namespace=write.namespace)
    other = bool(write.uid) and obj.get("metadata", {}).get("uid") != write.uid
    if other or (write.content and content(obj) != write.content):
        shown = f"{Resource.parse(write.resource).dotted}/{one_line(write.name, 100)}"
        raise PlanError(message("session.stale-other" if other else "session.stale-changed", what=shown))
    return journal.append(
        kind,
        step=plan.step_id,
        resource=write.resource,
        namespace=write.namespace,
        name=write.name,
        object=obj,
    )


def _read_back(journal: Journal, plan: Plan, written: list[Entry]) -> StepRecord:
    """The step's record as the file tells it; raises PlanError where that is not what was written."""
    stored = read(journal.path) if journal.path else journal.entries
    by_number = {entry.get("n"): entry for entry in stored}
    for entry in written:
        if digest(by_number.get(entry["n"])) != digest(entry):
            raise PlanError(message("undo.not-read-back", number=entry["n"]))
    record = fold(stored).step(plan.step_id)
    if plan.undo and digest(record.values) != digest(plan.values):
        raise PlanError(message("undo.not-read-back", number=0))
    return record
