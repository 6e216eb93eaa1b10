"""Judge of namespaces that stay Terminating: what their conditions say holds them."""

from __future__ import annotations

from collections.abc import Mapping

from checks.judges.lists import Object, deleted, failure, name, status
from checks.judges.shapes import split, told
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

BLOCKERS = (
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
    "NamespaceDeletionContentFailure",
    "NamespaceFinalizersRemaining",
    "NamespaceContentRemaining",
)
"""Conditions in the order in which they explain: an API that cannot be listed comes before what is left over."""


def judge_namespaces_terminating(
    facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float
) -> Judgement:
    """Namespaces being deleted for longer than `age` seconds fail, each with its first blocking condition."""
    if lost := failure(facts, "namespaces"):
        return lost
    known, broken = split(facts["namespaces"].items, "status")
    spaces = sorted(known, key=name)
    rows = [row for space in spaces if (row := _row(space, now, float(params["age"])))]
    blockers = [str(row.data["blocker"]) for row in rows]
    data: dict[str, JSON] = {
        "total": len(spaces),
        "stuck": len(rows),
        "worst": rows[0].target if rows else "",
        "discovery": blockers.count(BLOCKERS[0]),
    }
    which = "stuck" if rows else "ok"
    return told(
        rows,
        broken,
        message(f"namespaces.{which}", **data),
        verdict=Verdict.FAIL if rows else Verdict.OK,
        value=len(rows),
        data=data,
        tables={"namespaces": tuple(dict(row.data) for row in rows)},
    )


def _row(space: Object, now: float, age: float) -> Row | None:
    since = deleted(space)
    if since is None or now - since < age:
        return None
    found = status(space).get("conditions")
    true = {
        str(c.get("type")): str(c.get("message") or "")
        for c in (found if isinstance(found, list) else ())
        if isinstance(c, Mapping) and c.get("status") == "True"
    }
    blocker = next((b for b in BLOCKERS if b in true), "")
    why = one_line(true.get(blocker, ""), 200)
    data: dict[str, JSON] = {
        "namespace": name(space),
        "blocker": blocker,
        "why": why,
        "age": int(now - since),
    }
    text = message("namespaces.row", minutes=int((now - since) // 60), blocker=blocker or "?", why=why or "-")
    return Row(name(space), Verdict.FAIL, text, value=data["age"], data=data)
