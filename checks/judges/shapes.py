"""What judges over many objects share: bad ones are rows, and what cannot be read is never taken for good."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from checks.judges.lists import Object, name, namespace, unknown
from checks.model import JSON, Judgement, Row, Verdict
from kb.messages import message
from kb.text import Text

SHOWN = 500
"""Rows that are shown; all are counted."""
Table = tuple[Mapping[str, Any], ...]


def odd(obj: Object) -> Row:
    """The row of an object that lacks what every object of its kind has, or has it as something else."""
    target = f"{namespace(obj)}/{name(obj)}" if namespace(obj) else name(obj)
    return Row(target or "?", Verdict.UNKNOWN, message("shapes.odd"), data={"reason": "unparsable"})


def is_mapping(obj: Object, *fields: str) -> bool:
    """Whether the fields of an object are mappings, as in every object of its kind."""
    return all(isinstance(obj.get(field), Mapping) for field in fields)


def split(
    objects: Iterable[Object], *fields: str, sound: Callable[[Object], bool] = lambda obj: True
) -> tuple[list[Object], list[Row]]:
    """Objects whose fields are mappings and that are `sound`, and the rows of those that are not readable."""
    good, rows = [], []
    for obj in objects:
        if is_mapping(obj, "metadata", *fields) and sound(obj):
            good.append(obj)
        else:
            rows.append(odd(obj))
    return good, rows


def told(
    rows: Sequence[Row],
    unread: Sequence[Row],
    text: Text,
    *,
    verdict: Verdict,
    value: JSON,
    data: Mapping[str, JSON],
    tables: Mapping[str, Table] | None = None,
) -> Judgement:
    """The judgement `verdict` of the bad rows; with unreadable objects an ok becomes unknown, and all say so."""
    if not unread:
        return Judgement(verdict, text, value=value, data=data, tables=tables or {}, rows=tuple(rows[:SHOWN]))
    lost = message("shapes.unread", count=len(unread))
    both = Text(f"{text.en}; {lost.en}", f"{text.zh}；{lost.zh}")
    doubtful = verdict in (Verdict.OK, Verdict.SKIPPED)
    gap = unknown("unparsable", lost) if doubtful else None
    return Judgement(
        gap.verdict if gap else verdict,
        both,
        value=value,
        reason=gap.reason if gap else "",
        remedy=gap.remedy if gap else Text(),
        data=data,
        tables=tables or {},
        rows=(*rows[:SHOWN], *unread[:20]),
    )
