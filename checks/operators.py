"""Who sits here: the user of this machine, and the name that others at work on the same cluster see."""

from __future__ import annotations

import getpass
import socket

from kb.safe import one_line


def user() -> str:
    """The user's name on this machine; ``unknown`` where it has none."""
    try:
        # a name in an encoding of its own must not keep anything from being written down
        return one_line(getpass.getuser().encode("utf-8", "replace").decode(), 100) or "unknown"
    except (KeyError, OSError):
        return "unknown"


def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def holder(operator: str, session: str) -> str:
    """An operator's name for Leases, one per session: ``chen@laptop/20260101-093000-…``."""
    return f"{operator}@{host()}/{session}"
