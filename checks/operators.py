"""Who sits here: the user of this machine, and the name that others at work on the same cluster see."""

from __future__ import annotations

import getpass
import socket


def user() -> str:
    """The user's name on this machine; ``unknown`` where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


def host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def holder(operator: str, session: str) -> str:
    """An operator's name for Leases, one per session: ``chen@laptop/20260101-093000-…``."""
    return f"{operator}@{host()}/{session}"
