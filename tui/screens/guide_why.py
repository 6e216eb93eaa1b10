"""What stands beside a symptom or a cause: its evidence, or the article's words where the guide has no checks. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kb.model import Guide, Symptom
from tui.screens import guide_derived, guide_text
from tui.screens.evidence import explained
from tui.theme import Signs
from tui.widgets.rows import Page

if TYPE_CHECKING:
    from checks.causes import CauseVerdict
    from tui.walker import Snapshot


def of_symptom(symptom: Symptom, guide: Guide, snap: Snapshot, lang: str, signs: Signs, now: float) -> Page:
    """The results of its checks at length."""
    if guide.origin == "derived":
        return guide_derived.symptom_why(symptom, lang)
    found = guide_text.results_of(symptom.checks, snap.results)
    return Page(line for result in found for line in explained(result, lang, signs, now))


def of_cause(view: CauseVerdict, guide: Guide, snap: Snapshot, lang: str, signs: Signs, now: float) -> Page:
    """What supports or refutes it, and its steps."""
    if guide.origin == "derived":
        return guide_derived.cause_why(view, guide, lang, signs)
    return guide_text.why(view, guide, snap, lang, signs, now)
