"""`klinik sessions`: a session leaves this machine as a page, a journal or a draft, and arrives whole on another."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.checks.incident import Ovn, cluster_with, run, walk_on


def klinik(home: Path, *words: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    places = {f"KLINIK_{name}_DIR": str(home / name.lower()) for name in ("CACHE", "STATE", "CONFIG")}
    env = {**os.environ, "KLINIK_LANG": "en", **places}
    command = [sys.executable, "-m", "tui.cli", *words]
    return subprocess.run(command, input=given, capture_output=True, env=env, check=False, timeout=60)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A machine on which one session has been walked."""
    folder = tmp_path / "home" / "state" / "sessions"
    walk = walk_on(cluster_with(Ovn()), folder)
    run(walk, "stop")
    walk.note("token=hunter2hunter2")
    walk.finish("solved")
    walk.close()
    return tmp_path / "home"


def the_id(home: Path) -> str:
    return next((home / "state" / "sessions").glob("*.jsonl")).stem


def test_a_session_travels_as_a_journal(home: Path, tmp_path: Path) -> None:
    name, other = the_id(home), tmp_path / "other"
    sent = klinik(home, "sessions", "export", name, "--format", "journal")
    assert (sent.returncode, sent.stderr) == (0, b"")
    assert b"hunter2" not in sent.stdout
    came = klinik(other, "sessions", "import", "-", given=sent.stdout)
    assert came.returncode == 0, came.stderr
    assert name.encode() in klinik(other, "sessions", "list").stdout
    again = klinik(other, "sessions", "import", "-", given=sent.stdout)
    assert (again.returncode, b"here already" in again.stderr) == (2, True)
    cut = klinik(other, "sessions", "import", "-", given=sent.stdout[:-40])
    assert (cut.returncode, b"not copied whole" in cut.stderr) == (2, True)


def test_a_page_a_summary_and_a_draft(home: Path, tmp_path: Path) -> None:
    name = the_id(home)
    page = klinik(home, "sessions", "export", name, "--format", "html", "--lang", "zh").stdout.decode()
    assert page.startswith('<!doctype html><html lang="zh">')
    assert "时间线" in page
    assert "hunter2" not in page
    said = klinik(home, "sessions", "summary", name).stdout.decode()
    assert said.count("\n") == 1
    root = tmp_path / "kb"
    done = klinik(home, "sessions", "draft", name, "rows-again", "--to", str(root))
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (root / "articles" / "rows-again").iterdir()) == ["en.md", "zh.md"]
    assert klinik(home, "kb", "lint", str(root)).returncode == 0
    taken = klinik(home, "sessions", "draft", name, "rows-again", "--to", str(root))
    assert taken.returncode == 2


def test_a_track_record_is_shown_with_the_article(home: Path) -> None:
    """Three sessions of a real cluster are on this machine: two solved it."""
    folder = home / "state" / "sessions"
    for number, outcome in enumerate(("solved", "solved", "not-solved")):
        name = f"20260101-00000{number}-ovs-too-many-open-files-aaa{number}"
        lines = [
            {
                "kind": "opened",
                "at": 1.0,
                "session": name,
                "article": "ovs-too-many-open-files",
                "cluster": {},
            },
            {"kind": "cause", "at": 2.0, "cause": "flapping-port-leak", "causes": {}, "steps": 1},
            {"kind": "finished", "at": 3.0 + number, "outcome": outcome},
        ]
        text = "".join(json.dumps({"v": 1, "n": n, **line}) + "\n" for n, line in enumerate(lines, 1))
        (folder / f"{name}.jsonl").write_text(text, encoding="utf-8")
    (folder / "20260101-000009-ovs-too-many-open-files-bbbb.jsonl").write_bytes(b"\x00torn")
    shown = klinik(home, "show", "ovs-too-many-open-files").stdout.decode()
    assert shown.rstrip().endswith(
        "Track record: solved 2 of 3 times it was walked to an end here, 0 abandoned"
    )
    told = json.loads(klinik(home, "show", "ovs-too-many-open-files", "-o", "json").stdout)["track_record"]
    assert told["causes"] == [{"cause": "flapping-port-leak", "solved": 2, "walked": 3}]
    other = json.loads(klinik(home, "show", "ovn-mac-binding-leak", "-o", "json").stdout)
    assert other["track_record"] is None
