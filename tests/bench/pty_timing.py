"""Opens a program in a real pseudo-terminal and measures when it shows its first frame and echoes a typed key."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from exec to the first frame, and to the echo of a key typed at that moment."""

    first_frame: float
    first_echo: float


class NoFrame(RuntimeError):
    """The program showed nothing, or never echoed the key."""


def measure(
    argv: list[str],
    ready: str,
    *,
    key: str = "Ω",
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
    size: tuple[int, int] = (24, 80),
    deadline: float = 30.0,
) -> Timing:
    """Times one start: `ready` is text of the first frame; the key is typed when it appears.

    The echo is the first output after the key in which the key stands as printed text.
    """
    began = time.perf_counter()
    pid, terminal = pty.fork()
    if pid == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
        if cwd:
            os.chdir(cwd)
        os.execvpe(
            argv[0], argv, {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        )
    try:
        first = _until(terminal, ready.encode(), began, deadline)
        os.write(terminal, key.encode())
        echo = _until(terminal, key.encode(), began, deadline)
        return Timing(first, echo)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


_SEQUENCE = re.compile(rb"\x1b(\[[0-?]*[ -/]*[@-~]|\][^\x07]*\x07|P[^\x1b]*\x1b\\|[@-Z\\-_=>])")


def _strip(data: bytes) -> bytes:
    """The printed text of terminal output: escape sequences taken out."""
    return _SEQUENCE.sub(b"", data)


def _until(terminal: int, wanted: bytes, began: float, deadline: float) -> float:
    seen = b""
    while (left := deadline - (time.perf_counter() - began)) > 0:
        if select.select([terminal], [], [], left)[0]:
            try:
                chunk = os.read(terminal, 65536)
            except OSError as error:
                raise NoFrame(f"the program ended: {_strip(seen)[-400:]!r}") from error
            if b"\x1b[?2026$p" in chunk or b"\x1b[c" in chunk:
                os.write(terminal, b"\x1b[?2026;2$y")
            seen += chunk
            if wanted in _strip(seen):
                return time.perf_counter() - began
    raise NoFrame(f"{wanted!r} did not appear in {deadline} s: {_strip(seen)[-400:]!r}")
