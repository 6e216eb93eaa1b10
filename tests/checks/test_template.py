"""A slot value is always data: exactly one word or part of one, never an option, never a line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.plans.template import SlotError, fill, fill_argv, fill_body, fill_text, slots
from kb.text import Text

ARGV = (
    "ovn-nbctl",
    "--timeout=30",
    "set",
    "Logical_Router",
    "{router}",
    "options:{key}={item.value}",
    "--",
    "x",
)


def test_slots_are_filled_from_inputs_items_and_nested_keys() -> None:
    """``{x}``, ``{item}``, ``{item.key}`` and keys that hold dots themselves."""
    values = {"router": "ovn-cluster", "key": "a", "item": {"value": 3, "a.b/c": "dotted"}}
    assert fill_argv(ARGV, values)[4:6] == ("ovn-cluster", "options:a=3")
    assert fill("{item.a.b/c}", values) == "dotted"
    assert slots('{a} {b.c} {"json"}') == ("a", "b.c")


def test_braces_that_are_no_slot_stay() -> None:
    """JSON and shell-like braces in an argv are literal."""
    assert fill('{"a": {"b": 1}} ${x y} {}', {}) == '{"a": {"b": 1}} ${x y} {}'


@pytest.mark.parametrize(
    "value",
    ["", " ", "-x", "--all", "a\nb", "a\rb", "a\0b", "\x1b[2J", "a\u2028b", "x" * 1025, None, [], {}, -3],
)
def test_a_value_that_could_be_more_than_data_is_refused(value: Any) -> None:
    """Empty, option-like, control characters, too long, lists and nothing at all raise."""
    with pytest.raises(SlotError) as caught:
        fill("{x}", {"x": value})
    assert caught.value.text.zh
    assert caught.value.text.en


def test_a_value_is_not_expanded_again() -> None:
    """A value that looks like a slot is data too."""
    assert fill("{x}", {"x": "{y}", "y": "z"}) == "{y}"


@given(st.text())
def test_no_value_ever_changes_the_shape_of_an_argv(value: str) -> None:
    """Whatever is entered: it is refused, or it stands unchanged in its own word and all other words are as written."""
    try:
        argv = fill_argv(ARGV, {"router": value, "key": "k", "item": {"value": value}})
    except SlotError:
        return
    assert len(argv) == len(ARGV)
    assert argv[4] == value
    assert argv[5] == f"options:k={value}"
    assert not argv[4].startswith("-")
    assert [argv[i] for i in (0, 1, 2, 3, 6, 7)] == [ARGV[i] for i in (0, 1, 2, 3, 6, 7)]


def test_a_body_keeps_types() -> None:
    """A string that is one slot takes the typed value, one with more around it becomes text."""
    body = {"spec": {"mtu": "{mtu}", "nodes": "{nodes}", "name": "a-{name}"}, "list": ["{name}", 1]}
    values = {"mtu": 1400, "nodes": ["n1", "n2"], "name": "x"}
    assert fill_body(body, values) == {
        "spec": {"mtu": 1400, "nodes": ["n1", "n2"], "name": "a-x"},
        "list": ["x", 1],
    }
    with pytest.raises(SlotError):
        fill_body({"a": "{name}"}, {"name": "a\nb"})


def test_a_text_shows_values_and_leaves_unknown_slots() -> None:
    """Texts are for reading: lists are counted, missing values stay visible as slots."""
    text = fill_text(
        Text("Restart {node}: {rows} rows, {other}", "重启 {node}"),
        {"node": "n\x1b[1m1", "rows": [{"a": 1}] * 1200},
    )
    assert text.en == "Restart n1: 1,200 rows, {other}"
