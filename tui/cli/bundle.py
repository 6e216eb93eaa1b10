"""`klinik bundle`: the facts of a cluster in one file, to look at later or elsewhere."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from checks.model import CheckFinished, RunProgress, RunStarted, Verdict
from kb.messages import message
from tui.cli import printing
from tui.cli.checking import progress_text
from tui.cli.clickwords import Group
from tui.cli.decorators import common_options, output_option, where_options
from tui.cli.failures import FAILED, OK, USAGE, Stop, complain
from tui.cli.interrupt import interruptible
from tui.cli.loading import article_named, language, open_catalogue, open_library, where_of
from tui.cli.options import Root, Where
from tui.cli.printing import one_row, say
from tui.cli.texts import t
from tui.connect import connect

if TYPE_CHECKING:
    from checks.bundle.archive import Bundle
    from checks.bundle.collect import Collected

FILE = click.Path(dir_okay=False, path_type=Path)
_SHOWN = 50
"""Changed objects and outputs printed for people; JSON has all."""


@click.group(cls=Group, help=t("bundle.help"))
def bundle() -> None:
    """The group."""


@bundle.command("collect", help=t("bundle.collect"))
@click.argument("file", type=FILE)
@click.option("--article", metavar="ID", help=t("bundle.article"))
@click.option("--mask", type=click.Choice(["names", "addresses", "all"]), help=t("bundle.mask"))
@click.option("--force", is_flag=True, help=t("bundle.force"))
@output_option
@where_options
@common_options
def collect(
    file: Path, article: str | None, mask: str | None, force: bool, output: str, where: Where, root: Root
) -> int:
    """Runs the checks, keeps everything they read, and writes it cleaned to one file."""
    from checks.bundle.archive import write_bundle
    from checks.bundle.collect import Scope, uses_for
    from checks.bundle.key import site_key

    if file.exists() and not force:
        raise Stop(t("bundle.exists", path=file), USAGE)
    library, catalogue = open_library(root), open_catalogue(root, where)
    if article:
        chosen = article_named(library, article)
        guide = chosen.guide
        if guide is None or not guide.checks:
            raise Stop(t("bundle.no-checks", id=article), USAGE)
        uses = tuple(use for use in uses_for(catalogue, [chosen]) if "/" in use.alias or _asked(use, guide))
    else:
        guided = [found for name in library.guided if (found := library.get(name))]
        uses = uses_for(catalogue, guided)
    scope = Scope(uses, article or "", mask in ("names", "all"), mask in ("addresses", "all"), site_key())
    collected = _collected(where.over(root.where), scope, catalogue)
    size = write_bundle(file, collected.manifest, collected.tape, force=force)
    totals = _totals(collected.manifest["verdicts"])
    if output == "json":
        printing.as_json(
            {
                "file": str(file),
                "bytes": size,
                "calls": len(collected.tape),
                "left_out": collected.manifest["left_out"],
                "changed": list(collected.changed),
                "totals": totals,
            }
        )
        return OK
    say(t("bundle.written", path=file, size=f"{size / 1024 / 1024:.1f}", calls=len(collected.tape)))
    say(_total_line(totals))
    for call in collected.manifest["left_out"]:
        complain(t("bundle.left-out", call=one_row(" ".join(call))))
    if collected.changed:
        complain(t("bundle.changed", aliases=", ".join(collected.changed)))
    return OK


def _asked(use: Any, guide: Any) -> bool:
    """Whether a guide asks for this check with its defaults."""
    return any(wanted.check == use.check and not wanted.params for wanted in guide.checks.values())


def _collected(where: Where, scope: Any, catalogue: Any) -> Collected:
    from checks.bundle.collect import Collected
    from checks.bundle.collect import collect as run
    from tui.version import program_version

    found: Collected | None = None
    done = total = 0
    with connect(where) as connection, interruptible() as stop:
        connection.cluster.version()
        for event in run(
            connection.cluster,
            scope,
            catalogue,
            layout=where_of(catalogue),
            now=time.time(),
            klinik=program_version(),
            stop=stop,
        ):
            if isinstance(event, RunStarted):
                done, total = 0, event.total
                printing.progress(t("check.progress", done=done, total=total))
            elif isinstance(event, CheckFinished):
                done, total = event.done, event.total
                text = t("bundle.cleaning") if done == total else t("check.progress", done=done, total=total)
                printing.progress(text)
            elif isinstance(event, RunProgress):
                printing.progress(progress_text(done, total, event))
            elif isinstance(event, Collected):
                found = event
    printing.progress_done()
    if found is None:
        raise KeyboardInterrupt
    return found


@bundle.command("show", help=t("bundle.show"))
@click.argument("file", type=FILE)
@output_option
@common_options
def show(file: Path, output: str, root: Root) -> int:
    """What a bundle holds: cluster, time, scope and the verdicts of its facts."""
    from checks.bundle.archive import open_bundle

    lang = language(root)
    with open_bundle(file) as opened:
        manifest = opened.manifest
        if output == "json":
            printing.as_json({"file": str(file), **manifest.model_dump()})
            return OK
        say(t("bundle.of", context=one_row(manifest.cluster.context), time=_when(opened)))
        say(t("bundle.holds", calls=manifest.calls, klinik=one_row(manifest.klinik)))
        if manifest.article:
            say(t("bundle.only", id=one_row(manifest.article)))
        if manifest.names_masked or manifest.addresses_masked:
            masked = [
                t(key)
                for key, on in (
                    ("bundle.names", manifest.names_masked),
                    ("bundle.addresses", manifest.addresses_masked),
                )
                if on
            ]
            say(t("bundle.masked", what=", ".join(masked)))
        for verdict in manifest.verdicts:
            if verdict.verdict not in ("ok", "skipped"):
                say(
                    f"{_verdict(verdict.verdict)} {one_row(verdict.alias):<34} "
                    f"{one_row(getattr(verdict.summary, lang))}"
                )
        say(_total_line(_totals([{"verdict": v.verdict} for v in manifest.verdicts])))
    return OK


@bundle.command("diff", help=t("bundle.diff"))
@click.argument("before", type=FILE)
@click.argument("after", type=FILE)
@output_option
@common_options
def diff(before: Path, after: Path, output: str, root: Root) -> int:
    """What changed between two bundles; the exit code is 1 where anything did."""
    from dataclasses import asdict

    from checks.bundle.archive import open_bundle
    from checks.bundle.compare import object_changes, output_changes, verdict_changes

    lang = language(root)
    with open_bundle(before) as one, open_bundle(after) as two:
        verdicts = verdict_changes(one.manifest, two.manifest, lang)
        objects = list(object_changes(one, two))
        outputs = list(output_changes(one, two))
        times = (_when(one), _when(two))
    changed = bool(verdicts or objects or outputs)
    if output == "json":
        printing.as_json(
            {
                "before": {"file": str(before), "collected_at": times[0]},
                "after": {"file": str(after), "collected_at": times[1]},
                "verdicts": [asdict(v) for v in verdicts],
                "objects": [asdict(o) for o in objects],
                "outputs": [asdict(o) for o in outputs],
            }
        )
        return FAILED if changed else OK
    say(t("bundle.between", before=times[0], after=times[1]))
    if not changed:
        say(t("bundle.same"))
    for change in verdicts:
        what = f"  ({message(f'watch.{change.what}').get(lang)})" if change.what else ""
        say(f"{_verdict(change.before)} → {_verdict(change.after)} {one_row(change.alias)}{what}")
        say(f"{'':12}{one_row(change.summary_before)}\n{'':12}{one_row(change.summary_after)}")
    signs = {"added": "+", "removed": "-", "changed": "~"}
    for item in objects[:_SHOWN]:
        fields = f"  {one_row(', '.join(item.fields))}" if item.fields else ""
        say(f"{signs[item.change]} {item.resource} {one_row(item.name)}{fields}")
    for said in outputs[:_SHOWN]:
        say(click.style("$ " + one_row(" ".join(word for word in said.call[1:] if word)), dim=True))
        for line in said.diff[:6]:
            say("  " + one_row(line))
    more = max(0, len(objects) - _SHOWN) + max(0, len(outputs) - _SHOWN)
    if more:
        say(t("bundle.more", count=more))
    return FAILED if changed else OK


def _verdict(word: str) -> str:
    """A verdict of a manifest, which may hold any word."""
    return printing.verdict(Verdict(word)) if word in list(Verdict) else one_row(word or "-")


def _when(opened: Bundle) -> str:
    try:
        return datetime.fromtimestamp(opened.manifest.collected_at, UTC).isoformat(timespec="seconds")
    except (OverflowError, ValueError, OSError):
        return str(opened.manifest.collected_at)


def _totals(verdicts: list[dict[str, Any]]) -> dict[str, int]:
    words = [v["verdict"] for v in verdicts]
    return {verdict.value: words.count(verdict.value) for verdict in Verdict}


def _total_line(totals: dict[str, int]) -> str:
    return "  ".join(f"{printing.verdict(v).rstrip()} {totals[v.value]}" for v in Verdict if totals[v.value])
