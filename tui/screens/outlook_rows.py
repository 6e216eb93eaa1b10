"""An outlook as lines of the screen: a sign and a colour for every tone, and the whole of it as text. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets.option_list import Option

from checks.outlook.text import Line, Part, headline, overview, short, standing_now, step_parts, to_copy
from kb.messages import message
from kb.safe import one_line
from tui.theme import RISK_STYLE, Signs
from tui.widgets.rows import Row
from tui.widgets.say import dim, foreign

if TYPE_CHECKING:
    from checks.outlook.make import Outlook, StepOutlook

STYLES = {
    "good": "$text-success",
    "bad": "bold $text-error",
    "warn": "bold $text-warning",
    "unknown": "bold $text-secondary",
}
VERDICTS = {"good": "ok", "bad": "fail", "warn": "warn", "unknown": "unknown"}
COPIED = 3
"""Commands of a step that are shown; all of them are copied."""


def head(seen: Outlook, problem: str, lang: str, signs: Signs) -> Content:
    """What the plan comes to, and why it could not be read again where that failed."""
    said = _line(headline(seen), lang, signs, 0)
    return Content.assemble(said, "\n", (problem, "bold $text-error")) if problem else said


def whole(seen: Outlook, name: str, lang: str, signs: Signs) -> Option:
    """The line that stands for the whole plan."""
    line = headline(seen)
    sign = Content.styled(_sign(line, signs), STYLES.get(line.tone, ""))
    title = Content.styled(message("outlook.whole").get(lang), "bold")
    return Option(Row(Content.assemble(sign, " ", title)), id=name)


def step(number: int, one: StepOutlook, seen: Outlook, lang: str) -> Option:
    """One step: its title, whether it can begin, and in short what it means."""
    now = standing_now(one, seen)
    style = STYLES.get(now.tone, "$quiet")
    left = Content.assemble((f"{number} ", "bold"), foreign(one.text.get(lang)))
    right = Content.styled(now.text.get(lang), style)
    said = Content.styled(short(one).get(lang), "$quiet" if one.by_hand else RISK_STYLE[one.risk])
    return Option(Row(left, right, (said,), indent=2), id=one.step.id)


def page(seen: Outlook, lang: str, signs: Signs) -> list[Content]:
    """What is true of the whole plan."""
    parts = [part for part in overview(seen) if part.title != message("outlook.steps")]
    return _parts(parts, lang, signs)


def of_step(one: StepOutlook, seen: Outlook, lang: str, signs: Signs) -> list[Content]:
    """Everything of one step, and the first of its commands."""
    lines = [foreign(one.text.get(lang), "bold"), *_parts(step_parts(one, seen), lang, signs)]
    if one.commands:
        shown = to_copy(seen, [one], lang).split("\n")[1:]
        lines.append(_title(message("outlook.commands").get(lang)))
        lines += [foreign(f"$ {text}", "$quiet", limit=300) for text in shown[:COPIED]]
        if len(shown) > COPIED:
            lines.append(dim(message("outlook.more-lines", count=len(shown) - COPIED).get(lang)))
    return lines


def as_text(seen: Outlook, lang: str) -> str:
    """All of it without colours: the whole, every step, every command."""
    lines = [headline(seen).text.get(lang), *_plain(overview(seen), lang)]
    for number, one in enumerate(seen.steps, 1):
        lines += [
            "",
            f"== {number}. {one_line(one.text.get(lang), 300)}",
            *_plain(step_parts(one, seen), lang),
        ]
        lines += ["", *to_copy(seen, [one], lang).split("\n")[1:]]
    return "\n".join(lines)


def _plain(parts: Iterable[Part], lang: str) -> list[str]:
    lines: list[str] = []
    for part in parts:
        lines += ["", part.title.get(lang)]
        lines += [f"  - {_named(line, lang)}" for line in part.lines]
    return lines


def _named(line: Line, lang: str) -> str:
    name = one_line(line.name.get(lang), 300)
    return f"{name}: {one_line(line.text.get(lang), 1000)}" if name else one_line(line.text.get(lang), 1000)


def _parts(parts: Iterable[Part], lang: str, signs: Signs) -> list[Content]:
    lines: list[Content] = []
    for part in parts:
        lines.append(_title(part.title.get(lang)))
        lines += [_line(line, lang, signs, 1) for line in part.lines]
    return lines


def _title(said: str) -> Content:
    return Content.styled(said, "bold $primary")


def _line(line: Line, lang: str, signs: Signs, indent: int) -> Content:
    name = one_line(line.name.get(lang), 300)
    style = STYLES.get(line.tone, "$quiet")
    return Content.assemble(
        " " * indent,
        (f"{_sign(line, signs)} ", style),
        (f"{name}: ", "bold" if name else "") if name else "",
        foreign(line.text.get(lang), "$quiet" if line.tone == "quiet" else "", limit=1000),
    )


def _sign(line: Line, signs: Signs) -> str:
    return signs.verdicts[VERDICTS[line.tone]] if line.tone in VERDICTS else signs.dot
