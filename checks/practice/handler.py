"""From an HTTP request to an answer: trouble first, then who asks, what for, whether they may, and the verb itself."""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web

from checks.cluster import Object
from checks.errors import ClusterError, Unauthenticated
from checks.practice import discovery, rbac, reviews, streams, watch
from checks.practice.failures import BadRequest, NoSuchPath, forbidden, status_of
from checks.practice.faults import Faults, Rule
from checks.practice.rest import Request, answer
from checks.practice.routes import Target, target_of, verb_of
from checks.practice.tables import table
from checks.practice.upgrades import upgrade
from checks.practice.world import World

_COMPRESS_ABOVE = 128 * 1024
_LOG = logging.getLogger("klinik.practice")
Identity = tuple[str, tuple[str, ...]]
OPEN_PATHS = ("/healthz", "/readyz", "/livez", "/version")


class Handler:
    """Answers all requests of one server."""

    def __init__(
        self, world: World, faults: Faults, identify: Callable[[web.BaseRequest], Identity | None]
    ) -> None:
        self._world = world
        self._faults = faults
        self._identify = identify
        self._transports: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()

    def abort(self) -> None:
        """Breaks all connections, also those whose request hangs."""
        for transport in tuple(self._transports):
            transport.abort()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        if request.transport is not None:
            self._transports.add(request.transport)
        rule = self._faults.strike(f"{request.method} {request.path_qs}")
        if rule is not None:
            early = await self._trouble(rule, request)
            if early is not None:
                return early
        try:
            response = await self._answer(request)
        except NoSuchPath:
            return web.Response(status=404, text="404 page not found\n")
        except ClusterError as error:
            return _refusal(error)
        except (
            Exception
        ) as error:  # a reaction of the world broke: the client learns it, as from a real server
            _LOG.debug("%s %s", request.method, request.path_qs, exc_info=True)
            return _refusal(ClusterError(f"Internal error occurred: {type(error).__name__}: {error}"))
        if rule is not None and rule.action == "drop-after":
            _abort(request)
        return response

    async def _trouble(self, rule: Rule, request: web.Request) -> web.StreamResponse | None:
        if rule.action == "hang":
            await asyncio.Event().wait()
        if rule.action == "delay":
            await asyncio.sleep(rule.seconds)
        if rule.action == "drop":
            _abort(request)
            return web.Response()
        if rule.action == "garbage":
            return web.Response(body=b"\x00\xff<html>\x1b[2J", content_type="application/json")
        if rule.action == "status":
            code, body = status_of(ClusterError(rule.message or f"practice fault {rule.code}"))
            body |= {"code": rule.code, "reason": "Expired" if rule.code == 410 else "Unknown"}
            return web.json_response(body, status=rule.code or code, headers=rule.headers)
        if rule.action == "trickle":
            return await _trickle(request)
        return None

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        path = request.path
        if path in OPEN_PATHS[:3]:
            return web.Response(text="ok")
        identity = self._identify(request)
        if identity is None and path != "/version":
            raise Unauthenticated("Unauthorized")
        if path == "/openapi/v2":
            # kubectl wants this one as protobuf; the empty message is a document without schemas
            return web.Response(body=b"", headers={"Content-Type": discovery.OPENAPI_V2})
        found = discovery.document(path, self._world.store.kinds.values(), self._world.version)
        if found is not None:
            return web.json_response(found)
        who = self._impersonated(request, identity or ("system:anonymous", ()))
        if path in reviews.PATHS and request.method == "POST":
            body = _json(await request.read())
            answered = reviews.review(path, body, who, self._faults, self._world.store)
            return web.json_response(answered, status=201)
        return await self._resource(request, who)

    def _impersonated(self, request: web.Request, identity: Identity) -> rbac.Who:
        user = request.headers.get("Impersonate-User", "")
        if not user:
            return rbac.Who(*identity)
        return rbac.Who(user, tuple(request.headers.getall("Impersonate-Group", ())))

    async def _resource(self, request: web.Request, who: rbac.Who) -> web.StreamResponse:
        target = target_of(self._world.store, request.path)
        watching = request.query.get("watch") in ("true", "1")
        verb = verb_of(request.method, target, watching=watching)
        self._authorize(verb, target, who)
        if target.subresource == "exec":
            return await self._exec(request, target)
        if target.subresource == "log":
            text = await asyncio.to_thread(streams.log_text, self._world, target, dict(request.query))
            return web.Response(body=text.encode("utf-8", "surrogateescape"), content_type="text/plain")
        if verb == "watch":
            return await self._watch(request, target)
        asked = Request(
            verb, target, dict(request.query), await request.read(), request.headers.get("Content-Type", "")
        )
        code, body = await asyncio.to_thread(answer, self._world.store, asked)
        if _wants_table(request) and verb in ("get", "list") and not target.subresource:
            body = self._table(request, target, body)
        return await _json_response(request, body, code)

    def _authorize(self, verb: str, target: Target, who: rbac.Who) -> None:
        # a WebSocket is opened with GET: since Kubernetes 1.35 that takes the verb create too
        verbs = {"create", "get"} if target.subresource == "exec" else {verb}
        for each in sorted(verbs):
            ask = rbac.Ask(each, target.resource, target.subresource, target.namespace, target.name)
            allowed = rbac.allows(self._world.store, who, ask) and self._faults.allows(
                each,
                target.resource,
                subresource=target.subresource,
                namespace=target.namespace,
                user=who.user,
            )
            if not allowed:
                raise forbidden(
                    who.user,
                    each,
                    target.resource,
                    namespace=target.namespace,
                    name=target.name,
                    subresource=target.subresource,
                )

    def _table(self, request: web.Request, target: Target, body: Object) -> Object:
        listed = "items" in body
        items = body["items"] if listed else [body]
        meta = body["metadata"] if listed else {"resourceVersion": body["metadata"]["resourceVersion"]}
        include = request.query.get("includeObject", "Metadata")
        return table(target.kind, items, meta, now=self._world.store.clock(), include=include)

    async def _watch(self, request: web.Request, target: Target) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        tabular = _wants_table(request)

        def shape(obj: Object) -> Object:
            return self._table(request, target, obj) if tabular and "uid" in obj["metadata"] else obj

        try:
            await watch.stream(self._world.store, target, dict(request.query), shape, response.write)
        except ConnectionError:
            return response
        await response.write_eof()
        return response

    async def _exec(self, request: web.Request, target: Target) -> web.StreamResponse:
        pod = await asyncio.to_thread(self._world.store.get, target.resource, target.name, target.namespace)
        container = streams.container_of(pod, request.query.get("container", ""))
        argv = tuple(request.query.getall("command", ()))
        if not argv:
            raise BadRequest("you must specify at least 1 command")

        def run(send: streams.Send) -> Coroutine[Any, Any, None]:
            return streams.run_command(send, self._world, self._faults, target, pod, container, argv)

        return await upgrade(request, run)


async def _trickle(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    while True:
        await response.write(b" ")
        await asyncio.sleep(0.05)


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()


def _wants_table(request: web.Request) -> bool:
    return "as=Table" in request.headers.get("Accept", "")


def _json(raw: bytes) -> Any:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise BadRequest("the body is not a JSON object")
    return body


async def _json_response(request: web.Request, body: Object, code: int) -> web.Response:
    """Large answers go out compressed, as from the real server."""
    headers = {"Content-Type": "application/json"}
    raw = await asyncio.to_thread(_encode, body)
    if len(raw) > _COMPRESS_ABOVE and "gzip" in request.headers.get("Accept-Encoding", ""):
        raw = await asyncio.to_thread(gzip.compress, raw, 1)
        headers["Content-Encoding"] = "gzip"
    return web.Response(body=raw, status=code, headers=headers)


def _encode(body: Object) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogateescape")


def _refusal(error: ClusterError) -> web.Response:
    code, body = status_of(error)
    return web.json_response(body, status=code)
