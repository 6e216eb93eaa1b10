"""`klinik mute`, `--watch` and `--answer` as a user runs them, on a served practice cluster."""

from __future__ import annotations

import io
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from checks.cluster import ClusterInfo
from checks.findings.mutefile import MuteFile
from checks.findings.mutes import muted_by
from tests.checks.results import result
from tests.checks.test_report import scraped
from tests.checks.troubled import Bed, bed
from tui.cli.main import main
from tui.cli.muting import muting_of

ROOT = Path(__file__).resolve().parents[2]
Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]
REASON = ("--reason", "purge on Monday", "--for", "7d")


@pytest.fixture(scope="module")
def leaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    with bed(tmp_path_factory.mktemp("leaking"), "mac-binding-leak") as running:
        yield running


@pytest.fixture
def healthy(tmp_path: Path) -> Iterator[Bed]:
    with bed(tmp_path) as running:
        yield running


@pytest.fixture
def klinik(tmp_path: Path) -> Run:
    """Runs the entry point in this process, with an empty home."""

    def run(*arguments: str) -> Done:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOME", str(tmp_path))
            patch.delenv("KUBECONFIG", raising=False)
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
                main(list(arguments))
        said = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), *said)

    return run


@pytest.fixture
def on(klinik: Run, leaking: Bed) -> Run:
    return lambda *arguments: klinik(*arguments, "--kubeconfig", str(leaking.kubeconfig))


# --- muting -----------------------------------------------------------------------------------------------------------


def test_a_muted_check_fails_nothing_and_is_never_hidden(on: Run, tmp_path: Path) -> None:
    """Exit code, text, JSON, JUnit and Prometheus all say that it is muted, and what it really is."""
    said = on("mute", "ovs.flow-count", *REASON)
    assert said.returncode == 0, said.stderr
    assert "when the value passes" in said.stdout
    (file,) = (tmp_path / "state" / "mutes").glob("*.json")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    done = on("check", "ovs.flow-count")
    assert done.returncode == 0
    assert "fail" in done.stdout
    assert "1 muted, not counted: ovs.flow-count" in done.stdout
    assert on("check", "ovs.flow-count", "--no-mutes").returncode == 1
    (found,) = json.loads(on("check", "ovs.flow-count", "-o", "json").stdout)["results"]
    assert (found["verdict"], found["counts_as"], len(found["muted_targets"])) == ("fail", "ok", 4)
    cases = ElementTree.fromstring(on("check", "ovs.flow-count", "-o", "junit").stdout)
    skipped = cases.find(".//skipped")
    assert skipped is not None
    assert "purge on Monday" in skipped.attrib["message"]
    assert cases.attrib["failures"] == "0"
    series = scraped(on("check", "ovs.flow-count", "-o", "prometheus").stdout)
    by_name = {(name, dict(labels).get("verdict", "")): value for (name, labels), value in series.items()}
    assert by_name["klinik_check_muted", ""] == 1
    assert by_name["klinik_check_verdict", "fail"] == 1, "an alert decides for itself"


def test_a_muted_article_is_listed_last_in_a_triage(on: Run) -> None:
    """With the evidence that was bad with it; then nothing fails, and everybody sees why."""
    on("mute", "ovn-mac-binding-leak", *REASON)
    on("mute", "ovs.daemonset", *REASON)
    done = on("triage")
    assert "Muted (2), not counted" in done.stdout
    assert done.stdout.count("purge on Monday") == 2
    assert done.returncode == 0, done.stdout


def test_only_some_parts_can_be_muted(on: Run) -> None:
    assert on("mute", "ovs.flow-count", "--target", "node-1", "--target", "node-2", *REASON).returncode == 0
    done = on("check", "ovs.flow-count", "-o", "json")
    assert done.returncode == 1
    (found,) = json.loads(done.stdout)["results"]
    assert found["muted_targets"] == ["node-1", "node-2"]
    assert found["counts_as"] == "fail"
    assert on("mute", "ovs.flow-count", "--target", "node-9", *REASON).returncode == 1


def test_mutes_are_listed_lifted_and_end_by_themselves(on: Run) -> None:
    assert "nothing is muted" in on("mute", "list").stdout
    on("mute", "ovs.flow-count", *REASON)
    (listed,) = json.loads(on("mute", "list", "-o", "json").stdout)
    assert (listed["name"], listed["state"], listed["reason"]) == (
        "ovs.flow-count",
        "standing",
        "purge on Monday",
    )
    on(
        "check",
        "ovs.flow-count",
        "--set",
        "ovs.flow-count.warn=9000000",
        "--set",
        "ovs.flow-count.fail=9000001",
    )
    assert on("check", "ovs.flow-count").returncode == 0, "other thresholds end no mute"
    assert on("mute", "lift", "ovs.flow-count").returncode == 0
    assert on("check", "ovs.flow-count").returncode == 1
    assert on("mute", "lift", "ovs.flow-count").returncode == 2
    on("mute", "ovs.flow-count", "--reason", "short", "--for", "0.01s")
    done = on("check", "ovs.flow-count")
    assert done.returncode == 1
    assert "the mute of ovs.flow-count is lifted: its time is over" in done.stdout
    assert "is lifted" not in on("check", "ovs.flow-count").stdout, "told once"
    assert [m["end"] for m in json.loads(on("mute", "list", "-o", "json").stdout)] == ["expired", "lifted"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("ovs.flow-count", "--reason", "x"), 2, "--for 7d, or --until"),
        (("ovs.flow-count", "--reason", "x", "--for", "7d", "--until", "2030-01-01"), 2, "one of both"),
        (("ovs.flow-count", "--reason", "x", "--for", "soon"), 2, "no such time"),
        (("ovs.flow-count", "--reason", "x", "--until", "99999-01-01"), 2, "no such time"),
        (("ovs.flow-count", "--reason", "x", "--until", "2001-01-01"), 1, "in the past"),
        (("ovs.flow-count", "--reason", " ", "--for", "1d"), 1, "say why"),
        (("ovs.flow-count", "--for", "1d"), 2, "--reason"),
        (("no.such-check", *REASON), 2, "neither a check nor an article"),
        (("ovn.raft", *REASON), 1, "nothing bad now"),
    ],
)
def test_a_mute_that_makes_no_sense_is_refused(
    on: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = on("mute", *arguments)
    assert (done.returncode, words in done.stderr) == (code, True), done.stderr
    assert json.loads(on("mute", "list", "-o", "json").stdout) == []


def test_a_damaged_file_mutes_nothing_and_says_so(on: Run, tmp_path: Path) -> None:
    on("mute", "ovs.flow-count", *REASON)
    (file,) = (tmp_path / "state" / "mutes").glob("*.json")
    file.write_text("{")
    done = on("check", "ovs.flow-count")
    assert done.returncode == 1
    assert "nothing is muted" in done.stderr


def test_a_recorded_cluster_is_judged_with_the_mutes_and_ends_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It tells of the past: what is well there may be bad now."""
    monkeypatch.setenv("KLINIK_STATE_DIR", str(tmp_path))
    info = ClusterInfo("prod", "https://10.0.0.1:6443")
    options: dict[str, Any] = {"reason": "x", "by": "chen", "now": time.time(), "until": time.time() + 600}
    file = MuteFile(info)
    file.add(muted_by("flows", "check", [result("flows", "fail")], **options))
    past = replace(info, recorded=1.0)
    assert muting_of(past, [result("flows", "fail")]).standing[0].state == "standing"
    assert muting_of(past, [result("flows", "ok")]).standing[0].state == "gone"
    assert file.load()[0].end == ""
    muting_of(info, [result("flows", "ok")])
    assert file.load()[0].end == "gone"


# --- watching ---------------------------------------------------------------------------------------------------------


def test_a_watch_says_what_changed_and_ends_with_the_last_state(healthy: Bed, tmp_path: Path) -> None:
    """One line of JSON per round; a list that is forbidden meanwhile is unseen, then seen again."""
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    words = ["check", "subnet.capacity", "--watch=1s", "-o", "json", "--kubeconfig", str(healthy.kubeconfig)]
    with subprocess.Popen(
        [sys.executable, "-m", "tui.cli", *words], cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = map(json.loads, process.stdout)
        first = next(lines)
        assert (first["round"], first["changes"], first["exit_code"]) == (1, [], 0)
        healthy.server.faults.forbid("list", "subnets")
        blind = next(line for line in lines if line["changes"])
        (change,) = blind["changes"]
        assert (change["what"], change["after"]["verdict"], change["after"]["reason"]) == (
            "unknown",
            "unknown",
            "forbidden",
        )
        assert blind["exit_code"] == 3
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 3


def test_a_watched_report_is_that_of_the_last_round(healthy: Bed, tmp_path: Path) -> None:
    """A file that stayed as it was would pass for today's: its time goes on, and so does the gap."""
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    report = tmp_path / "klinik.prom"
    words = ["check", "subnet.capacity", "--watch=1s", "-o", "prometheus", "--to", str(report)]
    command = [sys.executable, "-m", "tui.cli", *words, "--kubeconfig", str(healthy.kubeconfig)]
    with subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.DEVNULL) as process:

        def told(name: str) -> float:
            values = scraped(report.read_text()) if report.exists() else {}
            return next((value for (metric, _), value in values.items() if metric == name), -1.0)

        def until(condition: Callable[[], bool]) -> bool:
            end = time.monotonic() + 30
            while not condition() and time.monotonic() < end:
                time.sleep(0.05)
            return condition()

        assert until(lambda: told("klinik_cluster_reachable") == 1)
        first = told("klinik_run_timestamp_seconds")
        assert until(lambda: told("klinik_run_timestamp_seconds") > first)
        healthy.server.stop()
        assert until(lambda: told("klinik_cluster_reachable") == 0)
        gone = told("klinik_run_timestamp_seconds")
        assert until(lambda: told("klinik_run_timestamp_seconds") > gone), (
            "it tries again, and that round is over"
        )
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 4


def test_watching_needs_something_that_can_change(klinik: Run, tmp_path: Path) -> None:
    bundle = tmp_path / "x.bundle"
    bundle.write_bytes(b"")
    done = klinik("triage", "--watch", "--bundle", str(bundle))
    assert (done.returncode, "never changes" in done.stderr) == (2, True)
    done = klinik("check", "--watch", "-o", "junit", "--practice", "healthy")
    assert (done.returncode, "--to FILE" in done.stderr) == (2, True)
    done = klinik("check", "--watch", "-o", "json", "--to", str(tmp_path / "x"), "--practice", "healthy")
    assert (done.returncode, "redirect it" in done.stderr) == (2, True)


# --- answers from elsewhere -------------------------------------------------------------------------------------------

FLOWS = "NXST_AGGREGATE reply (xid=0x4): packet_count=0 byte_count=0 flow_count="


def test_what_is_forbidden_can_be_answered_from_elsewhere(klinik: Run, healthy: Bed, tmp_path: Path) -> None:
    """The script is printed, its output is taken; the verdict is that of the cluster, marked as pasted."""
    for verb in ("create", "get"):
        healthy.server.faults.forbid(verb, "pods", subresource="exec")
    where = ("--kubeconfig", str(healthy.kubeconfig))
    done = klinik("check", "ovs.flow-count", *where)
    assert done.returncode == 3
    assert 'echo "== flows@node-1"; kubectl -n kube-system exec ovs-ovn-' in done.stdout
    assert done.stdout.count("inside the container it is: ovs-ofctl dump-aggregate br-int\n") == 1
    paste = tmp_path / "paste.txt"
    paste.write_text("".join(f"== flows@node-{n}\n{FLOWS}{n}0000\n\n== rc=0\n" for n in range(1, 5)))
    answered = klinik("check", "ovs.flow-count", "--answer", str(paste), *where)
    assert answered.returncode == 0, answered.stdout
    assert "4 answers were pasted by" in answered.stdout
    (found,) = json.loads(
        klinik("check", "ovs.flow-count", "--answer", str(paste), "-o", "json", *where).stdout
    )["results"]
    assert found["value"] == 40000
    assert all(item["pasted_by"] for item in found["evidence"])
    one = tmp_path / "one.txt"
    one.write_text(f"{FLOWS}200000\n")
    part = klinik("check", "ovs.flow-count", "--answer", f"flows@node-2={one}", *where)
    assert part.returncode == 1, "one of them fails whatever the others are"
    nowhere = klinik("check", "ovs.flow-count", "--answer", f"flows@node-9={one}", *where)
    assert nowhere.returncode == 3
    assert "was not used; without an answer are: node-1, node-2" in nowhere.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ovs.flow-count", "ovn.raft", "--answer", "flows=-"), "exactly one check"),
        (("ovs.flow-count", "--answer", "nowhere"), "is no answer"),
        (("ovs.flow-count", "--answer", "none=/dev/null"), "has no read none"),
        (("ovs.flow-count", "--answer", "flows=/no/such/file"), "No such file"),
        (("ovs.flow-count", "--watch", "--answer", "flows=/dev/null"), "cannot be watched"),
    ],
)
def test_an_answer_that_cannot_be_is_wrong_usage(klinik: Run, arguments: tuple[str, ...], words: str) -> None:
    done = klinik("check", *arguments, "--practice", "healthy")
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
