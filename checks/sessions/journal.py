"""The append-only file of one session: JSON lines, each on the disk before `append` returns.

A line is ``{"v": 1, "n": 7, "at": 1700000000.0, "kind": "writing", …}``. Files are 0600 in a 0700 folder.
A torn last line (the machine died in the middle) was never acknowledged: reading leaves it out, appending cuts it off.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from checks.sessions.session import VERSION, Entry, SessionSummary, summary
from kb.messages import message
from kb.paths import state_dir
from kb.said import text_of
from kb.text import Text

Clock = Callable[[], float]


_YEAR_10000 = 253_402_300_800
"""Unix time of the end of year 9999, the last that dates can show."""


class JournalError(Exception):
    """The journal cannot be written (disk full, taken by another klinik, read-only): no write may go out."""

    def __init__(self, text: Text):
        super().__init__(text.en)
        self.text = text


class Journal(Protocol):
    """Where a walk writes down what it does."""

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything written so far, in order."""
        ...

    @property
    def path(self) -> Path | None:
        """The file, where there is one."""
        ...

    def append(self, kind: str, **data: Any) -> Entry:
        """Writes one entry; it is safe when this returns. Raises JournalError."""
        ...

    def close(self) -> None:
        """Lets go of the file and its lock."""
        ...


class MemoryJournal:
    """A journal that lives as long as the process, for tests and dry thinking."""

    def __init__(self, clock: Clock = time.time):
        self._clock = clock
        self._entries: list[Entry] = []

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything written so far, in order."""
        return tuple(self._entries)

    @property
    def path(self) -> Path | None:
        """Nowhere."""
        return None

    def append(self, kind: str, **data: Any) -> Entry:
        """Keeps one entry."""
        entry = _entry(len(self._entries) + 1, self._clock(), kind, data)
        self._entries.append(json.loads(json.dumps(entry, default=_plain)))
        return entry

    def close(self) -> None:
        """Nothing to let go of."""


class FileJournal:
    """The journal of one session on disk, locked for this process."""

    def __init__(self, path: Path, descriptor: int, entries: list[Entry], clock: Clock = time.time):
        self._path = path
        self._descriptor = descriptor
        self._entries = entries
        self._clock = clock
        self._end = os.fstat(descriptor).st_size
        """Bytes of whole lines: what lies beyond is the torn rest of a line that was never acknowledged."""

    @classmethod
    def create(cls, folder: Path, session: str, clock: Clock = time.time) -> FileJournal:
        """A new file for a new session; raises JournalError."""
        path = folder / f"{session}.jsonl"
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
            _lock(descriptor, path)
            _sync_folder(folder)
        except OSError as error:
            raise JournalError(_cannot(path, error)) from error
        return cls(path, descriptor, [], clock)

    @classmethod
    def open(cls, path: Path, clock: Clock = time.time) -> FileJournal:
        """An existing file, to go on with, a torn last line cut off; raises JournalError, also when taken."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
            _lock(descriptor, path)
            raw = _whole(descriptor)
            end = raw.rfind(b"\n") + 1
            if end < len(raw):
                os.ftruncate(descriptor, end)
                os.fsync(descriptor)
        except OSError as error:
            raise JournalError(_cannot(path, error)) from error
        return cls(path, descriptor, parse(raw[:end]), clock)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Everything written so far, in order."""
        return tuple(self._entries)

    @property
    def path(self) -> Path | None:
        """The file."""
        return self._path

    def append(self, kind: str, **data: Any) -> Entry:
        """Writes one line and waits for the disk; on failure (JournalError) the file is as it was before."""
        number = (self._entries[-1].get("n", 0) if self._entries else 0) + 1
        entry = _entry(number, self._clock(), kind, data)
        text = json.dumps(entry, ensure_ascii=False, separators=(",", ":"), default=_plain)
        line = text.encode("utf-8", "replace") + b"\n"  # words from outside may be no text
        try:
            self._cut()
            self._write(line)
        except OSError as error:
            raise JournalError(_cannot(self._path, error)) from error
        self._end += len(line)
        self._entries.append(json.loads(line))
        return entry

    def _cut(self) -> None:
        """Nothing is written to a file that was deleted, nor behind a piece of a line that could not be taken back."""
        now = os.fstat(self._descriptor)
        if not now.st_nlink:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        if now.st_size > self._end:
            os.ftruncate(self._descriptor, self._end)

    def _write(self, line: bytes) -> None:
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            os.fsync(self._descriptor)
        except OSError:
            os.ftruncate(self._descriptor, self._end)
            raise

    def close(self) -> None:
        """Lets go of the file and its lock."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def __enter__(self) -> FileJournal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sessions_dir() -> Path:
    """The folder of all journals, made 0700."""
    folder = state_dir() / "sessions"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_mode & 0o077:  # made by somebody else, or by an older umask
        folder.chmod(0o700)
    return folder


def new_session_id(article: str, now: float) -> str:
    """A name that sorts by time and is safe as a file name: ``20260101-093000-ovn-mac-binding-leak-3fa2``."""
    stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d-%H%M%S")
    plain = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in article)[:60].strip("-")
    return f"{stamp}-{plain or 'session'}-{secrets.token_hex(2)}"


def adopt(folder: Path, session: str, entries: Iterable[Entry]) -> Path:
    """Takes a handed-over session into the folder, whole or not at all; raises JournalError, also when it is there."""
    path = folder / f"{session}.jsonl"
    lines = "".join(json.dumps(e, ensure_ascii=False, separators=(",", ":")) + "\n" for e in entries)
    fresh = folder / f".{session}.{os.getpid()}"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as out:
            out.write(lines.encode())
            out.flush()
            os.fsync(out.fileno())
        os.link(fresh, path)  # unlike a rename, never over a session that is there
        _sync_folder(folder)
    except FileExistsError as error:
        raise JournalError(message("session.journal-there", path=str(path))) from error
    except OSError as error:
        raise JournalError(_cannot(path, error)) from error
    finally:
        fresh.unlink(missing_ok=True)
    return path


def mark(path: Path, kind: str, **data: Any) -> bool:
    """Appends one entry to a journal at rest; False where somebody works on it, or it cannot be written."""
    try:
        with FileJournal.open(path) as journal:
            journal.append(kind, **data)
    except JournalError:
        return False
    return True


def read(path: Path) -> tuple[Entry, ...]:
    """The entries of a journal, without a torn last line; raises JournalError where it cannot be read."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise JournalError(_cannot(path, error)) from error
    return tuple(parse(raw[: raw.rfind(b"\n") + 1]))


def parse(raw: bytes) -> list[Entry]:
    """The lines as entries; a damaged one becomes an entry of kind ``damaged`` so that nothing is hidden."""
    entries: list[Entry] = []
    for number, line in enumerate(raw.split(b"\n")[:-1], 1):
        try:
            entry = _read(line)
        except (ValueError, RecursionError):
            entry = None
        if isinstance(entry, dict) and isinstance(entry.get("kind"), str) and _dated(entry):
            entries.append(entry)
        else:
            entries.append({"v": VERSION, "n": number, "at": 0.0, "kind": "damaged", "line": number})
    return entries


def _read(line: bytes) -> Any:
    """The JSON of a line; raises ValueError, also for half a character, which could not be written again."""
    text = line.decode()
    entry = json.loads(text)
    if "\\u" in text:
        json.dumps(entry, ensure_ascii=False).encode()
    return entry


def _dated(entry: Mapping[str, Any]) -> bool:
    """Whether version and time are numbers that a date can be made of."""
    version, at = entry.get("v", 0), entry.get("at", 0.0)
    numbers = type(version) is int and type(at) in (int, float)
    return numbers and 0 <= at < _YEAR_10000


def list_sessions(folder: Path | None = None) -> list[SessionSummary]:
    """All sessions of the folder, the latest first; an unreadable file is listed with what is wrong."""
    found = []
    for path in (folder or sessions_dir()).glob("*.jsonl"):
        try:
            found.append(summary(read(path), str(path), path.stem))
        except JournalError as error:
            found.append(SessionSummary(id=path.stem, path=str(path), problem=error.text))
    return sorted(found, key=lambda one: (one.updated, one.id), reverse=True)


def _entry(number: int, at: float, kind: str, data: Mapping[str, Any]) -> Entry:
    return {"v": VERSION, "n": number, "at": round(at, 3), "kind": kind, **data}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} does not go into a journal")


def holder_of(path: Path) -> int:
    """The process that is working on this session; 0 where nobody is, or the system does not tell (only Linux does)."""
    try:
        wanted = path.stat()
        lines = Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    place = f"{os.major(wanted.st_dev):02x}:{os.minor(wanted.st_dev):02x}:{wanted.st_ino}"
    for line in lines:
        words = line.split()
        if len(words) > 5 and words[1] == "FLOCK" and words[5].rpartition(":")[2] == str(wanted.st_ino):
            pid = int(words[4])
            # Some filesystems have another number there: then the process itself has to have the file open.
            if pid > 0 and (words[5] == place or _has_open(pid, path)):
                return pid
    return 0


def _has_open(pid: int, path: Path) -> bool:
    try:
        return any(one.resolve() == path.resolve() for one in Path(f"/proc/{pid}/fd").iterdir())
    except OSError:
        return False


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        pid = holder_of(path)
        taken = message("session.journal-taken-by", path=str(path), pid=pid) if pid else None
        raise JournalError(taken or message("session.journal-taken", path=str(path))) from None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _whole(descriptor: int) -> bytes:
    size = os.fstat(descriptor).st_size
    parts = []
    at = 0
    while at < size:
        part = os.pread(descriptor, min(1 << 20, size - at), at)
        if not part:
            break
        parts.append(part)
        at += len(part)
    return b"".join(parts)


def _cannot(path: Path, error: OSError) -> Text:
    return message("session.journal-failed", path=str(path), error=text_of(error))
