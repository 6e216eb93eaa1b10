"""Fields that are kept of listed objects."""

from __future__ import annotations

import re

import pytest

from checks import keep

POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {
        "name": "a",
        "namespace": "b",
        "uid": "u",
        "labels": {"app.kubernetes.io/name": "x", "app": "y"},
        "annotations": {"huge": "…"},
    },
    "spec": {"nodeName": "node-1", "containers": [{"name": "c", "image": "i"}, {"name": "d"}]},
    "status": {"phase": "Running"},
}


def kept(*paths: str) -> object:
    return keep.cut(POD, keep.tree(paths))


def test_identity_is_always_kept() -> None:
    identity = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "b", "uid": "u"},
    }
    assert kept("spec.nodeName") == {**identity, "spec": {"nodeName": "node-1"}}


def test_paths_go_through_lists_and_bracketed_names() -> None:
    found = kept("spec.containers.name", "metadata.labels[app.kubernetes.io/name]")
    assert found["spec"] == {"containers": [{"name": "c"}, {"name": "d"}]}  # type: ignore[index]
    assert found["metadata"]["labels"] == {"app.kubernetes.io/name": "x"}  # type: ignore[index]


@pytest.mark.parametrize("paths", [("spec", "spec.nodeName"), ("spec.nodeName", "spec")])
def test_the_wider_of_two_paths_holds(paths: tuple[str, str]) -> None:
    assert kept(*paths)["spec"] == POD["spec"]  # type: ignore[index]


def test_a_field_of_a_wrong_type_is_met_as_it_is() -> None:
    """A status that is a text must be seen as broken by whoever judges, not as missing."""
    odd = {"status": "Running", "spec": [{"nodeName": "x"}, 7]}
    assert keep.cut(odd, keep.tree(("status.phase", "spec.nodeName"))) == odd


@pytest.mark.parametrize("path", ["", "a.", ".a", "a..b", "a[", "a[]", "a b", "$.a", "a[b]c"])
def test_a_path_that_is_none_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match=re.escape(path) or "^$"):
        keep.tree((path,))


@pytest.mark.parametrize(
    ("paths", "only"), [(("metadata.labels",), True), ((), True), (("metadata", "spec.nodeName"), False)]
)
def test_metadata_alone_is_recognised(paths: tuple[str, ...], only: bool) -> None:
    assert keep.only_metadata(keep.tree(paths)) is only
