"""Exec and logs: what runs behind the API server, in containers of the world."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from checks.cluster import ExecResult, Object
from checks.errors import ClusterError
from checks.practice.failures import BadRequest, status_of
from checks.practice.faults import Faults
from checks.practice.routes import Target
from checks.practice.world import World

Send = Callable[[int, bytes], Awaitable[None]]
PROTOCOLS = ("v5.channel.k8s.io", "v4.channel.k8s.io")
_FRAME = 32 * 1024
_STDOUT, _STDERR, STATUS = 1, 2, 3


def container_of(pod: Object, asked: str) -> str:
    """The container meant; BadRequest with the server's wording where it is not clear or not there."""
    spec, name = pod.get("spec") or {}, pod["metadata"]["name"]
    names = [c["name"] for key in ("containers", "initContainers") for c in spec.get(key) or []]
    main = [c["name"] for c in spec.get("containers") or []]
    if not asked:
        if len(main) == 1:
            return str(main[0])
        listed = f"[{' '.join(main)}]"
        raise BadRequest(f"a container name must be specified for pod {name}, choose one of: {listed}")
    if asked not in names:
        raise BadRequest(f"container {asked} is not valid for pod {name}")
    return asked


def log_text(world: World, target: Target, query: Mapping[str, str]) -> str:
    """The log that a request asks for."""
    pod = world.store.get(target.resource, target.name, target.namespace)
    text = world.logs(
        target.namespace,
        pod,
        container_of(pod, query.get("container", "")),
        tail=_number(query, "tailLines"),
        since=_number(query, "sinceSeconds"),
        previous=query.get("previous") == "true",
        timestamps=query.get("timestamps") == "true",
    )
    limit = _number(query, "limitBytes")
    return text if limit is None else text.encode()[:limit].decode(errors="ignore")


def _number(query: Mapping[str, str], key: str) -> int | None:
    if not query.get(key):
        return None
    try:
        return int(query[key])
    except ValueError:
        raise BadRequest(f"{key}: Invalid value: {query[key]!r}") from None


async def run_command(
    send: Send,
    world: World,
    faults: Faults,
    target: Target,
    pod: Object,
    container: str,
    argv: tuple[str, ...],
) -> None:
    """Runs a command in a thread of its own and sends its output and Status over the channels."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[tuple[int, bytes] | None] = asyncio.Queue()

    def put(item: tuple[int, bytes] | None) -> None:
        with contextlib.suppress(RuntimeError):  # the server has stopped meanwhile
            loop.call_soon_threadsafe(queue.put_nowait, item)

    def early(text: str) -> None:
        put((_STDOUT, _bytes(text if text.endswith("\n") else text + "\n")))

    def work() -> None:
        try:
            result = world.exec(target.namespace, pod, container, argv, early)
            put((_STDOUT, _bytes(result.stdout)))
            put((_STDERR, _bytes(result.stderr)))
            put((STATUS, _status(result)))
        except ClusterError as error:
            put((STATUS, _refused(error.message)))
        finally:
            put(None)

    rule = faults.strike(f"EXEC {target.namespace}/{target.name}/{container} {' '.join(argv)}")
    if rule is not None and rule.action == "hang":
        await asyncio.Event().wait()
    if rule is not None and rule.action == "delay":
        await asyncio.sleep(rule.seconds)
    if rule is not None and rule.action == "flood":
        while True:
            await send(_STDOUT, b"y\n" * (_FRAME // 2))
            await asyncio.sleep(
                0
            )  # sending to a client that has gone never waits: the loop could not learn of it
    if rule is not None and rule.action == "no-exit-code":
        await _chunked(send, STATUS, _refused(rule.message))
        return
    if rule is not None and rule.action in ("drop", "drop-after", "cut", "short"):
        return
    if rule is not None and rule.action == "garbage":
        await _chunked(send, STATUS, b"\xff\xfe not a status")
        return
    threading.Thread(target=work, name="practice-exec", daemon=True).start()
    while (item := await queue.get()) is not None:
        await _chunked(send, *item)


async def _chunked(send: Send, channel: int, data: bytes) -> None:
    for start in range(0, len(data), _FRAME):
        await send(channel, data[start : start + _FRAME])


def _bytes(text: str) -> bytes:
    """Worlds may hold undecodable output as surrogates; it goes out as the bytes it was."""
    return text.encode("utf-8", "surrogateescape")


def _status(result: ExecResult) -> bytes:
    status: dict[str, Any] = {"metadata": {}, "status": "Success"}
    if result.code:
        status = {
            "metadata": {},
            "status": "Failure",
            "message": f"command terminated with non-zero exit code: exit status {result.code}",
            "reason": "NonZeroExitCode",
            "details": {"causes": [{"reason": "ExitCode", "message": str(result.code)}]},
        }
    return json.dumps(status).encode()


def _refused(message: str) -> bytes:
    """The Status of a command that never ran to an end: an internal error of the kubelet, without an exit code."""
    return json.dumps(status_of(ClusterError(f"Internal error occurred: {message}"))[1]).encode()
