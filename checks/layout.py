"""Roles to pods: which container answers for ``ovs`` on a node, or for the leader of the northbound database.

`assets/layout.yaml` holds the roles. Choosing is a pure function of pods, nodes and leases; `resolve` reads them first.
A pod that should answer and cannot (not Running, or missing on a node) is named, never left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from checks.cluster import NODES, PODS, Cluster, Object, Resource, Target
from checks.errors import ClusterError, NotFound
from checks.model import NOTHING, ListRead
from checks.specs.shape import Place
from kb import yamlfile
from kb.messages import message
from kb.paths import ASSETS
from kb.problem import Problem, all_of
from kb.safe import one_line
from kb.said import Said
from kb.text import Text
from kb.wording import listed, sentences

LEASES = Resource("coordination.k8s.io", "v1", "leases")


@dataclass(frozen=True, slots=True)
class Role:
    """Which pods play a part, and in which container its commands run."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    container: str
    per: Literal["node", "pod"] = "pod"
    pick: Literal["all", "one"] = "all"
    marks: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    """Labels that only the one in charge carries."""
    lease: str = ""
    """Name of the Lease in the same namespace whose holder is in charge."""
    stays: bool = False
    """It belongs to Kubernetes, not to the network: its namespace is its own, and it is there in every layout."""

    @property
    def selector(self) -> str:
        """All its labels as a label selector."""
        return ",".join(f"{k}={v}" for k, v in {**self.labels, **self.marks}.items())


@dataclass(frozen=True, slots=True)
class Missing:
    """A place that should answer and cannot."""

    name: str
    node: str
    pod: str
    message: Text


@dataclass(frozen=True, slots=True)
class Found:
    """Who answers for a role, and who should but cannot."""

    targets: tuple[Target, ...]
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """The roles of one kind of installation."""

    roles: Mapping[str, Role]
    preset: str = "kube-ovn"
    """Which installation it began as."""
    fixed: bool = False
    """Whether somebody said where the roles are: then they are not looked for elsewhere."""

    def role(self, text: str) -> Role:
        """The role of ``ROLE`` or ``ROLE@node``; NotFound for an unknown one."""
        name = text.partition("@")[0]
        if name not in self.roles:
            raise NotFound(message("layout.no-role", role=one_line(name, 80)))
        return self.roles[name]

    def name_of(self, role: str, target: Target) -> str:
        """What an answer of this target is called: its node in per-node roles, else its pod."""
        return target.node if self.role(role).per == "node" and target.node else target.pod

    def moved(self, namespace: str) -> Layout:
        """The same roles, those of the network in another namespace."""
        roles = {
            name: role if role.stays else replace(role, namespace=namespace)
            for name, role in self.roles.items()
        }
        return replace(self, roles=roles)

    @property
    def namespaces(self) -> tuple[str, ...]:
        """The namespaces of the network's roles, sorted."""
        return tuple(sorted({role.namespace for role in self.roles.values() if not role.stays}))

    def selector(self, role: Role) -> str:
        """One label selector for all roles of a namespace that differ in one label only: one list serves them all."""
        if len(role.labels) != 1:
            return ",".join(f"{k}={v}" for k, v in role.labels.items())
        (key,) = role.labels
        peers = [r for r in self.roles.values() if r.namespace == role.namespace and set(r.labels) == {key}]
        values = sorted({r.labels[key] for r in peers})
        return f"{key} in ({','.join(values)})" if len(values) > 1 else f"{key}={values[0]}"


class LayoutError(Said, ValueError):
    """A layout file that cannot be used."""

    def __init__(self, problems: Sequence[Problem]):
        super().__init__(all_of(problems))
        self.problems = tuple(problems)


ROLE_KEYS = ("namespace", "labels", "marks", "lease", "container", "per", "pick", "stays")


PRESETS = ("kube-ovn", "ovn-kubernetes", "openvswitch")
"""Installations whose layout is shipped."""


def load_layout(path: Path | None = None, *, preset: str = "kube-ovn") -> Layout:
    """The shipped layout of a kind of installation, or the one in a file; raises LayoutError naming every mistake."""
    shipped = "layout.yaml" if preset == "kube-ovn" else f"layout-{preset}.yaml"
    document = yamlfile.load(path or ASSETS / shipped)
    problems = list(document.problems)
    place = Place(document, (), document.data, problems)
    if not problems:
        place.mapping()
    roles = {name: read_role(name, item) for name, item in place.items()}
    if problems:
        raise LayoutError(problems)
    if preset != "kube-ovn":
        common = {name: role for name, role in load_layout().roles.items() if role.stays}
        roles = {**common, **roles}
    return Layout(roles, preset)


def known_roles() -> frozenset[str]:
    """The names that roles have in any shipped layout."""
    return frozenset(name for preset in PRESETS for name in load_layout(preset=preset).roles)


def read_role(name: str, item: Place, base: Role | None = None) -> Role:
    """One role of a file, what is not said as in `base`; mistakes are noted."""
    item.mapping(ROLE_KEYS, () if base else ("namespace", "labels", "container"))
    base = base or Role(name, "", {}, "")
    labels = {key: value.string() for key, value in item.at("labels").items()}
    marks = {key: value.string() for key, value in item.at("marks").items()}
    return Role(
        name=name,
        namespace=item.at("namespace").string(base.namespace),
        labels=labels if "labels" in item else base.labels,
        container=item.at("container").string(base.container),
        per="node" if item.at("per").choice(("node", "pod"), base.per) == "node" else "pod",
        pick="one" if item.at("pick").choice(("all", "one"), base.pick) == "one" else "all",
        marks=marks if "marks" in item else base.marks,
        lease=item.at("lease").string(base.lease),
        stays=item.at("stays").flag(base.stays),
    )


# --- choosing: pure ---------------------------------------------------------------------------------------------


def choose(
    layout: Layout, text: str, pods: Iterable[Object], *, nodes: Iterable[Object] = (), holder: str = ""
) -> Found:
    """Who answers for ``ROLE`` or ``ROLE@node`` among `pods`; `holder` is that of the role's Lease.

    Raises NotFound where nobody can be asked, ClusterError where more than one claims to be the only one.
    """
    role, where = layout.role(text), text.partition("@")[2]
    mine = [pod for pod in pods if _plays(role, pod)]
    if where:
        mine = [pod for pod in mine if where in (_node(pod), _name(pod))]
    if role.pick == "one":
        return Found((_target(role, _only(role, mine, where, holder)),))
    found = _per_node(role, mine) if role.per == "node" else _per_pod(role, mine)
    bare = () if where or role.per == "pod" else _bare_nodes(role, mine, nodes)
    found = Found(found.targets, (*found.missing, *bare))
    if not found.targets and not found.missing:
        raise NotFound(_at(message("layout.no-pod", pods=role.selector, namespace=role.namespace), where))
    return found


def _plays(role: Role, pod: Object) -> bool:
    meta = pod.get("metadata", {})
    labels = meta.get("labels") or {}
    same_place = meta.get("namespace", role.namespace) == role.namespace
    over = pod.get("status", {}).get("phase") in ("Succeeded", "Failed")  # evicted leftovers answer nothing
    return same_place and not over and all(labels.get(key) == value for key, value in role.labels.items())


def _only(role: Role, pods: list[Object], where: str, holder: str) -> Object:
    usable = [pod for pod in pods if _running(pod) and is_ready(pod)]
    if role.lease:
        usable = [pod for pod in usable if _name(pod) == holder]
        sign = message(f"layout.by-lease{'' if holder else '-empty'}", lease=role.lease, holder=holder)
    else:
        usable = [pod for pod in usable if _marked(role, pod)]
        marks = ",".join(f"{k}={v}" for k, v in role.marks.items())
        sign = message("layout.by-label", label=marks) if marks else message("layout.by-role")
    if not usable:
        among = {"count": len(pods), "pods": _labels(role), "namespace": role.namespace}
        raise NotFound(_at(message("layout.none-ready", sign=sign, **among), where))
    if len(usable) > 1 and (role.marks or role.lease):
        names = listed(sorted(_name(pod) for pod in usable))
        many = {"count": len(usable), "namespace": role.namespace, "names": names}
        raise ClusterError(message("layout.several", sign=sign, **many))
    return min(usable, key=_name)


def _at(said: Text, where: str) -> Text:
    """What is said of the pods of one node or of one name only."""
    return message("layout.at", said=said, where=where) if where else said


def _marked(role: Role, pod: Object) -> bool:
    labels = pod.get("metadata", {}).get("labels") or {}
    return all(labels.get(key) == value for key, value in role.marks.items())


def _labels(role: Role) -> str:
    return ",".join(f"{k}={v}" for k, v in role.labels.items())


def _per_node(role: Role, pods: list[Object]) -> Found:
    """While a DaemonSet rolls, a node has two pods: the one that runs, is Ready and is newest speaks for it."""
    best: dict[str, Object] = {}
    for pod in pods:
        node = _node(pod)
        if node and (node not in best or _rank(pod) > _rank(best[node])):
            best[node] = pod
    usable = {node: pod for node, pod in best.items() if _running(pod)}
    targets = tuple(_target(role, usable[node]) for node in sorted(usable))
    missing = tuple(_not_running(role, best[node], node) for node in sorted(best.keys() - usable.keys()))
    return Found(targets, missing)


def _per_pod(role: Role, pods: list[Object]) -> Found:
    ordered = sorted(pods, key=_name)
    going = [pod for pod in ordered if not pod.get("metadata", {}).get("deletionTimestamp")]
    targets = tuple(_target(role, pod) for pod in ordered if _running(pod))
    return Found(targets, tuple(_not_running(role, pod, _name(pod)) for pod in going if not _running(pod)))


def _bare_nodes(role: Role, pods: list[Object], nodes: Iterable[Object]) -> tuple[Missing, ...]:
    served = {_node(pod) for pod in pods}
    bare = sorted(_name(node) for node in nodes if _serves(node) and _name(node) not in served)
    return tuple(
        Missing(name, name, "", message("layout.bare-node", pods=_labels(role), node=name)) for name in bare
    )


def _serves(node: Object) -> bool:
    labels = node.get("metadata", {}).get("labels") or {}
    return labels.get("kubernetes.io/os", "linux") == "linux" and labels.get("type") != "virtual-kubelet"


def _not_running(role: Role, pod: Object, name: str) -> Missing:
    phase = pod.get("status", {}).get("phase") or "unknown"
    key = "deleted" if pod.get("metadata", {}).get("deletionTimestamp") else "not-running"
    said = message(f"layout.{key}", pod=f"{role.namespace}/{_name(pod)}", phase=phase)
    return Missing(name, _node(pod), _name(pod), said)


def _rank(pod: Object) -> tuple[bool, bool, str]:
    return _running(pod), is_ready(pod), str(pod.get("metadata", {}).get("creationTimestamp", ""))


def _running(pod: Object) -> bool:
    deleting = pod.get("metadata", {}).get("deletionTimestamp")
    return pod.get("status", {}).get("phase") == "Running" and not deleting


def is_ready(pod: Object) -> bool:
    """Whether the pod's condition Ready is True."""
    conditions = pod.get("status", {}).get("conditions") or []
    return any(c.get("type") == "Ready" and c.get("status") == "True" for c in conditions)


def _name(pod: Object) -> str:
    return str(pod.get("metadata", {}).get("name", ""))


def _node(pod: Object) -> str:
    return str(pod.get("spec", {}).get("nodeName") or "")


def _target(role: Role, pod: Object) -> Target:
    uid = str(pod.get("metadata", {}).get("uid", ""))
    return Target(role.namespace, _name(pod), role.container, _node(pod), uid, role.name)


# --- living elsewhere ---------------------------------------------------------------------------------------------

DEPLOYMENTS = Resource("apps", "v1", "deployments")
HOME_READ = ListRead(
    "apps/v1/deployments", fields="metadata.name=kube-ovn-controller", keep=("metadata.name",)
)
"""One small answer of the whole cluster, selected by the server: Kube-OVN is where its controller is deployed."""


def movable(layout: Layout) -> bool:
    """Whether klinik may look elsewhere: for Kube-OVN, and where nobody said where its roles are."""
    return layout.preset == "kube-ovn" and not layout.fixed


def elsewhere(layout: Layout, deployments: Iterable[Object]) -> Layout | None:
    """The layout in the one other namespace that has a kube-ovn-controller; None where there is no such thing."""
    homes = {str((one.get("metadata") or {}).get("namespace", "")) for one in deployments} - {""}
    known = set(layout.namespaces)
    return layout.moved(homes.pop()) if movable(layout) and len(homes) == 1 and not homes & known else None


def placed(cluster: Cluster, layout: Layout, *, timeout: float = 5.0) -> Layout:
    """The layout as this cluster has it: another one where Kube-OVN was found in a namespace that nobody named.

    Where the list is refused or fails the layout stays as it is: whoever reads by it will meet the reason.
    """
    if not movable(layout):
        return layout
    try:
        found = list(cluster.list(DEPLOYMENTS, fields=HOME_READ.fields, timeout=timeout))
    except ClusterError:
        return layout
    return elsewhere(layout, found) or layout


# --- reading ----------------------------------------------------------------------------------------------------


def resolve(cluster: Cluster, layout: Layout, text: str, *, timeout: float = 15.0) -> list[Target]:
    """The targets of ``ROLE`` or ``ROLE@node`` as the cluster is now; raises ClusterError (NotFound: nobody)."""
    role = layout.role(text)
    labels = ",".join(f"{k}={v}" for k, v in role.labels.items())
    pods = list(cluster.list(PODS, namespace=role.namespace, labels=labels, timeout=timeout))
    if not pods and (moved := placed(cluster, layout)) is not layout:
        return resolve(cluster, moved, text, timeout=timeout)
    found = choose(layout, text, pods, holder=lease_holder(cluster, role, timeout=timeout))
    if not found.targets:
        raise NotFound(sentences(missing.message for missing in found.missing))
    return list(found.targets)


def lease_holder(cluster: Cluster, role: Role, *, timeout: float = 10.0) -> str:
    """The holderIdentity of the role's Lease; empty for a role without one."""
    if not role.lease:
        return ""
    lease = cluster.get(LEASES, role.lease, namespace=role.namespace, timeout=timeout)
    return str(lease.get("spec", {}).get("holderIdentity") or "")


__all__ = [
    "HOME_READ", "LEASES", "NODES", "PRESETS", "ROLE_KEYS", "Found", "Layout", "LayoutError", "Missing", "Role",
    "choose", "elsewhere", "is_ready", "known_roles", "lease_holder", "load_layout", "movable", "placed",
    "read_role", "resolve",
]  # fmt: skip
