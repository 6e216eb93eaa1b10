"""The Prometheus of a monitored stage: it scrapes the exporters, keeps some minutes of it, and answers queries.

What it does not evaluate it refuses in Prometheus's own form of an error, never with nothing.
"""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from checks.cluster import PODS, Object
from checks.parsers.prometheus import Sample, every
from checks.practice.proxies import Served
from checks.practice.sim.exporters import PORTS, Exporters, container_of
from checks.practice.sim.stage import Stage
from checks.prom.evaluate import Labels, NotEvaluated, Points, evaluate, holds
from checks.prom.query import NotPromQL, Selector

CONTAINER, PORT = "prometheus", 9090
INTERVAL = 30.0
"""Cluster seconds between two scrapes."""
BREATH = 10.0
"""How many times as long as a scrape the pause after it is, at least."""
KEPT = 20
"""Scrapes that are kept: ten minutes of the cluster."""
_Key = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Scrape:
    """Everything that was scraped at one time."""

    at: float
    """Cluster second."""
    unix: float
    values: Mapping[str, Mapping[_Key, float]]
    """By name of the metric and by labels."""


class Monitoring:
    """Scrapes, and answers the query API."""

    def __init__(self, stage: Stage, exporters: Exporters) -> None:
        self._stage, self._exporters = stage, exporters
        self._scrapes: deque[_Scrape] = deque(maxlen=KEPT)
        self._first = threading.Lock()
        if self._staged():
            stage.agenda.after(INTERVAL, self._on_time)

    def _staged(self) -> bool:
        return any(container_of(pod) == CONTAINER for pod in self._stage.store.scan(PODS))

    def _on_time(self) -> None:
        """Scrapes beside what else happens in the stage."""
        threading.Thread(target=self._round, name="practice-scrape", daemon=True).start()

    def _round(self) -> None:
        """Scrapes, and comes back: later where the stage is so large that it would do nothing else."""
        began = time.monotonic()
        try:
            self._scrape()
        finally:
            took = (time.monotonic() - began) / self._stage.clock.pace
            self._stage.agenda.after(max(INTERVAL, BREATH * took), self._on_time)

    def served(self, path: str, query: Mapping[str, str]) -> Served:
        """The answer to a GET at the port of Prometheus."""
        if path in ("/-/healthy", "/-/ready"):
            return Served("Prometheus Server is Healthy.\n")
        if path != "/api/v1/query":
            return Served("404 page not found\n", 404, "text/plain; charset=utf-8")
        text = query.get("query", "")
        try:
            found = evaluate(text, self._samples())
        except NotPromQL as error:
            return _error(400, "bad_data", f'invalid parameter "query": {error}')
        except (NotEvaluated, RecursionError):
            return _error(422, "execution", f"the practice cluster's Prometheus does not evaluate {text}")
        now = round(time.time(), 3)
        if isinstance(found, float):
            return _json(200, _success("scalar", [now, _shown(found)]))
        result = [{"metric": labels, "value": [now, _shown(value)]} for labels, value in found]
        return _json(200, _success("vector", result))

    # --- scraping

    def _samples(self) -> _Kept:
        """What was scraped; the first to ask waits for the first scrape, nobody for a later one."""
        with self._first:
            if not self._scrapes:
                self._scrape()
        return _Kept(tuple(self._scrapes), self._stage.clock.now())

    def _scrape(self) -> None:
        found: dict[str, dict[_Key, float]] = {}
        at, unix = self._stage.clock.now(), time.time()
        for pod in self._stage.store.scan(PODS):
            port = PORTS.get(container_of(pod))
            if port is None:
                continue
            labels = _target_labels(pod, port)
            running = pod["status"].get("phase") == "Running"
            samples = every(self._exporters.page(pod) or "") if running else []
            for sample in (*samples, Sample(name="up", labels={}, value=int(running))):
                whole = tuple(sorted({**labels, **sample["labels"]}.items()))
                found.setdefault(sample["name"], {})[whole] = float(sample["value"])
        for name, own, value in self._exporters.containers():
            whole = tuple(sorted({"job": "kubelet", "namespace": "kube-system", **own}.items()))
            found.setdefault(name, {})[whole] = value
        self._scrapes.append(_Scrape(at, unix, found))


def _target_labels(pod: Object, port: int) -> Labels:
    """As the ServiceMonitors have them: a node exporter's instance is its node, anybody else's the address."""
    meta, container = pod["metadata"], container_of(pod)
    node = str(pod["spec"].get("nodeName", ""))
    address = f"{pod['status'].get('podIP', '')}:{port}"
    return {
        "job": container,
        "instance": node if container == "node-exporter" else address,
        "namespace": meta["namespace"],
        "pod": meta["name"],
    }


@dataclass(frozen=True, slots=True)
class _Kept:
    """The scrapes as a query sees them."""

    scrapes: tuple[_Scrape, ...]
    now: float

    def instant(self, selector: Selector) -> Iterator[tuple[Labels, float, float]]:
        """The newest sample of every series."""
        last = self.scrapes[-1]
        for name, labels, value in _matching(last, selector):
            yield {"__name__": name, **labels}, value, last.unix

    def past(self, selector: Selector, seconds: float) -> Iterator[tuple[Labels, Points]]:
        """The points of the last so many cluster seconds."""
        series: dict[tuple[str, _Key], list[tuple[float, float]]] = {}
        for scrape in self.scrapes:
            if scrape.at <= self.now - seconds:
                continue
            for name, labels, value in _matching(scrape, selector):
                key = (name, tuple(sorted(labels.items())))
                series.setdefault(key, []).append((scrape.at - self.now, value))
        for (name, labels_), points in series.items():
            yield {"__name__": name, **dict(labels_)}, points


def _matching(scrape: _Scrape, selector: Selector) -> Iterator[tuple[str, Labels, float]]:
    for name in [selector.name] if selector.name else scrape.values:
        for key, value in scrape.values.get(name, {}).items():
            labels = {"__name__": name, **dict(key)}
            if all(holds(matcher, labels.get(matcher.label, "")) for matcher in selector.matchers):
                yield name, dict(key), value


def _shown(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)


def _success(kind: str, result: Any) -> Mapping[str, Any]:
    return {"status": "success", "data": {"resultType": kind, "result": result}}


def _error(code: int, kind: str, text: str) -> Served:
    return _json(code, {"status": "error", "errorType": kind, "error": text})


def _json(code: int, body: Mapping[str, Any]) -> Served:
    return Served(json.dumps(body), code, "application/json")
