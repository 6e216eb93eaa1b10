"""The line at the top of every screen: which cluster, how dangerous it is to touch, what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil

from textual.content import Content
from textual.widgets import Static

from kb.messages import message
from kb.safe import one_line
from tui.i18n import translate
from tui.theme import Signs

REASON = 25
"""Cells of the reason that the line shows."""


@dataclass(frozen=True, slots=True)
class ClusterState:
    """What is known of the cluster at this moment."""

    phase: str = "connecting"
    """connecting, connected or absent."""
    context: str = ""
    practice: str = ""
    production: bool = False
    recorded: float = 0.0
    """Unix time of a bundle's facts; 0 for a cluster that answers now."""
    kubernetes: str = ""
    kube_ovn: str = ""
    nodes_ready: int = -1
    nodes: int = -1
    why: str = ""
    """With absent: what went wrong, in one line."""
    writable: bool = False
    """Armed: the operator gave a reason and writes are possible."""
    locked: bool = False
    """Started with --read-only: cannot be armed."""
    armed_left: float = 0.0
    reason: str = ""
    """With armed: why."""

    def armed(self, left: float, reason: str = "") -> ClusterState:
        """The same with writes possible for `left` seconds more, as exactly as it is shown, or not where it is 0."""
        step = 60 if left > 60 else 5
        return replace(
            self,
            writable=left > 0,
            armed_left=max(0, ceil(left / step) * step),
            reason=reason if left > 0 else "",
        )


def mark(state: ClusterState, lang: str) -> Content:
    """The word that says what kind of cluster it is; that one counts as production is never left out."""
    words = []
    if state.recorded:
        when = datetime.fromtimestamp(state.recorded).astimezone().strftime("%m-%d %H:%M")
        words.append(_chip(translate(lang, "status.bundle", when=when), "$accent"))
    elif state.practice:
        words.append(_chip(translate(lang, "status.practice"), "$accent"))
    if state.production:
        words.append(_chip(translate(lang, "status.production"), "$error"))
    return Content(" ").join(words)


def _chip(word: str, colour: str) -> Content:
    return Content.styled(f" {word} ", f"bold $background on {colour}")


def access(state: ClusterState, lang: str, *, why: bool = False) -> Content:
    """READ-ONLY, or ARMED with the time left, and with `why` the reason given."""
    if not state.writable:
        locked = state.locked and not state.recorded
        word = message("access.read-only-locked").get(lang) if locked else translate(lang, "status.read_only")
        return Content.styled(word, "$text-success")
    unit, n = ("minutes", state.armed_left / 60) if state.armed_left >= 60 else ("seconds", state.armed_left)
    words = [Content(message("access.armed").get(lang))]
    if why and state.reason:
        words.append(Content(one_line(state.reason)).truncate(REASON, ellipsis=True))
    words.append(Content(message(f"access.{unit}", n=round(n)).get(lang)))
    said = Content(" ").join([Content(""), *words, Content("")])
    return said.stylize("bold $background on $warning")


def status_line(state: ClusterState, lang: str, signs: Signs, width: int) -> Content:
    """The line fitted to `width`: what matters most stays."""
    bar = Content.styled(f" {signs.bar} ", "$quiet")
    name = Content.styled(" klinik", "bold $primary")
    if state.production and state.phase != "connected":
        name = Content("").join([name, Content(" "), mark(state, lang)])
    if state.phase == "connecting":
        where = one_line(state.context, 40)
        said = (
            translate(lang, "status.connecting", context=where)
            if where
            else translate(lang, "status.looking")
        )
        return Content("").join([name, bar, Content.styled(said, "$quiet")]).truncate(width, ellipsis=True)
    if state.phase == "absent":
        head = Content("").join(
            [name, bar, Content.styled(translate(lang, "status.absent"), "bold $text-error")]
        )
        rest = Content(f": {one_line(state.why, 200)}") if state.why else Content("")
        return (head + rest).truncate(width, ellipsis=True)
    context = Content.styled(one_line(state.practice or state.context, 40), "bold")
    who = Content("").join([context, Content(" "), mark(state, lang)]) if mark(state, lang) else context
    versions = " · ".join(
        part
        for part in (
            f"k8s {state.kubernetes.removeprefix('v')}" if state.kubernetes else "",
            f"kube-ovn {state.kube_ovn.removeprefix('v')}" if state.kube_ovn else "",
        )
        if part
    ).replace("·", signs.dot)
    nodes = ""
    if state.nodes >= 0:
        nodes = translate(lang, "status.nodes", ready=state.nodes_ready, total=state.nodes)
    lacking = 0 <= state.nodes_ready < state.nodes
    counted = Content.styled(nodes, "bold $text-warning" if lacking else "")
    versioned = Content(versions)
    mode, whole = access(state, lang), access(state, lang, why=True)
    # Nodes that are all there say nothing; one that is missing says more than a version.
    shorter = (who, counted, mode) if lacking else (who, versioned, mode)
    # While writes are possible, why they are says more than either.
    armed = ((who, counted, whole), (who, whole)) if state.writable else ()
    for parts in (
        (name, who, versioned, counted, whole),
        (who, versioned, counted, whole),
        *armed,
        shorter,
        (who, mode),
    ):
        line = bar.join([part for part in parts if part])
        if parts[0] is who:
            line = Content(" ") + line
        if line.cell_length <= width:
            return line
    return line.truncate(width, ellipsis=True)


class StatusLine(Static):
    """The top line; the screen tells it what to show."""

    DEFAULT_CSS = """
    StatusLine { dock: top; height: 1; width: 100%; background: $panel; }
    StatusLine.-production { background: $production; }
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.state = ClusterState()
        self.lang = "en"
        self.signs = Signs()

    def show(self, state: ClusterState, lang: str, signs: Signs) -> None:
        """Shows `state` now and after every resize."""
        self.state, self.lang, self.signs = state, lang, signs
        self.set_class(state.production, "-production")
        self._draw()

    def on_resize(self) -> None:
        """The parts that fit depend on the width."""
        self._draw()

    def _draw(self) -> None:
        self.update(status_line(self.state, self.lang, self.signs, self.size.width or 80))
