"""How klinik looks: its themes, and the signs of verdicts and causes in Unicode and in ASCII."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from textual.theme import Theme

DARK = Theme(
    name="klinik-dark",
    primary="#5fb3c8",
    secondary="#8fa8d8",
    accent="#e0b466",
    success="#7cc47f",
    warning="#e5b95c",
    error="#f07b72",
    foreground="#d8dee4",
    background="#12161b",
    surface="#181d24",
    panel="#222a33",
    dark=True,
    variables={
        "quiet": "#8593a0",
        "production": "#4f1d1d",
        "border": "#3b4754",
        "border-blurred": "#333d48",
        "block-cursor-background": "#2b4654",
        "block-cursor-foreground": "#f2f6f8",
        "block-cursor-blurred-background": "#232d37",
        "block-cursor-blurred-foreground": "#d8dee4",
        "block-cursor-text-style": "none",
        "input-selection-background": "#5fb3c8 35%",
    },
)
LIGHT = Theme(
    name="klinik-light",
    primary="#0f6c86",
    secondary="#3d5a99",
    accent="#8a5a00",
    success="#1f7a34",
    warning="#8a5a00",
    error="#b3261e",
    foreground="#1c2329",
    background="#f7f8f9",
    surface="#eef1f3",
    panel="#dfe5e9",
    dark=False,
    variables={
        "quiet": "#5b6872",
        "production": "#f3c9c4",
        "border": "#a9b5be",
        "border-blurred": "#c3ccd3",
        "block-cursor-background": "#c4e0e9",
        "block-cursor-foreground": "#0d1418",
        "block-cursor-blurred-background": "#dde7ec",
        "block-cursor-blurred-foreground": "#1c2329",
        "block-cursor-text-style": "none",
        "input-selection-background": "#0f6c86 25%",
    },
)
PLAIN = "ansi-dark"
"""Textual's theme of the terminal's own colours, used where NO_COLOR asks for none."""

VARIABLES: Mapping[str, str] = {"quiet": "ansi_default", "production": "ansi_default"}
"""Our own colour names for themes that do not have them."""

VERDICT_STYLE: Mapping[str, str] = {
    "ok": "$text-success",
    "warn": "bold $text-warning",
    "fail": "bold $text-error",
    "unknown": "bold $text-secondary",
    "skipped": "$quiet",
}
CAUSE_STYLE: Mapping[str, str] = {
    "supported": "bold $text-error",
    "refuted": "$quiet",
    "open": "$text-warning",
    "unknown": "bold $text-secondary",
}
RISK_STYLE: Mapping[str, str] = {
    "read": "$text-success",
    "low": "$text-success",
    "disruptive": "bold $text-warning",
    "destructive": "bold $text-error",
}


@dataclass(frozen=True, slots=True)
class Signs:
    """The characters that stand for verdicts, causes and structure."""

    verdicts: Mapping[str, str] = field(
        default_factory=lambda: {"ok": "✓", "warn": "!", "fail": "✗", "unknown": "?", "skipped": "-"}
    )
    causes: Mapping[str, str] = field(
        default_factory=lambda: {"supported": "●", "refuted": "○", "open": "◌", "unknown": "?"}
    )
    bar: str = "│"
    rule: str = "─"
    branch: str = "└"
    here: str = "▸"
    dot: str = "·"
    ticked: str = "[x]"
    unticked: str = "[ ]"
    arrow: str = "→"
    up: str = "↑"
    down: str = "↓"
    ellipsis: str = "…"


UNICODE = Signs()
ASCII = Signs(
    verdicts={"ok": "+", "warn": "!", "fail": "x", "unknown": "?", "skipped": "-"},
    causes={"supported": "*", "refuted": "o", "open": ".", "unknown": "?"},
    bar="|",
    rule="-",
    branch="`",
    here=">",
    dot="-",
    arrow="->",
    up="Up",
    down="Down",
    ellipsis="...",
)


def wants_no_color(environ: Mapping[str, str] | None = None) -> bool:
    """Whether the user asks for no colour (https://no-color.org): the variable is there and not empty."""
    return bool((os.environ if environ is None else environ).get("NO_COLOR"))


def signs_for(environ: Mapping[str, str] | None = None) -> Signs:
    """ASCII signs where NO_COLOR or a terminal without more characters asks for them, else Unicode."""
    env = os.environ if environ is None else environ
    term = env.get("TERM", "")
    plain_terminal = term in ("dumb", "linux", "vt100", "vt102", "vt220", "ansi")
    return ASCII if wants_no_color(env) or plain_terminal else UNICODE
