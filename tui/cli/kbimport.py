"""`klinik kb import`: documents of any kind into a knowledge-base root, with a report."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.messages import message
from kb.said import text_of
from tui.cli import printing
from tui.cli.clickwords import Command
from tui.cli.decorators import output_option
from tui.cli.failures import FAILED, OK, USAGE, Stop, complain
from tui.cli.printing import one_row, progress, progress_done, say
from tui.cli.texts import help_language

if TYPE_CHECKING:
    from kb.importing.model import Finished, Imported
    from kb.problem import Problem

SHOWN = 6
"""Findings shown of one source without --verbose."""
COLOURS = {"new": "green", "updated": "cyan", "conflict": "yellow", "failed": "red", "skipped": "magenta"}


def t(key: str, /, **params: object) -> str:
    """The message ``import.cli.key`` in the language of the command line."""
    return message(f"import.cli.{key}", **params).get(help_language())


@click.command("import", cls=Command, help=t("help"))
@click.argument("sources", metavar="SRC…", nargs=-1, required=True)
@click.option(
    "--to",
    "root",
    metavar="ROOT",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help=t("to"),
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("lang"))
@click.option("--dry-run", is_flag=True, help=t("dry-run"))
@click.option("--copy-images", is_flag=True, help=t("copy-images"))
@click.option("--overwrite", is_flag=True, help=t("overwrite"))
@click.option("-v", "--verbose", is_flag=True, help=t("verbose"))
@output_option
def import_(
    sources: tuple[str, ...],
    root: Path,
    lang: str | None,
    dry_run: bool,
    copy_images: bool,
    overwrite: bool,
    verbose: bool,
    output: str,
) -> int:
    """Exit code 1 where a source failed or a conflict is left, 2 where the root cannot be used or nothing was found."""
    from kb.importing.model import Found, Imported, Read
    from kb.importing.run import Options, import_sources

    options = Options(lang or "", dry_run, copy_images, overwrite)
    stream = sys.stdin.buffer if "-" in sources else None
    done: list[Imported] = []
    finished: Finished | None = None
    total = 0
    try:
        _prepare(root, dry_run)
        for event in import_sources(sources, root, options, stdin=stream):
            if isinstance(event, Read):
                progress(one_row(t("reading", done=event.done, total=event.total, source=event.source)))
            elif isinstance(event, Found):
                total = event.documents
            elif isinstance(event, Imported):
                done.append(event)
                if output == "text" and (verbose or event.state != "unchanged"):
                    progress_done()
                    _print(event, verbose)
                progress(one_row(t("writing", done=len(done), total=total, source=event.source)))
            else:
                finished = event
    except OSError as error:
        raise Stop(t("no-root", why=text_of(error).get(help_language())), USAGE) from error
    finally:
        progress_done()
    if finished is None or not done:
        raise Stop(t("nothing"), USAGE)
    if output == "json":
        printing.as_json(_json(done, finished, dry_run))
    else:
        say(t("totals", **finished.counts, articles=finished.articles, paired=finished.paired))
        if dry_run:
            complain(t("dry"))
    return FAILED if finished.counts["failed"] or finished.counts["conflict"] else OK


def _prepare(root: Path, dry_run: bool) -> None:
    """Make the root, so that one that cannot be written is said before anything is read."""
    if dry_run:
        return
    root.mkdir(parents=True, exist_ok=True)
    (root / "articles").mkdir(exist_ok=True)


def _print(event: Imported, verbose: bool) -> None:
    word = click.style(t(f"state.{event.state}"), fg=COLOURS.get(event.state))
    where = f"  ->  {one_row(event.path)}" if event.path else ""
    say(f"{word}  {one_row(event.source)}{where}")
    notes = event.notes if verbose else event.notes[:SHOWN]
    for note in notes:
        say(f"    {one_row(_line(note))}")
    if len(event.notes) > len(notes):
        say(f"    {t('more', count=len(event.notes) - len(notes))}")


def _line(note: Problem) -> str:
    where = f"{note.line}: " if note.line else ""
    return f"{where}{note.severity} {note.code}: {note.said(help_language())}"


def _json(done: list[Imported], finished: Finished, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "documents": [
            {
                "source": event.source,
                "state": event.state,
                "id": event.article or None,
                "lang": event.lang or None,
                "title": event.title or None,
                "path": event.path or None,
                "format": event.format or None,
                "findings": [
                    {
                        "line": n.line,
                        "code": n.code,
                        "severity": n.severity,
                        "message": n.said(help_language()),
                    }
                    for n in event.notes
                ],
            }
            for event in done
        ],
        "totals": {**finished.counts, "articles": finished.articles, "paired": finished.paired},
    }
