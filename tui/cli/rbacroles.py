"""`klinik doctor --rbac [ID]`: the smallest roles for checks and fixes; asks no cluster."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

from checks.rights.permissions import Permission
from checks.rights.rbac import Subject
from checks.rights.rbactext import objects_of, yaml_of
from checks.rights.roleparts import PARTS, Scope, everything, needs_of, part_of, uses_of
from kb.messages import message
from kb.text import Text
from kb.wording import joined, listed
from tui.cli import printing
from tui.cli.failures import OK, USAGE, Stop
from tui.cli.loading import language, open_catalogue, open_library, where_of
from tui.cli.options import Root, Where
from tui.cli.texts import help_language

if TYPE_CHECKING:
    from checks.catalogue import Catalogue


def print_roles(name: str, subject: Subject, part: str, output: str, root: Root, where: Where) -> int:
    """Prints the roles of everything, or of one article or check."""
    catalogue = open_catalogue(root, where)
    layout = where_of(catalogue)
    scope = _scope(name, catalogue, root)
    lang = language(root)
    needs = needs_of(scope, layout)
    wanted = [one for one in PARTS if part in ("", one)]
    parts = {one: part_of(one, scope, needs[one], subject, lang) for one in wanted}
    if output == "json":
        printing.as_json(
            {
                "subject": {**subject.object(), "placeholder": subject.placeholder},
                **{one: objects_of(parts[one].roles, subject) for one in wanted},
                "permissions": {
                    one: [permission_json(p, u) for p, u in needs[one].items()] for one in wanted
                },
            }
        )
        return OK
    printing.say(yaml_of(list(parts.values()), subject, lang).rstrip("\n"))
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
        known = (a.guide for i in library.guided if (a := library.get(i)) and a.guide)
        return everything(catalogue, known)
    if name in catalogue:
        spec = catalogue.get(name)
        return Scope(name, ((spec, spec.params),), (), catalogue.prometheus)
    article = library.get(name)
    if article is None:
        near = difflib.get_close_matches(name, [*library.articles, *catalogue.ids()], n=3, cutoff=0.5)
        hint = message("cli.did-you-mean", names=listed(near)) if near else message("cli.search-first")
        raise Stop(_say(joined((message("rbac.no-such", name=name), hint), ". ", "。")), USAGE)
    guides = (article.guide,) if article.guide else ()
    uses = tuple(use for guide in guides for use in uses_of(guide, catalogue))
    return Scope(name, uses, guides, catalogue.prometheus)


def _say(text: Text) -> str:
    return text.get(help_language())
