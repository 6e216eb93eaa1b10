"""Objects are compared as a person would read them, without the server's bookkeeping."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from checks.plans.diff import lines_of, merge_between, unified, without_noise
from checks.practice.patches import merge_patch

OBJECT: dict[str, Any] = {
    "kind": "Subnet",
    "metadata": {
        "name": "a",
        "managedFields": [{"manager": "x"}],
        "resourceVersion": "5",
        "generation": 2,
        "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{}"},
    },
    "spec": {"list": [{"a": 1, "b": [1, 2]}, "x"], "empty": {}, "flag": True, "none": None},
}


def test_bookkeeping_is_left_out() -> None:
    """managedFields, versions and kubectl's own annotation do not show, and a change of them is no change."""
    other = {**OBJECT, "metadata": {**OBJECT["metadata"], "resourceVersion": "6", "managedFields": []}}
    assert unified(OBJECT, other) == ()
    assert without_noise(OBJECT)["metadata"] == {"name": "a"}
    assert "managedFields" in OBJECT["metadata"], "the object itself is not changed"


def test_a_diff_shows_the_changed_lines() -> None:
    """One changed value: one line out, one line in; an object that goes is all minus."""
    other = {**OBJECT, "spec": {**OBJECT["spec"], "flag": False}}
    changed = [
        line
        for line in unified(OBJECT, other, "subnets/a")
        if line[0] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert changed == ["-  flag: true", "+  flag: false"]
    assert all(line[0] == "-" for line in unified(OBJECT, None)[3:])


def test_lines_read_like_yaml_and_are_safe() -> None:
    """Strings that look like something else are quoted, control characters never reach the screen."""
    lines = lines_of(
        {"a": "true", "b": "1.0", "c": "x: y", "d": "e\x1b[1m\nf", "g": "plain text", "h": "-x", "i": ""}
    )
    assert lines == [
        'a: "true"',
        'b: "1.0"',
        'c: "x: y"',
        'd: "e\\u001b[1m\\nf"',
        "g: plain text",
        'h: "-x"',
        'i: ""',
    ]
    assert lines_of(OBJECT["spec"])[:5] == ["list:", "- a: 1", "  b:", "  - 1", "  - 2"]


JSON = st.recursive(
    st.integers() | st.booleans() | st.text(max_size=5),
    lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=4) | st.lists(inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(st.text(max_size=3), JSON, max_size=4)


@given(OBJECTS, OBJECTS)
def test_the_way_back_leads_back(now: dict[str, Any], wanted: dict[str, Any]) -> None:
    """The patch from one object to another, applied, gives the other (RFC 7386)."""
    assert merge_patch(now, merge_between(now, wanted)) == wanted


def test_another_order_of_keys_is_no_change() -> None:
    """A server may answer with its keys in any order; only what differs is shown."""
    before = {"kind": "IP", "metadata": {"name": "a", "labels": {"x": "1", "y": "2"}, "finalizers": ["f"]}}
    after = {"metadata": {"labels": {"y": "2", "x": "1"}, "name": "a"}, "kind": "IP"}
    changed = [line for line in unified(before, after) if line[:1] in "+-" and line[:3] not in ("---", "+++")]
    assert changed == ["-  finalizers:", "-  - f"]
    assert unified(before, dict(reversed(before.items()))) == ()
