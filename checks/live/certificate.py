"""When a client certificate ends: told from its PEM text."""

from __future__ import annotations

from checks.certificates import ends


def not_after(pem: str) -> float | None:
    """Unix time at which the first certificate of a PEM text ends; None where that cannot be read."""
    return next(iter(ends(pem)), None)
