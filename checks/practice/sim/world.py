"""A staged cluster as the practice API server sees it (`checks.practice.world.World`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from checks.cluster import NODES, PODS, ExecResult, Object, Resource
from checks.errors import Unreachable
from checks.practice.failures import BadRequest
from checks.practice.proxies import Served
from checks.practice.sim import controlplane
from checks.practice.sim.faults import KINDS, Tools
from checks.practice.sim.logs import LogFile
from checks.practice.sim.northd import Northd
from checks.practice.sim.particulars import stage_logs
from checks.practice.sim.programs import Programs
from checks.practice.sim.servers import Servers
from checks.practice.sim.staging import Builder, Data
from checks.practice.store import Store

CONTAINER_LOGS = {
    "openvswitch": "ovn/ovn-controller.log",
    "ovn-central": "ovn/ovn-northd.log",
    "cni-server": "kube-ovn/kube-ovn-cni.log",
    "kube-ovn-controller": "kube-ovn/kube-ovn-controller.log",
    "kube-ovn-monitor": "kube-ovn/kube-ovn-monitor.log",
}
"""What a container writes to its output; ovs-ovn's entry point shows ovn-controller.log only."""
LEASE = 10.0
"""Real seconds between two renewals of the controller's Lease."""


class SimWorld:
    """The staged cluster of one scenario; its time runs until `close`."""

    def __init__(self, name: str, data: Data, *, pace: float) -> None:
        self._name = name
        builder = Builder(data, pace)
        builder.build()
        self.stage, self._network = builder.stage, builder.network
        self._controller, self._kubelets = builder.controller, builder.kubelets
        self._services = builder.services
        self._programs = Programs(self.stage, self._network)
        self._servers = Servers(self.stage, self._programs)
        tools = Tools(self.stage, self._network, self._controller)
        for spec in data["faults"]:
            self.stage.faults.append(KINDS[spec["kind"]](tools, spec))
        self.stage.faults.append(_Ear(self._retry))
        stage_logs(self.stage, data)
        for node in self.stage.nodes.values():
            for log in node.logs.values():
                log.advance()
        self.stage.store.subscribe(self._notice)
        Northd(self.stage)
        self._controller.watch_stuck()
        self.stage.agenda.every(LEASE / pace, self._renew)
        self.stage.agenda.start()

    @property
    def store(self) -> Store:
        """The objects."""
        return self.stage.store

    @property
    def version(self) -> str:
        """The Kubernetes version."""
        return self.stage.versions.kubernetes

    @property
    def scenario(self) -> str:
        """Name of the scenario."""
        return self._name

    @property
    def pace(self) -> float:
        """Real seconds per cluster second."""
        return self.stage.clock.pace

    def exec(
        self,
        namespace: str,
        pod: Object,
        container: str,
        argv: tuple[str, ...],
        on_output: Callable[[str], None],
    ) -> ExecResult:
        """Runs a command as the container would."""
        self.stage.agenda.run_due()
        if not _running(pod):
            raise Unreachable(f'container not found ("{container}")')
        return self._programs.run(pod, container, argv, on_output)

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
        """The container's log; `since` is in seconds of the cluster."""
        self.stage.agenda.run_due()
        meta = pod["metadata"]
        if previous:
            raise BadRequest(f'previous terminated container "{container}" in pod "{meta["name"]}" not found')
        waiting = [
            s
            for s in pod["status"].get("containerStatuses", ())
            if s["name"] == container and "waiting" in s["state"]
        ]
        if waiting:
            reason = waiting[0]["state"]["waiting"]["reason"]
            raise BadRequest(f'container "{container}" in pod "{meta["name"]}" is waiting to start: {reason}')
        return self._log_of(pod, container).stamped(tail=tail, since=since, timestamps=timestamps)

    def served(
        self, pod: Object, port: int, scheme: str, path: str, query: Mapping[str, str]
    ) -> Served | None:
        """What a server in a container answers; None where none listens."""
        self.stage.agenda.run_due()
        return self._servers.served(pod, port, scheme, path, query) if _running(pod) else None

    def close(self) -> None:
        """Stops the cluster's time."""
        self.stage.agenda.close()

    # --- inside

    def _renew(self) -> None:
        self._controller.renew()
        controlplane.renew(self.stage)

    def _log_of(self, pod: Object, container: str) -> LogFile:
        node = self.stage.node_of(pod)
        if node is not None and container in controlplane.LOGGING:
            return controlplane.log_of(self.stage, node, container)
        if node is not None and container == "pinger":
            return controlplane.pinger_log(self.stage, node)
        path = CONTAINER_LOGS.get(container)
        if node is None or path is None:
            return LogFile(self.stage.clock)
        if container == "kube-ovn-controller" and pod["metadata"]["name"] != self._controller.leader():
            standby = LogFile(self.stage.clock, "klog")
            standby.add(
                -86_400.0,
                "leaderelection.go:245",
                "INFO",
                "attempting to acquire leader lease kube-system/kube-ovn-controller...",
            )
            return standby
        return node.log(path)

    def _notice(self, event: str, resource: Resource, obj: Object) -> None:
        self._kubelets.notice(event, resource, obj)
        self._controller.notice(event, resource, obj)
        self._services.notice(event, resource, obj)
        if resource == NODES and event == "MODIFIED":
            self.stage.tell("node-changed", node=obj)
        elif resource == PODS and event == "DELETED":
            self._central_gone(obj)

    def _central_gone(self, pod: Object) -> None:
        """An ovn-central pod ended: what it led is led by another one."""
        if pod["metadata"].get("labels", {}).get("app") != "ovn-central":
            return
        gone = pod["spec"].get("nodeName", "")
        for which in ("nb", "sb"):
            raft = self.stage.rafts[which]
            if raft.leader == gone:
                raft.leader = next(name for name in raft.members if name != gone)
                raft.term, raft.since = raft.term + 1, self.stage.clock.now()
        if self.stage.northd_leader == gone:
            self.stage.northd_leader = self.stage.rafts["nb"].leader
        self.stage.agenda.after(2.0, self._label_leaders)

    def _label_leaders(self) -> None:
        stage = self.stage
        leaders = {
            "ovn-nb-leader": stage.rafts["nb"].leader,
            "ovn-sb-leader": stage.rafts["sb"].leader,
            "ovn-northd-leader": stage.northd_leader,
        }
        for pod in stage.store.all(PODS, namespace="kube-system", labels="app=ovn-central"):

            def label(body: Object) -> None:
                for name, node in leaders.items():
                    body["metadata"]["labels"].pop(name, None)
                    if node == body["spec"].get("nodeName"):
                        body["metadata"]["labels"][name] = "true"

            stage.store.modify(PODS, pod["metadata"]["name"], label, namespace="kube-system")

    def _retry(self, pod: Object) -> None:
        self._kubelets.retry(pod)


def _running(pod: Object) -> bool:
    statuses: Sequence[Object] = pod.get("status", {}).get("containerStatuses", ())
    return bool(
        pod.get("status", {}).get("phase") == "Running" and all("running" in s["state"] for s in statuses)
    )


class _Ear:
    """Hears what faults ask of the kubelets."""

    name, active = "kubelets", False

    def __init__(self, retry: Callable[[Object], None]) -> None:
        self._retry = retry

    def notice(self, what: str, about: dict[str, Object]) -> None:
        """Passes ``retry-pod`` on."""
        if what == "retry-pod":
            self._retry(about["pod"])
