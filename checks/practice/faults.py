"""Trouble on purpose: rules that make the practice API server forbid, hang, break or lie; changeable while it runs."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import Literal

from checks.cluster import Resource

Action = Literal[
    "hang", "delay", "drop", "drop-after", "garbage", "html", "cut", "short", "trickle", "flood", "status",
    "no-exit-code", "die",
]  # fmt: skip


@dataclass(eq=False, slots=True)
class Rule:
    """One trouble; `match` is searched in ``METHOD /path?query``, of commands ``EXEC namespace/pod/container argv``."""

    action: Action
    match: re.Pattern[str]
    times: int = -1
    """How often it still strikes; negative: always."""
    skip: int = 0
    """How many requests it lets pass before that."""
    seconds: float = 0.0
    code: int = 0
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False, slots=True)
class Forbid:
    """A permission that is missing; ``*`` matches all, an empty user or namespace any."""

    verb: str
    resource: str
    subresource: str = ""
    namespace: str = ""
    user: str = ""

    def covers(self, verb: str, resource: Resource, subresource: str, namespace: str, user: str) -> bool:
        """Whether this takes away the permission asked for."""
        return (
            self.verb in ("*", verb)
            and self.resource in ("*", resource.plural, resource.dotted)
            and self.subresource in ("*", subresource)
            and self.namespace in ("", namespace)
            and self.user in ("", user)
        )


class Faults:
    """The rules in force; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []
        self._forbidden: list[Forbid] = []
        self._unwell: dict[str, tuple[str, ...]] = {}
        self.tokens_expired = False
        """While set, every token is answered with 401."""

    def forbid(
        self,
        verb: str = "*",
        resource: str = "*",
        *,
        subresource: str = "",
        namespace: str = "",
        user: str = "",
    ) -> Forbid:
        """Takes a permission away: 403 with the wording of RBAC, and no in SelfSubjectAccessReviews."""
        rule = Forbid(verb, resource, subresource, namespace, user)
        with self._lock:
            self._forbidden.append(rule)
        return rule

    def unwell(self, endpoint: str, *checks: str) -> None:
        """Lets these checks of the API server fail at ``readyz``, ``livez`` or ``healthz``; none: it is well again."""
        with self._lock:
            self._unwell[endpoint] = checks

    def failing(self, endpoint: str) -> tuple[str, ...]:
        """The checks of an endpoint that fail."""
        with self._lock:
            return self._unwell.get(endpoint, ())

    def hang(self, match: str, *, times: int = -1) -> Rule:
        """Never answers."""
        return self._add(Rule("hang", re.compile(match), times))

    def delay(self, match: str, seconds: float, *, times: int = -1) -> Rule:
        """Answers late."""
        return self._add(Rule("delay", re.compile(match), times, seconds=seconds))

    def drop(self, match: str, *, after: bool = False, times: int = -1) -> Rule:
        """Breaks the connection instead of answering; with `after` when the work has been done."""
        return self._add(Rule("drop-after" if after else "drop", re.compile(match), times))

    def garbage(self, match: str, *, times: int = -1) -> Rule:
        """Answers 200 with bytes that mean nothing."""
        return self._add(Rule("garbage", re.compile(match), times))

    def html(self, match: str, *, times: int = -1) -> Rule:
        """Answers 200 with a page for people, as a proxy in between does."""
        return self._add(Rule("html", re.compile(match), times))

    def cut(self, match: str, *, times: int = -1, skip: int = 0) -> Rule:
        """Sends the first half of the answer and calls it whole: JSON that ends in the middle."""
        return self._add(Rule("cut", re.compile(match), times, skip))

    def short(self, match: str, *, times: int = -1, skip: int = 0) -> Rule:
        """Promises the whole answer, sends half of it and breaks the connection."""
        return self._add(Rule("short", re.compile(match), times, skip))

    def flood(self, match: str, *, times: int = -1) -> Rule:
        """Answers without an end, as fast as it is read: a body, or the output of a command."""
        return self._add(Rule("flood", re.compile(match), times))

    def die(self, match: str, *, skip: int = 0) -> Rule:
        """Breaks all connections and lets nobody in any more, at the first such request after `skip` of them."""
        return self._add(Rule("die", re.compile(match), 1, skip))

    def trickle(self, match: str, *, times: int = -1) -> Rule:
        """Answers a byte at a time, for ever."""
        return self._add(Rule("trickle", re.compile(match), times))

    def status(
        self,
        match: str,
        code: int,
        message: str = "",
        *,
        times: int = -1,
        retry_after: float | None = None,
        skip: int = 0,
    ) -> Rule:
        """Answers this HTTP status, 429 with ``Retry-After`` for example."""
        headers = {} if retry_after is None else {"Retry-After": f"{retry_after:g}"}
        return self._add(
            Rule("status", re.compile(match), times, skip, code=code, message=message, headers=headers)
        )

    def exec_without_code(self, match: str, message: str, *, times: int = -1) -> Rule:
        """Commands end with a kubelet's error and no exit code, as for a missing binary."""
        return self._add(Rule("no-exit-code", re.compile(match), times, message=message))

    def remove(self, rule: Rule | Forbid) -> None:
        """Ends one trouble."""
        with self._lock:
            self._rules = [r for r in self._rules if r is not rule]
            self._forbidden = [r for r in self._forbidden if r is not rule]

    def clear(self) -> None:
        """Ends all trouble."""
        with self._lock:
            self._rules, self._forbidden, self._unwell, self.tokens_expired = [], [], {}, False

    def strike(self, subject: str) -> Rule | None:
        """The first rule that this request meets, counted down."""
        with self._lock:
            for rule in self._rules:
                if not rule.times or not rule.match.search(subject):
                    continue
                if rule.skip:
                    rule.skip -= 1
                    continue
                rule.times -= 1
                return rule
        return None

    def allows(
        self, verb: str, resource: Resource, *, subresource: str = "", namespace: str = "", user: str = ""
    ) -> bool:
        """Whether no rule takes this permission away."""
        with self._lock:
            rules = tuple(self._forbidden)
        return not any(rule.covers(verb, resource, subresource, namespace, user) for rule in rules)

    @property
    def forbidding(self) -> bool:
        """Whether any permission is taken away."""
        with self._lock:
            return bool(self._forbidden)

    def _add(self, rule: Rule) -> Rule:
        with self._lock:
            self._rules.append(rule)
        return rule
