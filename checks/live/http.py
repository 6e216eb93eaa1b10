"""One HTTP call to the API server: sent, read and ended by its deadline."""

from __future__ import annotations

import contextlib
import json
import random
import secrets
import ssl
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from checks.errors import ClusterError, Disruption, Timeout, Unauthenticated, Unreachable
from checks.live.deadline import Deadline
from checks.live.failures import About, behind, is_status, refusal
from checks.live.inflight import Closed, never_connected
from kb.messages import message
from kb.said import quoted, text_of
from kb.text import Text

CONNECT = 3.0
"""Seconds a connection may take, TLS included."""
PAUSES = (0.1, 0.4, 1.2)
"""Seconds, give or take a half, before a read is tried again."""
LIMIT = 256 * 1024 * 1024
NAME = "Audit-ID"
"""The header by which the API server names a request in its audit log, and which it repeats in the answer."""
_CHUNK = 256 * 1024


@dataclass(frozen=True, slots=True)
class Call:
    """One request; `about` says what for."""

    method: str
    path: str
    about: About
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    content_type: str = "application/json"
    accept: str = "application/json"
    limit: int = LIMIT
    answers: tuple[int, ...] = ()
    """Codes besides success whose bodies are answers, unless they are the API server's own refusals."""

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def fetch(pool: Any, server: str, headers: Mapping[str, str], call: Call, deadline: Deadline) -> bytes:
    """The body of a successful answer; raises ClusterError.

    A read is tried again where its connection broke or the server stumbled (5xx), any call where the server said that
    it did nothing (429): when the server says so, else after growing pauses, and always before the deadline.
    """
    pauses = iter(PAUSES)
    while True:
        try:
            code, answer, told = _once(pool, server, headers, call, deadline)
            if code < 300 or (code in call.answers and not is_status(answer)):
                return answer
            problem = refusal(code, answer, call.about)
            own = not call.about.proxied or is_status(answer)
            wait = _wait(code, told, call, problem, pauses) if own else None
        except ClusterError as error:
            problem, wait = error, _wait_after(error, call, pauses)
        if wait is None or wait >= deadline.left:
            raise problem
        time.sleep(wait)


def _wait(
    code: int, told: float | None, call: Call, problem: ClusterError, pauses: Iterator[float]
) -> float | None:
    """Seconds until a refused call may be tried again; None: it is not."""
    if isinstance(problem, Disruption):
        return None  # whoever evicts decides how long to wait for the budget
    if code == 429 or (code == 503 and not call.about.write and told is not None):
        return told if told is not None else _spread(next(pauses, None))
    stumbled = code in (500, 502, 503, 504) and not behind(problem)
    return _spread(next(pauses, None)) if stumbled and not call.about.write else None


def _wait_after(error: ClusterError, call: Call, pauses: Iterator[float]) -> float | None:
    """Seconds until a call without an answer may be tried again; one that reached nobody is tried once more only."""
    if call.about.write or isinstance(error, Timeout | Unauthenticated) or _is_closed(error):
        return None
    pause = next(pauses, None)
    return None if pause is None or (not error.sent and pause != PAUSES[0]) else _spread(pause)


def _is_closed(error: BaseException) -> bool:
    """Whether the cluster was closed meanwhile, so that nobody waits for an answer any more."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, Closed):
        seen = seen.__cause__ or seen.__context__
    return seen is not None


def _spread(pause: float | None) -> float | None:
    """A pause of somewhere around this length, so that many callers do not come back at once."""
    return None if pause is None else pause * random.uniform(0.5, 1.5)  # noqa: S311 - no secret


def _once(
    pool: Any, server: str, headers: Mapping[str, str], call: Call, deadline: Deadline
) -> tuple[int, bytes, float | None]:
    import urllib3

    body = None if call.body is None else json.dumps(call.body).encode()
    extra = {"Accept": call.accept, "Accept-Encoding": "gzip"}
    if body is not None:
        extra["Content-Type"] = call.content_type
    timeout = urllib3.Timeout(connect=min(CONNECT, max(deadline.left, 0.05)), read=max(deadline.left, 0.05))
    merged = urllib3.HTTPHeaderDict(headers)
    merged.update(extra)
    name = named(headers) if NAME in headers else ""
    if name:
        merged[NAME] = name
    try:
        response = pool.request(
            call.method,
            server + call.target,
            body=body,
            headers=merged,
            timeout=timeout,
            preload_content=False,
            retries=False,
            redirect=False,
        )
        try:
            if _is_stale(response.headers.get(NAME, ""), name):
                raise call.about.lost(Unreachable, message("cluster.stale-answer", server=call.about.server))
            answer = _read(response, call, deadline)
        except BaseException:
            response.close()
            raise
        response.release_conn()
    except urllib3.exceptions.HTTPError as error:
        raise translate(error, call.about, deadline) from error
    except OSError as error:  # certificate files that are not what they should be
        raise call.about.error(Unreachable, _no_connection(call.about, error)) from error
    return response.status, answer, _retry_after(response.headers)


def named(headers: Mapping[str, str]) -> str:
    """The name of one more request; those of one session begin alike."""
    return f"{headers.get(NAME, 'klinik')}-{secrets.token_hex(8)}"


def _is_stale(told: str, name: str) -> bool:
    """Whether an answer says that it is to another request of this session: one that came twice on the way.

    Servers before 1.21 say nothing, and what names requests anew on the way says something else: both are trusted.
    """
    session = name.rpartition("-")[0]
    return bool(told and name) and name not in told and session in told


def _read(response: Any, call: Call, deadline: Deadline) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > call.limit:
            raise call.about.lost(
                ClusterError, message("cluster.too-large", limit=call.limit // 1024 // 1024)
            )
        if deadline.over:
            raise call.about.lost(Timeout, no_answer(call.about, deadline))
    return b"".join(parts)


def no_answer(about: About, deadline: Deadline) -> Any:
    """The message that a deadline passed."""
    return message("cluster.no-answer", server=about.server, seconds=f"{deadline.seconds:g}")


def translate(error: Exception, about: About, deadline: Deadline) -> ClusterError:
    """A typed error for one of urllib3: nothing sent yet is Unreachable, a lost answer may leave a write in doubt."""
    from urllib3 import exceptions as u

    never = never_connected(error)
    if isinstance(error, u.SSLError) or isinstance(never, ssl.SSLError):
        return _tls(never or error, about, sent=never is None)
    if never is not None:
        return about.error(Unreachable, _no_connection(about, never))
    if isinstance(error, u.ConnectTimeoutError | u.NewConnectionError | u.ProxyError | u.LocationValueError):
        return about.error(Unreachable, _no_connection(about, error))
    if isinstance(error, u.ReadTimeoutError):
        return about.lost(Timeout, no_answer(about, deadline))
    text = message("cluster.broken-connection", server=about.server, why=_reason(error))
    return about.lost(Unreachable, text)


def _tls(error: BaseException, about: About, *, sent: bool) -> ClusterError:
    """Trouble of TLS: before the request nothing was sent; after it the answer is lost like any other."""
    text = message("cluster.bad-tls", server=about.server, why=quoted(str(error)))
    lowered = str(error).lower()
    if "alert" in lowered and "certificate" in lowered:
        return about.error(Unauthenticated, text)
    return about.lost(Unreachable, text) if sent else about.error(Unreachable, text)


def _no_connection(about: About, error: BaseException) -> Any:
    return message("cluster.no-connection", server=about.server, why=_reason(error))


def _reason(error: BaseException) -> Text:
    """The innermost words of a chain of exceptions: ``Connection refused`` rather than a tower of types."""
    inner: BaseException = error
    while inner.__cause__ or inner.__context__:
        inner = inner.__cause__ or inner.__context__ or inner
    return text_of(inner)


def _retry_after(headers: Mapping[str, str]) -> float | None:
    with contextlib.suppress(TypeError, ValueError):
        return max(0.0, float(headers.get("Retry-After", "")))
    return None
