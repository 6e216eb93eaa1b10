"""An outlook as JSON, for ``klinik guide ID --plan -o json`` (docs/headless.md). Pure."""

from __future__ import annotations

import shlex
from typing import Any

from checks.outlook.text import bound, obstacles
from checks.outlook.values import Outlook, Proof, Reach, Running, Standing, StepOutlook
from checks.permission import Permission


def outlook_json(seen: Outlook, lang: str) -> dict[str, Any]:
    """Everything of it in one language; times in cluster seconds."""
    return {
        "cause": seen.cause,
        "context": seen.context,
        "production": seen.production,
        "against": [{"tone": line.tone, "text": line.text.get(lang)} for line in obstacles(seen)],
        "versions": [_version(one) for one in seen.versions],
        "nodes": {"ready": seen.nodes[0], "total": seen.nodes[1]} if seen.nodes else None,
        "standing": [_standing(one, lang) for one in seen.standing],
        "missing": [_permission(one) for one in seen.missing],
        "unasked": [_permission(one) for one in seen.unasked],
        "irreversible": [one.step.id for one in seen.irreversible],
        "steps": [_step(one, seen, lang) for one in seen.steps],
    }


def _step(one: StepOutlook, seen: Outlook, lang: str) -> dict[str, Any]:
    return {
        "id": one.step.id,
        "text": one.text.get(lang),
        "state": one.state,
        "action": one.step.action.kind,
        "by_hand": one.by_hand,
        "risk": one.risk,
        "traffic": one.traffic,
        "already_done": one.already_done,
        "blocked": one.blocked.get(lang) if one.blocked else None,
        "reach": _reach(one.reach) if one.reach else None,
        "unclear": one.unclear.get(lang) if one.unclear else None,
        "chosen": [
            {"text": each.text.get(lang), "chosen": each.chosen, "offered": each.offered}
            for each in one.counted
        ],
        "impact": one.impact.get(lang),
        "conditions": [
            {"text": each.text.get(lang), "state": each.state, "by": each.by or None}
            for each in one.conditions
        ],
        "proof": _proof(one.proof, lang) if one.proof else None,
        "permissions": {
            "needed": one.asked,
            "missing": [_permission(each) for each in one.missing],
            "unasked": [_permission(each) for each in one.unasked],
        },
        "confirm": one.confirm,
        "kept_by": [who.get(lang) for who in one.kept_by],
        "reversible": one.reversible,
        "undo": one.undo.get(lang),
        "stops": [why.get(lang) for why in one.stops],
        "commands": [shlex.join(bound(line, seen)) for line in one.commands],
    }


def _reach(one: Reach) -> dict[str, Any]:
    return {
        "pods": one.pods,
        "nodes": one.nodes,
        "restarts": one.restarts,
        "stops": one.stops,
        "subnets": one.subnets,
        "objects": dict(one.objects),
        "rows": one.rows,
        "follows": one.follows,
        "passengers": one.passengers,
        "writes": one.writes,
        "seconds": one.seconds,
        "longest": one.longest,
        "sampled": one.sampled,
    }


def _proof(one: Proof, lang: str) -> dict[str, Any]:
    return {
        "alias": one.alias,
        "check": one.check,
        "verdict": one.verdict.value if one.verdict else None,
        "summary": one.summary.get(lang),
        "expect": one.expect,
        "within": one.within,
        "stable_for": one.stable_for,
        "holds": one.holds,
        "idle": one.idle,
    }


def _version(one: Running) -> dict[str, Any]:
    return {
        "component": one.component,
        "running": list(one.running),
        "wanted": one.wanted or None,
        "fits": one.fits,
        "fixed_in": list(one.fixed_in),
        "fixed": one.fixed,
    }


def _standing(one: Standing, lang: str) -> dict[str, Any]:
    return {
        "role": one.role,
        "total": one.total,
        "ready": one.ready,
        "against": [why.get(lang) for why in one.against],
        "budgets": [budget.get(lang) for budget in one.budgets],
    }


def _permission(one: Permission) -> str:
    return f"{one.verb} {one.shown}"
