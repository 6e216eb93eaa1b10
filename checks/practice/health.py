"""What the API server says of its own health: the checks of a stock one, and those that fail on purpose."""

from __future__ import annotations

from collections.abc import Collection

ENDPOINTS = ("healthz", "livez", "readyz")
PUBLIC = ("/healthz", "/livez", "/readyz", "/version", "/version/")
"""What Kubernetes' role system:public-info-viewer lets everybody get."""
_HOOKS = (
    "start-kube-apiserver-admission-initializer", "generic-apiserver-start-informers",
    "priority-and-fairness-config-consumer", "priority-and-fairness-filter", "storage-object-count-tracker-hook",
    "start-apiextensions-informers", "start-apiextensions-controllers", "crd-informer-synced",
    "start-service-ip-repair-controllers", "rbac/bootstrap-roles", "scheduling/bootstrap-system-priority-classes",
    "priority-and-fairness-config-producer", "start-system-namespaces-controller", "bootstrap-controller",
    "start-cluster-authentication-info-controller", "start-kube-apiserver-identity-lease-controller",
    "start-kube-apiserver-identity-lease-garbage-collector", "start-legacy-token-tracking-controller",
    "aggregator-reload-proxy-client-cert", "start-kube-aggregator-informers", "apiservice-registration-controller",
    "apiservice-status-available-controller", "kube-apiserver-autoregistration",
)  # fmt: skip
_ONLY_READY = ("etcd-readiness", "informer-sync", "shutdown")


def checks(endpoint: str) -> tuple[str, ...]:
    """The checks of an endpoint in their order, as Kubernetes 1.28 has them."""
    found = (
        "ping", "log", "etcd", "etcd-readiness", "informer-sync",
        *(f"poststarthook/{hook}" for hook in _HOOKS),
        "autoregister-completion", "apiservice-openapi-controller", "apiservice-openapiv3-controller",
        "apiservice-discovery-controller", "shutdown",
    )  # fmt: skip
    return tuple(name for name in found if endpoint == "readyz" or name not in _ONLY_READY)


def page(
    endpoint: str, failing: Collection[str], *, verbose: bool, exclude: Collection[str] = ()
) -> tuple[int, str]:
    """HTTP code and text; what fails is told in full whether that is asked for or not."""
    lines, well = [], True
    for name in checks(endpoint):
        if name in exclude:
            lines.append(f"[+]{name} excluded: ok")
        elif name in failing:
            lines.append(f"[-]{name} failed: reason withheld")
            well = False
        else:
            lines.append(f"[+]{name} ok")
    if not well:
        return 500, "\n".join([*lines, f"{endpoint} check failed"]) + "\n"
    return 200, "\n".join([*lines, f"{endpoint} check passed"]) + "\n" if verbose else "ok"
