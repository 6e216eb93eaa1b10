"""Reads of metrics pages, of Prometheus, of events and of the API server's health, from a file of checks to values."""

from __future__ import annotations

import re
from collections.abc import Mapping

from checks.model import NOTHING, EventsRead, HealthRead, MetricsRead, PrometheusRead, Shape
from checks.parsers.prometheus import FAMILY
from checks.prom.query import NotPromQL
from checks.prom.selecting import selectors
from checks.specs.shape import Place
from checks.specs.shaping import mistakes
from checks.specs.slots import SLOT, numeric

METRICS_KEYS = ("on", "port", "families", "path", "scheme", "timeout", "samples", "apart")
PROMETHEUS_KEYS = ("query", "by", "on", "max_age", "span", "step", "timeout")
EVENTS_KEYS = ("reasons", "kinds", "namespace", "since", "normal")
HEALTH_KEYS = ("endpoint", "timeout")
ENDPOINTS = ("readyz", "livez")
"""The health endpoints of the API server that name their checks; any other path could be a read of objects."""
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_PATH = re.compile(r"/[A-Za-z0-9._~/-]*")


def metrics_of(inner: Place) -> MetricsRead | None:
    """``metrics: {on, port, families, …}``."""
    if not inner.mapping(METRICS_KEYS, ("on", "port", "families")):
        return None
    families = inner.at("families").strings()
    if not families:
        inner.at("families").say("no-families")
    for family in families:
        if not FAMILY.fullmatch(family):
            inner.at("families").say("bad-family", name=family)
    port = inner.at("port")
    if type(port.value) is not int or not 0 < port.value < 65536:
        port.say("port", found=str(port.value))
    path = inner.at("path").string("/metrics")
    if not _PATH.fullmatch(path):
        inner.at("path").say("url-path", path=path)
    numbers: dict[str, str] = {}
    return MetricsRead(
        on=inner.at("on").string(),
        port=port.value if type(port.value) is int else 0,
        families=families,
        path=path,
        scheme="https" if inner.at("scheme").choice(("http", "https"), "http") == "https" else "",
        timeout=numeric(inner, "timeout", 10.0, numbers, 0.1),
        samples=int(numeric(inner, "samples", 1, numbers, 1)),
        apart=numeric(inner, "apart", 0.0, numbers),
        numbers=numbers,
    )


def prometheus_of(inner: Place) -> PrometheusRead | None:
    """``prometheus: {query, by, max_age, …}``."""
    if not inner.mapping(PROMETHEUS_KEYS, ("query",)):
        return None
    query = inner.at("query").string()
    try:
        selectors(SLOT.sub("1", query))
    except NotPromQL as error:
        inner.at("query").say("promql", why=error.text)
    by = inner.at("by")
    labels = (by.value,) if isinstance(by.value, str) else by.strings()
    for label in labels:
        if not _LABEL.fullmatch(label):
            by.say("bad-label", name=label)
    if "on" in inner and not labels:
        inner.at("on").say("on-without-by")
    numbers: dict[str, str] = {}
    return PrometheusRead(
        query=query,
        by=labels,
        on=inner.at("on").string(),
        max_age=numeric(inner, "max_age", 300.0, numbers, 1),
        span=numeric(inner, "span", 0.0, numbers),
        step=numeric(inner, "step", 60.0, numbers, 1),
        timeout=numeric(inner, "timeout", 15.0, numbers, 0.1),
        numbers=numbers,
    )


def events_of(inner: Place) -> EventsRead | None:
    """``events: {reasons, kinds, …}``."""
    if not inner.mapping(EVENTS_KEYS):
        return None
    numbers: dict[str, str] = {}
    return EventsRead(
        reasons=inner.at("reasons").strings(),
        kinds=inner.at("kinds").strings(),
        namespace=inner.at("namespace").string(),
        since=numeric(inner, "since", 0.0, numbers),
        normal=inner.at("normal").flag(),
        numbers=numbers,
    )


def health_of(inner: Place) -> HealthRead | None:
    """``health: {endpoint: readyz}``."""
    if not inner.mapping(HEALTH_KEYS, ("endpoint",)):
        return None
    numbers: dict[str, str] = {}
    endpoint = inner.at("endpoint").choice(ENDPOINTS, "readyz")
    return HealthRead(endpoint, numeric(inner, "timeout", 10.0, numbers, 0.1), numbers)


def shape_of(place: Place) -> Shape:
    """``as:``, one expression or named ones."""
    if place.value is None:
        return NOTHING
    shape: Shape
    if isinstance(place.value, Mapping):
        shape = {name: inner.string() for name, inner in place.items()}
    else:
        shape = place.string()
    for mistake in () if place.shipped else mistakes(shape):
        place.say("as", why=mistake)
    return shape
