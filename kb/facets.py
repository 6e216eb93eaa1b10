"""How many of the matching articles have which component, product, kind, version, language and guide. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

KEYS = ("component", "product", "kind", "version", "lang", "guide")
MOST = 100
"""Values of one key that are counted, the commonest ones."""

Counts = Mapping[str, tuple[tuple[str, int], ...]]


class Facets:
    """Counts values over any set of articles; each value keeps its articles as the bytes of one number."""

    def __init__(self, articles: Sequence[str]) -> None:
        self._of_document = articles
        self._numbers: dict[str, int] = {}
        for article in articles:
            self._numbers.setdefault(article, len(self._numbers))
        self._values: dict[str, list[tuple[str, int]]] = {}

    def file(self, key: str, value: str, documents: Iterable[int]) -> None:
        """Note which documents have a value of a key."""
        self._values.setdefault(key, []).append(
            (value, self._bits(self._of_document[document] for document in documents))
        )

    def count(self, articles: Iterable[str]) -> Counts:
        """The values among these articles with how many have each, most first."""
        matching = self._bits(articles)
        found: dict[str, tuple[tuple[str, int], ...]] = {}
        for key in KEYS:
            counted = [(value, (bits & matching).bit_count()) for value, bits in self._values.get(key, ())]
            found[key] = tuple(sorted((c for c in counted if c[1]), key=lambda item: (-item[1], item[0])))
        return found

    def _bits(self, articles: Iterable[str]) -> int:
        flags = bytearray(len(self._numbers))
        for article in articles:
            flags[self._numbers[article]] = 1
        return int.from_bytes(flags, "little")
