"""For how long, as people write it: ``7d``, ``1d12h``. Pure."""

from __future__ import annotations

import re

UNITS = {"w": 7 * 86400.0, "d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0}
_PART = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)([wdhms])")


def seconds(text: str) -> float:
    """``7d``, ``12h``, ``1w2d`` in seconds; raises ValueError."""
    plain = text.strip()
    parts = _PART.findall(plain)
    if not parts or "".join(number + unit for number, unit in parts) != plain:
        raise ValueError(f"{text!r} is no span of time")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def shown(span: float) -> str:
    """A number of seconds in the largest unit that holds it evenly: ``90s``, ``5m``, ``1h``."""
    unit = next((u for u in ("h", "m") if span >= UNITS[u] and span % UNITS[u] == 0), "s")
    return f"{span / UNITS[unit]:g}{unit}"
