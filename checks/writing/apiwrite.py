"""One write to the API, bound to the object and version that were looked at last, and what its answer means.

Only what the server refused for certain has failed. A lost answer is in doubt; so is a refusal that may be the answer
to a repetition: on the way to a server requests arrive twice, and then the second copy meets what the first one did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from checks.cluster import Cluster, Object, Resource
from checks.errors import ClusterError, Conflict, InDoubt, Invalid, NotFound, Timeout
from checks.plans.plan import PlannedWrite
from checks.plans.writes import content
from checks.writing.transition import contains
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

TRIES = 3
"""How often a patch is sent where only the status of its object changed between the look and the patch."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of a write; `text` says why where it is not ``ok``, or that there was nothing to do."""

    state: Literal["ok", "failed", "in_doubt"]
    text: Text = Text()  # noqa: RUF009 - a frozen value


def send(cluster: Cluster, write: PlannedWrite) -> Sent:
    """Sends a patch, creation, deletion or eviction, and tells what became of it; never raises ClusterError."""
    for _ in range(TRIES):
        try:
            version = _version(cluster, write)
        except NotFound as error:
            return _gone(write) if _goes(write) else Sent("failed", error.text)
        except ClusterError as error:
            return Sent("failed", error.text)  # it was only looked: nothing has gone out
        try:
            _call(cluster, write, version)
            return Sent("ok")
        except NotFound as error:
            return _gone(write) if _goes(write) else Sent("failed", error.text)
        except (Conflict, Invalid) as error:
            told = _refused(cluster, write, error)
        except (InDoubt, Timeout) as error:
            return Sent("in_doubt", error.text)
        except ClusterError as error:
            return Sent("in_doubt" if error.sent else "failed", error.text)
        if told is not None:
            return told
    return Sent("failed", message("session.stale-changed", what=_shown(write)))


def _call(cluster: Cluster, write: PlannedWrite, version: str) -> None:
    resource, namespace, name = Resource.parse(write.resource), write.namespace, write.name
    if write.kind == "restart":  # an eviction: the pod goes only as its PodDisruptionBudgets allow
        cluster.evict(namespace, name, uid=write.uid)
    elif write.kind == "delete":
        cluster.delete(resource, name, namespace=namespace, uid=write.uid, version=version)
    elif write.kind == "create":
        cluster.create(resource, write.body, namespace=namespace)
    else:
        cluster.patch(resource, name, _bound(write, version), namespace=namespace, type=write.patch_type)


def _version(cluster: Cluster, write: PlannedWrite) -> str:
    """The version that a patch or deletion is bound to, of an object that still is as planned; raises Conflict."""
    if write.kind not in ("patch", "delete"):
        return ""
    now = _now(cluster, write)
    if not _is_planned(now, write):
        raise Conflict(message("session.stale-changed", what=_shown(write)))
    return str(now["metadata"].get("resourceVersion", ""))


def _bound(write: PlannedWrite, version: str) -> Any:
    """The patch with the condition that nobody has written the object since."""
    if not version:
        return write.body
    if write.patch_type == "json":
        return [{"op": "test", "path": "/metadata/resourceVersion", "value": version}, *write.body]
    return {**write.body, "metadata": {**(write.body.get("metadata") or {}), "resourceVersion": version}}


def _refused(cluster: Cluster, write: PlannedWrite, error: ClusterError) -> Sent | None:
    """What a refusal for the sake of what is there means, after a look at what is there; None: try again."""
    bound = isinstance(error, Conflict) or (write.kind == "patch" and write.patch_type == "json")
    if not bound:
        return Sent("failed", error.text)
    try:
        now = _now(cluster, write)
    except NotFound:
        return _gone(write) if _goes(write) else Sent("failed", error.text)
    except ClusterError:
        return Sent("in_doubt", error.text)  # whose answer this is cannot be seen
    meta = now["metadata"]
    if _goes(write) and write.uid and (meta.get("uid", "") != write.uid or meta.get("deletionTimestamp")):
        return _gone(write)  # on its way out, or another one has its name already
    if write.kind in ("patch", "delete") and _is_planned(now, write):
        return None if isinstance(error, Conflict) else Sent("failed", error.text)
    if _goes(write):
        return Sent("failed", error.text)
    there = write.patch_type == "json" if write.kind == "patch" else False
    if there or contains(now, write.body):
        text = message(
            "faults.there", what=_shown(write), why=error.text.each(lambda said: one_line(said, 200))
        )
        return Sent("in_doubt", text)
    return Sent("failed", error.text)


def _now(cluster: Cluster, write: PlannedWrite) -> Object:
    return cluster.get(Resource.parse(write.resource), write.name, namespace=write.namespace)


def _is_planned(now: Object, write: PlannedWrite) -> bool:
    """Whether the object still is what the plan was made for; its status may differ."""
    return bool(now["metadata"].get("uid", "") == write.uid) and content(now) == write.content


def _goes(write: PlannedWrite) -> bool:
    return write.kind in ("delete", "restart")


def _gone(write: PlannedWrite) -> Sent:
    return Sent("ok", message("session.already-gone", name=write.name))


def _shown(write: PlannedWrite) -> str:
    return f"{Resource.parse(write.resource).dotted}/{one_line(write.name, 100)}"
