"""managedFields as a stock API server keeps them, and "who may revert it" told from them on a live connection."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from checks.cluster import Object, Resource
from checks.layout import load_layout
from checks.live import LiveCluster
from checks.outlook.keep import keepers_of, writers
from checks.outlook.scene import Scene
from checks.practice.ownership import ANCIENT, MOST, Writer, manager_of, own
from checks.signature import signed
from kb.model import PatchAction
from tests.checks.incident import GUIDE, step

SUBNETS = Resource.parse("kubeovn.io/v1/subnets")
Connect = Callable[..., LiveCluster]


def written(old: Object | None, new: Object, manager: str, at: str = "t1", **more: Any) -> Object:
    own(
        Writer(manager, at, **{k: v for k, v in more.items() if k != "applied"}),
        old,
        new,
        more.get("applied"),
    )
    return new


def fields(obj: Object) -> dict[str, Any]:
    """By manager."""
    return {line["manager"]: line["fieldsV1"] for line in obj["metadata"].get("managedFields", [])}


def obj(spec: Object, old: Object | None = None, **meta: Any) -> Object:
    kept = (
        {"managedFields": old["metadata"]["managedFields"]}
        if old and "managedFields" in old["metadata"]
        else {}
    )
    return {"apiVersion": "x/v1", "kind": "X", "metadata": {"name": "a", **meta, **kept}, "spec": spec}


def test_a_field_belongs_to_who_changed_it_last_and_to_nobody_else() -> None:
    first = written(None, obj({"a": 1, "b": {"c": 2}, "list": [1, 2]}, labels={"x": "y"}), "one")
    labels: dict[str, Any] = {"f:metadata": {"f:labels": {".": {}, "f:x": {}}}}
    assert fields(first) == {"one": {**labels, "f:spec": {"f:a": {}, "f:b": {"f:c": {}}, "f:list": {}}}}
    then = written(first, obj({"a": 1, "b": {"c": 3}, "list": [1, 2, 3]}, first, labels={"x": "y"}), "two")
    assert fields(then) == {
        "one": {**labels, "f:spec": {"f:a": {}}},
        "two": {"f:spec": {"f:b": {"f:c": {}}, "f:list": {}}},
    }
    gone = written(then, obj({"a": 1}, then), "three")
    assert fields(gone) == {"one": {"f:spec": {"f:a": {}}}}, "who owns nothing any more is not named"


def test_items_of_keyed_lists_and_finalizers_have_owners_of_their_own() -> None:
    one, other = {"name": "m", "image": "i:1"}, {"name": "s", "image": "i:1"}
    first = written(None, obj({"containers": [one, other]}, finalizers=["a", "b"]), "one")
    changed = obj({"containers": [one, {**other, "image": "i:2"}]}, first, finalizers=["b"])
    found = fields(written(first, changed, "two"))
    assert found["two"] == {"f:spec": {"f:containers": {'k:{"name":"s"}': {"f:image": {}}}}}
    assert found["one"]["f:metadata"] == {"f:finalizers": {".": {}, 'v:"b"': {}}}
    assert 'k:{"name":"m"}' in found["one"]["f:spec"]["f:containers"]


def test_status_and_apply_are_lines_of_their_own() -> None:
    """Who applies owns all that was applied, changed or not, and gives up what is no longer in it."""
    first = written(None, obj({"a": 1, "b": 2}), "ctl")
    with_status = {**obj({"a": 1, "b": 2}, first), "status": {"ready": True}}
    then = written(first, with_status, "ctl", subresource="status")
    assert [one.get("subresource", "") for one in then["metadata"]["managedFields"]] == ["", "status"]
    applied = written(then, obj({"a": 1, "b": 2}, then), "flux", operation="Apply", applied=obj({"a": 1}))
    assert fields(applied)["flux"] == {"f:spec": {"f:a": {}}}
    again = written(applied, obj({"a": 1, "b": 2}, applied), "flux", operation="Apply", applied=obj({"b": 2}))
    assert fields(again)["flux"] == {"f:spec": {"f:b": {}}}


def test_many_managers_become_one() -> None:
    found = written(None, obj({"f0": 0}), "m00", "t00")
    for number in range(1, MOST + 3):
        spec = {f"f{n}": n for n in range(number + 1)}
        found = written(found, obj(spec, found), f"m{number:02}", f"t{number:02}")
    assert len(fields(found)) == MOST + 1
    assert set(fields(found)[ANCIENT]["f:spec"]) == {"f:f0", "f:f1", "f:f2"}


def test_who_names_no_manager_is_known_by_the_user_agent() -> None:
    assert manager_of({"fieldManager": "klinik: CHG-1"}, "klinik") == "klinik: CHG-1"
    assert manager_of({}, "kubectl/v1.30 (linux)") == "kubectl"
    assert manager_of({}, "") == "unknown"


def test_who_may_revert_a_patch_is_told_from_what_the_server_recorded(cluster: LiveCluster) -> None:
    """A controller wrote the field over the API, klinik and a person wrote it later: the server moves the ownership."""

    def named() -> str:
        scene = Scene(cluster, load_layout(), GUIDE, {})
        action = PatchAction("kubeovn.io/v1/subnets", "ovn-default", {"spec": {"mtu": 1300}})
        return " ".join(text.en for text in keepers_of(scene, step("patch", action), {}))

    controller = cluster.signing("net-operator")
    controller.patch(SUBNETS, "ovn-default", {"spec": {"mtu": 1400}})
    assert "net-operator" in named()
    signed(cluster, "CHG-7").patch(SUBNETS, "ovn-default", {"spec": {"mtu": 1300}})
    assert "net-operator" not in named(), "the field is klinik's now, which reverts nothing by itself"
    now = cluster.get(SUBNETS, "ovn-default")
    assert writers(now, [("spec", "mtu")]) == ()
    (mine,) = (one for one in now["metadata"]["managedFields"] if one["manager"].startswith("klinik"))
    assert mine["manager"] == "klinik: CHG-7"
    assert mine["fieldsV1"] == {"f:spec": {"f:mtu": {}}}
    controller.patch(SUBNETS, "ovn-default", {"spec": {"mtu": 1400}}, dry_run=True)
    assert "net-operator" not in named(), "a dry run owns nothing"
    controller.patch(SUBNETS, "ovn-default", {"spec": {"mtu": 1400}})
    assert "net-operator" in named()


def test_a_list_that_is_owned_as_a_whole_is_owned_in_each_place() -> None:
    """A JSON patch of one element meets who wrote the list."""
    first = written(None, obj({"excludeIps": ["10.0.0.1"]}), "net-operator")
    assert writers(first, [("spec", "excludeIps", "0")]) == (("net-operator", "spec.excludeIps.0"),)
