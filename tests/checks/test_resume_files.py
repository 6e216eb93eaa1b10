"""What may be gone on with: one's own journals at rest, and nothing that is newer, foreign, damaged or in use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from checks.sessions.exportforms import ENDINGS, exported
from checks.sessions.handover import NoSession, packed, unpacked
from checks.sessions.journal import FileJournal, JournalError, holder_of, mark, read
from checks.sessions.session import fold
from checks.walking.walk import Walk, WalkError
from tests.checks.incident import ARTICLE, CATALOGUE, Ovn, cluster_with, run, walk_on

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The journal of a session at rest."""
    walk = walk_on(cluster_with(Ovn()), tmp_path / "sessions")
    run(walk, "stop")
    walk.close()
    assert walk.path is not None
    return walk.path


def resume(path: Path) -> None:
    Walk.resume(path, cluster_with(Ovn()), ARTICLE, CATALOGUE).close()


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no session of klinik"),
        ('{"some": "other json"}\n', "no session of klinik"),
        ("#!/bin/sh\necho hello\n", "no session of klinik"),
        (
            '{"v":1,"n":1,"at":1.0,"kind":"opened","session":"s","article":"x","from":"another"}\n',
            "belongs to the article",
        ),
    ],
)
def test_what_is_no_session_of_this_guide_is_left_as_it_is(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "a.jsonl"
    file.write_text(text)
    with pytest.raises(WalkError, match=why):
        resume(file)
    assert file.read_text() == text, "nothing was written to a file that is none of ours"


def test_a_session_of_a_newer_klinik_is_read_and_not_written(path: Path) -> None:
    with path.open("a") as out:
        out.write(json.dumps({"v": 2, "n": 99, "at": 2.0, "kind": "quantum", "step": "stop"}) + "\n")
    before = path.read_bytes()
    assert fold(read(path)).newer
    with pytest.raises(WalkError, match="newer klinik"):
        resume(path)
    assert path.read_bytes() == before
    resume_after(path, 2)


def resume_after(path: Path, version: int) -> None:
    """Without the lines of that version it goes on."""
    lines = [line for line in path.read_text().splitlines() if json.loads(line)["v"] != version]
    path.write_text("\n".join(lines) + "\n")
    resume(path)


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="only Linux tells who holds a lock")
def test_a_second_klinik_is_told_which_process_holds_the_session(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from checks.sessions.journal import FileJournal\n"
        "j = FileJournal.open(Path(sys.argv[1])); print('held', flush=True); sys.stdin.read()"
    )
    assert holder_of(path) == 0
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        assert holder_of(path) == other.pid
        before = path.read_bytes()
        with pytest.raises(JournalError, match=f"process {other.pid}"):
            resume(path)
        assert not mark(path, "handed-over", operator="chen")
        assert path.read_bytes() == before
        assert len(read(path)) > 3, "reading stays possible"
        other.kill()
    assert holder_of(path) == 0
    resume(path)


def test_a_hand_over_is_in_both_journals_and_gaps_are_not_taken(path: Path, tmp_path: Path) -> None:
    text = packed(read(path), by="chen", at=1.8e9)
    assert mark(path, "handed-over", operator="chen")
    assert fold(read(path)).turns[-1].before == "chen"
    lines = text.splitlines(keepends=True)
    with pytest.raises(NoSession, match="missing or out of order before line 4"):
        unpacked("".join([*lines[:3], *lines[4:]]).encode())
    with pytest.raises(NoSession, match="missing or out of order"):
        unpacked("".join([*lines[:2], lines[1], *lines[2:]]).encode())
    assert unpacked(text.encode())[0] == path.stem


def test_a_damaged_journal_can_be_read_by_others_and_not_gone_on_with(path: Path) -> None:
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([*lines[:3], b'{"v":1,"n":4,"kind"', *lines[4:]]))
    entries = read(path)
    with pytest.raises(NoSession, match="1 line"):
        exported(entries, "journal", "en", by="chen", at=1.8e9)
    for form in set(ENDINGS) - {"journal"}:
        text = exported(entries, form, "en", by="chen", at=1.8e9)
        assert json.loads(text)["damaged"] == 1 if form == "json" else "damaged" in text


def test_a_journal_is_one_s_own_while_it_is_open(path: Path) -> None:
    with FileJournal.open(path):
        assert holder_of(path) in (0, os.getpid())
