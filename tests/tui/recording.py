"""An API server that writes down every request it gets, and says which of them could have changed something."""

from __future__ import annotations

import threading
from urllib.parse import parse_qs, urlsplit

from checks.practice.faults import Faults, Rule
from checks.risk.command import risk_of_argv

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
QUESTIONS = ("/apis/authorization.k8s.io/", "/apis/authentication.k8s.io/")


class Recorder(Faults):
    """No trouble, but every request passes here first: method, path and query, of commands the argv too."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: list[str] = []
        self._seeing = threading.Lock()

    def strike(self, subject: str) -> Rule | None:
        """Keeps the request; it is answered as always."""
        if subject.partition(" ")[0] in METHODS:
            with self._seeing:
                self._seen.append(subject)
        return super().strike(subject)

    @property
    def requests(self) -> tuple[str, ...]:
        """All since the last `forget`."""
        with self._seeing:
            return tuple(self._seen)

    def forget(self) -> None:
        """Begins anew."""
        with self._seeing:
            self._seen.clear()

    @property
    def writes(self) -> tuple[str, ...]:
        """Those that could have changed something."""
        return tuple(one for one in self.requests if could_write(one))

    @property
    def tried(self) -> tuple[str, ...]:
        """Dry runs: nothing changes, and yet permissions and the audit log treat them as writes."""
        return tuple(one for one in self.requests if "dryRun=All" in one)


def could_write(request: str) -> bool:
    """Whether ``METHOD /path?query`` may leave something behind: no read or reading command, question or dry run."""
    method, _, target = request.partition(" ")
    parts = urlsplit(target)
    query = parse_qs(parts.query, keep_blank_values=True)
    if parts.path.endswith("/exec"):
        return risk_of_argv(tuple(query.get("command", ()))) != "read"
    if method in ("GET", "HEAD", "OPTIONS") or parts.path.startswith(QUESTIONS):
        return False
    return query.get("dryRun") != ["All"]
