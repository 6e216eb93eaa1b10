"""Documents of a run written to a file: whole or not at all, readable by whom they are for."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

PRIVATE = 0o600
"""Evidence may be private."""
PUBLIC = 0o644
"""Numbers for node-exporter, which runs as another user: a file that it cannot read is a gap that nobody notices."""


def write_report(path: Path, text: str, mode: int) -> None:
    """Puts the text in the place of the file, or into the pipe or device that is there; raises OSError.

    The file beside it on the way has no ending that a textfile collector would read.
    """
    data = text.encode("utf-8", "replace")
    try:
        special = not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        special = False
    if special:
        with path.open("wb") as stream:
            stream.write(data)
        return
    target = path.resolve()  # a link stays a link to what is written
    fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(fresh, target)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
