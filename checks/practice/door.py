"""The listening socket of the practice server, which knows every connection it let in.

asyncio's own servers lose track of connections in the middle of a TLS handshake or shutdown; here all are closed at
the end, so that a stopped server leaves nothing open.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Coroutine
from typing import Any

_HANDSHAKE = 10.0
_SHUTDOWN = 0.2
"""Seconds a client gets to say goodbye."""
_LET_GO = 2.0
"""Seconds in which transports have to let go of sockets that are shut down; they do so in a few turns of the loop."""


class Door:
    """Accepts TLS connections for a protocol factory until it is closed."""

    def __init__(self, factory: Callable[[], asyncio.BaseProtocol], context: ssl.SSLContext) -> None:
        self._factory = factory
        self._context = context
        self._listener: socket.socket | None = None
        self._open: set[socket.socket] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def open(self, host: str, port: int) -> int:
        """Listens and begins to accept; returns the port. OSError where it is taken."""
        self._listener = socket.create_server((host, port), backlog=256)
        self._listener.setblocking(False)
        # Not `sock_accept` in a task: cancelled at the wrong moment it loses the connection it has just accepted.
        asyncio.get_running_loop().add_reader(self._listener, self._accept, self._listener)
        return int(self._listener.getsockname()[1])

    async def close(self) -> None:
        """Ends accepting, handshakes and connections."""
        if self._listener:
            asyncio.get_running_loop().remove_reader(self._listener)
        try:
            for task in tuple(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await self._drain()
        finally:
            for left in (*self._open, *((self._listener,) if self._listener else ())):
                left.close()
            self._open.clear()

    async def _drain(self) -> None:
        """Lets every transport see its end and close its own socket: one closed under it would be left open."""
        for connection in self._open:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        end = asyncio.get_running_loop().time() + _LET_GO
        while any(connection.fileno() >= 0 for connection in self._open):
            if asyncio.get_running_loop().time() > end:
                return
            await asyncio.sleep(0.001)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except OSError:  # it has gone again, or there are too many: whoever still wants in comes back
            return
        connection.setblocking(False)
        self._open = {known for known in self._open if known.fileno() >= 0}
        self._open.add(connection)
        self._spawn(self._let_in(connection))

    async def _let_in(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        # A client that does not finish its handshake is its own problem: ours ends with its socket.
        with contextlib.suppress(OSError, ssl.SSLError):
            await loop.connect_accepted_socket(
                self._factory,
                connection,
                ssl=self._context,
                ssl_handshake_timeout=_HANDSHAKE,
                ssl_shutdown_timeout=_SHUTDOWN,
            )
            return
        connection.close()
