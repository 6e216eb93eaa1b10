"""Killed at any moment: the next start finds at once, on the old or on the new index, never on half of one."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kb import open_library

REPO = Path(__file__).resolve().parents[2]
BUILD = """
import sys
from pathlib import Path
from kb import indexing, open_library
import kb.index, markdown_it
indexing.BATCH = 2000
library = open_library([Path(sys.argv[1])], Path(sys.argv[2]))
print("ready", flush=True)
for _ in library.build(anew=True, workers=int(sys.argv[3])):
    pass
print("done", flush=True)
"""


def put(root: Path, word: str) -> None:
    """Forty articles that are about one word."""
    for number in range(40):
        text = f"# Article {number}\n\nThe {word} number{number}.\n\n" + f"流表 {word} 持续增长。\n\n" * 20
        (root / f"a{number:02d}.md").write_text(text, encoding="utf-8")


def begin(root: Path, cache: Path, workers: int) -> subprocess.Popen[str]:
    """A process that is about to build the index."""
    command = [sys.executable, "-c", BUILD, str(root), str(cache), str(workers)]
    process = subprocess.Popen(
        command, cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def taken(root: Path, cache: Path, workers: int) -> float:
    """Seconds that building takes."""
    with begin(root, cache, workers) as process:
        began = time.monotonic()
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
        return time.monotonic() - began


@pytest.mark.parametrize(("workers", "kills"), [(1, 17), (2, 3)])
def test_killed_at_random_moments(tmp_path: Path, workers: int, kills: int) -> None:
    root, cache = tmp_path / "kb", tmp_path / "cache"
    root.mkdir()
    put(root, "walrus")
    open_library([root], cache).refresh()
    put(root, "dolphin")
    chance = random.Random(workers)
    longest = 1.1 * taken(root, tmp_path / "other", workers)
    for kill in range(kills):
        with begin(root, cache, workers) as process:
            # the moment is the point of the test: spread over the whole time, a different one in each part
            time.sleep(longest * (kill + chance.random()) / kills)
            process.kill()
        library = open_library([root], cache)
        assert len(library.search("dolphin", limit=100)) == 40
        assert library.search("walrus", limit=100) == []
        assert [hit.article_id for hit in library.search("number17")] == ["a17"]
    put(root, "octopus")
    library.refresh()
    states = [*next(cache.glob("index-*")).glob("state-*")]
    assert len(states) <= 2, "what killed writers left is gone"
    assert not [path for state in states for path in state.iterdir() if path.is_dir()]


def test_killed_while_a_state_takes_the_place_of_another(tmp_path: Path) -> None:
    """Every step between the writing of a state and the removal of the old one, one after the other."""
    root, cache = tmp_path / "kb", tmp_path / "cache"
    root.mkdir()
    put(root, "walrus")
    open_library([root], cache).refresh()
    for step, event in enumerate(("os.mkdir", "os.link", "open", "os.rename", "os.remove", "os.rmdir")):
        put(root, f"dolphin{step}")
        program = (
            "import os, signal, sys\nfrom pathlib import Path\nfrom kb import open_library\nimport kb.index\n"
            "library = open_library([Path(sys.argv[1])], Path(sys.argv[2]))\n"
            "def kill(event, args):\n"
            f"    if event == {event!r} and 'state-' in str(args):\n"
            "        os.kill(os.getpid(), signal.SIGKILL)\n"
            "sys.addaudithook(kill)\nlibrary.refresh()\n"
        )
        command = [sys.executable, "-c", program, str(root), str(cache)]
        done = subprocess.run(command, cwd=REPO, capture_output=True, check=False, timeout=60)
        assert done.returncode in (-9, 0), (event, done.stderr)  # 0: it did not come to that
        library = open_library([root], cache)
        assert len(library.search(f"dolphin{step}", limit=100)) == 40
        assert library.search("walrus") == []


def test_two_processes_refresh_at_once(tmp_path: Path) -> None:
    root, cache = tmp_path / "kb", tmp_path / "cache"
    root.mkdir()
    put(root, "walrus")
    both = [begin(root, cache, 1) for _ in range(2)]
    put(root, "dolphin")
    for process in both:
        out, _ = process.communicate(timeout=60)
        assert out == "done\n"
    library = open_library([root], cache)
    library.refresh()
    assert len(library.search("dolphin", limit=100)) == 40
    assert library.search("walrus") == []
    assert len([*next(cache.glob("index-*")).glob("state-*")]) <= 2
