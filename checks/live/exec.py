"""Commands in containers over WebSocket (``v4``, ``v5.channel.k8s.io``): 1 is stdout, 2 stderr, 3 the final Status."""

from __future__ import annotations

import codecs
import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from checks.cluster import ExecResult
from checks.errors import ClusterError, Timeout, Unreachable
from checks.live.access import Session
from checks.live.deadline import Deadline
from checks.live.failures import About, exit_code, refusal
from checks.live.http import CONNECT, NAME, named
from kb.messages import message
from kb.said import text_of

PROTOCOLS = "v5.channel.k8s.io,v4.channel.k8s.io"
OUTPUT_LIMIT = 64 * 1024 * 1024
_STDOUT, _STDERR, _STATUS = 1, 2, 3
_BINARY_OR_TEXT = (0x1, 0x2)
_CLOSE = 0x8


class _Lines:
    """Gives whole lines to a callback as bytes arrive in pieces."""

    def __init__(self, emit: Callable[[str], None]) -> None:
        self._emit = emit
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self._rest = ""

    def feed(self, data: bytes, *, final: bool = False) -> None:
        *lines, self._rest = (self._rest + self._decode.decode(data, final)).split("\n")
        for line in lines:
            self._emit(line)
        if final and self._rest:
            self._emit(self._rest)
            self._rest = ""


def run(
    session: Session,
    path: str,
    container: str,
    argv: tuple[str, ...],
    about: About,
    deadline: Deadline,
    on_output: Callable[[str], None] | None,
) -> ExecResult:
    """Runs a command to its end; the socket is closed when the deadline passes (Timeout)."""
    command = argv[0]
    socket = _open(session, path, container, argv, about, deadline)
    outputs = {_STDOUT: bytearray(), _STDERR: bytearray(), _STATUS: bytearray()}
    lines = {n: _Lines(on_output) for n in (_STDOUT, _STDERR)} if on_output else {}
    try:
        while not _done(outputs[_STATUS]):
            frame = _receive(socket, about, deadline, command)
            if frame is None:
                break
            channel, data = frame
            if channel not in outputs:
                continue
            outputs[channel] += data
            if channel in lines:
                lines[channel].feed(data)
            if sum(map(len, outputs.values())) > OUTPUT_LIMIT:
                limit = OUTPUT_LIMIT // 1024 // 1024
                raise about.error(ClusterError, message("cluster.too-large", limit=limit), sent=True)
        for feeder in lines.values():
            feeder.feed(b"", final=True)
        code = exit_code(bytes(outputs[_STATUS]), about, command)
    finally:
        _shut(socket, session)
    return ExecResult(
        stdout=outputs[_STDOUT].decode("utf-8", "replace"),
        stderr=outputs[_STDERR].decode("utf-8", "replace"),
        code=code,
        argv=argv,
    )


def _done(status: bytearray) -> bool:
    """The Status is the last message; waiting for the closing handshake after it would only cost time."""
    if not status.rstrip().endswith(b"}"):
        return False
    try:
        json.loads(status)
    except ValueError:
        return False
    return True


def _open(
    session: Session, path: str, container: str, argv: tuple[str, ...], about: About, deadline: Deadline
) -> Any:
    import websocket

    query = [("command", word) for word in argv] + [("stdout", "true"), ("stderr", "true")]
    if container:
        query.append(("container", container))
    parts = urlsplit(session.server)
    scheme = "wss" if parts.scheme == "https" else "ws"
    url = urlunsplit((scheme, parts.netloc, parts.path + path, urlencode(query), ""))
    try:
        sslopt: dict[str, Any] = {"context": session.ssl_context} if scheme == "wss" else {}
    except OSError as error:
        raise _no_connection(about, error) from error
    if session.configuration.tls_server_name:
        sslopt["server_hostname"] = session.configuration.tls_server_name
    if not session.configuration.verify_ssl:
        sslopt |= {"cert_reqs": 0, "check_hostname": False}
    socket: Any = websocket.WebSocket(sslopt=sslopt, skip_utf8_validation=True)
    socket.settimeout(max(0.05, min(CONNECT, deadline.left)))
    asked = _Asked(_headers(session), lambda: socket.settimeout(max(0.05, deadline.left)))
    try:
        session.inflight.enter(socket)
        # No redirect: it would carry the credentials to somebody else.
        socket.connect(
            url,
            header=asked,
            subprotocols=None,
            suppress_origin=True,
            redirect_limit=0,
            **_proxy(session),
        )
        session.inflight.connected(socket)
    except websocket.WebSocketBadStatusException as error:
        _shut(socket, session)
        body = error.resp_body or b""
        raise refusal(error.status_code, body if isinstance(body, bytes) else body.encode(), about) from error
    except (websocket.WebSocketException, OSError) as error:
        _shut(socket, session)
        if asked.sent and socket.handshake_response is None:  # a redirect is an answer, too: nothing has run
            raise _lost(about, error, argv[0], deadline) from error
        raise _no_connection(about, error) from error
    return socket


class _Asked:
    """The headers of the upgrade; they are read when the connection stands, just before the request goes out.

    From then on the command may run, whether or not an answer comes: the kubelet starts it, and only then is the
    upgrade answered, which on a busy node takes longer than a connection may.
    """

    def __init__(self, headers: list[str], at_last: Callable[[], None]) -> None:
        self._headers = headers
        self._at_last = at_last
        self.sent = False

    def __len__(self) -> int:
        return len(self._headers)

    def __contains__(self, name: object) -> bool:
        return name in self._headers

    def __iter__(self) -> Iterator[str]:
        self.sent = True
        self._at_last()
        return iter(self._headers)


def _no_connection(about: About, error: Exception) -> ClusterError:
    return about.error(Unreachable, message("cluster.no-connection", server=about.server, why=text_of(error)))


def _lost(about: About, error: Exception, command: str, deadline: Deadline) -> ClusterError:
    """The upgrade was asked for and not answered: the command may have run all the same."""
    import websocket

    if isinstance(error, TimeoutError | websocket.WebSocketTimeoutException):
        return _late(about, deadline, command)
    text = message("cluster.broken-connection", server=about.server, why=text_of(error))
    return about.error(Unreachable, text, sent=True)


def _headers(session: Session) -> list[str]:
    items = getattr(session.headers, "iteritems", session.headers.items)()
    own = f"{NAME}: {named(session.headers)}"
    return [
        *(f"{name}: {value}" for name, value in items if name != NAME),
        own,
        f"Sec-WebSocket-Protocol: {PROTOCOLS}",
    ]


def _proxy(session: Session) -> dict[str, Any]:
    configuration = session.configuration
    if not configuration.proxy:
        # the library would take one from the environment; it heeds "none for all" only beside a proxy
        return {"http_proxy_host": "none", "http_proxy_port": 1, "http_no_proxy": ["*"]}
    proxy = urlsplit(configuration.proxy)
    found: dict[str, Any] = {"http_proxy_host": proxy.hostname, "http_proxy_port": proxy.port}
    if proxy.scheme.startswith("socks"):
        found["proxy_type"] = proxy.scheme
    if proxy.username:
        found["http_proxy_auth"] = (proxy.username, proxy.password or "")
    if configuration.no_proxy:
        found["http_no_proxy"] = configuration.no_proxy.split(",")
    return found


def _receive(socket: Any, about: About, deadline: Deadline, command: str) -> tuple[int, bytes] | None:
    """The next message as channel and data; None where the connection ended."""
    import websocket

    if deadline.over:
        raise _late(about, deadline, command)
    socket.settimeout(deadline.left)
    try:
        opcode, data = socket.recv_data(control_frame=True)
    except (TimeoutError, websocket.WebSocketTimeoutException) as error:
        raise _late(about, deadline, command) from error
    except (websocket.WebSocketException, OSError):
        return None
    if opcode == _CLOSE:
        return None
    if opcode not in _BINARY_OR_TEXT or not data:
        return -1, b""
    return data[0], data[1:]


def _late(about: About, deadline: Deadline, command: str) -> ClusterError:
    text = message("cluster.exec-timeout", command=command, pod=about.name, seconds=f"{deadline.seconds:g}")
    return about.error(Timeout, text, sent=True)


def _shut(socket: Any, session: Session) -> None:
    """Closes at once: no closing handshake with a server that may be hanging."""
    with contextlib.suppress(OSError):
        socket.shutdown()
    session.inflight.leave(socket)
