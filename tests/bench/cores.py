"""Whether two cores build an index faster than one, by the clock, and only where two cores were to be had.

Builds with one process and with two take turns; between them both cores are tried out with work that needs nothing
else. A turn counts when the cores were free before and after it; where no turn counts, nothing is judged.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import articles
from tests.bench.printing import line, ratio

COUNT = 4_000
TURNS = 3
CORES = 2
FREE = 0.9
"""Of each core, as a process sees it that does nothing but count."""
BOUND = 1.0
SPIN = """
import time
began, used = time.perf_counter(), time.process_time()
while time.process_time() - used < 0.25:
    pass
print((time.process_time() - used) / (time.perf_counter() - began))
"""


def free() -> float:
    """The share of a core that each of several processes gets now, the least of them."""
    spinning = [
        subprocess.Popen([sys.executable, "-c", SPIN], stdout=subprocess.PIPE, text=True)
        for _ in range(CORES)
    ]
    return min(float(process.communicate()[0]) for process in spinning)


def bench_cores() -> bool | None:
    """The best of the turns that count; None where none does."""
    if len(os.sched_getaffinity(0)) < CORES:
        line("klinik: two cores against one, by the clock", "not judged: there is one")
        return None
    with tempfile.TemporaryDirectory(prefix="klinik-bench-") as name:
        root = Path(name) / "kb"
        articles.write(root, COUNT)
        turns: list[tuple[float, float]] = []
        shares = [free()]
        for _ in range(TURNS):
            turns.append((_clock(root, Path(name) / "cache", 1), _clock(root, Path(name) / "cache", CORES)))
            shares.append(free())
    quiet = [turn for turn, *around in zip(turns, shares, shares[1:], strict=False) if min(around) >= FREE]
    alone, together = (min(times) for times in zip(*(quiet or turns), strict=True))
    line(f"klinik: build of {COUNT:,} articles, one core", f"{alone:9.1f} s by the clock")
    good = ratio("klinik: two cores against one, by the clock", together, alone, BOUND if quiet else None)
    free_cores = f"{min(shares):.0%} to {max(shares):.0%} of each core was to be had"
    line(f"  {len(quiet)} of {TURNS} turns on a quiet machine", free_cores)
    if quiet:
        return good
    line("  not judged: machine loaded", "run this again when nothing else runs")
    return None


def _clock(root: Path, cache: Path, workers: int) -> float:
    from kb import open_library

    shutil.rmtree(cache, ignore_errors=True)
    library = open_library([root], cache)
    began = time.perf_counter()
    for _ in library.build(workers=workers):
        pass
    return time.perf_counter() - began
