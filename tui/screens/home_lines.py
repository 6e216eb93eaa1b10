"""All lines of Home's list for what it shows: hits, a paste, or what the cluster shows; and what the box says."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets.option_list import Option

from kb.safe import one_line
from tui.filters import written
from tui.screens import home_rows as rows
from tui.screens import triage_rows
from tui.screens.home_rows import Look
from tui.screens.nothing_rows import nothing_options
from tui.screens.paste_rows import answer_options, match_option, pasted_line, where_known
from tui.widgets.say import dim

if TYPE_CHECKING:
    from checks.sessions.session import SessionSummary
    from tui.app import KlinikApp
    from tui.questions import Pasted, Words
    from tui.screens.home_inquiry import Inquiry
    from tui.screens.home_reads import Care, Reads

SUGGESTED = 48
"""Characters of a better spelling in the frame of the box."""


def asked(inquiry: Inquiry, reads: Reads, look: Look) -> list[Option] | None:
    """The answer to what is asked; None while words wait for theirs (what stands there stays)."""
    if inquiry.failed and (inquiry.text or inquiry.paste):
        said = look.say("home.search_failed", error=inquiry.failed.why(look.lang))
        return [rows.note(said, "failed", "$text-error")]
    if inquiry.text and inquiry.words is not None:
        return words_options(inquiry.words, look)
    if inquiry.text:
        at_work = reads.shelf is None or reads.progress is not None
        return [rows.note(look.say("home.waits"), "waits")] if at_work else None
    if inquiry.answer is not None:
        return answer_options(inquiry.answer, inquiry.where, look)
    paste = inquiry.paste
    if paste is None:
        return None
    seconds = round(time.monotonic() - inquiry.began)
    said = look.say("pasted.reading", n=f"{paste.lines:,}", seconds=seconds)
    return [rows.note(said, "reading"), rows.note(look.say("pasted.meanwhile"), "meanwhile")]


def words_options(words: Words, look: Look) -> list[Option]:
    """Hits; before them the articles that know the words as a line of a log."""
    log = words.log.matches if words.log is not None else ()
    options = [match_option(match, look) for match in log]
    seen = {match.article_id for match in log}
    hits = [rows.hit_option(hit, look) for hit in words.found.hits if hit.article_id not in seen]
    if options and hits:
        options.append(rows.heading(look.say("pasted.by_words"), "", look.signs, "words"))
    return options + hits or nothing_options(words, look)


def cluster_options(app: KlinikApp, opened: Collection[str], look: Look) -> list[Option]:
    """What the cluster shows, or why there is none; `opened` are the findings whose consequences are unfolded."""
    if app.cluster_state.phase != "absent":
        return triage_rows.options(app.triaging, {a.id: a for a in app.link.guided()}, opened, look)
    watched = f" {look.signs.dot} {look.say('watch.every', n=round(app.triaging.every))}"
    known = app.triaging.changes
    return [
        rows.heading(
            look.say("home.no_cluster"), watched if app.triaging.every else "", look.signs, "cluster"
        ),
        rows.note(one_line(app.cluster_state.why), "why", "$text-error"),
        rows.note(look.say("home.still_works"), "works"),
        rows.offer(look.say("home.try_practice"), "do:practice"),
        *triage_rows.changed(known[: triage_rows.RECENT], len(known), look),
    ]


def session_options(sessions: Sequence[SessionSummary], look: Look) -> Iterator[Option]:
    """The sessions that nobody has finished."""
    if sessions:
        yield rows.heading(look.say("home.unfinished"), "", look.signs, "unfinished")
    for session in sessions[:8]:
        title = session.title.get(look.lang) or session.article
        yield rows.session_option(session, title, look, time.time())


def box_title(inquiry: Inquiry, look: Look) -> Content:
    """What is understood, in the frame of the box: the paste, filters, a better spelling."""
    parts: list[Content] = []
    if inquiry.paste is not None:
        style = "$quiet" if inquiry.text else "bold $accent"
        parts.append(Content.styled(paste_title(inquiry.paste, look), style))
        if not inquiry.text:
            parts += _filters(inquiry.where)
    words = inquiry.words if inquiry.text else None
    if words is not None:
        parts += _filters(words.found.where)
        for misfit in words.misfits:
            text = look.say("home.misfit", filter=one_line(misfit, 40))
            parts.append(Content.styled(text, "$text-warning"))
        if words.found.unknown and words.found.hits and not inquiry.matches():
            text = look.say("home.unknown", words=one_line(", ".join(words.found.unknown), 40))
            parts.append(Content.styled(text, "$text-warning"))
        if words.found.suggestion and not inquiry.matches():
            text = look.say("home.suggest", text=one_line(words.found.suggestion, SUGGESTED))
            parts.append(Content.assemble((text, "bold $text-warning"), ("  ^T", "bold $primary")))
    if not parts:
        return Content("")
    return dim(f" {look.signs.dot} ").join(parts)


def care_options(care: Care, look: Look) -> Iterator[Option]:
    """A quiet line where something is wrong with the library; nothing where all is well."""
    if not care:
        return
    yield rows.heading(look.say("home.library"), "", look.signs, "library")
    for place, problem in enumerate(care.index[:2]):
        yield rows.note(one_line(problem.said(look.lang)), f"index-{place}", "$text-warning")
    if care.errors or care.warnings:
        text = look.say("home.findings", errors=f"{care.errors:,}", warnings=f"{care.warnings:,}")
        yield Option(dim(text), id="do:findings")


def paste_title(paste: Pasted, look: Look) -> str:
    """``2,000 lines pasted``."""
    return look.say("pasted.title_one" if paste.lines == 1 else "pasted.title", n=f"{paste.lines:,}")


def _filters(where: Mapping[str, str]) -> list[Content]:
    return [Content.styled(one_line(written(key, value), 50), "bold $accent") for key, value in where.items()]


def box_count(inquiry: Inquiry, reads: Reads, look: Look) -> Content:
    """How many there are and how long it took; before that, what is waited for."""
    if reads.progress is not None and reads.progress.total:
        done, total = f"{reads.progress.done:,}", f"{reads.progress.total:,}"
        left = reads.progress.seconds_left
        said = look.say("home.indexing", done=done, total=total)
        return Content(said if left is None else f"{said} · {look.say('home.left', n=max(1, round(left)))}")
    if reads.shelf is None:
        return Content(one_line(reads.error, 60) or look.say("home.opening"))
    return Content(_count(inquiry, look))


def _count(inquiry: Inquiry, look: Look) -> str:
    if inquiry.text:
        words = inquiry.words
        if words is None:
            return ""
        log = {match.article_id for match in words.log.matches} if words.log is not None else set()
        more = len(log - {hit.article_id for hit in words.found.hits})
        shown, total = len(words.found.hits) + more, words.found.total + more
        return look.say(
            "home.count", shown=f"{shown:,}", total=f"{total:,}", took=took(inquiry.took_ms, look)
        )
    if inquiry.answer is not None:
        outcome = inquiry.answer.outcome
        key = "pasted.count_one" if outcome.total == 1 else "pasted.count"
        return look.say(key, articles=f"{outcome.total:,}", took=took(outcome.took_ms, look))
    return ""


def took(ms: float, look: Look) -> str:
    """``4 ms``, ``1.2 s``."""
    if ms < 1000:
        return look.say("home.took_ms", n=max(1, round(ms)))
    return look.say("home.took_s", n=round(ms / 1000, 1))


def paste_lead(inquiry: Inquiry, article: str, look: Look) -> tuple[Content, ...]:
    """All lines of the paste that an article knows, whole, for the preview."""
    known = [line for match in inquiry.matches() if match.article_id == article for line in match.lines]
    said = [part for line in known for part in (pasted_line(line, look, whole=True), where_known(line, look))]
    return (*said, Content("")) if said else ()
