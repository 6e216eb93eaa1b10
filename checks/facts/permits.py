"""What this user may do, asked beside the first reads: what is known to be forbidden is not sent.

One SelfSubjectRulesReview per namespace says what is forbidden there, where the server's rules are complete; for
commands, logs and proxies, of which there may be thousands, a SelfSubjectAccessReview says it for sure. Nobody waits
for either longer than a moment, and a review that is refused or fails forbids nothing. Reviews share one key of the
pool, so that slow ones leave its places to the commands.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from checks.cluster import Cluster
from checks.errors import Forbidden
from checks.facts.futures import when_all
from checks.facts.pool import Job, Pool
from checks.permission import Permission, Ruled, Rules
from kb.messages import message

MOMENT = 0.4
"""Seconds that a read waits to hear whether it is allowed."""
PATIENCE = 2.0
"""Seconds that a check which met something forbidden waits for the names of everything it lacks."""
_TIMEOUT = 3.0


class Permits:
    """The permissions of one user for one run."""

    def __init__(self, cluster: Cluster, pool: Pool):
        self._cluster = cluster
        self._pool = pool
        self._lock = threading.Lock()
        self._asked: dict[Permission, Future[bool | None]] = {}
        self._rules: dict[str, Future[Rules | None]] = {}
        self._learnt: set[Permission] = set()

    def begin(self, needed: Iterable[Permission]) -> None:
        """Ask about what is going to be read."""
        several = list(needed)
        if isinstance(self._cluster, Ruled):
            for namespace in sorted({one.namespace for one in several if one.namespace} or {"default"}):
                self._review(self._cluster, namespace)
        for one in several:
            if one.subresource:
                self.ask(one)

    def refusal(self, permission: Permission) -> Forbidden | None:
        """The error of a read that is known to be forbidden; None where it is to be sent."""
        with self._lock:
            if permission in self._learnt:
                return not_allowed(permission)
            answer = self._asked.get(permission)
            rules = list(self._rules.items())
        said = answer.result() if answer is not None and answer.done() else None
        if said is None:
            for namespace, future in rules:
                found = future.result() if future.done() else None
                if (
                    found is not None
                    and permission.namespace in ("", namespace)
                    and found.refuses(permission)
                ):
                    said = False
        return not_allowed(permission) if said is False else None

    def refused(self, permission: Permission) -> None:
        """The server has refused it: it will refuse it again, where the reviews say so too."""
        twin = replace(permission, verb="create")
        if any(self.refusal(one) is not None for one in (permission, twin)):
            with self._lock:
                self._learnt.add(permission)

    def soon(self, permissions: Iterable[Permission], action: Callable[[], None]) -> None:
        """Call `action` when it is known whether these are allowed, or after a moment."""
        with self._lock:
            waiting: list[Future[Any]] = [
                self._asked[one] for one in permissions if one in self._asked and not self._asked[one].done()
            ]
            waiting += [future for future in self._rules.values() if not future.done()]
        self._within(waiting, MOMENT, action)

    def known(self, permissions: Iterable[Permission], action: Callable[[], None]) -> None:
        """Ask about all of these, and call `action` when everything is answered, or patience ends."""
        self._within([self.ask(one) for one in permissions], PATIENCE, action)

    def lacking(self, permissions: Iterable[Permission]) -> tuple[Permission, ...]:
        """Those that are known to be refused, in a fixed order."""
        found = [one for one in permissions if self.refusal(one) is not None]
        return tuple(sorted(found, key=lambda one: (one.verb, one.shown)))

    def ask(self, permission: Permission) -> Future[bool | None]:
        """Whether this is allowed; None where the server does not say."""
        with self._lock:
            if permission in self._asked:
                return self._asked[permission]
            future = self._asked[permission] = Future()

        def work() -> bool:
            return self._cluster.can(
                permission.verb, permission.resource, namespace=permission.namespace,
                subresource=permission.subresource, name=permission.name, timeout=_TIMEOUT,
            )  # fmt: skip

        def done(answer: Any, error: BaseException | None) -> None:
            future.set_result(None if error else bool(answer))

        self._pool.submit(Job("api", "reviews", _TIMEOUT, work, done, "reviews"))
        return future

    def _review(self, cluster: Ruled, namespace: str) -> None:
        with self._lock:
            if namespace in self._rules:
                return
            future = self._rules[namespace] = Future()

        def done(answer: Any, error: BaseException | None) -> None:
            future.set_result(None if error else answer)

        work = lambda: cluster.rules(namespace, timeout=_TIMEOUT)  # noqa: E731
        self._pool.submit(Job("api", "reviews", _TIMEOUT, work, done, "reviews"))

    def _within(self, waiting: list[Future[Any]], seconds: float, action: Callable[[], None]) -> None:
        once = threading.Lock()

        def act() -> None:
            if once.acquire(blocking=False):
                action()

        if any(not future.done() for future in waiting):
            self._pool.later(seconds, act)
        when_all(waiting, act)


def not_allowed(permission: Permission) -> Forbidden:
    """The error of a read that was not sent, because the answer is known."""
    text = message("roots.may-not", verb=permission.verb, resource=permission.shown)
    kind = permission.resource.dotted
    resource = f"{kind}/{permission.subresource}" if permission.subresource else kind
    return Forbidden(
        text, verb=permission.verb, resource=resource, namespace=permission.namespace, name=permission.name
    )
