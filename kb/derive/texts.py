"""Symptoms, signatures and causes of one text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from kb.derive.draft import DraftCause, Place
from kb.derive.fences import commands
from kb.derive.outline import Part
from kb.derive.prose import (
    LONGEST_TEXT,
    first_and_rest,
    gives_cause,
    inline_code,
    plain,
    sentences,
    tells_trouble,
    title,
)
from kb.markdown import Piece
from kb.model import CodeBlock

MOST_SYMPTOMS = 6
MOST_CAUSES = 12
MOST_SIGNATURES = 20
LONGEST_SYMPTOM = 320
_LOG = re.compile(
    r"\b(?:error|errors|failed|failure|fail|fatal|panic|warn|warning|denied|refused|timeout|timed out|exceeded|killed"
    r"|not found|cannot|can't|could not|unable|invalid|no such|too many|unreachable|forbidden|unauthorized|unknown"
    r"|evicted|backoff|back-off|crash\w*|oom\w*|corrupt\w*|mismatch|conflict|exhausted|unexpected|missing|lost)\b|Err\b"
    r"|\b[EWF]\d{4} |\|(?:WARN|ERR|EMER)\||\d{4}-\d\d-\d\dT\d\d:",
    re.I,
)
_TITLE_CAUSE_EN = re.compile(r"\b(?:caused by|because of|because|due to)\s+(.{8,200})", re.I)
_TITLE_CAUSE_ZH = re.compile(
    r"(?:由于|因为?)(.{4,80}?)(?:导致|引起|造成|而)|(.{4,80}?)(?:导致|引起|造成)(?!的?原因)"
)
_MANY = re.compile(
    r"\b(?:causes|reasons|possible|common|following|one of)\b|可能|常见|以下|如下|主要有|几种|几个|多种", re.I
)
_HOW_TO = re.compile(
    r"^(?:how to|guide|best practi|installing|install |deploy|configuring|creating|using|setting up|getting started)"
    r"|^introduction|\b(?:guide|tutorial|overview|best practices|playbook|runbook)\b"
    r"|如何|指南|最佳实践|安装|部署|教程|介绍|概述|使用说明|手册",
    re.I,
)


def is_how_to(heading: str) -> bool:
    """Whether a title announces how something is done, and not what is wrong."""
    return bool(_HOW_TO.search(heading))


def symptoms(parts: Sequence[Part]) -> list[str]:
    """What an operator sees, one sentence each, from the parts that tell it; what only introduces it is left out."""
    found: list[str] = []
    introducing: list[str] = []
    for part in parts:
        if part.role != "symptoms":
            continue
        for piece, hint in zip(part.pieces, part.hints, strict=True):
            if piece.kind == "item" and piece.depth == 1:
                # "look at the log" is how to see it, not what is seen
                _take(introducing if hint.leads else found, _symptom_of(piece))
            elif piece.kind == "paragraph" and not piece.depth:
                text = _symptom_of(piece)
                _take(found if hint.troubled else introducing, text)
    return (found or introducing)[:MOST_SYMPTOMS]


def lead_symptoms(parts: Sequence[Part]) -> list[str]:
    """What the paragraphs before the first section tell of trouble, where no section is about symptoms."""
    found: list[str] = []
    for part in parts:
        if part.trail:
            break
        for piece, hint in zip(part.pieces, part.hints, strict=True):
            if piece.kind in ("paragraph", "item") and hint.troubled and not hint.leads:
                _take(found, _symptom_of(piece))
    return found[:MOST_SYMPTOMS]


def _symptom_of(piece: Piece) -> str:
    """The sentence of a paragraph that tells of trouble, else its first one."""
    if piece.text.startswith(":::") or piece.text.startswith("[!"):
        return ""
    said = sentences(plain(piece.text))
    telling = next((one for one in said if tells_trouble(one)), said[0] if said else "")
    return title(telling, LONGEST_SYMPTOM)


def _take(found: list[str], text: str) -> None:
    if len(text) >= 4 and text not in found:
        found.append(text)


def signatures(parts: Sequence[Part]) -> list[str]:
    """Literal fragments of logs, events and errors that the symptoms show."""
    found: list[str] = []
    for part in parts:
        if part.role != "symptoms":
            continue
        for piece in part.pieces:
            if piece.kind == "code":
                block = CodeBlock(piece.info, piece.text, piece.line)
                outputs = [shown.output for shown in commands(block)]
                for line in "\n".join(outputs).split("\n") if outputs else piece.text.split("\n"):
                    if _LOG.search(line[:400]):
                        _take(found, _signature(line))
            elif piece.kind in ("paragraph", "item"):
                for code in [
                    *inline_code(piece.text),
                    *re.findall(r"[\"“]([^\"“”\n]{12,200})[\"”]", piece.text[:4000]),
                ]:
                    if " " in code and len(code) >= 12 and _LOG.search(code):
                        _take(found, _signature(code))
    return found[:MOST_SIGNATURES]


def _signature(line: str) -> str:
    return " ".join(plain_line(line).split())[:200]


def plain_line(line: str) -> str:
    """A log line without its ends."""
    return line.strip().strip("`")


# --- causes -----------------------------------------------------------------------------------------------------------


def causes(parts: Sequence[Part]) -> list[DraftCause]:
    """The causes of a text: one per sub-heading, per item of a list of causes, or one from its prose."""
    found: list[DraftCause] = []
    for at, part in enumerate(parts):
        if part.role != "cause":
            continue
        place = Place(part.heading, part.trail, part.scope, part.line)
        if not part.own:
            found.append(_of_heading(part, place))
        elif not any(not other.own and other.role == "cause" for other in _below(parts, at)):
            found += _of_list(part, place) or _of_table(part, place) or _of_prose(part, place)
    return found[:MOST_CAUSES]


def _below(parts: Sequence[Part], at: int) -> Iterable[Part]:
    for other in parts[at + 1 :]:
        if other.level <= parts[at].level:
            return
        yield other


def _of_heading(part: Part, place: Place) -> DraftCause:
    return DraftCause(title(_unnumbered(part.heading)), _text(part.pieces), place, label=part.heading)


def _of_list(part: Part, place: Place) -> list[DraftCause]:
    """A list of causes: at least two items, nothing much around them, or words that say there are several."""
    items = [p for p in part.pieces if p.kind == "item" and p.depth == 1]
    if len(items) < 2:
        return []
    first = part.pieces.index(items[0])
    before = " ".join(plain(p.text) for p in part.pieces[:first] if p.kind == "paragraph")
    announced = bool(_MANY.search(before[-160:]) or _MANY.search(part.heading)) and before.endswith(
        (":", "：", "")
    )
    if before and not announced and not (len(before) < 120 and items[0].ordered):
        return []
    found: list[DraftCause] = []
    for number, item in enumerate(items):
        start = part.pieces.index(item)
        end = part.pieces.index(items[number + 1]) if number + 1 < len(items) else len(part.pieces)
        head, rest = first_and_rest(plain(item.text))
        more = _text([p for p in part.pieces[start + 1 : end] if p.depth or p.kind == "code"])
        found.append(
            DraftCause(title(head, 320), f"{rest}\n{more}".strip(), place, label=f"{number + 1}. {head}")
        )
    return found


def _of_table(part: Part, place: Place) -> list[DraftCause]:
    rows = [p.text.split("\t") for p in part.pieces if p.kind == "row"]
    if len(rows) < 3 or not (column := cause_column(rows[0])):
        return []
    texts = [plain(row[column - 1]) for row in rows[1:] if len(row) >= column]
    return [DraftCause(title(text, 320), "", place, label=text) for text in dict.fromkeys(texts) if text]


def cause_column(head: Sequence[str]) -> int:
    """Which column of a table (from 1) names causes; 0 for none."""
    for number, cell in enumerate(head, 1):
        if re.search(r"\bcauses?\b|\breasons?\b|原因|根因", plain(cell), re.I):
            return number
    return 0


def _of_prose(part: Part, place: Place) -> list[DraftCause]:
    paragraphs = [
        plain(p.text) for p in part.pieces if p.kind in ("paragraph", "item") and not p.text.startswith(":::")
    ]
    if not any(paragraphs):
        return []
    head, _ = first_and_rest(next(text for text in paragraphs if text))
    whole = _text(part.pieces)
    return [DraftCause(title(head, 320), whole.removeprefix(head).strip()[:LONGEST_TEXT], place)]


def _text(pieces: Iterable[Piece]) -> str:
    lines = [
        f"- {plain(p.text)}" if p.kind == "item" else p.text.replace("\t", " | ") if p.kind == "row"
        else p.text[:600] if p.kind == "code" else plain(p.text)
        for p in pieces
        if p.kind != "html" and not p.text.startswith(":::")
    ]  # fmt: skip
    return "\n".join(line for line in lines if line)[:LONGEST_TEXT]


def _unnumbered(heading: str) -> str:
    bare = re.sub(
        r"^\W{0,2}(?:(?:cause|reason|case|原因|根因|情况|场景)\s*[0-9一二三四五六七八九十]{0,3}|[0-9一二三四五六七八九十]{1,3})\s*[.、:：)）-]+\s*",
        "", heading, flags=re.I,
    )  # fmt: skip
    return bare or heading


def cause_in_prose(parts: Sequence[Part], heading: str) -> DraftCause | None:
    """The cause that a text without a section of causes gives in passing: in its title, or in a sentence."""
    place = Place("", (), 0, 0)
    match = _TITLE_CAUSE_EN.search(heading)
    if match:
        return DraftCause(title(match.group(1)[:1].upper() + match.group(1)[1:]), "", place)
    match = _TITLE_CAUSE_ZH.search(heading)
    if match:
        return DraftCause(title(match.group(1) or match.group(2)), "", place)
    for part in sorted(parts, key=lambda p: p.role not in ("symptoms", "other")):
        if part.role not in ("symptoms", "other", "diagnosis", "resolution", "workaround"):
            continue
        for piece, hint in zip(part.pieces, part.hints, strict=True):
            if not hint.causal or piece.kind != "paragraph" or piece.text.startswith(":::"):
                continue
            said = sentences(plain(piece.text))
            one = next(filter(gives_cause, said), said[0])
            return DraftCause(title(one, 320), "", Place(part.heading, part.trail, 0, piece.line))
    return None
