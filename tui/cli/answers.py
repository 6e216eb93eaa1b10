"""``--answer [READ[@TARGET]=]FILE``: outputs from elsewhere for what the cluster does not answer."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checks.model import CheckSpec, Result
from kb.messages import message
from kb.wording import explained
from tui.cli.decorators import Command
from tui.cli.failures import USAGE, Stop, complain
from tui.cli.printing import one_row, say
from tui.cli.texts import help_language

if TYPE_CHECKING:
    from checks.layout import Layout
    from checks.pasting.pasted import Pasted

_SHOWN = 4
"""Commands shown; -v shows all."""


def words(key: str, /, **params: object) -> str:
    """The message ``pasted.key`` in the language of the help."""
    return message(f"pasted.{key}", **params).get(help_language())


def answer_option(function: Command) -> Command:
    """``--answer``."""
    return click.option(
        "--answer", "answers", metavar="[READ[@TARGET]=]FILE|-", multiple=True, help=words("opt-answer")
    )(function)


def read_answers(given: Sequence[str], chosen: Sequence[CheckSpec]) -> tuple[Pasted, ...]:
    """The pastes of the command line for the one check that runs; Stop where one cannot be used."""
    from checks.operators import user
    from checks.pasting.pasted import PasteError, read_paste

    if not given:
        return ()
    if len(chosen) != 1:
        raise Stop(words("one-check"), USAGE)
    found: list[Pasted] = []
    for text in given:
        read, target, file = _parts(text)
        try:
            found += read_paste(
                chosen[0], _content(file), read=read, target=target, by=user(), now=time.time()
            )
        except PasteError as error:
            said = explained(f"--answer {one_row(text)}", error.text)
            raise Stop(said.get(help_language()), USAGE) from error
    return tuple(found)


def _parts(text: str) -> tuple[str, str, str]:
    """Read, target and file; a file of that very name wins, whatever signs are in it."""
    if text == "-" or Path(text).is_file():
        return "", "", text
    place, equals, file = text.partition("=")
    read, _, target = place.partition("@")
    if not equals or not read or not file:
        raise Stop(words("bad-answer", value=text), USAGE)
    return read, target, file


def _content(file: str) -> str:
    """What the file holds, or standard input; of any encoding, and no more than is looked at."""
    from checks.pasting.pastedtext import LONGEST
    from kb.decoding import decode

    limit = 4 * LONGEST + 1
    raw = sys.stdin.buffer.read(limit) if file == "-" else _read(Path(file), limit)
    return decode(raw, file).text or raw.decode("utf-8", "replace")


def _read(path: Path, limit: int) -> bytes:
    with path.open("rb") as stream:
        return stream.read(limit)


def complain_unused(results: Iterable[Result], pasted: Sequence[Pasted]) -> None:
    """Says which pastes went nowhere: the cluster answered itself, or nobody of that name was asked."""
    from checks.pasting.pasted import unused

    for result in results:
        for one in unused(result, pasted):
            failed = sorted(
                {e.target for e in result.evidence if e.read == one.read and e.error and e.target}
            )
            key = "unused-target" if failed else "unused"
            complain(words(key, read=one.read, target=one.target or "–", failed=", ".join(failed[:20])))


def print_asks(spec: CheckSpec, result: Result, layout: Layout, verbose: bool) -> None:
    """What to run elsewhere for what this check could not read, and how to hand it in."""
    from checks.pasting.pasted import asks, script

    wanted = asks(spec, result, layout)
    if not wanted:
        return
    say(f"{'':13}{words('elsewhere')}")
    shown = wanted if verbose else wanted[:_SHOWN]
    for line in script(shown).splitlines():
        say(f"{'':15}{one_row(line)}")
    if len(shown) < len(wanted):
        say(f"{'':15}" + words("more", count=len(wanted) - len(shown)))
    for plain in dict.fromkeys(ask.plain for ask in shown if ask.plain):
        say(f"{'':15}" + words("inside", command=one_row(plain)))
    say(f"{'':13}{words('hand-in', check=spec.id)}")
