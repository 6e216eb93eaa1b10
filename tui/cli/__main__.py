"""``python -m tui.cli``: the same as ``klinik``."""

from __future__ import annotations

from tui.cli.main import main

main()
