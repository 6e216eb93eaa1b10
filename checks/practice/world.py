"""What stands behind the practice API server: objects in a store, containers with commands and logs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from checks.cluster import ExecResult, Object
from checks.practice.store import Store


class World(Protocol):
    """A staged cluster. The API server calls it from several threads at once; its calls may block."""

    @property
    def store(self) -> Store:
        """Its objects; reactions of its controllers hang on `Store.subscribe`."""
        ...

    @property
    def version(self) -> str:
        """What ``/version`` says, for example ``v1.28.3``."""
        ...

    @property
    def scenario(self) -> str:
        """Name of the staged scenario, shown in the kubeconfig's extension."""
        ...

    @property
    def pace(self) -> float:
        """Real seconds per second of the cluster's time."""
        ...

    def exec(
        self,
        namespace: str,
        pod: Object,
        container: str,
        argv: tuple[str, ...],
        on_output: Callable[[str], None],
    ) -> ExecResult:
        """Runs a command as the container would and returns what is left to print.

        Lines may be sent early through `on_output` (stdout); they come before `ExecResult.stdout`. Raises
        Unreachable with the kubelet's message where the node is away or has no such binary.
        """
        ...

    def logs(
        self,
        namespace: str,
        pod: Object,
        container: str,
        *,
        tail: int | None,
        since: float | None,
        previous: bool,
        timestamps: bool,
    ) -> str:
        """The container's log, `since` in seconds before now; BadRequest where there is no previous one."""
        ...
