"""`klinik check --list`: every check with what it reads, needs and lets be set; asks no cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from checks.reports.listing import description
from kb.messages import message
from tui.cli import printing
from tui.cli.failures import OK
from tui.cli.printing import one_row, say

if TYPE_CHECKING:
    from checks.layout import Layout
    from checks.model import CheckSpec

_MARGIN = 10


def list_checks(specs: Sequence[CheckSpec], layout: Layout, output: str, lang: str) -> int:
    """Prints the checks, one paragraph each, or as one JSON document."""
    described = [description(spec, layout, lang) for spec in specs]
    if output == "json":
        printing.as_json(described)
        return OK
    for one in described:
        say(f"{one['id']:<28} {one['cost']:<9} {click.style(one_row(one['title']), bold=True)}")
        for label, text in _lines(one):
            say(f"  {_padded(message(f'report.list-{label}').get(lang))} {one_row(text)}")
    say(message("report.list-count", count=len(described)).get(lang))
    return OK


def _lines(one: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "why", one["why"]
    whole = [read for read in one["reads"] if read["kind"] == "list" and read["text"].count(" ") == 1]
    if whole:
        yield "reads", "list " + ", ".join(read["text"].partition(" ")[2] for read in whole)
    for read in one["reads"]:
        if read not in whole:
            yield "reads", read["text"]
    yield "needs", one["needs"]
    if one["params"]:
        yield "params", ", ".join(f"{name}={value!r}" for name, value in one["params"].items())
    yield "applies", one["applies"]["text"]
    if one["articles"]:
        yield "articles", ", ".join(one["articles"])


def _padded(label: str) -> str:
    """The label in a column; a Chinese character takes two places."""
    width = sum(2 if ord(c) > 0x2E80 else 1 for c in label)
    return label + " " * max(0, _MARGIN - width)
