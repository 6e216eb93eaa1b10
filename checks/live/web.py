"""A GET of a URL outside the cluster: Prometheus where the settings name it by its address."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from checks.errors import Unreachable
from checks.live.deadline import Deadline, Overdue, bounded
from checks.live.failures import About
from checks.live.http import Call, fetch, no_answer
from checks.proxypath import Query
from kb.messages import message
from kb.said import text_of


def get_url(url: str, *, query: Query, token_file: str, ca_file: str, timeout: float, limit: int) -> str:
    """The body of the answer; raises ClusterError. Nothing of the cluster's own credentials is sent.

    The token is read anew for every call, because tokens in files are renewed.
    """
    parts = urlsplit(url)
    server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    about = About("get", "", "", server, server, proxied=True)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise about.error(Unreachable, message("cluster.bad-url", url=url))
    deadline = Deadline(timeout)
    call = Call("GET", parts.path or "/", about, query, accept="*/*", limit=limit)

    def send() -> bytes:
        pool = _pool(parts.scheme, ca_file)
        try:
            return fetch(pool, server, _headers(token_file), call, deadline)
        finally:
            pool.clear()

    try:
        return bounded(send, deadline).decode("utf-8", "replace")
    except Overdue:
        raise about.error(Unreachable, no_answer(about, deadline)) from None
    except (
        OSError,
        UnicodeError,
        ValueError,
    ) as error:  # a token or certificate file that is not what it should be
        raise about.error(
            Unreachable, message("cluster.bad-url-access", url=server, why=text_of(error))
        ) from error


def _headers(token_file: str) -> dict[str, str]:
    headers = {"User-Agent": "klinik"}
    if token_file:
        headers["Authorization"] = (
            f"Bearer {Path(token_file).expanduser().read_text(encoding='ascii').strip()}"
        )
    return headers


def _pool(scheme: str, ca_file: str) -> Any:
    import urllib3

    if scheme == "http":
        return urllib3.PoolManager()
    context = ssl.create_default_context(cafile=str(Path(ca_file).expanduser()) if ca_file else None)
    return urllib3.PoolManager(ssl_context=context)
