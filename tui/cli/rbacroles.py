"""`klinik doctor --rbac [ID]`: the smallest roles for checks and fixes; asks no cluster."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checks.permissions import Needs, Permission, for_checks, for_steps
from checks.rbac import Subject, role_name, roles_of
from checks.rbactext import Part, objects_of, yaml_of
from kb.messages import message
from kb.text import Text
from tui.cli import printing
from tui.cli.failures import OK, USAGE, Stop
from tui.cli.loading import language, open_catalogue, open_library
from tui.cli.options import Root
from tui.cli.texts import help_language

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.model import CheckSpec
    from kb.model import Guide

PARTS = ("checks", "fixes")


@dataclass(frozen=True, slots=True)
class Scope:
    """What the roles are for."""

    name: str
    """An article or a check; empty: everything."""
    uses: tuple[tuple[CheckSpec, Mapping[str, Any]], ...]
    guides: tuple[Guide, ...]

    @property
    def steps(self) -> int:
        """How many steps its guides have."""
        return sum(len(guide.steps) for guide in self.guides)


def print_roles(name: str, subject: Subject, part: str, output: str, root: Root) -> int:
    """Prints the roles of everything, or of one article or check."""
    from checks.layout import load_layout

    layout = load_layout()
    catalogue = open_catalogue(root)
    scope = _scope(name, catalogue, root)
    lang = language(root)
    needs = {"checks": for_checks(scope.uses, layout), "fixes": for_steps(scope.guides, layout)}
    wanted = [one for one in PARTS if part in ("", one)]
    made = {one: roles_of(needs[one], role_name(one, name)) for one in wanted}
    if output == "json":
        printing.as_json(
            {
                "subject": {**subject.object(), "placeholder": subject.placeholder},
                **{one: objects_of(made[one], subject) for one in wanted},
                "permissions": {
                    one: [permission_json(p, u) for p, u in needs[one].items()] for one in wanted
                },
            }
        )
        return OK
    parts = [
        Part(_heading(one, scope, needs[one], subject, lang), made[one], one == "fixes") for one in wanted
    ]
    printing.say(yaml_of(parts, subject, lang).rstrip("\n"))
    return OK


def permission_json(permission: Permission, users: tuple[str, ...]) -> dict[str, Any]:
    """One permission as data."""
    return {
        "verb": permission.verb,
        "group": permission.resource.group,
        "resource": permission.resource.plural,
        "subresource": permission.subresource,
        "namespace": permission.namespace,
        "name": permission.name,
        "users": list(users),
    }


def _scope(name: str, catalogue: Catalogue, root: Root) -> Scope:
    library = open_library(root)
    if not name:
        guides = tuple(a.guide for i in library.guided if (a := library.get(i)) and a.guide)
        plain = [(spec, spec.params) for spec in catalogue]
        return Scope("", (*plain, *(use for guide in guides for use in _uses(guide, catalogue))), guides)
    if name in catalogue:
        spec = catalogue.get(name)
        return Scope(name, ((spec, spec.params),), ())
    article = library.get(name)
    if article is None:
        near = difflib.get_close_matches(name, [*library.articles, *catalogue.ids()], n=3, cutoff=0.5)
        hint = message("cli.did-you-mean", names=", ".join(near)) if near else message("cli.search-first")
        raise Stop(f"{_say(message('rbac.no-such', name=name))}. {_say(hint)}", USAGE)
    guides = (article.guide,) if article.guide else ()
    return Scope(name, tuple(use for guide in guides for use in _uses(guide, catalogue)), guides)


def _uses(guide: Guide, catalogue: Catalogue) -> list[tuple[CheckSpec, Mapping[str, Any]]]:
    """The checks of a guide with the params it sets; one that the catalogue does not have reads nothing."""
    return [(catalogue.get(u.check), u.params) for u in guide.checks.values() if u.check in catalogue]


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
        everything = message("rbac.what-all-steps", count=scope.steps)
        return message("rbac.head-fixes", what=steps if scope.name else everything)
    if not scope.name:
        return message("rbac.head-checks", what=message("rbac.what-all-checks", count=checks))
    one = message("rbac.what-check", name=scope.name)
    several = message("rbac.what-checks", count=checks, name=scope.name)
    return message("rbac.head-checks", what=several if scope.guides else one)


def _say(text: Text) -> str:
    return text.get(help_language())
