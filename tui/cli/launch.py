"""Opens the app."""

from __future__ import annotations

import gc
import sys

from tui.cli.failures import USAGE, complain
from tui.cli.options import Root
from tui.cli.printing import say
from tui.cli.texts import t


def launch(root: Root) -> int:
    """Runs the app on the terminal; without one it says what to use instead."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        complain(t("no-terminal"))
        return USAGE
    if not sys.stderr.isatty():
        # Textual draws on stderr: redirected, the screen would stay black.
        say(t("no-stderr"))
        return USAGE
    # Collecting garbage while classes are made by the hundred is a tenth of the start; the app turns it on again.
    gc.disable()
    from tui.app import run
    from tui.services import Services

    return run(Services.from_options(root))
