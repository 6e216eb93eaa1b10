"""A real Prometheus on loopback, in a folder of its own, scraping pages that the test serves."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.ovn.daemons import free_ports, wait_until

PROGRAM, EXPORTER = "prometheus", "prometheus-node-exporter"
COLLECTORS = ("cpu", "loadavg", "conntrack")
INTERVAL = 0.3
"""Seconds between two scrapes."""


def missing() -> bool:
    """Whether this machine lacks Prometheus or its node exporter."""
    return shutil.which(PROGRAM) is None or shutil.which(EXPORTER) is None


class Pages(threading.Thread):
    """What is scraped: pages by path, made when they are asked for; an empty one is answered with 503."""

    def __init__(self, pages: Mapping[str, Callable[[], str]]) -> None:
        super().__init__(daemon=True)

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = pages[self.path]().encode() if self.path in pages else b""
                self.send_response(200 if body else 503)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self.start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_port}"

    def run(self) -> None:
        self.server.serve_forever(0.05)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.join()


class RealPrometheus:
    """The running program, and a node exporter beside it; `paths` are what else it scrapes at `address`."""

    def __init__(self, folder: Path, address: str, paths: list[str]) -> None:
        self.port, exporter = free_ports(2)
        jobs = "".join(
            f"  - job_name: j{number}\n    metrics_path: {path}\n"
            f'    static_configs: [{{targets: ["{address}"]}}]\n'
            for number, path in enumerate(paths)
        )
        jobs += (
            "  - job_name: node\n    static_configs:\n"
            f'      - {{targets: ["127.0.0.1:{exporter}"], labels: {{instance: node-1}}}}\n'
        )
        config = folder / "prometheus.yml"
        config.write_text(
            f"global: {{scrape_interval: {INTERVAL * 1000:.0f}ms, scrape_timeout: {INTERVAL * 1000:.0f}ms}}\n"
            f"scrape_configs:\n{jobs}"
        )
        words = [
            PROGRAM,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn",
        ]
        self._log = (folder / "log").open("wb")
        environment = {"PATH": os.environ["PATH"], "GOMAXPROCS": "1"}
        beside = [EXPORTER, f"--web.listen-address=127.0.0.1:{exporter}", "--log.level=error"]
        beside += ["--collector.disable-defaults", *(f"--collector.{name}" for name in COLLECTORS)]
        self._processes = [
            subprocess.Popen(argv, stdout=self._log, stderr=self._log, env=environment)
            for argv in (words, beside)
        ]
        self.folder = folder

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def wait(self, ready: Callable[[], bool], what: str) -> None:
        """Until `ready`; says what the program wrote where it has ended."""

        def condition() -> bool:
            if any(process.poll() is not None for process in self._processes):
                raise AssertionError((self.folder / "log").read_text())
            time.sleep(0.05)
            return ready()

        wait_until(condition, what)

    def close(self) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._log.close()
