"""A defect of klinik itself: the operator learns what is safe and what to send, and sees no value that was at hand."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.tui.conftest import klinik
from tui.crash import trace
from tui.services import Services


def broken() -> None:
    """A defect, with something at hand that nobody shall see."""
    held = "-".join(("the", "rows", "of", "the", "cluster"))
    raise NameError(f"name 'x{len(held)}' is not [bold]defined")


async def test_a_defect_ends_in_words_and_a_report(
    services: Callable[..., Services], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    app = klinik(services(lang="en"))

    async def driven() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            app.call_later(broken)
            app.call_later(broken)
            await pilot.pause()

    with pytest.raises(NameError):
        await driven()
    assert not "".join(capsys.readouterr())  # Textual's own words hold the values of all variables
    said = app.last_words
    assert said.startswith(
        "klinik met a defect of its own and ended: NameError: name 'x23' is not [bold]defined\n"
    )
    assert "nothing was written to the cluster" in said
    (report,) = (tmp_path / "crashes").iterdir()
    assert str(report) in said
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    text = report.read_text(encoding="utf-8")
    assert "in broken" in text
    assert "the-rows" not in text


def test_a_report_keeps_no_known_secret() -> None:
    error = ValueError("Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123456789")
    assert "abcdefgh" not in trace(error)
    assert "Authorization" in trace(error)
