"""The half of a cluster that writes, for clusters that are only read."""

from __future__ import annotations

from typing import Any

from checks.cluster import Object, PatchType, Resource
from checks.errors import Invalid
from kb.text import Text


class NoWrites:
    """Refuses every write with one reason."""

    def __init__(self, why: Text) -> None:
        self._why = why

    def patch(
        self,
        resource: Resource,
        name: str,
        body: Any,
        *,
        namespace: str = "",
        type: PatchType = "merge",
        dry_run: bool = False,
        timeout: float = 15.0,
    ) -> Object:
        """Refused."""
        raise Invalid(self._why)

    def create(
        self,
        resource: Resource,
        body: Object,
        *,
        namespace: str = "",
        dry_run: bool = False,
        timeout: float = 15.0,
    ) -> Object:
        """Refused."""
        raise Invalid(self._why)

    def evict(
        self, namespace: str, pod: str, *, uid: str = "", dry_run: bool = False, timeout: float = 15.0
    ) -> None:
        """Refused."""
        raise Invalid(self._why)

    def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str = "",
        uid: str = "",
        version: str = "",
        dry_run: bool = False,
        timeout: float = 15.0,
    ) -> None:
        """Refused."""
        raise Invalid(self._why)
