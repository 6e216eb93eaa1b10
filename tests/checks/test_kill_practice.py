"""Killed at any moment while the incidents are fixed on practice clusters: the walk goes on to the right end.

A seeded sample by default; ``KLINIK_KILLS=all`` kills at every boundary of the journal and at 50 random moments.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from checks.journal import read
from checks.practice.scenario import ScenarioInfo, build_world, list_scenarios
from checks.practice.server import PracticeServer
from checks.session import fold

ROOT = Path(__file__).resolve().parents[2]
EVERYTHING = os.environ.get("KLINIK_KILLS") == "all"
PACE = 0.02
# One scenario of each of the five incidents: the others share their steps.
INCIDENTS = list({str(one.article): one for one in list_scenarios() if one.cause}.values())
SAMPLED = [one for one in INCIDENTS if EVERYTHING or one.article == "subnet-ip-stuck-deleting"]
"""The quickest of the five; single steps of all kinds are killed in tests/checks/test_walk_kill.py."""
SEVERITY = ("skipped", "ok", "unknown", "warn", "fail")


@dataclass(frozen=True)
class Bed:
    """A practice cluster that outlives the processes that walk on it."""

    folder: Path
    incident: ScenarioInfo

    def walk(self, *when: str, within: float | None = None) -> tuple[int, dict[str, Any]]:
        """Walks on in a process of its own; killed by itself (`when`), or after so many seconds of walking."""
        words = [
            str(self.folder / "kubeconfig"),
            str(self.folder),
            str(self.incident.article),
            str(self.incident.cause),
        ]
        command = [sys.executable, "-m", "tests.checks.killing", *words, *when]
        with subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n", process.communicate()[1]
            if within is not None:
                try:
                    process.wait(within)
                except subprocess.TimeoutExpired:
                    process.kill()
            out, err = process.communicate(timeout=120)
        assert process.returncode in (0, -9), err
        return process.returncode, json.loads(out) if process.returncode == 0 else {}

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Everything in the journal."""
        (path,) = (self.folder / "sessions").glob("*.jsonl")
        return list(read(path))


@contextmanager
def bed(incident: ScenarioInfo, folder: Path) -> Iterator[Bed]:
    folder.mkdir(parents=True, exist_ok=True)
    with PracticeServer(build_world(incident.name, pace=PACE)) as server:
        server.write_kubeconfig(folder / "kubeconfig")
        yield Bed(folder, incident)


@cache
def undisturbed(name: str, base: Path) -> tuple[dict[str, Any], int]:
    """How the walk ends when nobody kills it, and how many entries its journal has."""
    incident = next(one for one in INCIDENTS if one.name == name)
    with bed(incident, base / name) as quiet:
        code, end = quiet.walk()
        assert code == 0
        return end, len(quiet.entries)


def check_end(killed: Bed, end: dict[str, Any], wanted: dict[str, Any]) -> None:
    """The cluster looks no worse than after an undisturbed walk, no step is open, and none was run again unasked."""
    worse = {
        alias: (verdict, wanted["verdicts"][alias])
        for alias, verdict in end["verdicts"].items()
        if SEVERITY.index(verdict) > SEVERITY.index(wanted["verdicts"][alias])
    }
    assert not worse  # better it may be: more time has passed
    assert not {"todo", "running", "in_doubt", "failed"} & set(end["states"].values()), end["states"]
    session = fold(killed.entries)
    assert session.outcome == "solved"
    assert session.damaged == 0
    runs: Counter[str] = Counter()
    for entry in killed.entries:
        step = entry.get("step", "")
        if entry["kind"] == "start":
            runs[step] += 1
            assert runs[step] <= 1, f"{step} began again although nobody had said that it did not happen"
        elif entry["kind"] == "ended" and entry["state"] == "failed":
            runs[step] = 0  # looked at, and found not to have happened
        elif entry["kind"] == "resumed":
            begun = [key for key, count in runs.items() if count and not _sent(killed.entries, key)]
            runs.subtract(begun)  # it had begun, and sent nothing


def _sent(entries: list[dict[str, Any]], step: str) -> bool:
    return any(entry["kind"] == "writing" and entry["step"] == step for entry in entries)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kills")


@pytest.mark.parametrize("incident", SAMPLED, ids=lambda one: str(one.article))
def test_killed_at_a_boundary_of_the_journal(incident: ScenarioInfo, base: Path, tmp_path: Path) -> None:
    wanted, length = undisturbed(incident.name, base)
    moments = [(when, number) for number in range(1, length + 1) for when in ("before", "after")]
    if not EVERYTHING:
        moments = random.Random(f"{incident.name}-boundaries").sample(moments, 1)
    for when, number in moments:
        with bed(incident, tmp_path / f"{when}-{number}") as killed:
            code, _ = killed.walk(when, str(number))
            assert code == -9, f"{when} entry {number} of {length} never came"
            code, end = killed.walk()
            assert code == 0
            check_end(killed, end, wanted)


@pytest.mark.parametrize("incident", SAMPLED, ids=lambda one: str(one.article))
def test_killed_at_a_random_moment_and_again_while_resuming(
    incident: ScenarioInfo, base: Path, tmp_path: Path
) -> None:
    wanted, _ = undisturbed(incident.name, base)
    dice = random.Random(f"{incident.name}-moments")
    for turn in range(10 if EVERYTHING else 1):
        with bed(incident, tmp_path / str(turn)) as killed:
            for _ in range(2):
                code, end = killed.walk(within=dice.uniform(0.05, 4.0))
                if code == 0:
                    break
            else:
                code, end = killed.walk()
            assert code == 0
            check_end(killed, end, wanted)
