"""Where an index lives on disk: a private folder of finished states, a pointer to the current one, and a lock.

    CACHE/index-<roots>/CURRENT        the name of the current state
                        lock           held by the one process that writes
                        state-<n>/     a Whoosh index, finished before the pointer names it
                        state-<n>/manifest.json

A reader follows the pointer and never sees half an index; a writer links the unchanged segments of the current state
into a new folder, adds to it, and moves the pointer. Nothing here knows Whoosh.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import time
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from kb.problem import Problem

SHAPE = 2
"""Raised when the fields or their meaning change; the analyzing modules are part of the version by their content."""
ANALYZERS = (
    "tokens", "fields", "weighting", "index", "indexfiles", "indexwords", "markdown", "headings", "frontmatter",
    "frontloose", "decoding", "articlefile", "articleread", "literals", "lognormal", "trouble",
    "derive/worth", "derive/asides", "derive/outline", "derive/prose", "derive/fences", "derive/programs",
)  # fmt: skip
POINTER = "CURRENT"
MANIFEST = "manifest.json"
ENDS = 65_536
"""Bytes at each end of a file that are checked when an index is opened."""


@dataclass(frozen=True, slots=True)
class FileNote:
    """What the index knows about one file: how it looked when read, and what was wrong with it."""

    article: str
    size: int
    mtime_ns: int
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class State:
    """One finished state of an index on disk."""

    folder: Path
    number: int
    files: Mapping[str, FileNote] = field(default_factory=dict)
    unusable: frozenset[str] = frozenset()
    """Ids of articles without any usable text."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """How many files each article has."""
    made: int = 0
    """When its manifest was written, as the file system tells it."""


class Unusable(Exception):
    """The cache folder cannot be used (not ours, not writable); the index must live in memory."""


def version() -> str:
    """A digest of everything that decides what an index of the same files looks like."""
    digest = hashlib.sha256(f"shape {SHAPE}".encode())
    for name in ANALYZERS:
        with contextlib.suppress(OSError):  # inside a zip there is no source to read; SHAPE decides
            digest.update((Path(__file__).parent / f"{name}.py").read_bytes())
    return digest.hexdigest()[:16]


class IndexStore:
    """The folder of one library's index; raises Unusable when it is not a private folder of this user."""

    def __init__(self, cache_dir: Path, roots: Sequence[Path]) -> None:
        name = hashlib.sha256("\0".join(str(root.resolve()) for root in roots).encode()).hexdigest()[:16]
        self.folder = cache_dir / f"index-{name}"
        self._version = version()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not _private(self.folder):
                raise Unusable(f"{self.folder} is not a private folder of this user")
        except OSError as error:
            raise Unusable(str(error)) from error

    def current(self, known: State | None = None) -> State | None:
        """The current state if it is whole, ours and of this version; else None. A `known` one is not read again."""
        try:
            name = (self.folder / POINTER).read_text(encoding="ascii").strip()
            folder = self.folder / name
            if not name.startswith("state-") or "/" in name or not _private(folder):
                return None
            made = (folder / MANIFEST).stat().st_mtime_ns
            if known and (known.folder, known.made) == (folder, made):
                return known
            manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            if manifest["version"] != self._version or _fingerprints(folder) != manifest["index"]:
                return None
            files = {path: _note(path, values) for path, values in manifest["files"].items()}
            return _state(folder, files, manifest["unusable"], made)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    @contextlib.contextmanager
    def lock(self, wait: float) -> Iterator[bool]:
        """Hold the writers' lock, waiting up to `wait` seconds; yields whether it is held."""
        try:
            import fcntl
        except (
            ImportError
        ):  # no such locks on this system; Whoosh's own lock still keeps one state to one writer
            yield True
            return
        with open(self.folder / "lock", "a+b") as file:
            until = time.monotonic() + wait
            held = False
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    held = True
                    break
                except OSError:
                    if time.monotonic() >= until:
                        break
                    time.sleep(0.05)
            yield held

    def begin(self, base: State | None) -> Path:
        """A folder for the next state, with the files of `base` linked into it. Only under the lock.

        What writers left that were killed, or that another version made, goes: nobody else is writing now.
        """
        states = self._states()
        number = 1 + max((n for n, _ in states), default=0)
        kept = base.number if base else self._pointed_at()
        for other, old in states:
            if other not in (kept, kept - 1):
                shutil.rmtree(old, ignore_errors=True)
        folder = self.folder / f"state-{number}"
        folder.mkdir(mode=0o700)
        if base:
            for item in base.folder.iterdir():
                if item.name != MANIFEST and not item.name.endswith("LOCK") and item.is_file():
                    _link(item, folder / item.name)
        return folder

    def finish(self, folder: Path, files: Mapping[str, FileNote], unusable: Sequence[str]) -> State:
        """Write the manifest, move the pointer to `folder`, and drop older states. Only under the lock."""
        manifest: dict[str, Any] = {
            "version": self._version,
            "index": _fingerprints(folder),
            "files": {path: _values(note) for path, note in files.items()},
            "unusable": list(unusable),
        }
        _write(folder / MANIFEST, json.dumps(manifest))
        before = self._pointed_at()
        fresh = self.folder / f"{POINTER}.new"
        _write(fresh, folder.name)
        os.replace(fresh, self.folder / POINTER)
        for number, old in self._states():
            if old != folder and number != before:  # the one before may still be read by another process
                shutil.rmtree(old, ignore_errors=True)
        return _state(folder, files, unusable, (folder / MANIFEST).stat().st_mtime_ns)

    def abandon(self, folder: Path) -> None:
        """Remove a state that was not finished."""
        shutil.rmtree(folder, ignore_errors=True)

    def _pointed_at(self) -> int:
        """The number of the state that the pointer names; 0 where it names none."""
        try:
            number = (self.folder / POINTER).read_text(encoding="ascii").strip().removeprefix("state-")
        except (OSError, ValueError):
            return 0
        return int(number) if number.isdecimal() and len(number) < 20 else 0

    def _states(self) -> list[tuple[int, Path]]:
        found = []
        for folder in self.folder.glob("state-*"):
            number = folder.name.removeprefix("state-")
            if number.isdecimal():
                found.append((int(number), folder))
        return found


def _private(folder: Path) -> bool:
    """Whether this is a real folder that only this user can have written to."""
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode):
        return False
    if hasattr(os, "getuid") and info.st_uid != os.getuid():
        return False
    return not info.st_mode & 0o022


def _fingerprints(folder: Path) -> dict[str, list[int]]:
    """Size and checksum of both ends of every file of an index: damage is seen before Whoosh unpickles anything."""
    found = {}
    for item in sorted(folder.iterdir()):
        if item.name == MANIFEST or item.name.endswith("LOCK") or not item.is_file():
            continue
        with open(item, "rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(0)
            checksum = zlib.crc32(file.read(ENDS))
            file.seek(max(0, size - ENDS))
            found[item.name] = [size, zlib.crc32(file.read(ENDS), checksum)]
    return found


def _state(folder: Path, files: Mapping[str, FileNote], unusable: Iterable[str], made: int) -> State:
    counts = Counter(note.article for note in files.values())
    number = int(folder.name.removeprefix("state-"))
    return State(folder, number, dict(files), frozenset(unusable), counts, made)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _write(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _values(note: FileNote) -> list[Any]:
    return [note.article, note.size, note.mtime_ns, [asdict(problem) for problem in note.problems]]


def _note(path: str, values: Sequence[Any]) -> FileNote:
    article, size, mtime_ns, problems = values
    return FileNote(str(article), int(size), int(mtime_ns), tuple(Problem(**problem) for problem in problems))
