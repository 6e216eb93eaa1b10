"""`klinik check`: checks by id, once or watched, with answers from elsewhere where the cluster gives none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from checks.model import Result, Verdict
from checks.reports.report import Level
from kb.messages import message
from kb.model import CheckUse
from tui.cli import printing
from tui.cli.answers import answer_option, complain_unused, print_asks, read_answers
from tui.cli.checking import (
    Seen,
    alias_of,
    cluster_json,
    exit_code,
    print_missing,
    print_result,
    print_roots,
    reach,
    run_explained,
)
from tui.cli.clickwords import Command
from tui.cli.decorators import common_options, where_options
from tui.cli.failures import USAGE, Stop
from tui.cli.loading import language, open_catalogue, where_of
from tui.cli.muting import (
    counted,
    lifted_json,
    mutes_option,
    muting_json,
    muting_of,
    result_muted,
    say_lifted,
    say_muting,
)
from tui.cli.options import Root, Where
from tui.cli.printing import say
from tui.cli.reporting import Reporting, fail_on_option, report_options
from tui.cli.texts import help_language, t
from tui.cli.watching import Looked, may_watch, watch_option, watching
from tui.connect import connect

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.cluster import Cluster
    from checks.findings.mutes import Muting
    from checks.pasting.pasted import Pasted
    from tui.forbidden import Forbidden


@click.command(cls=Command, help=t("check.help"), epilog=t("exit-codes"))
@click.argument("check_ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help=t("check.all"))
@click.option("--list", "listing", is_flag=True, help=t("check.list"))
@click.option(
    "--set",
    "given",
    metavar="CHECK.PARAM=VALUE",
    multiple=True,
    help=message("report.opt-set").get(help_language()),
)
@answer_option
@click.option("-v", "--verbose", is_flag=True, help=t("check.verbose"))
@watch_option
@mutes_option
@fail_on_option("fail", "opt-fail-on-check")
@report_options
@where_options
@common_options
def check(
    check_ids: tuple[str, ...],
    everything: bool,
    listing: bool,
    given: tuple[str, ...],
    answers: tuple[str, ...],
    verbose: bool,
    watch: float | None,
    no_mutes: bool,
    fail_on: Level,
    output: str,
    to: Path | None,
    where: Where,
    root: Root,
) -> int:
    """Runs checks by id; without an id the cheap ones, with --all every one."""
    from tui.cli.thresholds import settings

    catalogue = open_catalogue(root, where)
    lang = language(root)
    unknown = [i for i in check_ids if i not in catalogue.ids()]
    if unknown:
        raise Stop(t("check.no-such", ids=", ".join(unknown)), USAGE)
    if listing:
        from tui.cli.checklist import list_checks

        if to or output not in ("text", "json"):
            raise Stop(message("report.list-output").get(help_language()), USAGE)
        chosen_specs = [catalogue.get(i) for i in check_ids or catalogue.ids()]
        return list_checks(chosen_specs, where_of(catalogue), output, lang)
    chosen = tuple(dict.fromkeys(check_ids)) or tuple(
        s.id for s in catalogue if everything or s.cost == "cheap"
    )
    params = settings(given, catalogue, chosen)
    uses = [CheckUse(alias_of(i), i, params.get(i, {})) for i in chosen]
    pasted = read_answers(answers, [catalogue.get(i) for i in chosen])
    where = where.over(root.where)
    if watch is not None:
        may_watch(where, output, to)
        if pasted:
            raise Stop(message("pasted.no-watch").get(help_language()), USAGE)
    reporting = Reporting("check", output, to, fail_on, lang)
    command = _Command(uses, catalogue, root, reporting, verbose, no_mutes, pasted, bool(check_ids))
    with reporting.watching(where), connect(where) as connection:
        reporting.begin(connection.cluster.info)
        cluster = connection.cluster
        if watch is None:
            return command.once(cluster)
        look = partial(command.look, cluster)
        return watching(watch, look, reporting=reporting, cluster=cluster, where=where)


@dataclass(frozen=True)
class _Command:
    """One call of the command: what is run, and how it is told."""

    uses: Sequence[CheckUse]
    catalogue: Catalogue
    root: Root
    reporting: Reporting
    verbose: bool
    no_mutes: bool
    pasted: tuple[Pasted, ...] = ()
    named: bool = True
    """Whether somebody asked for these very checks: then what would answer them elsewhere is said."""

    def once(self, cluster: Cluster) -> int:
        """One run, told whole."""
        results, muting, forbidden = self._run(cluster, self._show)
        self._tell(cluster, results, muting, forbidden)
        complain_unused(results.values(), self.pasted)
        return exit_code(counted(muting, results.values()), self.reporting.level)

    def look(self, cluster: Cluster, first: bool) -> Looked:
        """One round of a watch: the first one is told whole, a report is written every time."""
        from checks.findings.changes import snapshot
        from checks.reports.render import totals

        results, muting, forbidden = self._run(cluster, self._show if first else None)
        if self.reporting.output != "json" and (first or self.reporting.to):
            self._tell(cluster, results, muting, forbidden)
        elif self.reporting.output == "text":
            say_lifted(muting)
        return Looked(
            snapshot(results.values(), self.catalogue),
            exit_code(counted(muting, results.values()), self.reporting.level),
            {
                "mutes_lifted": lifted_json(muting, self.reporting.lang),
                "totals": totals(results.values()),
            },
            frozenset(alias for alias, result in results.items() if muting.of(result)),
        )

    def _run(self, cluster: Cluster, show: Seen | None) -> tuple[dict[str, Result], Muting, Forbidden]:
        reach(cluster)
        live = show if self.reporting.output == "text" else None
        given = {self.uses[0].alias: self.pasted} if self.pasted else {}
        results, forbidden = run_explained(cluster, self.uses, self.catalogue, self.root, live, given)
        trial = bool(self.pasted) or any(use.params for use in self.uses)
        muting = muting_of(cluster.info, results.values(), ignored=self.no_mutes, trial=trial)
        return results, muting, forbidden

    def _show(self, result: Result) -> None:
        print_result(result, self.reporting.lang, self.verbose)

    def _tell(
        self, cluster: Cluster, results: Mapping[str, Result], muting: Muting, forbidden: Forbidden
    ) -> None:
        from checks.reports.render import result_json, roots_json, totals

        lang, output = self.reporting.lang, self.reporting.output
        if output == "json":
            shown = [
                {
                    **result_json(r, lang),
                    "missing": forbidden.of(r),
                    "asks": self._asks_json(r),
                    **result_muted(muting, r),
                }
                for r in results.values()
            ]
            self.reporting.document(
                {
                    "cluster": cluster_json(cluster),
                    "results": shown,
                    "totals": totals(results.values()),
                    "roots": roots_json(results.values(), lang),
                    "mutes": muting_json(muting, lang),
                }
            )
        elif output == "text":
            print_roots(results.values(), lang, self.verbose)
            say(_totals(totals(results.values())))
            say_muting(muting, results)
            if len(self.uses) == 1:
                self._say_asks(results)
            scope = self.uses[0].check if len(self.uses) == 1 else ""
            print_missing(forbidden, len(results), scope, lang)
        else:
            self.reporting.report(cluster.info, tuple(results.values()), muting=muting)

    def _say_asks(self, results: Mapping[str, Result]) -> None:
        layout = where_of(self.catalogue)
        for result in results.values():
            print_asks(self.catalogue.get(result.check), result, layout, self.verbose)

    def _asks_json(self, result: Result) -> list[dict[str, object]]:
        """What would answer the reads that failed, where somebody may run it."""
        from checks.pasting.pasted import asks

        if not self.named or not any(item.error for item in result.evidence):
            return []
        params = next((use.params for use in self.uses if use.alias == result.alias), {})
        wanted = asks(self.catalogue.get(result.check), result, where_of(self.catalogue), params)
        return [
            {
                "read": ask.read,
                "target": ask.target,
                "where": ask.where.get(self.reporting.lang),
                "kubectl": ask.kubectl,
                "command": ask.plain,
                "reason": ask.reason,
            }
            for ask in wanted
        ]


def _totals(totals: Mapping[str, int]) -> str:
    counted = ((v, totals[v.value]) for v in Verdict)
    return "  ".join(f"{printing.verdict(v).rstrip()} {n}" for v, n in counted if n)
