"""Kubernetes objects of a staged cluster: nodes, workloads and pods, as Kube-OVN's manifests and kubelets make them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from checks.cluster import NODES, PODS, Object, Resource

DEPLOYMENTS = Resource("apps", "v1", "deployments")
DAEMONSETS = Resource("apps", "v1", "daemonsets")
STATEFULSETS = Resource("apps", "v1", "statefulsets")
REPLICASETS = Resource("apps", "v1", "replicasets")
LEASES = Resource("coordination.k8s.io", "v1", "leases")
NAMESPACES = Resource("", "v1", "namespaces")
EVENTS = Resource("", "v1", "events")
CONFIGMAPS = Resource("", "v1", "configmaps")
SUBNETS = Resource("kubeovn.io", "v1", "subnets")
VPCS = Resource("kubeovn.io", "v1", "vpcs")
IPS = Resource("kubeovn.io", "v1", "ips")
VIPS = Resource("kubeovn.io", "v1", "vips")
EIPS = Resource("kubeovn.io", "v1", "iptables-eips")
OVN_EIPS = Resource("kubeovn.io", "v1", "ovn-eips")
KINDS = {
    "Deployment": DEPLOYMENTS,
    "DaemonSet": DAEMONSETS,
    "StatefulSet": STATEFULSETS,
    "ReplicaSet": REPLICASETS,
}

__all__ = ["NODES", "PODS", "node", "owner", "pod", "template_hash", "workload"]


def template_hash(text: str) -> str:
    """Ten characters as in ReplicaSet names, the same for the same text."""
    digits = "bcdfghjklmnpqrstvwxz2456789"
    return "".join(digits[byte % len(digits)] for byte in hashlib.sha256(text.encode()).digest()[:10])


def node(
    spec: Mapping[str, Any], *, version: str, join_ip: str, mac: str, chassis: str, created: str
) -> Object:
    """A Node as it is after kube-ovn-cni has set it up."""
    name = spec["name"]
    labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
    if spec.get("central"):
        labels |= {"kube-ovn/role": "master", "node-role.kubernetes.io/control-plane": ""}
    conditions = [
        (
            "NetworkUnavailable",
            "False",
            "JoinSubnetGatewayReachable",
            "ping check to gateway ip 100.64.0.1 succeeded",
        ),
        ("MemoryPressure", "False", "KubeletHasSufficientMemory", "kubelet has sufficient memory available"),
        ("DiskPressure", "False", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
        ("PIDPressure", "False", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
        ("Ready", "True", "KubeletReady", "kubelet is posting ready status"),
    ]
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "creationTimestamp": created,
            "labels": labels,
            "annotations": {
                "ovn.kubernetes.io/allocated": "true",
                "ovn.kubernetes.io/chassis": chassis,
                "ovn.kubernetes.io/cidr": "100.64.0.0/16",
                "ovn.kubernetes.io/gateway": "100.64.0.1",
                "ovn.kubernetes.io/ip_address": join_ip,
                "ovn.kubernetes.io/logical_switch": "join",
                "ovn.kubernetes.io/mac_address": mac,
                "ovn.kubernetes.io/port_name": f"node-{name}",
                "ovn.kubernetes.io/tunnel_interface": "eth0",
            },
        },
        "spec": {"podCIDR": "10.244.0.0/24"},
        "status": {
            "addresses": [
                {"type": "InternalIP", "address": spec["ip"]},
                {"type": "Hostname", "address": name},
            ],
            "capacity": {"cpu": str(spec.get("cpus", 8)), "memory": "16393220Ki", "pods": "110"},
            "allocatable": {"cpu": str(spec.get("cpus", 8)), "memory": "16290820Ki", "pods": "110"},
            "nodeInfo": {
                "kubeletVersion": version,
                "kernelVersion": spec.get("kernel", ""),
                "osImage": spec.get("os", "Ubuntu 22.04.4 LTS"),
                "containerRuntimeVersion": "containerd://1.7.11",
                "architecture": "amd64",
                "operatingSystem": "linux",
                "kubeProxyVersion": version,
                "bootID": "",
                "machineID": "",
                "systemUUID": "",
            },
            "conditions": [
                {
                    "type": t,
                    "status": s,
                    "reason": r,
                    "message": m,
                    "lastHeartbeatTime": created,
                    "lastTransitionTime": created,
                }
                for t, s, r, m in conditions
            ],
        },
    }


def _labels(spec: Mapping[str, Any]) -> dict[str, str]:
    labels = {spec.get("label", "app"): spec.get("app", spec["name"])}
    if spec["namespace"] == "kube-system" and spec.get("label", "app") == "app":
        labels |= {"component": "network", "type": "infra"}
    return labels | dict(spec.get("labels", {}))


def _pod_spec(spec: Mapping[str, Any]) -> Object:
    limits = dict(spec.get("limits", {}))
    container: Object = {
        "name": spec.get("container", spec["name"]),
        "image": spec["image"],
        "imagePullPolicy": "IfNotPresent",
        "resources": {"limits": limits, "requests": {k: v for k, v in limits.items() if k == "memory"}}
        if limits
        else {},
        "env": [{"name": key, "value": value} for key, value in spec.get("env", {}).items()],
    }
    body: Object = {
        "containers": [container],
        "restartPolicy": "Always",
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "ovn" if spec["namespace"] == "kube-system" else "default",
    }
    if spec.get("host_network"):
        body["hostNetwork"] = True
    if spec.get("host_pid"):
        body["hostPID"] = True
    if spec["namespace"] == "kube-system":
        body["priorityClassName"] = "system-cluster-critical"
        body["tolerations"] = [{"operator": "Exists"}]
    if spec.get("central"):
        body["nodeSelector"] = {"kube-ovn/role": "master"}
    elif spec.get("node"):
        body["nodeSelector"] = {"kubernetes.io/hostname": spec["node"]}
    return body


def workload(spec: Mapping[str, Any], created: str) -> Object:
    """A Deployment, DaemonSet or StatefulSet from its short form in a scenario."""
    labels = _labels(spec)
    body: Object = {
        "apiVersion": "apps/v1",
        "kind": spec["kind"],
        "metadata": {
            "name": spec["name"],
            "namespace": spec["namespace"],
            "labels": labels,
            "creationTimestamp": created,
        },
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels, "annotations": dict(spec.get("annotations", {}))},
                "spec": _pod_spec(spec),
            },
        },
        "status": {},
    }
    strategy = {"type": spec.get("strategy", "RollingUpdate")}
    if spec["kind"] == "Deployment":
        body["spec"] |= {"replicas": spec.get("replicas", 1), "strategy": strategy}
    elif spec["kind"] == "DaemonSet":
        body["spec"]["updateStrategy"] = strategy
    else:
        body["spec"] |= {
            "replicas": spec.get("replicas", 1),
            "serviceName": spec["name"],
            "updateStrategy": strategy,
        }
    return body


def owner(obj: Object) -> Object:
    """A controlling owner reference to an object."""
    meta = obj["metadata"]
    return {
        "apiVersion": obj["apiVersion"],
        "kind": obj["kind"],
        "name": meta["name"],
        "uid": meta["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def pod(
    name: str,
    parent: Object,
    node_name: str,
    *,
    created: str | None = None,
    labels: Mapping[str, str] | None = None,
) -> Object:
    """A pod of a workload (or ReplicaSet), scheduled but not started."""
    template = parent["spec"]["template"]
    meta: Object = {
        "name": name,
        "namespace": parent["metadata"]["namespace"],
        "labels": {**template["metadata"]["labels"], **(labels or {})},
        "annotations": dict(template["metadata"].get("annotations", {})),
        "ownerReferences": [owner(parent)],
    }
    if created:
        meta["creationTimestamp"] = created
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": meta,
        "spec": {**template["spec"], "nodeName": node_name},
        "status": {"phase": "Pending", "conditions": conditions(False, created), "qosClass": "Burstable"},
    }


def conditions(ready: bool, at: str | None) -> list[Object]:
    """The conditions of a scheduled pod."""
    flags = (("Initialized", True), ("Ready", ready), ("ContainersReady", ready), ("PodScheduled", True))
    return [{"type": t, "status": "True" if f else "False", "lastTransitionTime": at or ""} for t, f in flags]


def container_statuses(
    body: Object, *, ready: bool, started: str, restarts: int = 0, waiting: str = ""
) -> Sequence[Object]:
    """The container statuses of a pod: running since `started`, or waiting for a reason."""
    state: Object = {"waiting": {"reason": waiting}} if waiting else {"running": {"startedAt": started}}
    return [
        {
            "name": c["name"],
            "image": c["image"],
            "imageID": "",
            "containerID": ""
            if waiting
            else f"containerd://{hashlib.sha256((body['metadata']['name'] + started).encode()).hexdigest()}",
            "ready": ready,
            "started": not waiting,
            "restartCount": restarts,
            "state": state,
            "lastState": {},
        }
        for c in body["spec"]["containers"]
    ]
