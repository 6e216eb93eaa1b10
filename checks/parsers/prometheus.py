"""Prometheus: the text format of a metrics page (OpenMetrics too), and the answers of its query API.

A value that is no finite number is no answer: comparisons with it are false, and false would read as well.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from checks.parsers.base import Unparsable, excerpt, no_json
from kb.messages import message
from kb.wording import listed

MAX_SAMPLES = 50_000
"""Samples of one answer: a page of a busy kubelet has 30,000 lines, and the families asked for are few of them."""
FAMILY = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_SUFFIXES = ("", "_bucket", "_sum", "_count")
_LINE = re.compile(
    r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)\s*(?:\{(?P<labels>.*)\})?\s+(?P<value>\S+)(?:\s+(?P<at>-?[0-9.]+))?\s*"
)
_LABEL = re.compile(r'\s*(?P<name>[a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"(?P<value>(?:[^"\\]|\\.)*)"\s*(?:,|$)')
_ESCAPE = re.compile(r"\\(.)")
_EXEMPLAR = re.compile(r'\s+#\s+\{(?:[^{}"]|"(?:[^"\\]|\\.)*")*\}.*$')

Sample = dict[str, Any]


class Refused(Unparsable):
    """Prometheus answered that it will not: its own type and words."""


def names_of(families: Iterable[str]) -> frozenset[str]:
    """The sample names of these families, those of histograms and summaries included."""
    return frozenset(family + suffix for family in families for suffix in _SUFFIXES)


def lines_of(text: str, families: Sequence[str]) -> str:
    """The lines of a page that belong to these families; the rest of it need not be kept."""
    names, starts = names_of(families), tuple(families)
    lines = text.split("\n")
    kept = [line for line in lines if line.startswith(starts) and _name(line) in names]
    whole = not kept or text.endswith("\n") or kept[-1] is not lines[-1]
    return "\n".join(kept) + ("\n" if kept and whole else "")


def _name(line: str) -> str:
    match = FAMILY.match(line)
    return match[0] if match else ""


def page(families: Sequence[str], text: str) -> list[Sample]:
    """Samples ``{name, labels, value}`` of these families in the order of the page; raises Unparsable without any."""
    kept = lines_of(text, families)
    if kept and not kept.endswith("\n"):
        raise Unparsable(message("parse.cut", text=excerpt(kept.splitlines()[-1])))
    lines = kept.splitlines()
    if len(lines) > MAX_SAMPLES:
        raise Unparsable(message("parse.too-many", count=len(lines), limit=MAX_SAMPLES))
    found = [sample for sample in map(_sample, lines) if sample["value"] is not None]
    if not found:
        raise Unparsable(message("parse.no-sample", families=listed(families), text=excerpt(text)))
    return found


def every(text: str) -> list[Sample]:
    """All samples of a page that have a value."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [sample for sample in map(_sample, lines) if sample["value"] is not None]


def _sample(line: str) -> Sample:
    match = _LINE.fullmatch(_EXEMPLAR.sub("", line) if " # {" in line else line)
    if not match:
        raise Unparsable(message("parse.not-a-sample", text=excerpt(line)))
    labels = _labels(match["labels"] or "", line)
    return {"name": match["name"], "labels": labels, "value": finite(match["value"])}


def _labels(text: str, line: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(text) and not text[at:].isspace():
        match = _LABEL.match(text, at)
        if not match:
            raise Unparsable(message("parse.bad-labels", text=excerpt(line)))
        found[match["name"]] = _ESCAPE.sub(_unescaped, match["value"])
        at = match.end()
    return found


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


def finite(text: Any) -> int | float | None:
    """The number as an int where it is whole, None for NaN and the infinities; raises Unparsable for other text."""
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise Unparsable(message("parse.no-number", text=excerpt(str(text))))
    try:
        value = float(text)
    except ValueError:
        raise Unparsable(message("parse.no-number", text=excerpt(str(text)))) from None
    if not math.isfinite(value) or "_" in str(text):
        return None
    return int(value) if value.is_integer() and abs(value) < 2**53 else value


# --- the query API --------------------------------------------------------------------------------------------------


def answer(text: str) -> list[Sample]:
    """Samples ``{labels, value, at}`` of an answer of ``/api/v1/query``, those of ranges with their ``values``.

    Raises Refused with Prometheus's own words where it would not, Unparsable where it is no such answer.
    """
    try:
        body = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise no_json(error) from None
    if not isinstance(body, Mapping):
        raise Unparsable(message("parse.no-prometheus", text=excerpt(text)))
    if body.get("status") == "error":
        raise Refused(f"{body.get('errorType', 'error')}: {body.get('error', '')}")
    data = body.get("data")
    if body.get("status") != "success" or not isinstance(data, Mapping):
        raise Unparsable(message("parse.no-prometheus", text=excerpt(text)))
    kind, result = data.get("resultType"), data.get("result")
    if kind == "scalar":
        result = [{"metric": {}, "value": result}]
    elif kind not in ("vector", "matrix"):
        raise Unparsable(message("parse.answer-type", kind=excerpt(str(kind))))
    return samples(result)


def samples(result: Any) -> list[Sample]:
    """Samples of a vector or matrix as the API writes it; series without any finite number are left out."""
    if not isinstance(result, list):
        raise Unparsable(message("parse.no-series-list"))
    if len(result) > MAX_SAMPLES:
        raise Unparsable(message("parse.too-many", count=len(result), limit=MAX_SAMPLES))
    return [sample for series in result if (sample := _series(series)) is not None]


def _series(series: Any) -> Sample | None:
    if not isinstance(series, Mapping) or not isinstance(series.get("metric"), Mapping):
        raise Unparsable(message("parse.not-a-series", text=excerpt(str(series))))
    labels = {str(name): str(value) for name, value in series["metric"].items()}
    sample: Sample = {"labels": labels}
    if name := labels.pop("__name__", ""):
        sample["name"] = name
    if "values" not in series:
        point = _point(series.get("value"))
        return {**sample, **point} if point else None
    if not isinstance(series["values"], list) or len(series["values"]) > MAX_SAMPLES:
        raise Unparsable(message("parse.values-no-list"))
    points = [point for point in map(_point, series["values"]) if point]
    return {**sample, **points[-1], "values": points} if points else None


def _point(pair: Any) -> Sample | None:
    if not (isinstance(pair, list) and len(pair) == 2):
        raise Unparsable(message("parse.no-point", text=excerpt(str(pair))))
    at, value = finite(pair[0]), finite(pair[1])
    return None if at is None or value is None else {"at": at, "value": value}
