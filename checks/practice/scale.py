"""The Scale subresource of workloads (``autoscaling/v1``), which ``kubectl scale`` reads and writes."""

from __future__ import annotations

from checks.cluster import Object
from checks.practice.failures import BadRequest


def scale_of(workload: Object) -> Object:
    """The Scale that stands for a workload."""
    spec, status, meta = workload.get("spec") or {}, workload.get("status") or {}, workload["metadata"]
    labels = (spec.get("selector") or {}).get("matchLabels") or {}
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": {key: meta[key] for key in kept if key in meta},
        "spec": {"replicas": spec.get("replicas", 1)},
        "status": {
            "replicas": status.get("replicas", 0),
            "selector": ",".join(f"{key}={value}" for key, value in sorted(labels.items())),
        },
    }


def with_scale(workload: Object, scale: Object) -> Object:
    """The workload with the number of replicas that a Scale asks for; BadRequest for none or a negative one."""
    replicas = (scale.get("spec") or {}).get("replicas") if isinstance(scale, dict) else None
    if not isinstance(replicas, int) or isinstance(replicas, bool) or replicas < 0:
        raise BadRequest(f"spec.replicas: Invalid value: {replicas!r}: must be a number of at least 0")
    version = (scale.get("metadata") or {}).get("resourceVersion") or workload["metadata"]["resourceVersion"]
    return {
        **workload,
        "metadata": {**workload["metadata"], "resourceVersion": version},
        "spec": {**(workload.get("spec") or {}), "replicas": replicas},
    }
