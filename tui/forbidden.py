"""What a run lacked permissions for: named verb by verb, with the command that prints the role."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from checks.model import Result
from checks.permissions import Permission, of_check
from checks.rbac import in_words, missing
from kb.messages import message
from kb.model import CheckUse
from kb.text import Text
from tui.preflight import Preflight

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.cluster import Cluster


class Forbidden:
    """Asks for the permissions of a run while it goes on; used as a context that ends before the cluster."""

    def __init__(
        self, cluster: Cluster, uses: Sequence[CheckUse], catalogue: Catalogue, roots: Sequence[Path] = ()
    ) -> None:
        from checks.layout import load_layout

        layout = load_layout()
        self._needs: Mapping[str, frozenset[Permission]] = {
            use.alias: of_check(catalogue.get(use.check), layout, use.params)
            for use in uses
            if use.check in catalogue  # the run says of another that there is none
        }
        self._lacking: dict[str, tuple[Permission, ...]] = {}
        self._roots = tuple(roots)
        every = sorted({p for needed in self._needs.values() for p in needed}, key=lambda p: p.shown)
        self._preflight = Preflight(cluster, every)

    def __enter__(self) -> Forbidden:
        return self

    def __exit__(self, *_: object) -> None:
        self._preflight.close()

    @property
    def ready(self) -> bool:
        """Whether the server has said all there is to say."""
        return self._preflight.done

    def concerns(self, result: Result) -> bool:
        """Whether the result is what it is because something was forbidden."""
        return result.judgement.reason == "forbidden"

    def explained(self, result: Result) -> Result:
        """The result with what it lacked as its remedy, where the server said that it lacks it.

        A container that refused a command is forbidden too, and no role would help: that one stays as it is.
        """
        if not self.concerns(result):
            return result
        lacking = missing(self._needs.get(result.alias, ()), self._preflight.answers())
        if not lacking:
            return result
        self._lacking[result.alias] = lacking
        command = self.command(result.check)
        remedy = message("rbac.missing", missing=in_words(lacking), command=command)
        return replace(result, judgement=replace(result.judgement, remedy=remedy))

    def command(self, scope: str) -> str:
        """What prints the role for a check, an article or (empty) everything."""
        roots = [word for root in self._roots for word in ("--kb", str(root))]
        return shlex.join(["klinik", "doctor", "--rbac", *([scope] if scope else []), *roots])

    def of(self, result: Result) -> list[dict[str, str]]:
        """What one result lacked, as data."""
        return _json(self._lacking.get(result.alias, ()))

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
