"""klinik search --paste: the schema is stable, and whatever the paste comes from, its lines are named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ARTICLE = """# Gateway loses its lease

## Symptoms

```
E0701 10:00:00.1 1 gw.go:7] lease of gateway gw-1 revoked by peer 10.0.0.9 after 31s
```
"""
LINE = "E1121 12:00:01.000001 7 gw.go:9] lease of gateway edge-2 revoked by peer fd00::7 after 2m1s"
LOG = f"I1121 12:00:00.000001 7 gw.go:1] starting\n{LINE}\n{LINE}\nI1121 12:00:02.000001 7 gw.go:2] 网关 stopped\n"


def klinik(
    *arguments: str, stdin: bytes = b"", fds: tuple[int, ...] = (), **more: str
) -> subprocess.CompletedProcess[bytes]:
    """Runs klinik in a process of its own."""
    command = [sys.executable, "-m", "tui.cli", *arguments]
    environment = {**os.environ, "KLINIK_LANG": "en", **more}
    return subprocess.run(
        command, input=stdin, capture_output=True, env=environment, timeout=60, check=False, pass_fds=fds
    )


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CACHE", "STATE", "CONFIG"):
        monkeypatch.setenv(f"KLINIK_{name}_DIR", str(tmp_path / "home" / name.lower()))
    folder = tmp_path / "kb" / "articles" / "gateway-lease"
    folder.mkdir(parents=True)
    (folder / "en.md").write_text(ARTICLE, encoding="utf-8")
    return tmp_path / "kb"


def test_json_says_which_line_matched_what(root: Path, tmp_path: Path) -> None:
    log = tmp_path / "gw.log"
    log.write_text(LOG, encoding="utf-8")
    done = klinik("search", "--kb", str(root), "--paste", str(log), "-o", "json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert found.pop("took_ms") > 0
    best = found.pop("matches")[0]
    assert found == {"lines_total": 4, "lines_read": 4, "total": 1, "hints": []}
    (line,) = best.pop("lines")
    assert 0 < line.pop("score") <= 1
    assert 0 < best.pop("score") <= 1
    assert best == {
        "id": "gateway-lease",
        "lang": "en",
        "langs": ["en"],
        "title": "Gateway loses its lease",
        "path": str(root / "articles/gateway-lease/en.md"),
        "guide": False,
    }
    assert line == {
        "number": 2,
        "text": LINE,
        "matched": "E0701 10:00:00.1 1 gw.go:7] lease of gateway gw-1 revoked by peer 10.0.0.9 after 31s",
        "section": "Symptoms",
        "kind": "literal",
        "times": 2,
    }


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "gb18030"])
def test_standard_input_in_any_encoding(root: Path, encoding: str) -> None:
    done = klinik("search", "--kb", str(root), "--paste", "-", "-o", "json", stdin=LOG.encode(encoding))
    assert [line["number"] for line in json.loads(done.stdout)["matches"][0]["lines"]] == [2]


def test_a_pipe_is_read_as_of_process_substitution(root: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, LOG.encode())
    os.close(writing)
    done = klinik("search", "--kb", str(root), "--paste", f"/dev/fd/{reading}", fds=(reading,))
    os.close(reading)
    said = done.stdout.decode()
    assert said.splitlines()[:3] == [
        "Gateway loses its lease  ",
        *said.splitlines()[1:2],
        f"  line 2 and 2 like it in all: {LINE}",
    ]
    assert "in the article: E0701" in said


def test_nothing_known_ends_with_one_and_says_so_in_the_language_of_the_caller(root: Path) -> None:
    done = klinik("search", "--kb", str(root), "--paste", "-", stdin=b"all is well\n", KLINIK_LANG="zh")
    assert done.returncode == 1
    assert "没有发现已知问题" in done.stdout.decode()
    empty = klinik("search", "--kb", str(root), "--paste", "-", "-o", "json")
    assert (empty.returncode, json.loads(empty.stdout)["matches"]) == (1, [])


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--paste", "no/such.log"), "no/such.log cannot be read: No such file or directory"),
        (("--paste", "."), ". cannot be read: Is a directory"),
        (("words", "--paste", "-"), "Give either words to search for or --paste, not both."),
        (("--paste", "-", "--where", "colour=red"), "colour=red"),
    ],
)
def test_what_cannot_be_done_is_said_on_one_line(root: Path, arguments: tuple[str, ...], says: str) -> None:
    done = klinik("search", "--kb", str(root), *arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert says in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


def test_escape_sequences_of_a_paste_never_reach_the_terminal(root: Path) -> None:
    hostile = f"\x1b]0;owned\x07\x1b[2J{LINE}\x1b[31m \u202e evil\n".encode()
    done = klinik("search", "--kb", str(root), "--paste", "-", stdin=hostile)
    assert b"line 1" in done.stdout
    assert not {"\x1b", "\x07", "\u202e"} & set(done.stdout.decode())
