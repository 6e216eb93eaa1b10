"""A read and its alternatives: each is asked for the targets without an answer, and brings its own into one form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from checks.facts.futures import settle
from checks.model import NOTHING, Answer, Fact, Read, branches
from checks.parse import Unparsable
from checks.specs.shaping import shaped
from kb.safe import one_line
from kb.text import Text
from kb.wording import explained, sentences

Ask = Callable[[Read, frozenset[str] | None], Future[Fact]]
"""Asks one branch, of these targets only where they are named."""


def plain(read: Read) -> Read:
    """The read by itself: no alternatives, its answer as the parser leaves it."""
    if not (getattr(read, "alternatives", ()) or getattr(read, "shape", NOTHING)):
        return read
    changes: dict[str, Any] = {"alternatives": (), "shape": NOTHING}
    return replace(read, **changes)


def shaped_fact(read: Read, fact: Fact) -> Fact:
    """The answers of one branch brought into the form that all its alternatives have."""
    shape = getattr(read, "shape", NOTHING)
    if not shape:
        return fact
    return replace(fact, answers=tuple(_shaped(shape, answer) for answer in fact.answers))


def _shaped(shape: str | Mapping[str, str], answer: Answer) -> Answer:
    if answer.error:
        return answer
    try:
        return replace(answer, value=shaped(shape, answer.value))
    except Unparsable as error:
        return replace(answer, value=None, error="unparsable", message=error.text.each(one_line))


@dataclass(slots=True)
class Chain:
    """What the branches asked so far have said."""

    read: Read
    answers: dict[str, Answer] = field(default_factory=dict)
    """By target: the answer, or the latest failure."""
    failures: dict[str, list[tuple[str, str, Text, str]]] = field(default_factory=dict)
    """By target, empty for all: kind of the branch, reason code, message and root of each that had no answer."""

    def take(self, branch: Read, fact: Fact) -> None:
        """What one branch said."""
        if fact.error:
            self._failed("", branch, fact.error, fact.message, fact.root)
            return
        for answer in shaped_fact(branch, fact).answers:
            known = self.answers.get(answer.target)
            if known is not None and not known.error:
                continue
            if answer.error:
                self._failed(answer.target, branch, answer.error, answer.message, answer.root)
            self.answers[answer.target] = answer

    def _failed(self, target: str, branch: Read, error: str, message: Text, root: str) -> None:
        self.failures.setdefault(target, []).append((branch.kind, error, message, root))

    @property
    def missing(self) -> frozenset[str] | None:
        """The targets without an answer; None where no target is known yet."""
        if not self.answers:
            return None
        return frozenset(target for target, answer in self.answers.items() if answer.error)

    def fact(self) -> Fact:
        """All answers; a failed one says what each source said, an answered one what was asked in vain before."""
        if not self.answers:
            error, text, root = _verdict(self.failures.get("", []))
            return Fact(error=error, message=text, root=root)
        return Fact(tuple(self._told(self.answers[target]) for target in sorted(self.answers)))

    def _told(self, answer: Answer) -> Answer:
        before = [*self.failures.get("", ()), *self.failures.get(answer.target, ())]
        if not before or (len(before) == 1 and answer.error):
            return answer
        if not answer.error:
            tried = ", ".join(dict.fromkeys(f"{kind}: {error}" for kind, error, *_ in before))
            return replace(answer, source=f"{answer.source} ({tried})")
        error, text, root = _verdict(before)
        return replace(answer, error=error, message=text, root=root)


def _verdict(failures: Sequence[tuple[str, str, Text, str]]) -> tuple[str, Text, str]:
    """One reason for several failures, what each said, and its root: the first that is more than a thing not there.

    Of several such reasons a missing permission comes first, for it can be given; else it is the last, whose source has
    every answer for whoever may ask it.
    """
    telling = [error for _, error, *_ in failures if error != "absent"]
    reason = "forbidden" if "forbidden" in telling else (telling or ["absent"])[-1]
    first = [failure for failure in failures if failure[1] == reason]
    rest = [failure for failure in failures if failure[1] != reason]
    root = next((failure[3] for failure in reversed(first) if failure[3]), "")
    if len(failures) == 1:
        return reason, failures[0][2], root
    said = dict.fromkeys(explained(kind, text) for kind, _, text, _ in (*first, *rest))
    return reason, sentences(said).each(one_line), root


def chained(read: Read, first: Future[Fact], ask: Ask) -> Future[Fact]:
    """The fact of a read whose first branch has been asked; the others are asked where answers are missing."""
    future: Future[Fact] = Future()
    chain, rest = Chain(read), list(branches(read))

    def taken(found: Future[Fact]) -> None:
        try:
            chain.take(rest.pop(0), found.result())
            missing = chain.missing
            if rest and (missing is None or missing):
                ask(plain(rest[0]), missing).add_done_callback(taken)
                return
        except Exception as error:  # whoever waits must hear of it
            future.set_exception(error)
            return
        settle(future, chain.fact)

    first.add_done_callback(taken)
    return future
