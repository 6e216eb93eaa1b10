"""Killed at any moment while the incidents are fixed on practice clusters: the walk goes on to the right end.

A seeded sample by default; ``KLINIK_KILLS=all`` kills at every boundary of the journal and at 50 random moments
(an hour or more; ``KLINIK_KILLS=ARTICLE`` does so for one incident alone).
"""

from __future__ import annotations

import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from checks.live import connect
from checks.practice.scenario import ScenarioInfo, list_scenarios
from checks.practice.server import PracticeServer
from checks.sessions.journal import read
from checks.sessions.session import fold
from checks.walking.walk import Walk
from tests.checks import killing
from tests.checks.asked import One, asked_by
from tests.checks.smallworld import small_world

WANTED = os.environ.get("KLINIK_KILLS", "")
EVERYTHING = bool(WANTED)
PACE = 0.02
PATIENCE = 60.0
"""Seconds, 3,000 of the cluster, in which what a log tells of the past has to be out of sight."""
QUICK = "subnet-ip-stuck-deleting"
# One scenario of each of the five incidents: the others share their steps.
INCIDENTS = list({str(one.article): one for one in list_scenarios() if one.cause}.values())
SAMPLED = [
    one for one in INCIDENTS if WANTED in ("all", one.article) or (not WANTED and one.article == QUICK)
]
"""The quickest of the five; single steps of all kinds are killed in tests/checks/test_walk_kill.py."""
SEVERITY = ("skipped", "ok", "unknown", "warn", "fail")


@dataclass(frozen=True)
class Bed:
    """A practice cluster that outlives the processes that walk on it."""

    folder: Path
    incident: ScenarioInfo

    def walk(
        self, when: str = "", number: int = 0, *, within: float | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Walks on in a process of its own; killed by itself (`when`), or after so many seconds of walking."""
        forks = multiprocessing.get_context("forkserver")
        forks.set_forkserver_preload(["tests.checks.killwarm"])
        hear, tell = forks.Pipe(duplex=False)
        about = (str(self.incident.article), str(self.incident.cause), when, number)
        process = forks.Process(
            target=killing.walk, args=(tell, str(self.folder / "kubeconfig"), self.folder, *about)
        )
        process.start()
        tell.close()
        with hear:
            assert hear.poll(60)
            assert hear.recv() == "begun"
            process.join(120 if within is None else within)
            process.kill()
            process.join(10)
            code = process.exitcode
            assert code in (0, -9)
            return code, hear.recv() if code == 0 else {}

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Everything in the journal."""
        (path,) = (self.folder / "sessions").glob("*.jsonl")
        return list(read(path))

    def look(self) -> dict[str, str]:
        """What the checks of the guide say now."""
        cluster = connect(kubeconfig=str(self.folder / "kubeconfig"))
        try:
            article = killing.article_of(str(self.incident.article))
            walk = Walk.open(cluster, article, killing.catalogue(), journal_dir=self.folder / "looking")
            killing.look(walk)
            return {alias: str(result.verdict) for alias, result in walk.results.items()}
        finally:
            cluster.close()

    def asked(self) -> Sequence[One]:
        """Everything that reached the API server, whoever sent it."""
        cluster = connect(kubeconfig=str(self.folder / "kubeconfig"))
        try:
            return asked_by(cluster).requests
        finally:
            cluster.close()


@contextmanager
def bed(incident: ScenarioInfo, folder: Path) -> Iterator[Bed]:
    folder.mkdir(parents=True, exist_ok=True)
    with PracticeServer(small_world(incident.name, pace=PACE)) as server:
        server.write_kubeconfig(folder / "kubeconfig")
        yield Bed(folder, incident)


@dataclass(frozen=True)
class Quiet:
    """How the walk ends when nobody kills it, how many entries its journal has, and how many seconds it takes."""

    end: dict[str, Any]
    length: int
    took: float


@cache
def undisturbed(name: str, base: Path) -> Quiet:
    incident = next(one for one in INCIDENTS if one.name == name)
    with bed(incident, base / name) as quiet:
        began = time.monotonic()
        code, end = quiet.walk()
        assert code == 0
        check_writes(quiet)
        return Quiet(end, len(quiet.entries), time.monotonic() - began)


def worse_than(found: Mapping[str, str], wanted: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {
        alias: (verdict, wanted[alias])
        for alias, verdict in found.items()
        if SEVERITY.index(verdict) > SEVERITY.index(wanted[alias])
    }


def check_end(killed: Bed, end: dict[str, Any], wanted: dict[str, Any]) -> None:
    """The cluster looks no worse than after an undisturbed walk, no step is open, and none was run again unasked."""
    deadline = time.monotonic() + PATIENCE
    verdicts = end["verdicts"]
    while (worse := worse_than(verdicts, wanted["verdicts"])) and time.monotonic() < deadline:
        verdicts = killed.look()  # logs tell of the past for a while: who was quicker sees it longer
    assert not worse  # better it may be: more time has passed
    assert not {"todo", "running", "in_doubt", "failed"} & set(end["states"].values()), end["states"]
    session = fold(killed.entries)
    assert session.outcome == "solved"
    assert session.damaged == 0
    check_runs(killed.entries)
    check_writes(killed)


def check_runs(entries: Sequence[Mapping[str, Any]]) -> None:
    """No step began again unless it had failed, was found not to have happened, or had sent nothing when killed."""
    begun: set[str] = set()
    sent: set[str] = set()
    for entry in entries:
        step = entry.get("step", "")
        if entry["kind"] == "start":
            assert step not in begun, f"{step} began again although nobody had said that it did not happen"
            begun.add(step)
            sent.discard(step)
        elif entry["kind"] == "writing":
            sent.add(step)
        elif entry["kind"] == "ended" and entry["state"] == "failed":
            begun.discard(step)
        elif entry["kind"] == "resumed":
            begun &= sent


def check_writes(killed: Bed) -> None:
    """No write reached the API server that was not written down before, and none reached it twice."""
    written = [entry["kubectl"] for entry in killed.entries if entry["kind"] == "writing"]
    commands = Counter(tuple(words[words.index("--") + 1 :]) for words in written if "exec" in words[:4])
    objects = Counter(
        words[words.index(verb) + 2] for words in written for verb in ("patch", "delete") if verb in words[:4]
    )
    for one in killed.asked():
        url = urlsplit(one.target)
        query = parse_qs(url.query)
        if one.verb == "exec":
            argv = tuple(query["command"])
            assert argv not in commands or commands[argv], argv
            commands.subtract([argv] if argv in commands else [])
        elif one.verb in ("create", "patch", "delete", "update") and not _apart(url.path, query):
            name = url.path.removesuffix("/eviction").rpartition("/")[2]
            assert objects[name] > 0, one
            objects[name] -= 1


def _apart(path: str, query: Mapping[str, Sequence[str]]) -> bool:
    """Whose turn it is, what happened, what is allowed, and what would happen: no writes of a plan."""
    return "dryRun" in query or any(word in path for word in ("/leases", "/events", "reviews"))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kills")


@pytest.mark.parametrize("incident", SAMPLED, ids=lambda one: str(one.article))
def test_killed_at_a_boundary_of_the_journal(incident: ScenarioInfo, base: Path, tmp_path: Path) -> None:
    quiet = undisturbed(incident.name, base)
    length = quiet.length
    moments = [(when, number) for number in range(1, length + 1) for when in ("before", "after")]
    if not EVERYTHING:
        moments = random.Random(f"{incident.name}-boundaries").sample(moments, 1)
    broken, died = {}, 0
    for when, number in moments:
        with bed(incident, tmp_path / f"{when}-{number}") as killed:
            code, end = killed.walk(when, number)
            if code:  # a busy machine may see fewer rounds of looking than the quiet walk
                died += 1
                code, end = killed.walk()
            try:
                check_end(killed, end, quiet.end)
            except AssertionError as wrong:  # every boundary is tried, then all that went wrong is told
                broken[f"{when} {number}"] = str(wrong)
    assert not broken
    assert died >= len(moments) * 0.9


@pytest.mark.parametrize("incident", SAMPLED, ids=lambda one: str(one.article))
def test_killed_at_a_random_moment_and_again_while_resuming(
    incident: ScenarioInfo, base: Path, tmp_path: Path
) -> None:
    quiet = undisturbed(incident.name, base)
    dice = random.Random(f"{incident.name}-moments")
    broken = {}
    for turn in range(10 if EVERYTHING else 1):
        with bed(incident, tmp_path / str(turn)) as killed:
            for _ in range(2):
                code, end = killed.walk(within=dice.uniform(0.05, quiet.took))
                if code == 0:
                    break
            else:
                code, end = killed.walk()
            try:
                check_end(killed, end, quiet.end)
            except AssertionError as wrong:
                broken[turn] = str(wrong)
    assert not broken
