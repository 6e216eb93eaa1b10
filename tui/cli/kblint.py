"""`klinik kb lint`: what is wrong in the knowledge base."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from kb.problem import SEVERITIES, Problem, Severity
from tui.cli import printing
from tui.cli.clickwords import Command
from tui.cli.decorators import common_options, output_option
from tui.cli.failures import FAILED, OK, USAGE, Stop, complain
from tui.cli.loading import language, roots_of
from tui.cli.options import Root
from tui.cli.printing import one_row, say
from tui.cli.texts import t

COLOURS = {"error": "red", "warning": "yellow", "info": "blue"}


def findings(roots: Sequence[Path], only: Sequence[Path] | None = None) -> Iterator[Problem]:
    """Every finding about the files of `roots`, or of those in `only`: articles, guides, glossaries and checks."""
    from checks.catalogue import lint_guide, load_catalogue
    from checks.checktests.files import lint_tests
    from checks.layout import load_layout
    from kb.lint import lint

    layout = load_layout()
    catalogue = load_catalogue(roots, layout=layout, thorough=True)
    wanted = [str(root / "checks") for root in (roots if only is None else only)]
    yield from (p for p in catalogue.problems if any(Path(p.path).is_relative_to(one) for one in wanted))
    yield from lint_tests(roots if only is None else only, layout=layout)
    yield from lint(
        roots,
        only=only,
        of_guide=lambda guide: lint_guide(guide, catalogue, layout=layout),
        progress=lambda done, total: printing.progress(t("kb.lint-progress", done=done, total=total)),
    )


def _split(texts: Sequence[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


@click.command(cls=Command, help=t("kb.lint"))
@click.argument(
    "folders",
    metavar="[ROOT]...",
    nargs=-1,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@click.option(
    "--severity",
    "least",
    type=click.Choice(SEVERITIES),
    default="info",
    show_default=True,
    help=t("kb.lint-severity"),
)
@click.option("--only", metavar="CODE,…", multiple=True, help=t("kb.lint-only"))
@click.option("--ignore", metavar="CODE,…", multiple=True, help=t("kb.lint-ignore"))
@click.option("--strict", is_flag=True, help=t("kb.lint-strict"))
@output_option
@common_options
def lint(
    folders: tuple[Path, ...],
    least: Severity,
    only: tuple[str, ...],
    ignore: tuple[str, ...],
    strict: bool,
    output: str,
    root: Root,
) -> int:
    """Names every finding with file and line; exit code 1 where there is an error."""
    from kb.lint.report import choice, in_order, totals

    try:
        wanted = choice(least, _split(only), _split(ignore))
    except KeyError as error:
        raise Stop(t("kb.lint-no-code", code=error.args[0]), USAGE) from error
    roots = [*roots_of(root), *folders]
    try:
        found = in_order(p for p in findings(roots, folders or None) if p in wanted)
    finally:
        printing.progress_done()
    count = totals(found)
    if output == "json":
        printing.as_json([as_data(problem, language(root)) for problem in found])
    else:
        for problem in found:
            say(_line(problem, language(root)))
        complain(t("kb.lint-total", errors=count["error"], warnings=count["warning"], infos=count["info"]))
    return FAILED if count["error"] or (strict and count["warning"]) else OK


def as_data(problem: Problem, lang: str) -> dict[str, object]:
    """A finding as `klinik kb lint -o json` prints it, in `lang`; ``line`` 0 means the whole file."""
    from kb.lint import hint

    return {
        "path": problem.path,
        "line": problem.line,
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.said(lang),
        "hint": hint(problem.code).get(lang) or None,
        "article": problem.article or None,
    }


def _line(problem: Problem, lang: str) -> str:
    where = f"{problem.path}:{problem.line}" if problem.line else problem.path
    kind = click.style(t(f"kb.lint-is-{problem.severity}"), fg=COLOURS[problem.severity])
    return f"{one_row(where)}: {kind} {problem.code}: {one_row(problem.said(lang))}"
