"""The steps of a text that says how something is done: wherever commands and instructions stand, in its own order."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from kb.derive.draft import DraftStep, Phase, Place
from kb.derive.outline import Part, Role
from kb.derive.prose import LONGEST_TEXT, plain, sentences, title
from kb.derive.steps import MOST_STEPS, steps_of
from kb.derive.worth import DOING, TROUBLE, may_command, may_tell, tells
from kb.markdown import Piece

_PHASES: Mapping[Role, Phase] = {"diagnosis": "diagnose", "workaround": "workaround", "verify": "verify"}
LONGEST_REASON = 600
_PURPOSE = re.compile(
    r"\bth(?:is|e following) (?:document|guide|article|playbook|runbook|solution|page|tutorial|section|manual)\b"
    r"|\bhow to\b|本(?:文|指南|手册|教程|方案|文档|篇|解决方案|页|操作)|如何|用于指导",
    re.I,
)


def procedure_steps(found: Sequence[Part], *, trouble: bool = False) -> list[DraftStep]:
    """What there is to do in any part but those about something else; in a text about trouble prose counts too."""
    made: list[DraftStep] = []
    for part in found:
        told = may_tell(part.role, part.aside, trouble)
        if part.role == "rollback" or not (told or may_command(part.role, part.about, trouble)):
            continue
        known = part.role in DOING
        asked = known or part.role == "verify"
        here = part if asked else replace(part, role="resolution")
        step = told and (asked or part.telling)
        steps = steps_of(here, _PHASES.get(part.role, "fix"), prose=known, counting=asked or part.telling)
        told = told and part.role not in TROUBLE  # what is seen and why is not to be done
        made += [
            s
            for s in steps
            if (s.shell and (s.told or told or not s.inline)) or step or (told and (s.block or s.told))
        ]
        if len(made) >= MOST_STEPS:
            break
    return made[:MOST_STEPS]


def reading_steps(found: Sequence[Part], trouble: bool) -> list[DraftStep]:
    """The parts that tell to do something, in no known form of a step: to be read and followed as they are."""
    made = []
    for part in found:
        asked = part.role in DOING or (
            may_tell(part.role, part.aside, trouble)
            and (part.telling or (trouble and any(tells(plain(p.text)) for p in part.pieces)))
        )
        text = _said(part.pieces) if asked else ""
        if text:
            phase = _PHASES.get(part.role, "fix")
            place = Place(part.heading, part.trail, part.scope, part.line)
            head = title(part.heading) or title(text.split("\n", 1)[0])
            made.append(DraftStep(phase, head, "", place, instruction=text[:LONGEST_TEXT]))
    return made[:MOST_STEPS]


def purpose(found: Sequence[Part], heading: str) -> str:
    """What a procedure is for: the sentence of its introduction that says so, else the first one, or its title."""
    said = [one for text in _paragraphs(found) for one in sentences(text)][:40]
    telling = next(filter(_PURPOSE.search, said), said[0] if said else heading)
    return title(telling, 320)


def reasons(found: Sequence[Part]) -> str:
    """What a procedure's introduction says of why and when."""
    said = ""
    for text in _paragraphs(found):
        if len(said) + len(text) > LONGEST_REASON:
            break
        said = f"{said}\n{text}".strip()
    return said


def _paragraphs(found: Sequence[Part]) -> Iterator[str]:
    """The paragraphs before the first step: of the text's beginning, and of parts about what it is and why."""
    for part in found:
        if part.trail and not part.aside:
            if part.pieces and part.role != "environment":
                return
            continue
        for piece in part.pieces:
            if piece.kind == "paragraph" and not piece.depth and not piece.text.startswith((":::", "[!")):
                text = plain(piece.text)
                if len(text) > 12 and not text.endswith((":", "：")):
                    yield text


def _said(pieces: Sequence[Piece]) -> str:
    lines = [
        p.text if p.kind == "code" else f"- {plain(p.text)}" if p.kind == "item"
        else " | ".join(plain(cell) for cell in p.text.split("\t")) if p.kind == "row" else plain(p.text)
        for p in pieces
    ]  # fmt: skip
    return "\n".join(line for line in lines if line.strip())
