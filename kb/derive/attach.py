"""Which steps belong to which cause, where the article makes that clear; else every step belongs to all."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.derive.draft import DraftCause, DraftStep

_DIGITS = {char: number for number, char in enumerate("一二三四五六七八九十", 1)}
_ORDINAL = re.compile(
    r"(?:\b(?:cause|reason|case|option|method|solution|scenario|fix|approach)|原因|根因|方案|方法|情况|场景|选项|方式|解法|问题)"
    r"\s*[#：:]?\s*([0-9]{1,2}|[一二三四五六七八九十]|[A-H](?![a-z]))",
    re.I,
)
_LEADING = re.compile(r"^\W{0,3}([0-9]{1,2}|[一二三四五六七八九十])\s*[.、)）]")
_WORD = re.compile(r"[a-z][a-z0-9_-]{2,}|[\u3400-\u9fff]{2,}", re.I)
_COMMON_TEXT = """
the and for with from that this when are not has have cause causes fix fixes step steps option method check solution
pod pods node nodes cluster configuration issue problem resolution restart upgrade increase update version error
"""
_COMMON = frozenset(_COMMON_TEXT.split())


def attached(causes: Sequence[DraftCause], steps: Sequence[DraftStep]) -> list[list[int]]:
    """For every cause the indexes of its steps, in order."""
    owners = [_owners(causes, step) for step in steps]
    return [[n for n, owner in enumerate(owners) if not owner or at in owner] for at in range(len(causes))]


def _owners(causes: Sequence[DraftCause], step: DraftStep) -> set[int]:
    """The causes a step is for; none where that is not said."""
    if len(causes) < 2:
        return set()
    below = {n for n, cause in enumerate(causes) if cause.label and cause.label in step.place.trail}
    if below:
        return below
    rest = {n for n, cause in enumerate(causes) if cause.rest}
    if rest:
        return rest
    scopes = {cause.place.scope for cause in causes}
    scope = step.place.scope
    if scope and scope in scopes and len(scopes) > 1:
        same = {n for n, cause in enumerate(causes) if cause.place.scope == scope}
        inside = [cause for n, cause in enumerate(causes) if n in same]
        narrower = _named(inside, step)
        return {sorted(same)[n] for n in narrower} if narrower else same
    return _named(causes, step)


def _named(causes: Sequence[DraftCause], step: DraftStep) -> set[int]:
    if step.label:
        return {n for n, cause in enumerate(causes) if cause.label == step.label}
    if step.phase not in ("fix", "workaround") or len(causes) < 2:
        return set()
    headings = [h for h in (step.place.heading, *step.place.trail[::-1]) if h]
    for heading in headings:
        number = _ordinal(heading, _ORDINAL)
        if number:
            hit = {n for n, cause in enumerate(causes) if number == _number_of(cause)}
            if len(hit) == 1 and not re.search(
                r"option|method|approach|方案|方法|选项|方式|解法", heading, re.I
            ):
                return hit
            if len(hit) == 1 and len({_number_of(c) for c in causes}) == len(causes):
                return hit
    found = _by_words(causes, [*headings[:2], step.title])
    return {found} if found is not None else set()


def _number_of(cause: DraftCause) -> str:
    return _ordinal(cause.label, _ORDINAL) or _ordinal(cause.label, _LEADING)


def _ordinal(text: str, pattern: re.Pattern[str]) -> str:
    match = pattern.search(text)
    if not match:
        return ""
    word = match.group(1).upper()
    return str(
        _DIGITS.get(word, ord(word) - 64 if len(word) == 1 and word.isalpha() and word.isascii() else word)
    )


def _by_words(causes: Sequence[DraftCause], texts: Sequence[str]) -> int | None:
    """The one cause whose heading shares most words with a step's headings, if clearly more than any other."""
    for text in texts:
        own = _words(text)
        scores = [len(own & _words(cause.label or cause.text)) for cause in causes]
        best = max(scores)
        least = 4 if any(char > "\u2e80" for char in text) else 2
        if best >= least and sorted(scores)[-2] * 2 <= best - 1:
            return scores.index(best)
    return None


def _words(text: str) -> set[str]:
    found: set[str] = set()
    for word in _WORD.findall(text[:300].casefold()):
        if word[0] > "\u2e80":
            found |= {word[i : i + 2] for i in range(len(word) - 1)}
        elif word not in _COMMON:
            found.add(word)
    return found
