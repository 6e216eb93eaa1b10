"""Which keys the phases of a guide offer, the most useful first."""

from __future__ import annotations

from kb.model import Guide

Key = tuple[str, str, str]
"""Key, label and action."""


def keys(phase: int, guide: Guide | None, *, heavy: bool, unseen: bool = False) -> list[Key]:
    """The keys of the phases that are about evidence; those of the fix are its own.

    `unseen`: something may not be read here, so it can be pasted from elsewhere.
    """
    derived = guide is not None and guide.origin == "derived"
    look: Key = ("o", "source", "evidence") if derived else ("o", "evidence", "evidence")
    check: list[Key] = [] if derived else [("c", "check", "check")]
    check += [("e", "paste_output", "elsewhere")] if unseen else []
    if phase == 1:
        return [("Enter", "causes", "phase(2)"), *reversed([look, *check])]
    if phase == 2:
        enter: Key = ("Enter", "steps" if derived else "plan_fix", "choose")
        return [enter, look, *([("H", "heavy", "heavy")] if heavy else []), *check]
    last: list[Key] = [
        ("f", "finish", "finish"), ("w", "execution.hint-next", "next"), ("U", "undo.key-whole", "rewind"),
    ]  # fmt: skip
    return last if phase == 4 else []
