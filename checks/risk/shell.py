"""The risk of a whole shell line: the worst of everything in it, and what cannot be followed is destructive."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from checks.risk.command import HARMLESS_VARIABLES, risk_of_argv
from kb.model import RISKS, Risk
from kb.shell import Command, Line, Redirect, Word, parse

DEEPEST = 4
"""How many substitutions may stand inside each other."""
_OPENING = frozenset(("if", "then", "elif", "else", "while", "until", "do", "{", "!", "time"))
_CLOSING = frozenset(("done", "fi", "}"))
_SINKS = frozenset(("/dev/null", "/dev/stdout", "/dev/stderr"))
_DESCRIPTOR = re.compile(r"\d|-")
_BUILTINS: dict[str, Risk] = {
    **dict.fromkeys(("wait", ":", "break", "continue", "exit", "return", "read", "shift"), "read"),
    **dict.fromkeys(("unset",), "low"),
}
_COMPUTED = re.compile(r"\[[^\]]*(?:\$\(|`)")
"""What bash runs although it is quoted: an index, where a name or a number is expected."""
_NAMING = ("read", "unset", "test", "[", "[[")
"""Commands that take names of variables, or numbers."""
_POWERFUL = re.compile(
    r"(?:PATH|IFS|ENV|SHELL|EDITOR|VISUAL|PAGER|HOME|CDPATH|PS[0-4]|PROMPT_COMMAND|KUBE_EDITOR|GLOBIGNORE|MANPAGER"
    r"|(?:LD|DYLD|BASH|PYTHON|PERL|RUBY|NODE|GIT|GREP|LESS|SSH|SUDO|KUBECTL)_?\w*)\Z"
)
"""Variables that make other commands run something else."""


def risk_of_shell(text: str, depth: int = 0) -> Risk:
    """The risk of a line as somebody would paste it into a shell; slots (``{x}``) count as unknown values."""
    if depth > DEEPEST or not text.strip():
        return "destructive"
    line = parse(text)
    if line.broken or not line.commands:
        return "destructive"
    return max(_risks(line, depth), key=RISKS.index, default="destructive")


def _risks(line: Line, depth: int) -> Iterator[Risk]:
    for inner in line.inner:
        yield risk_of_shell(inner, depth + 1)
    if any(operator in (";;", "&") for operator in line.operators):
        yield "destructive"  # a case, or something in the background
    for command in line.commands:
        yield _of_command(command)
    if _splits(line):
        yield "destructive"


def _of_command(command: Command) -> Risk:
    risks: list[Risk] = [_of_redirect(redirect) for redirect in command.redirects]
    words = list(command.words)
    while words and words[0].raw in _OPENING:
        words.pop(0)
        if words and "=" in words[0].raw and not command.assignments:
            return "destructive"  # `then X=1 cmd`: the assignment is not told from the words
    if words and words[0].raw in ("for", "select"):
        named = len(words) >= 2 and words[1].text.isidentifier() and not _POWERFUL.match(words[1].text)
        risks.append("read" if named and (len(words) == 2 or words[2].raw == "in") else "destructive")
        words = []
    elif words and words[0].raw in _CLOSING:
        words.pop(0)
        if words:
            risks.append("destructive")
    risks.append(_assigned(command.assignments, alone=not words))
    if words:
        risks.append(_of_words(words))
    return max(risks, key=RISKS.index)


def _of_words(words: Sequence[Word]) -> Risk:
    program = words[0].text
    if not words[0].literal:
        return "destructive"
    if program in _NAMING and _sets(program, [word.text for word in words[1:]]):
        return "destructive"
    if program in _BUILTINS:
        return _BUILTINS[program]
    if program in ("export", "local"):
        names = [word.text.partition("=")[0] for word in words[1:]]
        fine = all(name.isidentifier() and not _POWERFUL.match(name) for name in names)
        return "low" if fine and names else "destructive"
    if program == "set":
        return (
            "read"
            if all(re.fullmatch(r"[-+][eux]+|-euo|pipefail|-o", word.text) for word in words[1:])
            else "destructive"
        )
    if program == "[[":
        return "read" if words[-1].text == "]]" else "destructive"
    return risk_of_argv(tuple(word.text for word in words))


def _sets(program: str, words: Sequence[str]) -> bool:
    """Whether it gives a value to a variable that others obey, or runs what stands in the index of a name."""
    if any(_COMPUTED.search(word) for word in words):
        return True
    return program == "read" and any(_POWERFUL.match(word) for word in words)


def _assigned(assignments: Sequence[Word], *, alone: bool) -> Risk:
    """Setting a variable changes nothing by itself; before a command, or one that others obey, it may change all."""
    for word in assignments:
        name = re.match(r"\w*", word.raw)
        known = name.group() if name else ""
        if _POWERFUL.match(known) or (not alone and known not in HARMLESS_VARIABLES):
            return "destructive"
    return "read"


def _of_redirect(redirect: Redirect) -> Risk:
    target = redirect.target
    if redirect.operator in ("<", "<<", "<<-", "<<<"):
        return "read"
    if redirect.operator in (">&", "<&") and _DESCRIPTOR.fullmatch(target.text):
        return "read"
    return "read" if target.literal and target.text in _SINKS and redirect.operator != "<>" else "destructive"


def _splits(line: Line) -> bool:
    """Whether the line gives a variable a value that becomes several words, or an option, where it is used bare."""
    used = {
        match.group(1) or match.group(2)
        for command in line.commands
        for word in command.words
        if not word.literal and '"' not in word.raw
        for match in re.finditer(r"\$(?:\{(\w+)[^}]*\}|(\w+))", word.raw)
    }
    for command in line.commands:
        words = command.words
        for word in command.assignments:
            name, _, value = word.text.partition("=")
            if name in used and (len(value.split()) > 1 or value.startswith("-")) and "$(" not in value:
                return True
        if (
            len(words) > 3
            and words[0].raw == "for"
            and words[1].text in used
            and any(len(w.text.split()) > 1 or w.text[:1] == "-" for w in words[3:] if "$(" not in w.text)
        ):
            return True
    return False
