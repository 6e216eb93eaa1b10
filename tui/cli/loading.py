"""Library and catalogue as the command line opens them, with what is wrong in them said on stderr."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kb.messages import message
from kb.model import Article
from kb.said import about_file
from kb.wording import joined, listed
from tui.cli.failures import USAGE, Stop, complain
from tui.cli.options import Root, Where, system_language
from tui.cli.texts import help_language, t

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.layout import Layout
    from kb.library import Library
    from kb.problem import Problem


def roots_of(root: Root) -> list:  # type: ignore[type-arg]
    """The shipped knowledge base first, then the given roots: later ones win by id."""
    from kb.paths import ASSETS

    return [ASSETS, *root.roots]


def language(root: Root) -> str:
    """The language of answers: as asked for, else the terminal's."""
    return root.lang or system_language()


def plain_library(root: Root) -> Library:
    """The library of all roots; where the cache folder cannot be had, its index is in memory and stderr says so."""
    from kb import open_library as open_roots
    from kb.paths import cache_dir

    try:
        return open_roots(roots_of(root), cache_dir=cache_dir())
    except OSError as error:
        complain(t("no-cache", why=about_file(error)))
        return open_roots(roots_of(root))


def open_library(root: Root) -> Library:
    """The library of all roots; broken files are named on stderr and the rest works."""
    library = plain_library(root)
    _complain_of(library.problems)
    return library


def guided_articles(library: Library) -> dict[str, Article]:
    """The articles with a written guide by id; those of their files that are broken are named on stderr."""
    _complain_of(library.guide_problems)
    return {name: found for name in library.guided if (found := library.get(name))}


def _complain_of(problems: Iterable[Problem]) -> None:
    for problem in problems:
        if problem.severity == "error":
            complain(str(problem))


def open_catalogue(root: Root, where: Where | None = None) -> Catalogue:
    """The check catalogue of all roots with the settings that count at `where`; what is wrong is named on stderr."""
    from checks.catalogue import load_catalogue
    from tui.setting import settings_of

    settings = settings_of(root.where if where is None else where.over(root.where))
    catalogue = settings.over(load_catalogue(roots_of(root), layout=settings.layout))
    _complain_of(catalogue.problems)
    return catalogue


def where_of(catalogue: Catalogue) -> Layout:
    """Where the roles of its checks run: as the settings say, else as shipped."""
    from checks.layout import load_layout

    return catalogue.layout or load_layout()


def article_named(library: Library, article_id: str) -> Article:
    """The article with this id, or a usage error that names the nearest ones."""
    import difflib

    found = library.get(article_id)
    if found is not None:
        return found
    near = difflib.get_close_matches(article_id, list(library.articles), n=3, cutoff=0.5)
    hint = message("cli.did-you-mean", names=listed(near)) if near else message("cli.search-first")
    said = joined((message("cli.no-article", id=article_id), hint), " ", "")
    raise Stop(said.get(help_language()), USAGE)
