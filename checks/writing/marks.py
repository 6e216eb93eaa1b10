"""What shows that a write took hold of its target: a value that was one thing and is another now. Plain values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

MarkKind = Literal["uid", "content", "gone", "saved", "boot", "restarts", "raft"]
"""uid: another object in its place; content: what the object says; gone: a deleted object is away; saved: a value
that was read before the write; boot: the node's boot id; restarts: of the containers of the pod that was written to;
raft: term and leader of a database whose members the step touches."""
KINDS: tuple[MarkKind, ...] = ("uid", "content", "gone", "saved", "boot", "restarts", "raft")


@dataclass(frozen=True, slots=True)
class Mark:
    """One such value of one target."""

    kind: MarkKind
    target: str
    before: str
    after: str
    changed: bool | None
    """None: it could not be seen."""
    needed: bool = True
    """Without the change the step is not proven; else it is only told."""

    def plain(self) -> dict[str, Any]:
        """As the journal keeps it."""
        return {
            "kind": self.kind, "target": self.target, "before": self.before, "after": self.after,
            "changed": self.changed, "needed": self.needed,
        }  # fmt: skip


def known_marks(entries: Iterable[Mapping[str, Any]]) -> tuple[Mark, ...]:
    """Those of the journal's marks that this klinik understands."""
    found: list[Mark] = []
    for entry in entries:
        try:
            found.append(mark_of(entry))
        except (KeyError, ValueError):
            continue
    return tuple(found)


def mark_of(entry: Mapping[str, Any]) -> Mark:
    """A mark from the journal; raises KeyError, ValueError for what is none."""
    kind = next((known for known in KINDS if known == entry["kind"]), None)
    if kind is None:
        raise ValueError(entry["kind"])
    target, before, after = (str(entry[key]) for key in ("target", "before", "after"))
    changed = entry["changed"] if isinstance(entry["changed"], bool) else None
    return Mark(kind, target, before, after, changed, bool(entry.get("needed", True)))
