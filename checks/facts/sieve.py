"""What stays of the objects of one list: each reader's part of them, each with the fields that it keeps. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from checks import keep
from checks.cluster import Object, Resource
from checks.selection import Selection, Test


@dataclass(slots=True, eq=False)
class _Part:
    """One way of choosing and cutting, and what it has kept; readers who want the same share it."""

    namespace: str
    meant: Test
    kept: keep.Tree | None
    cut: keep.Cut
    readers: list[int] = field(default_factory=list)
    items: list[Object] = field(default_factory=list)
    complete: bool = False


class Sieve:
    """Takes the objects of a list, selected by `asked`, for readers with a selection and kept paths each."""

    def __init__(
        self, resource: Resource, asked: Selection, readers: Sequence[tuple[Selection, tuple[str, ...]]]
    ) -> None:
        self._asked = asked
        self._texts: dict[str, str] = {}
        self._parts: dict[tuple[Selection, tuple[str, ...]], _Part] = {}
        self._of: list[_Part] = []
        for number, (chosen, paths) in enumerate(readers):
            key = (chosen, tuple(sorted(set(paths))))
            if key not in self._parts:
                kept = keep.tree(paths) if paths else None
                meant = _all if chosen == asked else chosen.test(resource)
                self._parts[key] = _Part(chosen.namespace, meant, kept, keep.cutter(kept))
            self._parts[key].readers.append(number)
            self._of.append(self._parts[key])
        # Who reads whole objects chooses few of them: their texts are left alone.
        self._kept = keep.union(part.kept for part in self._parts.values() if part.kept is not None)
        self.only_metadata = all(
            part.kept is not None
            and keep.only_metadata(part.kept)
            and (chosen == asked or _by_metadata(chosen))
            for (chosen, _), part in self._parts.items()
        )
        """Whether nothing but the metadata need be sent."""

    def items(self, number: int) -> list[Object]:
        """What one reader has so far."""
        return self._of[number].items

    def take(self, objects: Sequence[Object], last: Object | None) -> list[int]:
        """Keep what is wanted of these; says whose part is complete, though the list goes on after `last`.

        A list goes on after the key of its last object, and keys begin with the namespace: who wants one namespace
        has all of it once the list is beyond.
        """
        parts = [part for part in self._parts.values() if not part.complete]
        for obj in objects:
            wanting = [part for part in parts if part.meant(obj)]
            if wanting:
                keep.share_texts(obj, self._kept, self._texts)
            for part in wanting:
                part.items.append(part.cut(obj))
        if last is None:
            return []
        beyond = str((last.get("metadata") or {}).get("namespace") or "")
        over = [part for part in parts if self._is_past(part.namespace, beyond)]
        for part in over:
            part.complete = True
        return [number for part in over for number in part.readers]

    def _is_past(self, namespace: str, last: str) -> bool:
        if not namespace or namespace == self._asked.namespace or not last:
            return False
        # the key of a namespace's objects goes on with a slash, which comes after the dash and the dot of longer names
        return last > namespace and f"{last}/" > f"{namespace}/"


def _all(obj: Object) -> bool:
    """What the server has selected as the reader would."""
    return True


def _by_metadata(chosen: Selection) -> bool:
    return all(term.field.startswith("metadata.") for term in chosen.fields)
