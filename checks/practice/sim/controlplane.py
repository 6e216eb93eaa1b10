"""The control plane of a staged cluster: its static pods, what kubeadm writes down, and what its containers log."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from checks.cluster import NODES, PODS, ExecResult, Object, Resource
from checks.practice.sim import hostnet
from checks.practice.sim import manifests as m
from checks.practice.sim.clock import rfc3339, stamp
from checks.practice.sim.kubelet import set_running
from checks.practice.sim.logs import Entry, LogFile
from checks.practice.sim.node import Node
from checks.practice.sim.stage import Stage

NODE_METRICS = Resource("metrics.k8s.io", "v1beta1", "nodes")
APISERVICES = Resource("apiregistration.k8s.io", "v1", "apiservices")
STATIC = {
    "etcd": ("registry.k8s.io/etcd:3.5.9-0", ("etcd", "--data-dir=/var/lib/etcd", "--snapshot-count=10000")),
    "kube-apiserver": ("registry.k8s.io/kube-apiserver", ("kube-apiserver", "--secure-port=6443")),
    "kube-controller-manager": (
        "registry.k8s.io/kube-controller-manager",
        ("kube-controller-manager", "--leader-elect=true"),
    ),
    "kube-scheduler": ("registry.k8s.io/kube-scheduler", ("kube-scheduler", "--leader-elect=true")),
}
LEADERS = ("kube-controller-manager", "kube-scheduler")
COREFILE = """.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload
    loadbalance
}
"""
DAY = 86_400.0
PING = 5.0
"""Cluster seconds between two rounds of kube-ovn-pinger."""
ROUNDS = 6
LINES = 1_500
"""About so many lines are made up at most beyond the last round: a thousand nodes write two thousand a round."""
LOGGING = ("etcd", "coredns", "kube-proxy", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
"""Containers whose logs are made up here when they are read."""


def stage_control_plane(stage: Stage) -> None:
    """Static pods on the central nodes, ConfigMaps of kube-system, and an APIService for each group."""
    created = rfc3339(stage.store.clock() - 40 * DAY)
    for node in stage.nodes.values():
        for name in STATIC if node.central else ():
            stage.store.create(PODS, static_pod(stage, name, node, created), namespace="kube-system")
    for name in LEADERS:
        holder = next((node.name for node in stage.nodes.values() if node.central), "")
        spec = {
            "holderIdentity": f"{holder}_{m.template_hash(name)}",
            "leaseDurationSeconds": 15,
            "leaseTransitions": 2,
        }
        lease: Object = {"metadata": {"name": name, "creationTimestamp": created}, "spec": spec}
        stage.store.create(m.LEASES, lease, namespace="kube-system")
    renew(stage)
    pem = hostnet.authority()
    maps: dict[str, dict[str, str]] = {
        "coredns": {"Corefile": COREFILE},
        "kube-root-ca.crt": {"ca.crt": pem},
        "extension-apiserver-authentication": {
            "client-ca-file": pem,
            "requestheader-client-ca-file": pem,
            "requestheader-allowed-names": '["front-proxy-client"]',
        },
    }
    for name, data in maps.items():
        body: Object = {"metadata": {"name": name, "creationTimestamp": created}, "data": data}
        stage.store.create(m.CONFIGMAPS, body, namespace="kube-system")
    # "v1." of the core group is left out: its name ends with a dot, which the store's rule for names does not allow
    for node in stage.nodes.values() if stage.settings["metrics"] else ():
        usage = {"cpu": f"{node.cpus * 97_400_000}n", "memory": "5420840Ki"}
        body = {
            "metadata": {"name": node.name, "creationTimestamp": created},
            "window": "20s",
            "usage": usage,
        }
        stage.store.create(NODE_METRICS, body)
    for version in sorted({kind.api_version for kind in stage.store.kinds.values() if kind.resource.group}):
        stage.store.create(APISERVICES, _apiservice(version, created))


def renew(stage: Stage) -> None:
    """The leaders of the control plane renew their Leases."""
    at = rfc3339(stage.store.clock()).replace("Z", ".000000Z")
    for name in LEADERS:
        if stage.store.find(m.LEASES, name, "kube-system") is not None:
            stage.store.modify(
                m.LEASES, name, lambda body: body["spec"].update(renewTime=at), namespace="kube-system"
            )


def static_pod(stage: Stage, name: str, node: Node, created: str) -> Object:
    """The mirror pod of a static pod, running."""
    image, command = STATIC[name]
    tag = "" if ":" in image else f":{stage.versions.kubernetes}"
    owner = stage.store.get(NODES, node.name)
    body: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": f"{name}-{node.name}",
            "labels": {"component": name, "tier": "control-plane"},
            "annotations": {
                "kubernetes.io/config.source": "file",
                "kubernetes.io/config.mirror": m.template_hash(name),
            },
            "creationTimestamp": created,
            "ownerReferences": [m.owner(owner)],
            "namespace": "kube-system",
        },
        "spec": {
            "containers": [
                {"name": name, "image": f"{image}{tag}", "command": list(command), "resources": {}}
            ],
            "hostNetwork": True,
            "nodeName": node.name,
            "priorityClassName": "system-node-critical",
            "restartPolicy": "Always",
            "tolerations": [{"operator": "Exists"}],
        },
        "status": {},
    }
    set_running(stage, body, ready=True, at=created)
    return body


def _apiservice(version: str, created: str) -> Object:
    group, _, short = version.rpartition("/")
    local = {
        "type": "Available",
        "status": "True",
        "reason": "Local",
        "message": "Local APIServices are always available",
    }
    return {
        "metadata": {"name": f"{short}.{group}", "creationTimestamp": created},
        "spec": {"group": group, "version": short, "groupPriorityMinimum": 17_000, "versionPriority": 15},
        "status": {"conditions": [{**local, "lastTransitionTime": created}]},
    }


# --- etcd -----------------------------------------------------------------------------------------------------------


def etcdctl(stage: Stage, node: Node, argv: Sequence[str]) -> ExecResult:
    """``etcdctl … endpoint status -w json`` and ``alarm list`` of the member on this node."""
    words = [word for word in argv[1:] if not word.startswith("-") and word != "json"]
    if words == ["alarm", "list"]:
        return ExecResult("", "", 0)
    if words != ["endpoint", "status"]:
        return ExecResult("", "etcdctl: the practice cluster stages endpoint status and alarm list only\n", 1)
    members = [n.name for n in stage.nodes.values() if n.central]
    ids = {name: 0x8E9E05C52164694D + 7 * number for number, name in enumerate(members)}
    index = 9_400_000 + int(stage.clock.now() * 11)
    status = {
        "header": {
            "cluster_id": 14_841_639_068_965_178_418,
            "member_id": ids[node.name],
            "revision": index - 1_200_000,
            "raft_term": 5,
        },
        "version": "3.5.9",
        "dbSize": 48_234_496,
        "leader": ids[members[0]],
        "raftIndex": index,
        "raftTerm": 5,
        "raftAppliedIndex": index,
        "dbSizeInUse": 31_006_720,
    }
    text = json.dumps([{"Endpoint": "https://127.0.0.1:2379", "Status": status}])
    return ExecResult(f"{text}\n", "", 0)


# --- logs -----------------------------------------------------------------------------------------------------------


def log_of(stage: Stage, node: Node, container: str) -> LogFile:
    """What a container of the control plane, of CoreDNS or of kube-proxy has written."""
    if container == "coredns":
        return _written(
            stage,
            "plain",
            [
                (-9 * DAY, ".:53"),
                (
                    -9 * DAY,
                    "[INFO] plugin/reload: Running configuration SHA512 = 591cf328cccc12bc490481273e7",
                ),
                (-9 * DAY, "CoreDNS-1.10.1"),
                (-9 * DAY, "linux/amd64, go1.20, 055b2c3"),
            ],
        )
    if container == "etcd":
        now = stage.clock.now()
        lines = [(now - 300.0 * n, _compacted(stage, now - 300.0 * n)) for n in range(24, -1, -1)]
        return _written(stage, "plain", lines)
    log = LogFile(stage.clock, "klog")
    texts = {
        "kube-proxy": ("server_others.go:69", '"Using iptables proxy"'),
        "kube-apiserver": ("controller.go:615", "quota admission added evaluator for: subnets.kubeovn.io"),
    }
    where, text = texts.get(
        container, ("leaderelection.go:250", f"attempting to acquire leader lease kube-system/{container}...")
    )
    log.add(-9 * DAY, where, "INFO", text)
    return log


def _written(stage: Stage, style: str, lines: Sequence[tuple[float, str]]) -> LogFile:
    log = LogFile(stage.clock, style)
    for at, text in lines:
        log.add(at, "", "INFO", text)
    return log


def _compacted(stage: Stage, at: float) -> str:
    entry: Mapping[str, Any] = {
        "level": "info",
        "ts": rfc3339(stage.clock.wall(at)),
        "caller": "mvcc/kvstore_compaction.go:66",
        "msg": "finished scheduled compaction",
        "compact-revision": 8_200_000 + int(at),
        "took": "11.214301ms",
    }
    return json.dumps(entry)


def pinger_log(stage: Stage, node: Node) -> LogFile:
    """The last rounds of kube-ovn-pinger on a node: everything it reached, and what has no flows lost."""
    texts = list(_round(stage, node))
    rounds = max(1, min(ROUNDS, LINES // len(texts)))
    log, now = LogFile(stage.clock, "plain"), stage.clock.now()  # the time after all has been made up
    for turn in range(rounds, 0, -1):
        at = stamp(stage.clock.wall(now - turn * PING))
        head = f"I{at[5:7]}{at[8:10]} {at[11:23]}000       1"
        log.entries += [
            Entry(now - turn * PING, 0, "", "INFO", f"{head} {where}] {text}") for where, text in texts
        ]
    return log


def _round(stage: Stage, node: Node) -> Iterator[tuple[str, str]]:
    yield "ping.go:346", "start to check apiserver connectivity"
    yield "ping.go:358", "connect to apiserver success in 5.71ms"
    yield "ping.go:159", "start to check pod connectivity"
    for pod in stage.store.scan(PODS, namespace="kube-system", labels="app=kube-ovn-pinger"):
        name, address = pod["metadata"]["name"], pod["status"].get("podIP")
        peer = stage.node_of(pod)
        if address and peer is not None:
            lost = 0 if node.programmed and peer.programmed else 3
            yield (
                "ping.go:209",
                f"ping pod: {name} {address}, count: 3, loss count {lost}, average rtt 0.41ms",
            )
    yield "ping.go:85", "start to check node connectivity"
    for other in stage.nodes.values():
        lost = 0 if node.programmed else 3
        yield (
            "ping.go:134",
            f"ping node: {other.name} {other.ip}, count: 3, loss count {lost}, average rtt 0.35ms",
        )
    yield "ping.go:316", "start to check dns connectivity"
    yield "ping.go:336", "resolve dns kubernetes.default to [10.96.0.1] in 0.87ms"
