"""Where a check applies (``applies:``): what it needs to be there, and why it was skipped where that is not. Pure.

What is not known never skips a check: it runs, and what is missing then is its answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from checks.judges.versions import Version, parse_version, running_versions, show_version
from checks.layout import PRESETS, Layout
from checks.model import Applies, CheckSpec, Fact, ListRead, Read, Roleless, surest
from checks.specs.shape import Place
from kb.findings import nearest
from kb.messages import message
from kb.text import Text

KEYS = ("layouts", "roles", "kinds", "kube-ovn", "kubernetes")
COMPONENTS = ("kube-ovn", "kubernetes")
_TERM = re.compile(r"\s*(?P<sign>>=|<=|>|<|!=|==?)?\s*v?(?P<version>\d+(?:\.\d+){0,2})\s*")


# --- from a file ------------------------------------------------------------------------------------------------------


def applies_of(place: Place, reads: Mapping[str, Read], roles: Iterable[str]) -> Applies:
    """The value of ``applies:``; what is wrong with it is noted."""
    if place.value is None or not place.mapping(KEYS):
        return Applies()
    for item in place.at("layouts").each():
        item.choice(PRESETS)
    asked = {role_of(read) for read in reads.values()} - {""}
    for item in place.at("roles").each():
        if item.string() not in set(roles):
            item.say("unknown-role", role=item.string(), hint=nearest(item.string(), roles))
        elif item.string() not in asked:
            item.say("applies-role", role=item.string())
    kinds = {read.resource: read for read in reads.values() if isinstance(read, ListRead)}
    for item in place.at("kinds").each():
        if item.string() not in kinds:
            item.say("applies-kind", kind=item.string(), hint=nearest(item.string(), kinds))
        elif kinds[item.string()].optional:
            item.say("applies-optional", kind=item.string())
    versions = {}
    for component in COMPONENTS:
        text = place.at(component).string()
        if text and not terms(text):
            place.at(component).say("applies-version", version=text)
        elif text:
            versions[component] = text
    layouts, named = place.at("layouts").strings(), place.at("roles").strings()
    return Applies(layouts, named, place.at("kinds").strings(), versions)


def role_of(read: Read) -> str:
    """The role that a read cannot do without: that of its surest alternative; empty for lists."""
    last = surest(read)
    return "" if isinstance(last, Roleless) else last.on


# --- versions ---------------------------------------------------------------------------------------------------------


def terms(constraint: str) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """``>=1.12,<1.14`` as signs and versions; nothing where a part of it cannot be read. A bare version means ``=``."""
    found = []
    for part in constraint.split(","):
        match = _TERM.fullmatch(part)
        if not match:
            return ()
        found.append((match["sign"] or "=", tuple(map(int, match["version"].split(".")))))
    return tuple(found)


def fits(version: Version, constraint: str) -> bool:
    """Whether a version is within a constraint; ``=1.12`` means every 1.12, ``>1.12`` what comes after all of them."""
    return all(_holds(version[: len(wanted)], sign, wanted) for sign, wanted in terms(constraint))


def _holds(version: tuple[int, ...], sign: str, wanted: tuple[int, ...]) -> bool:
    return {
        ">=": version >= wanted,
        "<=": version <= wanted,
        ">": version > wanted,
        "<": version < wanted,
        "!=": version != wanted,
    }.get(sign, version == wanted)


def reads_of(applies: Applies, layout: Layout) -> dict[str, Read]:
    """What has to be read to know the running versions that the check asks about, by the name of the component."""
    found: dict[str, Read] = {}
    cni = layout.roles.get("cni")
    if "kube-ovn" in applies.versions and cni is not None:
        keep = ("metadata.labels", "spec.containers.image", "spec.containers.name")
        found["kube-ovn"] = ListRead("v1/pods", cni.namespace, cni.selector, keep=keep)
    if "kubernetes" in applies.versions:
        found["kubernetes"] = ListRead("v1/nodes", keep=("status.nodeInfo.kubeletVersion",))
    return found


def versions_in(facts: Mapping[str, Fact]) -> dict[str, tuple[Version, ...]]:
    """The versions that run, by component, from the facts of `reads_of`; the kubelets speak for Kubernetes."""
    found: dict[str, tuple[Version, ...]] = {}
    if "kube-ovn" in facts:
        found["kube-ovn"] = running_versions(facts["kube-ovn"].items)
    if "kubernetes" in facts:
        infos = [(node.get("status") or {}).get("nodeInfo") or {} for node in facts["kubernetes"].items]
        parsed = {parse_version(str(info.get("kubeletVersion", ""))) for info in infos}
        found["kubernetes"] = tuple(sorted(version for version in parsed if version))
    return found


# --- whether it applies -----------------------------------------------------------------------------------------------


def unplaced(spec: CheckSpec, layout: Layout) -> Text | None:
    """Why the check need not even be asked: for another installation, or a role this layout does not have."""
    if spec.applies.layouts and layout.preset not in spec.applies.layouts:
        wanted = ", ".join(spec.applies.layouts)
        return message("applies.no-layout", layouts=wanted, preset=layout.preset)
    needed = dict.fromkeys([*spec.applies.roles, *(role_of(read) for read in spec.reads.values())])
    for role in needed:
        if role and role not in layout.roles:
            return message("applies.no-role", role=role, preset=layout.preset)
    return None


def refusal(
    spec: CheckSpec, facts: Mapping[str, Fact], versions: Mapping[str, tuple[Version, ...]]
) -> Text | None:
    """Why the check does not apply to what was found; None where it does, or where that is not known."""
    for role in spec.applies.roles:
        mine = [facts[name] for name, read in spec.reads.items() if role_of(read) == role]
        if mine and all(fact.error == "absent" and not fact.answers for fact in mine):
            return message("applies.nobody", role=role)
    for name, read in spec.reads.items():
        if isinstance(read, ListRead) and read.resource in spec.applies.kinds:
            failed = facts[name].failed
            if failed and all(answer.error == "absent" for answer in failed):
                return message("applies.no-kind", kind=read.resource)
    for component, constraint in spec.applies.versions.items():
        running = versions.get(component, ())
        if running and not any(fits(version, constraint) for version in running):
            shown = ", ".join(map(show_version, running))
            return message("applies.version", component=component, constraint=constraint, running=shown)
    return None


def sentences(applies: Applies) -> tuple[Text, ...]:
    """What a file says about where a check applies, in words."""
    found = []
    if applies.layouts:
        found.append(message("applies.says-layouts", layouts=", ".join(applies.layouts)))
    if applies.roles:
        found.append(message("applies.says-roles", roles=", ".join(applies.roles)))
    if applies.kinds:
        found.append(message("applies.says-kinds", kinds=", ".join(applies.kinds)))
    for component, constraint in applies.versions.items():
        found.append(message("applies.says-version", component=component, constraint=constraint))
    return tuple(found)
