"""`klinik triage`: which articles this cluster matches, from their cheap symptom checks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checks.model import Result, Verdict
from checks.report import Level
from tui.cli import printing
from tui.cli.checking import cluster_json, exit_code, print_missing, reach, run_explained
from tui.cli.decorators import common_options, where_options
from tui.cli.failures import USAGE, Stop
from tui.cli.loading import language, open_catalogue, open_library
from tui.cli.options import Root, Where
from tui.cli.printing import one_row, say
from tui.cli.reporting import Reporting, fail_on_option, report_options
from tui.cli.texts import t
from tui.connect import connect

if TYPE_CHECKING:
    from checks.triage import Finding
    from kb.model import Article


@click.command(help=t("triage.help"), epilog=t("exit-codes"))
@click.option("--all", "everything", is_flag=True, help=t("triage.all"))
@click.option("-v", "--verbose", is_flag=True, help=t("triage.verbose"))
@fail_on_option("warn", "opt-fail-on-guide")
@report_options
@where_options
@common_options
def triage(
    everything: bool, verbose: bool, fail_on: Level, output: str, to: Path | None, where: Where, root: Root
) -> int:
    """Runs the symptom checks of every guide and ranks the articles that this cluster matches."""
    from checks.triage import findings, uses_of

    library, catalogue = open_library(root), open_catalogue(root)
    lang = language(root)
    articles = {name: one for name in library.guided if (one := library.get(name))}
    among = {spec.id for spec in catalogue if everything or spec.cost == "cheap"}
    uses = uses_of(articles.values(), among)
    if not uses:
        raise Stop(t("triage.nothing-to-run"), USAGE)
    reporting = Reporting("triage", output, to, fail_on, lang)
    with reporting.watching(where.over(root.where)), connect(where.over(root.where)) as connection:
        reporting.begin(connection.cluster.info)
        reach(connection.cluster)
        results, forbidden = run_explained(connection.cluster, uses, catalogue, root)
        about, info = cluster_json(connection.cluster), connection.cluster.info
    found = findings(articles.values(), uses, results)
    if output == "json":
        missing = {alias: forbidden.of(result) for alias, result in results.items()}
        reporting.document(_document(about, found, articles, results, missing, lang))
    elif output == "text":
        _print(found, articles, lang, verbose)
        print_missing(forbidden, len(results), "", lang)
    else:
        reporting.report(info, tuple(results.values()))
    return exit_code([r.verdict for r in results.values()], fail_on)


def _document(
    about: Mapping[str, Any],
    found: tuple[Finding, ...],
    articles: Mapping[str, Article],
    results: Mapping[str, Result],
    missing: Mapping[str, Any],
    lang: str,
) -> dict[str, Any]:
    from checks.render import result_json, totals

    return {
        "cluster": about,
        "matches": [
            {
                "article": finding.article,
                "title": articles[finding.article].text(lang).title,
                "verdict": str(finding.verdict),
                "score": finding.score,
                "symptoms": [
                    {"id": s.symptom.id, "verdict": str(s.verdict), "summary": s.summary.get(lang)}
                    for s in finding.symptoms
                ],
            }
            for finding in found
            if finding.matches
        ],
        "results": [
            {**result_json(result, lang), "missing": missing[alias]} for alias, result in results.items()
        ],
        "totals": totals(results.values()),
    }


def _print(found: tuple[Finding, ...], articles: Mapping[str, Article], lang: str, verbose: bool) -> None:
    matching = [finding for finding in found if finding.matches]
    for finding in matching:
        title = articles[finding.article].text(lang).title
        say(f"{printing.verdict(finding.verdict)} {one_row(finding.article)}  {one_row(title)}")
        for symptom in finding.symptoms:
            if verbose or symptom.verdict not in (Verdict.OK, Verdict.SKIPPED):
                say(f"{'':12}{printing.verdict(symptom.verdict)} {one_row(symptom.symptom.text.get(lang))}")
                say(f"{'':24}{one_row(symptom.summary.get(lang))}")
    if not matching:
        say(t("triage.none", count=len(found)))
    unseen = [finding.article for finding in found if finding.verdict is Verdict.UNKNOWN]
    if unseen:
        say(t("triage.unseen", articles=", ".join(map(one_row, unseen))))
    left_out = sum(finding.left_out for finding in found)
    if left_out:
        say(t("triage.left-out", count=left_out))
