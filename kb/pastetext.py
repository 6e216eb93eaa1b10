"""A paste to the distinct lines worth looking up: split, bounded, wrapped lines joined, repetitions counted once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice, pairwise

from kb.lognormal import DIGITS, LONGEST, NormalLine, clean, has_prefix, message_of, normal
from kb.trouble import sounds_like_trouble

MOST_LINES = 10_000
"""Lines of different shape that are looked up."""
SCANNED = 200_000
"""Lines whose shape is looked at; of longer pastes, half from each end."""
MOST_CHARACTERS = 32_000_000
READ_CLOSELY = 3_000_000
"""Characters whose words are read; where the lines have more, the longest are cut to one width."""
PIECE, OVERLAP = 3000, 300
MOST_PIECES = 600
"""Pieces of very long lines."""
JOINED = 600
"""Pairs of lines that are tried as one line which a terminal or an editor has wrapped."""
JUNK = re.compile("[\0-\x08\x0e-\x1a\x1c-\x1f\x80-\x9f\ufffd]")
"""What lines of binary data are full of."""
FRAME = re.compile(r"at \S+[.(]|\.\.\. \d|File \"|goroutine \d")
"""How a line of a stack trace begins, which is never the rest of the line before."""


@dataclass(frozen=True, slots=True)
class PasteLine:
    """Lines of one normal form."""

    number: int
    text: str
    """As pasted, whatever is in it."""
    form: NormalLine
    times: int
    halves: tuple[NormalLine, ...] = ()
    """Of a line put together from two: what was found in one of them alone is not found in both."""


@dataclass(frozen=True, slots=True)
class Paste:
    """The distinct lines of a paste, and how much of it was read."""

    lines: tuple[PasteLine, ...]
    total: int
    read: int


@dataclass(slots=True)
class _Shape:
    number: int
    text: str
    times: int = 1


def looks_like_paste(text: str) -> bool:
    """Whether a text is a paste to be matched line by line rather than words to search for.

    That is so with several lines, and with one line that has a log's prefix and a message, or is far too long to have
    been typed.
    """
    lines = [line for line in text[:20_000].splitlines() if line.strip()]
    if len(lines) != 1:
        return len(lines) > 1
    line = lines[0]
    return len(line) > 240 or (len(line) > 40 and has_prefix(line) and len(normal(line).words) > 2)


def read(text: str) -> Paste:
    """The distinct lines of a paste in the order of their first occurrence."""
    numbered, total = _split(text)
    shapes: dict[str, _Shape] = {}
    for number, line in numbered:
        shape = DIGITS.sub("#", line if len(line) <= LONGEST else line[:LONGEST] + line[-LONGEST:])
        known = shapes.get(shape)
        if known is None:
            shapes[shape] = _Shape(number, line)
        else:
            known.times += 1
    kept = _most_telling(list(shapes.values()))
    width = _width([min(len(shape.text), LONGEST) for shape in kept], READ_CLOSELY)
    lines = dict[tuple[str, ...], PasteLine]()
    room = MOST_PIECES
    for found in kept:
        if len(found.text) <= LONGEST or not room:
            _take(lines, found, normal(found.text[:width]))
            continue
        for piece in islice(_pieces(found.text), room):
            room -= 1
            _take(lines, found, normal(piece))
    for found, one, two in _wrapped(kept):
        halves = (normal(one), normal(two))
        for joint in ("", " "):
            form = normal(f"{one}{joint}{two}")
            lines.setdefault(form.words, PasteLine(found.number, f"{one} {two}", form, found.times, halves))
    lines.pop((), None)
    return Paste(tuple(lines.values()), total, sum(shape_.times for shape_ in kept))


def _width(lengths: list[int], room: int) -> int:
    """How much of each line is read so that all together fit; short lines leave their room to long ones."""
    for place, length in enumerate(sorted(lengths)):
        share = room // (len(lengths) - place)
        if length > share:
            return share
        room -= length
    return LONGEST


def _take(lines: dict[tuple[str, ...], PasteLine], shape: _Shape, form: NormalLine) -> None:
    known = lines.get(form.words)
    if known is None:
        lines[form.words] = PasteLine(shape.number, shape.text, form, shape.times)
    elif known.number != shape.number:
        lines[form.words] = PasteLine(known.number, known.text, known.form, known.times + shape.times)


def _split(text: str) -> tuple[Iterable[tuple[int, str]], int]:
    total = text.count("\n") + (not text.endswith("\n") and bool(text))
    if len(text) > MOST_CHARACTERS:
        half = MOST_CHARACTERS // 2
        head, tail = (
            text[:half].split("\n")[:-1] or [text[:half]],
            text[-half:].split("\n")[1:] or [text[-half:]],
        )
    else:
        lines = text.split("\n")
        if len(lines) <= SCANNED:
            return ((n, line) for n, line in enumerate(lines, start=1) if _is_text(line)), total
        head, tail = lines, lines[SCANNED // 2 :]
    head, tail = head[: SCANNED // 2], tail[-SCANNED // 2 :]
    after = text.count("\n") + 1 - len(tail)
    both = (*enumerate(head, start=1), *enumerate(tail, start=after + 1))
    return ((n, line) for n, line in both if _is_text(line)), total


def _is_text(line: str) -> bool:
    if line.isprintable():
        return bool(line) and not line.isspace()
    return not line.isspace() and 8 * len(JUNK.findall(line[:LONGEST])) <= len(line[:LONGEST])


def _most_telling(shapes: list[_Shape]) -> list[_Shape]:
    if len(shapes) <= MOST_LINES:
        return shapes
    trouble = [shape for shape in shapes if sounds_like_trouble(shape.text[:LONGEST])][:MOST_LINES]
    chosen = {shape.number for shape in trouble}
    rest = [shape for shape in shapes if shape.number not in chosen]
    room = MOST_LINES - len(trouble)
    if room:
        trouble += rest[: room // 2] + rest[len(rest) - (room - room // 2) :]
    return sorted(trouble, key=lambda shape: shape.number)


def _pieces(line: str) -> Iterator[str]:
    """Overlapping pieces of a very long line; line breaks written as ``\\n`` break it."""
    message, _ = message_of(line[: PIECE * MOST_PIECES])
    if message is line and len(line) > PIECE * MOST_PIECES:
        message += line[-PIECE * MOST_PIECES // 2 :]
    for part in message.replace("\\n", "\n").split("\n"):
        for start in range(0, max(1, len(part) - OVERLAP), PIECE):
            yield part[start : start + PIECE + OVERLAP]


def _tells(one: str, two: str) -> bool:
    return sounds_like_trouble(f"{one[-200:]} {two}")


def _wrapped(shapes: list[_Shape]) -> Iterator[tuple[_Shape, str, str]]:
    """Ends and beginnings of neighbouring lines of which the second may be the rest of the first."""
    found = 0
    for one, two in pairwise(shapes):
        if two.number != one.number + 1 or not 40 <= len(one.text) <= LONGEST:
            continue
        begin = two.text[:200].strip()
        if not begin or begin[0] in "-#{|" or FRAME.match(begin):
            continue
        if has_prefix(two.text) or not _tells(one.text, begin):
            continue
        found += 1
        if found > JOINED:
            return
        yield one, clean(one.text).rstrip()[-200:], begin
