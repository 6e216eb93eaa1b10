"""What klinik's triage is measured against: the same lists, logs and commands, asked of the API server bare.

No code of klinik: asyncio and aiohttp, as many requests at once as klinik is allowed, every page parsed (a list goes on
with the token in it), every command read to its end. Run as a program it takes a kubeconfig (JSON, as the practice
server writes it) and the requests as JSON lines, and prints what it took.
"""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import yarl

COMMANDS, API = 16, 8
PROTOCOL = "v5.channel.k8s.io"
STATUS = 3
Request = dict[str, str]


def connection(path: Path) -> tuple[str, dict[str, str], ssl.SSLContext]:
    """Server, headers and trust of a kubeconfig."""
    config = json.loads(path.read_text(encoding="utf-8"))
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    trust = ssl.create_default_context(
        cadata=base64.b64decode(cluster["certificate-authority-data"]).decode()
    )
    return cluster["server"], {"Authorization": f"Bearer {user['token']}"}, trust


async def _list(session: aiohttp.ClientSession, server: str, request: Request) -> None:
    """All pages of one list."""
    token = ""
    while True:
        target = request["target"] + (f"&continue={quote(token, safe='')}" if token else "")
        url = yarl.URL(server + target, encoded=True)
        async with session.get(url, headers={"Accept": request["accept"]}) as answer:
            body = json.loads(await answer.read())
        token = body["metadata"].get("continue", "") if answer.status == 200 else ""
        if not token:
            return


async def _text(session: aiohttp.ClientSession, server: str, request: Request) -> None:
    async with session.get(yarl.URL(server + request["target"], encoded=True)) as answer:
        await answer.read()


async def _post(session: aiohttp.ClientSession, server: str, request: Request) -> None:
    """An access review; what is asked in it makes no difference here."""
    asked = {"spec": {"resourceAttributes": {"verb": "list", "resource": "pods"}, "namespace": "default"}}
    async with session.post(yarl.URL(server + request["target"], encoded=True), json=asked) as answer:
        await answer.read()


async def _command(session: aiohttp.ClientSession, server: str, request: Request) -> None:
    """One command to its exit code."""
    url = yarl.URL(server.replace("https", "wss", 1) + request["target"], encoded=True)
    async with session.ws_connect(url, protocols=(PROTOCOL,)) as socket:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY and message.data[:1] == bytes([STATUS]):
                return


KINDS: dict[str, Callable[[aiohttp.ClientSession, str, Request], Awaitable[None]]] = {
    "list": _list,
    "exec": _command,
    "log": _text,
    "get": _text,
    "create": _post,
}


async def ask(path: Path, requests: Sequence[Request], commands: int = COMMANDS, api: int = API) -> float:
    """Seconds for all requests, with so many at once of each kind."""
    server, headers, trust = connection(path)
    queues: dict[str, list[Request]] = {"commands": [], "api": []}
    for request in reversed(requests):
        queues["commands" if request["verb"] in ("exec", "log") else "api"].append(request)
    began = time.perf_counter()
    connector = aiohttp.TCPConnector(ssl=trust, limit=0)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:

        async def work(waiting: list[Request]) -> None:
            while waiting:
                request = waiting.pop()
                await KINDS[request["verb"]](session, server, request)

        await asyncio.gather(
            *(work(queues["commands"]) for _ in range(commands)), *(work(queues["api"]) for _ in range(api))
        )
    return time.perf_counter() - began


def main() -> None:
    """Asks what stands on standard input."""
    requests: list[Any] = [json.loads(line) for line in sys.stdin]
    seconds = asyncio.run(ask(Path(sys.argv[1]), requests))
    peak = resource.getrusage(resource.RUSAGE_SELF)
    spent = peak.ru_utime + peak.ru_stime
    print(json.dumps({"seconds": seconds, "spent": spent, "memory": peak.ru_maxrss}))


if __name__ == "__main__":
    main()
