"""A practice world whose pods are the real daemons of the bed: exec really runs the command, in that pod's folders."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from checks.cluster import PODS, ExecResult, Object, Resource
from checks.errors import Unreachable
from checks.practice.kinds import builtin_kinds
from checks.practice.ovnkinds import kube_ovn_kinds
from checks.practice.store import Store
from tests.ovn.daemons import SYSTEM_ID, SYSTEM_ID_2, Daemons, Place

# Only programs of the network's own images run here, so that a slip in a test cannot touch the machine.
ALLOWED = {
    "ovn-nbctl", "ovn-sbctl", "ovs-vsctl", "ovs-ofctl", "ovs-appctl", "ovn-appctl", "ovs-dpctl", "cat", "tail", "head",
    "ls", "stat", "df", "/usr/share/ovn/scripts/ovn-ctl",
}  # fmt: skip
NAMESPACE = "kube-system"
LONG_AGO = {"creationTimestamp": "2024-01-01T00:00:00Z"}
"""What is younger than a minute need not be in OVN yet, and is not compared."""
DAEMONSETS = Resource.parse("apps/v1/daemonsets")


def timestamp() -> str:
    """Now, as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class RealWorld:
    """A three-member ovn-central, one node, and just enough objects for klinik to find them."""

    version = "v1.28.3"
    scenario = "ovn-test-bed"

    def __init__(self, daemons: Daemons, pace: float = 0.1):
        self.daemons = daemons
        self.pace = pace
        self.store = Store((*builtin_kinds(), *kube_ovn_kinds()))
        self.commands: list[tuple[str, ...]] = []
        self._serial = 0
        self._places: dict[str, Place] = {}
        self._make_objects()
        self.store.subscribe(self._react)

    # --- the World protocol

    def exec(
        self,
        namespace: str,
        pod: Object,
        container: str,
        argv: tuple[str, ...],
        on_output: Callable[[str], None],
    ) -> ExecResult:
        """Runs an allowed program for real."""
        if argv[0] not in ALLOWED or not shutil.which(argv[0]):
            raise Unreachable(f'exec: "{argv[0]}": executable file not found in $PATH')
        place = self._places[pod["metadata"]["name"]]
        self.commands.append(argv)
        env = dict(place.env)
        if place in self.daemons.centrals:
            # In the image the clients find the local member at its default socket.
            for db in ("nb", "sb"):
                env[f"OVN_{db.upper()}_DB"] = f"unix:{place.root}/run/ovn/ovn{db}_db.sock"
        words = [place.here(word) for word in argv]
        done = subprocess.run(words, env=env, capture_output=True, timeout=120)
        return ExecResult(
            done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace"), done.returncode, argv
        )

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
        """What `kubectl logs` of ovs-ovn shows: ovn-controller.log."""
        file = self._places[pod["metadata"]["name"]].root / "log/ovn/ovn-controller.log"
        lines = file.read_text(errors="replace").splitlines(keepends=True) if file.exists() else []
        return "".join(lines if tail is None else lines[-tail:])

    # --- objects

    def _make_objects(self) -> None:
        for name in (NAMESPACE, "default"):
            self.store.create(Resource.parse("v1/namespaces"), {"metadata": {"name": name}})
        self._node("node-1", "100.64.0.2", SYSTEM_ID)
        for number, place in enumerate(self.daemons.centrals):
            self._pod(f"ovn-central-{number + 1}", "ovn-central", {"app": "ovn-central"}, place)
        self.label_leaders()
        self._ovs_pod()
        self._pod("kube-ovn-cni-1", "cni-server", {"app": "kube-ovn-cni"}, self.daemons.node)
        self._kube_ovn_objects()

    def label_leaders(self) -> None:
        """What the leader checkers of the pods do within seconds: the labels go where the leaders are."""
        for number in range(len(self.daemons.centrals)):
            leads = {f"ovn-{db}-leader": self.daemons.leads(number, db) for db in ("nb", "sb", "northd")}

            def label(body: Object, leads: dict[str, bool] = leads) -> None:
                for name, mine in leads.items():
                    body["metadata"]["labels"].pop(name, None)
                    if mine:
                        body["metadata"]["labels"][name] = "true"

            self.store.modify(PODS, f"ovn-central-{number + 1}", label, namespace=NAMESPACE)

    def add_second_node(self, place: Place) -> None:
        """The Node object and the ovs-ovn pod of the second node."""
        self._node("node-2", "100.64.0.3", SYSTEM_ID_2)
        self._pod("ovs-ovn-second", "openvswitch", {"app": "ovs"}, place, node="node-2")

    def _node(self, name: str, address: str, chassis: str) -> None:
        annotations = {
            "ovn.kubernetes.io/allocated": "true",
            "ovn.kubernetes.io/ip_address": address,
            "ovn.kubernetes.io/mac_address": "00:00:00:AF:98:62",
            "ovn.kubernetes.io/chassis": chassis,
        }
        status = {"conditions": [{"type": "Ready", "status": "True"}]}
        meta = {"name": name, "annotations": annotations}
        self.store.create(Resource.parse("v1/nodes"), {"metadata": meta, "status": status})

    def _pod(
        self, name: str, container: str, labels: dict[str, str], place: Place, owner: Object | None = None,
        node: str = "node-1",
    ) -> None:  # fmt: skip
        limits = {"cpu": "2", "memory": "1000Mi"}
        image = "docker.io/kubeovn/kube-ovn:v1.12.4"
        state = {"running": {"startedAt": timestamp()}}
        meta = {"name": name, "labels": labels, **({"ownerReferences": [owner]} if owner else {})}
        self._places[name] = place
        self.store.create(
            PODS,
            {
                "metadata": meta,
                "spec": {
                    "nodeName": node,
                    "hostNetwork": True,
                    "containers": [{"name": container, "image": image, "resources": {"limits": limits}}],
                },
                "status": {
                    "phase": "Running",
                    "podIP": "127.0.0.1",
                    "conditions": [{"type": "Ready", "status": "True"}],
                    "containerStatuses": [
                        {"name": container, "ready": True, "restartCount": 0, "image": image, "state": state}
                    ],
                },
            },
            namespace=NAMESPACE,
        )

    def _ovs_pod(self) -> None:
        self._serial += 1
        daemonset = self.store.find(DAEMONSETS, "ovs-ovn", NAMESPACE)
        if daemonset is None:
            container = {
                "name": "openvswitch",
                "env": [{"name": "ENABLE_SSL", "value": "false"}],
                "resources": {"limits": {"cpu": "2", "memory": "1000Mi"}},
            }
            spec = {
                "updateStrategy": {"type": "RollingUpdate"},
                "selector": {"matchLabels": {"app": "ovs"}},
                "template": {"metadata": {"labels": {"app": "ovs"}}, "spec": {"containers": [container]}},
            }
            status = {
                "desiredNumberScheduled": 1,
                "numberReady": 1,
                "updatedNumberScheduled": 1,
                "numberAvailable": 1,
            }
            daemonset = self.store.create(
                DAEMONSETS,
                {"metadata": {"name": "ovs-ovn"}, "spec": spec, "status": status},
                namespace=NAMESPACE,
            )
        owner = {
            "apiVersion": "apps/v1",
            "kind": "DaemonSet",
            "name": "ovs-ovn",
            "uid": daemonset["metadata"]["uid"],
            "controller": True,
        }
        self._pod(f"ovs-ovn-{self._serial:05d}", "openvswitch", {"app": "ovs"}, self.daemons.node, owner)

    def _kube_ovn_objects(self) -> None:
        make = self.store.create
        kube_ovn = "kubeovn.io/v1"
        make(
            Resource.parse(f"{kube_ovn}/vpcs"),
            {
                "metadata": {"name": "ovn-cluster", **LONG_AGO},
                "spec": {},
                "status": {"router": "ovn-cluster"},
            },
        )
        for name, cidr, gateway in (
            ("ovn-default", "10.16.0.0/16", "10.16.0.1"),
            ("join", "100.64.0.0/16", "100.64.0.1"),
        ):
            spec = {
                "cidrBlock": cidr,
                "gateway": gateway,
                "vpc": "ovn-cluster",
                "protocol": "IPv4",
                "excludeIps": [gateway],
            }
            make(
                Resource.parse(f"{kube_ovn}/subnets"), {"metadata": {"name": name, **LONG_AGO}, "spec": spec}
            )
        for name, namespace, pod, address, subnet in (
            ("web-0.default", "default", "web-0", "10.16.0.10", "ovn-default"),
            ("node-node-1", "", "node-1", "100.64.0.2", "join"),
        ):
            spec = {
                "v4IpAddress": address,
                "ipAddress": address,
                "subnet": subnet,
                "podName": pod,
                "namespace": namespace,
                "nodeName": "node-1",
            }
            make(
                Resource.parse(f"{kube_ovn}/ips"),
                {"metadata": {"name": name, "labels": {subnet: ""}, **LONG_AGO}, "spec": spec},
            )

    def _react(self, event: str, resource: Resource, obj: Object) -> None:
        """The DaemonSet controller: a deleted ovs-ovn pod gets a successor with new processes."""
        labels = obj["metadata"].get("labels", {})
        if event == "DELETED" and resource == PODS and labels.get("app") == "ovs":
            self.daemons.restart_node()
            self._ovs_pod()


def folder_of(root: Path) -> Path:
    """A folder for the bed with a path short enough for unix sockets."""
    path = root / "bed"
    path.mkdir(mode=0o700)
    if len(os.fsencode(path)) > 60:
        raise RuntimeError(f"{path} is too long for unix sockets; set TMPDIR to a shorter folder")
    return path
