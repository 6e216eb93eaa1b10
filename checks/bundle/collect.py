"""Collecting a bundle: the checks run through a recording, the answers are cleaned, and judged once more as cleaned."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from checks.bundle.cleaning import Cleaner
from checks.bundle.masks import Masks, names_of
from checks.bundle.recording import Recording
from checks.bundle.replay import Replayed
from checks.bundle.schema import FORMAT, VERSION
from checks.bundle.tape import Tape
from checks.catalogue import Catalogue
from checks.cluster import Cluster, ClusterInfo
from checks.errors import ClusterError
from checks.layout import Layout
from checks.model import CheckFinished, Result, RunEvent
from checks.overview import look
from checks.prom.at import PrometheusAt
from checks.runner import run, run_all
from checks.settings import as_data
from kb.model import Article, CheckUse

_SEPARATOR = "/"


@dataclass(frozen=True, slots=True)
class Scope:
    """What a bundle shall hold, and what of it shall stay at home."""

    uses: tuple[CheckUse, ...]
    article: str = ""
    """Only this article's checks; empty: all."""
    mask_names: bool = False
    mask_addresses: bool = False
    key: str = ""
    """For tokens; kept by whoever collects, so that the same value has the same token in the next bundle."""


@dataclass(frozen=True, slots=True)
class Collected:
    """What was collected: the cleaned tape and the manifest that goes with it."""

    tape: Tape
    manifest: Mapping[str, Any]
    changed: tuple[str, ...]
    """Aliases whose verdict is another one since names or addresses were masked."""


def uses_for(catalogue: Catalogue, articles: Iterable[Article]) -> tuple[CheckUse, ...]:
    """Every check with its defaults, and every way in which a guide asks for one, each once."""
    found: dict[str, CheckUse] = {}
    for spec in catalogue:
        found[_same(spec.id, {})] = CheckUse(spec.id, spec.id)
    for article in articles:
        for alias, use in article.guide.checks.items() if article.guide else ():
            if use.check in catalogue:
                found.setdefault(
                    _same(use.check, use.params),
                    CheckUse(f"{article.id}{_SEPARATOR}{alias}", use.check, use.params),
                )
    return tuple(found.values())


def collect(
    cluster: Cluster,
    scope: Scope,
    catalogue: Catalogue,
    *,
    layout: Layout,
    now: float,
    klinik: str,
    stop: threading.Event | None = None,
    limits: Mapping[str, int] | None = None,
    prometheus: PrometheusAt | None = None,
) -> Iterator[RunEvent | Collected]:
    """The events of the run, then the bundle; no bundle where `stop` was set meanwhile.

    `now` is the Unix time that ages in the bundle are reckoned from.
    """
    stop = stop or threading.Event()
    tape = Tape()
    recording = Recording(cluster, tape)
    options: dict[str, Any] = {"layout": layout, **({"limits": limits} if limits else {})}
    _overview(recording)
    live: dict[str, Result] = {}
    for event in run(recording, scope.uses, catalogue, stop=stop, prometheus=prometheus, **options):
        if isinstance(event, CheckFinished):
            live[event.result.alias] = event.result
        yield event
    if stop.is_set():
        return
    yield _clean(cluster.info, tape, scope, catalogue, layout, now, klinik, live)


def _overview(recording: Recording) -> None:
    """What the header shows of a cluster, so that a replay can show it too."""
    try:
        for _ in look(recording):
            pass
    except ClusterError:
        return  # it is on the tape


def _clean(
    info: ClusterInfo,
    tape: Tape,
    scope: Scope,
    catalogue: Catalogue,
    layout: Layout,
    now: float,
    klinik: str,
    live: Mapping[str, Result],
) -> Collected:
    match = catalogue.prometheus.match if catalogue.prometheus else ()
    cleaner = Cleaner(scope.key, _masks(tape, scope, [value for _, value in match if value]), match)
    cleaned = Tape()
    for call, answered in tape.items():
        cleaned.put(cleaner.call(call), cleaner.answered(call, answered))
    cleaned.left_out += [cleaner.call(call) for call in tape.left_out]
    about = replace(
        info, recorded=now, context=cleaner.text(info.context), server=cleaner.text(info.server),
        user=cleaner.text(info.user), namespace=cleaner.text(info.namespace),
    )  # fmt: skip
    results = run_all(Replayed(about, cleaned), scope.uses, catalogue, layout=layout)
    changed = tuple(a for a, r in results.items() if a in live and live[a].verdict is not r.verdict)
    manifest = {
        "format": FORMAT,
        "version": VERSION,
        "klinik": klinik,
        "collected_at": now,
        "cluster": {
            "context": about.context,
            "server": about.server,
            "user": about.user,
            "namespace": about.namespace,
            "practice": about.practice,
            "production": about.production,
            "pace": about.pace,
        },
        "settings": _settings(catalogue, layout, cleaner),
        "article": scope.article,
        "names_masked": scope.mask_names,
        "addresses_masked": scope.mask_addresses,
        "left_out": [list(call) for call in cleaned.left_out],
        "verdicts": [_verdict(use, results[use.alias]) for use in scope.uses if use.alias in results],
        "changed": list(changed),
    }
    return Collected(cleaned, manifest, changed)


def _settings(catalogue: Catalogue, layout: Layout, cleaner: Cleaner) -> dict[str, Any]:
    """What is not as shipped, so that a replay asks for what was asked here and judges by the same thresholds."""
    found = as_data(layout, catalogue)
    where = found.get("prometheus", {})
    match = {label: cleaner.word(value) for label, value in where.pop("match", {}).items()}
    where |= {kind: cleaner.text(text) for kind, text in where.items()} | ({"match": match} if match else {})
    for role in found.get("layout", {}).get("roles", {}).values():
        role["namespace"] = cleaner.text(role["namespace"])
    return found


def _masks(tape: Tape, scope: Scope, own: Iterable[str]) -> Masks | None:
    """What is replaced; `own` names are those of the settings."""
    if not (scope.mask_names or scope.mask_addresses):
        return None
    names: set[str] = set()
    if scope.mask_names:
        names |= set(own)
        for call, answered in tape.items():
            if call[0] == "list" and answered.body is not None:
                names |= names_of(call[1].rpartition("/")[2], _objects(answered.body))
    return Masks(scope.key, names, addresses=scope.mask_addresses)


def _objects(body: bytes) -> list[dict[str, Any]]:
    found = json.loads(body)
    return [item for item in found if isinstance(item, dict)]


def _verdict(use: CheckUse, result: Result) -> dict[str, Any]:
    judgement = result.judgement
    return {
        "alias": use.alias,
        "check": use.check,
        "params": dict(use.params),
        "verdict": str(result.verdict),
        "reason": judgement.reason,
        "summary": {"en": judgement.summary.get("en"), "zh": judgement.summary.get("zh")},
        "value": judgement.value,
    }


def _same(check: str, params: Mapping[str, Any]) -> str:
    return repr((check, sorted(params.items())))
