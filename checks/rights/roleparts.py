"""The roles of everything, of one article or of one check, with the sentences that stand above them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checks.rights.permissions import Needs, for_checks, for_steps
from checks.rights.rbac import Subject, role_name, roles_of
from checks.rights.rbactext import Part
from kb.messages import message
from kb.text import Text

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.layout import Layout
    from checks.model import CheckSpec
    from checks.prom.at import PrometheusAt
    from kb.model import Guide

PARTS = ("checks", "fixes")
"""Purposes that are granted apart: reading, and writing for the time of a repair."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What the roles are for."""

    name: str
    """An article or a check; empty: everything."""
    uses: tuple[tuple[CheckSpec, Mapping[str, Any]], ...]
    guides: tuple[Guide, ...]
    prometheus: PrometheusAt | None = None
    """Where the settings have it: then that Service alone has to be reached."""

    @property
    def steps(self) -> int:
        """How many steps its guides have."""
        return sum(len(guide.steps) for guide in self.guides)


def everything(catalogue: Catalogue, guides: Iterable[Guide]) -> Scope:
    """All checks with their defaults and as the guides set them, and the steps of all guides."""
    known = tuple(guides)
    plain = [(spec, spec.params) for spec in catalogue]
    return Scope(
        "",
        (*plain, *(use for guide in known for use in uses_of(guide, catalogue))),
        known,
        catalogue.prometheus,
    )


def uses_of(guide: Guide, catalogue: Catalogue) -> list[tuple[CheckSpec, Mapping[str, Any]]]:
    """The checks of a guide with the params it sets; one that the catalogue does not have reads nothing."""
    return [(catalogue.get(u.check), u.params) for u in guide.checks.values() if u.check in catalogue]


def needs_of(scope: Scope, layout: Layout) -> dict[str, Needs]:
    """What the scope's checks and its fixes need, apart."""
    return {
        "checks": for_checks(scope.uses, layout, prometheus=scope.prometheus),
        "fixes": for_steps(scope.guides, layout),
    }


def part_of(part: str, scope: Scope, needs: Needs, subject: Subject, lang: str) -> Part:
    """The roles of one purpose (`PARTS`) with their heading in `lang`."""
    roles = roles_of(needs, role_name(part, scope.name))
    return Part(_heading(part, scope, needs, subject, lang), roles, part == "fixes")


def _heading(part: str, scope: Scope, needs: Needs, subject: Subject, lang: str) -> tuple[str, ...]:
    whose: Text | str = scope.name or message("rbac.all-guides")
    if not needs:
        nothing = (
            message("rbac.nothing-checks", name=whose)
            if part == "checks"
            else message("rbac.nothing-fixes", name=whose)
        )
        return (nothing.get(lang),)
    sentences = [_what(part, scope)]
    if any(permission.subresource == "exec" for permission in needs):
        sentences += [message("rbac.exec-note")] if part == "checks" else []
        sentences += [message("rbac.exec-verbs")]
    if subject.placeholder:
        sentences.append(message("rbac.placeholder", name=subject.name))
    return tuple(sentence.get(lang) for sentence in sentences)


def _what(part: str, scope: Scope) -> Text:
    checks = len({spec.id for spec, _ in scope.uses})
    if part == "fixes":
        steps = message("rbac.what-steps", count=scope.steps, name=scope.name)
        whole = message("rbac.what-all-steps", count=scope.steps)
        return message("rbac.head-fixes", what=steps if scope.name else whole)
    if not scope.name:
        return message("rbac.head-checks", what=message("rbac.what-all-checks", count=checks))
    one = message("rbac.what-check", name=scope.name)
    several = message("rbac.what-checks", count=checks, name=scope.name)
    return message("rbac.head-checks", what=several if scope.guides else one)
