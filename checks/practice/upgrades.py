"""The connections that commands run over: WebSocket (kubectl since 1.31, all libraries) and SPDY (kubectl before)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import WSMsgType, web

from checks.practice import spdy
from checks.practice.failures import BadRequest
from checks.practice.streams import PROTOCOLS, Send

Run = Callable[[Send], Coroutine[Any, Any, None]]
_OPEN_LIMIT = 10.0
_CLOSE_LIMIT = 2.0


async def upgrade(request: web.Request, run: Run) -> web.StreamResponse:
    """Upgrades the connection as the client asks and runs the command on it; BadRequest for another protocol."""
    asked = request.headers.get("Upgrade", "").lower()
    if asked == "websocket":
        return await _websocket(request, run)
    if asked == spdy.VERSION.lower():
        return await _spdy(request, run)
    raise BadRequest("Upgrade request required")


async def _websocket(request: web.Request, run: Run) -> web.StreamResponse:
    offered = {p.strip() for p in request.headers.get("Sec-WebSocket-Protocol", "").split(",")}
    if not offered & set(PROTOCOLS):
        raise BadRequest(f"unable to upgrade: no known subprotocol; offer one of {', '.join(PROTOCOLS)}")
    socket = web.WebSocketResponse(protocols=PROTOCOLS, max_msg_size=0, timeout=1.0)
    await socket.prepare(request)

    async def send(channel: int, data: bytes) -> None:
        await socket.send_bytes(bytes([channel]) + data)

    await _first(run(send), _drain(socket))
    await socket.close()
    return socket


async def _drain(socket: web.WebSocketResponse) -> None:
    """Takes what the client sends (standard input, window sizes), so that pings and the close are seen."""
    while True:
        message = await socket.receive()
        if message.type in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR):
            return


async def _spdy(request: web.Request, run: Run) -> web.StreamResponse:
    offered = ",".join(request.headers.getall("X-Stream-Protocol-Version", ()))
    if spdy.SUBPROTOCOL not in (part.strip() for part in offered.split(",")):
        raise BadRequest(f"unable to upgrade: the client must speak {spdy.SUBPROTOCOL}")
    transport, protocol = request.transport, request.protocol
    if not isinstance(transport, asyncio.Transport):
        raise BadRequest("unable to upgrade: the connection is gone")
    asked = (name for name in ("stdin", "stdout", "stderr") if request.query.get(name) in ("true", "1"))
    session = spdy.Session(transport, frozenset(spdy.CHANNELS[name] for name in ("error", *asked)))
    transport.set_protocol(session)
    transport.write(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: SPDY/3.1\r\nConnection: Upgrade\r\n"
        b"X-Stream-Protocol-Version: v4.channel.k8s.io\r\n\r\n"
    )

    async def send(channel: int, data: bytes) -> None:
        session.send(channel, data)

    try:
        await asyncio.wait_for(session.ready.wait(), _OPEN_LIMIT)
        await _first(run(send), session.gone.wait())
        session.finish()
        # the client closes when it has read everything
        await asyncio.wait_for(session.gone.wait(), _CLOSE_LIMIT)
    except TimeoutError:
        pass
    finally:
        transport.close()
        protocol.connection_lost(None)
    return web.Response()


async def _first(work: Coroutine[Any, Any, None], end: Coroutine[Any, Any, Any]) -> None:
    """Runs until the work is done or the client gone, and leaves neither behind."""
    tasks = (asyncio.create_task(work), asyncio.create_task(end))
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
