"""Options that many commands share, with kubectl's names and kubectl's meaning."""

from __future__ import annotations

import locale
import os
import re
from collections.abc import Callable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Where:
    """Which cluster a command shall read: kubectl's flags, or a practice scenario or a bundle in its place."""

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    as_user: str | None = None
    as_groups: tuple[str, ...] = ()
    request_timeout: float | None = None
    practice: str | None = None
    nodes: int | None = None
    pods: int | None = None
    bundle: Path | None = None
    config: Path | None = None
    """The file of settings; None: that of the configuration folder, where there is one."""

    def over(self, base: Where) -> Where:
        """These flags where given, else those of `base`: flags behind the command win over those before it."""
        return Where(**{f.name: getattr(self, f.name) or getattr(base, f.name) for f in fields(Where)})


@dataclass(frozen=True, slots=True)
class Root:
    """What was said before the command."""

    where: Where = Where()
    roots: tuple[Path, ...] = ()
    lang: str | None = None
    read_only: bool = False
    or_practice: bool = False
    """Whether the app opens a practice cluster where no cluster can be reached."""


def system_language() -> str:
    """ "zh" where the terminal's locale is Chinese, else "en"; ``KLINIK_LANG`` overrides it."""
    for name in ("KLINIK_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name)
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "zh" if (locale.getlocale()[0] or "").lower().startswith(("zh", "chinese")) else "en"


def duration(text: str | None) -> float | None:
    """kubectl's durations in seconds: ``5s``, ``1m30s``, ``500ms``, a bare number of seconds; 0 means no own limit."""
    if text is None:
        return None
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text) or None
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|h|m|s)", text)
    if not parts or "".join(n + u for n, u in parts) != text:
        raise ValueError(text)
    return sum(float(n) * {"ms": 0.001, "s": 1, "m": 60, "h": 3600}[u] for n, u in parts) or None
