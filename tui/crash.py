"""What the operator is told when klinik itself broke: what is safe, where it is, and what to send to its makers."""

from __future__ import annotations

import os
import platform
import secrets
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from kb.messages import message
from kb.safe import one_line, printable

if TYPE_CHECKING:
    from tui.app import KlinikApp

LONGEST = 200_000
"""Characters of a report."""


def told(app: KlinikApp, error: BaseException) -> str:
    """The words for the terminal, in the language of the app; writes the report beside the journals."""
    lang, screens = app.lang, app.screen_stack
    paths = [str(path) for one in screens if (path := getattr(getattr(one, "snap", None), "path", None))]
    writing = any(getattr(one, "writing", False) for one in screens)
    name = f"{type(error).__name__}: {one_line(str(error), 300)}".rstrip(": ")
    lines = [message("crash.happened", error=name)]
    if writing:
        lines.append(message("crash.writing"))
    lines += [message("crash.journal", path=path) for path in paths] or [message("crash.nothing")]
    folder = app.services.sessions_dir().parent / "crashes"
    try:
        lines.append(message("crash.report", path=written(folder, error)))
    except OSError:
        lines.append(message("crash.unwritten", trace="\n" + trace(error)[-4000:]))
    return "\n".join(printable(line.get(lang)) for line in lines)


def written(folder: Path, error: BaseException) -> Path:
    """A report of the error as a file for its owner's eyes; raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    at = time.time()
    path = folder / time.strftime(f"%Y%m%d-%H%M%S-{secrets.token_hex(2)}.txt", time.gmtime(at))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="replace") as out:
        out.write(_head(at) + trace(error))
    return path


def trace(error: BaseException) -> str:
    """Where it happened: lines of code and the words of the errors, no values of variables, no known secret."""
    from checks.redact import redactor

    told_of = "".join(traceback.format_exception(error))
    return redactor(secrets.token_hex(16))(printable(told_of[-LONGEST:]))


def _head(at: float) -> str:
    from tui.version import program_version

    said: Sequence[str] = (
        f"klinik {program_version()}",
        f"python {sys.version.split()[0]}, {platform.platform()}",
        time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at)),
        "",
        "",
    )
    return "\n".join(said)
