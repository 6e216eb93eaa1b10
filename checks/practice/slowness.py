"""As slow as a real API server, on request: this one answers lists from memory and runs commands in its own process.

The figures were measured on a stock API server (v1.36) with 1,000 nodes: paging 23,000 pods took 8.5 s and 21,000
IP objects 3.6 s; one command took 35 ms, and no more than 55 of them were answered in a second.
"""

from __future__ import annotations

import asyncio
import time

POD, OTHER = 8.5 / 23_000, 3.6 / 21_000
"""Seconds for each object of a page."""
CALL, COMMAND = 0.004, 0.035
COMMANDS_A_SECOND = 55


class Slowness:
    """Delays answers; `factor` 1 is a real server, 0 none at all. For one event loop."""

    def __init__(self, factor: float = 0.0) -> None:
        self._factor = factor
        self._next = 0.0
        """When the next command may be answered."""

    async def listed(self, plural: str, objects: int) -> None:
        """A page of a list with so many objects."""
        if self._factor:
            await asyncio.sleep(self._factor * (CALL + objects * (POD if plural == "pods" else OTHER)))

    async def called(self) -> None:
        """Any other call."""
        if self._factor:
            await asyncio.sleep(self._factor * CALL)

    async def ran(self) -> None:
        """A command or a log."""
        if not self._factor:
            return
        now = time.monotonic()
        self._next = max(self._next, now) + self._factor / COMMANDS_A_SECOND
        await asyncio.sleep(max(self._next - now, self._factor * COMMAND))
