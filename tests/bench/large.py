"""50,000 articles: building with all cores, and the memory of the process that builds and then searches.

Not part of `make bench`: it takes minutes. Run it with ``--only large``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench import articles
from tests.bench.printing import line
from tests.bench.search import ROOT

COUNT = 50_000
MEMORY_BOUND = 250
"""Megabytes of the process that has built the index and searches it."""
PROGRAM = """
import json, resource, sys, time
from pathlib import Path
from kb import open_library
from tests.bench import articles, search

def used():
    return next(int(row.split()[1]) for row in open("/proc/self/status") if row.startswith("VmRSS"))

library = open_library([Path(sys.argv[1])], Path(sys.argv[2]))
began = time.perf_counter()
spent = search.spent()
for progress in library.build():
    pass
found = {"seconds": time.perf_counter() - began, "spent": search.spent() - spent}
found["workers"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
taken, memory = [], []
typed = list(search.keystrokes(articles.queries()))
for text in typed:
    began = time.process_time()
    library.search(text, prefix_last=True)
    taken.append(time.process_time() - began)
    memory.append(used())
found |= {"first": taken[0], "p95": sorted(taken[1:])[int(0.95 * len(taken))], "memory": memory[:: len(memory) // 5]}
print(json.dumps(found))
"""


def bench_large() -> bool:
    """Seconds, and megabytes after the first search and later ones."""
    with tempfile.TemporaryDirectory(prefix="klinik-bench-") as name:
        root = Path(name) / "kb"
        size = articles.write(root, COUNT)
        line(f"{COUNT:,} articles", f"{size / 1e6:.1f} M characters")
        command = [sys.executable, "-c", PROGRAM, str(root), str(Path(name) / "cache")]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    line(
        "build with all cores", f"{found['seconds']:.0f} s by the clock, {found['spent']:.0f} s of processors"
    )
    line(
        "  each",
        f"{found['spent'] / COUNT * 1000:.2f} ms of processors; {found['workers'] >> 10} MB a worker",
    )
    line("first search, p95 of a keystroke", f"{found['first'] * 1000:.0f} ms, {found['p95'] * 1000:.0f} ms")
    megabytes = [memory >> 10 for memory in found["memory"]]
    good = max(megabytes) <= MEMORY_BOUND
    said = f"{', '.join(map(str, megabytes))} MB  bound {MEMORY_BOUND} MB  {'ok' if good else 'OVER'}"
    line("memory after the build, while searching", said)
    return good
