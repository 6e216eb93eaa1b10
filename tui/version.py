"""Which klinik this is."""

from __future__ import annotations


def program_version() -> str:
    """The installed version of klinik."""
    # importlib.metadata costs as much as click itself, and most starts never ask.
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("klinik")
    except PackageNotFoundError:
        return "unknown"
