"""The steps of one part of an article: its commands, instructions and manifests in the order they stand there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from kb import headings
from kb.derive.asides import tells_to_do
from kb.derive.draft import DraftStep, Phase, Place
from kb.derive.fences import CONSOLES, SHELLS, UNTAGGED, Shown, commands, tag_of
from kb.derive.outline import Part
from kb.derive.programs import is_known, starts_command
from kb.derive.prose import (
    LONGEST_TEXT,
    heading_of,
    introduces_output,
    is_instruction,
    plain,
    sentences,
    title,
)
from kb.markdown import Piece
from kb.model import CodeBlock

MOST_STEPS = 200
"""Steps of one text; what has more is no procedure."""
_LONGEST_BLOCK = 8_000
_SHOWN_OUTPUT = 800
_WARNING = re.compile(
    r"^(?::{3}\s*(?:warning|caution|danger|important)|\[!(?:WARNING|CAUTION|IMPORTANT|DANGER)\]"
    r"|(?:⚠️?|\W{0,3})(?:warning|caution|danger|important|注意|警告|重要|危险|风险|谨慎)\W{0,3}[:：])",
    re.I,
)
_FENCE_NOTE = re.compile(r"^:{3}\s*(\w+)?|:{3}\s*$|^\[!\w+\]")
_STDIN = re.compile(r"\b(?:apply|create|replace|delete|patch)\b[^|;&]*\s(?:-f|--filename)[ =]-(?:\s|$)")
_FILE = re.compile(r"\b(?:apply|create|replace)\b[^|;&]*\s(?:-f|--filename)[ =](?!-(?:\s|$))\S+")
_SAYS_RUN = re.compile(
    r"(?:\b(?:run|running|execute|use|using|with|via|by|issue|enter|type|command)|执行|运行|使用|通过|命令|输入|用)\W{0,6}$",
    re.I,
)


@dataclass(slots=True)
class _Maker:
    part: Part
    phase: Phase
    place: Place
    steps: list[DraftStep] = field(default_factory=list)
    intro: list[str] = field(default_factory=list)
    """Sentences that wait for the command they introduce."""
    raw_intro: str = ""
    impact: str = ""
    manifest: str = ""
    listed: bool = False
    admonition: str = ""

    def add(self, step: DraftStep) -> None:
        if len(self.steps) < MOST_STEPS:
            self.steps.append(replace(step, impact=_join(step.impact, self.impact)))
            self.impact = ""

    def manual(self, text: str, explain: str = "", instruction: str = "", *, block: bool = False) -> None:
        self.add(
            DraftStep(
                self.phase,
                title(text),
                explain[:LONGEST_TEXT],
                self.place,
                instruction=instruction or text[:LONGEST_TEXT],
                block=block,
            )
        )

    def remark(self, text: str) -> None:
        """Words that belong to the step before them."""
        if self.steps and text:
            last = self.steps[-1]
            self.steps[-1] = replace(last, explain=_join(last.explain, text)[:LONGEST_TEXT])
        elif text:
            self.intro += sentences(text)

    # --- what waits -----------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """The introduction has no command behind it: an instruction is a step, everything else a remark."""
        waiting, raw = self.intro, self.raw_intro
        self.intro, self.raw_intro = [], ""
        if not waiting:
            return
        found = _inline_commands(raw)
        if found:
            self.commands_in(raw, found)
        elif any(is_instruction(one) for one in waiting):
            head, rest = heading_of(waiting)
            self.manual(head, rest, " ".join(waiting))
        elif self.steps:
            self.remark(" ".join(waiting))
        else:
            self.intro = waiting  # it introduces what comes later

    def commands_in(self, raw: str, found: list[str]) -> None:
        """The commands that stand in the middle of a sentence."""
        head, rest = heading_of(sentences(plain(raw)))
        for number, shell in enumerate(found):
            name = title(head) if number == 0 else ""
            self.command(Shown(shell, self.place.line), name, rest if number == 0 else "")

    def command(self, shown: Shown, name: str, explain: str) -> None:
        step = DraftStep(
            self.phase,
            name,
            _join(explain, _answer(shown.output))[:LONGEST_TEXT],
            replace(self.place, line=shown.line),
            shell=shown.shell,
        )
        if _STDIN.search(shown.shell) and "<<" not in shown.shell and "|" not in shown.shell:
            step, self.manifest = replace(step, stdin=self.manifest), ""
            if step.stdin and self.steps and self.steps[-1].instruction.endswith(step.stdin):
                self.steps.pop()  # the manifest is part of this step now
        self.add(step)

    # --- pieces ---------------------------------------------------------------------------------------------------

    def code(self, piece: Piece) -> None:
        block = CodeBlock(piece.info, piece.text, piece.line)
        found = commands(block)
        waiting, self.intro, self.raw_intro = self.intro, [], ""
        if (
            found
            and introduces_output(" ".join(waiting))
            and tag_of(block) in UNTAGGED
            and not _prompted(found)
        ):
            found = ()
        if found:
            head, rest = heading_of(waiting)
            for number, shown in enumerate(found):
                first = number == 0 and bool(head)
                name = title(shown.comment) if shown.comment and not first else title(head) if first else ""
                more = _join(rest if number == 0 else "", shown.comment if first else "")
                self.command(shown, name, more)
            return
        self.block(piece, tag_of(block), waiting)

    def block(self, piece: Piece, tag: str, waiting: list[str]) -> None:
        """A block without commands: something to write down somewhere, or what a command answers."""
        said = " ".join(waiting)
        answer = tag in UNTAGGED | CONSOLES | SHELLS or introduces_output(said)
        doing = self.phase in ("fix", "workaround") and tag not in ("mermaid", "diff")
        if doing and (not answer or any(is_instruction(one) for one in waiting)) and piece.text.strip():
            head, rest = heading_of(waiting)
            head = head or (self.part.heading if self.part.heading else tag)
            self.manifest = piece.text[:_LONGEST_BLOCK]
            self.manual(head, rest, f"{said}\n{self.manifest}".strip(), block=True)
        elif self.steps:
            self.remark(_join(said, _answer(piece.text)))
        else:
            self.intro = waiting

    def item(self, piece: Piece) -> None:
        text = plain(piece.text)
        if piece.depth > 1 and not _inline_commands(piece.text) and not text.endswith((":", "：")):
            self.remark_on_waiting(text)
            return
        self.flush()
        head = sentences(text)
        if (
            _inline_commands(piece.text)
            or piece.ordered
            or is_instruction(head[0] if head else "")
            or (self.listed and not self.steps)
        ):
            self.start(text, piece.text)
        else:
            self.remark(text)

    def remark_on_waiting(self, text: str) -> None:
        if self.intro:
            self.intro.append(text)
        else:
            self.remark(text)

    def start(self, text: str, raw: str) -> None:
        """An item begins: a block may follow that belongs to it."""
        self.intro, self.raw_intro = sentences(text) or [text], raw

    def paragraph(self, piece: Piece) -> None:
        raw = piece.text
        if self.admonition or _WARNING.match(raw) or raw.startswith(":::"):
            self.note(raw)
            return
        text = plain(raw)
        if not text or set(text) <= set("-=*_ "):
            return
        if piece.depth:
            self.intro += sentences(text)
            self.raw_intro = f"{self.raw_intro} {raw}".strip()
            return
        self.flush()
        self.intro += sentences(text)
        self.raw_intro = raw

    def note(self, raw: str) -> None:
        """An admonition: a warning is about what the steps behind it do to others."""
        first = raw.lstrip(":[! ").casefold()
        kind = self.admonition or ("warning" if _WARNING.match(raw) else "note")
        text = " ".join(plain(_FENCE_NOTE.sub("", line)) for line in raw.split("\n")).strip()
        opened = (raw.startswith(":::") and first != "") or bool(self.admonition)
        self.admonition = kind if opened and not raw.rstrip().endswith(":::") else ""
        if raw.startswith(":::") and raw.rstrip().endswith(":::") and raw.count(":::") == 1:
            self.admonition = kind if first else ""
        if kind == "warning":
            self.impact = _join(self.impact, text)[:LONGEST_TEXT]
        elif text:
            self.remark_on_waiting(text)


def steps_of(part: Part, phase: Phase, *, prose: bool = True) -> list[DraftStep]:
    """The steps of one part in order; `prose`: its words are a step even where they do not sound like one."""
    maker = _Maker(part, phase, Place(part.heading, part.trail, part.scope, part.line))
    plain_list = not any(p.kind == "code" or (p.kind == "item" and p.ordered) for p in part.pieces)
    maker.listed = plain_list
    for piece in part.pieces:
        if piece.kind == "code":
            maker.code(piece)
        elif piece.kind == "item":
            maker.item(piece)
        elif piece.kind == "paragraph":
            maker.paragraph(piece)
    if prose and maker.intro and not maker.steps and phase in ("fix", "workaround"):
        _prose(maker)
    else:
        maker.flush()
    if maker.intro and maker.steps:
        maker.remark(" ".join(maker.intro))
    if maker.impact and maker.steps:
        maker.steps[-1] = replace(maker.steps[-1], impact=_join(maker.steps[-1].impact, maker.impact))
    return _headed(maker.steps, part, plain_list)


def _prose(maker: _Maker) -> None:
    """A part of nothing but prose: its first instruction, or its first sentence, is what is to be done."""
    found = _inline_commands(maker.raw_intro)
    if found:
        maker.flush()
        return
    head, rest = heading_of(maker.intro)
    said = " ".join(maker.intro)
    maker.intro = []
    maker.manual(head, rest, said)


def _headed(steps: list[DraftStep], part: Part, plain_list: bool) -> list[DraftStep]:
    """A step without words of its own takes those of its heading, where the heading is about it alone."""
    telling = tells_to_do(part.heading) and headings.kind(part.heading) == "other"
    if not steps or (part.own and not telling):
        return steps
    first = steps[0]
    if not first.title or (len(first.title) > 90 and len(steps) == 1):
        explain = _join(first.title if first.title != part.heading else "", first.explain)
        steps[0] = replace(first, title=title(part.heading), explain=explain)
    return steps


def _inline_commands(text: str) -> list[str]:
    """Commands in code marks that the sentence tells to run."""
    found: list[str] = []
    for match in re.finditer(r"`([^`\n]{3,500})`", text):
        code = match.group(1).strip().removeprefix("$ ")
        words = code.split()
        if len(words) < 2 or not starts_command(code) or not is_known(words[0]):
            continue
        if words[-1] in ("...", "…") or not _looks_run(text, match.start()):
            continue
        found.append(code)
    return found[:10]


def _looks_run(text: str, at: int) -> bool:
    before = text[max(0, at - 60) : at].replace("`", " ").replace("*", " ")
    return bool(_SAYS_RUN.search(before)) or not before.strip(" -*0123456789.、:：")


def _prompted(found: tuple[Shown, ...]) -> bool:
    return any(shown.output for shown in found)


def _answer(text: str) -> str:
    lines = [line.rstrip() for line in text.strip("\n").split("\n") if line.strip()]
    shown = "\n".join(lines[:12])[:_SHOWN_OUTPUT]
    return shown + ("\n…" if len(lines) > 12 else "")


def _join(one: str, other: str) -> str:
    return f"{one}\n{other}" if one and other else one or other
