"""Killed at any instant of an undo, klinik resumes and takes the rest back: nothing twice unasked, nothing lost.

A seeded sample of the journal's boundaries by default; ``KLINIK_KILLS=undo`` (or ``all``) kills at every one.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
from collections import Counter
from pathlib import Path

import pytest

from checks.sessions.journal import read
from checks.sessions.session import fold
from tests.checks import killundo
from tests.checks.killundo import STEPS, WORLD, Outliving, walked

EVERYTHING = os.environ.get("KLINIK_KILLS", "") in ("all", "undo")
SAMPLE = 10


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with every step done, at rest, beside the world it was done to."""
    return walked(tmp_path_factory.mktemp("undo"))


def resumed(journal: Path, when: str = "", number: int = 0) -> int:
    """Takes the session back in a process of its own; its exit code, -9 where it was killed."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["tests.checks.killundo"])
    process = forks.Process(target=killundo.take_back, args=(str(journal), when, number))
    process.start()
    process.join(60)
    process.kill()
    process.join(10)
    assert process.exitcode in (0, -9)
    return process.exitcode


def copied(begun: Path, folder: Path) -> Path:
    """The session and its world, to be taken back in a folder of their own."""
    shutil.copytree(begun.parent, folder)
    return folder / begun.name


def check_back(journal: Path) -> None:
    """The cluster is as it was before the session, the session knows it, and no write back went out twice."""
    world = Outliving(journal.parent / WORLD)
    assert world.ovn.learn == ""
    assert sorted(world.ovn.rows.values()) == [f"10.0.0.{n}" for n in range(5)]
    (subnet,) = (one for key, one in world.cluster.objects.items() if key[2] == "net-a")
    assert "touched" not in subnet["metadata"].get("annotations", {})
    assert subnet["spec"] == {"cidrBlock": "10.0.0.0/24"}
    entries = read(journal)
    session = fold(entries)
    assert session.damaged == 0
    assert {step: session.step(step).state for step in STEPS} == dict.fromkeys(STEPS, "undone")
    # What created something was sent once; and nothing was sent that was not written down before.
    twice = [one for one, count in Counter(world.undone).items() if count > 1 and "create" in one]
    assert not twice
    said = Counter(tuple(e["kubectl"][e["kubectl"].index("--") + 1 :]) for e in entries
                   if e["kind"] == "writing" and e["purpose"] == "undo" and "--" in e["kubectl"])  # fmt: skip
    sent = Counter(one[2:] for one in world.undone if one[0] == "exec")
    assert not sent - said


def test_killed_at_a_boundary_of_an_undo(begun: Path, tmp_path: Path) -> None:
    """Before and after an entry of the way back: resumed, looked, settled, and undone to the end."""
    whole = copied(begun, tmp_path / "whole")
    before = len(read(whole))
    assert resumed(whole) == 0
    check_back(whole)
    kinds = [entry["kind"] for entry in read(whole)[before:]]
    moments = [(when, number) for number in range(1, len(kinds) + 1) for when in ("before", "after")]
    if not EVERYTHING:
        around = [one for one in moments if kinds[one[1] - 1] in ("writing", "answer", "ended")]
        moments = random.Random("undo").sample(around, SAMPLE)
    broken = {}
    for when, number in moments:
        journal = copied(begun, tmp_path / f"{when}-{number}")
        assert resumed(journal, when, number) == -9
        try:
            assert resumed(journal) == 0
            check_back(journal)
        except AssertionError as wrong:
            broken[f"{when} {number} {kinds[number - 1]}"] = str(wrong)
    assert not broken
