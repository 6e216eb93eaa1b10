"""A guide derived from an article's text, printed for people: what to look for, what to run by hand, with its risk."""

from __future__ import annotations

from typing import Any

import click

from kb.safe import printable
from kb.wording import listed
from tui.cli import printing
from tui.cli.printing import one_row, say
from tui.cli.texts import help_language, t

_ENDS = ".:。："


def print_derived(document: dict[str, Any]) -> None:
    """The document of `checks.reports.guidejson` without verdicts, which such a guide cannot have."""
    say(click.style(one_row(document["title"]), bold=True))
    say(t("guide.derived"))
    say(click.style(t("guide.symptoms"), bold=True))
    for symptom in document["symptoms"]:
        say(f"  - {one_row(symptom['text'])}")
    say(click.style(t("guide.causes-derived"), bold=True))
    for cause in document["causes"]:
        say(f"{printing.cause_state(cause['state'])} {printing.pair(cause['id'], one_row(cause['text']))}")
    say(click.style(t("guide.steps-derived"), bold=True))
    every = {cause["id"] for cause in document["causes"]}
    steps: dict[str, list[str]] = {}
    known: dict[str, Any] = {}
    for step in document["steps"]:
        steps.setdefault(step["id"], []).append(step["cause"])
        known[step["id"]] = step
    for number, (name, causes) in enumerate(steps.items(), 1):
        _step(number, known[name], () if set(causes) == every else tuple(causes))


def _step(number: int, step: dict[str, Any], causes: tuple[str, ...]) -> None:
    of = listed((printing.word("risk", step["risk"]), *causes)).get(help_language())
    say(f"  {number}. {one_row(step['text'])}  [{of}]")
    lines = printable(str(step["command"])).rstrip("\n").split("\n")
    if step["action"] != "command" and one_row(lines[0]).rstrip(_ENDS) == one_row(step["text"]).rstrip(_ENDS):
        lines = lines[1:]  # the heading says it already
    sign = "$ " if step["action"] == "command" else "  "
    for place, line in enumerate(lines):
        say(click.style(f"     {sign if place == 0 else '  '}{line.expandtabs(8)}", dim=True))
    for name, spec in step["inputs"].items():
        say(f"       {{{name}}}: {one_row(spec['text'])}")
