"""Whether klinik may write: read-only until armed with a reason, for one cluster, and only for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checks.clock import Clock, RealClock
from checks.cluster import ClusterInfo
from kb.messages import message
from kb.text import Text

IDLE = 900.0
"""Seconds without a write or a touch after which arming is over."""
MIN_REASON = 3


class NotArmed(Exception):
    """A write was asked for while klinik is read-only; nothing was sent."""

    def __init__(self, text: Text):
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Mode:
    """What the header shows: the mode, why it was armed, and for how long."""

    name: Literal["read-only", "armed", "forbidden"]
    reason: str = ""
    left: float = 0.0
    """Seconds until it expires."""


class Access:
    """The arming of one process; read-only at the start."""

    def __init__(self, *, forbidden: bool = False, idle: float = IDLE, clock: Clock | None = None) -> None:
        self._forbidden = forbidden
        self._idle = idle
        self._clock = (clock or RealClock()).monotonic
        self._cluster: tuple[str, str] | None = None
        self._reason = ""
        self._until = 0.0

    def arm(self, info: ClusterInfo, reason: str) -> Mode:
        """Allows writes to this one cluster; raises NotArmed without a reason or under ``--read-only``."""
        if self._forbidden:
            raise NotArmed(message("session.access-forbidden"))
        plain = " ".join(reason.split())
        if len(plain) < MIN_REASON:
            raise NotArmed(message("session.access-reason"))
        self._cluster, self._reason = (info.context, info.server), plain
        self._until = self._clock() + self._idle
        return self.mode(info)

    def disarm(self) -> None:
        """Back to read-only."""
        self._cluster, self._reason, self._until = None, "", 0.0

    def mode(self, info: ClusterInfo) -> Mode:
        """The mode for this cluster now; an armed one expires by itself."""
        if self._forbidden:
            return Mode("forbidden")
        left = self._until - self._clock()
        if self._cluster != (info.context, info.server) or left <= 0:
            return Mode("read-only")
        return Mode("armed", self._reason, left)

    def touch(self, info: ClusterInfo) -> None:
        """The operator is at work: the idle time starts again, if it is not over yet."""
        if self.mode(info).name == "armed":
            self._until = self._clock() + self._idle

    def require(self, info: ClusterInfo) -> str:
        """The reason given when arming; raises NotArmed where writes are not allowed."""
        mode = self.mode(info)
        if mode.name == "forbidden":
            raise NotArmed(message("session.access-forbidden"))
        if mode.name != "armed":
            raise NotArmed(message("session.access-read-only", context=info.context))
        self.touch(info)
        return mode.reason
