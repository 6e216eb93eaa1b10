"""How many have to stay up while one pod is replaced: a majority of a raft cluster, half of everything else. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from checks.cluster import Object
from checks.layout import is_ready
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

RAFT = ("ovn-central", "ovn-nb-leader", "ovn-sb-leader", "ovn-northd-leader")
"""Roles whose pods are members of the raft clusters of OVN; a database without a majority takes no writes."""


def too_few(pod: Object, peers: Sequence[Object], role: str) -> Text | None:
    """Why this pod may not be replaced now; None where enough of its peers are Ready.

    A pod that is not Ready itself may always go: nothing gets fewer by it. One that is alone may go too, for there is
    nobody to keep up the service meanwhile; its plan says that it is interrupted.
    """
    others = [one for one in peers if one["metadata"].get("uid") != pod["metadata"].get("uid")]
    if not others or not is_ready(pod):
        return None
    ready, total = sum(is_ready(one) for one in others), len(others) + 1
    needed = total // 2 + 1 if role.partition("@")[0] in RAFT else -(-len(others) // 2)
    if ready >= needed:
        return None
    name = one_line(str(pod["metadata"].get("name", "")), 100)
    return message("session.too-few", pod=name, ready=ready, total=total, needed=needed)
