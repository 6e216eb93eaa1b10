"""Command lines of the OVSDB tools: global options, then commands with options of their own, joined with ``--``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

UNLIMITED = 10_000_000


class UsageError(Exception):
    """What a tool prints after its name before it ends with exit code 1."""


@dataclass(frozen=True, slots=True)
class Syntax:
    """One command: how many arguments it takes, and its options, those with a value ending in ``=``."""

    least: int = 0
    most: int = UNLIMITED
    options: tuple[str, ...] = ()


@dataclass(slots=True)
class Call:
    """One command of a command line."""

    name: str
    args: tuple[str, ...]
    options: dict[str, str]


@dataclass(slots=True)
class Line:
    """A whole command line: global options with their values, and the commands."""

    options: dict[str, str] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)


def _match(word: str, known: Sequence[str]) -> str:
    """The long option that `word` (with its dashes, without value) means, abbreviations included."""
    plain = [name.rstrip("=") for name in known]
    if word in plain:
        return known[plain.index(word)]
    starts = [name for name, text in zip(known, plain, strict=True) if text.startswith(word)]
    if not starts:
        raise UsageError(f"unrecognized option '{word}'")
    if len(starts) > 1:
        names = " ".join(f"'{name.rstrip('=')}'" for name in starts)
        raise UsageError(f"option '{word}' is ambiguous; possibilities: {names}")
    return starts[0]


def split_options(
    argv: Sequence[str], known: Sequence[str], short: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """Leading options as getopt_long reads them, and the rest; `short` maps a letter to its long option."""
    options: dict[str, str] = {}
    rest = list(argv)
    while rest and rest[0].startswith("-") and rest[0] not in ("-", "--"):
        word = rest.pop(0)
        if word.startswith("--"):
            name, has_value, value = word.partition("=")
            option = _match(name, known)
            if option.endswith("=") and not has_value:
                if not rest:
                    raise UsageError(f"option '{name}' requires an argument")
                value = rest.pop(0)
            elif has_value and not option.endswith("=") and option not in ("--verbose",):
                raise UsageError(f"option '{option}' doesn't allow an argument")
            options[option.rstrip("=")] = value
            continue
        letter, value = word[1:2], word[2:]
        option = short.get(letter, "")
        if not option:
            raise UsageError(f"unrecognized option '{letter}'")
        if option.endswith("=") and not value:
            if not rest:
                raise UsageError(f"option '-{letter}' requires an argument")
            value = rest.pop(0)
        options[option.rstrip("=")] = value
    return options, rest


def parse_line(
    argv: Sequence[str], known: Sequence[str], short: Mapping[str, str], commands: Mapping[str, Syntax]
) -> Line:
    """A command line of ``ovn-nbctl`` and its kin; UsageError with the tool's own words.

    Options of commands may stand among the global ones before the first command; after ``--`` they must be exact.
    """
    local = sorted({option for syntax in commands.values() for option in syntax.options} - set(known))
    options, rest = split_options(argv, (*known, *local), short)
    line = Line()
    pending = {name: value for name, value in options.items() if name in known or f"{name}=" in known}
    line.options = pending
    first = {name: value for name, value in options.items() if name not in pending}
    groups: list[list[str]] = [[]]
    for word in rest:
        if word == "--":
            groups.append([])
        else:
            groups[-1].append(word)
    groups = [group for at, group in enumerate(groups) if group or at == len(groups) - 1]
    if len(groups) > 1 and not groups[-1]:
        groups.pop()
    for at, group in enumerate(groups):
        line.calls.append(_call(group, first if at == 0 else {}, commands))
    return line


def _call(words: list[str], given: dict[str, str], commands: Mapping[str, Syntax]) -> Call:
    options = dict(given)
    rest = list(words)
    while rest and rest[0].startswith("-") and rest[0] != "-":
        name, has_value, value = rest.pop(0).partition("=")
        if name in options:
            raise UsageError(f"'{name}' option specified multiple times")
        options[name] = value if has_value else ""
    if not rest:
        raise UsageError("missing command name (use --help for help)")
    name = rest.pop(0)
    syntax = commands.get(name)
    if syntax is None:
        raise UsageError(f"unknown command '{name}'; use --help for help")
    allowed = {option.rstrip("=") for option in syntax.options}
    for option in options:
        if option not in allowed:
            raise UsageError(f"'{name}' command has no '{option}' option")
    if len(rest) < syntax.least:
        raise UsageError(f"'{name}' command requires at least {syntax.least} arguments")
    if len(rest) > syntax.most:
        raise UsageError(f"'{name}' command takes at most {syntax.most} arguments")
    return Call(name, tuple(rest), options)
