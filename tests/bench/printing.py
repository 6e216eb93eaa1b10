"""Figures on the terminal: ratios with their bounds."""

from __future__ import annotations


def line(name: str, said: str) -> None:
    """Prints one figure."""
    print(f"{name:<48} {said}", flush=True)


def ratio(name: str, value: float, base: float, bound: float | None, *, digits: int = 2) -> bool:
    """Prints seconds, their ratio to a base, and the bound, if any; whether it holds."""
    quotient = value / base
    good = bound is None or quotient <= bound
    limit = f"bound {bound:.{digits}f}x  {'ok' if good else 'OVER'}" if bound else ""
    line(name, f"{value * 1000:9.1f} ms  {quotient:8.{digits}f}x  {limit}".rstrip())
    return good
