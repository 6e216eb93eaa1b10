"""The kinds an API server serves, as data: names, scope, subresources and the columns kubectl prints."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from checks.cluster import Object, Resource

STANDARD_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its title and where its value stands (``.spec.cidrBlock``, ``.a.b[0].c``)."""

    title: str
    path: str
    type: str = "string"
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Kind:
    """One served kind."""

    resource: Resource
    name: str
    namespaced: bool = True
    short: tuple[str, ...] = ()
    status: bool = False
    """Whether ``/status`` is a subresource: then writes to the object leave the status alone."""
    columns: tuple[Column, ...] = ()
    custom: bool = False
    """Whether it comes from a CustomResourceDefinition."""
    singular: str = ""
    subresources: tuple[str, ...] = ()
    """Further subresources, each ``name:Kind``."""
    verbs: tuple[str, ...] = STANDARD_VERBS

    @property
    def api_version(self) -> str:
        """``v1`` or ``kubeovn.io/v1``."""
        return (
            f"{self.resource.group}/{self.resource.version}" if self.resource.group else self.resource.version
        )


def columns(text: str) -> tuple[Column, ...]:
    """Columns written ``Title=.path | Title=.path type | …``."""

    def column(part: str) -> Column:
        title, _, rest = part.strip().partition("=")
        path, _, type_ = rest.partition(" ")
        return Column(title, path, type_ or "string")

    return tuple(column(part) for part in text.split("|")) if text else ()


def _kind(text: str, name: str, shown: str = "", **more: Any) -> Kind:
    return Kind(Resource.parse(text), name, columns=columns(shown), **more)


def builtin_kinds() -> tuple[Kind, ...]:
    """The kinds every cluster has, as far as klinik and kubectl ask for them."""
    return (
        _kind(
            "v1/namespaces",
            "Namespace",
            "Status=.status.phase | Age=.metadata.creationTimestamp date",
            short=("ns",),
            namespaced=False,
            status=True,
        ),
        _kind(
            "v1/nodes",
            "Node",
            short=("no",),
            namespaced=False,
            status=True,
            subresources=("proxy:NodeProxyOptions",),
        ),
        _kind(
            "v1/pods",
            "Pod",
            short=("po",),
            status=True,
            subresources=("log:Pod", "exec:PodExecOptions", "eviction:Eviction", "proxy:PodProxyOptions"),
        ),
        _kind(
            "v1/services",
            "Service",
            "Type=.spec.type | Cluster-IP=.spec.clusterIP | Age=.metadata.creationTimestamp date",
            short=("svc",),
            status=True,
            subresources=("proxy:ServiceProxyOptions",),
        ),
        _kind("v1/endpoints", "Endpoints", short=("ep",)),
        _kind("v1/configmaps", "ConfigMap", short=("cm",)),
        _kind("v1/secrets", "Secret", "Type=.type | Age=.metadata.creationTimestamp date"),
        _kind(
            "v1/events",
            "Event",
            "Last Seen=.lastTimestamp date | Type=.type | Reason=.reason | "
            "Object=.involvedObject.name | Message=.message",
            short=("ev",),
        ),
        _kind("v1/serviceaccounts", "ServiceAccount", short=("sa",)),
        _kind(
            "v1/persistentvolumeclaims",
            "PersistentVolumeClaim",
            "Status=.status.phase | Volume=.spec.volumeName | Age=.metadata.creationTimestamp date",
            short=("pvc",),
            status=True,
        ),
        _kind(
            "apps/v1/deployments",
            "Deployment",
            "Ready= | Up-to-date=.status.updatedReplicas integer | "
            "Available=.status.availableReplicas integer | "
            "Age=.metadata.creationTimestamp date",
            short=("deploy",),
            status=True,
            subresources=("scale:Scale",),
        ),
        _kind(
            "apps/v1/daemonsets",
            "DaemonSet",
            "Desired=.status.desiredNumberScheduled integer | "
            "Current=.status.currentNumberScheduled integer | "
            "Ready=.status.numberReady integer | "
            "Up-to-date=.status.updatedNumberScheduled integer | "
            "Available=.status.numberAvailable integer | Age=.metadata.creationTimestamp date",
            short=("ds",),
            status=True,
        ),
        _kind(
            "apps/v1/statefulsets",
            "StatefulSet",
            "Ready= | Age=.metadata.creationTimestamp date",
            short=("sts",),
            status=True,
            subresources=("scale:Scale",),
        ),
        _kind(
            "apps/v1/replicasets",
            "ReplicaSet",
            "Desired=.spec.replicas integer | Current=.status.replicas integer | "
            "Ready=.status.readyReplicas integer | Age=.metadata.creationTimestamp date",
            short=("rs",),
            status=True,
            subresources=("scale:Scale",),
        ),
        _kind(
            "policy/v1/poddisruptionbudgets",
            "PodDisruptionBudget",
            "Min Available=.spec.minAvailable | Max Unavailable=.spec.maxUnavailable | "
            "Age=.metadata.creationTimestamp date",
            short=("pdb",),
            status=True,
        ),
        _kind(
            "coordination.k8s.io/v1/leases",
            "Lease",
            "Holder=.spec.holderIdentity | Age=.metadata.creationTimestamp date",
        ),
        _kind(
            "discovery.k8s.io/v1/endpointslices",
            "EndpointSlice",
            "AddressType=.addressType | Age=.metadata.creationTimestamp date",
        ),
        _kind("events.k8s.io/v1/events", "Event", short=("ev",)),
        _kind(
            "networking.k8s.io/v1/networkpolicies",
            "NetworkPolicy",
            "Pod-Selector=.spec.podSelector.matchLabels | Age=.metadata.creationTimestamp date",
            short=("netpol",),
        ),
        _kind(
            "certificates.k8s.io/v1/certificatesigningrequests",
            "CertificateSigningRequest",
            "SignerName=.spec.signerName | Requestor=.spec.username | Age=.metadata.creationTimestamp date",
            short=("csr",),
            namespaced=False,
            status=True,
        ),
        _kind(
            "admissionregistration.k8s.io/v1/validatingwebhookconfigurations",
            "ValidatingWebhookConfiguration",
            "Age=.metadata.creationTimestamp date",
            namespaced=False,
        ),
        _kind(
            "admissionregistration.k8s.io/v1/mutatingwebhookconfigurations",
            "MutatingWebhookConfiguration",
            "Age=.metadata.creationTimestamp date",
            namespaced=False,
        ),
        _kind(
            "apiregistration.k8s.io/v1/apiservices",
            "APIService",
            "Available=.status.conditions[0].status | Age=.metadata.creationTimestamp date",
            namespaced=False,
            status=True,
        ),
        _kind("rbac.authorization.k8s.io/v1/roles", "Role"),
        _kind("rbac.authorization.k8s.io/v1/rolebindings", "RoleBinding"),
        _kind("rbac.authorization.k8s.io/v1/clusterroles", "ClusterRole", namespaced=False),
        _kind("rbac.authorization.k8s.io/v1/clusterrolebindings", "ClusterRoleBinding", namespaced=False),
        _kind(
            "apiextensions.k8s.io/v1/customresourcedefinitions",
            "CustomResourceDefinition",
            "Created At=.metadata.creationTimestamp",
            short=("crd", "crds"),
            namespaced=False,
            status=True,
        ),
    )


def metrics_kinds() -> tuple[Kind, ...]:
    """``metrics.k8s.io``, served where the world keeps such objects."""
    verbs = ("get", "list")
    return (
        _kind("metrics.k8s.io/v1beta1/nodes", "NodeMetrics", namespaced=False, verbs=verbs),
        _kind("metrics.k8s.io/v1beta1/pods", "PodMetrics", verbs=verbs),
    )


def named(kinds: Iterable[Kind], plurals: Iterable[str]) -> tuple[Kind, ...]:
    """Those of `kinds` with these plurals, in the order asked for; ValueError names an unknown one."""
    known = {kind.resource.plural: kind for kind in kinds}
    unknown = [p for p in plurals if p not in known]
    if unknown:
        raise ValueError(f"no such kind: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    return tuple(known[p] for p in plurals)


def definition(kind: Kind) -> Object:
    """The CustomResourceDefinition object behind a custom kind."""
    resource = kind.resource
    version: Object = {
        "name": resource.version,
        "served": True,
        "storage": True,
        "schema": {
            "openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
        "additionalPrinterColumns": [
            {"name": c.title, "type": c.type, "jsonPath": c.path} for c in kind.columns
        ],
    }
    if kind.status:
        version["subresources"] = {"status": {}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{resource.plural}.{resource.group}"},
        "spec": {
            "group": resource.group,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": {
                "plural": resource.plural,
                "singular": kind.singular or kind.name.lower(),
                "kind": kind.name,
                "listKind": f"{kind.name}List",
                "shortNames": list(kind.short),
            },
            "versions": [version],
        },
        "status": {
            "acceptedNames": {"plural": resource.plural, "kind": kind.name},
            "storedVersions": [resource.version],
            "conditions": [{"type": "Established", "status": "True", "reason": "InitialNamesAccepted"}],
        },
    }
