"""The search over 10,000 articles: building, refreshing, keystrokes and memory, against the smallest Whoosh index.

All in seconds of processors, so that what else runs on the machine does not count.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.bench import articles, bare
from tests.bench.printing import line, ratio

ROOT = Path(__file__).resolve().parents[2]
COUNT = 10_000
KEYSTROKE_BOUND = 3.0
BUILD_BOUND = 1 / 0.8
REFRESH_BOUND = 0.02
MEMORY_BOUND = 2.5
MEMORY = """
import sys
from pathlib import Path
from tests.bench import articles, bare
{opening}
for query in articles.queries():
    for end in range(2, len(query) + 1):
        search(query[:end])
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""
OURS = """
from kb import open_library
library = open_library([Path(sys.argv[1])], Path(sys.argv[2]))
search = lambda text: library.search(text, prefix_last=True)
"""
BARE = "search = bare.open_whoosh(Path(sys.argv[2]))"


def spent() -> float:
    """Seconds of processors that this process and its ended children have used."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def timed(function: Callable[[], object]) -> tuple[float, float]:
    """Seconds of processors and of the clock that a call takes."""
    used, began = spent(), time.perf_counter()
    function()
    return spent() - used, time.perf_counter() - began


def keystrokes(queries: Sequence[str]) -> Iterator[str]:
    """What is in the search box after each key, from the second on."""
    for query in queries:
        yield from (query[:end] for end in range(2, len(query) + 1))


def p95(search: Callable[[str], object], typed: Sequence[str]) -> float:
    """The time of processors that 95 of 100 keystrokes stay below."""
    search(typed[0])
    taken = []
    for text in typed:
        began = time.process_time()
        search(text)
        taken.append(time.process_time() - began)
    return statistics.quantiles(taken, n=20)[-1]


def bench_search() -> bool:
    """All of it, in one temporary folder."""
    with tempfile.TemporaryDirectory(prefix="klinik-bench-") as name:
        folder = Path(name)
        root = folder / "kb"
        size = articles.write(root, COUNT)
        source = "paragraphs of the shared corpus" if articles.real() else "our own words"
        line(f"{COUNT:,} articles of {source}", f"{size / 1e6:.1f} M characters")
        good, searches, full = _builds(folder, root)
        good &= _refresh(folder, root, full)
        good &= _keystrokes(folder, root, searches)
        good &= _memory(folder, root)
    return good


def _builds(folder: Path, root: Path) -> tuple[bool, dict[str, bare.Search], float]:
    searches: dict[str, bare.Search] = {}
    taken: dict[str, float] = {}

    def make(kind: str, build: Callable[[], bare.Search | None]) -> None:
        def run() -> None:
            search = build()
            if search:
                searches[kind] = search

        taken[kind], _ = timed(run)

    make("whoosh", lambda: bare.whoosh(folder / "whoosh", bare.texts(root)))
    make("fts5", lambda: bare.fts5(folder / "fts5", bare.texts(root)))
    make("tantivy", lambda: bare.tantivy(folder / "tantivy", bare.texts(root)))
    make("klinik", lambda: _build(root, folder / "cache"))
    base = taken["whoosh"]
    line("bare Whoosh: build", f"{base:.1f} s of processors")
    for peer in ("fts5", "tantivy"):
        if peer in searches:
            ratio(f"{peer}: build", taken[peer], base, None)
        else:
            line(f"{peer}: build", "not installed")
    good = ratio("klinik: build, one core", taken["klinik"], base, BUILD_BOUND)
    return good, searches, taken["klinik"]


def _build(root: Path, cache: Path) -> None:
    from kb import open_library

    for _ in open_library([root], cache).build(workers=1):
        pass


def _refresh(folder: Path, root: Path, full: float) -> bool:
    from kb import open_library

    library = open_library([root], folder / "cache")
    library.search("warm")
    changed = sorted(root.rglob("*.md"))[COUNT // 2]
    taken = []
    for number in range(5):
        changed.write_text(changed.read_text(encoding="utf-8") + f"\nwalrus{number}\n", encoding="utf-8")
        taken.append(timed(library.refresh)[0])
    found = library.search("walrus4")
    unchanged = statistics.median(timed(library.refresh)[0] for _ in range(3))
    ratio("klinik: refresh, nothing changed", unchanged, full, None, digits=4)
    good = ratio(
        "klinik: refresh after one changed file", statistics.median(taken), full, REFRESH_BOUND, digits=4
    )
    return good and [hit.article_id for hit in found][:1] == [changed.stem]


def _keystrokes(folder: Path, root: Path, searches: dict[str, bare.Search]) -> bool:
    from kb import open_library

    library = open_library([root], folder / "cache")
    typed = list(keystrokes(articles.queries()))
    base = p95(searches["whoosh"], typed)
    line(f"bare Whoosh: p95 of {len(typed)} keystrokes", f"{base * 1000:.1f} ms")
    for peer in ("fts5", "tantivy"):
        if peer in searches:
            ratio(f"{peer}: p95 of a keystroke", p95(searches[peer], typed), base, None)
            line(f"  {peer} names the same articles", f"{_shared(searches[peer], searches['whoosh']):.0%}")
    ours = p95(lambda text: library.search(text, prefix_last=True), typed)
    return ratio("klinik: p95 of a keystroke", ours, base, KEYSTROKE_BOUND)


def _shared(search: bare.Search, other: bare.Search) -> float:
    """The share of names two peers have in common at the top: that they are asked the same thing, and answer."""
    found = [(set(search(query)), set(other(query))) for query in articles.queries()]
    return sum(len(one & two) for one, two in found) / sum(len(two) for _, two in found)


def _memory(folder: Path, root: Path) -> bool:
    base = _peak(BARE, root, folder / "whoosh")
    ours = _peak(OURS, root, folder / "cache")
    line("bare Whoosh: memory while searching", f"{base / 1024:.0f} MB")
    good = ours / base <= MEMORY_BOUND
    line(
        "klinik: memory while searching",
        f"{ours / 1024:.0f} MB  {ours / base:.2f}x  bound {MEMORY_BOUND}x  {'ok' if good else 'OVER'}",
    )
    return good


def _peak(opening: str, root: Path, place: Path) -> float:
    command = [sys.executable, "-c", MEMORY.format(opening=opening), str(root), str(place)]
    return float(
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()[-1]
    )


def bench_quality() -> bool:
    """The mean reciprocal rank at 10 over the shared queries, beside the same peers; nothing where they are absent."""
    listed = articles.SHARED / "search-queries.jsonl"
    corpus = articles.SHARED / "corpus"
    if not listed.is_file():
        line("mean reciprocal rank", "the shared queries are not here")
        return True
    from kb import open_library

    asked = [json.loads(row) for row in listed.read_text(encoding="utf-8").splitlines() if row.strip()]
    with tempfile.TemporaryDirectory(prefix="klinik-bench-") as name:
        folder = Path(name)
        library = open_library([corpus], folder / "cache")
        peers: dict[str, bare.Search | None] = {
            "klinik": lambda text: [hit.article_id for hit in library.search(text, 10)],
            "whoosh": bare.whoosh(folder / "whoosh", bare.texts(corpus)),
            "fts5": bare.fts5(folder / "fts5", bare.texts(corpus)),
            "tantivy": bare.tantivy(folder / "tantivy", bare.texts(corpus)),
        }
        for peer, search in peers.items():
            if search:
                line(f"{peer}: mean reciprocal rank at 10", f"{_mean_rank(search, asked):.3f}")
    return True


def _mean_rank(search: bare.Search, asked: Sequence[dict[str, Any]]) -> float:
    total = 0.0
    for row in asked:
        wanted = row["relevant"]
        found = list(dict.fromkeys(search(str(row["query"]))))[:10]
        total += next((1 / rank for rank, article in enumerate(found, start=1) if article in wanted), 0.0)
    return total / max(1, len(asked))
