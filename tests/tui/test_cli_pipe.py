"""`klinik … | head`: a reader that has seen enough is no failed check."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from tui.cli.main import main


def test_a_reader_that_goes_away_is_no_failure() -> None:
    command = [sys.executable, "-m", "tui.cli", "check", "--list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stderr is not None
        run.stdout.read(10)
        run.stdout.close()
        said = run.stderr.read()
        assert run.wait(30) == 0
    assert said == b""


def test_a_call_from_within_a_process_leaves_its_garbage_collection_alone() -> None:
    """Tests and tools call `main` many times; a threshold that stayed would let their memory grow without end."""
    before = gc.get_threshold()
    with pytest.raises(SystemExit):
        main(["--version"])
    assert gc.get_threshold() == before
