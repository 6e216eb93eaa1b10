"""The steps of one part of an article: its commands, instructions and manifests in the order they stand there."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from kb import headings
from kb.derive.draft import DraftStep, Phase, Place
from kb.derive.fences import CONSOLES, SHELLS, UNTAGGED, Shown, commands, tag_of
from kb.derive.hintvalue import NOTHING, Hint
from kb.derive.outline import Part
from kb.derive.prose import LONGEST_TEXT, heading_of, paragraph, plain, sentences, title
from kb.markdown import Piece
from kb.model import CodeBlock

SOURCES = frozenset(
    ("c", "cpp", "c++", "go", "golang", "python", "py", "java", "rust", "javascript", "js", "lua", "perl")
)
"""Languages of programs: their text explains, unless the article says to write it down."""
MOST_STEPS = 200
"""Steps of one text; what has more is no procedure."""
_LONGEST_BLOCK = 8_000
_SHOWN_OUTPUT = 800
_FENCE_NOTE = re.compile(r"^:{3}\s*(\w+)?|:{3}\s*$|^\[!\w+\]")
_BOLD = re.compile(r"(\*\*|__)[^*_\n]{2,120}\1\s*[:：]?\s*$")
_OBJECT = re.compile(r"^apiVersion:\s*\S", re.M)
_ANSWERED = re.compile(
    r"^(?:status:\s*$|\s{2,4}(?:uid|resourceVersion|creationTimestamp|managedFields):)", re.M
)
_STDIN = re.compile(r"\b(?:apply|create|replace|delete|patch)\b[^|;&]*\s(?:-f|--filename)[ =]-(?:\s|$)")


@dataclass(slots=True)
class _Waiting:
    """Sentences that wait for the command they introduce, and what is said of them."""

    said: list[str] = field(default_factory=list)
    at: int = -1
    """Which of them tells somebody to do something, by both languages; -1 for none."""
    counted: bool = False
    """It is an item of a numbered list: to be done, whatever it says."""
    answers: bool = False
    commands: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.said)

    def take(self, text: str, hint: Hint) -> None:
        """Takes the words of one more piece."""
        if self.at < 0 <= hint.at:
            self.at = len(self.said) + hint.at
        self.said += sentences(text) or [text]
        self.answers = hint.answers
        self.commands += hint.commands

    @property
    def instructs(self) -> bool:
        """Whether it tells somebody to do something."""
        return self.at >= 0 or self.counted

    @property
    def head(self) -> tuple[str, str]:
        """The sentence that says what to do, and the others."""
        return heading_of(self.said, self.at)

    @property
    def text(self) -> str:
        """All of it as one paragraph."""
        return paragraph(self.said)


@dataclass(slots=True)
class _Maker:
    part: Part
    phase: Phase
    place: Place
    steps: list[DraftStep] = field(default_factory=list)
    waiting: _Waiting = field(default_factory=_Waiting)
    impact: str = ""
    manifest: str = ""
    listed: bool = False
    counting: bool = True
    """What is numbered is to be done, whatever it says."""
    admonition: str = ""
    headed: bool = False
    """What waits begins with a line in bold, which heads what follows as a heading would."""
    noting: bool = False
    """A list follows that belongs to a warning."""

    def add(self, step: DraftStep) -> None:
        if len(self.steps) < MOST_STEPS:
            self.steps.append(replace(step, impact=_join(step.impact, self.impact)))
            self.impact = ""

    def manual(self, text: str, instruction: str, *, told: bool, block: bool = False) -> None:
        words = instruction[: LONGEST_TEXT + _LONGEST_BLOCK]
        self.add(
            DraftStep(self.phase, title(text), "", self.place, instruction=words, told=told, block=block)
        )

    def remark(self, text: str) -> None:
        """Words that belong to the step before them."""
        if self.steps and text:
            last = self.steps[-1]
            self.steps[-1] = replace(last, explain=_join(last.explain, text)[:LONGEST_TEXT])
        elif text:
            self.waiting.take(text, NOTHING)

    # --- what waits -----------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """The introduction has no command behind it: an instruction is a step, everything else a remark."""
        waiting, self.waiting = self.waiting, _Waiting()
        if not waiting:
            return
        if waiting.commands:
            self.commands_in(waiting)
        elif waiting.instructs:
            self.manual(waiting.head[0], waiting.text, told=True)
        elif self.steps:
            self.remark(waiting.text)
        else:
            self.waiting = waiting  # it introduces what comes later

    def commands_in(self, waiting: _Waiting) -> None:
        """The commands that stand in the middle of a sentence."""
        head, rest = waiting.head
        for number, shell in enumerate(waiting.commands):
            name = title(head) if number == 0 else ""
            self.command(Shown(shell, self.place.line), name, rest if number == 0 else "", inline=waiting.at)

    def command(self, shown: Shown, name: str, explain: str, *, inline: int | None = None) -> None:
        step = DraftStep(
            self.phase,
            name,
            _join(explain, _answer(shown.output))[:LONGEST_TEXT],
            replace(self.place, line=shown.line),
            shell=shown.shell,
            inline=inline is not None,
            told=inline is not None and inline >= 0,
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
        self.noting = self.headed = False
        waiting, self.waiting = self.waiting, _Waiting()
        if found and waiting.answers and tag_of(block) in UNTAGGED and not _prompted(found):
            found = ()
        if not found:
            self.block(piece, tag_of(block), waiting)
            return
        head, rest = waiting.head
        if self.part.role == "symptoms" and not waiting.instructs:
            head, rest = "", waiting.text  # what is seen is no name for what is done
        for number, shown in enumerate(found):
            first = number == 0 and bool(head)
            own = bool(shown.comment) and (not first or not waiting.instructs)
            name = title(shown.comment) if own else title(head) if first else ""
            more = _join(head if first and own else "", rest if number == 0 else "")
            more = more if own else _join(more, shown.comment)
            self.command(shown, name, more)

    def block(self, piece: Piece, tag: str, waiting: _Waiting) -> None:
        """A block without commands: something to write down somewhere, or what a command answers."""
        answer = (tag in UNTAGGED | CONSOLES | SHELLS or waiting.answers) and not _is_manifest(piece.text)
        doing = self.phase in ("fix", "workaround") and tag not in ("mermaid", "diff")
        doing = doing and (tag not in SOURCES or waiting.instructs)
        if doing and (not answer or waiting.instructs) and piece.text.strip():
            self.manifest = piece.text[:_LONGEST_BLOCK]
            words = f"{waiting.text}\n{self.manifest}".strip()
            last = self.steps[-1] if self.steps else None
            if last and not last.shell and not last.block and not waiting.instructs:
                # it shows what the instruction before it means
                self.steps[-1] = replace(last, instruction=_join(last.instruction, words), block=True)
                return
            head = waiting.head[0] or self.part.heading or tag
            self.manual(head, words, told=waiting.instructs, block=True)
        elif self.steps:
            self.remark(_join(waiting.text, _answer(piece.text)))
        else:
            self.waiting = waiting

    def item(self, piece: Piece, hint: Hint) -> None:
        text = plain(piece.text)
        if self.noting:
            self.impact = _join(self.impact, f"- {text}")[:LONGEST_TEXT]
            return
        if piece.depth > 1 and not hint.commands and not hint.waits:
            self.remark_on_waiting(text)
            return
        self.flush()
        if (
            hint.commands
            or (piece.ordered and self.counting)
            or hint.leads
            or (self.listed and not self.steps)
        ):
            self.waiting = _Waiting()
            self.waiting.take(text, hint)
            self.waiting.counted = piece.ordered and self.counting
        else:
            self.remark(text)

    def remark_on_waiting(self, text: str) -> None:
        if self.waiting:
            self.waiting.said.append(text)
        else:
            self.remark(text)

    def paragraph(self, piece: Piece, hint: Hint) -> None:
        raw = piece.text
        if self.admonition or hint.warns or raw.startswith(":::"):
            self.note(raw, hint)
            return
        self.noting = False
        text = plain(raw)
        if not text or set(text) <= set("-=*_ "):
            return
        if not piece.depth and not (self.headed and self.waiting):
            self.flush()
        self.headed = bool(_BOLD.match(raw)) and not piece.depth
        self.waiting.take(text, replace(hint, answers=False) if self.headed else hint)

    def note(self, raw: str, hint: Hint) -> None:
        """An admonition: a warning is about what the steps behind it do to others."""
        first = raw.lstrip(":[! ").casefold()
        kind = self.admonition or ("warning" if hint.warns else "note")
        text = " ".join(plain(_FENCE_NOTE.sub("", line)) for line in raw.split("\n")).strip()
        opened = (raw.startswith(":::") and first != "") or bool(self.admonition)
        self.admonition = kind if opened and not raw.rstrip().endswith(":::") else ""
        if raw.startswith(":::") and raw.rstrip().endswith(":::") and raw.count(":::") == 1:
            self.admonition = kind if first else ""
        self.noting = hint.waits and kind == "warning"
        if kind == "warning":
            self.impact = _join(self.impact, text)[:LONGEST_TEXT]
        elif text:
            self.remark_on_waiting(text)


def steps_of(part: Part, phase: Phase, *, prose: bool = True, counting: bool = True) -> list[DraftStep]:
    """The steps of one part in order.

    `prose`: its words are a step even where they do not sound like one; `counting`: so are items of numbered lists.
    """
    maker = _Maker(part, phase, Place(part.heading, part.trail, part.scope, part.line), counting=counting)
    maker.listed = not any(p.kind == "code" or (p.kind == "item" and p.ordered) for p in part.pieces)
    for piece, hint in zip(part.pieces, part.hints, strict=True):
        if piece.kind == "code":
            maker.code(piece)
        elif piece.kind == "item":
            maker.item(piece, hint)
        elif piece.kind == "paragraph":
            maker.paragraph(piece, hint)
    if prose and maker.waiting and not maker.steps and phase in ("fix", "workaround"):
        _prose(maker)
    else:
        maker.flush()
    if maker.waiting and maker.steps:
        maker.remark(maker.waiting.text)
    if maker.impact and maker.steps:
        maker.steps[-1] = replace(maker.steps[-1], impact=_join(maker.steps[-1].impact, maker.impact))
    return _headed(maker.steps, part)


def _prose(maker: _Maker) -> None:
    """A part of nothing but prose: its first instruction, or its first sentence, is what is to be done."""
    if maker.waiting.commands:
        maker.flush()
        return
    head, _ = maker.waiting.head
    said, maker.waiting = maker.waiting.text, _Waiting()
    maker.manual(head, said, told=False)


def _headed(steps: list[DraftStep], part: Part) -> list[DraftStep]:
    """A step without words of its own takes those of its heading, where the heading is about it alone."""
    telling = part.telling and headings.kind(part.heading) == "other"
    if not steps or (part.own and not telling):
        return steps
    first = steps[0]
    if not first.title or (len(first.title) > 90 and len(steps) == 1):
        said = first.title if first.shell and first.title != part.heading else ""
        steps[0] = replace(first, title=title(part.heading), explain=_join(said, first.explain))
    return steps


def _is_manifest(text: str) -> bool:
    """Whether a block is an object to apply, and not one that a cluster answered with."""
    return bool(_OBJECT.search(text)) and not _ANSWERED.search(text)


def _prompted(found: tuple[Shown, ...]) -> bool:
    return any(shown.output for shown in found)


def _answer(text: str) -> str:
    lines = [line.rstrip() for line in text.strip("\n").split("\n") if line.strip()]
    shown = "\n".join(lines[:12])[:_SHOWN_OUTPUT]
    return shown + ("\n…" if len(lines) > 12 else "")


def _join(one: str, other: str) -> str:
    return f"{one}\n{other}" if one and other else one or other
