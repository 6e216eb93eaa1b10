"""`klinik kb`: what is wrong in the knowledge base, and its index."""

from __future__ import annotations

import time

import click

from kb.problem import Problem
from tui.cli import printing
from tui.cli.decorators import common_options, output_option
from tui.cli.failures import FAILED, OK, complain
from tui.cli.loading import plain_library, roots_of
from tui.cli.options import Root
from tui.cli.printing import one_row, say
from tui.cli.texts import t


@click.group(help=t("kb.help"))
def kb() -> None:
    """The library."""


def all_problems(root: Root) -> list[Problem]:
    """Every problem of articles, guides and checks of all roots, in the order of their files."""
    from checks.catalogue import lint_guide, load_catalogue

    library = plain_library(root)
    catalogue = load_catalogue(roots_of(root))
    found = [*library.problems, *catalogue.problems]
    for article_id in library.articles:
        article = library.get(article_id)
        if article and article.guide:
            found.extend(lint_guide(article.guide, catalogue))
    return sorted(set(found), key=lambda p: (p.path, p.line, p.code))


@kb.command("lint", help=t("kb.lint"))
@output_option
@common_options
def lint(output: str, root: Root) -> int:
    """Names every problem with file and line; exit code 1 where there is an error."""
    found = all_problems(root)
    errors = [p for p in found if p.severity == "error"]
    if output == "json":
        printing.as_json(
            [
                {"path": p.path, "line": p.line, "code": p.code, "severity": p.severity, "message": p.message}
                for p in found
            ]
        )
    else:
        for problem in found:
            say(one_row(str(problem)))
        complain(t("kb.lint-total", errors=len(errors), warnings=len(found) - len(errors)))
    return FAILED if errors else OK


@kb.command("index", help=t("kb.index"))
@common_options
def index(root: Root) -> int:
    """Brings the search index up to date and says how long that took."""
    began = time.perf_counter()
    library = plain_library(root)
    library.refresh()
    say(t("kb.indexed", count=len(library.articles), ms=round((time.perf_counter() - began) * 1000)))
    return OK
