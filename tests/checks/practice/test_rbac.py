"""Roles and bindings on a practice cluster: who is bound to a role may do what it says, everybody else everything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from checks.cluster import NODES, PODS, Object, Resource
from checks.errors import Forbidden
from checks.live import LiveCluster
from tests.checks.practice.scripted import ScriptedWorld

Connect = Callable[..., LiveCluster]
GROUP = "rbac.authorization.k8s.io"
SUBNETS = Resource("kubeovn.io", "v1", "subnets")


def bind(world: ScriptedWorld, subject: Object, namespace: str, *rules: Object) -> None:
    """A role with these rules, bound to the subject: in a namespace, or in the whole cluster."""
    kind = "Role" if namespace else "ClusterRole"
    role = Resource(GROUP, "v1", kind.lower() + "s")
    binding = Resource(GROUP, "v1", kind.lower() + "bindings")
    name = f"r{len(world.store.scan(role))}"
    world.store.create(role, {"metadata": {"name": name}, "rules": list(rules)}, namespace=namespace)
    ref = {"apiGroup": GROUP, "kind": kind, "name": name}
    body = {"metadata": {"name": name}, "roleRef": ref, "subjects": [subject]}
    world.store.create(binding, body, namespace=namespace)


def rule(verb: str, resource: str, group: str = "", *names: str) -> Object:
    found: Object = {"verbs": [verb], "apiGroups": [group], "resources": [resource]}
    return {**found, "resourceNames": list(names)} if names else found


def test_a_bound_user_may_what_is_bound_and_nothing_else(world: ScriptedWorld, connected: Connect) -> None:
    """In the namespace of a Role, everywhere for a ClusterRole; calls and reviews agree."""
    bind(world, {"kind": "User", "name": "viewer"}, "kube-system", rule("list", "pods"))
    bind(world, {"kind": "User", "name": "viewer"}, "", rule("list", "subnets", "kubeovn.io"))
    cluster = connected(as_user="viewer")
    assert list(cluster.list(PODS, namespace="kube-system"))
    assert list(cluster.list(SUBNETS))
    for refused in (
        lambda: list(cluster.list(PODS)),
        lambda: list(cluster.list(NODES)),
        lambda: cluster.get(SUBNETS, "ovn-default"),
        lambda: cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("true",)),
    ):
        with pytest.raises(Forbidden):
            refused()
    assert cluster.can("list", PODS, namespace="kube-system")
    assert not cluster.can("list", PODS)
    assert not cluster.can("create", PODS, namespace="kube-system", subresource="exec")


def test_everybody_else_may_do_everything(world: ScriptedWorld, connected: Connect) -> None:
    """A binding limits the users it names; a user of no binding, and the practice operator, are as free as before."""
    bind(world, {"kind": "User", "name": "viewer"}, "", rule("list", "pods"))
    bind(world, {"kind": "Group", "name": "system:masters"}, "", rule("list", "pods"))
    for cluster in (connected(), connected(as_user="somebody")):
        assert cluster.get(SUBNETS, "ovn-default")
        assert cluster.can("delete", SUBNETS)


@pytest.mark.parametrize(
    ("subject", "who"),
    [
        ({"kind": "Group", "name": "sre"}, {"as_user": "a", "as_groups": ("sre",)}),
        (
            {"kind": "ServiceAccount", "name": "k", "namespace": "ops"},
            {"as_user": "system:serviceaccount:ops:k"},
        ),
    ],
)
def test_groups_and_service_accounts_are_bound_too(
    world: ScriptedWorld, connected: Connect, subject: Object, who: dict[str, object]
) -> None:
    """By the names that the API server gives them."""
    bind(world, subject, "", rule("list", "subnets", "kubeovn.io"))
    cluster = connected(**who)
    assert list(cluster.list(SUBNETS))
    with pytest.raises(Forbidden):
        list(cluster.list(NODES))


def test_a_rule_with_names_covers_these_objects_only(world: ScriptedWorld, connected: Connect) -> None:
    """resourceNames allow one object, never the whole kind."""
    bind(world, {"kind": "User", "name": "v"}, "", rule("get", "subnets", "kubeovn.io", "ovn-default"))
    cluster = connected(as_user="v")
    assert cluster.get(SUBNETS, "ovn-default")
    with pytest.raises(Forbidden):
        cluster.get(SUBNETS, "other")
    assert cluster.can("get", SUBNETS, name="ovn-default")
    assert not cluster.can("get", SUBNETS, name="other")
    assert not cluster.can("get", SUBNETS)
