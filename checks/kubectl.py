"""The same reads as kubectl commands, for copying into a terminal."""

from __future__ import annotations

from checks.cluster import Resource, Target
from checks.model import HealthRead, ListRead, LogsRead
from checks.proxypath import Query, proxy_path


def list_argv(read: ListRead) -> tuple[str, ...]:
    """``kubectl get … -o json`` of a list read."""
    resource = Resource.parse(read.resource)
    where = ("-n", read.namespace) if read.namespace else ("-A",)
    labels = ("-l", read.labels) if read.labels else ()
    fields = ("--field-selector", read.fields) if read.fields else ()
    return ("kubectl", "get", resource.dotted, *where, *labels, *fields, "-o", "json")


def logs_argv(target: Target, read: LogsRead) -> tuple[str, ...]:
    """``kubectl logs …`` of a logs read in one pod."""
    since = (f"--since={read.since:g}s",) if read.since is not None else ()
    previous = ("--previous",) if read.previous else ()
    head = ("kubectl", "-n", target.namespace, "logs", target.pod, "-c", target.container)
    return (*head, f"--tail={read.tail}", *since, *previous)


def health_argv(read: HealthRead) -> tuple[str, ...]:
    """``kubectl get --raw …`` of a health read."""
    return ("kubectl", "get", "--raw", f"{read.path}?verbose")


def raw_argv(
    resource: Resource,
    namespace: str,
    name: str,
    port: int | str,
    path: str,
    *,
    query: Query = (),
    scheme: str = "",
) -> tuple[str, ...]:
    """``kubectl get --raw …`` of what a pod or service serves."""
    try:
        return (
            "kubectl", "get", "--raw", proxy_path(resource, namespace, name, port, path, query=query, scheme=scheme),
        )  # fmt: skip
    except ValueError:  # the call itself is refused for it, with the reason
        return ()
