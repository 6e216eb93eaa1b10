"""How well search answers a file of queries with right answers: reciprocal ranks at 10 by kind, no single results."""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from kb import open_library

CORPUS = Path(__file__).parents[2] / ".." / "shared" / "corpus"
"""The customer's articles; absent where only the repository is."""


@dataclass(frozen=True)
class Quality:
    """Reciprocal ranks of one file of queries, by kind and under ``all``."""

    ranks: Mapping[str, Sequence[float]]

    def mean(self, kind: str = "all") -> float:
        """Mean reciprocal rank at 10."""
        return statistics.mean(self.ranks[kind])

    def __str__(self) -> str:
        figures = ", ".join(f"{kind} {self.mean(kind):.3f}" for kind in sorted(self.ranks))
        first = sum(value == 1 for value in self.ranks["all"]) / len(self.ranks["all"])
        return f"MRR@10 {figures}; success@1 {first:.3f}"


def measure(queries: Path, corpus: Path, state: Path) -> Quality:
    """Ask every query of a JSON-lines file; refuses a file that asks for articles which are not there."""
    asked = [json.loads(line) for line in queries.read_text(encoding="utf-8").splitlines()]
    library = open_library([corpus], state)
    unknown = {answer for query in asked for answer in query["relevant"]} - set(library.ids())
    if unknown:
        raise AssertionError("the set asks for articles that are not there")
    ranks: dict[str, list[float]] = defaultdict(list)
    for query in asked:
        hits = library.find(query["query"], limit=10).hits
        place = next((n for n, hit in enumerate(hits, start=1) if hit.article_id in query["relevant"]), 0)
        for kind in (query["kind"], "all"):
            ranks[kind].append(1 / place if place else 0.0)
    return Quality(ranks)
