"""Selectors, evaluated and merged as the API server would."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from checks.cluster import PODS, Object, Resource
from checks.practice.selectors import label_test
from checks.selection import Selection, merged, selection

EVENTS = Resource.parse("v1/events")


def obj(labels: dict[str, str] | None = None, name: str = "a", namespace: str = "ns", **more: Any) -> Object:
    return {"metadata": {"name": name, "namespace": namespace, "labels": labels}, **more}


@pytest.mark.parametrize(
    ("labels", "chosen", "left_out"),
    [
        ("app=ovs", [{"app": "ovs"}], [{}, {"app": "x"}]),
        ("app==ovs", [{"app": "ovs"}], [{}, {"app": "x"}]),
        ("app!=ovs", [{}, {"app": "x"}], [{"app": "ovs"}]),
        ("app in (ovs, x)", [{"app": "ovs"}, {"app": "x"}], [{}, {"app": "y"}]),
        ("app notin (ovs,x)", [{}, {"app": "y"}], [{"app": "ovs"}]),
        ("app", [{"app": ""}], [{}]),
        ("!app", [{}], [{"app": ""}]),
        ("app=", [{"app": ""}], [{}, {"app": "x"}]),
        ("n>3,n<5", [{"n": "4"}], [{"n": "3"}, {"n": "5"}, {"n": "x"}, {}]),
        (
            "app.kubernetes.io/name in (a),tier!=b",
            [{"app.kubernetes.io/name": "a"}],
            [{"app.kubernetes.io/name": "a", "tier": "b"}],
        ),
        ("", [{}, {"a": "b"}], []),
    ],
)
def test_labels_select_as_on_the_server(
    labels: str, chosen: list[dict[str, str]], left_out: list[dict[str, str]]
) -> None:
    meant = selection(labels=labels).test(PODS)
    assert all(meant(obj(one)) for one in chosen)
    assert not any(meant(obj(one)) for one in left_out)


@pytest.mark.parametrize(
    "labels", ["a=b,", ",a", "a in ()", "a in b", "a b", "a>x", "-a=b", "a=b c", "a=(b)"]
)
def test_labels_that_the_server_refuses_are_refused(labels: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        selection(labels=labels)


@pytest.mark.parametrize(
    ("fields", "found", "meant"),
    [
        ("metadata.name=a", obj(), True),
        ("metadata.namespace!=ns", obj(), False),
        ("status.phase!=Running", obj(status={"phase": "Running"}), False),
        ("status.phase!=Running", obj(), True),
        ("spec.hostNetwork=false", obj(spec={}), True),
        ("spec.hostNetwork=true", obj(spec={"hostNetwork": True}), True),
        ("status.podIP=10.0.0.1", obj(status={"podIPs": [{"ip": "10.0.0.1"}]}), True),
        (r"metadata.name=a\,b", obj(name="a,b"), True),
    ],
)
def test_fields_select_as_on_the_server(fields: str, found: Object, meant: bool) -> None:
    assert selection(fields=fields).test(PODS)(found) is meant


def test_the_type_of_events_is_selected() -> None:
    meant = selection(fields="type!=Normal,involvedObject.kind=Pod").test(EVENTS)
    assert meant(obj(type="Warning", involvedObject={"kind": "Pod"}))
    assert not meant(obj(type="Normal", involvedObject={"kind": "Pod"}))


def test_a_field_that_only_the_server_knows_is_left_to_it() -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whatever it says
        selection(fields="spec.custom=x").test(PODS)


@pytest.mark.parametrize("odd", [{}, {"metadata": "x"}, {"metadata": {"labels": ["a"], "namespace": 7}}])
def test_objects_of_another_shape_are_only_not_selected(odd: Object) -> None:
    assert selection("ns", "a=b", "metadata.name=c").test(PODS)(odd) is False


@pytest.mark.parametrize(
    ("parts", "wide"),
    [
        ([("ns", "app=a"), ("ns", "app=b")], ("ns", "app in (a,b)")),
        ([("ns", "app=a,x"), ("ns", "app in (b,c),x")], ("ns", "app in (a,b,c),x")),
        ([("ns", "app=a"), ("", "app=a")], ("", "app=a")),
        ([("ns", "app=a"), ("ns", "tier=b")], ("ns", "")),
        ([("ns", "app=a"), ("ns", "")], ("ns", "")),
        ([("ns", "app!=a"), ("ns", "app!=a,b")], ("ns", "app!=a")),
    ],
)
def test_what_selections_share_is_left_to_the_server(
    parts: list[tuple[str, str]], wide: tuple[str, str]
) -> None:
    found = merged([selection(*part) for part in parts])
    assert (found.namespace, found.label_selector) == wide


def test_a_merged_selection_covers_its_parts_and_is_itself_readable() -> None:
    """Over random selections and objects: nothing that a part means is lost, and words and value say the same."""
    dice = random.Random(7)
    terms = ["a=1", "a!=1", "a in (1,2)", "a notin (2,3)", "a", "!a", "b=1", "b in (2,3)", "b"]
    objects = [
        obj({k: v for k, v in (("a", x), ("b", y)) if v}, namespace=ns)
        for x, y, ns in itertools.product(("", "1", "2", "3"), ("", "1", "2", "3"), ("n", "m"))
    ]
    for _ in range(300):
        parts = [
            selection(dice.choice(("", "n", "m")), ",".join(dice.sample(terms, dice.randint(0, 3))))
            for _ in range(dice.randint(1, 4))
        ]
        wide = merged(parts)
        again = selection(wide.namespace, wide.label_selector, wide.field_selector)
        for part in parts:
            assert wide.covers(part)
            mine, all_, spoken = part.test(PODS), wide.test(PODS), label_test(wide.label_selector)
            for one in objects:
                if mine(one):
                    assert all_(one)
                    assert spoken(one)
        assert again == wide


def test_covering_is_never_claimed_wrongly() -> None:
    dice = random.Random(3)
    terms = ["a=1", "a!=1", "a in (1,2)", "a notin (2,3)", "a", "!a", "b in (2,3)"]
    objects = [
        obj({k: v for k, v in (("a", x), ("b", y)) if v}) for x in ("", "1", "2", "3") for y in ("", "2")
    ]
    claimed = 0
    for _ in range(500):
        wide, narrow = (selection("", ",".join(dice.sample(terms, dice.randint(0, 2)))) for _ in range(2))
        if wide.covers(narrow):
            claimed += 1
            assert not [one for one in objects if narrow.test(PODS)(one) and not wide.test(PODS)(one)]
    assert claimed > 50


def test_everything_covers_all() -> None:
    assert Selection().covers(selection("ns", "a=b", "metadata.name=x"))
    assert not selection("ns").covers(Selection())
