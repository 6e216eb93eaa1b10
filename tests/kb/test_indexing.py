"""Large libraries: several processes, progress, one writer, full disks, searches while an index is made."""

from __future__ import annotations

import base64
import os
import random
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kb import indexing, open_library
from kb.indexing import Progress, WorkerLost, take_in_all
from kb.library import Library

REPO = Path(__file__).resolve().parents[2]


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A root with sixty articles, two of them of no use."""
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(60):
        text = f"# Article {number}\n\nThe switch number{number} drops packets.\n\n流表{number}持续增长。\n"
        (folder / f"a{number:02d}.md").write_text(text, encoding="utf-8")
    (folder / "empty.md").write_text("")
    (folder / "binary.md").write_bytes(bytes(range(32)) * 99)
    return folder


def answers(library: Library) -> list[list[str]]:
    """What some queries find, with scores."""
    queries = ("switch packets", "number17", "流表 增长", "number3")
    return [[f"{hit.article_id} {hit.score}" for hit in library.search(query)] for query in queries]


def test_several_processes_make_the_same_index_as_one(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "BATCH", 500)
    alone, together = (open_library([many], tmp_path / name) for name in ("alone", "together"))
    last = list(alone.build(workers=1))[-1]
    assert isinstance(last, Progress)
    assert (last.done, last.total) == (62, 62)
    seen = list(together.build(workers=2))
    assert [progress.done for progress in seen] == list(range(1, 63))
    assert len(list(next((tmp_path / "together").glob("index-*/state-1")).glob("*.words"))) == 2
    assert answers(together) == answers(alone)
    assert together.problems == alone.problems
    assert {problem.code for problem in together.problems} == {"article.empty", "article.binary"}
    assert not list((tmp_path / "together").rglob("worker-*"))


def test_a_lost_process_does_not_lose_the_index(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "START", "import os; os._exit(9)")
    library = open_library([many], tmp_path / "cache")
    assert list(library.build(workers=2))[-1].done == 62
    assert library.search("number17")[0].article_id == "a17"
    assert {problem.code for problem in library.problems} == {"article.empty", "article.binary"}


def test_a_lost_process_is_an_error_of_its_own(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kb.index import IndexWriter
    from kb.roots import scan

    monkeypatch.setattr(indexing, "START", "pass")
    place = tmp_path / "place"
    place.mkdir()
    writer = IndexWriter(place, new=True)
    with pytest.raises(WorkerLost):
        list(take_in_all(writer, place, scan([many]).sources, 2))
    assert not list(place.glob("worker-*"))


def test_nothing_is_read_again_when_nothing_changed(many: Path, tmp_path: Path) -> None:
    library = open_library([many], tmp_path / "cache")
    assert library.stale()
    library.refresh()
    assert not library.stale()
    assert list(library.build()) == []
    (many / "a07.md").write_text("# Article 7\n\nwalrus\n")
    assert library.stale()
    assert [progress.total for progress in library.build()] == [1]
    assert not library.stale()
    assert [hit.article_id for hit in library.search("walrus")] == ["a07"]
    assert library.search("number7") == []


def test_many_small_refreshes_stay_few_segments(many: Path, tmp_path: Path) -> None:
    library = open_library([many], tmp_path / "cache")
    library.refresh()
    for number in range(24):
        (many / f"a{number:02d}.md").write_text(f"# Article {number}\n\nwalrus{number} again\n")
        library.refresh()
    state = max(next((tmp_path / "cache").glob("index-*")).glob("state-*"), key=lambda p: int(p.name[6:]))
    assert len(list(state.glob("*.words"))) <= 10
    assert [library.search(f"walrus{n}")[0].article_id for n in range(24)] == [f"a{n:02d}" for n in range(24)]
    assert len(library.search("again", limit=100)) == 24
    assert library.search("number17") == []
    fresh = open_library([many], tmp_path / "other")
    assert answers(library)[2] == answers(fresh)[2]


def test_searches_go_on_while_an_index_is_made(many: Path, tmp_path: Path) -> None:
    library = open_library([many], tmp_path / "cache")
    library.refresh()
    building = library.build(anew=True)
    next(building)  # in the middle of it, and not going on
    found: list[str] = []
    thread = threading.Thread(target=lambda: found.extend(h.article_id for h in library.search("number17")))
    thread.start()
    thread.join(10)
    assert found == ["a17"]
    assert [hit.article_id for hit in library.search("number18")] == ["a18"]
    assert list(building)[-1].done == 62
    assert [hit.article_id for hit in library.search("number18")] == ["a18"]


def test_a_build_that_is_stopped_leaves_the_index_as_it_was(many: Path, tmp_path: Path) -> None:
    library = open_library([many], tmp_path / "cache")
    library.refresh()
    building = library.build(anew=True)
    next(building)
    building.close()  # type: ignore[attr-defined]
    states = [path.name for path in next((tmp_path / "cache").glob("index-*")).glob("state-*")]
    assert states == ["state-1"]
    assert library.search("number17")[0].article_id == "a17"


def test_a_reader_keeps_its_index_while_states_come_and_go(many: Path, tmp_path: Path) -> None:
    reading = open_library([many], tmp_path / "cache")
    assert answers(reading)[1]
    before = answers(reading)
    writing = open_library([many], tmp_path / "cache")
    for number in range(4):
        (many / "a07.md").write_text(f"# Article 7\n\nwalrus{number}\n")
        writing.refresh()
        assert answers(reading) == before
    assert reading.refresh().changed == ("a07",)
    assert reading.search("walrus3")[0].article_id == "a07"


FULL = """
import resource, signal, sys
from pathlib import Path
from kb import open_library
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[3]), int(sys.argv[3])))
library = open_library([Path(sys.argv[1])], Path(sys.argv[2]))
library.refresh()
print(library.search(sys.argv[4])[0].article_id, *[p.code for p in library.problems if p.code.startswith("index.")])
"""


def full(
    root: Path, cache: Path, limit: int, query: str, *, environment: dict[str, str] | None = None
) -> list[str]:
    """What a process finds, and says of its index, that cannot write files longer than `limit`."""
    command = [sys.executable, "-c", FULL, str(root), str(cache), str(limit), query]
    done = subprocess.run(
        command, cwd=REPO, capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})},
    )  # fmt: skip
    return done.stdout.split()


@pytest.mark.parametrize("limit", [0, 500, 4000])
def test_on_a_full_disk_search_works_from_memory_and_says_why(many: Path, tmp_path: Path, limit: int) -> None:
    cache = tmp_path / "cache"
    assert full(many, cache, limit, "number17") == ["a17", "index.no-room"]
    assert not list(cache.rglob("state-*"))
    assert open_library([many], cache).search("number17")[0].article_id == "a17"


def test_on_a_full_disk_the_old_index_answers(many: Path, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    open_library([many], cache).refresh()
    (many / "a07.md").write_text("# Article 7\n\nwalrus\n")
    assert full(many, cache, 300, "number17") == ["a17", "index.no-room"]
    library = open_library([many], cache)
    assert library.search("walrus")[0].article_id == "a07"
    assert not [problem for problem in library.problems if problem.code.startswith("index.")]


def test_what_is_in_memory_is_bounded_and_said(
    many: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kb import catalog

    monkeypatch.setattr(catalog, "IN_MEMORY", 1000)
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    library = open_library([many], blocked / "cache")
    assert library.search("number1")
    (said,) = [problem for problem in library.problems if problem.code.startswith("index.")]
    assert said.code == "index.part"
    assert "of 62 articles" in said.message


def test_memory_for_words_is_bounded(many: Path, tmp_path: Path) -> None:
    from kb.index import IndexWriter, read
    from kb.roots import scan

    writer = IndexWriter(tmp_path, new=True, memory=12_000)
    list(take_in_all(writer, tmp_path, scan([many]).sources, 1))
    segments = writer.flush()
    writer.commit().close()
    assert len(segments) > 3
    assert sum(segment.documents for segment in segments) == 60
    assert len(read(tmp_path).articles()) == 60


@pytest.mark.skipif(sys.platform != "linux", reason="bytes that are no text in names")
def test_names_that_are_no_text_or_disturb_a_screen_have_ids_all_the_same(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    for name in (b"caf\xe9.md", b"line\nbreak.md", b"\x1b[31mred.md", "日本語.md".encode()):
        with open(os.fsencode(root) + b"/" + name, "w") as file:
            file.write("# Walrus\n\nfound\n")
    library = open_library([root], tmp_path / "cache")
    library.refresh()
    assert library.ids() == ["\\x1b[31mred", "caf\\xe9", "line\\nbreak", "日本語"]
    assert len(library.search("walrus")) == 4
    assert all(library.articles[article].texts for article in library.ids())
    again = open_library([root], tmp_path / "cache")
    assert not again.stale()
    assert sorted(hit.article_id for hit in again.search("walrus")) == again.ids()


def test_limits_of_files_are_those_of_this_test_only() -> None:
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


SEARCHING = """
import sys
from pathlib import Path
from kb import open_library
def used():
    return sum(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith(("RssAnon", "RssFile")))
open_library([Path(sys.argv[3])], Path(sys.argv[4])).search("first")
library = open_library([Path(sys.argv[1])], Path(sys.argv[2]))
before = used()
for number in range(12):
    assert library.search(f"number{number}"), number
print(used() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="asks the kernel how much memory a process has")
def test_searching_does_not_bring_the_index_into_memory(many: Path, tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    chance = random.Random(1)
    for number in range(40):
        lines = b"\n".join(base64.b32encode(chance.randbytes(9000)) for _ in range(25))
        (root / f"a{number}.md").write_bytes(b"# About number%d\n\n%b\n" % (number, lines))
    open_library([root], tmp_path / "cache").refresh()
    size = sum(path.stat().st_size for path in tmp_path.glob("cache/index-*/state-*/*"))
    assert size > 8 << 20
    places = (root, tmp_path / "cache", many, tmp_path / "other")
    command = [sys.executable, "-c", SEARCHING, *map(str, places)]
    done = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=60, check=True)
    assert int(done.stdout) * 1024 < size / 2
