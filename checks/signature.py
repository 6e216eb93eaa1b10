"""The field manager that a step's writes go out under: klinik, and why; managedFields keep it with the fields.

A stock API server takes at most 128 bytes of printable characters, and keeps the last ten managers of an object apart.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from checks.cluster import Cluster
from kb.safe import one_line

MANAGER = "klinik"
LONGEST = 128
"""Bytes of a field manager."""


@runtime_checkable
class Signing(Protocol):
    """A cluster that writes under another field manager on request."""

    def signing(self, manager: str) -> Cluster:
        """The same cluster; what is patched and created through it is this manager's."""
        ...


def signed(cluster: Cluster, reason: str) -> Cluster:
    """The cluster, its writes signed with a reason; as it is where it does not sign or there is no reason."""
    if not reason or not isinstance(cluster, Signing):
        return cluster
    return cluster.signing(manager_of(reason))


def manager_of(reason: str) -> str:
    """``klinik: CHG-1234``, cut to what the API server takes."""
    line = one_line(f"{MANAGER}: {reason}", LONGEST)
    printable = "".join(char if char.isprintable() else "?" for char in line)
    return printable.encode("utf-8", "replace")[:LONGEST].decode("utf-8", "ignore").rstrip()
