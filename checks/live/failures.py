"""From what a server answers to the errors of `checks.errors` (pure)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from checks.cluster import Resource
from checks.errors import (
    ClusterError,
    Conflict,
    Disruption,
    Forbidden,
    InDoubt,
    Invalid,
    NotFound,
    Timeout,
    Unauthenticated,
    Unreachable,
)
from kb.messages import message
from kb.safe import one_line
from kb.said import quoted
from kb.text import Text

_SHOWN = 500
# the API server could not reach the kubelet, or an aggregated API behind it
_BEHIND = re.compile(
    r"error dialing backend|dial tcp|:10250/|no agent available|connection refused|i/o timeout|"
    r"no endpoints available|error trying to reach service"
)
_UNSURE = re.compile(
    r"etcdserver: (request timed out|leader changed)|context deadline exceeded|request did not complete"
)
_NO_BINARY = re.compile(
    r"executable file not found|no such file or directory|OCI runtime|permission denied|exec failed|dial|"
    r"connection refused|timeout|i/o|unable to upgrade|container is not running|container .* not running",
    re.I,
)


class Gone(ClusterError):
    """410: the server no longer has the version that a continue token belongs to."""


@dataclass(frozen=True, slots=True)
class About:
    """What a call was about, for its errors."""

    verb: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    server: str = ""
    write: bool = False
    """Whether a lost answer leaves something in doubt."""
    proxied: bool = False
    """Whether something behind the server answers, in words of its own."""

    def error(self, kind: type[ClusterError], text: str | Text, *, sent: bool = False) -> ClusterError:
        """An error of this kind that names verb and object."""
        return kind(
            text, verb=self.verb, resource=self.resource, namespace=self.namespace, name=self.name, sent=sent
        )

    def lost(self, kind: type[ClusterError], text: Text) -> ClusterError:
        """The error for an answer that did not come back after the request went out."""
        if not self.write:
            return self.error(kind, text, sent=True)
        return self.error(
            InDoubt,
            message("cluster.in-doubt", why=text),
            sent=True,
        )


def path_of(about: About, resource: Resource, *, all_of_them: bool = False) -> str:
    """The URL path of the object that a call is about, or of its collection; raises Invalid for no possible name.

    A client takes ``pods/..`` for the namespace: such a name must not be sent.
    """
    try:
        return resource.path(about.namespace, "" if all_of_them else about.name)
    except ValueError as error:
        shown = one_line(f"{about.namespace}/{about.name}".strip("/"), 120)
        raise about.error(Invalid, message("cluster.no-name", name=shown)) from error


def refusal(code: int, body: bytes, about: About) -> ClusterError:
    """The error for an HTTP answer that is not a success; its message is the server's own where there is one."""
    status = _status(body)
    if about.proxied and not status:
        return _answered(code, body, about)
    said = _said(status)
    own = quoted(_plain(body) or "-")
    text = quoted(said) if said else message("cluster.http-status", server=about.server, code=code, why=own)
    if code == 401:
        return about.error(Unauthenticated, message("cluster.unauthorized"))
    if code == 404:
        return about.error(NotFound, said if status.get("details") else _missing(said, about))
    if code == 429 and _over_budget(status):
        return about.error(Disruption, _with_causes(said, status))
    if code in (502, 504) or (code >= 500 and not status):
        # Not the API server's own words: what stands before it may have passed the request on.
        return about.lost(Timeout if code == 504 else Unreachable, Text.of(text))
    if code >= 500 and _UNSURE.search(said) and "webhook" not in said:
        return about.lost(Unreachable, Text.of(text))
    return about.error(_kind(code, said), text)


def is_status(body: bytes) -> bool:
    """Whether an answer that is no success is the API server's own."""
    return bool(_status(body))


def _answered(code: int, body: bytes, about: About) -> ClusterError:
    """The refusal of what stands behind the proxy; its 401 has nothing to do with the cluster's credentials."""
    text = message("cluster.proxied-status", name=about.name, code=code, why=quoted(_plain(body) or "-"))
    if code in (401, 403):
        return about.error(Forbidden, message("cluster.proxied-forbidden", name=about.name, code=code))
    if code == 504:
        return about.error(Timeout, text)
    return about.error(_kind(404 if code == 404 else 503 if code == 502 else code, ""), text)


def behind(error: ClusterError) -> bool:
    """Whether not the server but a kubelet or an aggregated API behind it is away, which asking again does not mend."""
    return bool(_BEHIND.search(error.message))


def _said(status: dict[str, Any]) -> str:
    """The message, with the causes where it is one of the generic ones that say nothing."""
    said = str(status.get("message") or "")
    if "the server rejected our request" in said:
        causes = (status.get("details") or {}).get("causes") or ()
        said = ": ".join([said, *(str(cause.get("message", "")) for cause in causes)])
    return said[: _SHOWN * 4]


def _over_budget(status: dict[str, Any]) -> bool:
    """Whether this is a PodDisruptionBudget speaking, and not a server that has too much to do."""
    causes = (status.get("details") or {}).get("causes") or ()
    return any(isinstance(one, dict) and one.get("reason") == "DisruptionBudget" for one in causes)


def _with_causes(said: str, status: dict[str, Any]) -> str:
    causes = (status.get("details") or {}).get("causes") or ()
    return " ".join([said, *(str(one.get("message", "")) for one in causes if isinstance(one, dict))])[
        : _SHOWN * 4
    ]


def _kind(code: int, said: str) -> type[ClusterError]:
    if code == 410:
        return Gone
    if code == 403:
        return Forbidden
    if code == 404:
        return NotFound
    if code == 409:
        return Conflict
    if code in (400, 413, 415, 422):
        return NotFound if "previous terminated container" in said else Invalid
    if code == 503 or (code >= 500 and _BEHIND.search(said)):
        return Unreachable
    return ClusterError


def _missing(said: str, about: About) -> str | Text:
    if said and "could not find the requested resource" not in said:
        return said
    return message("cluster.missing-kind", resource=about.resource or about.verb)


def _status(body: bytes) -> dict[str, Any]:
    found = _mapping(body)
    return found if found.get("kind") == "Status" else {}


def _mapping(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _plain(body: bytes) -> str:
    return " ".join(body[:_SHOWN].decode(errors="replace").split())


def exit_code(channel: bytes, about: About, command: str) -> int:
    """The exit code from the error channel of an exec; raises where the command did not run to an end."""
    status = _mapping(channel)  # kubelets leave out the kind
    if status.get("status") == "Success":
        return 0
    details = status.get("details") or {}
    for cause in details.get("causes") or ():
        if cause.get("reason") == "ExitCode" and str(cause.get("message", "")).lstrip("-").isdigit():
            return int(cause["message"])
    said = str(status.get("message") or _plain(channel))
    if not said:
        raise about.error(
            Unreachable, message("cluster.exec-no-code", pod=about.name, command=command), sent=True
        )
    text = message("cluster.exec-failed", pod=about.name, command=command, why=said[:_SHOWN])
    if "container not found" in said:
        raise about.error(NotFound, text)
    raise about.error(Unreachable if _NO_BINARY.search(said) else ClusterError, text, sent=True)
