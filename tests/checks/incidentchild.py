"""Walks through the incident in a process of their own, forked from one that has everything loaded (`killwarm`)."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from checks.sessions.journal import FileJournal, JournalError
from tests.checks.incident import Ovn, cluster_with, done, run, walk_on


def apart(child: Callable[..., None], *arguments: object) -> tuple[int | None, list[Any]]:
    """Runs `child` with a pipe and these arguments in another process; its exit code, and what it sent."""
    forks = multiprocessing.get_context("forkserver")
    forks.set_forkserver_preload(["tests.checks.killwarm"])
    hear, tell = forks.Pipe(duplex=False)
    process = forks.Process(target=child, args=(tell, *arguments))
    process.start()
    tell.close()
    said = []
    with hear:
        try:
            while hear.poll(60):
                said.append(hear.recv())
        except EOFError:
            pass  # its end of the pipe went with it
        process.join(60)
        process.kill()
    return process.exitcode, said


def die() -> None:
    """Ends this process as ``kill -9`` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed_walk(tell: Connection, folder: Path, when: str, at: int) -> None:
    """Dies at a chosen moment: before or after the n-th entry of its journal, or around the n-th command.

    The rows of the "database" are told after each command that writes.
    """
    ovn = Ovn()
    cluster = cluster_with(ovn)
    command, append = cluster.command, FileJournal.append
    sent: list[tuple[str, ...]] = []

    def noisy(argv: tuple[str, ...], node: str) -> Any:
        if not ("destroy" in argv or "set" in argv):
            return command(argv, node)
        sent.append(argv)
        if when == "before-command" and len(sent) == at:
            die()
        answer = command(argv, node)
        tell.send(sorted(ovn.rows))
        if when == "after-command" and len(sent) == at:
            die()
        return answer

    def counted(self: FileJournal, kind: str, **data: Any) -> Any:
        if when == "before-entry" and len(self.entries) + 1 == at:
            die()
        entry = append(self, kind, **data)
        if when == "after-entry" and len(self.entries) == at:
            die()
        return entry

    cluster.command = noisy
    FileJournal.append = counted  # type: ignore[method-assign]
    walk = walk_on(cluster, folder)
    run(walk, "stop")
    run(walk, "purge")
    tell.send("finished")


def full_disk(tell: Connection, folder: Path, room: int) -> None:
    """A step where files may grow by so many bytes only; tells the writes that went out and what they changed."""
    ovn = Ovn()
    cluster = cluster_with(ovn)
    walk = walk_on(cluster, folder)
    plan = walk.plan("stop", {})
    assert walk.path is not None
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    size = walk.path.stat().st_size + room
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    try:
        tell.send(done(walk.run(plan, typed="y")).state)
    except JournalError:
        tell.send(("journal", len(cluster.writes), ovn.learn))
