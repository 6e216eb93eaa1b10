"""Draws a walk from its snapshot: the line above, the lists of symptoms and causes, what stands beside them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import OptionList, Static

from checks.walking.whatnext import standing
from kb.messages import message
from kb.safe import one_line
from tui.screens import evidence
from tui.screens import guide_derived as derived
from tui.screens import guide_text as text
from tui.screens import guide_why as why
from tui.screens.step_text import joined
from tui.widgets.lists import settle
from tui.widgets.rows import Row

if TYPE_CHECKING:
    from tui.screens.guide import GuideScreen

PHASES = ("symptoms", "cause", "fix", "proof")


def everything(screen: GuideScreen) -> None:
    """All of it, once the guide is known."""
    if screen.guide is None:
        return
    top(screen)
    lists(screen)
    lang, signs = screen.app.lang, screen.app.signs
    screen.fix.take(screen.snap)
    titles = {
        v.step.id: text.filled(v.step.text, {**v.proposed, **v.record.values}, lang)
        for v in screen.snap.steps
    }
    screen.query_one("#proof-text > Static", Static).update(text.proof_text(screen.snap, titles, lang, signs))


def older(screen: GuideScreen) -> None:
    """The ages of what is in view; a running step draws itself."""
    if screen.phase < 3:
        lists(screen)
    elif screen.phase == 3 and not screen.writing:
        screen.fix.older()


def lists(screen: GuideScreen) -> None:
    """Symptoms and causes with what they rest on, and how old that is."""
    if screen.guide is None:
        return
    signs, lang, now = screen.app.signs, screen.app.lang, time.time()
    live = "running" if screen.checking else "done"
    settle(
        screen.query_one("#symptom-list", OptionList),
        [derived.symptom_option(s, lang, signs) for s in screen.guide.symptoms]
        if screen.derived
        else [
            evidence.symptom_option(s, screen.snap.results, lang, signs, live=live, now=now, short=True)
            for s in screen.guide.symptoms
        ],
    )
    settle(
        screen.query_one("#cause-list", OptionList),
        [text.cause_option(c, lang, signs) for c in screen.snap.causes],
    )
    beside(screen)


def beside(screen: GuideScreen) -> None:
    """What the symptom and the cause under the cursor rest on."""
    guide, snap = screen.guide, screen.snap
    if guide is None:
        return
    signs, lang, now = screen.app.signs, screen.app.lang, time.time()
    at = screen.query_one("#symptom-list", OptionList).highlighted
    if at is not None and at < len(guide.symptoms):
        page = why.of_symptom(guide.symptoms[at], guide, snap, lang, signs, now)
        screen.query_one("#symptom-why > Static", Static).update(page)
    at = screen.query_one("#cause-list", OptionList).highlighted
    if at is not None and at < len(snap.causes):
        page = why.of_cause(snap.causes[at], guide, snap, lang, signs, now)
        screen.query_one("#cause-why > Static", Static).update(page)


def top(screen: GuideScreen) -> None:
    """Article and phases, and below them what the evidence says in one line."""
    signs, lang, snap = screen.app.signs, screen.app.lang, screen.snap
    fixed = bool(snap.steps) and not snap.next_step
    reached = {1: bool(snap.results), 2: bool(snap.session.cause), 3: fixed}
    crumb = screen.say("derived.crumb" if screen.derived else "guide.crumb")
    left = Content.assemble((f" {crumb} ", "$quiet"), (one_line(screen.article_title), "bold"))
    marks = text.phase_marks(PHASES, screen.phase, reached, lang, signs)
    screen.query_one("#crumb", Static).update(Row(left, marks, share=0.7))
    said = text.verdict_line(snap, lang, signs, screen.checking)
    stood = standing(snap.session, snap.symptoms) if fixed and not screen.checking else None
    if stood is not None and stood.state != "gone":
        said = Content.styled(
            joined(stood.text.get(lang), message("execution.next-key").get(lang)), "bold $text-warning"
        )
    if screen.guide is not None and screen.derived:
        said = derived.line(snap, screen.guide, lang)
    running = f"{screen.say('live.running')} {screen.progress}" if screen.checking else ""
    right = Content.styled(running, "$quiet")
    screen.query_one("#line", Static).update(Row(Content.assemble(" ", said), right))
