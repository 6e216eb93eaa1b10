"""What the server tells about itself: version, groups, resources, and as much OpenAPI as kubectl needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from checks.cluster import Object
from checks.practice.kinds import Kind

OPENAPI_V2 = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
REVIEWS = {
    "authorization.k8s.io/v1": (
        ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
        ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
    ),
    "authentication.k8s.io/v1": (("selfsubjectreviews", "SelfSubjectReview"),),
}
"""Virtual resources that can only be created, by group version."""


def document(path: str, kinds: Iterable[Kind], version: str) -> Object | None:
    """The answer at a discovery path, or None where the path is none."""
    by_version = _by_version(kinds)
    parts = [part for part in path.split("/") if part]
    if parts == ["version"]:
        return _version(version)
    if parts == ["api"]:
        return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []}
    if parts == ["apis"]:
        groups = sorted({gv.partition("/")[0] for gv in by_version if "/" in gv})
        return {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [_group(group, by_version) for group in groups],
        }
    if parts[:1] == ["openapi"]:
        return _openapi(parts[1:], by_version)
    if parts[:1] in (["api"], ["apis"]) and "/".join(parts[1:]) in by_version:
        found = "/".join(parts[1:])
        if ("/" in found) == (parts[0] == "apis"):
            return _resources(found, by_version[found])
    if len(parts) == 2 and parts[0] == "apis" and any(gv.startswith(parts[1] + "/") for gv in by_version):
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(parts[1], by_version)}
    return None


def _by_version(kinds: Iterable[Kind]) -> dict[str, list[Kind]]:
    found: dict[str, list[Kind]] = {}
    for kind in kinds:
        found.setdefault(kind.api_version, []).append(kind)
    for version in REVIEWS:
        found.setdefault(version, [])
    return found


def _version(version: str) -> Object:
    major, minor, *_ = version.removeprefix("v").split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": version,
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "go1.20.10",
        "compiler": "gc",
        "platform": "linux/amd64",
    }


def _group(group: str, by_version: Mapping[str, Any]) -> Object:
    versions = [
        {"groupVersion": gv, "version": gv.partition("/")[2]}
        for gv in by_version
        if gv.startswith(group + "/")
    ]
    return {"name": group, "versions": versions, "preferredVersion": versions[0]}


def _resources(version: str, kinds: Iterable[Kind]) -> Object:
    resources: list[Object] = []
    for kind in kinds:
        plural = kind.resource.plural
        base = {
            "name": plural,
            "singularName": kind.singular or kind.name.lower(),
            "namespaced": kind.namespaced,
            "kind": kind.name,
            "verbs": list(kind.verbs),
        }
        if kind.short:
            base["shortNames"] = list(kind.short)
        if kind.resource.plural in (
            "pods",
            "services",
            "deployments",
            "daemonsets",
            "statefulsets",
            "replicasets",
        ):
            base["categories"] = ["all"]
        resources.append(base)
        subresources = [*(("status:" + kind.name,) if kind.status else ()), *kind.subresources]
        for entry in subresources:
            name, _, kind_name = entry.partition(":")
            verbs = {
                "exec": ["create", "get"],
                "log": ["get"],
                "eviction": ["create"],
                "proxy": ["create", "delete", "get", "patch", "update"],
            }
            sub = {
                "name": f"{plural}/{name}",
                "singularName": "",
                "namespaced": kind.namespaced,
                "kind": kind_name,
                "verbs": verbs.get(name, ["get", "patch", "update"]),
            }
            resources.append(sub | ({"group": "autoscaling", "version": "v1"} if name == "scale" else {}))
    for plural, kind_name in REVIEWS.get(version, ()):
        resources.append(
            {"name": plural, "singularName": "", "namespaced": False, "kind": kind_name, "verbs": ["create"]}
        )
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": resources}


def _openapi(parts: list[str], by_version: Mapping[str, list[Kind]]) -> Object | None:
    """OpenAPI v3 with the query parameters kubectl looks for before a server-side dry run; no schemas."""
    if parts == ["v3"]:
        paths = {("apis/" if "/" in gv else "api/") + gv: gv for gv in by_version}
        return {"paths": {path: {"serverRelativeURL": f"/openapi/v3/{path}?hash=1"} for path in paths}}
    if parts[:1] != ["v3"] or len(parts) < 3 or "/".join(parts[2:]) not in by_version:
        return None
    paths_: Object = {}
    for kind in by_version["/".join(parts[2:])]:
        path = kind.resource.path("{namespace}" if kind.namespaced else "", "{name}")
        paths_[path] = {verb: _operation(kind) for verb in ("patch", "put", "delete")}
        paths_[path.removesuffix("/{name}")] = {"post": _operation(kind)}
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": "practice"},
        "paths": paths_,
        "components": {"schemas": {}},
    }


def _operation(kind: Kind) -> Object:
    names = ("dryRun", "fieldManager", "fieldValidation")
    return {
        "x-kubernetes-group-version-kind": {
            "group": kind.resource.group,
            "version": kind.resource.version,
            "kind": kind.name,
        },
        "parameters": [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names],
        "responses": {"200": {"description": "OK"}},
    }
