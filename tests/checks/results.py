"""Results as values, for tests that judge what came of a run."""

from __future__ import annotations

from typing import Any

from checks.model import Judgement, Result, Row, Verdict
from kb.text import Text


def result(
    alias: str,
    verdict: str,
    value: Any = None,
    *,
    check: str = "",
    rows: dict[str, str] | None = None,
    at: float = 0.0,
    reason: str = "",
    **data: Any,
) -> Result:
    """One result; its check is the last part of the alias where none is given, `rows` are verdicts by target."""
    parts = tuple(Row(name, Verdict(v), Text.of(f"{name} {v}")) for name, v in (rows or {}).items())
    summary = Text.of(f"{alias} is {verdict}")
    judgement = Judgement(Verdict(verdict), summary, value, reason, data=data, rows=parts)
    name = check or alias.rpartition("/")[2]
    return Result(name, alias, Text.of(name), judgement, (), at, 1)
