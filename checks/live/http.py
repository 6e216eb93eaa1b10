"""One HTTP call to the API server: sent, read and ended by its deadline."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from checks.errors import ClusterError, Timeout, Unauthenticated, Unreachable
from checks.live.deadline import Deadline
from checks.live.failures import About, refusal
from kb.messages import message

CONNECT = 3.0
"""Seconds a connection may take, TLS included."""
LIMIT = 256 * 1024 * 1024
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

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{urlencode(self.query)}" if self.query else self.path


def fetch(pool: Any, server: str, headers: Mapping[str, str], call: Call, deadline: Deadline) -> bytes:
    """The body of a successful answer; raises ClusterError.

    A read is tried once more where its connection broke; any call is where the server says when (429, and 503 for
    reads), as long as that is before the deadline.
    """
    broken = 0
    while True:
        try:
            code, answer, wait = _once(pool, server, headers, call, deadline)
        except ClusterError as error:
            broken += 1
            if (
                call.about.write
                or isinstance(error, Timeout | Unauthenticated)
                or broken > 1
                or deadline.over
            ):
                raise
            continue
        if code < 300:
            return answer
        again = code == 429 or (code == 503 and not call.about.write)
        if not again or wait is None or wait >= deadline.left:
            raise refusal(code, answer, call.about)
        time.sleep(wait)


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


def _read(response: Any, call: Call, deadline: Deadline) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := response.read1(_CHUNK):
        parts.append(chunk)
        size += len(chunk)
        if size > call.limit:
            raise call.about.error(
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

    if isinstance(error, u.SSLError):
        return _tls(str(error), about)
    if isinstance(error, u.ConnectTimeoutError | u.NewConnectionError | u.ProxyError | u.LocationValueError):
        return about.error(Unreachable, _no_connection(about, error))
    if isinstance(error, u.ReadTimeoutError):
        return about.lost(Timeout, no_answer(about, deadline))
    text = message("cluster.broken-connection", server=about.server, why=_reason(error))
    return about.lost(Unreachable, text)


def _tls(why: str, about: About) -> ClusterError:
    lowered = why.lower()
    if "alert" in lowered and "certificate" in lowered:
        return about.error(Unauthenticated, message("cluster.bad-tls", server=about.server, why=why))
    return about.error(Unreachable, message("cluster.bad-tls", server=about.server, why=why))


def _no_connection(about: About, error: Exception) -> Any:
    return message("cluster.no-connection", server=about.server, why=_reason(error))


def _reason(error: Exception) -> str:
    """The innermost words of a chain of exceptions: ``Connection refused`` rather than a tower of types."""
    inner: BaseException = error
    while inner.__cause__ or inner.__context__:
        inner = inner.__cause__ or inner.__context__ or inner
    return getattr(inner, "strerror", None) or str(inner) or type(inner).__name__


def _retry_after(headers: Mapping[str, str]) -> float | None:
    with contextlib.suppress(TypeError, ValueError):
        return max(0.0, float(headers.get("Retry-After", "")))
    return None
