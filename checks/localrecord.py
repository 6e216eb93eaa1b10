"""What a session keeps of an article's reading command that klinik ran itself. Plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


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


def run_of(entry: Mapping[str, Any]) -> LocalRun:
    """The run that an entry of the journal tells; raises KeyError, TypeError, ValueError for one that is damaged."""
    code = entry.get("code")
    return LocalRun(
        step=str(entry["step"]),
        at=float(entry.get("started") or entry.get("at") or 0.0),
        line=str(entry.get("line", "")),
        argv=tuple(tuple(str(word) for word in stage) for stage in entry.get("argv", ())),
        end=str(entry.get("end", "exit")),
        code=None if code is None else int(code),
        took_ms=int(entry.get("took_ms") or 0),
        output=str(entry.get("output", "")),
        cut=bool(entry.get("cut")),
        why=str(entry.get("why", "")),
        operator=str(entry.get("operator", "")),
    )
