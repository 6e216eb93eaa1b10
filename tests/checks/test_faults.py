"""Whatever happens on the way between klinik and the cluster: no write takes effect twice, and nothing is assumed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checks.walking import doubts
from checks.walking.walk import Walk
from tests.checks.faultbed import SUBNETS, Bed, bed
from tests.checks.faultproxy import Kind
from tests.checks.incident import Ovn, checked, run

WRITES = {
    "label": r"^PATCH [^?]*/subnets/net-a\?fieldManager=[^&]*$",
    "drop": r"^DELETE [^?]*/subnets/net-a$",
    "restart": r"^POST [^?]*/eviction$",
    "stop": r"^GET .*/exec\?.*command=set&",
    "purge": r"^GET .*/exec\?.*command=destroy&",
}
"""The write of each step as it is on the wire: patch, delete, evict, a command, a command over rows."""
EVERYTHING = os.environ.get("KLINIK_FAULTS") == "all"
ROWS = len(Ovn().rows)
KINDS: tuple[Kind, ...] = (
    "lose-request", "half-request", "twice", "twice-first", "lose-answer", "reset-answer", "half-answer",
    "repeat-answer", "noise", "gateway",
)  # fmt: skip
SAMPLE: dict[str, tuple[Kind, ...]] = {
    "label": ("half-request", "twice", "twice-first", "reset-answer", "noise", "gateway"),
    "drop": ("lose-request", "twice", "lose-answer"),
    "restart": ("twice", "lose-answer"),
    "stop": ("lose-request", "lose-answer", "noise"),
    "purge": ("lose-answer",),
}
"""What every run of the tests does; all kinds with each step where KLINIK_FAULTS is ``all``."""


def effects(made: Bed, step: str) -> int:
    """How often the write of a step has taken hold of the cluster."""
    ways: dict[str, Callable[[], int]] = {
        "label": lambda: made.world.times("MODIFIED", "subnets/net-a"),
        "drop": lambda: made.world.times("DELETED", "subnets/net-a"),
        "restart": lambda: made.world.times("DELETED", "pods/ovs-ovn-1"),
        "stop": lambda: int(made.world.ovn.learn == "false"),
        "purge": lambda: int(len(made.world.ovn.rows) < ROWS),
    }
    return ways[step]()


def values(step: str) -> dict[str, Any]:
    return {"node": "node-1"} if step == "restart" else {}


def ready(made: Bed, step: str) -> Walk:
    """The walk, before this step; the steps that it rests on are done."""
    if step == "purge":
        run(made.walk, "stop")
        checked(made.walk)
    return made.walk


@pytest.mark.parametrize("step", list(WRITES))
def test_harm_on_the_way_doubles_no_write_and_hides_none(step: str, tmp_path: Path) -> None:
    """What is called failed has not happened, what is called done has; doubt is resolved by looking, and goes on."""
    for kind in KINDS if EVERYTHING else SAMPLE[step]:
        folder = tmp_path / kind
        folder.mkdir()
        with bed(folder) as made:
            walk = ready(made, step)
            harm = made.proxy.harm(kind, WRITES[step])
            ended = run(walk, step, **values(step))
            assert harm.done.wait(5), kind
            told = (kind, ended.state, ended.message.en)
            happened = effects(made, step)
            assert happened <= 1, told
            if ended.state == "in_doubt":
                resolve(made, step)
            else:
                assert ended.state == "done", told
                assert happened == 1, told
            assert effects(made, step) == 1, told
            assert walk.state(step) == "done", told
            assert made.state(step) == "done", told


def resolve(made: Bed, step: str) -> None:
    """As an operator does: looks at the cluster, says what is seen, and does it again where it had not happened."""
    walk, happened = made.walk, effects(made, step)
    assert walk.blocked(step) is not None
    seen = doubts.look(walk, step)
    assert seen.leans is bool(happened), [one.text.en for one in seen.seen]
    walk.settle(step, bool(seen.leans), "looked")
    checked(walk)
    if walk.state(step) != "done":
        # Where some of its writes had not gone out, what happened is not all: the rest is still to be done.
        assert not happened or step == "purge"
        assert run(walk, step, **values(step)).state == "done"


def test_a_row_that_comes_back_twice_is_there_once(tmp_path: Path) -> None:
    """An undo that creates an object again, asked for twice on the way: one object, and no false failure."""
    with bed(tmp_path) as made:
        made.run("drop")
        made.proxy.harm("twice", r"^POST [^?]*/subnets\?fieldManager=[^&]*$")
        plan = made.walk.plan_undo("drop")
        ended = list(made.walk.undo(plan, typed=plan.confirm.expected))[-1]
        assert getattr(ended, "state", "") == "in_doubt"
        assert made.world.times("ADDED", "subnets/net-a") == 1
        assert doubts.look(made.walk, "drop").leans is True
        assert made.world.store.get(SUBNETS, "net-a")["spec"]["cidrBlock"] == "10.0.0.0/24"
