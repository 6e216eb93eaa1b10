"""A thousand nodes and twenty thousand pods: `klinik triage` against asking the same things bare, in the same run.

The practice cluster runs in a process of its own and counts what is asked of it. What klinik asked there is asked again
by `bareapi`, which holds no code of klinik; both run in a process of their own, alternating.

Judged is the time on a server as slow as a stock API server, as measured with so many nodes and pods
(`checks.practice.slowness`), because that is what an operator waits for. The same on a server that hands out pages it
has encoded before, and so costs nothing, is printed for orientation: there bare calls are little but the parsing of
JSON, and the ratio says what klinik's own work costs beside that.
"""

from __future__ import annotations

import base64
import json
import os
import select
import signal
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.bareapi import API, COMMANDS
from tests.bench.cores import FREE, free
from tests.bench.printing import line, ratio

ROOT = Path(__file__).resolve().parents[2]
NODES, PODS = 1_000, 20_000
SCENARIO = "healthy"
TIME_BOUND = 1.5
MEMORY_BOUND = 300
"""Megabytes of the process of `klinik triage`."""
FIRST_BOUND = 1.0
"""Seconds until the first verdict stands on the terminal."""
ROUNDS = 3
START = 60.0
RUNNER = """
import gc, json, resource, sys, time
from checks.catalogue import load_catalogue
from checks.live import connect
from checks.model import CheckFinished
from checks.runner import run
from checks.findings.triage import WIDEST
from kb.model import CheckUse

gc.set_threshold(100_000, 20, 100)  # as klinik does when it starts
cluster, catalogue = connect(kubeconfig=sys.argv[1]), load_catalogue()
uses = [CheckUse(spec.id, spec.id) for spec in catalogue if spec.cost == "cheap"]
began, first, verdicts = time.perf_counter(), 0.0, {}
for event in run(cluster, uses, catalogue, widest=WIDEST):
    if isinstance(event, CheckFinished):
        first = first or time.perf_counter() - began
        verdicts[event.result.check] = str(event.result.verdict)
taken, peak = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"seconds": taken, "first": first, "memory": peak.ru_maxrss, "verdicts": verdicts,
                  "spent": peak.ru_utime + peak.ru_stime}))
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of klinik by its command line."""

    seconds: float
    first: float
    memory: int
    """Kilobytes at most."""
    code: int
    output: str


class Server:
    """The practice cluster in a process of its own."""

    def __init__(self, kubeconfig: Path) -> None:
        self.kubeconfig = kubeconfig
        config = json.loads(kubeconfig.read_text(encoding="utf-8"))
        cluster = config["clusters"][0]["cluster"]
        self._url, self._token = cluster["server"], config["users"][0]["user"]["token"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self._trust = ssl.create_default_context(cadata=authority)

    def counters(self, method: str = "GET", query: str = "") -> Any:
        """What was asked of it since they were last set to nothing (DELETE)."""
        request = urllib.request.Request(
            f"{self._url}/practice/counters{query}",
            method=method,
            headers={"Authorization": f"Bearer {self._token}"},
        )
        with urllib.request.urlopen(request, context=self._trust, timeout=30) as answer:
            return json.load(answer)


def environment(home: Path) -> dict[str, str]:
    """For klinik: no settings and no library of whoever runs this."""
    places = {f"KLINIK_{place}_DIR": str(home / place.lower()) for place in ("CACHE", "STATE", "CONFIG")}
    return {**os.environ, "HOME": str(home), "KLINIK_LANG": "en", "PYTHONPATH": str(ROOT), **places}


@contextmanager
def serving(home: Path, slowness: float) -> Iterator[Server]:
    """The large practice cluster, from its start to its end."""
    path = home / f"kubeconfig-{slowness:g}"
    klinik = str(Path(sys.executable).parent / "klinik")
    size = ("--nodes", str(NODES), "--pods", str(PODS), "--slowness", f"{slowness:g}")
    argv = [klinik, "practice", "serve", SCENARIO, *size, "--write-kubeconfig", str(path)]
    began = time.perf_counter()
    process = subprocess.Popen(argv, cwd=ROOT, env=environment(home), stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        if not path.exists():
            raise RuntimeError(f"the practice cluster did not start: {said}{process.stderr.read()}")
        line(
            f"practice cluster: {NODES:,} nodes, {PODS:,} pods",
            f"{time.perf_counter() - began:9.1f} s to start",
        )
        yield Server(path)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def triage(home: Path, kubeconfig: Path) -> Ran:
    """`klinik triage -v`, which prints every verdict as it comes, watched from outside."""
    argv = [str(Path(sys.executable).parent / "klinik"), "triage", "-v", "--kubeconfig", str(kubeconfig)]
    began, first, shown = time.perf_counter(), 0.0, b""
    process = subprocess.Popen(
        argv, cwd=ROOT, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert process.stdout is not None
    while True:
        select.select([process.stdout], [], [])
        part = os.read(process.stdout.fileno(), 65536)
        if not part:
            break
        first = first or time.perf_counter() - began
        shown += part
    process.stdout.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    taken = time.perf_counter() - began
    return Ran(taken, first, used.ru_maxrss, process.returncode, shown.decode(errors="replace"))


def bare(kubeconfig: Path, requests: str) -> tuple[float, Mapping[str, Any]]:
    """The same requests without klinik: seconds of the whole process, and what it says of itself."""
    began = time.perf_counter()
    argv = [sys.executable, "-m", "tests.bench.bareapi", str(kubeconfig)]
    done = subprocess.run(argv, cwd=ROOT, input=requests, capture_output=True, text=True, check=True)
    return time.perf_counter() - began, json.loads(done.stdout)


def again(counted: Mapping[str, Any]) -> str:
    """The requests that klinik made, as lines for `bareapi`: further pages come by themselves."""
    mine = ("list", "exec", "log", "get", "create")
    wanted = [r for r in counted["requests"] if r["verb"] in mine and "continue=" not in r["target"]]
    return "".join(json.dumps(request) + "\n" for request in wanted)


def bench_thousand() -> bool | None:
    """Time against bare calls, memory, lists per kind, requests at once, and how soon there is a first verdict."""
    before = free()
    with tempfile.TemporaryDirectory(prefix="klinik-bench-") as name:
        home = Path(name)
        with serving(home, 1.0) as server:
            real = _rounds(home, server)
        with serving(home, 0.0) as server:
            instant = _rounds(home, server)
    judged = min(before, free()) >= FREE
    good = _time("klinik triage", real, judged)
    _time("klinik triage, on a server that costs nothing", instant, judged=False)
    good &= _counts([counted for one in (real, instant) for counted in one.counted])
    good &= _holds(
        "memory at most", max(r.memory for r in (*real.ran, *instant.ran)) / 1024, MEMORY_BOUND, "MB"
    )
    first = statistics.median(ran.first for ran in real.ran)
    good &= _holds("first verdict on the terminal", first, FIRST_BOUND if judged else None, "s")
    line("first verdict of checks.runner", f"{real.api['first']:9.2f} s")
    line(
        "checks.runner alone",
        f"{real.api['seconds']:9.1f} s, on a server that costs nothing {instant.api['seconds']:.1f} s",
    )
    line("processor time of it, and of bare calls", f"{instant.api['spent']:9.1f} s, {instant.spent:.1f} s")
    return good if judged or not good else None


@dataclass(frozen=True, slots=True)
class Rounds:
    """What was measured on one server."""

    ran: list[Ran]
    bare: list[float]
    spent: float
    """Processor seconds of the last bare calls."""
    counted: list[Mapping[str, Any]]
    api: Mapping[str, Any]


def _rounds(home: Path, server: Server) -> Rounds:
    triage(home, server.kubeconfig)  # the library's index is built, the server's pages are encoded
    ran, bare_calls, counted = [], [], []
    spent = 0.0
    for _ in range(ROUNDS):
        server.counters("DELETE")
        ran.append(triage(home, server.kubeconfig))
        counted.append(server.counters(query="?requests"))
        seconds, said = bare(server.kubeconfig, again(counted[-1]))
        bare_calls.append(seconds)
        spent = said["spent"]
    return Rounds(ran, bare_calls, spent, counted, _by_api(server.kubeconfig))


def _by_api(kubeconfig: Path) -> Mapping[str, Any]:
    argv = [sys.executable, "-c", RUNNER, str(kubeconfig)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    found: Mapping[str, Any] = json.loads(done.stdout)
    return found


def _time(name: str, found: Rounds, judged: bool) -> bool:
    base = statistics.median(found.bare)
    line("the same requests bare", f"{base * 1000:9.1f} ms")
    mine = statistics.median(ran.seconds for ran in found.ran)
    return ratio(name, mine, base, TIME_BOUND if judged else None, digits=2)


def _counts(found: list[Mapping[str, Any]]) -> bool:
    """Lists per kind and requests at once, as the server saw them."""
    verbs, lists = found[-1]["verbs"], found[-1]["lists"]
    asked = ", ".join(f"{count:,} {verb}" for verb, count in sorted(verbs.items()))
    line("requests of one triage", f"{asked}; {len(lists)} kinds listed")
    twice = sorted({kind for one in found for kind, count in one["lists"].items() if count > 1})
    line("lists of one kind", f"at most 1  {'ok' if not twice else 'OVER: ' + ', '.join(twice)}")
    good = not twice
    for group, most in (("api", API), ("commands", COMMANDS)):
        seen = max(one["most_at_once"].get(group, 0) for one in found)
        good &= _holds(f"requests at once: {group}", seen, most, "")
    return good


def _holds(name: str, value: float, bound: float | None, unit: str) -> bool:
    good = bound is None or value <= bound
    limit = f"bound {bound:g} {unit}".rstrip() + ("  ok" if good else "  OVER") if bound else "not judged"
    line(name, f"{value:9.2f} {unit}  {limit}" if unit == "s" else f"{value:9.0f} {unit}  {limit}")
    return good
