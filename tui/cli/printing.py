"""Text for people and one JSON document for programs, from the same values."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING, Any

import click

from kb.messages import message
from kb.safe import one_line, printable
from kb.wording import explained
from tui.cli.texts import help_language

if TYPE_CHECKING:
    from checks.model import Verdict

SIGNS = {
    "ok": ("✓", "green"),
    "warn": ("!", "yellow"),
    "fail": ("✗", "red"),
    "unknown": ("?", "magenta"),
    "skipped": ("-", None),
}
ASCII_SIGNS = {"✓": "+", "✗": "x", "●": "*", "○": "o", "◌": "."}
CAUSE_SIGNS = {
    "supported": ("●", "red"),
    "refuted": ("○", None),
    "open": ("◌", "yellow"),
    "unknown": ("?", "magenta"),
}
_ROW = 2000
"""Characters of foreign text on one line."""


def ascii_only() -> bool:
    """Whether the terminal cannot be trusted with signs beyond ASCII."""
    return os.environ.get("TERM") in ("dumb", "linux") or "utf" not in (sys.stdout.encoding or "").lower()


def word(kind: str, name: str) -> str:
    """A verdict, the state of a cause or a step, or a risk: in English its name, else the app's word for it."""
    return name if help_language() == "en" else message(f"tui.{kind}.{name}").get(help_language())


def width(text: str) -> int:
    """Cells on the screen: Chinese characters take two."""
    return sum(2 if ord(c) > 0x2E80 else 1 for c in text)


def pair(name: str, said: str) -> str:
    """What something is called, and what is said of it, with the colon of the language."""
    return explained(name, said).get(help_language())


def _signed(sign: str, word: str, colour: str | None) -> str:
    shown = ASCII_SIGNS.get(sign, sign) if ascii_only() else sign
    text = f"{shown} {word}{'':{max(0, 9 - width(word))}}"
    return click.style(text, fg=colour) if colour and not os.environ.get("NO_COLOR") else text


def verdict(value: Verdict) -> str:
    """A verdict as sign, word and colour."""
    sign, colour = SIGNS[value.value]
    return _signed(sign, word("verdict", value.value), colour)


def cause_state(state: str) -> str:
    """A cause's state as sign, word and colour."""
    sign, colour = CAUSE_SIGNS[state]
    return _signed(sign, word("cause", state), colour)


def say(text: str = "") -> None:
    """A line for people."""
    click.echo(text)


def foreign(text: str) -> str:
    """Text that came from a cluster or a document, safe to print."""
    return printable(text)


def one_row(text: str) -> str:
    """Foreign text for one line of the screen: a line break in it cannot pretend to be a line of klinik's own."""
    return one_line(text, _ROW)


def as_json(value: Any) -> None:
    """The one JSON document of a command."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def on_terminal() -> bool:
    """Whether somebody watches stderr and control sequences are welcome, so that progress makes sense."""
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR")


def progress(text: str) -> None:
    """A progress line that the next one overwrites, on a terminal only."""
    if on_terminal():
        click.echo(f"\r\x1b[2K{text}", err=True, nl=False)


def progress_done() -> None:
    """Takes the progress line away."""
    if on_terminal():
        click.echo("\r\x1b[2K", err=True, nl=False)
