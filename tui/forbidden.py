"""What a run lacked permissions for: named verb by verb, with the command that prints the role."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from checks.model import Result
from checks.permission import Permission
from checks.rights.rbac import in_words
from kb.messages import message
from kb.text import Text


class Forbidden:
    """What the results of one run lacked; `roots` are the operator's own, whose checks the command has to find."""

    def __init__(self, roots: Sequence[Path] = ()) -> None:
        self._lacking: dict[str, tuple[Permission, ...]] = {}
        self._roots = tuple(roots)

    def explained(self, result: Result) -> Result:
        """The result with what it lacked as its remedy, where the server said that it lacks it.

        A container that refused a command is forbidden too, and no role would help: that one stays as it is.
        """
        if not result.missing:
            return result
        self._lacking[result.alias] = result.missing
        command = self.command(result.check)
        remedy = message("rbac.missing", missing=in_words(result.missing), command=command)
        return replace(result, judgement=replace(result.judgement, remedy=remedy))

    def command(self, scope: str) -> str:
        """What prints the role for a check, an article or (empty) everything."""
        roots = [word for root in self._roots for word in ("--kb", str(root))]
        return shlex.join(["klinik", "doctor", "--rbac", *([scope] if scope else []), *roots])

    def of(self, result: Result) -> list[dict[str, str]]:
        """What one result lacked, as data."""
        return _json(result.missing)

    def all_missing(self) -> list[dict[str, str]]:
        """What all results lacked, as data."""
        return _json(self._every())

    def sentence(self, total: int, scope: str) -> Text | None:
        """What all results lacked, in a sentence; None where nothing was."""
        if not self._lacking:
            return None
        return message(
            "rbac.missing-some",
            count=len(self._lacking),
            total=total,
            missing=in_words(self._every()),
            command=self.command(scope),
        )

    def _every(self) -> list[Permission]:
        found = {permission for lacking in self._lacking.values() for permission in lacking}
        return sorted(found, key=lambda one: (one.verb, one.shown))


def _json(permissions: Sequence[Permission]) -> list[dict[str, Any]]:
    return [{"verb": one.verb, "resource": one.shown} for one in permissions]
