"""The command line's own words in the operator's language, chosen before any option is read."""

from __future__ import annotations

import sys
from functools import cache

from kb.messages import message
from kb.text import LANGS
from tui.cli.options import system_language


@cache
def help_language() -> str:
    """The language of ``--help``: ``--lang`` where it stands on the command line, else the terminal's."""
    arguments = sys.argv[1:]
    for index, argument in enumerate(arguments):
        said = argument.partition("=")[2] if argument.startswith("--lang=") else ""
        if argument == "--lang" and index + 1 < len(arguments):
            said = arguments[index + 1]
        if said in LANGS:
            return said
    return system_language()


def t(key: str, /, **params: object) -> str:
    """The message ``cli.key`` in the language of the help."""
    return message(f"cli.{key}", **params).get(help_language())
