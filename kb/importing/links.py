"""Links and images of a text: found outside code, and given new targets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

from kb.importing.rows import Row

LINK = re.compile(
    r"(!?)\[((?:[^\[\]\\]|\\.|!?\[[^\[\]]{0,300}\](?:\([^()\s]{0,1000}\))?){0,500})\]\((<[^<>\n]{1,1000}>|[^()\s<]{1,2000}(?:\([^()\s]{0,200}\)[^()\s]{0,500})?)(\s+(?:\"[^\"]{0,300}\"|'[^']{0,300}'))?\s*\)"
)
REFERENCE = re.compile(r"( {0,3}\[[^\[\]]{1,200}\]:\s+)(<[^<>\n]{1,1000}>|\S{1,2000})(.{0,300})\Z")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,20}:|//|#|\{|\$")
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Target:
    """Where a link or image of a text points."""

    raw: str
    image: bool
    line: int

    @property
    def path(self) -> str:
        """The file it names, decoded and without query and anchor."""
        return unquote(self.raw.partition("#")[0].partition("?")[0])

    @property
    def anchor(self) -> str:
        """``#section``, or nothing."""
        _, mark, name = self.raw.partition("#")
        return mark + name

    @property
    def local(self) -> bool:
        """Whether it is a file beside the text, not an address."""
        return not SCHEME.match(self.raw) and bool(self.path)


def retarget(rows: list[Row], new: Callable[[Target], str | None]) -> None:
    """Give every link and image outside code the target that `new` answers with; None leaves it."""
    for row in rows:
        if row.code or len(row.text) > LONGEST:
            continue
        if "](" in row.text:
            row.text = _outside_spans(row, new)
        elif "]:" in row.text:
            found = REFERENCE.match(row.text)
            if found:
                raw = found[2].strip("<>")
                target = new(Target(raw, False, row.number))
                if target is not None:
                    row.text = f"{found[1]}{_written(target)}{found[3]}"


def without_data(rows: list[Row]) -> list[int]:
    """Take embedded image data out of the lines (its alternative text stays); the lines it was in."""
    touched = []
    for row in rows:
        if not row.code and "data:image/" in row.text:
            text = _strip_data(row.text)
            if text != row.text:
                row.text = text
                touched.append(row.number)
    return touched


def _strip_data(text: str) -> str:
    """Without regular expressions over the payload: it may be megabytes long."""
    parts: list[str] = []
    at = 0
    while True:
        start = text.find("](data:image/", at)
        end = text.find(")", start) if start >= 0 else -1
        opening = text.rfind("![", at, start) if start >= 0 else -1
        if end < 0 or opening < 0:
            parts.append(text[at:])
            return "".join(parts)
        alt = text[opening + 2 : start].strip()
        parts += [text[at:opening], f"[{alt or 'image'}]"]
        at = end + 1


def _outside_spans(row: Row, new: Callable[[Target], str | None]) -> str:
    pieces = re.split(r"((?<!`)(?:`{1,3})(?!`)[^`]{1,2000}`{1,3})", row.text)
    for index in range(0, len(pieces), 2):

        def put(match: re.Match[str]) -> str:
            raw = match[3].strip("<>")
            target = new(Target(raw, bool(match[1]), row.number))
            if target is None:
                return match[0]
            return f"{match[1]}[{match[2]}]({_written(target)}{match[4] or ''})"

        if "](" in pieces[index]:
            pieces[index] = LINK.sub(put, pieces[index])
    return "".join(pieces)


def _written(target: str) -> str:
    return f"<{target}>" if re.search(r"[\s()<>]", target) else target
