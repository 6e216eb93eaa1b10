"""`Cluster` over HTTP: raw paths and plain JSON, every call with a deadline, every failure typed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import copy
from typing import Any, Self, TypeVar

from checks.cluster import PAGE_LIMIT, PODS, ClusterInfo, ExecResult, Object, Page, PatchType, Resource
from checks.errors import (
    ClusterError,
    ConfigError,
    InDoubt,
    Invalid,
    Timeout,
    Unauthenticated,
    Unreachable,
)
from checks.live.access import Access, Session
from checks.live.deadline import Deadline, Overdue, bounded
from checks.live.exec import run as run_command
from checks.live.failures import About, path_of
from checks.live.http import Call, fetch, no_answer
from checks.live.paging import pages
from checks.live.reviews import access, all_rules, allowed, rules_of
from checks.live.web import get_url
from checks.local.access import KubeAccess
from checks.permission import Permission, Rules
from checks.proxypath import Query, proxy_path
from checks.signature import MANAGER
from kb.messages import message

T = TypeVar("T")
EVICTIONS = Resource("", "v1", "pods/eviction")
_LOG_LIMIT = 64 * 1024 * 1024
HEALTH_LIMIT = 1024 * 1024
"""Bytes; the page of a stock API server is 2 KB."""
_CONTENT = {"merge": "application/merge-patch+json", "json": "application/json-patch+json"}


class LiveCluster:
    """A cluster behind an API server; may be used by many threads at once."""

    def __init__(self, access: Access, info: ClusterInfo, request_timeout: float | None = None) -> None:
        self._access = access
        self._info = info
        self._timeout = request_timeout or None
        self._manager = MANAGER

    @property
    def info(self) -> ClusterInfo:
        """Which cluster this is."""
        return self._info

    @property
    def kube_access(self) -> KubeAccess:
        """What kubectl needs to be connected with the same, as the same user."""
        return self._access.for_kubectl(self._info.namespace)

    def signing(self, manager: str) -> Self:
        """The same connection; what is patched and created through it is this field manager's."""
        other = copy(self)
        other._manager = manager
        return other

    def version(self, *, timeout: float = 5.0) -> str:
        """The server's version, ``v1.28.3``."""
        answer = self._json(Call("GET", "/version", self._about("version")), self._deadline(timeout))
        return str(answer.get("gitVersion", ""))

    def health(self, endpoint: str, *, timeout: float = 10.0) -> str:
        """What the API server says of itself; it says 500 with the same page where a check of its own fails."""
        path = f"/{endpoint}"
        about = self._about("get", Resource.at(path))
        call = Call("GET", path, about, (("verbose", ""),), accept="*/*", limit=HEALTH_LIMIT, answers=(500,))
        return self._send(call, self._deadline(timeout)).decode("utf-8", "replace")

    def list(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        page: int = 500,
        timeout: float = 15.0,
    ) -> Iterator[Object]:
        """All objects, in pages under one deadline; starts anew where the server forgot the rest (410)."""
        found = self.list_pages(
            resource,
            namespace=namespace,
            labels=labels,
            fields=fields,
            page=page,
            timeout=timeout,
            total=timeout,
        )
        for one in found:
            yield from one.items

    def list_pages(
        self,
        resource: Resource,
        *,
        namespace: str = "",
        labels: str = "",
        fields: str = "",
        page: int = 500,
        only_metadata: bool = False,
        timeout: float = 15.0,
        total: float = 60.0,
    ) -> Iterator[Page]:
        """The same in pages, each within `timeout` seconds and all within `total`."""
        about = self._about("list", resource, namespace)
        query = tuple((k, v) for k, v in (("labelSelector", labels), ("fieldSelector", fields)) if v)
        return pages(
            self._json, resource, about, query, namespace=namespace, size=page, only_metadata=only_metadata,
            timeout=lambda: self._deadline(timeout), total=self._deadline(total),
        )  # fmt: skip

    def get(self, resource: Resource, name: str, *, namespace: str = "", timeout: float = 10.0) -> Object:
        """One object."""
        about = self._about("get", resource, namespace, name)
        return self._json(Call("GET", path_of(about, resource), about), self._deadline(timeout))

    def logs(
        self,
        namespace: str,
        pod: str,
        container: str = "",
        *,
        tail: int | None = None,
        since: float | None = None,
        previous: bool = False,
        timeout: float = 15.0,
    ) -> str:
        """The log of a container."""
        pairs = (
            ("container", container),
            ("tailLines", "" if tail is None else str(tail)),
            ("sinceSeconds", "" if since is None else str(max(1, round(since)))),
            ("previous", "true" if previous else ""),
        )
        about = self._about("get", PODS, namespace, pod)
        call = Call(
            "GET",
            path_of(about, PODS) + "/log",
            about,
            tuple(pair for pair in pairs if pair[1]),
            accept="*/*",
            limit=_LOG_LIMIT,
        )
        return self._send(call, self._deadline(timeout)).decode("utf-8", "replace")

    def exec(
        self,
        namespace: str,
        pod: str,
        container: str,
        argv: tuple[str, ...],
        *,
        timeout: float = 10.0,
        on_output: Callable[[str], None] | None = None,
        turn: str = "",
    ) -> ExecResult:
        """Runs a command and waits for its exit code; an error's `sent` says whether it may have run."""
        deadline = Deadline(timeout)
        about = self._about("exec", PODS, namespace, pod)
        path = path_of(about, PODS) + "/exec"

        def run(session: Session) -> ExecResult:
            return run_command(session, path, container, argv, about, deadline, on_output)

        return self._with_session(run, about, deadline)

    def proxied(
        self,
        resource: Resource,
        namespace: str,
        name: str,
        port: int | str,
        path: str,
        *,
        query: Query = (),
        scheme: str = "",
        timeout: float = 10.0,
        limit: int = PAGE_LIMIT,
        turn: str = "",
    ) -> str:
        """What a pod, service or node answers to a GET, through the API server's proxy."""
        about = self._about("get", resource, namespace, name, proxied=True)
        try:
            target = proxy_path(resource, namespace, name, port, path, scheme=scheme)
        except ValueError as error:
            raise about.error(Invalid, str(error)) from error
        call = Call("GET", target, about, query, accept="*/*", limit=limit)
        return self._send(call, self._deadline(timeout)).decode("utf-8", "replace")

    def fetched(
        self,
        url: str,
        *,
        query: Query = (),
        token_file: str = "",
        ca_file: str = "",
        timeout: float = 10.0,
        limit: int = PAGE_LIMIT,
    ) -> str:
        """The answer of a URL outside the cluster, without the cluster's credentials."""
        return get_url(url, query=query, token_file=token_file, ca_file=ca_file, timeout=timeout, limit=limit)

    def patch(
        self,
        resource: Resource,
        name: str,
        body: Any,
        *,
        namespace: str = "",
        type: PatchType = "merge",
        dry_run: bool = False,
        timeout: float = 15.0,
    ) -> Object:
        """Patches one object and returns it as it is then."""
        about = self._about("patch", resource, namespace, name, write=not dry_run)
        path = path_of(about, resource)
        call = Call("PATCH", path, about, _writing(self._manager, dry_run), body, content_type=_CONTENT[type])
        return self._json(call, self._deadline(timeout))

    def create(
        self,
        resource: Resource,
        body: Object,
        *,
        namespace: str = "",
        dry_run: bool = False,
        timeout: float = 15.0,
    ) -> Object:
        """Creates an object and returns it."""
        name = str(body.get("metadata", {}).get("name", ""))
        about = self._about("create", resource, namespace, name, write=not dry_run)
        call = Call(
            "POST", path_of(about, resource, all_of_them=True), about, _writing(self._manager, dry_run), body
        )
        return self._json(call, self._deadline(timeout))

    def delete(
        self,
        resource: Resource,
        name: str,
        *,
        namespace: str = "",
        uid: str = "",
        version: str = "",
        dry_run: bool = False,
        timeout: float = 15.0,
    ) -> None:
        """Asks for the deletion of an object; only with this uid and resourceVersion where given (else Conflict)."""
        about = self._about("delete", resource, namespace, name, write=not dry_run)
        options: Object = {"apiVersion": "v1", "kind": "DeleteOptions"}
        bound = {key: value for key, value in (("uid", uid), ("resourceVersion", version)) if value}
        if bound:
            options["preconditions"] = bound
        if dry_run:
            options["dryRun"] = ["All"]
        self._json(
            Call("DELETE", path_of(about, resource), about, _dry(dry_run), options),
            self._deadline(timeout),
        )

    def evict(
        self, namespace: str, pod: str, *, uid: str = "", dry_run: bool = False, timeout: float = 15.0
    ) -> None:
        """Asks for a pod to go as its PodDisruptionBudgets allow; raises Disruption where they do not now."""
        about = self._about("create", EVICTIONS, namespace, pod, write=not dry_run)
        options: Object = {"preconditions": {"uid": uid}} if uid else {}
        if dry_run:
            options["dryRun"] = ["All"]
        body = {
            "apiVersion": "policy/v1",
            "kind": "Eviction",
            "metadata": {"name": pod, "namespace": namespace},
            "deleteOptions": options,
        }
        path = path_of(about, PODS) + "/eviction"
        self._json(Call("POST", path, about, _dry(dry_run), body), self._deadline(timeout))

    def can(
        self,
        verb: str,
        resource: Resource,
        *,
        namespace: str = "",
        subresource: str = "",
        name: str = "",
        timeout: float = 5.0,
    ) -> bool:
        """Whether this user may (SelfSubjectAccessReview), all objects of the kind where no name is given."""
        permission = Permission(verb, resource, namespace, subresource, name)
        return allowed(self._json(self._review(*access(permission)), self._deadline(timeout)))

    def rules(self, namespace: str, *, timeout: float = 5.0) -> Rules:
        """What this user may do in a namespace (SelfSubjectRulesReview)."""
        return rules_of(self._json(self._review(*all_rules(namespace)), self._deadline(timeout)))

    def _review(self, resource: Resource, body: Object) -> Call:
        return Call("POST", resource.path(), self._about("create", resource), (), body)

    def close(self) -> None:
        """Lets go of the pooled connections."""
        self._access.close()

    # --- inside

    def _deadline(self, timeout: float) -> Deadline:
        return Deadline(timeout if self._timeout is None else self._timeout)

    def _about(
        self,
        verb: str,
        resource: Resource | None = None,
        namespace: str = "",
        name: str = "",
        *,
        write: bool = False,
        proxied: bool = False,
    ) -> About:
        kind = resource.dotted if resource else ""
        return About(verb, kind, namespace, name, self._info.server, write, proxied)

    def _json(self, call: Call, deadline: Deadline) -> Object:
        raw = self._send(call, deadline)
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise call.about.lost(ClusterError, message("cluster.not-json", server=self._info.server))
        return answer

    def _send(self, call: Call, deadline: Deadline) -> bytes:
        def send(session: Session) -> bytes:
            pool = session.fresh_pool() if call.about.write else session.pool
            try:
                return fetch(pool, session.server, session.headers, call, deadline)
            finally:
                if call.about.write:
                    pool.clear()

        return self._with_session(send, call.about, deadline)

    def _with_session(self, work: Callable[[Session], T], about: About, deadline: Deadline) -> T:
        """Runs `work` with credentials, with renewed ones after a 401; abandons it when it outlives the deadline."""

        def attempt() -> T:
            session = self._access.session(deadline)
            try:
                return work(session)
            except Unauthenticated:
                again = self._access.renewed(session, deadline)
                if again is not None:
                    return work(again)
                raise

        try:
            return bounded(attempt, deadline)
        except Overdue:
            raise about.lost(Timeout, no_answer(about, deadline)) from None
        except (Unauthenticated, Unreachable, InDoubt) as error:
            # servers refuse an ended client certificate by closing the connection, or with a bare 401
            why = self._access.why_refused(about)
            if why is not None:
                # It is by this machine's clock only: what went out may have been taken all the same.
                why.sent = error.sent
            raise why or error from None
        except ConfigError as error:
            raise about.error(Unauthenticated, error.text) from error


def _dry(dry_run: bool) -> tuple[tuple[str, str], ...]:
    return (("dryRun", "All"),) if dry_run else ()


def _writing(manager: str, dry_run: bool) -> tuple[tuple[str, str], ...]:
    return (("fieldManager", manager), *_dry(dry_run))
