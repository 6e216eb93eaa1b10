"""Pieces of an article: pages of its Markdown, the text of a rendered block, the checks that need not ask."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from kb.messages import message
from kb.safe import one_line
from tui.i18n import ago

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.sessions.trackrecord import Attempt, TrackRecord
    from kb.model import CheckUse

PAGE = 60_000
"""Characters of Markdown that are rendered at once: each block of it is a widget."""


def pages_of(markdown: str, size: int = PAGE) -> tuple[str, ...]:
    """The text in pieces of about `size` characters, cut at headings, or else at empty lines, outside of fences."""
    pages: list[list[str]] = [[]]
    used, fenced = 0, False
    for line in markdown.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        heading = line.startswith(("# ", "## "))
        if not fenced and used >= size // 2 and (heading or (used >= size and not line.strip())):
            pages.append([])
            used = 0
        pages[-1].append(line)
        used += len(line) + 1
    return tuple("\n".join(page) for page in pages)


def not_heavy(uses: tuple[CheckUse, ...], catalogue: Catalogue) -> list[CheckUse]:
    """The checks that need not ask first; one that the catalogue lacks is kept, so that its absence is said."""
    specs = {use.alias: catalogue.get(use.check) for use in uses}
    return [use for use in uses if (spec := specs[use.alias]) is None or spec.cost != "heavy"]


def text_of(block: Widget) -> str:
    """What a rendered block says, for finding words in it."""
    content = getattr(block, "_content", None)
    return content.plain.casefold() if isinstance(content, Content) else ""


def record_line(record: TrackRecord, lang: str, now: float) -> Content:
    """What became of the article's fixes on this machine, in one line."""
    good = record.solved * 2 > record.walked
    parts = [
        message("trackrecord.short", solved=record.solved, walked=record.walked).get(lang),
        message("trackrecord.last", when=ago(lang, max(0.0, now - record.last))).get(lang),
    ]
    if record.versions:
        parts.append(message("trackrecord.on", versions=", ".join(record.versions[:3])).get(lang))
    heading = message("trackrecord.title").get(lang)
    return Content.assemble(
        (f" {heading}  ", "bold $primary"), (" · ".join(parts), "$text-success" if good else "$text-warning")
    )


def record_text(record: TrackRecord, lang: str) -> str:
    """The same at length: by cause, then every attempt with what was said of it."""
    lines = [record.text().get(lang), ""]
    for cause, solved, walked in record.causes:
        lines.append(message("trackrecord.cause", cause=cause, solved=solved, walked=walked).get(lang))
    lines.append("")
    for one in record.attempts:
        lines.append(_attempt(one, lang))
        lines += [f"    {one_line(one.why, 400)}"] if one.why else []
    return "\n".join(lines)


def _attempt(one: Attempt, lang: str) -> str:
    day = datetime.fromtimestamp(one.at).astimezone().strftime("%Y-%m-%d %H:%M")
    outcome = message(f"session.export-{one.outcome or 'unfinished'}").get(lang)
    return "  ".join(
        part for part in (day, outcome, one.cause, one.version, one.context, one.operator) if part
    )
