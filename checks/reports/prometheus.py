"""A run in the Prometheus text format, for node-exporter's textfile collector. Pure.

Series of a check carry the labels cluster, check and alias; its verdict is a state set: five series, one of them 1.
No sample has a timestamp of its own (the collector refuses those); when a check was answered is a metric.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from checks.model import CauseState, Verdict
from checks.reports.report import RunReport
from checks.roots import folded
from kb.safe import one_line

VERDICTS: tuple[str, ...] = tuple(verdict.value for verdict in Verdict)
STATES: tuple[str, ...] = get_args(CauseState)
Sample = tuple[Mapping[str, str], float]
HELP: Mapping[str, str] = {
    "klinik_cluster_reachable": "Whether the cluster answered (1) or the run saw nothing (0).",
    "klinik_run_timestamp_seconds": "When the run began, in Unix time.",
    "klinik_run_duration_seconds": "How long the run took.",
    "klinik_check_verdict": "The verdict of a check: 1 for the verdict it has, 0 for the others.",
    "klinik_check_muted": "Whether all that is bad of a check is muted (1); its verdict stays what it is.",
    "klinik_check_value": "The headline value of a check, where it is a number.",
    "klinik_unanswered_checks": "How many checks one root keeps from being answered (klinik check says it in words).",
    "klinik_check_timestamp_seconds": "When the check was answered, in Unix time.",
    "klinik_symptom_verdict": "The verdict of a symptom of a guide: 1 for the verdict it has, 0 for the others.",
    "klinik_cause_state": "The state of a cause of a guide: 1 for the state it has, 0 for the others.",
}


def prometheus(run: RunReport) -> str:
    """All metrics of a run, each with HELP and TYPE once."""
    lines: list[str] = []
    for name, samples in _metrics(run).items():
        if samples:
            lines += [f"# HELP {name} {HELP[name]}", f"# TYPE {name} gauge"]
            lines += [f"{name}{{{_labels(labels)}}} {_number(value)}" for labels, value in samples]
    return "\n".join(lines) + "\n"


def _metrics(run: RunReport) -> dict[str, list[Sample]]:
    about = {"cluster": run.cluster}
    about |= {"article": run.article} if run.article else {}
    about |= {"report": run.report} if run.report else {}
    checks = [(one, {**about, "check": one.check, "alias": one.alias}) for one in run.results]
    return {
        "klinik_cluster_reachable": [(about, 0.0 if run.error else 1.0)],
        "klinik_run_timestamp_seconds": [(about, run.began)],
        "klinik_run_duration_seconds": [(about, run.took)],
        "klinik_check_verdict": [
            sample
            for one, labels in checks
            for sample in _state_set("verdict", VERDICTS, one.verdict, labels)
        ],
        "klinik_check_muted": [(labels, float(one.alias in run.muted)) for one, labels in checks],
        "klinik_check_value": [
            (labels, value) for one, labels in checks if (value := _value(one.judgement.value)) is not None
        ],
        "klinik_unanswered_checks": [
            ({**about, "root": fold.root}, float(len(fold.results))) for fold in folded(run.results)
        ],
        "klinik_check_timestamp_seconds": [(labels, one.at) for one, labels in checks],
        "klinik_symptom_verdict": [
            sample
            for symptom, verdict in run.symptoms
            for sample in _state_set("verdict", VERDICTS, verdict, {**about, "symptom": symptom})
        ],
        "klinik_cause_state": [
            sample
            for cause, state in run.causes
            for sample in _state_set("state", STATES, state, {**about, "cause": cause})
        ],
    }


def _state_set(name: str, states: Sequence[str], state: str, labels: Mapping[str, str]) -> Iterator[Sample]:
    for one in states:
        yield {**labels, name: one}, float(one == state)


def _value(value: Any) -> float | int | None:
    """A number as it is, yes as 1 and no as 0; nothing for what is no number."""
    if isinstance(value, bool):
        return int(value)
    return value if isinstance(value, int | float) else None


def _number(value: float) -> str:
    if isinstance(value, float):
        if math.isnan(value):
            return "NaN"
        if math.isinf(value):
            return "+Inf" if value > 0 else "-Inf"
        if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
    elif abs(value) > 1 << 1000:  # beyond what a double holds
        return "+Inf" if value > 0 else "-Inf"
    return repr(value)


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{_escaped(value)}"' for name, value in labels.items())


def _escaped(value: str) -> str:
    plain = one_line(value, 500).encode("utf-8", "replace").decode()
    return plain.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
