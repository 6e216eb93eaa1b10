"""`klinik guide`, and what it shares with `klinik check` and `klinik triage`: running checks, telling results."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checks.model import NOTHING, CheckFinished, Result, RunFinished, RunProgress, RunStarted, Verdict
from checks.reports.report import Level, outcome
from kb.messages import message
from kb.model import Article, CheckUse
from kb.wording import listed
from tui.cli import printing
from tui.cli.clickwords import Command
from tui.cli.decorators import common_options, where_options
from tui.cli.failures import FAILED, OK, UNKNOWN, USAGE, Stop, complain
from tui.cli.interrupt import interruptible
from tui.cli.loading import article_named, language, open_catalogue, open_library, where_of
from tui.cli.options import Root, Where
from tui.cli.printing import foreign, one_row, say
from tui.cli.reporting import Reporting, fail_on_option, report_options
from tui.cli.texts import help_language, t
from tui.connect import connect

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.cluster import Cluster
    from checks.pasting.pasted import Pasted
    from tui.forbidden import Forbidden

Seen = Callable[[Result], None]


def alias_of(check_id: str) -> str:
    """The alias under which a check runs when no guide gave it one."""
    return check_id.replace(".", "_").replace("-", "_")


def run_uses(
    cluster: Cluster,
    uses: Sequence[CheckUse],
    catalogue: Catalogue,
    seen: Seen = lambda result: None,
    pasted: Mapping[str, Sequence[Pasted]] = NOTHING,
    widest: int = 0,
) -> dict[str, Result]:
    """Results by alias in the order of `uses`; `seen` hears each as it comes, a terminal sees the progress."""
    from checks.runner import run
    from checks.settings import elsewhere

    found: dict[str, Result] = {}
    done = total = 0
    with interruptible() as stop:
        for event in run(cluster, uses, catalogue, stop=stop, pasted=pasted, widest=widest):
            if isinstance(event, RunStarted):
                done, total = 0, event.total
                printing.progress(t("check.progress", done=done, total=total))
            elif isinstance(event, CheckFinished):
                found[event.result.alias] = event.result
                printing.progress_done()
                seen(event.result)
                done, total = event.done, event.total
                printing.progress(t("check.progress", done=done, total=total))
            elif isinstance(event, RunProgress):
                printing.progress(progress_text(done, total, event))
            elif isinstance(event, RunFinished) and event.home:
                printing.progress_done()
                complain(elsewhere(event.home, where_of(catalogue)).get(help_language()))
    printing.progress_done()
    return {use.alias: found[use.alias] for use in uses if use.alias in found}


def progress_text(done: int, total: int, reads: RunProgress) -> str:
    """How far checks and reads are, and how long the rest may take where that is known."""
    key = "check.progress-reads" if reads.left is None else "check.progress-left"
    left = max(1, round(reads.left or 0))
    return t(key, done=done, total=total, read=reads.done, reads=reads.total, left=left)


def exit_code(verdicts: Sequence[Verdict], level: Level) -> int:
    """1 where a verdict counts as a failure from this level on, 3 where none does and something is unknown, else 0."""
    return {"failed": FAILED, "unknown": UNKNOWN, "ok": OK}[outcome(verdicts, level)]


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


def print_result(result: Result, lang: str, verbose: bool) -> None:
    say(f"{printing.verdict(result.verdict)} {result.check:<28} {one_row(result.summary.get(lang))}")
    judgement = result.judgement
    for who in sorted({item.pasted for item in result.pasted}):
        count = sum(item.pasted == who for item in result.pasted)
        say(f"{'':13}{message('pasted.told', count=count, by=who).get(lang)}")
    if judgement.remedy and result.verdict is Verdict.UNKNOWN:
        say(f"{'':13}{one_row(judgement.remedy.get(lang))}")
    rows = (
        judgement.rows
        if verbose
        else tuple(r for r in judgement.rows if r.verdict not in (Verdict.OK, Verdict.SKIPPED))
    )
    for row in rows[:50]:
        say(
            f"{'':13}{printing.verdict(row.verdict)} {printing.pair(one_row(row.target), one_row(row.text.get(lang)))}"
        )
    if len(rows) > 50:
        say(f"{'':13}" + t("check.more-rows", count=len(rows) - 50))
    if verbose:
        for item in result.evidence:
            say(click.style(f"{'':13}$ {one_row(' '.join(item.command))}", dim=True))
            for line in foreign(item.why.get(lang) or item.error or item.text).splitlines()[:20]:
                say(click.style(f"{'':15}{line}", dim=True))


def run_explained(
    cluster: Cluster,
    uses: Sequence[CheckUse],
    catalogue: Catalogue,
    root: Root,
    show: Seen | None = None,
    pasted: Mapping[str, Sequence[Pasted]] = NOTHING,
    widest: int = 0,
) -> tuple[dict[str, Result], Forbidden]:
    """Runs checks; `show` hears each as it comes, and last what comes from a root that it shares with no other."""
    from checks.roots import folded
    from tui.forbidden import Forbidden

    forbidden = Forbidden(root.roots)
    rooted: list[Result] = []

    def seen(result: Result) -> None:
        explained = forbidden.explained(result)
        if explained.root:
            rooted.append(explained)
        elif show:
            show(explained)

    results = run_uses(cluster, uses, catalogue, seen, pasted, widest)
    together = {result.alias for fold in folded(rooted) for result in fold.results}
    for result in rooted if show else ():
        if show and result.alias not in together:
            show(result)
    return {alias: forbidden.explained(result) for alias, result in results.items()}, forbidden


def print_roots(results: Iterable[Result], lang: str, verbose: bool = False) -> None:
    """A line for each reason that keeps several checks from being answered, and which these are."""
    from checks.roots import folded

    for fold in folded(results):
        say(f"{printing.verdict(Verdict.UNKNOWN)} {one_row(fold.text.get(lang))}")
        first = fold.results[0]
        if first.judgement.remedy:
            say(f"{'':13}{one_row(first.judgement.remedy.get(lang))}")
        say(click.style(f"{'':13}{one_row(', '.join(sorted(r.check for r in fold.results)))}", dim=True))
        for result in fold.results if verbose else ():
            print_result(result, lang, verbose)


def print_missing(forbidden: Forbidden, total: int, scope: str, lang: str) -> None:
    """What all checks of the run lacked, and what prints the role for it, where something was forbidden."""
    sentence = forbidden.sentence(total, scope)
    if sentence:
        say(one_row(sentence.get(lang)))


@click.command(cls=Command, help=t("guide.help"), epilog=t("exit-codes"))
@click.argument("article_id", metavar="ID")
@click.option("-v", "--verbose", is_flag=True, help=t("check.verbose"))
@click.option("--plan", is_flag=True, help=message("outlook.opt-plan").get(help_language()))
@click.option("--cause", metavar="CAUSE", help=message("outlook.opt-cause").get(help_language()))
@fail_on_option("warn", "opt-fail-on-guide")
@report_options
@where_options
@common_options
def guide(
    article_id: str,
    verbose: bool,
    plan: bool,
    cause: str | None,
    fail_on: Level,
    output: str,
    to: Path | None,
    where: Where,
    root: Root,
) -> int:
    """Runs the checks of an article's guide and says which cause the evidence supports, and what its fix would mean."""
    from checks.reports.guidejson import guide_json
    from tui.cli.guideplan import may_plan, plans, plans_json, print_plans

    library = open_library(root)
    article = article_named(library, article_id)
    if article.guide is None:
        raise Stop(t("guide.none", id=article_id), USAGE)
    may_plan(article.guide, plan, cause, output)
    catalogue = open_catalogue(root, where)
    lang = language(root)
    uses = list(article.guide.checks.values())
    missing = [u.check for u in uses if u.check not in catalogue.ids()]
    if missing:
        raise Stop(t("check.no-such", ids=", ".join(missing)), USAGE)
    reporting = Reporting("guide", output, to, fail_on, lang, article.id)
    if article.guide.origin == "derived" and output in ("text", "json"):
        if plan:
            raise Stop(message("outlook.cli-derived").get(help_language()), USAGE)
        return _derived(article, reporting, where.over(root.where), fail_on)
    with reporting.watching(where.over(root.where)), connect(where.over(root.where)) as connection:
        reporting.begin(connection.cluster.info)
        reach(connection.cluster)
        results, forbidden = run_explained(connection.cluster, uses, catalogue, root)
        info = connection.cluster.info
        document = guide_json(info, article, results, lang)
        planned = plans(connection.cluster, catalogue, article.guide, results, cause) if plan else []
    document["missing"] = forbidden.all_missing()
    document |= {"plans": plans_json(planned, lang)} if plan else {}
    if output == "json":
        reporting.document(document)
    elif output == "text":
        _print_guide(document, results, lang, verbose)
        print_missing(forbidden, len(results), article.id, lang)
        if plan:
            print_plans(planned, article.guide, lang)
    else:
        reporting.report(info, tuple(results.values()), document)
    return exit_code([Verdict(s["verdict"]) for s in document["symptoms"]], fail_on)


def _derived(article: Article, reporting: Reporting, where: Where, fail_on: Level) -> int:
    """A guide without checks asks the cluster nothing, and needs none."""
    from checks.errors import NoCluster
    from checks.reports.guidejson import guide_json
    from checks.walking.nowhere import Nowhere
    from tui.cli.derivedguide import print_derived

    try:
        with connect(where) as connection:
            info = connection.cluster.info
    except NoCluster:
        info = Nowhere().info
    document = guide_json(info, article, {}, reporting.lang)
    if reporting.output == "json":
        reporting.begin(info)
        reporting.document({**document, "missing": []})
    else:
        print_derived(document)
    return exit_code([Verdict(s["verdict"]) for s in document["symptoms"]], fail_on)


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
    say(click.style(t("guide.steps"), bold=True))
    wanted = {c["id"] for c in document["causes"] if c["state"] == "supported"}
    steps = list({s["id"]: s for s in document["steps"] if s["cause"] in wanted}.values())
    if not steps:
        say(f"  {t('guide.no-steps')}")
    for number, step in enumerate(steps, 1):
        say(f"  {number}. {one_row(step['text'])}  [{_of_step(step)}]")
        if step["command"]:
            say(click.style(f"     {one_row(_command(step['command']))}", dim=True))
    if verbose:
        for result in results.values():
            print_result(result, lang, True)


def _of_step(step: dict[str, Any]) -> str:
    words = (printing.word("risk", step["risk"]), printing.word("step", step["state"]))
    return listed(words).get(help_language())


def _because(reason: Any) -> str:
    if isinstance(reason, str):
        return reason
    return printing.pair(
        f"{reason['check']} {printing.word('verdict', reason['verdict'])}", reason["summary"]
    )


def _command(command: Any) -> str:
    if isinstance(command, str):
        return command
    # The ellipsis stands for words left out; it is not a word to quote.
    return " ".join(word if word == "…" else shlex.quote(word) for word in map(str, command))
