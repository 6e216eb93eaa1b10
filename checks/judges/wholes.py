"""Rows to a whole whose one sentence counts what is wrong and shows the first of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checks.judges.pernode import bad, folded
from checks.model import SEVERITY, Judgement, Row, Verdict
from kb.messages import message
from kb.text import Text

SHOWN = 500
"""Rows that are well and kept."""
KEPT = 2000
"""Rows that are not well and kept: a database that was lost makes one of every pod. All of them are counted."""


def judged(
    rows: Sequence[Row], *, well: Text, wrong: Text, none: Text, data: Mapping[str, Any] | None = None
) -> Judgement:
    """The judgement of a whole: ``wrong`` and its worst row, else ``well``; ``none`` (skipped) where there are no rows.

    Data: what is given, and ``total``, ``bad``, ``worst``; table ``rows`` ``{target, verdict, text, …data}``.
    """
    if not rows:
        return Judgement(Verdict.SKIPPED, none, data={**(data or {}), "total": 0, "bad": 0})
    ordered = sorted(rows, key=lambda row: -SEVERITY[row.verdict])
    first, troubled = ordered[0], bad(rows)
    known = sum(row.verdict is not Verdict.UNKNOWN for row in rows)
    good = well if known == len(rows) else message("wholes.partly", well=known, total=len(rows))
    summary = _joined(wrong, first) if troubled else good
    counts = {"total": len(rows), "bad": len(troubled), "worst": first.target if troubled else ""}
    well_rows = sum(row.verdict in (Verdict.OK, Verdict.SKIPPED) for row in rows)
    shown = ordered[: min(KEPT, len(rows) - well_rows) + SHOWN]
    table = tuple(
        {"target": row.target, "verdict": str(row.verdict), "text": row.text.en, **row.data} for row in shown
    )
    return folded(
        shown, summary, value=len(troubled), data={**(data or {}), **counts}, tables={"rows": table}
    )


def _joined(text: Text, row: Row) -> Text:
    return Text(f"{text.en}: {row.target}: {row.text.en}", f"{text.zh}：{row.target}：{row.text.zh}")


def mapping(value: Any) -> Mapping[str, Any]:
    """A mapping as it is, an empty one for anything else: fields of objects may be of any type."""
    return value if isinstance(value, Mapping) else {}


def listing(value: Any) -> list[Any]:
    """A list as it is, an empty one for anything else."""
    return list(value) if isinstance(value, list | tuple) else []


def text_of(value: Any) -> str:
    """Text as it is, empty for anything that is no text."""
    return value.strip() if isinstance(value, str) else ""
