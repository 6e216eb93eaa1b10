"""What many unknown results come from: the API server first, then what may be asked, then who answers. Pure.

A root is a short text that is stable: ``api``, ``login``, ``may:list ips.kubeovn.io``, ``role:ovn-nb-leader``,
``silent:ovn-nb-leader``; `words` says it to people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from checks.errors import Forbidden, ServerGone, Unauthenticated
from checks.model import Fact, Result, Verdict
from checks.permission import Permission
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

API, LOGIN = "api", "login"
_ORDER = (API, LOGIN, "may", "role", "silent")
"""What comes first when a check met several."""


def forbidden(permission: Permission) -> str:
    """The root of what needs a permission that is not given."""
    return f"may:{permission.verb} {permission.shown}"


def nobody(role: str) -> str:
    """The root of what needs a role that nobody plays."""
    return f"role:{role}"


def silent(role: str) -> str:
    """The root of what asks a role whose service does not answer."""
    return f"silent:{role}"


def of_error(error: BaseException) -> str:
    """The root that an error of the cluster tells by itself; empty where it tells none."""
    if isinstance(error, ServerGone):
        return API
    if isinstance(error, Unauthenticated):
        return LOGIN
    if isinstance(error, Forbidden) and error.verb and error.resource:
        where = f" -n {error.namespace}" if error.namespace else ""
        what = "create pods/exec" if error.verb == "exec" else f"{error.verb} {error.resource}"
        return f"may:{what}{where}"
    return ""


def of_facts(facts: Mapping[str, Fact], reason: str) -> str:
    """The root of a check that is unknown for `reason`; empty where its facts have none in common with it."""
    found = [root for fact in facts.values() if (root := _of_fact(fact, reason))]
    return min(found, key=lambda root: _ORDER.index(root.partition(":")[0]), default="")


def _of_fact(fact: Fact, reason: str) -> str:
    if fact.error:
        return fact.root if fact.error == reason else ""
    roots = {answer.root for answer in fact.answers if answer.error == reason}
    whole = bool(fact.answers) and all(answer.error for answer in fact.answers)
    return roots.pop() if whole and len(roots) == 1 else ""


def words(root: str) -> Text:
    """The root in a sentence's beginning: ``no permission to list ips.kubeovn.io``."""
    kind, _, what = root.partition(":")
    return message(f"roots.{kind if kind in _ORDER else 'other'}", what=one_line(what or root))


@dataclass(frozen=True, slots=True)
class Fold:
    """A root and the results below it."""

    root: str
    text: Text
    results: tuple[Result, ...]


def folded(results: Iterable[Result]) -> tuple[Fold, ...]:
    """The roots that keep more than one check from being answered, most upstream first."""
    by_root: dict[str, list[Result]] = {}
    for result in results:
        if result.root and result.verdict in (Verdict.UNKNOWN, Verdict.SKIPPED):
            by_root.setdefault(result.root, []).append(result)
    found = [
        Fold(root, _sentence(root, mine), tuple(mine)) for root, mine in by_root.items() if len(mine) > 1
    ]
    return tuple(sorted(found, key=lambda fold: (_rank(fold.root), -len(fold.results), fold.root)))


def _rank(root: str) -> int:
    kind = root.partition(":")[0]
    return _ORDER.index(kind) if kind in _ORDER else len(_ORDER)


def _sentence(root: str, results: list[Result]) -> Text:
    return message("roots.fold", why=words(root), count=len(results))
