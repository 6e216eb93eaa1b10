"""One text of an article to a draft of its guide."""

from __future__ import annotations

import re
from collections.abc import Sequence

from kb.derive.cases import cases
from kb.derive.draft import Causing, Draft, DraftCause, DraftStep, Phase, Place
from kb.derive.outline import Part, Role
from kb.derive.procedure import procedure_steps, purpose, reading_steps, reasons
from kb.derive.programs import starts_command
from kb.derive.prose import first_and_rest, plain, title
from kb.derive.steps import MOST_STEPS, steps_of
from kb.derive.texts import (
    cause_column,
    cause_in_prose,
    causes,
    is_how_to,
    lead_symptoms,
    signatures,
    symptoms,
)
from kb.derive.variables import templated
from kb.model import ArticleText

_PHASES: tuple[tuple[Role, Phase], ...] = (
    ("symptoms", "diagnose"),
    ("diagnosis", "diagnose"),
    ("resolution", "fix"),
    ("workaround", "workaround"),
    ("verify", "verify"),
)
MOST_OF = 6
"""Tenths of a text's commands that its known parts must hold to speak for all of it."""


def draft_of(text: ArticleText, found: Sequence[Part], trouble: bool) -> Draft | None:
    """What a text gives for a guide; None where there is nothing to do in it.

    `trouble`: the article says that it is about trouble, whatever this text's headings are.
    """
    roles = {part.role for part in found if part.pieces}
    procedure = not trouble and (is_how_to(text.title) or not roles & {"resolution", "workaround"})
    steps = procedure_steps(found) if procedure else _steps(found)
    if not procedure and (not steps or any(map(_has_code_elsewhere, found))):
        steps = _fuller(steps, procedure_steps(found, trouble=trouble))
    steps = steps or reading_steps(found, trouble)
    if not steps:
        return None
    own, causing = _causes(found, steps, text.title, trouble)
    seen = symptoms(found) or (lead_symptoms(found) if trouble else [])
    seen = seen or [purpose(found, text.title) if procedure else _title_symptom(found, text.title)]
    return Draft(
        text.lang,
        tuple(seen),
        tuple(signatures(found)),
        tuple(own),
        tuple(templated(steps)),
        next((part.heading for part in found if part.role == "rollback"), ""),
        causing,
    )


def _has_code_elsewhere(part: Part) -> bool:
    return part.role in ("other", "prevention", "cause", "environment") and any(
        p.kind == "code" for p in part.pieces
    )


def _fuller(known: list[DraftStep], anywhere: list[DraftStep]) -> list[DraftStep]:
    """The steps of the parts made for them; those of the whole text where they miss most of its commands."""
    own, all_ = (sum(bool(step.shell) for step in steps) for steps in (known, anywhere))
    return known if known and own * 10 >= all_ * MOST_OF else anywhere or known


def _title_symptom(found: Sequence[Part], heading: str) -> str:
    if not is_how_to(heading):
        return title(heading, 320)
    lead = next(
        (p for part in found for p in part.pieces if p.kind == "paragraph" and not p.text.startswith(":::")),
        None,
    )
    return title(first_and_rest(plain(lead.text))[0], 320) if lead else title(heading, 320)


def _causes(
    found: Sequence[Part], steps: Sequence[DraftStep], heading: str, trouble: bool
) -> tuple[list[DraftCause], Causing]:
    own = causes(found)
    if own:
        return own, "named"
    treated = cases(found)
    if treated:
        whole = DraftCause(title(heading), reasons(found), Place("", (), 0, 0), rest=True)
        outside = not trouble and any(not {c.label for c in treated} & set(s.place.trail) for s in steps)
        return [whole, *treated] if outside else treated, "situation"
    own = [cause for part in found for cause in _table_causes(part, trouble)]
    if own:
        return own, "named"
    # only a text about trouble gives causes in passing: elsewhere "because" explains a setting
    passing = cause_in_prose(found if trouble and not is_how_to(heading) else (), heading)
    if passing:
        return [passing], "named"
    if trouble and not is_how_to(heading):
        return [DraftCause(title(heading), "", Place("", (), 0, 0))], "unnamed"
    return [DraftCause(title(heading), reasons(found), Place("", (), 0, 0))], "situation"


# --- tables of symptom, cause and remedy ------------------------------------------------------------------------------

_REMEDY = re.compile(
    r"\b(?:fix|solution|resolution|action|remedy|what to do|how to fix|handling|recommendation)\b"
    r"|解决|处理|处置|修复|措施|建议|操作",
    re.I,
)


_SEEN = re.compile(
    r"\b(?:symptoms?|problems?|issues?|errors?|fault|messages?|observed)\b|现象|症状|问题|故障|报错|错误|异常|表现",
    re.I,
)


def _rows(part: Part) -> tuple[list[str], list[list[str]]]:
    rows = [p for p in part.pieces if p.kind == "row"]
    if len(rows) < 2 or not rows[0].head:
        return [], []
    return rows[0].text.split("\t"), [row.text.split("\t") for row in rows[1:] if not row.head]


def _table_causes(part: Part, trouble: bool) -> list[DraftCause]:
    if part.role not in ("symptoms", "diagnosis", "resolution", "workaround", "cause"):
        return []
    head, rows = _rows(part)
    column = cause_column(head)
    if not trouble and not any(_SEEN.search(plain(cell)) for cell in head):
        return []  # "setting, value, reason" gives reasons for values
    place = Place(part.heading, part.trail, 0, part.line)
    texts = [plain(row[column - 1]) for row in rows if column and len(row) >= column]
    return [
        DraftCause(title(text, 320), "", place, label=text) for text in dict.fromkeys(texts) if len(text) > 3
    ]


def _table_steps(part: Part) -> list[DraftStep]:
    head, rows = _rows(part)
    remedy = next((n for n, cell in enumerate(head) if _REMEDY.search(plain(cell))), -1)
    column = cause_column(head) - 1
    if remedy < 0 or remedy == column:
        return []
    other = column if column >= 0 else 0
    place = Place(part.heading, part.trail, part.scope, part.line)
    found = []
    for row in rows:
        if len(row) > max(remedy, other) and (text := plain(row[remedy])):
            about = plain(row[other])
            found.append(
                DraftStep(
                    "fix", title(text), about, place, instruction=text, label=about if column >= 0 else ""
                )
            )
    return found


# --- steps ------------------------------------------------------------------------------------------------------------


def _steps(found: Sequence[Part]) -> list[DraftStep]:
    """All steps, looking before doing, in the order of the text otherwise."""
    made: list[DraftStep] = []
    for role, phase in _PHASES:
        begun = False
        for part in found:
            begun |= part.role in ("resolution", "workaround", "diagnosis")
            if part.role != role or (role == "verify" and not begun):
                continue
            steps = steps_of(part, phase)
            if role == "symptoms":
                # a sentence about what failed names commands that nobody is to run
                steps = [s for s in steps if s.shell and starts_command(s.shell) and (s.told or not s.inline)]
            made += steps
            if phase == "fix":
                made += _table_steps(part)
    return made[:MOST_STEPS]
