"""The journal: nothing that was acknowledged is ever lost, and nobody writes it twice at a time."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from checks.sessions.journal import (
    FileJournal,
    JournalError,
    MemoryJournal,
    list_sessions,
    new_session_id,
    parse,
    read,
)

ROOT = Path(__file__).resolve().parents[2]


def run(code: str, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *args], capture_output=True, text=True, cwd=ROOT, timeout=30
    )


def test_entries_come_back_as_they_went_in(tmp_path: Path) -> None:
    """Order, numbers, Chinese text and nested values survive closing and opening; files are private."""
    with FileJournal.create(tmp_path / "s", "one") as journal:
        journal.append("opened", session="one", title={"en": "a", "zh": "中"})
        journal.append("note", text="line\nbreak \x1b[1m")
        path = journal.path
    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with FileJournal.open(path) as journal:
        assert [e["n"] for e in journal.entries] == [1, 2]
        assert journal.entries[1]["text"] == "line\nbreak \x1b[1m"
        assert journal.append("note", text="x")["n"] == 3
    assert len(read(path)) == 3


def test_every_torn_tail_is_tolerated_and_repaired(tmp_path: Path) -> None:
    """Cut at any byte of the last line: the earlier entries stay, the torn one goes, appending works again."""
    with FileJournal.create(tmp_path, "t") as journal:
        journal.append("opened", session="t")
        journal.append("note", text="中文 note")
        path = journal.path
    assert path is not None
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    for cut in range(first, len(whole)):
        path.write_bytes(whole[:cut])
        assert [e["kind"] for e in read(path)] == ["opened"]
        with FileJournal.open(path) as journal:
            journal.append("note", text="again")
        assert [e["kind"] for e in read(path)] == ["opened", "note"]


def test_a_damaged_line_is_said_and_hides_nothing() -> None:
    """Garbage in the middle becomes an entry of its own; what follows is still read."""
    kinds = [e["kind"] for e in parse(b'{"kind":"opened"}\n\x00\xff garbage\n[1]\n{"kind":"note"}\n')]
    assert kinds == ["opened", "damaged", "damaged", "note"]


@pytest.mark.parametrize("at", ["1e400", "99999999999999999", "-1", "NaN", '"x"', "null", "true", "[]"])
def test_a_line_with_an_impossible_time_is_damaged(at: str) -> None:
    """No date can be made of it: lists and exports must not break on one line."""
    assert [e["kind"] for e in parse(f'{{"v":1,"at":{at},"kind":"opened"}}\n'.encode())] == ["damaged"]


def test_a_line_whose_version_is_no_number_is_damaged() -> None:
    assert [e["kind"] for e in parse(b'{"v":"x","at":1.0,"kind":"opened"}\n')] == ["damaged"]


def test_two_processes_do_not_write_one_session(tmp_path: Path) -> None:
    """While one klinik holds the session another one is told so, and may read; afterwards it may write."""
    code = (
        "import sys; from pathlib import Path; from checks.sessions.journal import FileJournal, JournalError\n"
        "try:\n FileJournal.open(Path(sys.argv[1])).append('note', text='second')\n"
        "except JournalError as error: print('refused', error.text.en)"
    )
    with FileJournal.create(tmp_path, "lock") as journal:
        journal.append("opened", session="lock")
        path = journal.path
        assert path is not None
        assert run(code, str(path)).stdout.startswith("refused Another klinik")
        assert len(read(path)) == 1
    assert run(code, str(path)).stdout == ""
    assert len(read(path)) == 2


def test_a_full_disk_is_an_error_and_leaves_whole_lines(tmp_path: Path) -> None:
    """When the file cannot grow the append raises, half a line is taken back, and earlier entries stay."""
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from checks.sessions.journal import FileJournal, JournalError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); resource.setrlimit(resource.RLIMIT_FSIZE, (600, 600))\n"
        "journal = FileJournal.create(Path(sys.argv[1]), 'full'); journal.append('opened', session='full')\n"
        "try:\n journal.append('note', text='x' * 1000)\nexcept JournalError as error: print('full', error.text.en)\n"
        "journal.append('note', text='small')"
    )
    done = run(code, str(tmp_path))
    assert done.stdout.startswith("full The journal cannot be written"), done.stderr
    assert [e["kind"] for e in read(tmp_path / "full.jsonl")] == ["opened", "note"]


def test_a_line_never_sticks_to_the_piece_of_one_that_failed(tmp_path: Path) -> None:
    """The disk was so broken that not even the torn piece could be taken back: the next entry is whole all the same."""
    with FileJournal.create(tmp_path, "one") as journal:
        journal.append("opened", session="one")
        assert journal.path is not None
        with journal.path.open("ab") as torn:
            torn.write(b'{"v":1,"n":2,"at":1.0,"kind":"no')
        journal.append("note", text="whole")
        path = journal.path
    assert [entry["kind"] for entry in read(path)] == ["opened", "note"]


def test_a_journal_that_was_deleted_takes_no_more_entries(tmp_path: Path) -> None:
    """They would be gone with the process: no write may go out that nobody can read of."""
    with FileJournal.create(tmp_path, "one") as journal:
        journal.append("opened", session="one")
        assert journal.path is not None
        journal.path.unlink()
        with pytest.raises(JournalError, match="No such file"):
            journal.append("writing", step="a")
        assert [entry["kind"] for entry in journal.entries] == ["opened"]


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A path below a file is said as a JournalError, not as a crash."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError):
        FileJournal.create(tmp_path / "file", "s")
    with pytest.raises(JournalError):
        FileJournal.open(tmp_path / "absent.jsonl")


def test_acknowledged_entries_survive_kill_nine(tmp_path: Path) -> None:
    """A process that is killed at once after an acknowledged append leaves the entry."""
    code = (
        "import os, signal, sys; from pathlib import Path; from checks.sessions.journal import FileJournal\n"
        "journal = FileJournal.create(Path(sys.argv[1]), 'kill'); journal.append('opened', session='kill')\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    assert run(code, str(tmp_path)).returncode == -9
    assert [e["session"] for e in read(tmp_path / "kill.jsonl")] == ["kill"]


def test_sessions_are_listed_latest_first_with_unreadable_ones(tmp_path: Path) -> None:
    """An empty file and a finished session are listed; the list never fails because of one of them."""
    with FileJournal.create(tmp_path, "a", clock=lambda: 100.0) as journal:
        journal.append(
            "opened", session="a", article="x", title={"en": "X", "zh": "X"}, cluster={"context": "prod"}
        )
        journal.append("cause", cause="c", steps=3)
        journal.append("finished", outcome="solved")
    (tmp_path / "b.jsonl").write_bytes(b"")
    if os.geteuid() == 0:
        (tmp_path / "c.jsonl").mkdir()
    found = list_sessions(tmp_path)
    assert found[0].id == "a"
    assert found[0].outcome == "solved"
    assert found[0].total == 3
    assert found[0].context == "prod"
    assert {one.id for one in found} >= {"a", "b"}
    assert all(one.problem for one in found if one.id == "c")


def test_memory_journal_keeps_only_what_json_can_hold() -> None:
    """What a test journal accepts, the file accepts too."""
    journal = MemoryJournal(clock=lambda: 1.0)
    journal.append("note", text="x", rows=(1, 2))
    assert journal.entries[0]["rows"] == [1, 2]
    with pytest.raises(TypeError):
        journal.append("note", text=object())


def test_session_ids_are_safe_file_names() -> None:
    """Whatever the article is called, the id holds no separators, dots or spaces."""
    name = new_session_id("../../etc/奇怪 id", 0.0)
    assert name.startswith("19700101-000000-")
    assert "/" not in name
    assert "." not in name
    assert name.isascii()


def test_words_that_are_no_text_are_kept_as_far_as_they_are(tmp_path: Path) -> None:
    """An argument of the command line may hold bytes that are no UTF-8: that is no reason not to write anything."""
    with FileJournal.create(tmp_path, "s") as journal:
        journal.append("note", text="caf\udce9")
        assert journal.append("note", text="fine")["n"] == 2
    assert [entry["text"] for entry in read(tmp_path / "s.jsonl")] == ["caf?", "fine"]
