"""From flags and environment to a cluster: the context of a kubeconfig, or the pod klinik runs in."""

from __future__ import annotations

from dataclasses import replace

from checks.cluster import ClusterInfo
from checks.errors import NoCluster
from checks.kubeconfig import choose, find_paths, read
from checks.live.access import Access
from checks.live.cluster import LiveCluster
from kb.messages import message


def connect(
    *,
    kubeconfig: str | None = None,
    context: str | None = None,
    namespace: str | None = None,
    as_user: str | None = None,
    as_groups: tuple[str, ...] = (),
    request_timeout: float | None = None,
    production: bool = False,
) -> LiveCluster:
    """The cluster that flags and environment lead to, without a call to it; ConfigError says what is wrong.

    `production` is what the operator says of it and what its info repeats. `request_timeout` (seconds, 0 for none
    given) takes the place of the deadlines of all calls but exec.
    """
    config = read(kubeconfig)
    if config is not None and (config.contexts or context):
        choice = choose(config, context)
        access = Access(choice, as_user or "", as_groups, config.paths)
        info = replace(choice.info(namespace, as_user), production=production)
        return LiveCluster(access, info, request_timeout)
    import os

    host = os.environ.get("KUBERNETES_SERVICE_HOST", "")
    if not host or context:
        shown = ", ".join(str(path) for path in find_paths(kubeconfig))
        raise NoCluster(message("cluster.no-cluster", paths=shown))
    port = os.environ.get("KUBERNETES_SERVICE_PORT", "443")
    info = ClusterInfo("in-cluster", f"https://{host}:{port}", as_user or "", namespace or _own_namespace())
    info = replace(info, production=production)
    return LiveCluster(Access(None, as_user or "", as_groups), info, request_timeout)


def _own_namespace() -> str:
    try:
        with open("/var/run/secrets/kubernetes.io/serviceaccount/namespace", encoding="utf-8") as file:
            return file.read().strip() or "default"
    except OSError:
        return "default"
