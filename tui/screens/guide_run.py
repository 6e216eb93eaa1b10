"""The live view of a running step: its writes, their output, what is waited for, the verification. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from textual.content import Content

from checks.stepevents import (
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
from kb.safe import one_line, printable
from tui.i18n import translate
from tui.theme import Signs
from tui.widgets.say import dim, foreign, verdict

KEPT = 400
"""Lines of output that stay."""


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
    waiting: Waiting | None = None
    tick: VerifyTick | None = None
    proven: bool | None = None
    ended: str = ""

    def add(self, event: StepEvent, lang: str) -> None:
        """Takes one event."""
        match event:
            case StepStarted():
                self.total, self.items = event.total, event.items
            case Saved():
                self._line("$quiet", event.what.get(lang))
            case WriteStarted():
                self.waiting = None
                self._line("bold", f"$ {one_line(' '.join(event.kubectl) or event.what.get(lang), 300)}")
            case Output():
                for line in printable(event.text).splitlines():
                    self._line("", line[:500])
            case WriteDone():
                self.writes, self.done = event.index + 1, event.done
            case Waiting():
                self.waiting = event
            case VerifyTick():
                self.waiting, self.tick = None, event
            case Verified():
                self.proven = event.ok
            case StepEnded():
                self.waiting, self.ended = None, event.state

    def _line(self, style: str, text: str) -> None:
        self.lines.append((style, text))
        del self.lines[:-KEPT]

    def lines_of(self, lang: str, signs: Signs) -> list[Content]:
        """The live view."""
        parts = [Content.styled(translate(lang, "run.title"), "bold $primary")]
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
        parts += [foreign(text, style, limit=600) for style, text in self.lines[-24:]]
        if self.waiting is not None and not self.ended:
            what = one_line(self.waiting.what.get(lang))
            clock = (
                f" {self.waiting.elapsed:.0f} / {self.waiting.within:.0f} s" if self.waiting.within else ""
            )
            parts.append(Content.styled(f"{signs.ellipsis} {what}{clock}", "$accent"))
        if self.tick is not None:
            parts += self._verification(self.tick, lang, signs)
        return parts

    def _verification(self, tick: VerifyTick, lang: str, signs: Signs) -> list[Content]:
        head = Content.assemble(
            (translate(lang, "run.proof") + "  ", "bold"), verdict(tick.verdict, lang, signs), "  ",
            foreign(tick.summary.get(lang)),
        )  # fmt: skip
        clock = translate(lang, "run.clock", elapsed=f"{tick.elapsed:.0f}", within=f"{tick.within:.0f}")
        if tick.good and tick.stable_for:
            clock += " · " + translate(
                lang, "run.stable", stable=f"{tick.stable:.0f}", need=f"{tick.stable_for:.0f}"
            )
        lines = [head, dim(f"  {clock}")]
        if self.proven is not None:
            key = "run.proven" if self.proven else "run.not_proven"
            lines.append(
                Content.styled(
                    translate(lang, key), "bold $text-success" if self.proven else "bold $text-error"
                )
            )
        return lines


def _bar(share: float, signs: Signs, width: int = 20) -> Content:
    full = round(max(0.0, min(1.0, share)) * width)
    on, off = ("█", "░") if signs.bar == "│" else ("#", ".")
    return Content.assemble((on * full, "$success"), (off * (width - full), "$quiet"))
