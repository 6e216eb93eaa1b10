"""A proxy on loopback that ends TLS between klinik and a practice cluster, and does harm to requests and answers.

It stands for what is on the way in reality: load balancers that repeat, gateways that lose an answer, networks that
cut, delay and garble. One thread per connection; every request goes to the server over a connection of its own.
"""

from __future__ import annotations

import contextlib
import random
import re
import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from checks.practice.server import HOST, PracticeServer

Kind = Literal[
    "pass", "lose-request", "swallow-request", "late-request", "half-request", "twice", "twice-first",
    "lose-answer", "reset-answer", "swallow-answer", "late-answer", "half-answer", "repeat-answer", "noise",
    "gateway",
]  # fmt: skip
_HEAD = b"\r\n\r\n"
_PIECE = 65536
_PATIENCE = 20.0
"""Seconds after which a socket that says nothing is given up."""
_NOISE = b"\x17\x03\x03\x00\x20" + b"\xa5" * 32
"""What looks like a TLS record and is none."""
_GATEWAY = b"upstream connect error or disconnect/reset before headers"


@dataclass(eq=False)
class Deed:
    """Harm that is done to the next `times` requests that match; `match` is searched in ``METHOD /path?query``."""

    kind: Kind
    match: re.Pattern[str]
    times: int = 1
    seconds: float = 0.0
    code: int = 502
    before: Callable[[], None] | None = None
    """Done just before the request goes on to the server."""
    go: threading.Event = field(default_factory=threading.Event)
    """For a late request: when it may arrive."""
    done: threading.Event = field(default_factory=threading.Event)
    """Set when it has been done."""


class FaultProxy:
    """Stands before a running practice server; a context manager."""

    def __init__(self, server: PracticeServer) -> None:
        self._server = server
        self._port = int(server.url.rpartition(":")[2])
        self._inside = ssl.create_default_context(cadata=server.authority.pem.decode())
        self._outside = server.authority.context(HOST)
        self._listener = socket.create_server((HOST, 0), backlog=64)
        self._deeds: list[Deed] = []
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._storm: tuple[random.Random, float, tuple[Kind, ...]] | None = None
        self._closing = False
        self.struck = 0
        """Requests that a storm has harmed."""
        self.arrived: list[str] = []
        """Every request that reached the server, as ``METHOD /path?query``, in order and with repetitions."""

    def kubeconfig(self) -> dict[str, Any]:
        """The server's kubeconfig, by way of this proxy."""
        config = self._server.kubeconfig()
        config["clusters"][0]["cluster"]["server"] = f"https://{HOST}:{self._listener.getsockname()[1]}"
        return config

    def harm(self, kind: Kind, match: str, **more: Any) -> Deed:
        """Harms the next request that matches."""
        deed = Deed(kind, re.compile(match), **more)
        with self._lock:
            self._deeds.append(deed)
        return deed

    def storm(self, seed: int, share: float, kinds: Sequence[Kind]) -> None:
        """Harms any request with this probability."""
        with self._lock:
            self._storm = (random.Random(seed), share, tuple(kinds))

    def calm(self) -> None:
        """No more harm; what was held back may go."""
        with self._lock:
            self._storm = None
            for deed in self._deeds:
                deed.go.set()
            self._deeds.clear()

    def count(self, match: str) -> int:
        """How many requests that match reached the server."""
        return sum(bool(re.search(match, line)) for line in tuple(self.arrived))

    def __enter__(self) -> FaultProxy:
        self._spawn(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.calm()
        self._closing = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            sockets, threads = list(self._sockets), list(self._threads)
        for one in sockets:
            _break(one)
        for thread in threads:
            thread.join(_PATIENCE)

    # --- in its threads

    def _spawn(self, work: Callable[..., None], *args: Any) -> None:
        thread = threading.Thread(target=work, args=args, name="fault-proxy", daemon=True)
        with self._lock:
            self._threads = [one for one in self._threads if one.is_alive()] + [thread]
        thread.start()

    def _accept(self) -> None:
        while not self._closing:
            try:
                raw, _ = self._listener.accept()
            except OSError:
                return
            self._spawn(self._serve, raw)

    @contextlib.contextmanager
    def _kept(self, one: socket.socket) -> Iterator[socket.socket]:
        with self._lock:
            self._sockets.add(one)
        try:
            yield one
        finally:
            with self._lock:
                self._sockets.discard(one)
            one.close()

    def _serve(self, raw: socket.socket) -> None:
        raw.settimeout(_PATIENCE)
        try:
            client = self._outside.wrap_socket(raw, server_side=True)
        except OSError:
            raw.close()
            return
        with self._kept(client), contextlib.suppress(OSError):
            while (found := _message(client)) is not None:
                if not self._one(client, *found):
                    return

    def _one(self, client: ssl.SSLSocket, head: bytes, body: bytes) -> bool:
        """One request; False where the connection is over."""
        line = head.partition(b"\r\n")[0].decode().rpartition(" ")[0]
        deed = self._struck(line)
        kind = deed.kind if deed else "pass"
        try:
            if kind == "lose-request":
                return False
            if kind == "swallow-request":
                return _wait_for_end(client)
            if kind == "late-request" and deed:
                deed.go.wait(_PATIENCE)
            if deed and deed.before:
                deed.before()
            if b"\r\nupgrade: websocket\r\n" in head.lower():
                return self._command(client, line, head, kind)
            return self._answered(client, line, head + body, deed, kind)
        finally:
            if deed:
                deed.done.set()

    def _struck(self, line: str) -> Deed | None:
        with self._lock:
            for deed in self._deeds:
                if deed.times and deed.match.search(line):
                    deed.times -= 1
                    return deed
            if self._storm is not None and self._storm[0].random() < self._storm[1]:
                self.struck += 1
                return Deed(self._storm[0].choice(self._storm[2]), re.compile(""))
        return None

    def _answered(
        self, client: ssl.SSLSocket, line: str, request: bytes, deed: Deed | None, kind: Kind
    ) -> bool:
        if kind == "half-request":
            with self._upstream() as server:
                server.sendall(request[: len(request) - 3])
            return False
        answer = self._ask(line, request)
        if kind in ("twice", "twice-first"):
            again = self._ask(line, request)
            answer = again if kind == "twice" else answer
        if deed and kind == "late-answer":
            deed.go.wait(deed.seconds)
        if deed and kind == "gateway":
            answer = b"HTTP/1.1 %d Bad\r\nContent-Length: %d\r\n\r\n" % (deed.code, len(_GATEWAY)) + _GATEWAY
        return _given(client, answer, kind)

    def _ask(self, line: str, request: bytes) -> bytes:
        with self._upstream() as server:
            self.arrived.append(line)
            server.sendall(_alone(request))
            parts = []
            while piece := server.recv(_PIECE):
                parts.append(piece)
        return re.sub(rb"(?i)\r\nconnection: close(?=\r\n)", b"", b"".join(parts), count=1)

    @contextlib.contextmanager
    def _upstream(self) -> Iterator[ssl.SSLSocket]:
        raw = socket.create_connection((HOST, self._port), _PATIENCE)
        server = self._inside.wrap_socket(raw, server_hostname=HOST)
        with self._kept(server):
            yield server

    def _command(self, client: ssl.SSLSocket, line: str, head: bytes, kind: Kind) -> bool:
        """A WebSocket: the upgrade and everything after it."""
        if kind == "half-request":
            with self._upstream() as server:
                server.sendall(head[:-3])
            return False
        if kind in ("twice", "lose-answer", "reset-answer", "swallow-answer", "gateway", "noise"):
            with self._upstream() as server:
                self.arrived.append(line)
                server.sendall(head)
                _to_the_end(server)
            if kind != "twice":
                return _given(client, b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", kind)
        with self._upstream() as server:
            self.arrived.append(line)
            server.sendall(head)
            if kind == "half-answer":
                _forward_head(server, client)
                _to_the_end(server)
            else:
                _tunnel(client, server)
        return False


def _message(sock: ssl.SSLSocket) -> tuple[bytes, bytes] | None:
    """Head and body of the next request; None where the client has gone."""
    data = b""
    while _HEAD not in data:
        piece = sock.recv(_PIECE)
        if not piece:
            return None
        data += piece
    head, _, body = data.partition(_HEAD)
    found = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
    length = int(found[1]) if found else 0
    while len(body) < length:
        piece = sock.recv(_PIECE)
        if not piece:
            return None
        body += piece
    return head + _HEAD, body


def _alone(request: bytes) -> bytes:
    """The request with the wish that the connection ends after it."""
    head, _, body = request.partition(_HEAD)
    kept = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join((*kept, b"Connection: close")) + _HEAD + body


def _given(client: ssl.SSLSocket, answer: bytes, kind: Kind) -> bool:
    """Gives an answer back, or what becomes of it; False where the connection is over."""
    if kind == "lose-answer":
        return False
    if kind == "reset-answer":
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False
    if kind == "swallow-answer":
        return _wait_for_end(client)
    if kind == "noise":
        socket.socket.sendall(client, _NOISE)
        return False
    if kind == "half-answer":
        client.sendall(answer[: len(answer) - len(answer) // 3])
        return False
    client.sendall(answer)
    if kind == "repeat-answer":
        client.sendall(answer)
    return True


def _wait_for_end(client: ssl.SSLSocket) -> bool:
    """Says nothing until the client goes."""
    with contextlib.suppress(OSError):
        while client.recv(_PIECE):
            pass
    return False


def _to_the_end(server: ssl.SSLSocket) -> None:
    """Reads a command's whole answer, so that it has run, and throws it away; its Status is the last message."""
    data = b""
    while b'"status"' not in data:
        piece = server.recv(_PIECE)
        if not piece:
            return
        data += piece


def _forward_head(server: ssl.SSLSocket, client: ssl.SSLSocket) -> None:
    """The upgrade is answered, and then nothing more comes."""
    data = b""
    while _HEAD not in data:
        data += server.recv(1) or _HEAD
    client.sendall(data)


def _tunnel(client: ssl.SSLSocket, server: ssl.SSLSocket) -> None:
    """Bytes both ways, on this one thread, until one of them has enough."""
    other = {client: server, server: client}
    while True:
        waiting = [one for one in other if one.pending()] or select.select([*other], [], [], _PATIENCE)[0]
        for one in waiting:
            piece = one.recv(_PIECE)
            if not piece:
                return
            other[one].sendall(piece)
        if not waiting:
            return


def _break(one: socket.socket) -> None:
    """Ends a connection under TLS, whichever thread reads from it."""
    with contextlib.suppress(OSError):
        socket.socket.shutdown(one, socket.SHUT_RDWR)
