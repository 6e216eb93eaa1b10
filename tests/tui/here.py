"""The command line called in this process: its start costs more than most of what it is asked for."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from tui.cli.main import main

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


def here(home: Path) -> Run:
    """Runs klinik's entry point with this home, empty at first, and no cluster; keywords are environment variables."""

    def run(*arguments: str, **env: str) -> Done:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with pytest.MonkeyPatch.context() as patch:
            for name, value in {"HOME": str(home), "KLINIK_CACHE_DIR": str(home / "cache"), **env}.items():
                patch.setenv(name, value)
            patch.delenv("KUBECONFIG", raising=False)
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
                main(list(arguments))
        said = [stream.buffer.getvalue().decode() for stream in (out, err)]
        return Done(arguments, int(ended.value.code or 0), *said)

    return run
