"""A cluster that cannot be written to: whatever asks for it, no request that would change anything leaves klinik."""

from __future__ import annotations

from collections.abc import Callable

from checks.cluster import PODS, ExecResult
from checks.errors import ReadOnly
from checks.live.cluster import LiveCluster
from checks.live.deadline import Deadline
from checks.live.http import Call
from checks.risk.command import risk_of_argv
from kb.messages import message

REVIEWS = ("/apis/authorization.k8s.io/", "/apis/authentication.k8s.io/")
"""What is posted there asks a question and leaves nothing."""


def changes(call: Call) -> bool:
    """Whether a request is a write to whoever grants permissions or reads the audit log: dry runs are, reviews not."""
    return call.method not in ("GET", "HEAD") and not call.path.startswith(REVIEWS)


class LockedCluster(LiveCluster):
    """The same cluster behind a gate: methods that would write raise ReadOnly before anything is sent."""

    @classmethod
    def of(cls, cluster: LiveCluster) -> LockedCluster:
        """A cluster with its credentials and deadlines, for reading only."""
        return cls(cluster._access, cluster.info, cluster._timeout)

    def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        argv: tuple[str, ...],
        *,
        timeout: float = 10.0,
        on_output: Callable[[str], None] | None = None,
        turn: str = "",
    ) -> ExecResult:
        """Runs a command that only reads; of one that is not known to, nothing is sent."""
        if risk_of_argv(argv) != "read":
            about = self._about("exec", PODS, namespace, pod)
            raise about.error(ReadOnly, message("access.locked-command", command=argv[0] if argv else ""))
        return super().exec(namespace, pod, container, argv, timeout=timeout, on_output=on_output, turn=turn)

    def _send(self, call: Call, deadline: Deadline) -> bytes:
        if changes(call):
            raise call.about.error(ReadOnly, message("access.locked", verb=call.about.verb))
        return super()._send(call, deadline)
