"""What klinik is connected with, so that kubectl gets the same: files, context, whom it acts as. Plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from checks.kubeconfig import Choice


@dataclass(frozen=True, slots=True)
class KubeAccess:
    """One connection as kubectl names it."""

    files: tuple[str, ...]
    """The kubeconfig files that counted, absolute, in order; none inside a pod without any."""
    choice: Choice | None
    """The context with its cluster and user as they were when klinik connected."""
    namespace: str
    as_user: str = ""
    as_groups: tuple[str, ...] = ()

    def options(self, *, scoped: bool) -> tuple[str, ...]:
        """The options that stand before the words of a line; `scoped` lines name their namespaces themselves."""
        context = (f"--context={self.choice.context}",) if self.choice else ()
        user = (f"--as={self.as_user}",) if self.as_user else ()
        groups = tuple(f"--as-group={group}" for group in self.as_groups) if self.as_user else ()
        usual = self.choice.namespace if self.choice else ""
        where = () if scoped or self.namespace == usual else (f"--namespace={self.namespace}",)
        return (*context, *user, *groups, *where)


@runtime_checkable
class HasKubeAccess(Protocol):
    """A cluster that kubectl reaches, too."""

    @property
    def kube_access(self) -> KubeAccess:
        """What to give it."""
        ...
