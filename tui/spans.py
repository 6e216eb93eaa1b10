"""For how long, as people write it: ``7d``, ``1d12h``, a date, a date with a time. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

UNITS = {"w": 7 * 86400.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_PART = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)([wdhms])")
_DATE = len("2026-12-01")


def seconds(text: str) -> float:
    """``7d``, ``12h``, ``1w2d`` in seconds; raises ValueError."""
    plain = text.strip()
    parts = _PART.findall(plain)
    if not parts or "".join(number + unit for number, unit in parts) != plain:
        raise ValueError(f"{text!r} is no span of time")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def until(text: str, now: float) -> float:
    """The Unix time at which a span from `now` is over, or a date (the whole day), or a date with a time.

    Raises ValueError for anything else; dates are those of this machine.
    """
    try:
        return now + seconds(text)
    except ValueError:
        plain = text.strip()
    try:
        moment = datetime.fromisoformat(plain)
        return (moment + timedelta(days=1) if len(plain) <= _DATE else moment).timestamp()
    except (OverflowError, OSError) as error:
        raise ValueError(f"{text!r} is no date") from error
