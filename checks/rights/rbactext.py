"""Roles as YAML that says why: every rule is commented with the checks or steps that need it. Pure."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from checks.cluster import Object
from checks.rights.rbac import Role, Rule, Subject
from kb.messages import message
from kb.safe import one_line

WIDTH = 110
USERS = 8
"""Checks named at a rule that is not explained precisely; the number of all is said."""
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9./-]*")
_WORDS = ("true", "false", "null", "yes", "no", "on", "off", "y", "n")


@dataclass(frozen=True, slots=True)
class Part:
    """The roles of one purpose, with the sentences above them."""

    heading: tuple[str, ...]
    roles: tuple[Role, ...]
    precise: bool = False
    """Whether every verb is explained apart, with all who need it."""


def yaml_of(parts: Sequence[Part], subject: Subject, lang: str) -> str:
    """All parts as one stream of YAML documents."""
    return "\n".join(line for part in parts for line in _part(part, subject, lang)) + "\n"


def objects_of(roles: Sequence[Role], subject: Subject) -> Object:
    """The roles and bindings as one List, which ``kubectl apply -f -`` takes."""
    items = [one for role in roles for one in role.objects(subject)]
    return {"apiVersion": "v1", "kind": "List", "items": items}


def _part(part: Part, subject: Subject, lang: str) -> Iterator[str]:
    for sentence in part.heading:
        yield from comment(sentence)
    for role in part.roles:
        made, binding = role.objects(subject)
        yield "---"
        yield from _mapping({key: value for key, value in made.items() if key != "rules"})
        yield "rules:"
        for rule in role.rules:
            for sentence in _precisely(rule) if part.precise else _roughly(rule, lang):
                yield from comment(sentence)
            yield from _mapping(rule.object(), first="- ", rest="  ")
        yield "---"
        yield from _mapping(binding)


def _precisely(rule: Rule) -> Iterator[str]:
    """``delete, get pods: ARTICLE/STEP, …``: what has the same users in one line."""
    by_users: dict[tuple[str, ...], dict[str, list[str]]] = {}
    for (verb, resource), users in rule.why.items():
        by_users.setdefault(tuple(sorted(users)), {}).setdefault(resource, []).append(verb)
    for users, kinds in by_users.items():
        what = "; ".join(f"{', '.join(verbs)} {resource}" for resource, verbs in kinds.items())
        yield f"{what}: {', '.join(users)}"


def _roughly(rule: Rule, lang: str) -> Iterator[str]:
    shown = rule.users[:USERS]
    left = len(rule.users) - len(shown)
    first = ", ".join(shown)
    users = message("rbac.more", first=first, count=left) if left else first
    yield message("rbac.needed-by", users=users).get(lang)


def comment(text: str) -> list[str]:
    """The text as YAML comments; whatever it holds, no line of it is anything else."""
    lines = textwrap.wrap(one_line(text, 20_000), WIDTH, break_on_hyphens=False) or [""]
    return [f"# {line}".rstrip() for line in lines]


# --- YAML -------------------------------------------------------------------------------------------------------------


def _mapping(value: Object, first: str = "", rest: str = "") -> Iterator[str]:
    """A mapping, block style; `first` stands before its first line and `rest` before the others."""
    before = first
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield f"{before}{_scalar(key)}:"
            yield from _mapping(inner, rest + "  ", rest + "  ")
        elif isinstance(inner, list) and any(isinstance(one, dict) for one in inner):
            yield f"{before}{_scalar(key)}:"
            for one in inner:
                yield from _mapping(one, rest + "- ", rest + "  ")
        elif isinstance(inner, list):
            yield f"{before}{_scalar(key)}: [{', '.join(map(_scalar, inner))}]"
        else:
            yield f"{before}{_scalar(key)}: {_scalar(inner)}"
        before = rest


def _scalar(value: Any) -> str:
    """A word as it is, anything that YAML could take for something else in quotes (JSON is YAML)."""
    text = str(value)
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS
    if plain:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(c if c.isprintable() else f"\\U{ord(c):08x}" for c in quoted)
