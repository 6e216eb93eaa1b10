"""Pieces of an article: pages of its Markdown, the text of a rendered block, the checks that need not ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from kb.model import CheckUse

PAGE = 60_000
"""Characters of Markdown that are rendered at once: each block of it is a widget."""


def pages_of(markdown: str, size: int = PAGE) -> tuple[str, ...]:
    """The text in pieces of about `size` characters, cut at headings, or else at empty lines, outside of fences."""
    pages: list[list[str]] = [[]]
    used, fenced = 0, False
    for line in markdown.splitlines():
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        heading = line.startswith(("# ", "## "))
        if not fenced and used >= size // 2 and (heading or (used >= size and not line.strip())):
            pages.append([])
            used = 0
        pages[-1].append(line)
        used += len(line) + 1
    return tuple("\n".join(page) for page in pages)


def not_heavy(uses: tuple[CheckUse, ...], catalogue: Catalogue) -> list[CheckUse]:
    """The checks that need not ask first; one that the catalogue lacks is kept, so that its absence is said."""
    specs = {use.alias: catalogue.get(use.check) for use in uses}
    return [use for use in uses if (spec := specs[use.alias]) is None or spec.cost != "heavy"]


def text_of(block: Widget) -> str:
    """What a rendered block says, for finding words in it."""
    content = getattr(block, "_content", None)
    return content.plain.casefold() if isinstance(content, Content) else ""
