"""The practice API server: HTTPS on loopback with a token, on an event loop in a thread of its own."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hmac
import json
import os
import secrets
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from checks.practice.certs import Authority
from checks.practice.door import Door
from checks.practice.faults import Faults
from checks.practice.slowness import Slowness
from checks.practice.world import World

if TYPE_CHECKING:
    from aiohttp import web

HOST = "127.0.0.1"
USER = "practice-admin"
_START_LIMIT = 10.0
_MAX_HEADER = 1 << 20
"""Bytes of a request line, as the API server takes them (Go's http.DefaultMaxHeaderBytes): exec argv stands in it."""


class PracticeServer:
    """Serves a world; a context manager. The port is free choice of the system unless given.

    With `slowness` 1 its answers take as long as a real server's, with 0 as long as they take.
    """

    def __init__(
        self, world: World, *, port: int = 0, faults: Faults | None = None, slowness: float = 0.0
    ) -> None:
        self.world = world
        self.faults = faults or Faults()
        self.authority = Authority()
        self.token = secrets.token_urlsafe(32)
        self._port = port
        self._slowness = Slowness(slowness)
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._ready = threading.Event()
        self._error: BaseException | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://{HOST}:{self._port}"

    def start(self) -> PracticeServer:
        """Starts serving; OSError where the port is taken."""
        self._ready.clear()
        self._thread = threading.Thread(target=self._run, name="practice-server", daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_LIMIT):
            raise OSError("the practice server did not start")
        if self._error is not None:
            raise self._error
        return self

    def stop(self) -> None:
        """Ends all connections and the thread; may be called again."""
        loop, stop, thread = self._loop, self._stop, self._thread
        if loop is None or stop is None or thread is None:
            return
        self._loop = None
        with contextlib.suppress(RuntimeError):  # it has ended by itself, by a fault
            loop.call_soon_threadsafe(stop.set)
        thread.join(_START_LIMIT)

    def kubeconfig(
        self, *, certificate: bytes = b"", key: bytes = b"", token: str | None = None
    ) -> dict[str, Any]:
        """A kubeconfig for it, with its token or with a client certificate of its authority (PEM)."""
        name = f"practice-{self.world.scenario}" if self.world.scenario else "practice"
        user: dict[str, Any] = {"token": self.token if token is None else token}
        if certificate:
            user = {"client-certificate-data": _b64(certificate), "client-key-data": _b64(key)}
        extension = {"scenario": self.world.scenario, "pace": self.world.pace}
        cluster = {
            "server": self.url,
            "certificate-authority-data": _b64(self.authority.pem),
            "extensions": [{"name": "klinik.practice", "extension": extension}],
        }
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": name,
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": USER, "user": user}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": USER, "namespace": "default"}}],
            "preferences": {},
        }

    def write_kubeconfig(self, path: Path) -> None:
        """Writes it, readable for its owner only; JSON, which every reader of kubeconfigs takes for YAML."""
        text = json.dumps(self.kubeconfig(), indent=2) + "\n"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)

    def __enter__(self) -> PracticeServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # --- in its thread

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # told to the starting thread
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        from aiohttp import web

        from checks.practice.handler import Handler

        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        handler = Handler(self.world, self.faults, self._user, self._stop.set, self._slowness)
        app = web.Application(client_max_size=16 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", handler.handle)
        runner = web.AppRunner(
            app,
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=0.1,
            max_line_size=_MAX_HEADER,
            max_field_size=_MAX_HEADER,
        )
        await runner.setup()
        if runner.server is None:
            raise OSError("the practice server did not start")
        door = Door(runner.server, self.authority.context(HOST))
        try:
            self._port = door.open(HOST, self._port)
            self._ready.set()
            await self._stop.wait()
        finally:
            # Whatever one part has to say, the others end too.
            try:
                handler.abort()
                await runner.cleanup()
            finally:
                await door.close()

    def _user(self, request: web.BaseRequest) -> tuple[str, tuple[str, ...]] | None:
        """Who asks, by token or client certificate; None for nobody known."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        if token:
            known = kind.lower() == "bearer" and hmac.compare_digest(
                token.strip().encode(), self.token.encode()
            )
            return (USER, ("system:masters",)) if known and not self.faults.tokens_expired else None
        peer = request.get_extra_info("peercert")
        if not peer:
            return None
        parts = [pair for part in peer.get("subject", ()) for pair in part]
        names = [value for key, value in parts if key == "commonName"]
        groups = tuple(value for key, value in parts if key == "organizationName")
        return (names[0], groups) if names else None


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
