"""The Prometheus of a monitored stage: plain selectors over what Kube-OVN's exporters serve, asked when it is asked.

It keeps no history. What it does not evaluate it refuses in Prometheus's own form of an error, never with nothing.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from checks.cluster import PODS, Object
from checks.parse import Unparsable
from checks.parsers.prometheus import Sample, page
from checks.practice.proxies import Served
from checks.practice.sim.exporters import PORTS, Exporters, container_of
from checks.practice.sim.stage import Stage
from checks.promql import Matcher, NotPromQL, Selector, selectors

CONTAINER, PORT = "prometheus", 9090
_TIMESTAMP = re.compile(r"\s*timestamp\s*\((?P<inner>.*)\)\s*", re.S)
_FOLDED = re.compile(
    r"\s*(?P<how>sum|min|max|count|avg)\s*(?:by\s*\((?P<by>[A-Za-z0-9_,\s]*)\)\s*)?\((?P<inner>.*)\)\s*", re.S
)
_FOLDS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": sum,
    "min": min,
    "max": max,
    "count": len,
    "avg": lambda values: sum(values) / len(values),
}


class _NotEvaluated(Exception):
    """A query beyond plain selectors, ``timestamp()`` and aggregations of them."""


class Monitoring:
    """Answers the query API."""

    def __init__(self, stage: Stage, exporters: Exporters) -> None:
        self._stage, self._exporters = stage, exporters

    def served(self, path: str, query: Mapping[str, str]) -> Served:
        """The answer to a GET at the port of Prometheus."""
        if path in ("/-/healthy", "/-/ready"):
            return Served("Prometheus Server is Healthy.\n")
        if path != "/api/v1/query":
            return Served("404 page not found\n", 404, "text/plain; charset=utf-8")
        text = query.get("query", "")
        try:
            result = self._evaluated(text, time.time())
        except NotPromQL as error:
            return _error(400, "bad_data", f'invalid parameter "query": {error}')
        except _NotEvaluated:
            return _error(422, "execution", f"the practice cluster's Prometheus does not evaluate {text}")
        return _json(200, {"status": "success", "data": {"resultType": "vector", "result": result}})

    def _evaluated(self, text: str, now: float) -> list[dict[str, Any]]:
        (first, *more) = selectors(text)
        if not more and first.text == text.strip():
            return [_series(sample, now) for sample in self._matching(first)]
        if match := _TIMESTAMP.fullmatch(text):
            inner = self._evaluated(match["inner"], now)
            return [{"metric": _nameless(one["metric"]), "value": [now, f"{now:.3f}"]} for one in inner]
        if match := _FOLDED.fullmatch(text):
            return _folded(match["how"], match["by"], self._evaluated(match["inner"], now), now)
        raise _NotEvaluated

    def _matching(self, selector: Selector) -> Iterator[Sample]:
        for pod in self._stage.store.scan(PODS, namespace="kube-system"):
            port = PORTS.get(container_of(pod))
            if port is None:
                continue
            running = pod["status"].get("phase") == "Running"
            labels = _target_labels(pod, port)
            found = self._scraped(pod, selector) if running else []
            up: Sample = {"name": "up", "labels": {}, "value": int(running)}
            for sample in (*found, up):
                whole = {"__name__": sample["name"], **labels, **sample["labels"]}
                if _fits(selector, whole):
                    yield {"labels": whole, "value": sample["value"]}

    def _scraped(self, pod: Object, selector: Selector) -> list[Sample]:
        text = self._exporters.page(pod) or ""
        names = sorted(set(re.findall(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)", text, re.M)))
        wanted = [selector.name] if selector.name else names
        try:
            return page(wanted, text)
        except Unparsable:  # this exporter has no such family
            return []


def _target_labels(pod: Object, port: int) -> dict[str, str]:
    meta = pod["metadata"]
    return {
        "job": container_of(pod),
        "instance": f"{pod['status'].get('podIP', '')}:{port}",
        "namespace": meta["namespace"],
        "pod": meta["name"],
    }


def _fits(selector: Selector, labels: Mapping[str, str]) -> bool:
    if selector.name and labels["__name__"] != selector.name:
        return False
    return all(_holds(matcher, labels.get(matcher.label, "")) for matcher in selector.matchers)


def _holds(matcher: Matcher, value: str) -> bool:
    if matcher.sign in ("=", "!="):
        return (value == matcher.value) == (matcher.sign == "=")
    try:
        found = re.fullmatch(matcher.value, value) is not None
    except re.error as error:
        raise NotPromQL(f"{matcher.value!r} is no regular expression: {error}") from None
    return found == (matcher.sign == "=~")


def _series(sample: Sample, now: float) -> dict[str, Any]:
    return {"metric": sample["labels"], "value": [round(now, 3), f"{sample['value']}"]}


def _nameless(labels: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in labels.items() if key != "__name__"}


def _folded(
    how: str, by: str | None, series: Sequence[Mapping[str, Any]], now: float
) -> list[dict[str, Any]]:
    keys = [key.strip() for key in (by or "").split(",") if key.strip()]
    groups: dict[tuple[tuple[str, str], ...], list[float]] = {}
    for one in series:
        group = tuple((key, one["metric"][key]) for key in keys if key in one["metric"])
        groups.setdefault(group, []).append(float(one["value"][1]))
    return [
        {"metric": dict(group), "value": [round(now, 3), f"{_FOLDS[how](values)}"]}
        for group, values in groups.items()
    ]


def _error(code: int, kind: str, text: str) -> Served:
    return _json(code, {"status": "error", "errorType": kind, "error": text})


def _json(code: int, body: Mapping[str, Any]) -> Served:
    return Served(json.dumps(body), code, "application/json")
