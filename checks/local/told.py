"""How a reading command that klinik ran itself ended, in words. Pure."""

from __future__ import annotations

from checks.local.record import LocalRun
from kb.messages import message
from kb.safe import one_line
from kb.text import Text


def told(run: LocalRun) -> Text:
    """One clause without a full stop."""
    if run.matched_nothing:
        return message("localrun.ended-nothing")
    if run.end == "exit":
        return (
            message("localrun.ended-ok")
            if run.code == 0
            else message("localrun.ended-code", code="–" if run.code is None else run.code)
        )
    if run.end in ("timeout", "stopped", "too-much"):
        return message(f"localrun.ended-{run.end}")
    return message("localrun.ended-not-started", why=one_line(run.why, 200))
