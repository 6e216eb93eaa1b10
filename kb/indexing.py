"""Reading and analysing articles into an index: in this process, or in several for a large library.

Other processes are fresh interpreters, never forks (the app has threads), and are spoken to in lines of JSON. Each
writes finished segments into a folder of its own below the state that is being made; they count only when this
process, the one that holds the writers' lock, has taken them over.
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kb.articleread import read_article
from kb.fields import IndexText, index_text
from kb.problem import Problem
from kb.roots import Source

if TYPE_CHECKING:
    from kb.index import IndexWriter, SegmentNote

Sources = Mapping[str, tuple[Source, ...]]
LARGE = 8_000_000
"""Bytes of files from which on starting other processes is worth its while."""
BATCH = 400_000
"""Bytes of files that are handed to a process at a time; fewer near the end, so that all are done at one time."""
SHARES = 8
"""Batches are at most such a part of what is left for each process."""
LEAST = 20_000
MOST_WORKERS = 8
START = "import sys, json; sys.path[:] = json.loads(sys.argv[1]); from kb.indexingworker import main; main()"


@dataclass(frozen=True, slots=True)
class Indexed:
    """One article that was read: whether it has a usable text, and what is wrong with its files."""

    article: str
    usable: bool
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the building of an index is, in articles."""

    done: int
    total: int
    seconds_left: float | None = None


class WorkerLost(Exception):
    """A process ended without having finished: killed, out of memory, or not able to start."""


def take_in(writer: IndexWriter, article: str, sources: Sequence[Source]) -> Indexed:
    """Read one article and write its texts."""
    found, problems = read_article(article, sources)
    if found:
        for text in found.texts.values():
            writer.add(index_text(found, text))
    return Indexed(article, found is not None, problems)


def texts_of(sources: Sources, most: int) -> Iterator[IndexText]:
    """The texts of the first articles, up to `most` bytes of files: for an index in memory."""
    size = 0
    for article, files in sources.items():
        size += bytes_of(files)
        if size > most:
            return
        found = read_article(article, files)[0]
        if found:
            yield from (index_text(found, text) for text in found.texts.values())


def bytes_of(files: Sequence[Source]) -> int:
    """The size of some files."""
    return sum(source.size for source in files)


def workers_for(sources: Sources) -> int:
    """How many processes are to analyse these files; 1 is this one alone."""
    if not sys.executable or getattr(sys, "frozen", False):
        return 1  # there is no interpreter to start
    if sum(map(bytes_of, sources.values())) < LARGE:
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, MOST_WORKERS)


def take_in_all(writer: IndexWriter, folder: Path, sources: Sources, workers: int) -> Iterator[Indexed]:
    """Read and write articles; the order is not theirs. Raises OSError (a full disk) and WorkerLost."""
    if workers < 2:
        for article, files in sources.items():
            yield take_in(writer, article, files)
        return
    from kb.index import SegmentNote

    crew = _Crew(folder, workers)
    try:
        yield from crew.work(sources)
        writer.adopt(SegmentNote(name, count) for name, count in crew.segments)
    finally:
        crew.close()


class Pace:
    """Progress with the time that is left, from the bytes that are done."""

    def __init__(self, sources: Sources) -> None:
        self._sizes = {article: bytes_of(files) for article, files in sources.items()}
        self._left = sum(self._sizes.values())
        self._all = self._left
        self._began = time.monotonic()
        self.done = 0

    def after(self, article: str) -> Progress:
        """The progress after one more article."""
        self.done += 1
        self._left -= self._sizes.get(article, 0)
        spent = time.monotonic() - self._began
        finished = self._all - self._left
        left = spent * self._left / finished if finished and spent > 0.5 else None
        return Progress(self.done, len(self._sizes), left)


class _Crew:
    """Processes that analyse; each has at most two batches of articles at a time."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._folder = folder
        self._said: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._processes: list[subprocess.Popen[str]] = []
        self._threads: list[threading.Thread] = []
        self.segments: list[tuple[str, int]] = []
        for number in range(workers):
            self._start(number)

    def _start(self, number: int) -> None:
        place = self._folder / f"worker-{number}"
        place.mkdir(mode=0o700)
        search = [os.path.abspath(entry) for entry in sys.path]
        command = [sys.executable, "-P", "-c", START, json.dumps(search), str(place)]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            encoding="ascii",
        )  # fmt: skip
        thread = threading.Thread(target=self._listen, args=(number, process.stdout), daemon=True)
        thread.start()
        self._processes.append(process)
        self._threads.append(thread)

    def _listen(self, number: int, lines: IO[str]) -> None:
        try:
            for line in lines:
                self._said.put((number, json.loads(line)))
        except ValueError:  # cut off in the middle of a line
            pass
        self._said.put((number, None))

    def work(self, sources: Sources) -> Iterator[Indexed]:
        batches = _batches(sources, len(self._processes))
        for number in [*range(len(self._processes))] * 2:
            self._hand(number, next(batches, None))
        finished: set[int] = set()
        while len(finished) < len(self._processes):
            number, said = self._said.get()
            if said is None and number in finished:
                continue
            if said is None:
                raise WorkerLost(f"worker {number} ended with {self._processes[number].wait(5)}")
            if "failed" in said:
                raise OSError(*said["failed"])
            if "segments" in said:
                finished.add(number)
                self._adopt(number, said["segments"])
                continue
            for article, usable, problems in said["read"]:
                yield Indexed(article, usable, tuple(Problem(**problem) for problem in problems))
            if said.get("next"):
                self._hand(number, next(batches, None))

    def _hand(self, number: int, batch: list[Any] | None) -> None:
        stdin = self._processes[number].stdin
        try:
            if stdin is None or stdin.closed:
                return
            if batch is not None:
                stdin.write(json.dumps(batch) + "\n")
                stdin.flush()
            else:
                stdin.close()  # the end: it finishes what it has and says which segments it made
        except (OSError, ValueError) as error:
            raise WorkerLost(str(error)) from error

    def _adopt(self, number: int, segments: Sequence[Sequence[Any]]) -> None:
        place = self._folder / f"worker-{number}"
        for name, count in segments:
            self.segments.append((str(name), int(count)))
            for file in [*place.glob(f"*_{name}.*")]:
                file.rename(self._folder / file.name)

    def close(self) -> None:
        """End what still runs and remove what it left."""
        import shutil

        for process in self._processes:
            if process.poll() is None:
                process.kill()
            for stream in (process.stdin, process.stdout):
                if stream:
                    with suppress(OSError):
                        stream.close()
            process.wait()
        for thread in self._threads:
            thread.join(5)
        for number in range(len(self._processes)):
            shutil.rmtree(self._folder / f"worker-{number}", ignore_errors=True)


def _batches(sources: Sources, workers: int) -> Iterator[list[Any]]:
    batch: list[Any] = []
    size = 0
    left = sum(map(bytes_of, sources.values()))
    for article, files in sources.items():
        batch.append([article, [astuple(source) for source in files]])
        size += bytes_of(files)
        if size >= min(BATCH, max(LEAST, left // (SHARES * workers))):
            yield batch
            left -= size
            batch, size = [], 0
    if batch:
        yield batch


def said_of(indexed: Indexed) -> list[Any]:
    """What a worker says of an article it has read."""
    return [indexed.article, indexed.usable, [asdict(problem) for problem in indexed.problems]]


def segment_list(notes: Sequence[SegmentNote]) -> list[list[Any]]:
    """What a worker says of the segments it has made."""
    return [[note.name, note.documents] for note in notes]
