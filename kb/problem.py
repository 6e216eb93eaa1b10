"""What is wrong with a file of the library: said with file, line and what to write instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning", "info"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in one file; `line` counts from 1, 0 means the whole file."""

    path: str
    line: int
    code: str
    """A stable dotted code, for example ``guide.unknown-step``."""
    message: str
    severity: Severity = "error"

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.severity} {self.code}: {self.message}"
