"""What a session keeps of an article's reading command that klinik ran itself. Plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

_MOST = 253_402_300_800
"""The first second of the year 10000, where dates end."""


@dataclass(frozen=True, slots=True)
class LocalRun:
    """One run; the texts are without secrets."""

    step: str
    at: float
    line: str = ""
    """As the article has it, with the operator's values."""
    argv: tuple[tuple[str, ...], ...] = ()
    """The words of each program of the pipe, as they were run."""
    end: str = "exit"
    """``exit``, ``timeout``, ``stopped``, ``too-much`` or ``not-started``."""
    code: int | None = None
    """The exit code that tells; None where it was ended early."""
    took_ms: int = 0
    output: str = ""
    cut: bool = False
    """Whether it printed more than is kept."""
    why: str = ""
    operator: str = ""

    @property
    def matched_nothing(self) -> bool:
        """Whether it ended with a filter that found nothing, which is an answer and no failure."""
        return self.end == "exit" and self.code == 1 and matchers(self.argv[-1:]) == (0,)

    @property
    def answered(self) -> bool:
        """Whether it ended well."""
        return (self.end == "exit" and self.code == 0) or self.matched_nothing


def matchers(stages: Sequence[Sequence[str]]) -> tuple[int, ...]:
    """The places of those programs that say with their exit code 1 that nothing matched."""
    names = [PurePosixPath(stage[0]).name if stage else "" for stage in stages]
    return tuple(number for number, name in enumerate(names) if name in ("grep", "egrep", "fgrep"))


def run_of(entry: Mapping[str, Any]) -> LocalRun:
    """The run that an entry of the journal tells; raises KeyError, TypeError, ValueError for one that is damaged."""
    code, argv = entry.get("code"), entry.get("argv", ())
    if not isinstance(argv, (list, tuple)) or not all(isinstance(stage, (list, tuple)) for stage in argv):
        raise TypeError
    at = _number(entry.get("started") or entry.get("at") or 0)
    if at < 0:
        raise ValueError
    return LocalRun(
        step=str(entry["step"]),
        at=at,
        line=str(entry.get("line", "")),
        argv=tuple(tuple(str(word) for word in stage) for stage in argv),
        end=str(entry.get("end", "exit")),
        code=None if code is None else int(_number(code)),
        took_ms=int(_number(entry.get("took_ms") or 0)),
        output=str(entry.get("output", "")),
        cut=bool(entry.get("cut")),
        why=str(entry.get("why", "")),
        operator=str(entry.get("operator", "")),
    )


def _number(value: Any) -> float:
    """A number that a date or a count can be made of."""
    if type(value) not in (int, float) or not abs(value) < _MOST:
        raise ValueError
    return float(value)
