"""The URL path of what a pod, service or node serves, as the API server's proxy subresource has it. Pure."""

from __future__ import annotations

import re
from urllib.parse import quote, urlencode

from checks.cluster import Resource
from kb.messages import message
from kb.said import BadValue

Query = tuple[tuple[str, str], ...]
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_PORT = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?|")


def proxy_path(
    resource: Resource,
    namespace: str,
    name: str,
    port: int | str,
    path: str,
    *,
    query: Query = (),
    scheme: str = "",
) -> str:
    """``/api/v1/namespaces/NS/pods/[https:]NAME[:PORT]/proxy/PATH?…``; ValueError for what leads elsewhere."""
    if not _NAME.fullmatch(name) or not _PORT.fullmatch(str(port)) or scheme not in ("", "http", "https"):
        raise BadValue(message("checks.not-proxied", address=f"{scheme}:{name}:{port}"))
    steps = path.split("/")
    if any(step in (".", "..") for step in steps):
        raise BadValue(message("checks.out-of-proxy", path=repr(path)))
    tail = "/".join(quote(step, safe="") for step in steps).lstrip("/")
    address = f"{scheme}:{name}:{port}" if scheme else f"{name}:{port}".rstrip(":")
    whole = f"{resource.path(namespace, address)}/proxy/{tail}"
    return f"{whole}?{urlencode(query)}" if query else whole
