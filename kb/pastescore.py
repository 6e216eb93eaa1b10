"""How well a pasted line matches a literal of an article: what the words they share tell, between 0 and 1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from functools import lru_cache
from itertools import pairwise

from kb.literals import Literal, alone
from kb.lognormal import GAP, NormalLine

KNOWN = 0.42
"""From here on a line counts as known."""
HINT = 0.22
"""From here on it is worth a hint: it stands in the article, as it does in many a healthy log."""
HALF_TOLD = 2.2
"""Information at which about two thirds of the possible score are reached."""
FEW = 12
"""In a paste of so few lines, each was pasted on purpose: none is taken for chatter."""
CLEAREST = 200
"""A library of fewer documents does not tell how rare words are."""
CONTRIBUTIONS = 6
LONGEST_RUN = 2.0
"""What words that stand together must tell where a line has only a part of a literal."""
WHOLE = 0.54
"""What a whole message of trouble is worth at least, however common its words, if few articles have it."""
WIDEST = 160
"""Characters that may stand where an article has a placeholder."""

_WORDS = """
a about access after all already also an and any are as at be because been before but by call can cannot check
client closed cluster code com config configuration connect connected connecting connection container context
could create created creating data deadline delete deleted denied desc detected did directory do does error
err event exceeded exist exists exit expected fail failed failing failure false file files for found from get
getting go got group had handle has have host http https i/o id if image in info initialize internal into
invalid io is it its key kind kubernetes list load loaded local log lost manager many may message missing more
must name namespace network new no node nodes not null object occurred of ok on one open operation or other
out path permission please pod pods port process protocol read reading reason received refused remote request
requested resource response restart result retry returned rpc run running s server service set should spec
start started starting state status stop such sync syncing system t tcp than that the there this time timed
timeout to too true try trying type unable unexpected unknown until up update use used user using v value
version volume wait waiting warning was watch when while will with within write
"""
COMMON = frozenset(_WORDS.split())
EVERYWHERE = frozenset(
    (
        "traceback most recent call last",
        "context deadline exceeded",
        "context canceled",
        "connection refused",
        "connection reset by peer",
        "connection timed out",
        "dial tcp i/o timeout",
        "i/o timeout",
        "no such file or directory",
        "no such host",
        "no route to host",
        "permission denied",
        "operation not permitted",
        "access denied",
        "broken pipe",
        "unexpected eof",
        "exit status",
        "internal error occurred",
        "internal server error",
        "back-off restarting failed container",
        "error syncing pod",
        "error from server notfound",
        "error from server forbidden",
        "error from server internalerror",
        "readiness probe failed",
        "liveness probe failed",
        "startup probe failed",
        "request canceled client.timeout exceeded while awaiting headers",
        "rpc error code unavailable desc",
        "rpc error code unknown desc",
        "rpc error code deadlineexceeded desc context deadline exceeded",
        "the object has been modified please apply your changes to the latest version and try again",
    )
)
"""Messages that every program writes, whatever is wrong: that one article has one of them tells nothing."""
UNTOLD = 0.35
"""The most that such a message is worth, unless a guide has it for a signature: a hint."""
SEVERITY: Mapping[str, float] = {"error": 1.0, "warning": 0.88, "": 0.6, "info": 0.35, "debug": 0.3}
TROUBLED = {"": 0.9, "info": 0.75, "debug": 0.5}
SPOKEN = 0.8
"""The least severity of a line that holds a signature of several words: somebody says that it tells."""


@lru_cache(maxsize=16384)
def information(word: str) -> float:
    """What one word tells: little for the words of every log, much for identifiers and long names."""
    if word == GAP:
        return 0.0
    if word in COMMON or len(word) < 3:
        return 0.4 if word > "\u2e7f" else 0.3
    if len(word) >= 12 or any(mark in word for mark in "./-_"):
        return 1.5
    return 1.0


def total(words: tuple[str, ...]) -> float:
    """What all words of a line tell."""
    return sum(map(information, words))


def rarity(documents: int, size: int) -> float:
    """Between 0 and 1: how little two words say that stand in so many of the documents of a library."""
    clear = max(size, CLEAREST)
    return max(0.05, 1.0 - math.log(1 + documents / 2) / math.log(2 + clear))


def severity(form: NormalLine, *, few: bool) -> float:
    """How much a line sounds like trouble; chatter counts only in short pastes."""
    least = 0.9 if few else 0.0
    found = SEVERITY[form.level]
    if form.trouble:
        found = max(found, TROUBLED.get(form.level, found))
    return max(least, found)


def score(
    literal: Literal,
    line: NormalLine,
    known: Set[tuple[str, str] | str],
    rare: Mapping[tuple[str, str], float],
    severe: float,
) -> float:
    """How well a line matches a literal; `known` has those of its neighbouring words
    that any literal has, `rare` says how rare they are."""
    words = literal.words
    if len(words) == 1:
        return _single(literal, line, severe)
    covered = [0.0] * len(words)
    run = longest = 0.0
    parted = False
    for place, pair in enumerate(pairwise(words)):
        if pair in known:
            clear = rare.get(pair, 1.0)
            covered[place] = max(covered[place], clear)
            covered[place + 1] = max(covered[place + 1], clear)
            run = run + information(pair[1]) if run else information(pair[0]) + information(pair[1])
            longest = max(longest, run)
        else:
            run = 0.0
            parted = parted or GAP not in pair
    for word in alone(words):
        if word in line.words:
            covered[words.index(word)] = LONE
    said = shared = 0.0
    for word, clear in zip(words, covered, strict=True):
        if clear:
            told = information(word)
            said += told * clear
            shared += told
    if not shared or (parted and longest < LONGEST_RUN):
        return 0.0
    exact = not parted and holds(line.text, words)
    whole = (
        1.0
        if exact
        else 0.85
        * max(
            shared / total(words),
            min(1.0, shared / max(1.5, total(line.words))),
        )
    )
    if not exact and (whole < 0.42 or longest < LONGEST_RUN):
        return 0.0
    told = (1.0 - math.exp(-said / HALF_TOLD)) * whole
    if literal.kind == "signature" and exact:
        return max(told, 0.75) * max(severe, SPOKEN)
    if " ".join(words) in EVERYWHERE:
        return min(UNTOLD, told * severe)
    if exact and literal.trouble and len(words) > 2 and max(covered) > 0.6:
        told = max(told, WHOLE)
    return told * severe * _place(literal)


LONE = 0.7
"""How much of what a word tells counts that stands alone between placeholders."""


def _place(literal: Literal) -> float:
    if literal.symptom:
        return 1.0 if literal.trouble else 0.85
    return 0.9 if literal.trouble else 0.7


def _single(literal: Literal, line: NormalLine, severe: float) -> float:
    if literal.words[0] not in line.words:
        return 0.0
    return 0.5 * severe * min(1.0, information(literal.words[0]))


def holds(text: str, words: Sequence[str]) -> bool:
    """Whether a line's text (`NormalLine.text`) has all the words of a literal, in order, gaps apart."""
    position = 0
    for number, part in enumerate(" ".join(words).split(f" {GAP} ")):
        found = text.find(f" {part} ", position, position + WIDEST + len(part) if number else None)
        if found < 0:
            return False
        position = found + len(part) + 1
    return True


def together(scores: Sequence[float]) -> float:
    """Several lines of one article: each further one adds half as much as the one before, and never beyond 1."""
    rest = 1.0
    for place, value in enumerate(sorted(scores, reverse=True)[:CONTRIBUTIONS]):
        rest *= 1.0 - value * 0.5**place
    return 1.0 - rest
