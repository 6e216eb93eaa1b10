"""Killed at any moment: the next start finds at once, on the old or on the new index, never on half of one."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from kb import open_library
from kb.library import Library

REPO = Path(__file__).resolve().parents[2]
KILLER = """
import json, os, sys, time
from pathlib import Path
import kb.index, markdown_it
from kb import indexing, open_library
indexing.BATCH = 100_000
sys.addaudithook(lambda event, args: hook(event, args))
hook = lambda event, args: None
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        library = open_library([Path(asked["root"])], Path(asked["cache"]))
        def hook(event, args):
            if event == asked["event"] and "state-" in str(args):
                asked["times"] -= 1
                if asked["times"] == 0:
                    os.kill(os.getpid(), asked["signal"])
        for _ in library.build(anew=asked["anew"], workers=asked["workers"]):
            pass
        os._exit(0)
    began = time.monotonic()
    if asked["after"] is not None:
        # the moment of the kill is the point of the test
        time.sleep(asked["after"])
        os.kill(child, 9)
    status = os.waitpid(child, os.WUNTRACED)[1]
    if os.WIFSTOPPED(status):
        print("stopped", flush=True)
        sys.stdin.readline()
        os.kill(child, 18)
        status = os.waitpid(child, 0)[1]
    print(json.dumps([status, time.monotonic() - began]), flush=True)
"""
"""Builds in processes forked from one that has imported everything, and kills them."""
ARTICLES = 40
LONG = "流表 switch drops packets when the table of flows grows。" * 250


class Killer:
    """Lets processes build the index of a root, and kills them when it is told to."""

    def __init__(self, root: Path, cache: Path, process: subprocess.Popen[str]) -> None:
        self.root, self.cache, self._process = root, cache, process

    def build(self, **asked: Any) -> float:
        """The seconds that a build took until its end or its death."""
        self._say({**self._whole, **asked})
        return self._done()

    @contextmanager
    def stopped(self, **asked: Any) -> Iterator[None]:
        """With a process that stands still in the middle of a build."""
        self._say({**self._whole, **asked, "signal": int(signal.SIGSTOP)})
        assert self._hear() == "stopped\n"
        yield
        self._say({})
        self._done()

    @property
    def _whole(self) -> dict[str, Any]:
        return {
            "root": str(self.root), "cache": str(self.cache), "anew": True, "workers": 1, "after": None,
            "event": "", "times": 1, "signal": int(signal.SIGKILL),
        }  # fmt: skip

    def _done(self) -> float:
        status, taken = json.loads(self._hear())
        assert status in (0, signal.SIGKILL)
        return float(taken)

    def _say(self, said: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def killing(folder: Path) -> Iterator[Killer]:
    root, cache = folder / "kb", folder / "cache"
    root.mkdir()
    command = [sys.executable, "-c", KILLER]
    with subprocess.Popen(
        command, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Killer(root, cache, process)


@pytest.fixture
def killer(tmp_path: Path) -> Iterator[Killer]:
    """With a process that is ready to build, over an empty root."""
    with killing(tmp_path) as found:
        yield found


def markers(count: int) -> list[str]:
    """Words so different that none is taken for a slip in another."""
    chance = random.Random(count)
    return ["".join(chance.choices("bcdfghkmnprtvx", k=12)) for _ in range(count)]


def put(root: Path, word: str, more: int = 0, text: str = LONG) -> None:
    """Forty articles that are about one word, and some more that are gone when it is about another."""
    for path in root.glob("more-*.md"):
        path.unlink()
    names = [f"a{number:02d}" for number in range(ARTICLES)] + [f"more-{word}-{n}" for n in range(more)]
    for name in names:
        (root / f"{name}.md").write_text(f"# The {word} in {name}\n\n{text}\n", encoding="utf-8")


def held(library: Library, words: list[str]) -> dict[str, int]:
    """How many articles are found by each word, where any are."""
    counts = {word: len(library.search(word, limit=100)) for word in words}
    return {word: count for word, count in counts.items() if count}


def on_disk(cache: Path) -> tuple[str, list[str]]:
    """What the pointer names, and which states there are."""
    (folder,) = cache.glob("index-*")
    return (folder / "CURRENT").read_text(), sorted(path.name for path in folder.glob("state-*"))


@pytest.mark.parametrize(("workers", "kills"), [(1, 20), (2, 4)], ids=["one process", "two workers"])
def test_killed_at_random_moments(killer: Killer, workers: int, kills: int) -> None:
    """The first search after each kill is answered from exactly one state, without another being made."""
    root, cache = killer.root, killer.cache
    words = markers(kills + 2)
    put(root, words[0])
    killer.build()
    longest = {}
    for anew in (True, False):  # an index made from nothing, and one brought in step
        put(root, words[1], more=1 + anew)
        longest[anew] = killer.build(anew=anew, workers=workers)
    sizes = {word: ARTICLES + number for number, word in enumerate(words)}
    current, chance, seen = words[1], random.Random(kills), []
    for kill, word in enumerate(words[2:]):
        put(root, word, more=2 + kill)
        anew = kill % 2 == 0
        # spread over a little more than the whole time, a different moment in each part
        moment = 1.15 * longest[anew] * (kill + chance.random()) / kills
        killer.build(anew=anew, workers=workers, after=moment)
        before = on_disk(cache)
        found = held(open_library([root], cache), [words[0], current, word])
        assert found in ({current: sizes[current]}, {word: sizes[word]}), f"{kill} after {moment:.3f} s"
        assert on_disk(cache) == before, "the answer came from what was there"
        seen.append(current in found)
        current = next(iter(found))
    assert seen[0], "killed before anything was made"
    put(root, "octopus")
    library = open_library([root], cache)
    library.refresh()
    assert held(library, [*words[-2:], "octopus"]) == {"octopus": ARTICLES}
    (folder,) = cache.glob("index-*")
    states = [*folder.glob("state-*")]
    assert len(states) <= 2, "what killed writers left is gone"
    assert not [path for state in states for path in state.iterdir() if path.is_dir()]


@pytest.mark.parametrize("anew", [True, False], ids=["built anew", "refreshed"])
def test_killed_at_every_step_of_a_state_taking_the_place_of_another(killer: Killer, anew: bool) -> None:
    """Before every file and folder that is made, renamed or removed, one after the other: old first, then new."""
    root, cache = killer.root, killer.cache
    put(root, "walrus")
    killer.build()
    current = "walrus"
    seen = []
    steps = [(event, times) for event in ("os.mkdir", "os.link", "open") for times in (1, 2, 6)]
    steps += [("os.rename", 1), ("os.remove", 1), ("os.remove", 4), ("os.rmdir", 1)]
    for word, (event, times) in zip(markers(len(steps)), steps, strict=True):
        put(root, word)
        killer.build(anew=anew, event=event, times=times)
        found = held(open_library([root], cache), [current, word])
        assert found in ({current: ARTICLES}, {word: ARTICLES}), (event, times)
        seen.append(current in found)
        current = next(iter(found))
    assert {True, False} == set(seen), "killed before and after the swap"


@pytest.mark.parametrize("text", ["", LONG], ids=["little changed", "much changed"])
def test_a_search_does_not_wait_for_a_writer_that_stands_still(killer: Killer, text: str) -> None:
    """Another process holds the writers' lock in the middle of a build, and does not go on."""
    root, cache = killer.root, killer.cache
    put(root, "walrus", text=text)
    killer.build()
    put(root, "dolphin", text=text)
    with killer.stopped(event="open", times=6):
        before = on_disk(cache)
        library = open_library([root], cache)
        assert held(library, ["walrus", "dolphin"]) == {"walrus": ARTICLES}
        library.refresh()
        assert "index.busy" in {problem.code for problem in library.index_problems}
        assert on_disk(cache) == before
    library.refresh()
    assert held(library, ["walrus", "dolphin"]) == {"dolphin": ARTICLES}
    assert library.index_problems == ()


def test_what_changed_a_little_is_found_at_once(tmp_path: Path) -> None:
    root, cache = tmp_path / "kb", tmp_path / "cache"
    root.mkdir()
    put(root, "walrus", text="")
    open_library([root], cache).refresh()
    put(root, "dolphin", text="")
    assert held(open_library([root], cache), ["walrus", "dolphin"]) == {"dolphin": ARTICLES}


def test_two_processes_refresh_at_once(tmp_path: Path) -> None:
    root, cache = tmp_path / "kb", tmp_path / "cache"
    root.mkdir()
    put(root, "walrus")
    program = (
        "import sys\nfrom pathlib import Path\nfrom kb import open_library\nimport kb.index\n"
        "library = open_library([Path(sys.argv[1])], Path(sys.argv[2]))\nprint('ready', flush=True)\n"
        "sys.stdin.readline()\nlibrary.refresh()\nprint('done')\n"
    )
    command = [sys.executable, "-c", program, str(root), str(cache)]
    both = [
        subprocess.Popen(command, cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    put(root, "dolphin")
    for process in both:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in both:
        out, _ = process.communicate(timeout=60)
        assert out == "done\n"
    library = open_library([root], cache)
    library.refresh()
    assert held(library, ["walrus", "dolphin"]) == {"dolphin": ARTICLES}
    assert len([*next(cache.glob("index-*")).glob("state-*")]) <= 2
