"""What becomes of a command that arrives twice: requests are repeated on their way to a server, those for an exec too.

Nothing is known of a program that is not listed: it is taken to do everything once more.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from checks.risk.command import risk_of_argv

Twice = Literal["same", "refused", "again"]
"""The second run changes nothing; is refused, which sounds as if the first had failed; or does it once more."""
ORDER: tuple[Twice, ...] = ("same", "refused", "again")
_DATABASE_TOOLS = ("ovs-vsctl", "ovn-nbctl", "ovn-sbctl")
_SETTING = ("set", "add", "remove", "clear", "comment", "sync")
"""Of a row that is there they leave the same behind, however often."""
_CONTROLS = ("ovs-appctl", "ovn-appctl")
_SETTLED = ("vlog/set", "vlog/reopen")


def twice(argv: Sequence[str]) -> Twice:
    """What a command does that has been done already; of several calls in one command the worst."""
    if not argv or risk_of_argv(tuple(argv)) == "read":
        return "same" if argv else "again"
    program = argv[0].rpartition("/")[2]
    if program in _DATABASE_TOOLS:
        return max((_of_call(*call) for call in _calls(argv[1:])), key=ORDER.index, default="again")
    words = [word for word in argv[1:] if not word.startswith("-")]
    settled = program in _CONTROLS and any(word in _SETTLED for word in words)
    return "same" if settled else "again"


def _calls(words: Sequence[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Verb and options of every call; options before the first verb count for the first call."""
    verb, options = "", set[str]()
    for word in (*words, "--"):
        if word == "--":
            if verb:
                yield verb, frozenset(options)
            verb, options = "", set()
        elif not verb and word.startswith("-"):
            options.add(word.partition("=")[0])
        elif not verb:
            verb = word


def _of_call(verb: str, options: frozenset[str]) -> Twice:
    if risk_of_argv(("ovn-nbctl", verb)) == "read" or verb in _SETTING:
        return "same"
    if verb == "destroy" or verb.endswith("-del") or verb.startswith("del-"):
        return "same" if "--if-exists" in options or "--all" in options else "refused"
    if verb.endswith("-add") or verb.startswith("add-"):
        if "--add-duplicate" in options:
            return "again"
        return "same" if "--may-exist" in options else "refused"
    return "again"
