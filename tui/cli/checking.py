"""`klinik check` and `klinik guide`: the live checks without the app. Neither writes to the cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from checks.model import CheckFinished, Result, RunStarted, Verdict
from kb.model import CheckUse
from tui.cli import printing
from tui.cli.decorators import common_options, output_option, where_options
from tui.cli.failures import FAILED, OK, UNKNOWN, USAGE, Stop
from tui.cli.interrupt import interruptible
from tui.cli.loading import article_named, language, open_catalogue, open_library
from tui.cli.options import Root, Where
from tui.cli.printing import foreign, one_row, say
from tui.cli.texts import t
from tui.connect import connect

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.cluster import Cluster


def alias_of(check_id: str) -> str:
    """The alias under which a check runs when no guide gave it one."""
    return check_id.replace(".", "_").replace("-", "_")


def run_uses(cluster: Cluster, uses: Sequence[CheckUse], catalogue: Catalogue) -> dict[str, Result]:
    """Runs checks with progress on a terminal; results by alias, in the order of `uses`."""
    from checks.runner import run

    found: dict[str, Result] = {}
    with interruptible() as stop:
        for event in run(cluster, uses, catalogue, stop=stop):
            if isinstance(event, RunStarted):
                printing.progress(t("check.progress", done=0, total=event.total))
            elif isinstance(event, CheckFinished):
                found[event.result.alias] = event.result
                printing.progress(t("check.progress", done=event.done, total=event.total))
    printing.progress_done()
    return {use.alias: found[use.alias] for use in uses if use.alias in found}


def exit_code(verdicts: Sequence[Verdict], *, on_warn: bool = True) -> int:
    """1 where something failed (or warned), 3 where nothing failed but something is unknown, else 0."""
    bad = {Verdict.FAIL, Verdict.WARN} if on_warn else {Verdict.FAIL}
    if any(v in bad for v in verdicts):
        return FAILED
    return UNKNOWN if Verdict.UNKNOWN in verdicts else OK


def cluster_json(cluster: Cluster) -> dict[str, Any]:
    """Which cluster an answer is about."""
    info = cluster.info
    return {
        "context": info.context,
        "server": info.server,
        "user": info.user,
        "namespace": info.namespace,
        "practice": info.practice or None,
    }


def reach(cluster: Cluster) -> None:
    """Asks the cluster once: an unreachable one shall end the command, not give a page of unknowns."""
    cluster.version()


def _print_result(result: Result, lang: str, verbose: bool) -> None:
    say(f"{printing.verdict(result.verdict)} {result.check:<28} {one_row(result.summary.get(lang))}")
    judgement = result.judgement
    if judgement.remedy and result.verdict is Verdict.UNKNOWN:
        say(f"{'':13}{one_row(judgement.remedy.get(lang))}")
    rows = (
        judgement.rows
        if verbose
        else tuple(r for r in judgement.rows if r.verdict not in (Verdict.OK, Verdict.SKIPPED))
    )
    for row in rows[:50]:
        say(f"{'':13}{printing.verdict(row.verdict)} {one_row(row.target)}: {one_row(row.text.get(lang))}")
    if len(rows) > 50:
        say(f"{'':13}" + t("check.more-rows", count=len(rows) - 50))
    if verbose:
        for item in result.evidence:
            say(click.style(f"{'':13}$ {one_row(' '.join(item.command))}", dim=True))
            for line in foreign(item.error or item.text).splitlines()[:20]:
                say(click.style(f"{'':15}{line}", dim=True))


@click.command(help=t("check.help"))
@click.argument("check_ids", metavar="[ID]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help=t("check.all"))
@click.option("--list", "listing", is_flag=True, help=t("check.list"))
@click.option("-v", "--verbose", is_flag=True, help=t("check.verbose"))
@output_option
@where_options
@common_options
def check(
    check_ids: tuple[str, ...],
    everything: bool,
    listing: bool,
    verbose: bool,
    output: str,
    where: Where,
    root: Root,
) -> int:
    """Runs checks by id; without an id the cheap ones, with --all every one."""
    catalogue = open_catalogue(root)
    lang = language(root)
    if listing:
        return _list_checks(catalogue, output, lang)
    unknown = [i for i in check_ids if i not in catalogue.ids()]
    if unknown:
        raise Stop(t("check.no-such", ids=", ".join(unknown)), USAGE)
    chosen = check_ids or tuple(s.id for s in catalogue if everything or s.cost == "cheap")
    uses = [CheckUse(alias_of(i), i) for i in chosen]
    with connect(where.over(root.where)) as connection:
        reach(connection.cluster)
        results = run_uses(connection.cluster, uses, catalogue)
        about = cluster_json(connection.cluster)
    verdicts = [r.verdict for r in results.values()]
    totals = {v.value: verdicts.count(v) for v in Verdict}
    if output == "json":
        from checks.render import result_json

        printing.as_json(
            {
                "cluster": about,
                "results": [result_json(r, lang) for r in results.values()],
                "totals": totals,
            }
        )
    else:
        for result in results.values():
            _print_result(result, lang, verbose)
        say(
            "  ".join(
                f"{printing.verdict(v).rstrip()} {n}" for v, n in ((v, totals[v.value]) for v in Verdict) if n
            )
        )
    return exit_code(verdicts, on_warn=False)


def _list_checks(catalogue: Catalogue, output: str, lang: str) -> int:
    specs = list(catalogue)
    if output == "json":
        printing.as_json(
            [
                {
                    "id": s.id,
                    "title": s.title.get(lang),
                    "why": s.why.get(lang),
                    "cost": s.cost,
                    "params": dict(s.params),
                    "articles": list(s.articles),
                }
                for s in specs
            ]
        )
        return OK
    for spec in specs:
        say(f"{spec.id:<28} {spec.cost:<9} {spec.title.get(lang)}")
    return OK


@click.command(help=t("guide.help"))
@click.argument("article_id", metavar="ID")
@click.option("-v", "--verbose", is_flag=True, help=t("check.verbose"))
@output_option
@where_options
@common_options
def guide(article_id: str, verbose: bool, output: str, where: Where, root: Root) -> int:
    """Runs the checks of an article's guide and says which cause the evidence supports."""
    from checks.guidejson import guide_json

    library = open_library(root)
    article = article_named(library, article_id)
    if article.guide is None:
        raise Stop(t("guide.none", id=article_id), USAGE)
    catalogue = open_catalogue(root)
    lang = language(root)
    missing = [u.check for u in article.guide.checks.values() if u.check not in catalogue.ids()]
    if missing:
        raise Stop(t("check.no-such", ids=", ".join(missing)), USAGE)
    with connect(where.over(root.where)) as connection:
        reach(connection.cluster)
        results = run_uses(connection.cluster, list(article.guide.checks.values()), catalogue)
        document = guide_json(connection.cluster.info, article, results, lang)
    if output == "json":
        printing.as_json(document)
    else:
        _print_guide(document, results, lang, verbose)
    return exit_code([Verdict(s["verdict"]) for s in document["symptoms"]])


def _print_guide(document: dict[str, Any], results: dict[str, Result], lang: str, verbose: bool) -> None:
    say(click.style(one_row(document["title"]), bold=True))
    say(click.style(t("guide.symptoms"), bold=True))
    for symptom in document["symptoms"]:
        say(f"{printing.verdict(Verdict(symptom['verdict']))} {one_row(symptom['text'])}")
        say(f"{'':12}{one_row(symptom['summary'])}")
    say(click.style(t("guide.causes"), bold=True))
    for cause in document["causes"]:
        say(f"{printing.cause_state(cause['state'])} {one_row(cause['text'])}")
        for reason in cause["because"]:
            say(f"{'':12}{one_row(_because(reason))}")
    if document["origin"] == "derived":
        say(t("guide.derived"))
    say(click.style(t("guide.steps"), bold=True))
    states = ("open",) if document["origin"] == "derived" else ("supported",)
    wanted = {c["id"] for c in document["causes"] if c["state"] in states}
    steps = list({s["id"]: s for s in document["steps"] if s["cause"] in wanted}.values())
    if not steps:
        say(f"  {t('guide.no-steps')}")
    for number, step in enumerate(steps, 1):
        say(f"  {number}. {one_row(step['text'])}  [{step['risk']}, {step['state']}]")
        if step["command"]:
            say(click.style(f"     {one_row(_command(step['command']))}", dim=True))
    if verbose:
        for result in results.values():
            _print_result(result, lang, True)


def _because(reason: Any) -> str:
    return (
        reason if isinstance(reason, str) else f"{reason['check']} {reason['verdict']}: {reason['summary']}"
    )


def _command(command: Any) -> str:
    import shlex

    if isinstance(command, str):
        return command
    # The ellipsis stands for words left out; it is not a word to quote.
    return " ".join(word if word == "…" else shlex.quote(word) for word in map(str, command))
