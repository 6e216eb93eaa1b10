"""The known sections of a troubleshooting article in their fixed order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kb import headings
from kb.importing.rows import Row
from kb.model import SectionKind

ORDER: tuple[SectionKind, ...] = (
    "symptoms", "environment", "cause", "diagnosis", "resolution", "workaround", "prevention", "related",
)  # fmt: skip
CORE = frozenset({"symptoms", "diagnosis", "cause", "resolution", "workaround"})
NUMBERED = re.compile(
    r"#+\s*(?:\(?[0-9]+\s*[.、:)）]|[0-9]+\s+\S|[一二三四五六七八九十]+\s*[、.:)）]|(?:step|part|步骤|阶段)\s*[0-9一二三四五六七八九十]"
    r"|第\s*[0-9一二三四五六七八九十]+)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Group:
    """A known section with the unknown ones that follow it: they keep their place behind it."""

    kind: SectionKind
    rows: list[Row]


def in_order(rows: list[Row]) -> tuple[list[Row], int]:
    """The lines with their sections in order, and the line of the first heading that moved (0: none did).

    Only where the text is a troubleshooting article whose order carries nothing: numbered headings, and texts that go
    through several cases with a cause and a solution each, stay as they are.
    """
    groups, head = _groups(rows)
    kinds = [group.kind for group in groups]
    if len(CORE & set(kinds)) < 2 or _repeats(kinds):
        return rows, 0
    if any(NUMBERED.match(group.rows[0].text) for group in groups):
        return rows, 0
    ordered = sorted(groups, key=lambda group: ORDER.index(group.kind))
    moved = next(
        (new.rows[0].number for new, old in zip(ordered, groups, strict=True) if new is not old), None
    )
    if moved is None:
        return rows, 0
    kept = list(head)
    for group in ordered:
        while kept and not kept[-1].text and not kept[-1].code:
            kept.pop()
        if kept:
            kept.append(Row(group.rows[0].number, ""))
        kept += group.rows
    return kept, moved or 1


def looks_like_troubleshooting(rows: list[Row]) -> bool:
    """Whether at least two of symptoms, diagnosis, cause, resolution and workaround have a section."""
    found = {headings.kind(row.text.lstrip("# ")) for row in rows if row.heading}
    return len(found & CORE) >= 2


def _groups(rows: list[Row]) -> tuple[list[Group], list[Row]]:
    head: list[Row] = []
    groups: list[Group] = []
    for row in rows:
        if row.heading == 2:
            kind = headings.kind(row.text.lstrip("# "))
            if kind != "other":
                groups.append(Group(kind, []))
        (groups[-1].rows if groups else head).append(row)
    return groups, head


def _repeats(kinds: list[SectionKind]) -> bool:
    """Whether a kind comes back after another one: the article has several cases."""
    starts = [kind for index, kind in enumerate(kinds) if index == 0 or kinds[index - 1] != kind]
    return len(starts) != len(set(starts))
