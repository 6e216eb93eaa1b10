"""The index on disk: private, whole or not used, rebuilt by itself, safe beside another process."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kb import open_library
from kb.indexstore import IndexStore

REPO = Path(__file__).resolve().parents[2]
SEARCH = """
import sys
from pathlib import Path
from kb import open_library
library = open_library([Path(sys.argv[1])], Path(sys.argv[2]))
print("ready", flush=True)
print(library.search("Mac_Binding")[0].article_id, flush=True)
"""


def store_of(root: Path, cache: Path) -> IndexStore:
    return IndexStore(cache, [root])


def first(root: Path, cache: Path) -> str:
    return open_library([root], cache).search("Mac_Binding")[0].article_id


def states(cache: Path) -> list[str]:
    return sorted(path.name for path in next(cache.glob("index-*")).glob("state-*"))


def test_the_index_is_private_and_built_once(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    assert first(root, cache) == "Flow_table_grows"
    folder = next(cache.glob("index-*"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "state-1").stat().st_mode) == 0o700
    assert first(root, cache) == "Flow_table_grows"
    assert states(cache) == ["state-1"]


def test_other_roots_have_another_index(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first(root, cache)
    open_library([root / "notes"], cache).search("gateway")
    assert len(list(cache.glob("index-*"))) == 2


def test_a_change_makes_the_next_state_and_keeps_one_old(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    for number in range(4):
        (root / f"extra{number}.md").write_text(f"# Extra {number}\n\nwalrus{number}\n")
        library = open_library([root], cache)
        assert library.search(f"walrus{number}")[0].article_id == f"extra{number}"
        assert first(root, cache) == "Flow_table_grows"
    assert states(cache) == ["state-3", "state-4"]


def test_an_unchanged_article_is_not_indexed_again(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first(root, cache)
    spoiled = root / "notes/gateway.md"
    info = spoiled.stat()
    spoiled.write_bytes(b"x" * info.st_size)
    os.utime(spoiled, ns=(info.st_atime_ns, info.st_mtime_ns))
    (root / "new.md").write_text("# New\n\nwalrus\n")
    library = open_library([root], cache)
    assert library.search("walrus")[0].article_id == "new"
    assert library.search("gateway")[0].article_id == "gateway"


@pytest.mark.parametrize("victim", ["CURRENT", "manifest.json", "_MAIN_1.toc", "*.seg"])
@pytest.mark.parametrize("damage", ["empty", "garbage", "gone"])
def test_a_damaged_index_is_built_anew(root: Path, tmp_path: Path, victim: str, damage: str) -> None:
    cache = tmp_path / "cache"
    first(root, cache)
    path = next(next(cache.glob("index-*")).rglob(victim))
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(b"" if damage == "empty" else os.urandom(path.stat().st_size))
    library = open_library([root], cache)
    assert library.search("Mac_Binding")[0].article_id == "Flow_table_grows"
    assert library.problems == ()
    assert first(root, cache) == "Flow_table_grows"


def test_an_index_of_another_version_is_built_anew(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first(root, cache)
    manifest = next(cache.rglob("manifest.json"))
    said = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**said, "version": "old"}))
    assert store_of(root, cache).current() is None
    assert first(root, cache) == "Flow_table_grows"
    assert states(cache)[-1] == "state-2"


def test_an_index_others_may_write_to_is_never_opened(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first(root, cache)
    folder = next(cache.glob("index-*"))
    folder.chmod(0o777)
    planted = folder / "state-1" / "planted"
    planted.write_text("x")
    assert first(root, cache) == "Flow_table_grows"
    assert states(cache) == ["state-1"]


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give files away")
def test_an_index_of_another_user_is_never_opened(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first(root, cache)
    os.chown(next(cache.glob("index-*")) / "state-1", 12345, 12345)
    assert store_of(root, cache).current() is None
    assert first(root, cache) == "Flow_table_grows"


def test_a_link_in_place_of_the_index_is_not_followed(root: Path, tmp_path: Path) -> None:
    cache, elsewhere = tmp_path / "cache", tmp_path / "elsewhere"
    first(root, cache)
    folder = next(cache.glob("index-*"))
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)
    before = sorted(elsewhere.rglob("*"))
    assert first(root, cache) == "Flow_table_grows"
    assert sorted(elsewhere.rglob("*")) == before


def test_without_a_usable_cache_folder_search_works_from_memory(root: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    library = open_library([root], blocked / "cache")
    assert library.search("Mac_Binding")[0].article_id == "Flow_table_grows"
    (root / "new.md").write_text("# New\n\nwalrus\n")
    library.refresh()
    assert library.search("walrus")[0].article_id == "new"


def test_while_another_process_builds_the_old_index_answers(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first(root, cache)
    (root / "new.md").write_text("# New\n\nwalrus\n")
    with store_of(root, cache).lock(0) as held:
        assert held
        began = time.monotonic()
        library = open_library([root], cache)
        assert library.search("Mac_Binding")[0].article_id == "Flow_table_grows"
        assert library.search("walrus") == []
        assert time.monotonic() - began < 5
    library.refresh()
    assert library.search("walrus")[0].article_id == "new"


def test_two_processes_at_once_both_find(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", SEARCH, str(root), str(cache)]
    both = [subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in both:
        out, _ = process.communicate(timeout=60)
        assert out.split() == ["ready", "Flow_table_grows"]
    assert states(cache) == ["state-1"]


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.15, 0.3])
def test_killed_while_building_the_next_start_finds(root: Path, tmp_path: Path, delay: float) -> None:
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", SEARCH, str(root), str(cache)]
    with subprocess.Popen(command, cwd=REPO, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(delay)  # the moment of the kill is the point of the test
        process.send_signal(signal.SIGKILL)
    assert first(root, cache) == "Flow_table_grows"


def test_damage_inside_a_segment_is_repaired_by_the_search_that_meets_it(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    library = open_library([root], cache)
    assert library.search("Mac_Binding")
    segment = next(cache.rglob("*.seg"))
    size = segment.stat().st_size
    with open(segment, "r+b") as file:
        file.seek(size // 10)
        file.write(b"\xff" * (size * 8 // 10))
    for query in ("Mac_Binding", "gateway addresses", "too many handles", "流表"):
        library.search(query, where={"lang": "en"})
    assert library.search("Mac_Binding")[0].article_id == "Flow_table_grows"


def test_known_articles_and_problems_need_no_slow_library(root: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first(root, cache)
    program = (
        "import sys\nfrom pathlib import Path\nfrom kb import open_library\n"
        "library = open_library([Path(sys.argv[1])], Path(sys.argv[2]))\n"
        "assert library.ids() and not library.problems and library.guided\n"
        "print(sorted({'whoosh', 'yaml', 'pydantic', 'markdown_it'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", program, str(root), str(cache)]
    out = subprocess.run(command, cwd=REPO, capture_output=True, text=True, check=True, timeout=60)
    assert out.stdout.strip() == "[]"
