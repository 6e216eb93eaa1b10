"""Whether klinik may write: read-only until armed with a reason, for one cluster, and only for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from checks.clock import Clock, RealClock
from checks.cluster import ClusterInfo
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

IDLE = 900.0
"""Seconds without a write or a touch after which arming is over."""
MIN_REASON = 3
MAX_REASON = 200
"""Characters; it stands in the journal, in Events and in the header."""
Key = tuple[str, str]


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


@dataclass(frozen=True, slots=True)
class _Instant:
    """The same moment on both clocks: one stands still while a laptop sleeps, the other may be set."""

    wall: float
    steady: float


class Access:
    """The arming of one process; read-only at the start, and at most one cluster is armed at a time."""

    def __init__(self, *, forbidden: bool = False, idle: float = IDLE, clock: Clock | None = None) -> None:
        self._forbidden = forbidden
        self._idle = idle
        self._clock = clock or RealClock()
        self._cluster: Key | None = None
        self._since = _Instant(0.0, 0.0)
        self._reasons: dict[Key, str] = {}

    def arm(self, info: ClusterInfo, reason: str = "") -> Mode:
        """Allows writes to this one cluster; without a reason the one given for it before counts again.

        Raises NotArmed where there is no reason, under ``--read-only``, and for a recorded cluster.
        """
        if self._never(info):
            raise NotArmed(message("session.access-forbidden"))
        plain = one_line(" ".join(reason.split())) if reason else self.reason(info)
        wrong = wrong_reason(plain)
        if wrong is not None:
            raise NotArmed(wrong)
        self._cluster = _key(info)
        self._reasons[self._cluster] = plain
        self._since = self._instant()
        return self.mode(info)

    def reason(self, info: ClusterInfo) -> str:
        """Why this cluster was armed last in this process, also when that is over; empty: it never was."""
        return self._reasons.get(_key(info), "")

    def disarm(self) -> None:
        """Back to read-only."""
        self._cluster = None

    def mode(self, info: ClusterInfo) -> Mode:
        """The mode for this cluster now; an armed one expires by itself, for good."""
        if self._never(info):
            return Mode("forbidden")
        if self._cluster is None or self._cluster != _key(info):
            return Mode("read-only")
        left = self._left()
        if left <= 0:
            self._cluster = None  # a wall clock that is set back later must not arm it again
            return Mode("read-only")
        return Mode("armed", self.reason(info), left)

    def touch(self, info: ClusterInfo) -> None:
        """The operator is at work: the idle time starts again, if it is not over yet."""
        if self.mode(info).name == "armed":
            self._since = self._instant()

    def require(self, info: ClusterInfo) -> str:
        """The reason given when arming; raises NotArmed where writes are not allowed."""
        mode = self.mode(info)
        if mode.name == "forbidden":
            raise NotArmed(message("session.access-forbidden"))
        if mode.name != "armed":
            raise NotArmed(message("session.access-read-only", context=info.context))
        self.touch(info)
        return mode.reason

    def _never(self, info: ClusterInfo) -> bool:
        return self._forbidden or info.recorded > 0

    def _instant(self) -> _Instant:
        return _Instant(self._clock.now(), self._clock.monotonic())

    def _left(self) -> float:
        """By whichever clock went further: a machine that slept was idle, though its steady clock stood still."""
        now = self._instant()
        gone = max(now.steady - self._since.steady, now.wall - self._since.wall)
        return self._idle - gone


def wrong_reason(reason: str) -> Text | None:
    """What is wrong with a reason for writes; None: nothing."""
    length = len(" ".join(reason.split()))
    if length < MIN_REASON:
        return message("session.access-reason")
    if length > MAX_REASON:
        return message("access.reason-long", most=MAX_REASON)
    return None


def _key(info: ClusterInfo) -> Key:
    return info.context, info.server
