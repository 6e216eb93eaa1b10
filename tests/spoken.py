"""Runs klinik's command line many times in one process whose language was chosen at its start.

``python -m tests.spoken`` reads a JSON list of argument lists from stdin and writes one of ``[exit code, output]``.
Help texts are made when the commands are imported, so a process has one language; one per command costs a second each.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout


def once(arguments: list[str]) -> tuple[int, str]:
    """Exit code and everything printed by one call."""
    from tui.cli.main import main

    said = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    code = 0
    with redirect_stdout(said), redirect_stderr(said):
        try:
            main(arguments)
        except SystemExit as stop:
            code = int(stop.code or 0)
    return code, said.buffer.getvalue().decode()  # type: ignore[attr-defined]


if __name__ == "__main__":
    calls = json.load(sys.stdin)
    sys.stdout.write(json.dumps([once(call) for call in calls], ensure_ascii=False))
