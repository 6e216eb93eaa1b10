"""``kubectl ko`` of Kube-OVN without its plugin: the command it would run, and where. Pure.

The plugin is a script that looks for the pod and asks kubectl as whoever runs it; klinik knows the pods itself.
Source: ``dist/images/kubectl-ko`` of Kube-OVN 1.9 to 1.14.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from checks.local.inside import may_run_inside
from checks.local.options import NotLocal
from kb.messages import message

_LEADER: Mapping[str, tuple[str, str]] = {
    "nbctl": ("ovn-nb-leader", "ovn-nbctl"),
    "sbctl": ("ovn-sb-leader", "ovn-sbctl"),
}
_ON_NODE: Mapping[str, str] = {
    "vsctl": "ovs-vsctl",
    "ofctl": "ovs-ofctl",
    "dpctl": "ovs-dpctl",
    "appctl": "ovs-appctl",
}
_STATUS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "nb": (
        "ovn-nb-leader",
        ("ovn-appctl", "-t", "/var/run/ovn/ovnnb_db.ctl", "cluster/status", "OVN_Northbound"),
    ),
    "sb": (
        "ovn-sb-leader",
        ("ovn-appctl", "-t", "/var/run/ovn/ovnsb_db.ctl", "cluster/status", "OVN_Southbound"),
    ),
}


@dataclass(frozen=True, slots=True)
class Inside:
    """A command in the pod of a role (``ovn-nb-leader``, ``ovs@NODE``)."""

    role: str
    argv: tuple[str, ...]


def translated(words: Sequence[str]) -> Inside:
    """What the words behind ``kubectl ko`` mean; raises NotLocal for what is not known to only read."""
    tool, rest = (words[0], tuple(words[1:])) if words else ("", ())
    if tool in _STATUS and rest == ("status",):
        role, argv = _STATUS[tool]
        return Inside(role, argv)
    if tool in _LEADER:
        role, program = _LEADER[tool]
        found = Inside(role, (program, *rest))
    elif tool in _ON_NODE and rest and not rest[0].startswith("-") and "@" not in rest[0]:
        found = Inside(f"ovs@{rest[0]}", (_ON_NODE[tool], *rest[1:]))
    else:
        raise NotLocal(message("localrun.verb", verb=" ".join(("ko", tool)).strip()))
    may_run_inside(found.argv)
    return found
