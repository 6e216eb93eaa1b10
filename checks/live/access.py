"""The door to the `kubernetes` package: credentials of one context, and the connection pool made with them.

Nothing is imported or opened before the first call. The typed models are never touched.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from checks.errors import ClusterError, ConfigError, Unauthenticated
from checks.kubeconfig import Choice
from checks.live.certificate import not_after
from checks.live.deadline import Deadline
from checks.live.failures import About
from checks.live.inflight import InFlight, watched
from checks.live.plugin import run_plugin
from checks.local.access import KubeAccess
from kb.messages import message
from kb.said import text_of

POOL_SIZE = 32
_EARLY = 60.0
"""Seconds before its end at which a plugin's credential is renewed."""


@dataclass(frozen=True)
class Session:
    """Ready to send: pool, address and headers of one set of credentials."""

    configuration: Any
    pool: Any
    server: str
    headers: Mapping[str, str]
    inflight: InFlight
    expires: float | None = None
    made: int = 0

    def fresh_pool(self) -> Any:
        """Another pool, so that a write never goes out on a connection that the server may just have closed."""
        return _pool(self.configuration, self.inflight)

    @cached_property
    def ssl_context(self) -> Any:
        """For connections outside the pool (exec); OSError where a certificate file is not what it should be."""
        import ssl

        configuration = self.configuration
        context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
        if not configuration.verify_ssl:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if configuration.cert_file:
            context.load_cert_chain(configuration.cert_file, configuration.key_file)
        return context


@dataclass
class Access:
    """Makes the session on first use and again when its credentials end; `choice` None means in-cluster."""

    choice: Choice | None
    as_user: str = ""
    as_groups: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    """The kubeconfig files behind the choice."""
    _session: Session | None = None
    _closed: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _inflight: InFlight = field(default_factory=InFlight)

    def session(self, deadline: Deadline) -> Session:
        """The current session; raises Unauthenticated where no credentials can be had, ConfigError in-cluster."""
        with self._lock:
            if self._closed:
                raise ClusterError(message("cluster.closed"))
            current = self._session
            if current is None or (current.expires is not None and current.expires - _EARLY < time.time()):
                self._session = current = self._make(deadline, 0 if current is None else current.made + 1)
            return current

    def renewed(self, refused: Session, deadline: Deadline) -> Session | None:
        """After a 401: a session with credentials read anew, or None where they cannot have changed."""
        if refused.made > 0 and refused.expires is None:
            return None
        with self._lock:
            if self._session is refused and not self._closed:
                self._session = self._make(deadline, refused.made + 1)
                return self._session
            return self._session

    def why_refused(self, about: About) -> ClusterError | None:
        """A better explanation of a refusal than the server's: the client certificate has ended."""
        session = self._session
        if session is None or not session.configuration.cert_file:
            return None
        end = not_after(Path(session.configuration.cert_file).read_text(errors="replace"))
        if end is None or end > time.time():
            return None
        date = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(end))
        return about.error(Unauthenticated, message("cluster.certificate-expired", date=date))

    def for_kubectl(self, namespace: str) -> KubeAccess:
        """What kubectl needs to be connected with the same, as the same user."""
        user = self.choice.user if self.choice else {}
        groups = self.as_groups or tuple(user.get("as-groups") or ())
        files = tuple(str(path.absolute()) for path in self.files)
        who = self.as_user or str(user.get("as") or "")
        return KubeAccess(files, self.choice, namespace, who, tuple(str(group) for group in groups))

    def close(self) -> None:
        """Closes the pooled connections, and ends the calls in flight."""
        self._inflight.close()
        with self._lock:
            self._closed = True
            if self._session is not None:
                self._session.pool.clear()

    def _make(self, deadline: Deadline, made: int) -> Session:
        if self._session is not None:
            self._session.pool.clear()
        configuration, expires = _configuration(self.choice, deadline)
        from urllib3 import HTTPHeaderDict

        # Every request has a name of its own that begins with this one (`checks.live.http.named`).
        headers = HTTPHeaderDict({"User-Agent": "klinik", "Audit-ID": f"klinik-{secrets.token_hex(8)}"})
        token = configuration.get_api_key_with_prefix("BearerToken")
        if token:
            headers["Authorization"] = token
        user = self.choice.user if self.choice else {}
        as_user = self.as_user or str(user.get("as") or "")
        if as_user:
            headers["Impersonate-User"] = as_user
            for group in self.as_groups or tuple(user.get("as-groups") or ()):
                headers.add("Impersonate-Group", str(group))
        server = str(configuration.host).rstrip("/")
        pool = _pool(configuration, self._inflight)
        return Session(configuration, pool, server, headers, self._inflight, expires, made)


def _configuration(choice: Choice | None, deadline: Deadline) -> tuple[Any, float | None]:
    """The library's configuration of a context, and when its credentials end."""
    from kubernetes.client.configuration import Configuration
    from kubernetes.config import ConfigException, load_kube_config_from_dict

    configuration = Configuration()
    configuration.connection_pool_maxsize = POOL_SIZE
    expires: float | None = None
    try:
        if choice is None:
            from kubernetes.config.incluster_config import load_incluster_config

            load_incluster_config(client_configuration=configuration)
            return configuration, time.time() + 300.0
        user, expires = _user(choice, deadline)
        load_kube_config_from_dict(
            _document(choice, user), client_configuration=configuration, persist_config=False
        )
        if not choice.cluster.get("proxy-url") and _is_loopback(str(configuration.host)):
            configuration.proxy = None  # as kubectl: proxies of the environment are not for the own machine
    except (ConfigException, ValueError, TypeError, OSError) as error:
        context = choice.context if choice else "in-cluster"
        raise ConfigError(message("cluster.bad-credentials", context=context, why=text_of(error))) from error
    return configuration, expires


def _user(choice: Choice, deadline: Deadline) -> tuple[dict[str, Any], float | None]:
    """The user entry with the result of a credential plugin in the plugin's place."""
    import base64

    user = dict(choice.user)
    plugin = user.pop("exec", None)
    if not isinstance(plugin, dict) or user.get("token") or user.get("tokenFile"):
        return user, None
    found = run_plugin(plugin, choice.cluster, timeout=deadline.left)
    if found.token:
        user["token"] = found.token
    if found.certificate:
        user["client-certificate-data"] = base64.b64encode(found.certificate.encode()).decode()
        user["client-key-data"] = base64.b64encode(found.key.encode()).decode()
    return user, found.expires


def _document(choice: Choice, user: dict[str, Any]) -> dict[str, Any]:
    return {
        "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": dict(choice.cluster)}],
        "users": [{"name": "u", "user": user}],
    }


def _is_loopback(server: str) -> bool:
    import ipaddress
    from urllib.parse import urlsplit

    host = urlsplit(server).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _pool(configuration: Any, inflight: InFlight) -> Any:
    import urllib3
    from kubernetes.client.rest import RESTClientObject

    if not configuration.verify_ssl:
        # the operator's own choice in the kubeconfig; a warning per request would land on the screen
        urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)

    manager = RESTClientObject(configuration).pool_manager
    manager.pool_classes_by_scheme = {
        scheme: watched(pool_class, inflight) for scheme, pool_class in manager.pool_classes_by_scheme.items()
    }
    return manager
