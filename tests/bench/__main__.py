"""`make bench`: speed and memory as ratios measured in one run, so that the machine's mood cancels out.

Exit code 1 where a ratio is over its bound; what cannot be judged on a loaded machine is said to be so.
Absolute figures are printed for orientation only.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.cores import FREE, bench_cores, free
from tests.bench.large import bench_large
from tests.bench.printing import line, ratio
from tests.bench.pty_timing import Timing, measure
from tests.bench.search import bench_quality, bench_search
from tests.bench.thousand import bench_thousand

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 9
START_BOUND = 1.5
QUERIES = (
    "流表 10w 内存",
    "mac_binding memory",
    "v4usingIPs 超过",
    "Too many open files ovs",
    "subnet stuck deleting",
)


def starts(home: Path) -> tuple[list[Timing], list[Timing]]:
    """Alternating starts of the empty app and of klinik, after one warm-up each that is not counted."""
    env = {
        "HOME": str(home),
        "KUBECONFIG": str(home / "none"),
        "KLINIK_LANG": "en",
        "PYTHONPATH": str(ROOT),
        **{f"KLINIK_{place}_DIR": str(home / place.lower()) for place in ("CACHE", "STATE", "CONFIG")},
    }
    empty = [sys.executable, "-m", "tests.bench.empty_app"]
    klinik = [str(Path(sys.executable).parent / "klinik")]
    found: tuple[list[Timing], list[Timing]] = ([], [])
    for number in range(ROUNDS + 1):
        for index, (argv, ready) in enumerate(((empty, "EMPTY-READY"), (klinik, "klinik"))):
            timing = measure(argv, ready, env=env, cwd=ROOT)
            if number:
                found[index].append(timing)
    return found


def clock(function: Callable[[], object], rounds: int) -> float:
    """Median seconds of one call."""
    taken = []
    for _ in range(rounds):
        began = time.perf_counter()
        function()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


def bench_start() -> bool | None:
    """Start to the first frame, and to the echo of the first typed key, against the empty app."""
    before = free()
    with tempfile.TemporaryDirectory() as home:
        empty, klinik = starts(Path(home))
    share = min(before, free())
    bound = START_BOUND if share >= FREE else None
    good = True
    for name in ("first_frame", "first_echo"):
        base = statistics.median(getattr(t, name) for t in empty)
        value = statistics.median(getattr(t, name) for t in klinik)
        line(f"empty app: {name}", f"{base * 1000:9.1f} ms")
        good &= ratio(f"klinik: {name}", value, base, bound)
    if bound:
        return good
    line("  not judged: machine loaded", f"{share:.0%} of each core was to be had")
    return None


def bench_library() -> bool:
    """A warm search, an unchanged open and a refresh against building the index."""
    from kb import open_library
    from kb.paths import ASSETS

    with tempfile.TemporaryDirectory() as cache:
        roots = [ASSETS]
        began = time.perf_counter()
        library = open_library(roots, cache_dir=Path(cache))
        library.search("ovn")
        build = time.perf_counter() - began
        print(f"{'index built and first search':<44} {build * 1000:9.1f} ms")
        good = ratio(
            "open again, nothing changed",
            clock(lambda: open_library(roots, cache_dir=Path(cache)), 5),
            build,
            1.0,
        )
        searches = iter(QUERIES * 20)
        good &= ratio("one search, warm", clock(lambda: library.search(next(searches)), 50), build, 0.2)
        return good & ratio("refresh, nothing changed", clock(library.refresh, 5), build, 0.5)


def bench_memory() -> bool:
    """Peak memory of a headless guide run on the practice cluster against importing the client alone."""
    base = _peak([sys.executable, "-c", "import kubernetes.client, aiohttp, celpy, whoosh"])
    value = _peak(
        [
            str(Path(sys.executable).parent / "klinik"),
            "guide",
            "ovn-mac-binding-leak",
            "--practice",
            "mac-binding-leak",
        ]
    )
    quotient = value / base
    print(
        f"{'memory: guide on 52,110 rows, with server':<44} {value / 1024:9.1f} MB  {quotient:7.2f}x  its libraries"
    )
    return True


def _peak(argv: list[str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    subprocess.run(argv, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return max(before, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)


BENCHES: dict[str, Callable[[], bool | None]] = {
    "memory": bench_memory,
    "library": bench_library,
    "search": bench_search,
    "cores": bench_cores,
    "quality": bench_quality,
    "start": bench_start,
    "thousand": bench_thousand,
    "large": bench_large,
}
LONG = ("large",)
"""Only when they are asked for."""


def main() -> int:
    """Run all of them, or those named with ``--only``."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", choices=BENCHES, action="append")
    chosen = parser.parse_args().only or [name for name in BENCHES if name not in LONG]
    results = [BENCHES[name]() for name in chosen]
    if None in results:
        print("some lines were not judged: the machine had something else to do")
    return 1 if False in results else 0


if __name__ == "__main__":
    sys.exit(main())
