"""PodDisruptionBudgets as the eviction subresource of a v1.28 API server respects them (pure functions of objects).

The server reads the budget's status, which the disruption controller keeps; here both are one: the status is counted
from the pods at the moment of the question.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from checks.cluster import Object, Resource
from checks.layout import is_ready
from checks.practice.failures import OverBudget

BUDGETS = Resource("policy", "v1", "poddisruptionbudgets")


def refused(pod: Object, pods: Iterable[Object], budgets: Iterable[Object]) -> OverBudget | None:
    """Why this pod may not be evicted now; None where no budget covers it, or its budget lets it go."""
    mine = [one for one in budgets if _covers(one, pod)]
    if len(mine) > 1:
        return OverBudget(
            "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            "",
        )
    if not mine:
        return None
    (budget,) = mine
    peers = [one for one in pods if _covers(budget, one) and not one["metadata"].get("deletionTimestamp")]
    healthy, needed = sum(is_ready(one) for one in peers), _needed(budget, len(peers))
    if not is_ready(pod) and healthy >= needed > 0:
        return None  # what does not work may go while the rest suffices (IfHealthyBudget)
    if healthy - 1 >= needed:
        return None
    name = budget["metadata"]["name"]
    cause = f"The disruption budget {name} needs {needed} healthy pods and has {healthy} currently"
    return OverBudget("Cannot evict pod as it would violate the pod's disruption budget.", cause)


def _needed(budget: Object, expected: int) -> int:
    spec = budget.get("spec") or {}
    if "minAvailable" in spec:
        return _count(spec["minAvailable"], expected)
    return max(0, expected - _count(spec.get("maxUnavailable", 0), expected))


def _count(value: Any, of: int) -> int:
    """A number, or a percentage rounded up, as the disruption controller does."""
    if isinstance(value, str) and value.endswith("%"):
        return math.ceil(int(value[:-1]) * of / 100)
    return int(value)


def _covers(budget: Object, pod: Object) -> bool:
    if budget["metadata"].get("namespace") != pod["metadata"].get("namespace"):
        return False
    selector = (budget.get("spec") or {}).get("selector")
    if selector is None:
        return False  # policy/v1: no selector matches nothing, an empty one everything
    labels: Mapping[str, str] = pod["metadata"].get("labels") or {}
    same = all(labels.get(key) == value for key, value in (selector.get("matchLabels") or {}).items())
    return same and all(_holds(one, labels) for one in selector.get("matchExpressions") or ())


def _holds(term: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    key, values = term.get("key"), term.get("values") or ()
    match term.get("operator"):
        case "In":
            return labels.get(str(key)) in values
        case "NotIn":
            return labels.get(str(key)) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    return False
