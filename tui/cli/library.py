"""`klinik kb`: bringing knowledge in, keeping it well, its index."""

from __future__ import annotations

import time

import click

from kb.problem import Problem
from kb.safe import one_line
from tui.cli.clickwords import Command
from tui.cli.decorators import common_options
from tui.cli.failures import OK
from tui.cli.lazy import LazyGroup
from tui.cli.loading import plain_library, roots_of
from tui.cli.options import Root
from tui.cli.printing import progress, progress_done, say
from tui.cli.texts import t

KB_COMMANDS = {
    "lint": "tui.cli.kblint:lint",
    "new": "tui.cli.kbnew:new",
    "schema": "tui.cli.kbnew:schema",
    "import": "tui.cli.kbimport:import_",
    "index": "tui.cli.library:index",
}


@click.group(cls=LazyGroup, places=KB_COMMANDS, help=t("kb.help"))
def kb() -> None:
    """The library."""


def all_problems(root: Root) -> list[Problem]:
    """Every problem of articles, guides and checks of all roots, in the order of their files."""
    from checks.catalogue import lint_guide, load_catalogue

    library = plain_library(root)
    catalogue = load_catalogue(roots_of(root), thorough=True)
    found = [*library.problems, *catalogue.problems]
    for article_id in library.guided:
        article = library.get(article_id)
        if article and article.guide:
            found.extend(lint_guide(article.guide, catalogue))
    return sorted(set(found), key=lambda p: (p.path, p.line, p.code))


@click.command(cls=Command, help=t("kb.index"))
@click.option("--anew", is_flag=True, help=t("kb.anew"))
@common_options
def index(root: Root, *, anew: bool) -> int:
    """Brings the search index up to date and says how long that took."""
    began = time.perf_counter()
    library = plain_library(root)
    for event in library.build(anew=anew):
        left = "" if event.seconds_left is None else t("kb.left", seconds=round(event.seconds_left))
        progress(t("kb.indexing", done=event.done, total=event.total) + left)
    progress_done()
    for problem in library.index_problems:
        say(one_line(problem.line_of_text(root.lang or "en")))
    say(t("kb.indexed", count=len(library.articles), ms=round((time.perf_counter() - began) * 1000)))
    return OK
