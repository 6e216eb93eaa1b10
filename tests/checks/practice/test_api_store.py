"""The rules of the store behind the practice API server."""

from __future__ import annotations

import pytest

from checks.cluster import PODS, Object, Resource
from checks.errors import Conflict, Invalid, NotFound
from checks.practice.failures import AlreadyExists, BadRequest, Expired
from checks.practice.kinds import builtin_kinds
from checks.practice.ovnkinds import kube_ovn_kinds
from checks.practice.store import CRDS, NAMESPACES, Admission, Store

SUBNETS = Resource("kubeovn.io", "v1", "subnets")
IPS = Resource("kubeovn.io", "v1", "ips")


@pytest.fixture
def store() -> Store:
    made = Store((*builtin_kinds(), *kube_ovn_kinds()))
    made.create(NAMESPACES, {"metadata": {"name": "default"}})
    return made


def subnet(name: str = "ovn-default", **spec: object) -> Object:
    return {"metadata": {"name": name}, "spec": {"cidrBlock": "10.16.0.0/16", **spec}}


def pod(name: str, **more: object) -> Object:
    return {"metadata": {"name": name, **more}, "spec": {"nodeName": "node-1"}}


def test_created_objects_have_identity_and_type(store: Store) -> None:
    made = store.create(SUBNETS, subnet())
    assert (made["apiVersion"], made["kind"]) == ("kubeovn.io/v1", "Subnet")
    assert made["metadata"]["generation"] == 1
    assert made["metadata"]["uid"]
    assert made["metadata"]["resourceVersion"] == str(store.version)


def test_what_comes_out_is_a_copy(store: Store) -> None:
    store.create(SUBNETS, subnet())["spec"]["cidrBlock"] = "changed"
    store.all(SUBNETS)[0]["spec"]["cidrBlock"] = "changed"
    assert store.get(SUBNETS, "ovn-default")["spec"]["cidrBlock"] == "10.16.0.0/16"


def test_a_name_is_given_once(store: Store) -> None:
    store.create(SUBNETS, subnet())
    with pytest.raises(AlreadyExists, match=r'subnets.kubeovn.io "ovn-default" already exists'):
        store.create(SUBNETS, subnet())


def test_generated_names_differ(store: Store) -> None:
    body: Object = {"metadata": {"generateName": "probe-"}}
    names = {store.create(PODS, body, namespace="default")["metadata"]["name"] for _ in range(5)}
    assert len(names) == 5
    assert all(n.startswith("probe-") for n in names)


@pytest.mark.parametrize("name", ["Upper", "a_b", "-a", "x" * 254])
def test_names_follow_the_rfc(store: Store, name: str) -> None:
    with pytest.raises(Invalid, match="RFC 1123"):
        store.create(SUBNETS, subnet(name))


def test_a_namespace_must_be_there(store: Store) -> None:
    with pytest.raises(NotFound, match='namespaces "nowhere" not found'):
        store.create(PODS, pod("a"), namespace="nowhere")


def test_a_missing_kind_is_not_found() -> None:
    with pytest.raises(NotFound, match="could not find the requested resource"):
        Store(builtin_kinds()).all(SUBNETS)


def test_custom_kinds_have_their_definitions(store: Store) -> None:
    names = [o["metadata"]["name"] for o in store.all(CRDS)]
    assert "subnets.kubeovn.io" in names


def test_the_status_is_written_apart(store: Store) -> None:
    """A write to the object leaves the status alone and the other way round; ips have no such subresource."""
    store.create(SUBNETS, {**subnet(), "status": {"v4usingIPs": 3}})

    def set_all(obj: Object) -> Object:
        obj["spec"]["mtu"], obj["status"] = 1400, {"v4usingIPs": 9}
        return obj

    changed = store.update(SUBNETS, "ovn-default", set_all)
    assert (changed["spec"]["mtu"], changed["status"]["v4usingIPs"]) == (1400, 3)
    assert changed["metadata"]["generation"] == 2

    def set_more(obj: Object) -> Object:
        obj["spec"]["mtu"], obj["status"] = 1, {"v4usingIPs": 9}
        return obj

    changed = store.update(SUBNETS, "ovn-default", set_more, subresource="status")
    assert (changed["spec"]["mtu"], changed["status"]["v4usingIPs"]) == (1400, 9)
    assert changed["metadata"]["generation"] == 2


def test_a_stale_write_is_a_conflict(store: Store) -> None:
    old = store.create(SUBNETS, subnet())
    store.modify(SUBNETS, "ovn-default", lambda o: o["spec"].update(mtu=1))
    with pytest.raises(Conflict, match="the object has been modified"):
        store.update(SUBNETS, "ovn-default", lambda _: {**old, "spec": {}})


def test_a_write_that_changes_nothing_has_no_event(store: Store) -> None:
    before = store.create(SUBNETS, subnet())
    assert store.update(SUBNETS, "ovn-default", lambda o: o) == before
    assert store.version == int(before["metadata"]["resourceVersion"])


def test_a_dry_run_answers_and_changes_nothing(store: Store) -> None:
    events: list[str] = []
    store.subscribe(lambda event, *_: events.append(event))
    made = store.create(SUBNETS, subnet("a"), dry_run=True)
    assert made["metadata"]["uid"]
    assert store.find(SUBNETS, "a") is None
    before = store.create(SUBNETS, subnet("b"))
    then = store.update(SUBNETS, "b", lambda o: {**o, "spec": {"mtu": 9}}, dry_run=True)
    assert then["spec"] == {"mtu": 9}
    store.delete(SUBNETS, "b", dry_run=True)
    assert store.get(SUBNETS, "b") == before
    assert events == ["ADDED"]


def test_finalizers_hold_an_object_until_they_are_gone(store: Store) -> None:
    store.create(IPS, {"metadata": {"name": "ip", "finalizers": ["kube-ovn-controller"]}})
    held = store.delete(IPS, "ip")
    assert held["metadata"]["deletionTimestamp"]
    with pytest.raises(Invalid, match="no new finalizers"):
        store.modify(IPS, "ip", lambda o: o["metadata"]["finalizers"].append("other"))
    events: list[str] = []
    store.subscribe(lambda event, *_: events.append(event))
    store.update(IPS, "ip", lambda o: {**o, "metadata": {**o["metadata"], "finalizers": []}})
    assert store.find(IPS, "ip") is None
    assert events == ["DELETED"]


def test_deleting_twice_changes_nothing_more(store: Store) -> None:
    store.create(IPS, {"metadata": {"name": "ip", "finalizers": ["x"]}})
    assert store.delete(IPS, "ip") == store.delete(IPS, "ip")


def test_preconditions_bind_a_delete(store: Store) -> None:
    made = store.create(IPS, {"metadata": {"name": "ip"}})
    with pytest.raises(Conflict, match="UID in precondition: other"):
        store.delete(IPS, "ip", uid="other")
    with pytest.raises(Conflict, match="ResourceVersion in precondition: 1"):
        store.delete(IPS, "ip", resource_version="1")
    store.delete(IPS, "ip", uid=made["metadata"]["uid"])
    assert store.find(IPS, "ip") is None


def test_graceful_pods_wait_for_their_kubelet() -> None:
    store = Store(builtin_kinds(), graceful=True)
    store.create(NAMESPACES, {"metadata": {"name": "default"}})
    store.create(PODS, pod("a"), namespace="default")
    store.delete(PODS, "a", namespace="default")
    assert store.get(PODS, "a", "default")["metadata"]["deletionGracePeriodSeconds"] == 30
    store.delete(PODS, "a", namespace="default", grace=0)
    assert store.find(PODS, "a", "default") is None


def test_validators_refuse_writes(store: Store) -> None:
    def refuse(request: Admission) -> None:
        if request.verb == "delete" and request.resource == SUBNETS:
            raise Invalid("admission webhook denied the request: subnet has IPs")

    store.validators.append(refuse)
    store.create(SUBNETS, subnet())
    with pytest.raises(Invalid, match="denied the request"):
        store.delete(SUBNETS, "ovn-default", dry_run=True)
    assert store.find(SUBNETS, "ovn-default")


def test_callbacks_may_write(store: Store) -> None:
    """A controller reacts to a deletion with further writes, all done before the deleting call returns."""

    def react(event: str, resource: Resource, obj: Object) -> None:
        if event == "DELETED" and resource == PODS:
            store.delete(IPS, f"{obj['metadata']['name']}.default")

    stop = store.subscribe(react)
    store.create(PODS, pod("a"), namespace="default")
    store.create(IPS, {"metadata": {"name": "a.default"}})
    store.delete(PODS, "a", namespace="default")
    assert store.all(IPS) == []
    stop()


def test_changes_are_kept_in_order(store: Store) -> None:
    start = store.version
    store.create(SUBNETS, subnet())
    store.modify(SUBNETS, "ovn-default", lambda o: o["spec"].update(mtu=1))
    store.delete(SUBNETS, "ovn-default")
    assert [c.type for c in store.changes_since(start)] == ["ADDED", "MODIFIED", "DELETED"]
    with pytest.raises(Expired):
        store.changes_since(5)


@pytest.mark.parametrize(
    ("selector", "found"),
    [
        ("app=ovs", ["a", "b"]),
        ("app==ovs,tier!=x", ["b"]),
        ("app in (ovn, ovs)", ["a", "b", "c"]),
        ("app notin (ovs)", ["c", "d"]),
        ("tier", ["a"]),
        ("!tier", ["b", "c", "d"]),
        ("app", ["a", "b", "c"]),
        ("app!=ovs", ["c", "d"]),
    ],
)
def test_label_selectors(store: Store, selector: str, found: list[str]) -> None:
    for name, labels in {
        "a": {"app": "ovs", "tier": "x"},
        "b": {"app": "ovs"},
        "c": {"app": "ovn"},
        "d": {},
    }.items():
        store.create(PODS, pod(name, labels=labels), namespace="default")
    assert [o["metadata"]["name"] for o in store.scan(PODS, labels=selector)] == found


def test_field_selectors(store: Store) -> None:
    store.create(PODS, pod("a"), namespace="default")
    store.create(PODS, {**pod("b"), "spec": {"nodeName": "node-2"}}, namespace="default")
    found = store.scan(PODS, fields="spec.nodeName=node-2,metadata.namespace!=other")
    assert [o["metadata"]["name"] for o in found] == ["b"]
    with pytest.raises(BadRequest, match=r"field label not supported: spec.cidrBlock"):
        store.scan(SUBNETS, fields="spec.cidrBlock=x")
