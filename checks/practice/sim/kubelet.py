"""Kubelets and workload controllers: pods start, end, are replaced, scaled and counted."""

from __future__ import annotations

import heapq
from collections import Counter
from functools import partial
from typing import Any

from checks.cluster import PODS, Object, Resource
from checks.errors import ClusterError, Conflict, NotFound
from checks.practice.sim import manifests as m
from checks.practice.sim.clock import rfc3339
from checks.practice.sim.network import Network
from checks.practice.sim.stage import Stage

START = 3.0
"""Cluster seconds from scheduling to Running; another READY seconds to Ready."""
READY = 4.0
STOP = 2.0
OWNED = {"ReplicaSet": m.REPLICASETS, "DaemonSet": m.DAEMONSETS, "StatefulSet": m.STATEFULSETS}


class Kubelets:
    """Reacts to pods and workloads in the store; everything takes cluster time on the agenda."""

    def __init__(self, stage: Stage, network: Network) -> None:
        self.stage, self.network = stage, network

    def notice(self, event: str, resource: Resource, obj: Object) -> None:
        """A callback of the store."""
        if resource == PODS:
            self._pod(event, obj)
        elif resource in OWNED.values() or resource == m.DEPLOYMENTS:
            if event == "DELETED":
                self.stage.agenda.after(1.0, lambda: self._collect(obj["metadata"]["uid"]))
            else:
                self.stage.agenda.after(
                    1.0,
                    lambda: self.reconcile(resource, obj["metadata"]["namespace"], obj["metadata"]["name"]),
                )

    def _pod(self, event: str, pod: Object) -> None:
        meta = pod["metadata"]
        after = self.stage.agenda.after
        if event == "ADDED" and pod["status"].get("phase") == "Pending" and pod["spec"].get("nodeName"):
            after(START, lambda: self._start(meta["namespace"], meta["name"], meta["uid"]))
        elif event == "MODIFIED" and meta.get("deletionTimestamp"):
            after(STOP, lambda: self._finish(meta["namespace"], meta["name"], meta["uid"]))
        elif event == "DELETED":
            self.network.detach(pod)
            self.stage.tell("pod-deleted", pod=pod)
            for reference in meta.get("ownerReferences", ()):
                resource = OWNED.get(reference["kind"])
                if resource is not None:
                    after(1.0, partial(self.reconcile, resource, meta["namespace"], reference["name"]))

    # --- one pod

    def _start(self, namespace: str, name: str, uid: str) -> None:
        pod = self._same(namespace, name, uid)
        if pod is None or pod["metadata"].get("deletionTimestamp"):
            return
        if not pod["spec"].get("hostNetwork"):
            self.network.attach(pod)
            if not self.network.usable(pod):
                self._wait_for_network(pod)
                self.stage.agenda.after(5.0, lambda: self._start(namespace, name, uid))
                return
        self._run(namespace, name, ready=False)
        self.network.started(pod)
        self.stage.agenda.after(READY, lambda: self._ready(namespace, name, uid))

    def retry(self, pod: Object) -> None:
        """Tries again to start a pod that waited for its network."""
        meta = pod["metadata"]
        self.stage.agenda.after(1.0, lambda: self._start(meta["namespace"], meta["name"], meta["uid"]))

    def _ready(self, namespace: str, name: str, uid: str) -> None:
        pod = self._same(namespace, name, uid)
        if pod is not None:
            self._run(namespace, name, ready=True)
            self.network.ready(pod)
            self.stage.tell("pod-ready", pod=pod)
            self._count_owner(pod)

    def _same(self, namespace: str, name: str, uid: str) -> Object | None:
        pod = self.stage.store.find(PODS, name, namespace)
        return pod if pod is not None and pod["metadata"]["uid"] == uid else None

    def _wait_for_network(self, pod: Object) -> None:
        def change(body: Object) -> None:
            body["status"]["containerStatuses"] = list(
                m.container_statuses(body, ready=False, started="", waiting="ContainerCreating")
            )

        self._modify(pod["metadata"]["namespace"], pod["metadata"]["name"], change)

    def _run(self, namespace: str, name: str, *, ready: bool) -> None:
        at = rfc3339(self.stage.store.clock())
        self._modify(namespace, name, lambda body: set_running(self.stage, body, ready=ready, at=at))

    def _modify(self, namespace: str, name: str, change: Any) -> None:
        try:
            self.stage.store.modify(PODS, name, change, namespace=namespace)
        except NotFound:
            return

    def _finish(self, namespace: str, name: str, uid: str) -> None:
        try:
            self.stage.store.delete(PODS, name, namespace=namespace, uid=uid, grace=0)
        except (NotFound, Conflict):
            return

    # --- workloads

    def reconcile(self, resource: Resource, namespace: str, name: str) -> None:
        """Makes a workload's pods (or a Deployment's ReplicaSet) what they should be."""
        parent = self.stage.store.find(resource, name, namespace)
        if parent is None or parent["metadata"].get("deletionTimestamp"):
            return
        if resource == m.DEPLOYMENTS:
            self._deployment(parent)
        elif resource == m.DAEMONSETS:
            self._daemonset(parent)
        else:
            self._replicas(resource, parent)
        self._count(resource, namespace, name)

    def _owned(self, parent: Object) -> list[Object]:
        uid = parent["metadata"]["uid"]
        pods = self.stage.store.scan(PODS, namespace=parent["metadata"]["namespace"])
        return [p for p in pods if any(r["uid"] == uid for r in p["metadata"].get("ownerReferences", ()))]

    def _deployment(self, parent: Object) -> None:
        meta, store = parent["metadata"], self.stage.store
        for rs in store.scan(m.REPLICASETS, namespace=meta["namespace"]):
            if any(r["uid"] == meta["uid"] for r in rs["metadata"].get("ownerReferences", ())):

                def scale(body: Object) -> None:
                    body["spec"]["replicas"] = parent["spec"].get("replicas", 1)
                    body["spec"]["template"]["spec"] = parent["spec"]["template"]["spec"]

                store.modify(m.REPLICASETS, rs["metadata"]["name"], scale, namespace=meta["namespace"])

    def _replicas(self, resource: Resource, parent: Object) -> None:
        pods = [p for p in self._owned(parent) if not p["metadata"].get("deletionTimestamp")]
        wanted = parent["spec"].get("replicas", 1)
        name, namespace = parent["metadata"]["name"], parent["metadata"]["namespace"]
        if resource == m.STATEFULSETS:
            have = {p["metadata"]["name"] for p in self._owned(parent)}
            missing = [f"{name}-{n}" for n in range(wanted) if f"{name}-{n}" not in have]
            extra = [p for p in pods if int(p["metadata"]["name"].rpartition("-")[2]) >= wanted]
        else:
            missing = [f"{name}-{self.stage.suffix()}" for _ in range(wanted - len(pods))]
            extra = pods[wanted:]
        for pod in extra:
            self.stage.store.delete(PODS, pod["metadata"]["name"], namespace=namespace)
        for pod_name in missing:
            self._create(m.pod(pod_name, parent, self.place(parent), labels=_hash_label(parent)))

    def _daemonset(self, parent: Object) -> None:
        have = {p["spec"].get("nodeName") for p in self._owned(parent)}
        for node in self.stage.nodes:
            if node not in have:
                labels = {
                    "controller-revision-hash": template_revision(parent),
                    "pod-template-generation": str(parent["metadata"]["generation"]),
                }
                self._create(
                    m.pod(f"{parent['metadata']['name']}-{self.stage.suffix()}", parent, node, labels=labels)
                )
        if parent["spec"]["updateStrategy"]["type"] == "RollingUpdate":
            self._roll(parent)

    def _roll(self, parent: Object) -> None:
        """Replaces one outdated pod when all the others are ready."""
        pods = self._owned(parent)
        if any(p["metadata"].get("deletionTimestamp") or not _is_ready(p) for p in pods):
            return
        template = parent["spec"]["template"]["spec"]["containers"]
        old = [p for p in pods if p["spec"]["containers"] != template]
        if old:
            self.stage.store.delete(
                PODS, old[0]["metadata"]["name"], namespace=parent["metadata"]["namespace"]
            )

    def place(self, parent: Object) -> str:
        """The node for a new pod: one the selector allows, with the fewest pods of the same owner."""
        return self.places(parent, 1)[0]

    def places(self, parent: Object, count: int) -> list[str]:
        """The nodes for so many new pods, one after the other."""
        selector = parent["spec"]["template"]["spec"].get("nodeSelector", {})
        allowed = [n for n, node in self.stage.nodes.items() if _fits(selector, n, node.central)]
        taken = Counter(p["spec"].get("nodeName") for p in self._owned(parent))
        heap = [(taken[name], name) for name in allowed]
        heapq.heapify(heap)
        chosen = []
        for _ in range(count):
            pods, name = heap[0]
            heapq.heapreplace(heap, (pods + 1, name))
            chosen.append(name)
        return chosen

    def _create(self, body: Object) -> None:
        try:
            self.stage.store.create(PODS, body, namespace=body["metadata"]["namespace"])
        except ClusterError:
            return  # the namespace is gone, or the name is still taken: the next change tries again

    def _collect(self, uid: str) -> None:
        """Deletes what a deleted owner leaves behind."""
        for resource in (m.REPLICASETS, PODS):
            for obj in self.stage.store.scan(resource):
                if any(r["uid"] == uid for r in obj["metadata"].get("ownerReferences", ())):
                    self.stage.store.delete(
                        resource, obj["metadata"]["name"], namespace=obj["metadata"]["namespace"]
                    )

    def _count_owner(self, pod: Object) -> None:
        for reference in pod["metadata"].get("ownerReferences", ()):
            resource = OWNED.get(reference["kind"])
            if resource is not None:
                self._count(resource, pod["metadata"]["namespace"], reference["name"])

    def _count(self, resource: Resource, namespace: str, name: str) -> None:
        parent = self.stage.store.find(resource, name, namespace)
        if parent is None:
            return
        if resource == m.DEPLOYMENTS:
            return
        count_status(self.stage, resource, parent)
        for reference in parent["metadata"].get("ownerReferences", ()):
            deployment = self.stage.store.find(m.DEPLOYMENTS, reference["name"], namespace)
            if deployment is not None:
                count_status(self.stage, m.DEPLOYMENTS, deployment)


def _fits(selector: dict[str, str], name: str, central: bool) -> bool:
    wanted = selector.get("kubernetes.io/hostname", name)
    return wanted == name and (central or "kube-ovn/role" not in selector)


def _hash_label(parent: Object) -> dict[str, str]:
    value = parent["metadata"].get("labels", {}).get("pod-template-hash")
    return {"pod-template-hash": value} if value else {}


def template_revision(parent: Object) -> str:
    """The hash of a DaemonSet's pod template."""
    return m.template_hash(str(parent["spec"]["template"]["spec"]["containers"]))


def _is_ready(pod: Object) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", ()))


def set_running(stage: Stage, body: Object, *, ready: bool, at: str) -> None:
    """Makes a pod Running in place."""
    node = stage.node_of(body)
    status = body["status"]
    status |= {"phase": "Running", "hostIP": node.ip if node else "", "startTime": at}
    address = body["metadata"].get("annotations", {}).get("ovn.kubernetes.io/ip_address")
    status["podIP"] = (node.ip if node else "") if body["spec"].get("hostNetwork") else (address or "")
    status["podIPs"] = [{"ip": status["podIP"]}]
    status["conditions"] = m.conditions(ready, at)
    status["containerStatuses"] = list(m.container_statuses(body, ready=ready, started=at))


def count_status(stage: Stage, resource: Resource, parent: Object) -> None:
    """Writes a workload's numbers from its pods."""
    meta, spec = parent["metadata"], parent["spec"]
    uids = {meta["uid"]}
    if resource == m.DEPLOYMENTS:
        sets = stage.store.scan(m.REPLICASETS, namespace=meta["namespace"])
        uids = {
            r["metadata"]["uid"]
            for r in sets
            if any(o["uid"] == meta["uid"] for o in r["metadata"].get("ownerReferences", ()))
        }
    pods = [
        p
        for p in stage.store.scan(PODS, namespace=meta["namespace"])
        if any(r["uid"] in uids for r in p["metadata"].get("ownerReferences", ()))
    ]
    ready = sum(map(_is_ready, pods))
    current = sum(p["spec"]["containers"] == spec["template"]["spec"]["containers"] for p in pods)
    if resource == m.DAEMONSETS:
        desired = len(stage.nodes)
        numbers: Object = {
            "desiredNumberScheduled": desired, "currentNumberScheduled": len(pods), "numberReady": ready,
            "numberAvailable": ready, "updatedNumberScheduled": current, "numberMisscheduled": 0,
            "observedGeneration": meta["generation"],
        }  # fmt: skip
        if ready < desired:
            numbers["numberUnavailable"] = desired - ready
    else:
        numbers = {
            "replicas": len(pods),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "observedGeneration": meta["generation"],
        }
        if resource != m.REPLICASETS:
            numbers["updatedReplicas"] = current
    try:
        stage.store.modify(
            resource,
            meta["name"],
            lambda body: body.__setitem__("status", numbers),
            namespace=meta["namespace"],
        )
    except NotFound:
        return
