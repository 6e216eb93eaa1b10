"""From an HTTP request to an answer: trouble first, then who asks, what for, whether they may, and the verb itself."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import uuid
import weakref
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web

from checks.cluster import PODS, Object, Resource
from checks.errors import ClusterError, Unauthenticated
from checks.practice import discovery, health, proxies, rbac, reviews, streams, trouble, watch
from checks.practice.counters import COMMANDS, PATH, Asked, Counters
from checks.practice.failures import BadRequest, MethodNotAllowed, NoSuchPath, forbidden, status_of
from checks.practice.faults import Faults
from checks.practice.forms import Form, form_of, one
from checks.practice.pages import Page, Pages, encode
from checks.practice.rest import Request, answer
from checks.practice.routes import Target, target_of, verb_of
from checks.practice.slowness import Slowness
from checks.practice.upgrades import upgrade
from checks.practice.world import World

_LOG = logging.getLogger("klinik.practice")
Identity = tuple[str, tuple[str, ...]]


class Handler:
    """Answers all requests of one server."""

    def __init__(
        self,
        world: World,
        faults: Faults,
        identify: Callable[[web.BaseRequest], Identity | None],
        end: Callable[[], None],
        slowness: Slowness,
    ) -> None:
        self._world = world
        self._faults = faults
        self._identify = identify
        self._transports: weakref.WeakSet[asyncio.Transport] = weakref.WeakSet()
        self._end = end
        self._slowness = slowness
        self._pages = Pages()
        self._counters = Counters()

    def abort(self) -> None:
        """Breaks all connections, also those whose request hangs."""
        for transport in tuple(self._transports):
            transport.abort()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One request."""
        if request.transport is not None:
            self._transports.add(request.transport)
        asked = self._counted(request)
        try:
            response = await self._respond(request, asked)
            if not response.prepared:
                # as the API server: the request's name in its audit log, given or made up
                response.headers["Audit-Id"] = request.headers.get("Audit-Id") or str(uuid.uuid4())
            if not response.prepared and asked.verb:
                # Sent from here, so that it is over for the counters exactly when the client may have it.
                with contextlib.suppress(ConnectionError):  # broken on purpose, or the client has gone
                    await response.prepare(request)
                    await response.write_eof()
            return response
        finally:
            self._counters.end(asked)

    def _counted(self, request: web.Request) -> Asked:
        """The request for the counters; its verb is empty where it is about no resource."""
        asked = Asked(request.method, request.path_qs, request.headers.get("Accept", ""))
        try:
            through = proxies.proxied(request.path)
            target = None if through else target_of(self._world.store, request.path)
        except ClusterError:
            return asked
        if through is not None or target is None:
            # what pods serve burdens their nodes, as commands do; what Services serve is a matter of the API server
            asked.verb = "proxy" if through is not None and through.resource == PODS else "get"
            asked.resource = "pods" if asked.verb == "proxy" else "services"
            self._counters.begin(asked)
            return asked
        watching = request.query.get("watch") in ("true", "1")
        asked.verb = verb_of(request.method, target, watching=watching)
        asked.verb = target.subresource if target.subresource in COMMANDS else asked.verb
        asked.resource, asked.more = target.resource.dotted, bool(request.query.get("continue"))
        self._counters.begin(asked)
        return asked

    async def _respond(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        rule = self._faults.strike(f"{request.method} {request.path_qs}")
        if rule is not None:
            early = await trouble.instead(rule, request, self._end)
            if early is not None:
                return early
        try:
            response = await self._answer(request, asked)
        except NoSuchPath:
            return web.Response(status=404, text="404 page not found\n")
        except ClusterError as error:
            return _refusal(error)
        except (
            Exception
        ) as error:  # a reaction of the world broke: the client learns it, as from a real server
            _LOG.debug("%s %s", request.method, request.path_qs, exc_info=True)
            return _refusal(ClusterError(f"Internal error occurred: {type(error).__name__}: {error}"))
        return response if rule is None else await trouble.spoilt(rule, request, response)

    async def _answer(self, request: web.Request, asked: Asked) -> web.StreamResponse:
        path = request.path
        identity = self._identify(request)
        if path.lstrip("/") in health.ENDPOINTS:
            return self._health(request, identity)
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
        if path == PATH and "system:masters" in who.groups:
            return self._count(request)
        return await self._resource(request, who, asked)

    def _health(self, request: web.Request, identity: Identity | None) -> web.Response:
        """What the server says of itself: to anybody but who has bad credentials, unless a fault takes that away."""
        if identity is None and request.headers.get("Authorization"):
            raise Unauthenticated("Unauthorized")
        who = self._impersonated(request, identity or ("system:anonymous", ()))
        asked = Resource.at(request.path)
        if not self._faults.allows("get", asked, user=who.user):
            raise forbidden(who.user, "get", asked)
        endpoint = request.path.lstrip("/")
        code, text = health.page(
            endpoint,
            self._faults.failing(endpoint),
            verbose="verbose" in request.query,
            exclude=request.query.getall("exclude", ()),
        )
        return web.Response(status=code, text=text)

    def _count(self, request: web.Request) -> web.Response:
        """The counters, for the administrator only: nothing that a cluster would have."""
        if request.method == "DELETE":
            self._counters.reset()
        return web.json_response(self._counters.read(requests="requests" in request.query))

    def _impersonated(self, request: web.Request, identity: Identity) -> rbac.Who:
        user = request.headers.get("Impersonate-User", "")
        if not user:
            return rbac.Who(*identity)
        return rbac.Who(user, tuple(request.headers.getall("Impersonate-Group", ())))

    async def _resource(self, request: web.Request, who: rbac.Who, counted: Asked) -> web.StreamResponse:
        if (through := proxies.proxied(request.path)) is not None:
            return await self._proxied(request, through, who)
        target = target_of(self._world.store, request.path)
        watching = request.query.get("watch") in ("true", "1")
        verb = verb_of(request.method, target, watching=watching)
        self._authorize(verb, target, who)
        if target.subresource == "exec":
            return await self._exec(request, target, counted)
        if target.subresource == "log":
            await self._slowness.ran()
            text = await asyncio.to_thread(streams.log_text, self._world, target, dict(request.query))
            return web.Response(body=text.encode("utf-8", "surrogateescape"), content_type="text/plain")
        if verb == "watch":
            return await self._watch(request, target)
        form = _form(request)
        asked = Request(
            verb,
            target,
            dict(request.query),
            await request.read(),
            request.headers.get("Content-Type", ""),
            form,
            request.headers.get("User-Agent", ""),
        )
        gzipped = "gzip" in request.headers.get("Accept-Encoding", "")
        if verb == "list" and form.shape != "table":  # tables say ages, which change by the second
            page = await asyncio.to_thread(self._listed, asked, gzipped)
            await self._slowness.listed(target.resource.plural, page.objects)
            return _sent(page)
        await self._slowness.called()
        code, body = await asyncio.to_thread(answer, self._world.store, asked)
        return _sent(await asyncio.to_thread(encode, body, gzipped=gzipped), code)

    async def _proxied(
        self, request: web.Request, through: proxies.Proxied, who: rbac.Who
    ) -> web.StreamResponse:
        store = self._world.store
        target = Target(store.kind(through.resource), through.namespace, through.segment, "proxy")
        self._authorize(verb_of(request.method, target, watching=False), target, who)
        if request.method != "GET":
            raise MethodNotAllowed("the practice cluster's proxies take GET only")
        found = await asyncio.to_thread(proxies.answer, store, self._world, through, dict(request.query))
        return web.Response(
            body=found.text.encode(), status=found.code, headers={"Content-Type": found.content_type}
        )

    def _listed(self, asked: Request, gzipped: bool) -> Page:
        """A page of a list, as it was encoded before where nothing of its kind has changed since."""
        store, target = self._world.store, asked.target
        query = frozenset(asked.query.items())
        key = (target.resource, target.namespace, query, asked.form, gzipped)

        def make() -> Page:
            version = store.version
            return encode(answer(store, asked)[1], gzipped=gzipped, version=version)

        # Older than what is remembered, its version would be of no use to a watch or a further page.
        return self._pages.get(key, max(store.written(target.resource), store.oldest), make)

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

    async def _watch(self, request: web.Request, target: Target) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        form = _form(request)

        def shape(obj: Object) -> Object:
            plain = "uid" not in obj["metadata"]  # a bookmark
            return obj if plain else one(form, target.kind, obj, self._world.store.clock())

        try:
            await watch.stream(self._world.store, target, dict(request.query), shape, response.write)
        except ConnectionError:
            return response
        await response.write_eof()
        return response

    async def _exec(self, request: web.Request, target: Target, counted: Asked) -> web.StreamResponse:
        pod = self._world.store.get(target.resource, target.name, target.namespace)
        container = streams.container_of(pod, request.query.get("container", ""))
        argv = tuple(request.query.getall("command", ()))
        if not argv:
            raise BadRequest("you must specify at least 1 command")

        def run(send: streams.Send) -> Coroutine[Any, Any, None]:
            async def counting(channel: int, data: bytes) -> None:
                if channel == streams.STATUS:  # with it, the command is over for the client
                    await self._slowness.ran()
                    self._counters.end(counted)
                await send(channel, data)

            return streams.run_command(counting, self._world, self._faults, target, pod, container, argv)

        return await upgrade(request, run)


def _form(request: web.Request) -> Form:
    return form_of(request.headers.get("Accept", ""), request.query.get("includeObject", ""))


def _json(raw: bytes) -> Any:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise BadRequest("the body is not a JSON object")
    return body


def _sent(page: Page, code: int = 200) -> web.Response:
    headers = {"Content-Type": "application/json"} | ({"Content-Encoding": "gzip"} if page.compressed else {})
    return web.Response(body=page.body, status=code, headers=headers)


def _refusal(error: ClusterError) -> web.Response:
    code, body = status_of(error)
    return web.json_response(body, status=code)
