"""Words of a command taken apart by a table of the options it may have; one that is not in it is refused. Pure.

As pflag and GNU getopt read them: ``--name``, ``--name=value``, ``--name value``, ``-n value``, ``-nvalue``, ``-abc``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kb.messages import message
from kb.text import Text


class NotLocal(Exception):
    """klinik does not run this command itself; `text` says why."""

    def __init__(self, text: Text):
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Table:
    """The options of one command: those without a value and those with one, short (``-A``) and long (``--all``)."""

    flags: frozenset[str] = frozenset()
    values: frozenset[str] = frozenset()

    def with_more(self, flags: str = "", values: str = "") -> Table:
        """The same with more options."""
        return Table(self.flags | frozenset(flags.split()), self.values | frozenset(values.split()))


@dataclass(frozen=True, slots=True)
class Parted:
    """What the words are."""

    options: tuple[tuple[str, str], ...] = ()
    """Name and value, the value empty for a flag; in order."""
    operands: tuple[str, ...] = ()
    behind: tuple[str, ...] | None = None
    """The words behind ``--``; None without it."""

    def value(self, *names: str) -> str:
        """The last value of an option with one of these names."""
        return next((value for name, value in reversed(self.options) if name in names), "")

    def has(self, *names: str) -> bool:
        """Whether an option with one of these names is given."""
        return any(name in names for name, _ in self.options)


def table(flags: str = "", values: str = "") -> Table:
    """A table from two lists of names."""
    return Table().with_more(flags, values)


def part(program: str, words: Sequence[str], known: Table) -> Parted:
    """The words taken apart; raises NotLocal for an option that is not in the table or lacks its value."""
    options: list[tuple[str, str]] = []
    operands: list[str] = []
    at = 0
    while at < len(words):
        word = words[at]
        at += 1
        if word == "--":
            return Parted(tuple(options), tuple(operands), tuple(words[at:]))
        if word.startswith("--"):
            name, equals, value = word.partition("=")
            if name in known.flags:
                if equals and value not in ("true", "false"):
                    raise _unknown(program, word)
            elif name not in known.values:
                raise _unknown(program, name)
            elif not equals:
                value = _following(program, name, words, at)
                at += 1
            options.append((name, value))
        elif word.startswith("-") and len(word) > 1:
            at += _letters(program, word, words, at, known, options)
        else:
            operands.append(word)
    return Parted(tuple(options), tuple(operands))


def _letters(
    program: str, word: str, words: Sequence[str], at: int, known: Table, options: list[tuple[str, str]]
) -> int:
    """Takes ``-abc`` apart; how many of the words behind it belong to it."""
    for number, letter in enumerate(word[1:], 1):
        name, rest = f"-{letter}", word[number + 1 :]
        if name in known.flags:
            options.append((name, ""))
        elif name in known.values:
            value = rest.removeprefix("=") if rest else _following(program, name, words, at)
            options.append((name, value))
            return 0 if rest else 1
        else:
            raise _unknown(program, name if number == 1 else word)
    return 0


def _following(program: str, name: str, words: Sequence[str], at: int) -> str:
    if at >= len(words):
        raise _unknown(program, name)
    return words[at]


def _unknown(program: str, option: str) -> NotLocal:
    return NotLocal(message("localrun.option", program=program, option=option))
