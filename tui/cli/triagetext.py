"""A triage as text for people, and as the JSON document for programs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from checks.model import Result, Verdict
from kb.messages import message
from tui.cli import printing
from tui.cli.muting import muting_json, result_muted, say_lifted, told
from tui.cli.printing import one_row, say
from tui.cli.texts import help_language, t

if TYPE_CHECKING:
    from checks.findings.triage import Finding, Loose, Triage
    from kb.model import Article

_NAMED = 8
"""Checks that could not be seen and are named; JSON has all."""


def words(key: str, /, **params: object) -> str:
    """The message ``triage.key`` in the language of the help."""
    return message(f"triage.{key}", **params).get(help_language())


def document(
    about: Mapping[str, Any],
    found: Triage,
    articles: Mapping[str, Article],
    results: Mapping[str, Result],
    missing: Mapping[str, Any],
    lang: str,
) -> dict[str, Any]:
    """The JSON document."""
    from checks.reports.render import result_json, roots_json, totals

    muting = found.muting
    return {
        "cluster": about,
        "matches": [match_json(finding, articles, lang) for finding in found.matching],
        "loose": [loose_json(row, lang) for row in found.loose],
        "muted": found.muted,
        "mutes": muting_json(muting, lang),
        "results": [
            {**result_json(result, lang), "missing": missing[alias], **result_muted(muting, result)}
            for alias, result in results.items()
        ],
        "totals": totals(results.values()),
        "roots": roots_json(results.values(), lang),
    }


def match_json(finding: Finding, articles: Mapping[str, Article], lang: str) -> dict[str, Any]:
    """One article that shows."""
    return {
        "article": finding.article,
        "title": articles[finding.article].text(lang).title,
        "verdict": str(finding.verdict),
        "score": finding.score,
        "under": finding.under or None,
        "through": finding.through.get(lang) or None,
        "through_state": finding.through_state if finding.under else None,
        "muted": finding.mute.id if finding.mute else None,
        "symptoms": [
            {"id": s.symptom.id, "verdict": str(s.verdict), "summary": s.summary.get(lang)}
            for s in finding.symptoms
        ],
    }


def loose_json(row: Loose, lang: str) -> dict[str, Any]:
    """One bad check that no matching article explains."""
    return {
        "check": row.result.check,
        "alias": row.result.alias,
        "verdict": str(row.result.verdict),
        "summary": row.result.summary.get(lang),
        "articles": list(row.articles),
        "search": row.phrase.get(lang),
        "muted": row.mute.id if row.mute else None,
        "of": row.of or None,
    }


# --- for people -----------------------------------------------------------------------------------------------------


def print_triage(found: Triage, articles: Mapping[str, Article], lang: str, verbose: bool) -> None:
    """Articles that show, what they bring about below them, bad checks besides, what is muted or could not be seen."""
    shown = [finding for finding in found.matching if finding.mute is None]
    for finding in shown:
        _print_finding(finding, articles, lang, verbose)
        _print_beside(finding, [row for row in found.loose if row.of == finding.article], lang)
    if not found.matching:
        say(t("triage.none", count=len(found.findings)))
    loose = [row for row in found.loose if row.mute is None and not row.of]
    if loose:
        say(click.style(words("loose"), bold=True))
    for row in loose:
        _print_loose(row, lang)
    _print_muted(found, lang)
    say_lifted(found.muting)
    _print_unseen(found)
    left_out = sum(finding.left_out for finding in found.findings)
    if left_out:
        say(t("triage.left-out", count=left_out))


def _print_finding(finding: Finding, articles: Mapping[str, Article], lang: str, verbose: bool) -> None:
    title = articles[finding.article].text(lang).title
    indent = "    " * finding.depth
    branch = "└ " if finding.depth and not printing.ascii_only() else "` " if finding.depth else ""
    say(f"{indent}{branch}{printing.verdict(finding.verdict)} {one_row(finding.article)}  {one_row(title)}")
    if finding.under:
        sure = "through" if finding.through_state == "supported" else "maybe-through"
        why = words(sure, article=finding.under, cause=one_row(finding.through.get(lang)))
        say(f"{indent}{'':14}{why}")
    for symptom in finding.symptoms:
        if verbose or symptom.verdict not in (Verdict.OK, Verdict.SKIPPED):
            text = one_row(symptom.symptom.text.get(lang))
            say(f"{indent}{'':12}{printing.verdict(symptom.verdict)} {text}")
            say(f"{indent}{'':24}{one_row(symptom.summary.get(lang))}")


def _print_beside(finding: Finding, beside: Sequence[Loose], lang: str) -> None:
    """What is bad besides, and known to that article."""
    indent = "    " * finding.depth + " " * 12
    shown = [row for row in beside if row.mute is None]
    if shown:
        say(indent + words("beside"))
    for row in shown:
        summary = one_row(row.result.summary.get(lang))
        say(
            f"{indent}{printing.verdict(row.result.verdict)} {printing.pair(one_row(row.result.check), summary)}"
        )


def _print_loose(row: Loose, lang: str) -> None:
    summary = one_row(row.result.summary.get(lang))
    say(f"{printing.verdict(row.result.verdict)} {one_row(row.result.check):<28} {summary}")
    if row.articles:
        say(f"{'':13}{words('read', command=' ; '.join(f'klinik show {name}' for name in row.articles[:3]))}")
    else:
        say(
            f"{'':13}{words('read', command=shlex.join(['klinik', 'search', one_row(row.phrase.get(lang))]))}"
        )


def _print_muted(found: Triage, lang: str) -> None:
    """Every mute that keeps something bad from counting now."""
    muted = [s.mute for s in found.muting.standing if s.state == "standing"]
    if muted:
        say(click.style(words("muted", count=len(muted)), dim=True))
    for mute in muted:
        targets = f" [{', '.join(mute.targets)}]" if mute.targets else ""
        say(click.style(f"  {one_row(mute.name + targets)}  {one_row(told(mute).get(lang))}", dim=True))


def _print_unseen(found: Triage) -> None:
    """Articles that could not be seen, and checks that are unknown each for a reason of its own."""
    from checks.roots import folded

    unseen = [f.article for f in found.findings if f.verdict is Verdict.UNKNOWN]
    if unseen:
        say(t("triage.unseen", articles=", ".join(map(one_row, unseen))))
    together = {result.alias for fold in folded(found.unseen) for result in fold.results}
    checks = sorted({result.check for result in found.unseen if result.alias not in together})
    if checks:
        more = f" … {len(checks) - _NAMED}" if len(checks) > _NAMED else ""
        say(words("unknown", count=len(checks), checks=", ".join(checks[:_NAMED]) + more))
