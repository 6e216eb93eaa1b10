"""A small world for tests of the API server: objects are staged by the test, commands are Python functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from checks.cluster import PODS, ExecResult, Object, Resource
from checks.errors import Unreachable
from checks.practice.failures import BadRequest
from checks.practice.kinds import Kind, builtin_kinds
from checks.practice.ovnkinds import kube_ovn_kinds
from checks.practice.store import NAMESPACES, Store

Command = Callable[[tuple[str, ...], Callable[[str], None]], ExecResult]
SUBNETS = Resource("kubeovn.io", "v1", "subnets")
IPS = Resource("kubeovn.io", "v1", "ips")


def everything() -> tuple[Kind, ...]:
    return (*builtin_kinds(), *kube_ovn_kinds())


def pod(name: str, node: str = "node-1", **labels: str) -> Object:
    return {
        "metadata": {"name": name, "labels": labels},
        "spec": {"nodeName": node, "containers": [{"name": "openvswitch"}]},
        "status": {
            "phase": "Running",
            "podIP": "10.16.0.7",
            "containerStatuses": [{"name": "openvswitch", "ready": True, "restartCount": 2}],
        },
    }


def subnet(name: str, **spec: object) -> Object:
    return {
        "metadata": {"name": name},
        "spec": {"cidrBlock": "10.16.0.0/16", "vpc": "ovn-cluster", **spec},
        "status": {"v4usingIPs": 7, "v4availableIPs": 65000},
    }


@dataclass
class ScriptedWorld:
    """A world whose commands and logs a test writes down."""

    store: Store = field(default_factory=lambda: Store(everything()))
    version: str = "v1.28.3"
    scenario: str = "scripted"
    pace: float = 0.5
    commands: dict[str, Command] = field(default_factory=dict)
    log: list[str] = field(default_factory=lambda: [f"line {n}" for n in range(1, 101)])

    def __post_init__(self) -> None:
        for name in ("default", "kube-system"):
            self.store.create(NAMESPACES, {"metadata": {"name": name}, "status": {"phase": "Active"}})
        self.store.create(PODS, pod("ovs-ovn-1", app="ovs"), namespace="kube-system")
        self.store.create(PODS, pod("ovs-ovn-2", "node-2", app="ovs"), namespace="kube-system")
        self.store.create(SUBNETS, subnet("ovn-default"))
        self.store.create(IPS, {"metadata": {"name": "a.default"}, "spec": {"v4IpAddress": "10.16.0.9"}})

    def exec(
        self,
        namespace: str,
        pod: Object,
        container: str,
        argv: tuple[str, ...],
        on_output: Callable[[str], None],
    ) -> ExecResult:
        command = self.commands.get(argv[0])
        if command is None:
            raise Unreachable(f'exec: "{argv[0]}": executable file not found in $PATH: unknown')
        return command(argv, on_output)

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
        if previous:
            name = pod["metadata"]["name"]
            raise BadRequest(f'previous terminated container "{container}" in pod "{name}" not found')
        lines = self.log if since is None else self.log[-int(since) :]
        return "".join(f"{line}\n" for line in (lines if tail is None else lines[-tail:] if tail else []))
