"""What the words of a piece say to do, and the same judgement for both languages of an article.

Translations keep the structure of a text. Where two texts have the same pieces in the same order, what is recognised
in one language counts for the other, so that their steps are the same ones.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace

from kb.derive.hintvalue import NOTHING, Hint
from kb.derive.outline import Part, Role
from kb.derive.programs import is_bare, is_known, starts_command
from kb.derive.prose import gives_cause, introduces_output, is_instruction, plain, sentences, tells_trouble
from kb.importing.codelines import is_command
from kb.markdown import Piece

MOST_COMMANDS = 10
_DOING: frozenset[Role] = frozenset(("diagnosis", "resolution", "workaround", "verify"))
_INLINE = re.compile(r"`([^`\n]{3,500})`")
_COLON = re.compile(r"[:：]\s+|：")
_PROMPT = re.compile(r"^(?:[$#]\s|\[[^\]]{1,60}\][#$]\s?)\s*")
_SENTENCE = re.compile(r"[。！？；;\n]|[.!?](?=\s)")
_STATED = re.compile(
    r"[^。，,.]{0,40}?(?:\b(?:fails?|failed|failing|returns?|returned|hangs?|will|would|does|did|shows?|reports?|prints?|exits?|cannot|is"
    r"|was|are)\b|会(?![话议计])|返回|失败|报错|无法|不能|显示|报告|卡住|超时|提示|将(?!其|此|该))",
    re.I,
)
"""Behind a command: what it does or did, and not that it is to be run."""
_SAYS_RUN = re.compile(
    r"(?:\b(?:run|running|execute|use|using|with|via|by|issue|enter|type|command)|执行|运行|使用|通过|命令|输入|用)\W{0,6}$",
    re.I,
)
_WARNING = re.compile(
    r"^(?::{3}\s*(?:warning|caution|danger|important)|\[!(?:WARNING|CAUTION|IMPORTANT|DANGER)\]"
    r"|(?:⚠️?|\W{0,3})(?:warning|caution|danger|important|注意|警告|重要|危险|风险|谨慎)\W{0,3}[:：])",
    re.I,
)


def judged(outlines: Sequence[Sequence[Part]]) -> list[tuple[Part, ...]]:
    """The outlines of an article's texts with a hint for every piece; of two languages alike, the same ones."""
    found = [tuple(replace(part, hints=_hints(part)) for part in parts) for parts in outlines]
    if len(found) == 2 and [part.level for part in found[0]] == [part.level for part in found[1]]:
        pairs = [_agreed(a, b) for a, b in zip(*found, strict=True)]
        return [tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs)]
    return found


def _hints(part: Part) -> tuple[Hint, ...]:
    return tuple(_hint(piece) if piece.kind in ("paragraph", "item") else NOTHING for piece in part.pieces)


def _hint(piece: Piece) -> Hint:
    text = plain(piece.text)
    said = sentences(text)
    told, named = told_commands(piece.text)
    at = next((n for n, one in enumerate(said[:40]) if is_instruction(one)), -1)
    return Hint(
        leads=at == 0,
        at=at,
        answers=introduces_output(text),
        waits=text.endswith((":", "：")),
        warns=bool(_WARNING.match(piece.text)),
        causal=any(map(gives_cause, said[:40])),
        troubled=tells_trouble(text),
        commands=told or bare_command(piece.text),
        named=named,
    )


def _agreed(a: Part, b: Part) -> tuple[Part, Part]:
    giver = a if _weight(a.role) >= _weight(b.role) else b
    telling, aside, about = a.telling or b.telling, a.aside and b.aside, a.about and b.about
    a = replace(a, role=giver.role, own=giver.own, telling=telling, aside=aside, about=about)
    b = replace(b, role=giver.role, own=giver.own, telling=telling, aside=aside, about=about)
    if [p.kind for p in a.pieces] == [p.kind for p in b.pieces]:
        hints = tuple(_both(x, y) for x, y in zip(a.hints, b.hints, strict=True))
        a, b = replace(a, hints=hints), replace(b, hints=hints)
    return a, b


def _weight(role: Role) -> int:
    """A heading that is recognised in one language counts; what would only be left out must be said by both."""
    return 3 if role in _DOING else 0 if role in ("environment", "related") else 1 if role == "other" else 2


def _both(a: Hint, b: Hint) -> Hint:
    return Hint(
        a.leads or b.leads,
        a.at if a.at >= 0 else b.at,
        a.answers or b.answers,
        a.waits or b.waits,
        a.warns or b.warns,
        a.causal or b.causal,
        a.troubled or b.troubled,
        tuple(
            code
            for code in max(a.commands, b.commands, key=len)
            if code not in a.named and code not in b.named
        ),
    )


def told_commands(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Commands in code marks that a sentence tells to run, and those that it only speaks of."""
    found: list[str] = []
    named: list[str] = []
    ends = [match.end() for match in _SENTENCE.finditer(text)]
    for match in _INLINE.finditer(text):
        code = match.group(1).strip().removeprefix("$ ")
        words = code.split()
        if len(words) < 2 or not starts_command(code) or not is_known(words[0]):
            continue
        if words[-1] in ("...", "…") or is_bare(words) or not _looks_run(text, match.start()):
            continue
        at = bisect_right(ends, match.start())
        first = ends[at - 1] if at else 0
        last = next((end for end in ends[at:] if end > match.end()), len(text))
        behind = plain(text[match.end() : min(last, match.end() + 80)])
        stated = _STATED.match(behind) and not is_instruction(
            plain(text[max(first, match.start() - 300) : match.start()])
        )
        (named if stated else found).append(code)
    return tuple(found[:MOST_COMMANDS]), tuple(named)


def bare_command(text: str) -> tuple[str, ...]:
    """The command that a piece is, without marks, or that stands behind its colon."""
    line = text.strip()
    if "\n" in line or "`" in line or len(line) > 600:
        return ()
    for code in (line, *(line[match.end() :] for match in _COLON.finditer(line))):
        code = _PROMPT.sub("", code.strip())
        if is_command(code) and len(words := code.split()) > 1 and not is_bare(words):
            return (code,)
    return ()


def _looks_run(text: str, at: int) -> bool:
    before = text[max(0, at - 60) : at].replace("`", " ").replace("*", " ")
    return bool(_SAYS_RUN.search(before)) or not before.strip(" -*0123456789.、:：")
