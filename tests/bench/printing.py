"""Figures on the terminal: ratios with their bounds."""

from __future__ import annotations


def line(name: str, said: str) -> None:
    """Prints one figure."""
    print(f"{name:<48} {said}", flush=True)


def ratio(name: str, value: float, base: float, bound: float | None, *, digits: int = 2) -> bool:
    """Prints seconds, their ratio to a base, and the bound; whether the bound holds."""
    quotient = value / base
    good = bound is None or quotient <= bound
    limit = f"bound {bound:.{digits}f}x" if bound else "no bound"
    line(name, f"{value * 1000:9.1f} ms  {quotient:8.{digits}f}x  {limit:<14} {'ok' if good else 'OVER'}")
    return good
