"""The command line: a thin front end over the same core as the app. No Textual in here."""

from __future__ import annotations

from tui.cli.main import main

__all__ = ["main"]
