"""Results as JSON (DESIGN.md, section 4). Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from checks.model import Evidence, Result, Row, Verdict
from checks.roots import folded


def result_json(result: Result, lang: str) -> dict[str, Any]:
    """One result with its texts in `lang`; `evidence` holds the raw output, `rows` the judgement of every part."""
    judgement = result.judgement
    return {
        "id": result.check,
        "alias": result.alias,
        "title": result.title.get(lang),
        "verdict": str(result.verdict),
        "reason": judgement.reason,
        "root": result.root or None,
        "value": judgement.value,
        "summary": judgement.summary.get(lang),
        "remedy": judgement.remedy.get(lang),
        "rows": [row_json(row, lang) for row in judgement.rows],
        "evidence": [evidence_json(item) for item in result.evidence],
        "took_ms": result.took_ms,
    }


def roots_json(results: Iterable[Result], lang: str) -> list[dict[str, Any]]:
    """What keeps several checks from being answered, most upstream first."""
    return [
        {"root": fold.root, "text": fold.text.get(lang), "checks": [result.check for result in fold.results]}
        for fold in folded(results)
    ]


def row_json(row: Row, lang: str) -> dict[str, Any]:
    """The judgement of one part."""
    return {"target": row.target, "verdict": str(row.verdict), "text": row.text.get(lang), "value": row.value}


def evidence_json(item: Evidence) -> dict[str, Any]:
    """One thing that was read."""
    return {
        "source": item.source,
        "command": list(item.command),
        "text": item.text,
        "at": item.at,
        "error": item.error,
        "truncated": item.truncated,
        "read": item.read,
        "target": item.target,
        "pasted_by": item.pasted or None,
    }


def totals(results: Iterable[Result]) -> dict[str, int]:
    """How many results have each verdict, all five named."""
    counted = Counter(result.verdict for result in results)
    return {str(verdict): counted[verdict] for verdict in Verdict}
