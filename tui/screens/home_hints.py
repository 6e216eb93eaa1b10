"""The bottom line of Home: what the box or the list can do now, the most useful first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.screens.base import KlinikScreen
from tui.widgets.hints import Hint
from tui.widgets.search import HomeList

if TYPE_CHECKING:
    from tui.screens.home_inquiry import Inquiry

LANGUAGES = {"zh": "中文", "en": "English"}


def hints_of(home: KlinikScreen[None], inquiry: Inquiry, tongue: str) -> tuple[Hint, ...]:
    """The hints; `tongue` is the language that Ctrl+L would show, empty where there is no other."""
    if isinstance(home.focused, HomeList):
        first = [home.hint("Enter", "open", "open"), home.hint("Esc", "to_box", "back")]
    else:
        down = home.app.signs.down
        first = [home.hint("Enter", "open_first", "open"), home.hint(down, "results", "into_list")]
        if inquiry.paste is not None:
            first.append(home.hint("Esc", "back_to_paste" if inquiry.text else "put_away", "back"))
    language = [Hint("^L", LANGUAGES.get(tongue, tongue), "app.language")] if tongue else []
    narrow, paste = home.hint("^F", "narrow", "narrow"), home.hint("^V", "paste")
    if isinstance(home.focused, HomeList):
        first += language
        language = []
        if home.query_one(HomeList).chosen()[0] in ("find", "check"):
            first.append(home.hint("F6", "mute", "mute"))
    first += [narrow, paste] if inquiry.text or inquiry.paste is not None else [paste, narrow]
    if home.app.cluster_state.phase == "absent":
        first.append(home.hint("^R", "retry", "again"))
    elif home.app.link.triage in ("done", "running") and not home.app.cluster_state.recorded:
        first.append(home.hint("F8", "unwatch" if home.app.triaging.every else "watch", "app.watch"))
    return (*first, home.hint("^P", "commands", "palette"), *language, home.hint("^Q", "quit", "app.leave"))
