"""Which kubectl commands act in a namespace, and whether they say which. Pure, from kubectl's own reference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

NAMESPACED = frozenset(
    (
        *("po", "pod", "pods", "deploy", "deployment", "deployments", "ds", "daemonset", "daemonsets"),
        *("sts", "statefulset", "statefulsets", "rs", "replicaset", "replicasets", "rc"),
        *("svc", "service", "services", "ep", "endpoints", "endpointslice", "endpointslices"),
        *("cm", "configmap", "configmaps", "secret", "secrets", "sa", "serviceaccount", "serviceaccounts"),
        *("role", "roles", "rolebinding", "rolebindings", "pvc", "persistentvolumeclaim"),
        *("persistentvolumeclaims", "ing", "ingress", "ingresses", "netpol", "networkpolicy"),
        *("networkpolicies", "job", "jobs", "cj", "cronjob", "cronjobs", "hpa", "horizontalpodautoscaler"),
        *("pdb", "poddisruptionbudget", "poddisruptionbudgets", "quota", "resourcequota", "limits"),
        *("limitrange", "ev", "event", "events", "lease", "leases", "all"),
    )
)
"""Kinds of Kubernetes itself that live in a namespace; the scope of anything else is not known here."""
READING = frozenset(("get", "describe", "logs", "log", "wait", "top", "port-forward", "diff"))
WRITING = frozenset(
    ("delete", "patch", "edit", "scale", "annotate", "label", "set", "autoscale", "expose", "exec", "attach")
)
IN_PODS = frozenset(("logs", "log", "exec", "attach", "port-forward", "autoscale", "scale"))
"""Verbs whose object is always in a namespace, with or without a kind before its name."""
WITH_VALUE = frozenset(
    (
        *(
            "-o",
            "--output",
            "-l",
            "--selector",
            "-c",
            "--container",
            "--context",
            "--kubeconfig",
            "--cluster",
        ),
        *("--user", "-p", "--patch", "--type", "--field-selector", "--sort-by", "--tail", "--since", "--as"),
        *(
            "--timeout",
            "--for",
            "--replicas",
            "--grace-period",
            "-s",
            "--server",
            "--token",
            "-L",
            "--template",
        ),
    )
)
ELSEWHERE = frozenset(("-f", "--filename", "-k", "--kustomize", "--raw", "--local"))
"""What a command with one of these acts on is said in a file, which may name the namespace."""


def lacks_namespace(words: Sequence[str]) -> Literal["", "read", "write"]:
    """Whether a kubectl command acts in whatever namespace happens to be current, and whether it writes there."""
    if not words or words[0].rpartition("/")[2] not in ("kubectl", "oc"):
        return ""
    plain: list[str] = []
    skip = False
    for word in words[1:]:
        if skip:
            skip = False
        elif word == "--":
            break
        elif _says_where(word):
            return ""
        elif word.startswith("-"):
            skip = word in WITH_VALUE
        else:
            plain.append(word)
    if not plain:
        return ""
    verb, objects = plain[0], plain[1:]
    if verb == "rollout":
        verb, objects = ("get" if objects[:1] in (["status"], ["history"]) else "scale"), objects[1:]
    elif verb == "set":
        objects = objects[1:]
    if verb not in READING and verb not in WRITING:
        return ""
    if not _in_namespace(verb, objects):
        return ""
    return "write" if verb in WRITING else "read"


def _says_where(word: str) -> bool:
    if word in ELSEWHERE or word.startswith(("--filename=", "-f=", "--kustomize=", "--raw=")):
        return True
    name = word.partition("=")[0]
    if name in ("--namespace", "-n", "-A", "--all-namespaces", "-h", "--help"):
        return True
    # -nkube-system, and -A among short options: -Aw
    return word[:2] in ("-n", "-A") and not word.startswith("--")


def _in_namespace(verb: str, objects: Sequence[str]) -> bool:
    if not objects:
        return False
    if verb in IN_PODS:
        return not objects[0].startswith(("node/", "nodes/", "no/", "$"))
    kinds = objects[0].partition("/")[0].lower().split(",")
    return any(kind.partition(".")[0] in NAMESPACED for kind in kinds)
