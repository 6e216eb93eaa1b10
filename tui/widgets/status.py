"""The line at the top of every screen: which cluster, how dangerous it is to touch, what is known of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from textual.content import Content
from textual.widgets import Static

from kb.safe import one_line
from tui.i18n import translate
from tui.theme import Signs


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

    def armed(self, left: float) -> ClusterState:
        """The same with writes possible for `left` seconds more, or not where it is 0."""
        return replace(self, writable=left > 0, armed_left=left)


def mark(state: ClusterState, lang: str) -> Content:
    """The word that says what kind of cluster it is."""
    if state.recorded:
        when = datetime.fromtimestamp(state.recorded).astimezone().strftime("%m-%d %H:%M")
        return Content.styled(
            f" {translate(lang, 'status.bundle', when=when)} ", "bold $background on $accent"
        )
    if state.practice:
        return Content.styled(f" {translate(lang, 'status.practice')} ", "bold $background on $accent")
    if state.production:
        return Content.styled(f" {translate(lang, 'status.production')} ", "bold $background on $error")
    return Content("")


def access(state: ClusterState, lang: str) -> Content:
    """READ-ONLY, or ARMED with the time left."""
    if state.writable:
        minutes = max(1, round(state.armed_left / 60))
        return Content.styled(
            f" {translate(lang, 'status.armed', minutes=minutes)} ", "bold $background on $warning"
        )
    return Content.styled(translate(lang, "status.read_only"), "$text-success")


def status_line(state: ClusterState, lang: str, signs: Signs, width: int) -> Content:
    """The line fitted to `width`: what matters most stays."""
    bar = Content.styled(f" {signs.bar} ", "$quiet")
    name = Content.styled(" klinik", "bold $primary")
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
    mode = access(state, lang)
    # Nodes that are all there say nothing; one that is missing says more than a version.
    shorter = (who, counted, mode) if lacking else (who, versioned, mode)
    for parts in (
        (name, who, versioned, counted, mode),
        (who, versioned, counted, mode),
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
    """

    def __init__(self) -> None:
        super().__init__("", markup=False)
        self.state = ClusterState()
        self.lang = "en"
        self.signs = Signs()

    def show(self, state: ClusterState, lang: str, signs: Signs) -> None:
        """Shows `state` now and after every resize."""
        self.state, self.lang, self.signs = state, lang, signs
        self._draw()

    def on_resize(self) -> None:
        """The parts that fit depend on the width."""
        self._draw()

    def _draw(self) -> None:
        self.update(status_line(self.state, self.lang, self.signs, self.size.width or 80))
