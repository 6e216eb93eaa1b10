"""A stopped practice server leaves nothing open, whatever its clients were in the middle of."""

from __future__ import annotations

import gc
import socket
import ssl
import warnings
from contextlib import ExitStack

import pytest

from checks.practice.server import HOST, PracticeServer
from tests.checks.practice.scripted import ScriptedWorld

WATCH = "GET /api/v1/pods?watch=true HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n"
CLIENT_HELLO_BEGUN = b"\x16\x03\x01\x02\x00\x01"


def address(server: PracticeServer) -> tuple[str, int]:
    return HOST, int(server.url.rsplit(":", 1)[1])


def secured(server: PracticeServer, stack: ExitStack) -> ssl.SSLSocket:
    context = ssl.create_default_context(cadata=server.authority.pem.decode())
    raw = socket.create_connection(address(server), timeout=10)
    return stack.enter_context(context.wrap_socket(raw, server_hostname=HOST))


@pytest.mark.parametrize("turn", range(5))
def test_stopping_closes_every_connection(turn: int) -> None:
    gc.collect()
    with warnings.catch_warnings(record=True) as seen, ExitStack() as stack:
        warnings.simplefilter("always", ResourceWarning)
        server = PracticeServer(ScriptedWorld()).start()
        silent = stack.enter_context(socket.create_connection(address(server), timeout=10))
        torn = stack.enter_context(socket.create_connection(address(server), timeout=10))
        torn.sendall(CLIENT_HELLO_BEGUN)
        idle = secured(server, stack)
        watching = secured(server, stack)
        watching.sendall(WATCH.format(server.token).encode())
        assert watching.recv(12) == b"HTTP/1.1 200"
        gone = secured(server, stack)
        gone.close()
        server.stop()
        for left in (silent, torn, idle, watching):
            assert ended(left)
        del server
        gc.collect()
        assert [str(warning.message) for warning in seen] == []


def ended(connection: socket.socket) -> bool:
    """Reads to the end: whether the other side has closed, in whatever way."""
    try:
        while connection.recv(65536):
            pass
    except (ConnectionError, ssl.SSLError):
        return True
    return True
