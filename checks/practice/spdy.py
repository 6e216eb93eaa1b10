"""SPDY/3.1 as far as exec needs it: kubectl before 1.31 knows no other way to run commands.

Frames after the SPDY Protocol Draft 3.1; the streams (error, stdin, stdout, stderr) after Kubernetes' remotecommand v4.
"""

from __future__ import annotations

import asyncio
import struct
import zlib
from collections.abc import Iterator, Mapping

VERSION = "SPDY/3.1"
SUBPROTOCOL = "v4.channel.k8s.io"
CHANNELS = {"stdin": 0, "stdout": 1, "stderr": 2, "error": 3, "resize": 4}

_SYN_STREAM, _SYN_REPLY, _PING, _GOAWAY = 1, 2, 6, 7
_FIN = 0x01
_CONTROL = 0x8003_0000
_MAX_FRAME = 1 << 20

_WORDS = (
    "options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges "
    "age allow authorization cache-control connection content-base content-encoding content-language "
    "content-length content-location content-md5 content-range content-type date etag expect expires from host "
    "if-match if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards "
    "pragma proxy-authenticate proxy-authorization range referer retry-after server te trailer "
    "transfer-encoding upgrade user-agent vary via warning www-authenticate method get status"
)
_TAIL = (
    "100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505"
    "203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized"
    "403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable"
    "Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT"
    "chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,"
    "text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0."
)


def dictionary() -> bytes:
    """The compression dictionary of SPDY/3 (its Adler-32 is 0xe3c6a7c2)."""

    def word(text: str) -> bytes:
        return struct.pack(">I", len(text)) + text.encode()

    words = b"".join(map(word, _WORDS.split()))
    more = (
        word("200 OK")
        + word("version")
        + word("HTTP/1.1")
        + word("url")
        + word("public")
        + word("set-cookie")
    )
    return words + more + word("keep-alive") + word("origin") + _TAIL.encode()


class Session(asyncio.Protocol):
    """One connection after the upgrade: takes the client's streams, sends data on them by channel."""

    def __init__(self, transport: asyncio.Transport, wanted: frozenset[int]) -> None:
        self._transport = transport
        self._wanted = wanted
        self._streams: dict[int, int] = {}
        self._rest = b""
        self._inflate = zlib.decompressobj(zdict=dictionary())
        self._deflate = zlib.compressobj(zdict=dictionary())
        self.ready = asyncio.Event()
        """Set when all streams are there that the request asked for, or the connection is gone."""
        self.gone = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        """The client went away."""
        self.gone.set()
        self.ready.set()

    def data_received(self, data: bytes) -> None:
        """Takes whole frames from the bytes that arrived; breaks the connection on nonsense."""
        self._rest += data
        try:
            for head, flags, payload in self._frames():
                self._frame(head, flags, payload)
        except (struct.error, zlib.error, ValueError):
            self._transport.abort()

    def send(self, channel: int, data: bytes, *, last: bool = False) -> None:
        """Sends bytes on a channel's stream; nothing where the client did not open it or is gone."""
        stream = self._streams.get(channel)
        if stream is not None and not self._transport.is_closing():
            size = (_FIN << 24 if last else 0) | len(data)
            self._transport.write(struct.pack(">II", stream, size) + data)

    def finish(self) -> None:
        """Ends all streams."""
        for channel in self._streams:
            self.send(channel, b"", last=True)

    def _frames(self) -> Iterator[tuple[int, int, bytes]]:
        while len(self._rest) >= 8:
            head, size = struct.unpack_from(">II", self._rest)
            flags, length = size >> 24, size & 0xFF_FFFF
            if length > _MAX_FRAME:
                raise ValueError("frame too large")
            if len(self._rest) < 8 + length:
                return
            payload, self._rest = self._rest[8 : 8 + length], self._rest[8 + length :]
            yield head, flags, payload

    def _frame(self, head: int, flags: int, payload: bytes) -> None:
        if not head & 0x8000_0000:
            return  # input for the command, which practice commands do not read
        kind = head & 0xFFFF
        if kind == _SYN_STREAM:
            self._open(payload)
        elif kind == _PING:
            self._control(_PING, payload)
        elif kind == _GOAWAY:
            self._transport.close()

    def _open(self, payload: bytes) -> None:
        stream = struct.unpack_from(">I", payload)[0] & 0x7FFF_FFFF
        headers = read_headers(self._inflate.decompress(payload[10:], _MAX_FRAME))
        channel = CHANNELS.get(headers.get("streamtype", ""))
        if channel is not None:
            self._streams[channel] = stream
        block = self._deflate.compress(struct.pack(">I", 0)) + self._deflate.flush(zlib.Z_SYNC_FLUSH)
        self._control(_SYN_REPLY, struct.pack(">I", stream) + block)
        if self._wanted <= set(self._streams):
            self.ready.set()

    def _control(self, kind: int, payload: bytes) -> None:
        self._transport.write(struct.pack(">II", _CONTROL | kind, len(payload)) + payload)


def read_headers(block: bytes) -> Mapping[str, str]:
    """Name-value pairs of a header block."""
    count, at = struct.unpack_from(">I", block)[0], 4
    found: dict[str, str] = {}
    for _ in range(min(count, 100)):
        parts = []
        for _ in range(2):
            length = struct.unpack_from(">I", block, at)[0]
            parts.append(block[at + 4 : at + 4 + length].decode("latin-1"))
            at += 4 + length
        found[parts[0].lower()] = parts[1]
    return found
