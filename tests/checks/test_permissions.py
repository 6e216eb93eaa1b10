"""What checks and steps need to be allowed."""

from __future__ import annotations

from checks.catalogue import load_catalogue
from checks.cluster import Resource
from checks.layout import load_layout
from checks.model import CheckSpec, ExecRead, ListRead
from checks.permissions import Permission, collect, of_check, of_step
from kb.model import DeleteAction, RecreateAction, RestartAction, Step, Undo, UndoPart
from kb.text import Text

PODS = Resource.parse("v1/pods")
IPS = Resource.parse("kubeovn.io/v1/ips")


def spec(**reads: ListRead | ExecRead) -> CheckSpec:
    return CheckSpec("a.b", Text("t"), Text("w"), "f", 1, reads)


def step(action: DeleteAction | RestartAction, undo: Undo) -> Step:
    return Step("s", Text("t"), Text(), Text(), action, undo)


def test_a_list_needs_the_list_and_an_exec_also_the_pods_of_its_role() -> None:
    """Reads name their verbs; a per-node role also lists nodes."""
    needed = of_check(
        spec(ips=ListRead("kubeovn.io/v1/ips"), flows=ExecRead("ovs", ("ovs-ofctl",))), load_layout()
    )
    assert Permission("list", IPS) in needed
    assert Permission("create", PODS, "kube-system", "exec") in needed
    assert Permission("list", PODS, "kube-system") in needed
    assert Permission("list", Resource.parse("v1/nodes")) in needed


def test_a_deletion_that_can_be_undone_also_needs_create() -> None:
    """The way back is asked for before the way forth."""
    delete = DeleteAction("kubeovn.io/v1/ips", "{item.name}")
    plain = of_step(step(delete, Undo(Text("no"))), load_layout())
    undoable = of_step(step(delete, Undo(Text("yes"), (UndoPart(RecreateAction()),))), load_layout())
    assert undoable - plain == {Permission("create", IPS)}
    assert Permission("delete", IPS) in plain


def test_a_restart_deletes_pods_and_reads_the_lease_of_its_leader() -> None:
    """restart is a deletion of one pod of its role."""
    needed = of_step(step(RestartAction("controller-leader"), Undo(Text("no"))), load_layout())
    lease = Resource.parse("coordination.k8s.io/v1/leases")
    assert {Permission("delete", PODS, "kube-system"), Permission("get", lease, "kube-system")} <= needed


def test_the_shipped_catalogue_is_covered_and_reads_only_read() -> None:
    """Every shipped check has its needs, and no check needs a writing verb but exec."""
    catalogue = load_catalogue()
    found = collect(list(catalogue), [], load_layout())
    assert {user for users in found.values() for user in users} == set(catalogue.ids())
    assert {p.verb for p in found} <= {"get", "list", "create"}
    assert all(p.subresource == "exec" for p in found if p.verb == "create")
    assert Permission("create", PODS, "kube-system", "exec").shown == "pods/exec -n kube-system"
