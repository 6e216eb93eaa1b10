"""The live view of a running step: its targets, writes, their output, what is waited for, the verification. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from textual.content import Content

from checks.writing.canary import target_of
from checks.writing.stepevents import (
    CanaryLooked,
    Moved,
    Output,
    Saved,
    StepEnded,
    StepEvent,
    StepStarted,
    Verified,
    VerifyTick,
    Waiting,
    WriteDone,
    WriteStarted,
)
from kb.messages import message
from kb.safe import one_line, printable
from tui.i18n import translate
from tui.screens import beforeafter
from tui.theme import Signs
from tui.widgets.pairs import Chips, Printed
from tui.widgets.say import dim, foreign, verdict

if TYPE_CHECKING:
    from checks.plans.plan import Plan

KEPT = 400
"""Lines of output that stay."""
LINES = 24
"""Lines of output that are shown."""
AROUND = 12
"""Targets that are named at once: those around the one that is worked on."""
NAME = 32
"""Characters of a target's name."""
ROWS = 6
"""Targets of the last look that are shown with what the check says of them."""
MARK = {
    "waits": ("home", "$quiet"), "works": ("running", "bold $accent"), "sent": ("here", "$accent"),
    "good": ("ok", "$text-success"), "bad": ("fail", "bold $text-error"), "unseen": ("unknown", "$text-warning"),
}  # fmt: skip


@dataclass
class RunLog:
    """What happened so far in one run of one step."""

    step_id: str
    lines: list[tuple[str, str]] = field(default_factory=list)
    """(style, text), the oldest first."""
    writes: int = 0
    total: int = 0
    done: int = 0
    items: int = 0
    targets: dict[str, str] = field(default_factory=dict)
    """Name to ``waits``, ``works``, ``sent``, ``good``, ``bad`` or ``unseen``, in the order they are worked on."""
    of_write: tuple[str, ...] = ()
    """The target of each write."""
    saved: bool = False
    """The last thing that happened was that something was saved."""
    waiting: Waiting | None = None
    looked: CanaryLooked | None = None
    tick: VerifyTick | None = None
    moved: Moved | None = None
    proven: bool | None = None
    ended: str = ""

    @classmethod
    def of(cls, step_id: str, plan: Plan | None) -> RunLog:
        """The log of a run that begins; without a plan nothing is known of its targets."""
        names = tuple(target_of(write) for write in plan.commands) if plan is not None else ()
        return cls(step_id, targets=dict.fromkeys((n for n in names if n), "waits"), of_write=names)

    def add(self, event: StepEvent, lang: str) -> None:
        """Takes one event."""
        self.saved = self.saved and isinstance(event, Saved)
        match event:
            case StepStarted():
                self.total, self.items = event.total, event.items
            case Saved():
                self._saved(event.what.get(lang))
            case WriteStarted():
                self.waiting = self.looked = None
                self._target(event.index, "works")
                self._line("bold", f"$ {one_line(' '.join(event.kubectl) or event.what.get(lang), 300)}")
            case Output():
                for line in printable(event.text).splitlines():
                    self._line("", line[:500])
            case WriteDone():
                self.writes, self.done = event.index + 1, event.done
                self._target(event.index, "sent")
            case CanaryLooked():
                self.waiting, self.looked = None, event
                state = "unseen" if event.good is None else "good" if event.good else "bad"
                self.targets.update({name: state for name in event.targets if name in self.targets})
            case Waiting():
                self.waiting = event
            case VerifyTick():
                self.waiting, self.tick = None, event
            case Moved():
                self.moved = event
            case Verified():
                self.proven = event.ok
                if event.ok:
                    self.targets = dict.fromkeys(self.targets, "good")
            case StepEnded():
                self.waiting, self.ended = None, event.state

    def _target(self, index: int, state: str) -> None:
        name = self.of_write[index] if index < len(self.of_write) else ""
        if name in self.targets:
            later = state == "sent" and name in self.of_write[index + 1 :]
            self.targets[name] = "works" if later else state

    def _saved(self, said: str) -> None:
        """Many things are saved before many writes: the last one is named, it says how many."""
        if self.saved:
            self.lines.pop()
        self.saved = True
        self._line("$quiet", said)

    def _line(self, style: str, text: str) -> None:
        self.lines.append((style, text))
        del self.lines[:-KEPT]

    def lines_of(
        self, lang: str, signs: Signs, held: bool = False, room: int = LINES
    ) -> list[beforeafter.Line]:
        """The live view, with so much of the output; `held`: the operator, or the step itself, holds it."""
        parts: list[beforeafter.Line] = [self._title(lang, held and not self.ended)]
        if self.total:
            shown = translate(
                lang,
                "run.progress",
                writes=self.writes,
                total=self.total,
                done=f"{self.done:,}",
                items=f"{self.items:,}",
            )
            share = self.writes / self.total
            parts.append(Content.assemble(_bar(share, signs), " ", shown))
        if self.looked is not None:
            parts += self._looked(self.looked, lang, signs)
        if len(self.targets) > 1:
            parts.append(self._targets(lang, signs))
        if self.waiting is not None and not self.ended and not held:
            parts += self._waiting(self.waiting, lang, signs)
        if self.tick is not None:
            parts += self._verification(self.tick, lang, signs)
        if self.moved is not None and not self.ended:  # the record tells it then
            parts += beforeafter.told(self.moved.marks, lang, signs)
        return [*parts, *(_said(style, text) for style, text in self.lines[-room:])]

    def _title(self, lang: str, held: bool) -> Content:
        if self.ended:
            return Content.styled(message("execution.last-run").get(lang), "bold $primary")
        if not held:
            return Content.styled(translate(lang, "run.title"), "bold $primary")
        busy = "works" in self.targets.values() and not self._paused()
        key = "execution.holding" if busy else "execution.held"
        left = sum(state in ("waits", "works") for state in self.targets.values())
        if not busy and self.total and (not left or len(self.targets) == 1):
            # one target with several writes: rows of a database
            key, left = "execution.held-writes", self.total - self.writes
        return Content.styled(message(key, n=left).get(lang), "bold $text-warning")

    def _paused(self) -> bool:
        return self.waiting is not None and self.waiting.what == message("session.paused")

    def _targets(self, lang: str, signs: Signs) -> Chips:
        """Each with its state; of many those around the one that is worked on."""
        names = list(self.targets)
        busy = [n for n, name in enumerate(names) if self.targets[name] != "waits"]
        first = max(0, min((busy[-1] if busy else 0) - AROUND // 2, len(names) - AROUND))
        parts = [dim(f"+{first} ")] if first else []
        for name in names[first : first + AROUND]:
            sign, style = MARK[self.targets[name]]
            drawn = signs.verdicts.get(sign) or {"running": signs.here, "here": signs.arrow}.get(
                sign, signs.dot
            )
            parts.append(Content.styled(f"{drawn} {one_line(name, NAME)}", style))
        left = len(names) - first - AROUND
        parts += [dim(f"+{left}")] if left > 0 else []
        return Chips(tuple(parts))

    def _looked(self, seen: CanaryLooked, lang: str, signs: Signs) -> list[beforeafter.Line]:
        """What the first target, or the last batch, came to."""
        names = ", ".join(one_line(name, 60) for name in seen.targets[:3])
        names += f" +{len(seen.targets) - 3}" if len(seen.targets) > 3 else ""
        key = "unseen" if seen.good is None else "good" if seen.good else "bad"
        style = {"good": "bold $text-success", "bad": "bold $text-error"}.get(key, "bold $text-warning")
        found: list[beforeafter.Line] = [
            Content.styled(message(f"execution.looked-{key}", names=names).get(lang), style)
        ]
        for row in seen.rows[:ROWS]:
            sign = verdict(str(row.verdict), lang, signs)
            found.append(
                Content.assemble(
                    "  ", sign, "  ", foreign(row.target, "bold"), "  ", foreign(row.text.get(lang))
                )
            )
        if not seen.rows and seen.summary:
            found.append(Content.assemble("  ", foreign(seen.summary.get(lang))))
        return [*found, *beforeafter.told(seen.marks, lang, signs)]

    def _waiting(self, waiting: Waiting, lang: str, signs: Signs) -> list[beforeafter.Line]:
        clock = f" {waiting.elapsed:.0f} / {waiting.within:.0f} s" if waiting.within else ""
        what = one_line(waiting.what.get(lang))
        found: list[beforeafter.Line] = [Content.styled(f"{signs.ellipsis} {what}{clock}", "$accent")]
        if waiting.within:
            found.append(dim("  " + message("execution.deadline").get(lang)))
        return found

    def _verification(self, tick: VerifyTick, lang: str, signs: Signs) -> list[beforeafter.Line]:
        head = Content.assemble(
            (translate(lang, "run.proof") + "  ", "bold"), verdict(tick.verdict, lang, signs), "  ",
            foreign(tick.summary.get(lang)),
        )  # fmt: skip
        clock = translate(lang, "run.clock", elapsed=f"{tick.elapsed:.0f}", within=f"{tick.within:.0f}")
        lines: list[beforeafter.Line] = [head]
        if tick.lacking is not None:
            lines.append(Content.styled(f"  ! {one_line(tick.lacking.get(lang))}", "bold $text-warning"))
        if tick.good and tick.stable_for:
            share = min(1.0, tick.stable / tick.stable_for)
            stable = translate(lang, "run.stable", stable=f"{tick.stable:.0f}", need=f"{tick.stable_for:.0f}")
            lines.append(
                Content.assemble("  ", _bar(share, signs, 10), f" {stable} ", dim(f"{signs.dot} {clock}"))
            )
        elif self.proven is None:
            lines.append(dim(f"  {clock} {signs.dot} {message('execution.deadline').get(lang)}"))
        if self.proven is not None:
            key = "run.proven" if self.proven else "run.not_proven"
            style = "bold $text-success" if self.proven else "bold $text-error"
            lines.append(Content.styled(translate(lang, key), style))
        return lines


def _said(style: str, text: str) -> beforeafter.Line:
    """One line of the log; what a program printed keeps its columns."""
    return foreign(text, style, limit=600) if style else Printed(Content(printable(text).expandtabs(8)))


def _bar(share: float, signs: Signs, width: int = 20) -> Content:
    full = round(max(0.0, min(1.0, share)) * width)
    on, off = ("█", "░") if signs.bar == "│" else ("#", ".")
    return Content.assemble((on * full, "$success"), (off * (width - full), "$quiet"))
