"""A process that walks one incident to its end on a practice cluster, and may be killed at any moment of it.

Started again it resumes: steps in doubt are looked at and settled by what the cluster shows, as an operator would do,
and the walk goes on. `tests.checks.killwarm` is what these processes are forked from.
"""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from checks.catalogue import Catalogue, load_catalogue
from checks.clock import RealClock
from checks.live import connect
from checks.sessions.journal import FileJournal
from checks.walking.access import Access
from checks.walking.walk import Walk
from kb import open_library
from kb.model import Article, ManualAction, Step
from kb.paths import ASSETS

ROUNDS = 3
"""How often a step is tried that failed or had not happened."""


def die() -> None:
    """As ``kill -9`` does: nothing is flushed, nobody is told."""
    os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def dying(when: str, number: int) -> Iterator[None]:
    """Kills this process before or after the entry of this number in the journal, counted over this process's life."""
    append, count = FileJournal.append, 0

    def counted(self: FileJournal, kind: str, **data: Any) -> dict[str, Any]:
        nonlocal count
        count += 1
        if when == "before" and count == number:
            die()
        entry = append(self, kind, **data)
        if when == "after" and count == number:
            die()
        return entry

    FileJournal.append = counted  # type: ignore[method-assign]
    try:
        yield
    finally:
        FileJournal.append = append  # type: ignore[method-assign]


@cache
def article_of(name: str) -> Article:
    """The shipped article."""
    with tempfile.TemporaryDirectory() as folder:
        article = open_library([ASSETS], cache_dir=Path(folder)).get(name)
    assert article is not None
    return article


@cache
def catalogue() -> Catalogue:
    """The shipped checks."""
    return load_catalogue()


def look(walk: Walk) -> None:
    """Runs the checks of the guide."""
    for _ in walk.check():
        pass


def open_walk(kubeconfig: str, folder: Path, article: Article) -> Walk:
    """A new walk, or the one that was begun in this folder."""
    cluster = connect(kubeconfig=kubeconfig)
    access = Access()
    access.arm(cluster.info, "KILL-1")
    journals = sorted((folder / "sessions").glob("*.jsonl"))
    options: dict[str, Any] = {"access": access, "operator": "chen", "clock": RealClock()}
    if (
        journals
        and journals[0].stat().st_size
        and b'"opened"' in journals[0].read_bytes().partition(b"\n")[0]
    ):
        return Walk.resume(journals[0], cluster, article, catalogue(), **options)
    for torn in journals:
        torn.unlink()  # killed before its first line was whole: nothing had been decided yet
    return Walk.open(cluster, article, load_catalogue(), journal_dir=folder / "sessions", **options)


def walk_to_the_end(walk: Walk, cause: str) -> None:
    """What an operator does: looks, settles what is in doubt by what is seen, and goes on with the next step."""
    look(walk)
    for step in walk.in_doubt():
        settle(walk, step)
    if not walk.session.cause:
        walk.choose(cause)
    for step in walk.steps():
        for _ in range(ROUNDS):
            if walk.state(step.id) in ("done", "already_done", "skipped"):
                break
            one(walk, step)
            look(walk)
    if not walk.session.outcome:
        walk.finish("solved")


def settle(walk: Walk, step: Step) -> None:
    """By the evidence alone: the step took effect where the guide says that it is done already."""
    happened = walk.already_done(step.id) is True
    walk.settle(step.id, happened, "looked at the cluster after the crash")


def one(walk: Walk, step: Step) -> None:
    """One try at a step."""
    if walk.state(step.id) == "in_doubt":
        settle(walk, step)
    elif isinstance(step.action, ManualAction):
        walk.skip(step.id, "done by a person")
    elif walk.already_done(step.id):
        walk.accept_done(step.id)
    elif (reason := walk.blocked(step.id)) is not None:
        walk.skip(step.id, reason.en)
    else:
        plan = walk.plan(step.id, walk.proposed(step.id))
        for _ in walk.run(plan, typed=plan.confirm.expected):
            pass


def walk(
    tell: Connection, kubeconfig: str, folder: Path, name: str, cause: str, when: str, number: int
) -> None:
    """Walks in this process, and tells when it has begun and how the cluster looks at the end."""
    walk = open_walk(kubeconfig, folder, article_of(name))
    tell.send("begun")
    with dying(when, number):
        walk_to_the_end(walk, cause)
    verdicts = {alias: str(result.verdict) for alias, result in walk.results.items()}
    states = {step.id: walk.state(step.id) for step in walk.steps()}
    walk.close()
    walk.cluster.close()
    tell.send({"verdicts": verdicts, "states": states})
