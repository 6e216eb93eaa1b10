"""The command line on bad ground: broken files and folders, hostile text, clusters in trouble, signals and pipes."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from checks.cluster import PODS, ExecResult
from tests.checks.troubled import Bed, bed

ROOT = Path(__file__).resolve().parents[2]
KLINIK = [sys.executable, "-m", "tui.cli"]
HOSTILE = "x\x1b[2J\x1b]0;owned\x07\x9b31m\u202e[bold]y[/]\nok"


def environment(home: Path, extra: Mapping[str, str]) -> dict[str, str]:
    """An empty home and nothing else; warnings are errors."""
    clean = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "PYTHONWARNINGS": "error"}
    return {**clean, **extra}


def klinik(
    home: Path, *arguments: str, within: float = 60.0, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Runs klinik as a process; it ends in time and never with a traceback."""
    done = subprocess.run(
        [*KLINIK, *arguments],
        cwd=ROOT, env=environment(home, extra), stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=within, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done


def on_terminal(home: Path, *arguments: str, **extra: str) -> str:
    """What klinik writes to a real terminal, both streams."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*KLINIK, *arguments],
        cwd=ROOT, env=environment(home, {"TERM": "xterm-256color", **extra}),
        stdin=theirs, stdout=theirs, stderr=theirs,
    ):  # fmt: skip
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other end is closed
                break
            if not part:
                break
            parts.append(part)
    os.close(ours)
    return b"".join(parts).decode("utf-8", "replace")


def without_own_styling(text: str) -> str:
    """Terminal output without the sequences klinik itself uses: colours, weights, the erased progress line."""
    for code in ("0", "1", "2", "31", "32", "33", "34", "35"):
        text = text.replace(f"\x1b[{code}m", "")
    return text.replace("\r\x1b[2K", "").replace("\r\n", "\n")


def assert_tame(text: str) -> None:
    """No control character and no override is left."""
    bad = [c for c in text if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or c in "\u202e\u200b"]
    assert not bad, ascii(text)[:2000]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    path = tmp_path / "home"
    path.mkdir()
    return path


# --- clusters -------------------------------------------------------------------------------------------------------


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Bed]:
    folder = tmp_path / "cluster"
    folder.mkdir()
    with bed(folder) as running:
        yield running


def check(cluster: Bed, home: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    done = klinik(home, "check", *arguments, "-o", "json", "--kubeconfig", str(cluster.kubeconfig))
    return done.returncode, json.loads(done.stdout)


def test_nothing_failed_but_something_unknown_is_exit_3(cluster: Bed, home: Path) -> None:
    """Forbidden commands: unknown with the reason in the one document, and the verdict of the rest."""
    cluster.server.faults.forbid("create", "pods", subresource="exec")
    code, document = check(cluster, home, "ovs.flow-count", "workloads.ready")
    assert code == 3
    verdicts = {r["id"]: (r["verdict"], r["reason"]) for r in document["results"]}
    assert verdicts == {
        "ovs.flow-count": ("unknown", "forbidden"),
        "workloads.ready": ("ok", ""),
    } or verdicts == {
        "ovs.flow-count": ("unknown", "forbidden"),
        "workloads.ready": ("ok", None),
    }
    assert document["totals"]["unknown"] == 1


def test_a_failure_outweighs_what_is_unknown(cluster: Bed, home: Path) -> None:
    """One node fails, one has no answer: exit 1."""
    flows = "NXST_AGGREGATE reply (xid=0x4): packet_count=1 byte_count=1 flow_count=150000\n"
    first = sorted(p["metadata"]["name"] for p in cluster.world.store.all(PODS, labels="app=ovs"))[0]
    cluster.world.lie = lambda pod, argv: ExecResult(
        flows if pod["metadata"]["name"] == first else "junk\n", "", 0
    )
    code, document = check(cluster, home, "ovs.flow-count")
    assert code == 1
    assert document["results"][0]["verdict"] == "fail"


def test_refused_credentials_and_dead_servers_are_exit_4(cluster: Bed, home: Path, tmp_path: Path) -> None:
    """The reason stands on stderr, stdout stays empty, and it does not take long."""
    config = json.loads(cluster.kubeconfig.read_text())
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    for server, said in (
        (f"https://127.0.0.1:{port}", "unreachable"),
        ("https://no-such-host.invalid", "unreachable"),
    ):
        config["clusters"][0]["cluster"]["server"] = server
        path = tmp_path / "elsewhere"
        path.write_text(json.dumps(config))
        began = time.monotonic()
        done = klinik(home, "check", "-o", "json", "--kubeconfig", str(path))
        assert (done.returncode, done.stdout) == (4, "")
        assert said in done.stderr
        assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("content", "code"), [("", 4), ("\x00{", 2), ("a: [", 2), ("[1, 2]", 2), ("contexts: 5\n", 4), (None, 2)]
)
def test_broken_kubeconfigs_are_one_line_and_an_exit_code(
    home: Path, tmp_path: Path, content: str | None, code: int
) -> None:
    """Without a context: no cluster; broken, or a folder, is wrong configuration."""
    path = tmp_path / "kubeconfig"
    path.mkdir() if content is None else path.write_text(content)
    done = klinik(home, "check", "--kubeconfig", str(path))
    assert (done.returncode, done.stdout) == (code, "")
    assert str(path) in done.stderr


def test_a_missing_certificate_file_is_named(cluster: Bed, home: Path, tmp_path: Path) -> None:
    config = json.loads(cluster.kubeconfig.read_text())
    config["clusters"][0]["cluster"].pop("certificate-authority-data")
    config["clusters"][0]["cluster"]["certificate-authority"] = str(tmp_path / "no-such.pem")
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    done = klinik(home, "check", "--kubeconfig", str(path))
    assert done.returncode == 2
    assert "no-such.pem" in done.stderr


# --- hostile text ---------------------------------------------------------------------------------------------------


def test_nothing_a_cluster_says_drives_the_terminal(cluster: Bed, home: Path) -> None:
    """Errors, exit messages and logs full of escapes: only klinik's own styling is left, none with NO_COLOR."""
    cluster.world.lie = lambda pod, argv: ExecResult(HOSTILE, HOSTILE, 1)
    cluster.world.log = f"E0101 10:00:00.000000       1 pod.go:1] error syncing '{HOSTILE}'\n" * 200
    cluster.server.faults.status("/subnets", 500, HOSTILE)
    config = ("--kubeconfig", str(cluster.kubeconfig))
    for arguments in (("check", "--all", "-v", *config), ("guide", "-v", "subnet-ip-count-wrong", *config)):
        shown = on_terminal(home, *arguments)
        assert_tame(without_own_styling(shown))
        assert "\x1b" in shown, "on a terminal there is colour"
        plain = on_terminal(home, *arguments, NO_COLOR="1")
        assert_tame(plain.replace("\r\n", "\n"))
    code, document = check(cluster, home, "--all")
    assert code in (1, 3)
    assert document["totals"]["unknown"] > 20


def evil_root(tmp_path: Path) -> Path:
    """A knowledge base written by an enemy and by a beginner."""
    root = tmp_path / "root"
    (root / "articles" / "evil").mkdir(parents=True)
    (root / "articles" / "torn").mkdir()
    (root / "checks").mkdir()
    text = f"---\nid: evil\n---\n# Evil {HOSTILE.partition(chr(10))[0]}\n\n## Symptoms\n\nzzevil {HOSTILE}\n"
    (root / "articles" / "evil" / "en.md").write_text(text)
    (root / "articles" / "evil" / "guide.yaml").write_text('checks: {}\nsteps: 5\n"bo\\e[31mgus": 1\n')
    (root / "articles" / "torn" / "en.md").write_text("---\nid: [torn\n---\n# Torn\n")
    (root / "checks" / "a.yaml").write_text("- id: x.y\n  titel: {en: a}\n")
    (root / "checks" / "b.yaml").write_bytes(b"\xff\xfe")
    return root


@pytest.mark.parametrize(
    "command", ["search zzevil", "show evil", "kb lint", "show e\x1b[2Jvil", "check --list"]
)
def test_nothing_a_knowledge_base_says_drives_the_terminal(home: Path, tmp_path: Path, command: str) -> None:
    """Titles, snippets, bodies, and the words of problems."""
    arguments = (*command.split(" "), "--kb", str(evil_root(tmp_path)))
    shown = on_terminal(home, *arguments)
    assert "Traceback" not in shown
    assert_tame(without_own_styling(shown))
    assert_tame(on_terminal(home, *arguments, NO_COLOR="1").replace("\r\n", "\n"))


def test_all_problems_are_named_at_once_and_the_rest_works(home: Path, tmp_path: Path) -> None:
    """Every broken file with its line; JSON stays one document while stderr complains."""
    root = evil_root(tmp_path)
    done = klinik(home, "kb", "lint", "-o", "json", "--kb", str(root))
    # What can be read all the same (torn front matter) is a warning, not an error.
    found = {(Path(p["path"]).name, p["line"]) for p in json.loads(done.stdout) if p["severity"] != "info"}
    assert done.returncode == 1
    assert {("guide.yaml", 2), ("guide.yaml", 3), ("en.md", 3), ("a.yaml", 2), ("b.yaml", 1)} <= found
    searched = klinik(home, "search", "zzevil", "-o", "json", "--kb", str(root))
    assert json.loads(searched.stdout)["hits"][0]["id"] == "evil"
    assert "guide.yaml:2" in searched.stderr
    assert json.loads(klinik(home, "show", "evil", "-o", "json", "--kb", str(root)).stdout)["id"] == "evil"


# --- folders and journals -------------------------------------------------------------------------------------------


def test_without_a_cache_folder_search_still_works(home: Path, tmp_path: Path) -> None:
    """A file where the folder should be: said once on stderr."""
    (tmp_path / "file").touch()
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        done = klinik(home, "search", "mac_binding", "memory", "-o", "json", KLINIK_CACHE_DIR=str(place))
        assert json.loads(done.stdout)["hits"][0]["id"] == "ovn-mac-binding-leak"
        assert "cache folder cannot be used" in done.stderr


def test_a_corrupted_index_is_built_anew(home: Path, tmp_path: Path) -> None:
    """Every file of the cache overwritten with rubbish: the same hits."""
    cache = tmp_path / "cache"
    words = ("search", "mac_binding", "memory", "-o", "json")
    before = json.loads(klinik(home, *words, KLINIK_CACHE_DIR=str(cache)).stdout)["hits"]
    for file in [path for path in cache.rglob("*") if path.is_file()]:
        file.write_bytes(b"\x00rubbish" * 20)
    after = json.loads(klinik(home, *words, KLINIK_CACHE_DIR=str(cache)).stdout)["hits"]
    assert [hit["id"] for hit in after] == [hit["id"] for hit in before]


JOURNALS = {
    "foreign": b'{"v":99,"n":1,"at":1.0,"kind":"hello"}\n',
    "random": bytes(range(256)) * 4,
    "empty": b"",
    "far": b'{"v":1,"n":1,"at":1e18,"kind":"opened"}\n',
    "torn": b'{"v":1,"n":1,"at":1.0,"kind":"opened","article"',
}


def test_damaged_journals_are_listed_and_break_nothing(home: Path, tmp_path: Path) -> None:
    """Each is named; none of them reaches the terminal raw, and the list as JSON is whole."""
    folder = tmp_path / "state" / "sessions"
    folder.mkdir(parents=True)
    for name, content in JOURNALS.items():
        (folder / f"{name}.jsonl").write_bytes(content)
    opened = {
        "v": 1,
        "n": 1,
        "at": 1.0,
        "kind": "opened",
        "session": HOSTILE,
        "article": HOSTILE,
        "title": HOSTILE,
    }
    (folder / "hostile.jsonl").write_text(json.dumps(opened) + "\n")
    state = {"KLINIK_STATE_DIR": str(tmp_path / "state")}
    listed = klinik(home, "sessions", "list", "-o", "json", **state)
    assert {Path(s["path"]).stem for s in json.loads(listed.stdout)} == {*JOURNALS, "hostile"}
    assert_tame(without_own_styling(on_terminal(home, "sessions", "list", **state)))
    for name in (*JOURNALS, "hostile"):
        shown = klinik(home, "sessions", "show", name, **state)
        assert shown.returncode == (0 if name == "hostile" else 2), name
        assert_tame(shown.stdout)
        assert_tame(shown.stderr)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "..", ".", "", "a/../secret", "secret.jsonl", "x" * 300]
)
def test_session_ids_lead_nowhere_else(home: Path, tmp_path: Path, name: str) -> None:
    """An id is a name in the folder, never a path."""
    state = tmp_path / "state"
    (state / "sessions").mkdir(parents=True)
    (state / "secret.jsonl").write_text('{"v":1,"n":1,"at":1.0,"kind":"opened","id":"secret"}\n')
    done = klinik(home, "sessions", "show", "--", name, KLINIK_STATE_DIR=str(state))
    assert (done.returncode, done.stdout) == (2, "")


# --- practice serve, signals, pipes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_serve_ends_at_once_with_a_signal(home: Path, tmp_path: Path, number: signal.Signals) -> None:
    """And is gone from its port; the kubeconfig is for its owner only."""
    path = tmp_path / "kubeconfig"
    with subprocess.Popen(
        [*KLINIK, "practice", "serve", "healthy", "--write-kubeconfig", str(path)],
        cwd=ROOT, env=environment(home, {}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        assert "127.0.0.1" in process.stderr.readline()
        assert path.stat().st_mode & 0o077 == 0
        began = time.monotonic()
        process.send_signal(number)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 5
        assert "Traceback" not in process.stderr.read()


def test_a_taken_port_is_one_line_and_exit_2(home: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = klinik(home, "practice", "serve", "healthy", "--port", str(taken.getsockname()[1]), within=30)
    assert done.returncode == 2
    assert "in use" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_interrupt_is_exit_130_without_a_traceback(cluster: Bed, home: Path) -> None:
    """Ctrl-C while a command hangs."""
    rules = [cluster.server.faults.hang("^EXEC", times=1), cluster.server.faults.hang("^EXEC")]
    with subprocess.Popen(
        [*KLINIK, "check", "ovs.flow-count", "--kubeconfig", str(cluster.kubeconfig)],
        cwd=ROOT, env=environment(home, {}), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        deadline = time.monotonic() + 20
        while rules[0].times and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="no kubectl here")
@pytest.mark.parametrize("scenario", ["healthy", "mac-binding-leak"])
def test_kubectl_works_on_a_practice_cluster(home: Path, tmp_path: Path, scenario: str) -> None:
    """get, exec, logs and a dry run, with the real client."""
    (tmp_path / scenario).mkdir()
    with bed(tmp_path / scenario, scenario) as cluster:

        def kubectl(*arguments: str) -> str:
            done = subprocess.run(
                ["kubectl", "--kubeconfig", str(cluster.kubeconfig), *arguments],
                env=environment(home, {}), capture_output=True, text=True, timeout=60, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return done.stdout

        listed = kubectl("get", "subnets,ips,pods", "-A")
        assert "ovn-default" in listed
        assert "ovs-ovn" in listed
        pod = sorted(p["metadata"]["name"] for p in cluster.world.store.all(PODS, labels="app=ovs"))[0]
        inside = ("-n", "kube-system", pod, "-c", "openvswitch")
        flows = kubectl("exec", *inside, "--", "ovs-ofctl", "dump-aggregate", "br-int")
        assert "flow_count=" in flows
        assert kubectl("logs", *inside, "--tail=5").count("\n") <= 5
        patch = ("patch", "subnet", "ovn-default", "--type=merge", "-p", '{"spec":{"natOutgoing":false}}')
        kubectl(*patch, "--dry-run=server")
        assert kubectl("get", "subnet", "ovn-default", "-o", "jsonpath={.spec.natOutgoing}") == "true"


def test_a_closed_pipe_is_no_traceback(home: Path) -> None:
    """`klinik … | true`: the reader is gone before anything is printed."""
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run(
            [*KLINIK, "show", "ovn-mac-binding-leak"],
            cwd=ROOT, env=environment(home, {}), stdout=gone, stderr=subprocess.PIPE,
            text=True, timeout=60, check=False,
        )  # fmt: skip
    assert done.stderr == ""
