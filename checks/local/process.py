"""Programs of this machine run without a shell or a terminal: one after another in a pipe, bounded in time and output.

Each is the leader of a session of its own, so that no prompt reaches the terminal and it is ended with its children.
"""

from __future__ import annotations

import codecs
import os
import selectors
import shutil
import signal
import subprocess
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Literal

from checks.clock import Stop, stopping

SECONDS = 60.0
"""The longest a command may take."""
BYTES = 1024 * 1024
"""The most it may print before it is ended."""
TICK = 0.2
GRACE = 1.0
"""Seconds between asking a program to end and ending it; and for the rest of the output of one that has ended."""
_DROPPED = frozenset(
    (
        *("KUBECONFIG", "KUBERC", "KUBE_EDITOR", "KUBECTL_EXTERNAL_DIFF", "KUBECTL_COMMAND_HEADERS"),
        *("GREP_OPTIONS", "GREP_COLOR", "POSIXLY_CORRECT", "LD_PRELOAD", "BASH_ENV", "ENV"),
    )
)
"""Variables that would make these programs something else than their words say."""

Ending = Literal["exit", "timeout", "stopped", "too-much", "not-started"]


@dataclass(frozen=True, slots=True)
class Piece:
    """Some output, and whether a program complained with it (its standard error)."""

    text: str
    error: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: the exit code of each program (negative: ended by that signal), and the seconds it took."""

    how: Ending
    codes: tuple[int, ...]
    took: float
    why: str = ""
    """With ``not-started``: what the system said."""

    def code(self, matchers: Collection[int] = ()) -> int | None:
        """The code that tells: of the first program that failed, else of the last; None where it was ended early.

        `matchers` are the programs whose 1 says that nothing matched, and no more.
        """
        if self.how != "exit":
            return None
        for number, code in enumerate(self.codes[:-1]):
            if code not in (0, -signal.SIGPIPE) and not (code == 1 and number in matchers):
                return code
        return self.codes[-1]


def find(program: str) -> str | None:
    """Where a program is: only in absolute folders of PATH."""
    folders = [one for one in os.environ.get("PATH", os.defpath).split(os.pathsep) if os.path.isabs(one)]
    return shutil.which(program, path=os.pathsep.join(folders))


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without what would change the programs, and with `more`."""
    return {
        **{k: v for k, v in os.environ.items() if k not in _DROPPED},
        "TERM": "dumb",
        "KUBERC": "off",
        **more,
    }


def run_pipe(
    stages: Sequence[Sequence[str]],
    env: Mapping[str, str],
    *,
    stop: Stop | None = None,
    seconds: float = SECONDS,
    limit: int = BYTES,
) -> Iterator[Piece | Ended]:
    """Runs the pipe; pieces as they come (an empty one when nothing came for a while), `Ended` last."""
    running = _Pipe(env)
    started = time.monotonic()
    try:
        why = running.start(stages)
        if why:
            yield Ended("not-started", (), time.monotonic() - started, why)
            return
        how: Ending = "exit"
        for piece in running.pieces(started + seconds):
            yield piece
            if stopping(stop):
                how = "stopped"
            elif time.monotonic() - started >= seconds:
                how = "timeout"
            elif running.printed > limit:
                how = "too-much"
            if how != "exit":
                break
        codes = running.end(gently=how == "exit")
        yield Ended(how, codes, time.monotonic() - started)
    finally:
        running.end(gently=False)


class _Pipe:
    """Programs under way, each reading what the one before it prints."""

    def __init__(self, env: Mapping[str, str]):
        self._env = dict(env)
        self._programs: list[subprocess.Popen[bytes]] = []
        self._selector = selectors.DefaultSelector()
        self._files: list[IO[bytes]] = []
        self.printed = 0

    def start(self, stages: Sequence[Sequence[str]]) -> str:
        """Starts them all; what the system said where one cannot be started."""
        source: IO[bytes] | int = subprocess.DEVNULL
        try:
            for argv in stages:
                program = subprocess.Popen(
                    list(argv), stdin=source, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    env=self._env, cwd=os.sep, start_new_session=True, close_fds=True,
                )  # fmt: skip
                if not isinstance(source, int):
                    source.close()  # only the next program holds it now, so that the one before learns of its end
                self._programs.append(program)
                source = program.stdout or subprocess.DEVNULL
                if program.stderr is not None:
                    self._watch(program.stderr, error=True)
        except (OSError, ValueError) as error:
            return str(error)
        if not isinstance(source, int):
            self._watch(source, error=False)
        return ""

    def _watch(self, file: IO[bytes], *, error: bool) -> None:
        os.set_blocking(file.fileno(), False)
        self._files.append(file)
        decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
        self._selector.register(file, selectors.EVENT_READ, (error, decoder))

    def pieces(self, deadline: float) -> Iterator[Piece]:
        """What they print until all is read, or they have ended and left it to a child of theirs."""
        ended = 0.0
        while self._selector.get_map():
            ready = self._selector.select(min(TICK, max(0.0, deadline - time.monotonic())))
            for key, _ in ready:
                error, decoder = key.data
                data = os.read(key.fd, 65536)
                self.printed += len(data)
                text = decoder.decode(data, final=not data)
                if not data:
                    self._selector.unregister(key.fileobj)
                if text:
                    yield Piece(text, error)
            if not ready:
                yield Piece("")
            if all(program.poll() is not None for program in self._programs):
                ended = ended or time.monotonic()
                if not ready and time.monotonic() - ended > GRACE:
                    return

    def end(self, *, gently: bool) -> tuple[int, ...]:
        """Waits for them, or ends them and what they started; their exit codes. May be called again."""
        limit = time.monotonic() + GRACE
        if not gently:
            for number, patience in ((signal.SIGTERM, GRACE), (signal.SIGKILL, None)):
                for program in self._programs:
                    _signal(program, number)
                for program in self._programs:
                    _wait(program, patience and limit - time.monotonic())
        codes = tuple(_wait(program, limit - time.monotonic()) for program in self._programs)
        for file in [*self._files, *(p.stdout for p in self._programs if p.stdout is not None)]:
            file.close()
        self._selector.close()
        return codes


def _signal(program: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the whole session of a program that still runs: the number of one that ended may be another's by now."""
    if program.poll() is None:
        try:
            os.killpg(program.pid, number)
        except (ProcessLookupError, PermissionError):
            program.send_signal(number)


def _wait(program: subprocess.Popen[bytes], seconds: float | None) -> int:
    try:
        return program.wait(None if seconds is None else max(0.05, seconds))
    except subprocess.TimeoutExpired:
        return program.returncode if program.returncode is not None else -signal.SIGKILL
