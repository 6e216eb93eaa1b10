"""What can go wrong between klinik and a cluster.

ClusterError            reason "error"
 ├─ Forbidden           reason "forbidden"    403: names verb and resource
 ├─ NotFound            reason "absent"       404: object, or the whole kind (missing CRD)
 ├─ Conflict            reason "conflict"     409: changed meanwhile, already exists
 ├─ Disruption          reason "disruption-budget"  429: a PodDisruptionBudget does not let this pod go now
 ├─ Invalid             reason "invalid"      422 or 400: the server refuses the content, webhooks included
 ├─ ReadOnly            reason "read-only"    klinik itself sends no writes here: --read-only, or without the app
 ├─ Unauthenticated     reason "unauthenticated"  401, expired certificate or token
 ├─ Timeout             reason "timeout"      no answer before the deadline
 ├─ Unreachable         reason "unreachable"  no connection, TLS, proxy
 │   └─ ServerGone      reason "unreachable"  the API server answers nobody any more
 └─ InDoubt             reason "in-doubt"     a write went out and its answer did not come back

ConfigError             no or broken kubeconfig, unknown context: nothing was sent
"""

from __future__ import annotations

from kb.text import Text


class ClusterError(Exception):
    """A call to the cluster that gave no usable answer; `reason` is stable and appears in results and JSON.

    `message` is the English text, `text` both languages (the server's own words are the same in both). `sent` says
    that the request, or the command of an exec, may have reached its destination although no answer came back.
    """

    reason = "error"

    def __init__(
        self,
        message: str | Text,
        *,
        verb: str = "",
        resource: str = "",
        namespace: str = "",
        name: str = "",
        sent: bool = False,
    ):
        self.text = Text.of(message)
        self.message = self.text.get("en")
        super().__init__(self.message)
        self.verb = verb
        self.resource = resource
        self.namespace = namespace
        self.name = name
        self.sent = sent


class Forbidden(ClusterError):
    """The server says that this user may not."""

    reason = "forbidden"


class NotFound(ClusterError):
    """The object, or the whole kind, is not there."""

    reason = "absent"


class Conflict(ClusterError):
    """The object changed meanwhile or exists already."""

    reason = "conflict"


class Disruption(ClusterError):
    """A PodDisruptionBudget does not let this pod go now; nothing happened, and later it may."""

    reason = "disruption-budget"


class Invalid(ClusterError):
    """The server refuses the content of the request."""

    reason = "invalid"


class ReadOnly(ClusterError):
    """klinik may only read here; nothing was sent."""

    reason = "read-only"


class Unauthenticated(ClusterError):
    """The server does not know this user: wrong or expired token or certificate."""

    reason = "unauthenticated"


class Timeout(ClusterError):
    """No answer before the deadline of the call."""

    reason = "timeout"


class Unreachable(ClusterError):
    """No connection to the server or, for exec and logs, to the node behind it."""

    reason = "unreachable"


class ServerGone(Unreachable):
    """The API server answers nothing at all: why nothing else can be known."""


class InDoubt(ClusterError):
    """A write was sent and no answer came back: it may or may not have happened."""

    reason = "in-doubt"


class ConfigError(Exception):
    """The kubeconfig, context or flags do not lead to any cluster; `text` says what to do instead."""

    def __init__(self, message: str | Text):
        self.text = Text.of(message)
        super().__init__(self.text.get("en"))


class NoCluster(ConfigError):
    """Nothing names a cluster: no kubeconfig anywhere, and not inside a pod."""
