"""Lists whose lines change while somebody looks: the cursor stays on its line."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widgets import OptionList
from textual.widgets.option_list import Option


def settle(view: OptionList, options: Sequence[Option], here: str = "") -> None:
    """New lines in place of the old; the cursor stays on its line, or goes to `here`, else to the first there is."""
    ids = [option.id for option in options]
    if ids and ids == [option.id for option in view.options]:
        for index, option in enumerate(options):
            view.replace_option_prompt_at_index(index, option.prompt)
        return
    at = here or (view.highlighted_option.id if view.highlighted_option is not None else "")
    view.set_options(options)
    first = next((index for index, option in enumerate(options) if not option.disabled), 0 if ids else None)
    view.highlighted = ids.index(at) if at and at in ids else first
