"""Connections that are open, so that closing a cluster also ends the calls that still wait on them."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any


class Closed(ConnectionAbortedError):
    """A connection was wanted of a cluster that is closed already."""


class NeverConnected(ConnectionError):
    """A connection did not come about: no request can have gone out on it. Its cause says why."""


def never_connected(error: BaseException) -> BaseException | None:
    """Why there was no connection, where that is what this error comes from."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, NeverConnected):
        seen = seen.__cause__ or seen.__context__
    return seen.__cause__ if seen is not None else None


class InFlight:
    """Connections of one set of credentials: anything whose ``sock`` is its socket, or None while it has none."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Any] = set()
        self._closed = False

    def enter(self, connection: Any) -> None:
        """Counts a connection as open; raises Closed after `close`."""
        with self._lock:
            if self._closed:
                raise Closed("the cluster was closed")
            self._open.add(connection)

    def connected(self, connection: Any) -> None:
        """To be called once it has its socket: `close` may have come too early to see it."""
        if self._closed:
            _end(connection)

    def leave(self, connection: Any) -> None:
        """The connection has been closed by its owner."""
        with self._lock:
            self._open.discard(connection)

    def close(self) -> None:
        """Ends what is open: its owner's blocked read returns, and closes it on the owner's own thread."""
        with self._lock:
            self._closed = True
            waiting = list(self._open)
        for connection in waiting:
            _end(connection)


def _end(connection: Any) -> None:
    sock = connection.sock
    if sock is not None:
        with contextlib.suppress(OSError):
            # Below TLS: the TLS state belongs to the thread that is reading.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def watched(pool_class: Any, inflight: InFlight) -> Any:
    """A connection pool class of urllib3 whose connections are counted."""

    class Connection(pool_class.ConnectionCls):  # type: ignore[misc]
        def connect(self) -> None:
            inflight.enter(self)
            try:
                super().connect()
            except (
                OSError
            ) as error:  # TLS, a handshake that takes too long, a proxy that does not let through
                raise NeverConnected(str(error)) from error
            inflight.connected(self)

        def close(self) -> None:
            super().close()
            inflight.leave(self)

    return type("Watched", (pool_class,), {"ConnectionCls": Connection})
