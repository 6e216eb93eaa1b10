"""The quick look at an object's bones and the slow one that finds words for what is wrong agree."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from checks.cluster import NODES, PODS, Object
from checks.practice.scenario import build_world
from checks.practice.sim import manifests as m
from checks.specs import skeleton

JUNK: tuple[Any, ...] = (None, 7, 7.0, 7.5, "x", True, [], {}, [None], {"a": None}, [1], {"a": 1})


def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in an object."""
    yield above
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from places(part, (*above, key))


def damaged(obj: Object, place: tuple[Any, ...], junk: Any) -> Any:
    """A copy with something else in one place."""
    if not place:
        return junk
    copy = json.loads(json.dumps(obj))
    inner = copy
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = junk
    return copy


def in_words(value: Any) -> str:
    """What the slow look says."""
    return skeleton.mistake(value, dict(skeleton.OBJECT)).en if value is not None else "null"


def test_both_looks_agree_wherever_an_object_is_damaged() -> None:
    world = build_world("healthy")
    world.close()
    dice = random.Random(3)
    found = [dice.choice(world.store.scan(r)) for r in (PODS, NODES, m.IPS, m.SUBNETS, m.DAEMONSETS)]
    wrong = 0
    for obj in found:
        assert not skeleton.mistake(obj)
        for place in places(obj):
            broken = damaged(obj, place, dice.choice(JUNK))
            assert bool(skeleton.mistake(broken)) is bool(in_words(broken)), place
            wrong += bool(in_words(broken))
    assert wrong > 50
