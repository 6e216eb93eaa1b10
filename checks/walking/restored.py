"""What an undo brought back: everything saved before the step's writes beside the cluster as it is now."""

from __future__ import annotations

import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from checks.clock import Stop, stopping
from checks.cluster import Cluster, Resource
from checks.errors import ClusterError, NotFound
from checks.parse import Unparsable, parse
from checks.plans.plan import PlanError, digest
from checks.plans.planner import run_read
from checks.plans.template import SlotError, fill, fill_argv, fill_patch
from checks.plans.writes import Expander, reborn
from checks.sessions.session import StepRecord
from checks.writing.dbbackup import SOURCES, TIMEOUT, Backup, contents
from checks.writing.keptfile import Kept, is_there, load
from checks.writing.rehearse import rows_of
from checks.writing.savedrows import again
from checks.writing.stepevents import StepEvent, Waiting
from checks.writing.touchedrows import as_before, touched
from kb.messages import message
from kb.model import ExecAction, PatchAction, RestartAction, Step
from kb.safe import one_line
from kb.said import text_of
from kb.text import Text
from kb.wording import joined

if TYPE_CHECKING:
    from checks.walking.walk import Walk

WITHIN = 10.0
"""Cluster seconds in which everything has to be as it was."""
LOOK_EVERY = 1.0
SHOWN = 300
_HIDDEN = "***"
ROLES = {"OVN_Northbound": "ovn-nb-leader", "OVN_Southbound": "ovn-sb-leader"}
"""Where a database is read again: its leader may be another pod by now."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One thing that was saved, as it was and as it is."""

    what: str | Text
    before: str
    now: str | Text
    same: bool | None
    """None: it could not be looked at; `now` says why."""
    kind: Literal["value", "object"] = "value"
    """A whole object is as it was, or away: then `before` and `now` are empty."""


def compare(cluster: Cluster, expander: Expander, step: Step, record: StepRecord) -> tuple[Compared, ...]:
    """Looks at everything that was saved before the first of the step's writes; never raises for the cluster."""
    runs = record.to_undo() or (record,)
    found: dict[str | Text, Compared] = {}
    for run in runs:  # the latest first: the oldest has the last word
        for one in (*_values(cluster, expander, step, run), *_objects(cluster, step, run)):
            found[one.what] = one
    return tuple(found.values())


def come_back(walk: Walk, step: Step, stop: Stop | None) -> Generator[StepEvent, None, tuple[Compared, ...]]:
    """Looks until everything is as it was, for at most `WITHIN`; returns the last look."""
    clock, pace = walk.clock, walk.cluster.info.pace
    record = walk.record_of(step.id)
    began = clock.monotonic()
    while True:
        found = compare(walk.cluster, Expander(walk.cluster, walk.layout), step, record)
        elapsed = (clock.monotonic() - began) / pace
        if all(one.same for one in found) or elapsed >= WITHIN or stopping(stop):
            return (*found, *_rows(walk, record), *_rows_of_nodes(walk, record))
        yield Waiting(message("undo.waiting"), elapsed, WITHIN)
        clock.sleep(LOOK_EVERY * pace, stop)


def not_here(journal: Path | None, record: StepRecord) -> tuple[Text, ...]:
    """The backups that an undo of this step would be compared with, and that are not beside this journal."""
    files = [one for run in record.to_undo() for one in run.files]
    return tuple(
        message(
            "handover.file-not-here",
            database=one_line(str(one["database"]), 60),
            name=one_line(str(one["name"]), 100),
        )
        for one in files
        if journal is not None and not is_there(journal, str(one["name"]))
    )


def differing(found: Sequence[Compared]) -> Text | None:
    """What is not as it was, in words; None where everything that could be looked at is."""
    wrong = [one for one in found if one.same is False]
    if not wrong:
        return None
    first = wrong[0]
    if first.kind == "object":
        return message("undo.away", count=len(wrong), what=first.what)
    return message("undo.differs", count=len(wrong), what=first.what, before=first.before, now=first.now)


def told(found: Sequence[Compared]) -> Text:
    """How far it is proven that the undo brought everything back."""
    same, unseen = sum(one.same is True for one in found), sum(one.same is None for one in found)
    if unseen:
        return message("undo.back-unseen", count=same, unseen=unseen)
    return message("undo.back", count=same) if same else message("session.undone")


def as_entries(found: Sequence[Compared]) -> list[dict[str, Any]]:
    """For the journal."""
    return [asdict(one) for one in found]  # a Text becomes {en, zh}


# --- values -----------------------------------------------------------------------------------------------------------


def _values(cluster: Cluster, expander: Expander, step: Step, run: StepRecord) -> Iterator[Compared]:
    """Every `save` of the step, read again by the same command."""
    for save in step.saves:
        if save.name not in run.saved:
            continue
        before = run.saved[save.name]
        try:
            answers = [
                parse(save.parse, run_read(cluster, write))
                for write in expander.expand(_filled(save.read, run.values), run.values)
            ]
        except (ClusterError, PlanError, SlotError, Unparsable) as error:
            yield Compared(save.name, _short(before), _said(error), None)
            continue
        # A save of several pods is kept by pod, and a pod may have another name by now.
        many = isinstance(before, Mapping) and len(answers) != 1
        was = sorted(map(digest, before.values())) if many else digest(before)
        now = sorted(map(digest, answers)) if many else digest(answers[0])
        shown = answers if many else answers[0]
        yield Compared(save.name, _short(before), _short(shown), was == now)


def _filled(read: ExecAction, values: Mapping[str, Any]) -> ExecAction:
    return replace(read, on=fill(read.on, values), argv=fill_argv(read.argv, values))


# --- rows of databases ------------------------------------------------------------------------------------------------


def _rows(walk: Walk, record: StepRecord) -> Iterator[Compared]:
    """The rows that the step's commands wrote to, as its backups have them and as the databases have them now."""
    runs = record.to_undo()
    kept = {str(one["database"]): one for run in runs for one in run.files}  # the oldest has the last word
    argvs = [_argv_of(command.kubectl) for run in runs for command in run.applied()]
    for database, one in kept.items():
        mine = [argv for argv in argvs if argv and _writes_to(argv, database)]
        what = [row for argv in mine for row in touched(argv)]
        file = Kept(str(one["name"]), int(one["size"]), str(one["sha256"]))
        raw = load(walk.path, file) if walk.path and what else None
        before = contents(raw, database) if raw is not None else None
        now = _read_again(walk, mine[0], database) if mine and isinstance(before, Mapping) else None
        if not what:
            continue
        if not isinstance(before, Mapping) or not isinstance(now, Mapping):
            gone = message("handover.file-not-here", database=database, name=one_line(file.name, 100))
            unread = message("undo.database-unread", database=database)
            yield Compared(database, "", unread if raw is not None else gone, None, "object")
            continue
        for table, (count, wrong) in as_before(what, before, now).items():
            yield _rows_compared(database, table, count, wrong)


def _rows_of_nodes(walk: Walk, record: StepRecord) -> Iterator[Compared]:
    """The rows that were read before the step, read again where they are now: a pod may be another one by then."""
    runs = record.to_undo()
    commands = [command.kubectl for run in runs for command in run.applied()]
    oldest = {(one["role"], one["pod"]): one for run in runs for one in run.rows}
    expander = Expander(walk.cluster, walk.layout)
    for one in oldest.values():
        mine = [words for words in commands if one["pod"] in words]
        what = [row for words in mine for row in touched(_argv_of(words))]
        where = one["node"] or one["pod"]
        try:
            pods = expander.targets(one["role"])
            target = next((pod for pod in pods if not one["node"] or pod.node == one["node"]), pods[0])
        except (ClusterError, PlanError):
            continue
        now = again(walk.cluster, target, one["program"], what) if what else None
        if now is None:
            continue
        for table, (count, wrong) in as_before(what, one["tables"], now).items():
            yield _rows_compared(where, table, count, wrong)


def _rows_compared(where: str, table: str, count: int, wrong: int) -> Compared:
    rows = message("undo.rows", count=f"{count:,}", table=table)
    changed = message("undo.rows-changed", count=f"{wrong:,}") if wrong else ""
    return Compared(joined((where, rows), " ", " "), "", changed, wrong == 0, "object")


def _read_again(walk: Walk, argv: Sequence[str], database: str) -> Mapping[str, Any] | None:
    try:
        source = SOURCES[argv[0].rpartition("/")[2]]
        targets = Expander(walk.cluster, walk.layout).targets(ROLES[database])
        one = Backup(source, targets[0])
        answer = walk.cluster.exec(
            targets[0].namespace, targets[0].pod, targets[0].container, one.argv, timeout=TIMEOUT + 5
        )
    except (ClusterError, PlanError):
        return None
    found = contents(answer.stdout.encode("utf-8", "surrogatepass"), database)
    return found if answer.code == 0 and isinstance(found, Mapping) else None


def _argv_of(kubectl: Sequence[str]) -> tuple[str, ...]:
    """The command inside ``kubectl exec … -- COMMAND``."""
    words = tuple(kubectl)
    return words[words.index("--") + 1 :] if "--" in words else ()


def _writes_to(argv: Sequence[str], database: str) -> bool:
    source = SOURCES.get(argv[0].rpartition("/")[2])
    return source is not None and source.database == database


# --- objects ----------------------------------------------------------------------------------------------------------


def _objects(cluster: Cluster, step: Step, run: StepRecord) -> Iterator[Compared]:
    if isinstance(step.action, RestartAction):
        return  # the pod is another one, as the step meant
    paths = _touched(step, run)
    for one in run.objects:
        resource = Resource.parse(one["resource"])
        name = f"{resource.dotted}/{one_line(one['name'], 100)}"
        try:
            now = cluster.get(resource, one["name"], namespace=one["namespace"])
        except NotFound:
            yield Compared(name, "", "", False, "object")
            continue
        except ClusterError as error:
            yield Compared(name, "", _said(error), None, "object")
            continue
        mine = paths.get((one["namespace"], one["name"]), ())
        for field in _fields(name, one["object"], now, mine):
            # What a Secret holds is on no screen and in no export; whether it is the same is.
            hidden = resource.plural == "secrets" and field.kind == "value"
            yield replace(field, before=_HIDDEN, now=_HIDDEN) if hidden else field


def _fields(
    name: str, before: Mapping[str, Any], now: Mapping[str, Any], paths: Sequence[tuple[str, ...]]
) -> Iterator[Compared]:
    """The fields that the step wrote; of an object that it deleted all that can be created again."""
    wanted = paths or tuple(_leaves(_kept(before)))
    wrong = [path for path in wanted if not _same(_at(before, path), _at(now, path))]
    if not wrong:
        yield Compared(name, "", "", True, "object")
    for path in wrong[:5]:
        where = f"{name} {'.'.join(path)}"
        yield Compared(where, _short(_at(before, path)), _short(_at(now, path)), False)


def _kept(obj: Mapping[str, Any]) -> dict[str, Any]:
    body = reborn(dict(obj))
    meta = {key: value for key, value in body["metadata"].items() if key in ("labels", "annotations")}
    kept = {key: value for key, value in body.items() if key not in ("metadata", "apiVersion", "kind")}
    return {**kept, "metadata": meta} if meta else kept


def _same(before: Any, now: Any) -> bool:
    """Equal; an empty list or mapping is as good as none, for API servers drop them."""
    nothing: tuple[Any, ...] = (None, {}, [], ())
    return bool(before == now) or (before in nothing and now in nothing)


def _touched(step: Step, run: StepRecord) -> dict[tuple[str, str], tuple[tuple[str, ...], ...]]:
    """The paths that the step's patch wrote, by namespace and name; none for a deletion."""
    action = step.action
    if not isinstance(action, PatchAction):
        return {}
    found = {}
    for own in rows_of(action.each, run.values):
        try:
            body = fill_patch(action.type, action.body, own)
            key = (fill(action.namespace, own), fill(action.name, own))
        except SlotError:
            continue
        found[key] = tuple(_pointers(body) if action.type == "json" else _leaves(body))
    return found


def _pointers(operations: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, ...]]:
    for one in operations:
        if one.get("op") != "test":
            parts = str(one.get("path", "")).split("/")[1:]
            yield tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


def _leaves(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if isinstance(value, Mapping) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, str(key)))
    elif path:
        yield path


def _at(obj: Any, path: Sequence[str]) -> Any:
    for key in path:
        if isinstance(obj, Mapping) and key in obj:
            obj = obj[key]
        elif isinstance(obj, (list, tuple)) and key.isdigit() and int(key) < len(obj):
            obj = obj[int(key)]
        else:
            return None
    return obj


def _short(value: Any) -> str:
    if value is None:
        return "-"
    if not isinstance(value, str):
        value = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return one_line(value, SHOWN) or '""'


def _said(error: Exception) -> Text:
    return text_of(error).each(lambda words: one_line(words, SHOWN))
