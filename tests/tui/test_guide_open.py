"""Opening the session of a guide that was just left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from checks.sessions.journal import FileJournal, JournalError
from tui.screens.guide_open import once_let_go


def test_a_session_that_this_process_is_about_to_let_go_is_waited_for(tmp_path: Path) -> None:
    """A guide that was left holds its session until its call to the cluster is over."""
    holder = FileJournal.create(tmp_path, "s")
    path = tmp_path / "s.jsonl"
    tries = []

    def resume() -> FileJournal:
        tries.append(1)
        if len(tries) == 3:
            holder.close()
        return FileJournal.open(path)

    once_let_go(path, resume).close()
    assert len(tries) == 3


def test_another_process_is_not_waited_for(tmp_path: Path) -> None:
    FileJournal.create(tmp_path, "s").close()
    path = tmp_path / "s.jsonl"
    code = (
        "import sys; from pathlib import Path; from checks.sessions.journal import FileJournal; "
        "held = FileJournal.open(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(JournalError, match=str(other.pid)):
            once_let_go(path, lambda: FileJournal.open(path))
        assert other.stdin is not None
        other.stdin.close()
