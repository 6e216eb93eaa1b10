"""`klinik triage`: what this cluster shows, from every cheap check: articles it matches, and what none explains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checks.model import Result, Verdict
from checks.reports.report import Level
from tui.cli import printing
from tui.cli.checking import Seen, cluster_json, exit_code, print_missing, print_roots, reach, run_explained
from tui.cli.clickwords import Command
from tui.cli.decorators import common_options, where_options
from tui.cli.failures import USAGE, Stop
from tui.cli.loading import guided_articles, language, open_catalogue, plain_library
from tui.cli.muting import counted, lifted_json, mutes_option, muting_of, quiet_results, say_lifted
from tui.cli.options import Root, Where
from tui.cli.printing import one_row, say
from tui.cli.reporting import Reporting, fail_on_option, report_options
from tui.cli.texts import t
from tui.cli.triagetext import document, loose_json, match_json, print_triage
from tui.cli.watching import Looked, may_watch, watch_option, watching
from tui.connect import connect

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.cluster import Cluster
    from checks.findings.triage import Triage
    from kb.library import Library
    from kb.model import Article, CheckUse
    from tui.forbidden import Forbidden


@click.command(cls=Command, help=t("triage.help"), epilog=t("exit-codes"))
@click.option("--all", "everything", is_flag=True, help=t("triage.all"))
@click.option("-v", "--verbose", is_flag=True, help=t("triage.verbose"))
@watch_option
@mutes_option
@fail_on_option("warn", "opt-fail-on-guide")
@report_options
@where_options
@common_options
def triage(
    everything: bool,
    verbose: bool,
    watch: float | None,
    no_mutes: bool,
    fail_on: Level,
    output: str,
    to: Path | None,
    where: Where,
    root: Root,
) -> int:
    """Runs every cheap check and ranks the articles that this cluster matches."""
    from checks.findings.triage import WIDEST, plan

    library, catalogue = plain_library(root), open_catalogue(root, where)
    uses = plan(library.guides, catalogue, everything=everything)
    if not uses:
        raise Stop(t("triage.nothing-to-run"), USAGE)
    where = where.over(root.where)
    if watch is not None:
        may_watch(where, output, to)
    reporting = Reporting("triage", output, to, fail_on, language(root))
    command = _Command(
        library, catalogue, uses, root, reporting, verbose, no_mutes, 0 if everything else WIDEST
    )
    with reporting.watching(where), connect(where) as connection:
        cluster = connection.cluster
        reporting.begin(cluster.info)
        if watch is None:
            return command.once(cluster)
        look = partial(command.look, cluster)
        return watching(watch, look, reporting=reporting, cluster=cluster, where=where)


@dataclass(frozen=True)
class _Command:
    """One call of the command: what is run, and how it is told."""

    library: Library
    catalogue: Catalogue
    uses: Sequence[CheckUse]
    root: Root
    reporting: Reporting
    verbose: bool
    no_mutes: bool
    widest: int = 0

    @cached_property
    def articles(self) -> Mapping[str, Article]:
        """The articles with guides, read when there is something to rank: the first verdict does not wait for them."""
        return guided_articles(self.library)

    def once(self, cluster: Cluster) -> int:
        """One triage, told whole."""
        results, found, forbidden = self._run(cluster, self._as_they_come)
        self._tell(cluster, results, found, forbidden)
        return self._code(results, found)

    def look(self, cluster: Cluster, first: bool) -> Looked:
        """One round of a watch: the first one is told whole, a report is written every time."""
        from checks.findings.triage import ARTICLE, state_of

        results, found, forbidden = self._run(cluster, self._as_they_come if first else None)
        if self.reporting.output != "json" and (first or self.reporting.to):
            self._tell(cluster, results, found, forbidden)
        elif self.reporting.output == "text":
            say_lifted(found.muting)
        state = state_of(found, self.articles, results.values(), self.catalogue)
        muted = {ARTICLE + f.article for f in found.findings if f.mute}
        muted |= {alias for alias, result in results.items() if found.muting.of(result)}
        return Looked(state, self._code(results, found), self._brief(results, found), frozenset(muted))

    def _run(self, cluster: Cluster, show: Seen | None) -> tuple[dict[str, Result], Triage, Forbidden]:
        from checks.findings.triage import triage as of

        reach(cluster)
        quiet = quiet_results(cluster.info, ignored=self.no_mutes)

        def loud(result: Result) -> None:
            if show and not quiet(result):
                show(result)

        results, forbidden = run_explained(
            cluster, self.uses, self.catalogue, self.root, loud if show else None, widest=self.widest
        )
        muting = muting_of(cluster.info, results.values(), ignored=self.no_mutes)
        found = of(self.articles.values(), self.catalogue, self.uses, results, muting)
        return results, found, forbidden

    def _as_they_come(self, result: Result) -> None:
        """A line for what is bad as soon as it is known; the ranking follows when everything has answered."""
        if self.reporting.output != "text":
            return
        if self.verbose or result.verdict in (Verdict.FAIL, Verdict.WARN):
            summary = one_row(result.summary.get(self.reporting.lang))
            say(f"{printing.verdict(result.verdict)} {result.check:<28} {summary}")

    def _tell(
        self, cluster: Cluster, results: Mapping[str, Result], found: Triage, forbidden: Forbidden
    ) -> None:
        lang, output = self.reporting.lang, self.reporting.output
        if output == "json":
            missing = {alias: forbidden.of(result) for alias, result in results.items()}
            about = cluster_json(cluster)
            self.reporting.document(document(about, found, self.articles, results, missing, lang))
        elif output == "text":
            if any(result.verdict in (Verdict.FAIL, Verdict.WARN) for result in results.values()):
                say()
            print_triage(found, self.articles, lang, self.verbose)
            print_roots(results.values(), lang, self.verbose)
            print_missing(forbidden, len(results), "", lang)
        else:
            self.reporting.report(cluster.info, tuple(results.values()), muting=found.muting)

    def _brief(self, results: Mapping[str, Result], found: Triage) -> dict[str, object]:
        """The state in the JSON line of a round: without results and evidence, which would fill a disk."""
        from checks.reports.render import totals

        lang = self.reporting.lang
        return {
            "matches": [match_json(finding, self.articles, lang) for finding in found.matching],
            "loose": [loose_json(row, lang) for row in found.loose],
            "muted": found.muted,
            "mutes_lifted": lifted_json(found.muting, lang),
            "totals": totals(results.values()),
        }

    def _code(self, results: Mapping[str, Result], found: Triage) -> int:
        return exit_code(counted(found.muting, results.values()), self.reporting.level)
