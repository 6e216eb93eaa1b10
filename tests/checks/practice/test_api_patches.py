"""The patch types as pure functions."""

from __future__ import annotations

from typing import Any

import pytest

from checks.practice.failures import BadRequest
from checks.practice.patches import PatchFailed, json_patch, merge_patch, strategic_patch


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [
        ({"a": 1, "b": 2}, {"a": None, "c": {"d": None, "e": 3}}, {"b": 2, "c": {"e": 3}}),
        ({"a": [1, 2]}, {"a": [3]}, {"a": [3]}),
        ({"a": "x"}, {"a": {"b": 1}}, {"a": {"b": 1}}),
        ({"a": 1}, [1], [1]),
    ],
)
def test_merge(target: Any, patch: Any, result: Any) -> None:
    assert merge_patch(target, patch) == result


@pytest.mark.parametrize(
    ("operation", "result"),
    [
        ({"op": "add", "path": "/list/0", "value": 0}, [0, 1, 2]),
        ({"op": "add", "path": "/list/-", "value": 3}, [1, 2, 3]),
        ({"op": "remove", "path": "/list/0"}, [2]),
        ({"op": "replace", "path": "/list/1", "value": 9}, [1, 9]),
        ({"op": "move", "from": "/list/0", "path": "/list/-"}, [2, 1]),
        ({"op": "copy", "from": "/a~1b", "path": "/list/-"}, [1, 2, "x"]),
        ({"op": "test", "path": "/a~1b", "value": "x"}, [1, 2]),
    ],
)
def test_json_operations(operation: dict[str, Any], result: list[Any]) -> None:
    before = {"list": [1, 2], "a/b": "x"}
    assert json_patch(before, [operation])["list"] == result
    assert before == {"list": [1, 2], "a/b": "x"}, "what is given stays"


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": 2},
        {"op": "remove", "path": "/missing"},
        {"op": "replace", "path": "/missing", "value": 1},
        {"op": "add", "path": "/missing/deeper", "value": 1},
        {"op": "add", "path": "/list/9", "value": 1},
        {"op": "remove", "path": "/a/b"},
    ],
)
def test_json_patches_that_do_not_apply(operation: dict[str, Any]) -> None:
    with pytest.raises(PatchFailed):
        json_patch({"a": 1, "list": []}, [operation])


@pytest.mark.parametrize(
    "patch", [{}, [1], [{"op": "nope", "path": "/a"}], [{"op": "add", "path": "a"}], [{"op": "add"}]]
)
def test_malformed_json_patches(patch: Any) -> None:
    with pytest.raises(BadRequest):
        json_patch({"a": 1}, patch)


def test_strategic_merges_lists_by_their_key() -> None:
    target = {
        "containers": [{"name": "a", "image": "1", "env": [{"name": "X", "value": "1"}]}, {"name": "b"}],
        "tolerations": [{"key": "x"}],
        "finalizers": ["one"],
    }
    patch = {
        "$setElementOrder/containers": [{"name": "a"}],
        "containers": [
            {"name": "a", "env": [{"name": "Y", "value": "2"}, {"name": "X", "$patch": "delete"}]},
            {"name": "c"},
        ],
        "tolerations": [{"key": "y"}],
        "finalizers": ["two"],
    }
    assert strategic_patch(target, patch) == {
        "containers": [
            {"name": "a", "image": "1", "env": [{"name": "Y", "value": "2"}]},
            {"name": "b"},
            {"name": "c"},
        ],
        "tolerations": [{"key": "y"}],
        "finalizers": ["one", "two"],
    }


def test_strategic_directives() -> None:
    target = {"finalizers": ["a", "b"], "x": {"y": 1}, "volumes": [{"name": "v"}]}
    patch = {
        "$deleteFromPrimitiveList/finalizers": ["a"],
        "x": {"$patch": "replace", "z": 2},
        "volumes": None,
    }
    assert strategic_patch(target, patch) == {"finalizers": ["b"], "x": {"z": 2}}
