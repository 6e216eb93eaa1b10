"""`klinik guide ID --plan`: what the fix of a cause would mean here, before anybody begins it; it only reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from kb.messages import message
from tui.cli.failures import USAGE, Stop
from tui.cli.printing import one_row, say
from tui.cli.texts import help_language

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.cluster import Cluster
    from checks.model import Result
    from checks.outlook.make import Outlook
    from checks.outlook.text import Line
    from kb.model import Guide

COLOURS = {"good": "green", "bad": "red", "warn": "yellow", "unknown": "yellow"}
SIGNS = {"good": "+", "bad": "!", "warn": "!", "unknown": "?", "plain": "-", "quiet": " "}
COPIED = 20
"""Commands of a step that are printed; JSON has more."""


def may_plan(guide: Guide, plan: bool, cause: str | None, output: str) -> None:
    """Refuses what cannot be planned before the cluster is asked anything; raises Stop."""
    lang = help_language()
    if cause is not None and not plan:
        raise Stop(message("outlook.cli-cause-alone").get(lang), USAGE)
    known = ", ".join(one.id for one in guide.causes)
    if cause is not None and cause not in [one.id for one in guide.causes]:
        raise Stop(message("outlook.cli-no-cause", cause=one_row(cause), known=known).get(lang), USAGE)
    if plan and output not in ("text", "json"):
        raise Stop(message("outlook.cli-output").get(lang), USAGE)


def plans(
    cluster: Cluster, catalogue: Catalogue, guide: Guide, results: Mapping[str, Result], cause: str | None
) -> list[Outlook]:
    """The plan of one cause, or of every cause that the evidence supports."""
    from checks.causes import judge_causes
    from checks.layout import load_layout
    from checks.outlook.make import ahead

    supported = [view.cause.id for view in judge_causes(guide, results) if view.state == "supported"]
    wanted = [cause] if cause is not None else supported
    layout = catalogue.layout or load_layout()
    return [ahead(cluster, layout, guide, results, name) for name in wanted if guide.cause(name).fix]


def plans_json(found: list[Outlook], lang: str) -> list[dict[str, Any]]:
    """The plans as JSON."""
    from checks.outlook.asjson import outlook_json

    return [outlook_json(one, lang) for one in found]


def print_plans(found: list[Outlook], guide: Guide, lang: str) -> None:
    """The plans for people."""
    if not found:
        say(message("outlook.cli-none").get(lang))
    for one in found:
        _print(one, one_row(guide.cause(one.cause).text.get(lang)), lang)


def _print(seen: Outlook, cause: str, lang: str) -> None:
    from checks.outlook.text import headline, overview, step_parts, to_copy

    say()
    say(click.style(message("outlook.cli-title", cause=cause).get(lang), bold=True))
    _line(headline(seen), lang, 0)
    for part in overview(seen):
        say(click.style(f"  {part.title.get(lang)}", bold=True))
        for line in part.lines:
            _line(line, lang, 4)
    for number, one in enumerate(seen.steps, 1):
        say()
        say(click.style(f"  {number}. {one_row(one.text.get(lang))}", bold=True))
        for part in step_parts(one, seen):
            say(click.style(f"    {part.title.get(lang)}", bold=True))
            for line in part.lines:
                _line(line, lang, 6)
        lines = to_copy(seen, [one], lang).split("\n")[1:]
        say(click.style(f"    {message('outlook.commands').get(lang)}", bold=True))
        for text in lines[:COPIED]:
            say(click.style(f"      {one_row(text)}", dim=True))
        if len(lines) > COPIED:
            left = message("outlook.more-lines", count=len(lines) - COPIED).get(lang)
            say(click.style(f"      # {left}", dim=True))


def _line(line: Line, lang: str, indent: int) -> None:
    name = one_row(line.name.get(lang))
    sign = click.style(SIGNS[line.tone], fg=COLOURS.get(line.tone))
    said = one_row(line.text.get(lang))
    say(f"{'':{indent}}{sign} {name + ': ' if name else ''}{said}")
