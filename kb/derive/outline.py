"""One text of an article as parts: every heading with its own content and the part it plays in a guide."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from kb import headings
from kb.derive.asides import is_aside, tells_to_do
from kb.derive.hintvalue import Hint
from kb.derive.prose import plain
from kb.markdown import Piece, pieces
from kb.model import ArticleText

Role = Literal[
    "symptoms", "environment", "diagnosis", "cause", "resolution", "workaround", "verify", "rollback", "prevention",
    "related", "other",
]  # fmt: skip
MOST_TEXT = 400_000
"""Characters of a text that are looked at: longer ones are dumps, not articles."""

_VERIFY = frozenset(
    (
        *("verification", "verify", "validation", "validate", "verification steps", "verify the fix"),
        *("verify the result", "verification method", "post-recovery verification", "confirm recovery"),
        *(
            "expected result",
            "验证",
            "验证步骤",
            "验证方法",
            "结果验证",
            "恢复验证",
            "效果验证",
            "确认恢复",
            "验证结果",
        ),
        *("修复验证", "验证修复", "验证恢复"),
    )
)
_ROLLBACK = frozenset(
    ("rollback", "roll back", "how to roll back", "revert", "undo", "回滚", "回退", "回滚方案", "回滚步骤")
)
_DOING = ("resolution", "workaround", "diagnosis", "verify", "rollback")
_NUMBERED = re.compile(
    r"^\W{0,3}(?:(?:step|phase|步骤|阶段|第)\s*)?[0-9一二三四五六七八九十]{1,3}(?:[.、:：)步\s-]|\b)", re.I
)


@dataclass(frozen=True, slots=True)
class Part:
    """One heading and what stands directly below it."""

    role: Role
    heading: str
    level: int
    line: int
    """1-based, in the file."""
    pieces: tuple[Piece, ...]
    """Their lines count in the file too."""
    trail: tuple[str, ...]
    """The headings around it, outermost first, without the title."""
    scope: int
    """The heading of the case it belongs to, where an article treats several; 0 for the whole article."""
    own: bool = True
    """Whether its heading itself says the role, and does not only stand below one that does."""
    telling: bool = False
    """Whether its heading is itself a step."""
    aside: bool = False
    """Whether it is below a heading about what is to be known, and does not itself say what to do."""
    about: bool = False
    """Whether its own heading is about what is to be known."""
    hints: tuple[Hint, ...] = ()
    """What the words of its pieces say to do, one for each; filled in once the texts were compared."""


def parts(text: ArticleText) -> tuple[Part, ...]:
    """The parts of a text in order; the first is what stands before any heading but the title."""
    body = text.markdown[:MOST_TEXT]
    found = list(pieces(body))
    shift = _shift(text, found)
    return tuple(_parts(found, shift, text.title))


def _shift(text: ArticleText, found: list[Piece]) -> int:
    """File lines before the body: a section knows its line in the file."""
    if not text.sections:
        return 0
    first = text.sections[0]
    for piece in found:
        if piece.kind == "heading" and plain(piece.text)[:40] == plain(first.heading)[:40]:
            return first.line - piece.line
    return 0


def _parts(found: list[Piece], shift: int, title: str) -> Iterator[Part]:
    stack: list[tuple[int, Role, str, int]] = []  # level, role, heading, number
    number, level, line, heading, own = 0, 0, 1, "", True
    role: Role = "other"
    inside: list[Piece] = []

    def part() -> Part:
        trail = tuple(name for _, _, name, _ in stack)
        cases = [n for lv, r, _, n in stack if r == "other" and lv > 1 and n]
        telling = bool(trail) and tells_to_do(heading)
        return Part(
            role,
            heading,
            level,
            line + shift,
            tuple(inside),
            trail,
            cases[-1] if cases else 0,
            own,
            telling,
            not telling and any(map(is_aside, trail)),
            not telling and bool(trail) and is_aside(heading),
        )

    for piece in found:
        if piece.kind != "heading":
            inside.append(_moved(piece, shift))
            continue
        yield part()
        inside = []
        number += 1
        heading, level, line = plain(piece.text), piece.depth, piece.line
        while stack and stack[-1][0] >= level:
            stack.pop()
        above: Role = next((r for _, r, _, _ in reversed(stack) if r != "other"), "other")
        is_title = level == 1 and heading == plain(title)
        role, own = ("other", True) if is_title else role_of(heading, above)
        if is_title:
            stack.clear()
            continue
        stack.append((level, role, heading, number))
    yield part()


def _moved(piece: Piece, shift: int) -> Piece:
    if not shift:
        return piece
    return Piece(
        piece.kind, piece.text, piece.line + shift, piece.depth, piece.ordered, piece.head, piece.info
    )


def role_of(heading: str, above: Role) -> tuple[Role, bool]:
    """The part a heading plays below another of a role, and whether its own words say so."""
    words = headings.normal(heading)
    if words in _VERIFY:
        return "verify", True
    if words in _ROLLBACK:
        return "rollback", True
    kind = headings.kind(heading)
    if kind == "other":
        if above in ("environment", "related") and tells_to_do(heading):
            return "other", True  # what is to be done before anything else is done too
        return above, above == "other"
    whole = any(words in names for names in headings.WHOLE.values())
    if above in _DOING and not whole and (kind not in ("workaround",) or _NUMBERED.match(heading)):
        return above, False  # "Step 2: find the root cause" is a step
    if above == "cause" and not whole:
        return above, False
    return kind, True
