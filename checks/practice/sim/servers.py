"""Who listens in the containers of a stage: exporters of metrics, and Prometheus where there is one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from checks.cluster import ExecResult, Object
from checks.practice.proxies import Served
from checks.practice.sim import monitoring
from checks.practice.sim.exporters import PORTS, Exporters, container_of
from checks.practice.sim.monitoring import Monitoring
from checks.practice.sim.programs import Programs
from checks.practice.sim.stage import Stage


class Servers:
    """Everything that answers HTTP in a stage."""

    def __init__(self, stage: Stage, programs: Programs) -> None:
        def run(pod: Object, container: str, argv: Sequence[str]) -> ExecResult:
            return programs.run(pod, container, argv, lambda line: None)

        self._exporters = Exporters(stage, run)
        self._monitoring = Monitoring(stage, self._exporters)

    def served(
        self, pod: Object, port: int, scheme: str, path: str, query: Mapping[str, str]
    ) -> Served | None:
        """The answer to a GET; None where nothing listens."""
        container = container_of(pod)
        if (container, port) == (monitoring.CONTAINER, monitoring.PORT):
            return _plain_only(scheme) or self._monitoring.served(path, query)
        if PORTS.get(container) != port:
            return None
        if refused := _plain_only(scheme):
            return refused
        text = self._exporters.page(pod) if path == "/metrics" else None
        if text is None:
            return Served("404 page not found\n", 404, "text/plain; charset=utf-8")
        return Served(text)


def _plain_only(scheme: str) -> Served | None:
    """What Go's server says to TLS at a port that speaks HTTP, as the proxy passes it on."""
    if scheme != "https":
        return None
    return Served("http: server gave HTTP response to HTTPS client\n", 502, "text/plain; charset=utf-8")
