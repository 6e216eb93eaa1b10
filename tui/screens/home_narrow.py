"""Narrowing what Home found: the filters that are offered, and what is done with the chosen ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.app import KlinikApp
    from tui.screens.home_inquiry import Inquiry


def narrow(
    app: KlinikApp, inquiry: Inquiry, paste: str, narrowed: Callable[[Mapping[str, str]], None]
) -> None:
    """Asks which filters shall hold; `narrowed` is told where they are others than before."""
    from tui.screens.facets import FacetsDialog

    words, where, count = inquiry.plain, inquiry.filters, inquiry.count

    def done(chosen: Mapping[str, str] | None) -> None:
        if chosen is not None and chosen != where:
            narrowed(chosen)

    app.push_screen(FacetsDialog(words or paste, where, lambda chosen: count(words, chosen)), done)
