"""The lines of Home after a paste: which article knows which line; where none does, what to do instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets.option_list import Option

from kb.messages import message
from kb.safe import one_line
from tui.screens import home_rows as rows
from tui.screens.home_rows import Look
from tui.widgets.say import dim, foreign

if TYPE_CHECKING:
    from kb.pastehits import PastedLine, PasteMatch
    from tui.questions import PasteAnswer

LINES = 2
"""Lines of the paste that a row shows."""
HINTS = 3
MARKED = 40
"""Words of an article's line that are marked in the pasted one."""
WORD = re.compile(r"[\w./-]{3,}")


def answer_options(answer: PasteAnswer, where: Mapping[str, str], look: Look) -> list[Option]:
    """All lines of an answer."""
    outcome = answer.outcome
    found = [match_option(match, look) for match in outcome.matches]
    if not outcome.matches:
        found += _nothing(answer, where, look)
    if outcome.lines_read < outcome.lines_total:
        part = message("paste.part", read=f"{outcome.lines_read:,}", total=f"{outcome.lines_total:,}")
        found.append(rows.note(part.get(look.lang), "part"))
    if answer.words is not None:
        seen = {match.article_id for match in (*outcome.matches, *outcome.hints[:HINTS])}
        hits = [hit for hit in answer.words.found.hits if hit.article_id not in seen]
        if hits:
            found.append(rows.heading(look.say("pasted.by_words"), "", look.signs, "words"))
            found += [rows.hit_option(hit, look) for hit in hits]
    if not outcome.matches:
        found.append(rows.note(look.say("pasted.what_now"), "now"))
        found.append(rows.note(look.say("nothing.import"), "import"))
    return found


def _nothing(answer: PasteAnswer, where: Mapping[str, str], look: Look) -> list[Option]:
    read = f"{answer.outcome.lines_read:,}"
    found = [rows.note(look.say("pasted.nothing", n=read), "nothing", "bold")]
    found += [
        rows.offer(look.say("nothing.without", filter=f"{key}:{one_line(value)}"), f"drop:{key}")
        for key, value in where.items()
    ]
    if answer.worth:
        found.append(rows.heading(look.say("pasted.worth"), "", look.signs, "worth"))
        for place, line in enumerate(answer.worth):
            number = dim(look.say("pasted.line", n=f"{line.number:,}") + "  ")
            found.append(Option(Content.assemble(number, foreign(line.text)), id=f"worth:{place}"))
    if answer.outcome.hints:
        found.append(rows.heading(look.say("pasted.hints"), "", look.signs, "hints"))
        found += [match_option(match, look) for match in answer.outcome.hints[:HINTS]]
    return found


def match_option(match: PasteMatch, look: Look) -> Option:
    """An article and the lines of the paste that it knows."""
    told = look.told.get(match.article_id)
    lang = told.lang if told else match.lang
    others = look.others.get(match.article_id, ())
    tongues = rows.languages(lang, tuple(x for x in (match.lang, *others) if x != lang), look.signs)
    applies = rows.applies_to(look.guided.get(match.article_id), ())
    right = rows.edge(match.guide, applies, tongues if others else Content(""), look.lang, look.signs)
    below: list[Content] = []
    for line in match.lines[:LINES]:
        below.append(pasted_line(line, look))
        below.append(where_known(line, look))
    if len(match.lines) > LINES:
        below.append(dim("  " + look.say("pasted.more_lines", n=len(match.lines) - LINES)))
    title = told.title if told else match.title
    return rows.article_line(match.article_id, title, lang, right, tuple(below), look)


def pasted_line(line: PastedLine, look: Look, *, whole: bool = False) -> Content:
    """``line 1,204  accept failed: Too many open files  ×13``, what the article has of it marked."""
    from kb.lognormal import message_of

    number = Content.styled(look.say("pasted.line", n=f"{line.number:,}"), "bold $text-warning")
    text = one_line(line.text if whole else message_of(line.text)[0].strip() or line.text)
    parts = [number, Content("  ")]
    if line.times > 1:
        parts += [dim(look.say("pasted.times", n=f"{line.times:,}")), Content("  ")]
    return Content.assemble(*parts, marked(text, line.matched))


def where_known(line: PastedLine, look: Look) -> Content:
    """Which line of the article it is, and under which heading that stands."""
    kind = look.say("pasted.as_signature" if line.kind == "signature" else "pasted.as_literal")
    section = f"  ({one_line(line.section, 60)})" if line.section else ""
    return dim(f"  {look.signs.branch} {kind} {one_line(line.matched, 160)}{section}")


def marked(text: str, literal: str) -> Content:
    """A pasted line with the words marked that the article's line has too."""
    words = sorted(set(WORD.findall(literal.lower()[:2000])), key=len, reverse=True)[:MARKED]
    if not words:
        return Content(text)
    # Letters that become two in lower case would shift all that follows: ASCII case is enough for logs.
    pattern = re.compile("|".join(map(re.escape, words)), re.IGNORECASE | re.ASCII)
    parts: list[Content] = []
    at = 0
    for found in pattern.finditer(text):
        parts += [Content(text[at : found.start()]), Content.styled(found[0], "bold $accent")]
        at = found.end()
    return Content("").join([*parts, Content(text[at:])])
