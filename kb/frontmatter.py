"""The block of metadata at the head of a Markdown file, in whatever shape people and tools leave it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from kb import frontloose, yamlfile
from kb.findings import finding
from kb.messages import message
from kb.model import NOTHING
from kb.problem import Problem

OPENING = re.compile(r"-{3,}[ \t]*\Z")
CLOSING = re.compile(r"[ \t]*(?:-{3,}|\.\.\.)[ \t]*\Z")
TOML_MARK = re.compile(r"\+{3,}[ \t]*\Z")
LOOKS_LIKE = re.compile(r"\s*(?:[\w .\-\"']{1,60}[:：](?:\s|\Z)|#|-\s|\[|\{|\}|\]|\Z)")
KEY_LINE = re.compile(r"[ \t]*[\"']?([A-Za-z][\w.\-]{0,40})[\"']?[ \t]*[:：]")
ITEM_LINE = re.compile(r"[ \t]*-[ \t]")
HEADING = re.compile(r"#{1,6}[ \t]+\S")
MAX_LINES = 400
MAX_JSON = 100_000
HARMFUL = ("yaml.cycle", "yaml.too-deep", "yaml.too-many-nodes", "yaml.too-large", "yaml.unknown-anchor")
"""Where YAML was refused for these, the loose reader is not asked."""


@dataclass(frozen=True, slots=True)
class Front:
    """Front matter as mapping, the body below it, and the 1-based line the body begins in."""

    data: Mapping[str, Any]
    body: str
    body_line: int
    problems: tuple[Problem, ...] = ()


def split(text: str, path: str) -> Front:
    """Front matter and body of a text; values stay text (``4.10`` is a version, not a number).

    Reads YAML between ``---``, also glued to its markers or without an end, TOML between ``+++``, a JSON object, and a
    block that lost its first marker; YAML that is none is read line by line, with a warning.
    """
    if (
        text[:1] not in "-+{ \t\n\ufeffkptiPKTIsvctlVSCL\"'"
    ):  # most texts without front matter begin with a heading
        return Front(NOTHING, text, 1)
    skipped = len(text) - len(text.lstrip(" \t\n\ufeff"))
    blank = text.count("\n", 0, skipped)
    lines = text[skipped:].split("\n", MAX_LINES + 1)
    first = lines[0]
    if OPENING.match(first):
        if len(lines) == 1 or not (LOOKS_LIKE.match(lines[1]) or _known_key(lines[1])):
            return Front(NOTHING, text, 1)
        return _marked(text, path, lines, blank)
    if first.startswith("---"):
        return _glued(text, path, lines, blank)
    if TOML_MARK.match(first):
        return _toml(text, path, lines, blank)
    if first.startswith("{"):
        return _json(text, skipped, blank)
    return _unopened(text, path, lines, blank)


def values(front: Mapping[str, Any], *names: str) -> tuple[str, ...]:
    """The texts under the first of `names` that is there, in any case; lists and ``a, b`` taken apart."""
    lowered = {key.casefold(): value for key, value in front.items()}
    for name in names:
        found = lowered.get(name.casefold())
        if found:
            items = found if isinstance(found, list) else [found]
            parts = (
                part.strip()
                for item in items
                if isinstance(item, str)
                for part in re.split("[,，;；、]", item)
            )
            return tuple(dict.fromkeys(part for part in parts if part))
    return ()


def _marked(text: str, path: str, lines: list[str], blank: int) -> Front:
    """The usual shape: a line ``---``, lines of YAML, a line ``---``."""
    end = _end(lines)
    problems: list[Problem] = []
    if end is None:
        body_at = end = _gap(lines)
        if end == 1:
            return Front(NOTHING, text, 1)
        problems.append(finding(path, blank + 1, "front.no-end", "warning"))
    else:
        body_at = end + 1
    data, wrong = _yaml("\n".join(lines[1:end]), path, blank + 2)
    if data is None and not wrong:
        return Front(NOTHING, text, 1)  # prose between two rules is no front matter
    return Front(data or NOTHING, "\n".join(lines[body_at:]), blank + body_at + 1, (*problems, *wrong))


def _glued(text: str, path: str, lines: list[str], blank: int) -> Front:
    """``---kind: …`` in one line with the marker, and perhaps all of the block, body included, in that line."""
    rest = lines[0].lstrip("-").lstrip()
    if not KEY_LINE.match(rest):
        return Front(NOTHING, text, 1)
    problem = finding(path, blank + 1, "front.glued", "warning")
    closed = frontloose.glued_end(rest)
    if closed is not None:
        data = frontloose.glued(rest[: closed[0]])
        if not data:
            return Front(NOTHING, text, 1)
        body = "\n".join([rest[closed[1] :].lstrip(), *lines[1:]])
        return Front(data, body, blank + 1, (problem,))
    lines = ["---", rest, *lines[1:]]
    front = _marked("\n".join(lines), path, lines, blank - 1)
    if not front.data:
        return Front(NOTHING, text, 1)
    return replace(front, problems=(problem, *front.problems))


def _toml(text: str, path: str, lines: list[str], blank: int) -> Front:
    import tomllib

    end = next((n for n, line in enumerate(lines[1 : MAX_LINES + 1], 1) if TOML_MARK.match(line)), None)
    if end is None:
        return Front(NOTHING, text, 1)
    inside, body = "\n".join(lines[1:end]), "\n".join(lines[end + 1 :])
    problems: tuple[Problem, ...] = ()
    try:
        data = frontloose.texts(tomllib.loads(inside, parse_float=str))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        data = frontloose.read(lines[1:end])
        problems = (finding(path, blank + 2, "front.toml", "warning", detail=str(error)),)
    return Front(data or NOTHING, body, blank + end + 2, problems)


def _json(text: str, skipped: int, blank: int) -> Front:
    import json

    try:
        data, end = json.JSONDecoder(parse_float=str, parse_int=str).raw_decode(
            text[skipped : skipped + MAX_JSON]
        )
    except (ValueError, RecursionError):
        return Front(NOTHING, text, 1)
    after = text[skipped + end :]
    if not isinstance(data, dict) or after.split("\n", 1)[0].strip() or not frontloose.known(data):
        return Front(NOTHING, text, 1)
    line = blank + 1 + text.count("\n", skipped, skipped + end)
    return Front(frontloose.texts(data), after.partition("\n")[2], line + 1)


def _unopened(text: str, path: str, lines: list[str], blank: int) -> Front:
    """A block whose first ``---`` was lost: at least two known keys, then a line ``---``."""
    if not KEY_LINE.match(lines[0]):
        return Front(NOTHING, text, 1)
    end = _end(lines, 0)
    if end is None or end > 60 or not all(LOOKS_LIKE.match(line) for line in lines[:end]):
        return Front(NOTHING, text, 1)
    data, wrong = _yaml("\n".join(lines[:end]), path, blank + 1)
    if not data or len(frontloose.known(data)) < 2:
        return Front(NOTHING, text, 1)
    problem = finding(path, blank + 1, "front.no-start", "warning")
    return Front(data, "\n".join(lines[end + 1 :]), blank + end + 2, (problem, *wrong))


def _yaml(inside: str, path: str, first_line: int) -> tuple[dict[str, Any] | None, tuple[Problem, ...]]:
    """The mapping (None where there is none) and what is wrong; loose where YAML does not understand it."""
    document = yamlfile.parse(inside, path, first_line=first_line, numbers=False)
    data, problems = document.data, document.problems
    if isinstance(data, dict):
        return data, problems
    if data is None and not problems:
        return {}, ()
    if any(problem.code in HARMFUL for problem in problems):
        return {}, problems
    loose = frontloose.read(inside.split("\n"))
    if isinstance(data, list):
        wrong = finding(path, first_line, "front.not-mapping", found=message("kb.is.list"))
        return loose, (*problems, wrong)
    if problems:
        if not loose:
            return {}, problems
        return loose, tuple(replace(problem, severity="warning") for problem in problems)
    if frontloose.known(loose):  # "key:value" without a blank: one long text to YAML
        return loose, (finding(path, first_line, "front.loose", "warning"),)
    return None, ()


def _end(lines: list[str], start: int = 1) -> int | None:
    """The line of the closing marker; None where a heading or prose comes before it."""
    for number in range(start, min(len(lines), MAX_LINES + 1)):
        line = lines[number]
        if CLOSING.match(line):
            return number
        if HEADING.match(line) and not _goes_on(lines, number + 1):
            return None
    return None


def _gap(lines: list[str]) -> int:
    """Where front matter without an end stops: at the first line that cannot belong to it."""
    for number in range(1, min(len(lines), MAX_LINES)):
        line = lines[number]
        if not line.strip() or HEADING.match(line):
            if not _goes_on(lines, number + 1):
                return number
        elif not (LOOKS_LIKE.match(line) or line[:1] in " \t"):
            return number
    return min(len(lines), MAX_LINES)


def _goes_on(lines: list[str], number: int) -> bool:
    """Whether the next line that is not blank is a key of front matter: what stood before it was a comment."""
    for line in lines[number : number + 5]:
        if line.strip():
            return _known_key(line) or bool(ITEM_LINE.match(line))
    return False


def _known_key(line: str) -> bool:
    key = KEY_LINE.match(line)
    return key is not None and key[1].casefold() in frontloose.KNOWN
