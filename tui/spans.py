"""For how long, as people write it: ``7d``, ``1d12h``, a date, a date with a time. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from checks.spans import seconds as seconds
from checks.spans import shown as shown

_DATE = len("2026-12-01")


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
