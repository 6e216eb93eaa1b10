"""Trouble on purpose as it looks on the wire: what is sent, or not, instead of the answer."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from aiohttp import web

from checks.errors import ClusterError
from checks.practice.failures import status_of
from checks.practice.faults import Rule

_DRIP = 0.05
"""Seconds between two bytes of an answer that trickles."""
_HTML = (
    "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>502 Bad Gateway</h1></body></html>\n"
)
_WAVE = b" " * 65536


def abort(request: web.Request) -> None:
    """Breaks the connection."""
    if request.transport is not None:
        request.transport.abort()


async def instead(rule: Rule, request: web.Request, die: Callable[[], None]) -> web.StreamResponse | None:
    """What is answered before anything has been done; None where the answer itself comes, perhaps late or in part."""
    if rule.action == "hang":
        await asyncio.Event().wait()
    if rule.action == "delay":
        await asyncio.sleep(rule.seconds)
    if rule.action == "die":
        die()
    if rule.action in ("drop", "die"):
        abort(request)
        return web.Response()
    if rule.action == "garbage":
        return web.Response(body=b"\x00\xff<html>\x1b[2J", content_type="application/json")
    if rule.action == "html":
        return web.Response(text=_HTML, content_type="text/html")
    if rule.action == "status":
        code, body = status_of(ClusterError(rule.message or f"practice fault {rule.code}"))
        body |= {"code": rule.code, "reason": "Expired" if rule.code == 410 else "Unknown"}
        return web.json_response(body, status=rule.code or code, headers=rule.headers)
    if rule.action in ("trickle", "flood"):
        return await _endless(request, slow=rule.action == "trickle")
    return None


async def spoilt(rule: Rule, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """What becomes of an answer when the work has been done."""
    if rule.action == "drop-after":
        abort(request)
    if not isinstance(response, web.Response) or not isinstance(response.body, bytes):
        return response
    if rule.action == "cut":
        response.body = response.body[: len(response.body) // 2]
    if rule.action == "short":
        return await _half(request, response)
    return response


async def _half(request: web.Request, response: web.Response) -> web.StreamResponse:
    whole = bytes(response.body) if isinstance(response.body, bytes) else b""
    headers = {**response.headers, "Content-Length": str(len(whole))}
    broken = web.StreamResponse(status=response.status, headers=headers)
    with contextlib.suppress(ConnectionError):
        await broken.prepare(request)
        await broken.write(whole[: len(whole) // 2])
    abort(request)
    return broken


async def _endless(request: web.Request, *, slow: bool) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" " if slow else _WAVE)
        await asyncio.sleep(_DRIP if slow else 0)
