"""What checks and steps need to be allowed."""

from __future__ import annotations

from checks.catalogue import load_catalogue
from checks.cluster import Resource
from checks.layout import load_layout
from checks.model import CheckSpec, ExecRead, ListRead
from checks.rights.permissions import Permission, collect, of_check, of_step
from kb.model import DeleteAction, PatchAction, RecreateAction, RestartAction, Step, Undo, UndoPart
from kb.text import Text

PODS = Resource.parse("v1/pods")
IPS = Resource.parse("kubeovn.io/v1/ips")


def spec(**reads: ListRead | ExecRead) -> CheckSpec:
    return CheckSpec("a.b", Text("t"), Text("w"), "f", 1, reads)


def step(action: DeleteAction | PatchAction | RestartAction, undo: Undo) -> Step:
    return Step("s", Text("t"), Text(), Text(), action, undo)


def test_a_list_needs_the_list_and_an_exec_also_the_pods_of_its_role() -> None:
    """Reads name their verbs; a per-node role also lists nodes."""
    needed = of_check(
        spec(ips=ListRead("kubeovn.io/v1/ips"), flows=ExecRead("ovs", ("ovs-ofctl",))), load_layout()
    )
    assert Permission("list", IPS) in needed
    assert Permission("create", PODS, "kube-system", "exec") in needed
    assert Permission("get", PODS, "kube-system", "exec") in needed, "a WebSocket is opened with GET"
    assert Permission("list", PODS, "kube-system") in needed
    assert Permission("list", Resource.parse("v1/nodes")) in needed


def test_a_deletion_that_can_be_undone_also_needs_create() -> None:
    """The way back is asked for before the way forth: what is gone is created, what is there is patched back."""
    delete = DeleteAction("kubeovn.io/v1/ips", "{item.name}")
    plain = of_step(step(delete, Undo(Text("no"))), load_layout())
    undoable = of_step(step(delete, Undo(Text("yes"), (UndoPart(RecreateAction()),))), load_layout())
    assert undoable - plain == {Permission("create", IPS), Permission("patch", IPS)}
    assert Permission("delete", IPS) in plain


def test_a_restart_evicts_pods_and_reads_the_lease_of_its_leader() -> None:
    """A restart is the eviction of a pod of its role."""
    needed = of_step(step(RestartAction("controller-leader"), Undo(Text("no"))), load_layout())
    lease = Resource.parse("coordination.k8s.io/v1/leases")
    holder = Permission("get", lease, "kube-system", name="kube-ovn-controller")
    assert {Permission(verb, PODS, "kube-system") for verb in ("get", "list")} | {holder} <= needed
    assert Permission("create", PODS, "kube-system", "eviction") in needed
    assert Permission("delete", PODS, "kube-system") not in needed


def test_a_fallback_in_another_container_is_needed_too() -> None:
    """Where the first role refuses, the second is asked: both may have to be reached."""
    read = ExecRead("ovn-central", ("stat",), fallback="cni")
    assert Permission("list", Resource.parse("v1/nodes")) in of_check(spec(a=read), load_layout())


def test_a_patch_of_a_named_object_is_needed_for_that_object_only() -> None:
    """What the guide names is named in the rule; what an input will name is not."""
    patch = PatchAction("apps/v1/daemonsets", "ovs-ovn", {}, namespace="kube-system")
    any_subnet = PatchAction("kubeovn.io/v1/subnets", "{item.name}", {})
    daemonsets = Resource.parse("apps/v1/daemonsets")
    one = of_step(step(patch, Undo(Text("no"))), load_layout())
    on_it = {p for p in one if p.resource == daemonsets}
    assert on_it == {Permission(v, daemonsets, "kube-system", name="ovs-ovn") for v in ("get", "patch")}
    every = of_step(step(any_subnet, Undo(Text("no"))), load_layout())
    assert {(p.namespace, p.name) for p in every if p.resource.plural == "subnets"} == {("", "")}


def test_a_write_is_announced_where_its_target_is() -> None:
    """A Lease and an Event in the namespace of the object; for objects of the cluster where those may live."""
    inside = of_step(
        step(PatchAction("apps/v1/daemonsets", "x", {}, namespace="ovn"), Undo(Text("no"))), load_layout()
    )
    beside = {
        (p.verb, p.resource.plural, p.namespace) for p in inside if p.resource.plural in ("leases", "events")
    }
    lease = ("create", "get", "list", "patch", "delete")
    assert beside == {*((verb, "leases", "ovn") for verb in lease), ("create", "events", "ovn")}
    wide = of_step(step(DeleteAction("kubeovn.io/v1/ips", "{x}"), Undo(Text("no"))), load_layout())
    spaces = {(p.resource.plural, p.namespace) for p in wide if p.resource.plural != "ips"}
    assert spaces == {("leases", "kube-system"), ("events", "default")}


def test_a_namespace_that_a_guide_sets_is_the_one_that_counts() -> None:
    """Params fill the namespace of a list; the check's own default holds where a guide says nothing."""
    reads = {"pods": ListRead("v1/pods", namespace="{where}")}
    check = CheckSpec("a.b", Text("t"), Text("w"), "f", 1, reads, params={"where": "kube-system"})
    assert of_check(check, load_layout()) == {Permission("list", PODS, "kube-system")}
    assert of_check(check, load_layout(), {"where": "ovn"}) == {Permission("list", PODS, "ovn")}


def test_a_guide_that_is_wrong_needs_nothing_and_breaks_nothing() -> None:
    """Unknown roles and kinds are named by lint; the rest of the doctor goes on."""
    broken = DeleteAction("no such kind", "x")
    assert of_step(step(broken, Undo(Text("no"))), load_layout()) == frozenset()
    assert of_step(step(RestartAction("nobody"), Undo(Text("no"))), load_layout()) == frozenset()


def test_the_shipped_catalogue_is_covered_and_reads_only_read() -> None:
    """Every shipped check has its needs, and no check needs a writing verb but exec."""
    catalogue = load_catalogue()
    found = collect(list(catalogue), [], load_layout())
    assert {user for users in found.values() for user in users} == set(catalogue.ids())
    assert {p.verb for p in found} <= {"get", "list", "create"}
    assert all(p.subresource == "exec" for p in found if p.verb == "create")
    assert Permission("create", PODS, "kube-system", "exec").shown == "pods/exec -n kube-system"
