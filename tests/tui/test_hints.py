"""The bottom line says what can be done, and how much more there is where the screen is too narrow for all."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.app import App, ComposeResult

from tui.theme import VARIABLES
from tui.widgets.hints import Hint, Hints
from tui.widgets.say import label

KEYS = (
    Hint("Enter", "继续"), Hint("o", "look at it whole"), Hint("t", "timeline"), Hint("e", "export"),
    Hint("F1", "help"),
)  # fmt: skip


class Bottom(App[None]):
    """Only the bottom line."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Colours that Textual's own theme lacks."""
        return dict(VARIABLES)

    def compose(self) -> ComposeResult:
        """It."""
        yield Hints()


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (62, " Enter 继续  o look at it whole  t timeline  e export  F1 help"),
        (61, " Enter 继续  o look at it whole  t timeline  F1 help +1"),
        (40, " Enter 继续  t timeline  F1 help +2"),
        (24, " Enter 继续  F1 help +3"),
    ],
)
async def test_what_does_not_fit_is_counted(width: int, shown: str) -> None:
    app = Bottom()
    async with app.run_test(size=(width, 3)) as pilot:
        hints = app.query_one(Hints)
        hints.show(KEYS)
        await pilot.pause()
        text = hints.render_line(0).text.rstrip()
        assert text == shown
        assert cell_len(text) <= width
        assert len(hints.places) == text.count("  ") + 1


def test_a_full_width_colon_brings_its_own_space() -> None:
    assert (label("影响：").plain, label("on").plain) == ("影响：", "on ")
