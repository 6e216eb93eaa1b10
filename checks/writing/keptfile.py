"""Files beside a session's journal: 0600, compressed, on the disk before anything goes out, bounded in size."""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

from checks.plans.plan import PlanError
from kb.messages import message

LONGEST = 64 * 1024 * 1024
"""Bytes of one file's content."""
MOST = 512 * 1024 * 1024
"""Bytes on the disk of all files of one session."""
SPARE = 256 * 1024 * 1024
"""Bytes that stay free on the disk: the journal needs room too."""


@dataclass(frozen=True, slots=True)
class Kept:
    """One file that was written and read back."""

    name: str
    size: int
    """Bytes of the content."""
    sha256: str
    """Of the content."""


def keep(journal: Path, label: str, content: bytes) -> Kept:
    """Writes ``SESSION.LABEL.gz`` beside the journal and reads it back; raises PlanError with what is in the way."""
    if len(content) > LONGEST:
        raise PlanError(message("undo.file-large", limit=LONGEST // 1024 // 1024))
    path = _free(journal, label)
    packed = gzip.compress(content, 6, mtime=0)
    try:
        used = sum(one.stat().st_size for one in _files(journal))
        disk = os.statvfs(journal.parent)
        if used + len(packed) > MOST or disk.f_bavail * disk.f_frsize < len(packed) + SPARE:
            raise PlanError(message("undo.file-no-room", path=str(journal.parent)))
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "wb") as out:
            out.write(packed)
            out.flush()
            os.fsync(out.fileno())
        _sync(journal.parent)
    except OSError as error:
        raise PlanError(
            message("undo.file-failed", path=str(path), error=error.strerror or str(error))
        ) from error
    kept = Kept(path.name, len(content), hashlib.sha256(content).hexdigest())
    if load(journal, kept) != content:
        raise PlanError(message("undo.file-failed", path=str(path), error="-"))
    return kept


def _free(journal: Path, label: str) -> Path:
    """A name that nothing has yet: a run that was killed may have left its file without a word in the journal."""
    names = (f"{journal.stem}.{label}{again}.gz" for again in ("", *(f"-{n}" for n in range(2, 100))))
    return next((path for name in names if not os.path.lexists(path := journal.parent / name)), journal)


def load(journal: Path, kept: Kept) -> bytes | None:
    """The content of a kept file; None where it is not there, not readable, or not the one that was written."""
    if Path(kept.name).name != kept.name or kept.name.startswith("."):
        return None
    try:
        with gzip.open(journal.parent / kept.name, "rb") as file:
            content = file.read(LONGEST + 1)
    except (OSError, EOFError, zlib.error):
        return None
    same = len(content) == kept.size and hashlib.sha256(content).hexdigest() == kept.sha256
    return content if same else None


def is_there(journal: Path, name: str) -> bool:
    """Whether a kept file lies beside this journal; what is in it is not looked at."""
    return Path(name).name == name and not name.startswith(".") and (journal.parent / name).is_file()


def _files(journal: Path) -> list[Path]:
    return [one for one in journal.parent.glob(f"{journal.stem}.*.gz") if one.is_file()]


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
