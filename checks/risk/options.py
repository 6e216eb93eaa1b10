"""Judges made of option tables: a tool that only reads with these options, one whose first word says it all."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from kb.model import Risk

Judge = Callable[[Sequence[str]], Risk]


def words_of(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


def options(
    short: str = "",
    values: str = "",
    long: str = "",
    *,
    operands: int = 10_000,
    other: Risk = "destructive",
    operand: str = "",
) -> Judge:
    """A tool that reads with these options: letters, letters that take a value, long ones (``x=`` takes one).

    More `operands`, or one that does not match `operand`, or any other option make it `other`.
    """
    names = frozenset(name for name in long.split() if not name.endswith("="))
    taking = frozenset(name[:-1] for name in long.split() if name.endswith("="))
    shape = re.compile(operand) if operand else None

    def judge(words: Sequence[str]) -> Risk:
        plain = 0
        at = 0
        while at < len(words):
            word = words[at]
            if word.startswith("--") and len(word) > 2:
                name, equals, _ = word[2:].partition("=")
                if name in taking:
                    at += 0 if equals else 1
                elif name not in names or equals:
                    return other
            elif word.startswith("-") and len(word) > 1 and word != "--":
                used = _cluster(word[1:], short, values)
                if used < 0:
                    return other
                at += used
            elif word != "--":
                plain += 1
                if plain > operands or (shape and not shape.fullmatch(word)):
                    return other
            at += 1
        return "read"

    return judge


def _cluster(letters: str, short: str, values: str) -> int:
    """Whether ``-abc`` is made of known letters: how many words more it takes, -1 for no."""
    for number, letter in enumerate(letters):
        if letter in values:
            return 0 if number + 1 < len(letters) else 1
        if letter not in short:
            return -1
    return 0


def anyhow(_: Sequence[str]) -> Risk:
    """A tool that reads whatever its words are."""
    return "read"


def always(risk: Risk) -> Judge:
    """A tool with one risk."""
    return lambda _: risk


def verbs(
    read: str, low: str = "", disruptive: str = "", *, flags: str = "", bare: Risk = "destructive"
) -> Judge:
    """A tool whose first word behind `flags` says what it does; `bare` is what it does without one."""
    table: dict[str, Risk] = {
        **dict.fromkeys(read.split(), "read"),
        **dict.fromkeys(low.split(), "low"),
        **dict.fromkeys(disruptive.split(), "disruptive"),
    }
    known = frozenset(flags.split())

    def judge(words: Sequence[str]) -> Risk:
        rest = list(words)
        while rest and rest[0].startswith("-"):
            if rest[0] not in known:
                return "destructive"
            rest.pop(0)
        return table.get(rest[0], "destructive") if rest else bare

    return judge
