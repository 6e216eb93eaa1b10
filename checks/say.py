"""Texts of checks with their values put in: whatever the values are, a sentence comes out and nothing is run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from string import Formatter
from typing import Any

from checks.model import Judgement, Verdict
from kb.messages import message
from kb.safe import one_line
from kb.text import UNSAID, Text

LONGEST = 300
"""Characters of one value in a sentence."""
REASONS = (
    "forbidden",
    "unauthenticated",
    "timeout",
    "absent",
    "unreachable",
    "unparsable",
    "error",
    "not-run",
)


class _Safe(Formatter):
    """Format fields are names and keys of mappings, never attributes; what is missing shows as ``?``."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
        value: Any = kwargs
        for part in re.split(r"[.\[\]]+", field_name.rstrip("]")):
            value = value.get(part) if isinstance(value, Mapping) else None
        return value, field_name

    def format_field(self, value: Any, format_spec: str) -> str:
        if value is None:
            return "?"
        if isinstance(value, list | tuple | set | frozenset):
            value = ", ".join(str(item) for item in value)
        spec = format_spec if len(format_spec) < 6 else ""  # no width that fills the memory
        try:
            text = str(format(value, spec))
        except (ValueError, TypeError):  # a number was expected and something else came
            text = str(value)
        return one_line(text, LONGEST)

    def convert_field(self, value: Any, conversion: Any) -> Any:
        return value


def filled(text: Text, values: Mapping[str, Any]) -> Text:
    """Both languages with ``{name}``, ``{name:,}``, ``{name.key}`` put in; never raises, whatever the values."""
    return Text(_one(text.en, values), _one(text.zh, values))


def _one(template: str, values: Mapping[str, Any]) -> str:
    try:
        return _Safe().vformat(template, (), values)
    except (ValueError, IndexError, KeyError):  # braces that do not match: lint has said so
        return template


def reason_text(reason: str) -> Text:
    """A reason code in words."""
    return message(f"checks.reason-{reason if reason in REASONS else 'other'}")


def because(reason: str, detail: Text) -> Text:
    """``reason: detail`` of one part that is unknown."""
    words, shown = reason_text(reason), detail.each(_short)
    return message("checks.row-unknown", reason=words, detail=shown) if shown else words


def unknown(reason: str, detail: Text = UNSAID) -> Judgement:
    """The judgement that nothing can be said, why, and what would settle it."""
    words, shown = reason_text(reason), detail.each(_short)
    key = "checks.unknown-detail" if shown else "checks.unknown"
    return Judgement(
        verdict=Verdict.UNKNOWN,
        summary=message(key, reason=words, detail=shown),
        reason=reason,
        remedy=remedy(reason, shown),
    )


def remedy(reason: str, detail: Text) -> Text:
    """What would settle something that is unknown for this reason; nothing where there is no advice."""
    if reason not in REASONS or reason == "not-run":
        return Text()
    return message(f"checks.remedy-{reason}", detail=detail.each(_short) or reason_text(reason))


def part_unknown(count: int, total: int, reason: str) -> Text:
    """``2 of 5 not known (no answer in time)``."""
    return message("checks.part-unknown", reason=reason_text(reason), unknown=count, total=total)


def joined(first: Text, second: Text) -> Text:
    """Two sentences as one."""
    return message("checks.joined", first=first, second=second)


def _short(text: str) -> str:
    return one_line(text, LONGEST)
