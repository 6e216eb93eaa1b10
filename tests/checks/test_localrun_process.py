"""Commands that klinik runs itself, running: how they end, what stays of their output, and what a walk writes down."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.local.options import NotLocal
from checks.local.output import Cleaned
from checks.local.process import Ended, Piece, environment, find, run_pipe
from checks.local.record import run_of
from checks.local.told import told
from checks.local.walk import plan_local, run_local
from checks.redact import redactor
from checks.sessions.export import session_json, session_markdown
from checks.sessions.journal import FileJournal, MemoryJournal
from checks.sessions.session import fold
from checks.walking.walk import Walk
from checks.writing.stepevents import Output, StepEnded
from kb.articlefile import parse_article
from kb.derive import derive
from kb.model import Article
from tests.checks.asked import asked_by
from tests.checks.incident import CATALOGUE, Ovn, cluster_with
from tui.connect import Connection, practice

# --- processes ----------------------------------------------------------------------------------------------------


def ran(*stages: tuple[str, ...], **options: object) -> tuple[str, str, Ended]:
    pieces = list(run_pipe(stages, environment({}), **options))  # type: ignore[arg-type]
    ended = pieces[-1]
    assert isinstance(ended, Ended)
    texts = [one for one in pieces if isinstance(one, Piece)]
    return "".join(t.text for t in texts if not t.error), "".join(t.text for t in texts if t.error), ended


PYTHON = (sys.executable, "-S", "-c")


def test_words_reach_the_program_as_they_are() -> None:
    odd = "a b;$(id) `x` 'y' \\ * 中"
    out, err, ended = ran(
        (*PYTHON, "import sys; print(ascii(sys.argv[1])); print('oops', file=sys.stderr)", odd)
    )
    assert (out.strip(), err.strip(), ended.code()) == (ascii(odd), "oops", 0)


def test_a_pipe_says_which_program_failed() -> None:
    emits = "import signal; signal.signal(signal.SIGPIPE, signal.SIG_DFL); print('x\\n' * 100_000)"
    assert ran((*PYTHON, emits), ("/usr/bin/head", "-n", "2"))[2].code() == 0, (
        "the first one is cut off, as in a shell"
    )
    out, _, ended = ran((*PYTHON, "print('x'); raise SystemExit(3)"), ("/usr/bin/wc", "-l"))
    assert (out.strip(), ended.codes, ended.code()) == ("1", (3, 0), 3)
    out, _, ended = ran((*PYTHON, "print('x')"), ("/usr/bin/grep", "y"), ("/usr/bin/wc", "-l"))
    assert (out.strip(), ended.code(), ended.code((1,))) == ("0", 1, 0), "that nothing matched is an answer"
    assert ran(("/nowhere/kubectl",))[2].how == "not-started"


def test_a_filter_that_finds_nothing_has_answered() -> None:
    base = {"step": "s", "argv": [["/usr/bin/kubectl", "get", "pods"], ["/usr/bin/grep", "x"]]}
    nothing, broken, failed = (run_of({**base, "code": code}) for code in (1, 2, None))
    assert (nothing.answered, told(nothing).en) == (True, "nothing matched")
    assert not broken.answered
    assert not failed.answered
    assert not run_of({"step": "s", "argv": [["/usr/bin/kubectl"]], "code": 1}).answered


@pytest.mark.parametrize(
    "harm",
    [
        {"code": float("inf")},
        {"started": float("nan")},
        {"took_ms": "x"},
        {"argv": ["ab"]},
        {"argv": {}},
        {"at": 1e300},
    ],
)
def test_a_damaged_entry_is_counted_and_ends_nothing(harm: dict[str, object]) -> None:
    entry = {"v": 1, "n": 1, "at": 1.0, "kind": "ran", "step": "s", "code": 0, **harm}
    session = fold([entry])
    assert (session.damaged, session.runs) == (1, ())
    assert session_markdown(session, "en")


def test_what_takes_too_long_or_prints_too_much_is_ended() -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True)"
    out, _, ended = ran((*PYTHON, f"{deaf}; time.sleep(60)"), seconds=0.5)
    assert (out.strip(), ended.how, ended.code()) == ("up", "timeout", None)
    assert ended.took < 10
    out, _, ended = ran((*PYTHON, "while True: print('y' * 1000)"), limit=100_000)
    assert ended.how == "too-much"
    assert len(out) < 400_000
    stop = threading.Event()
    stop.set()
    assert ran((*PYTHON, "import time; time.sleep(60)"), stop=stop)[2].how == "stopped"


def test_nobody_may_listen_to_the_terminal_or_bend_kubectl(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", "/elsewhere")
    monkeypatch.setenv("KUBECTL_EXTERNAL_DIFF", "rm")
    assert "KUBECTL_EXTERNAL_DIFF" not in environment({})
    assert environment({"KUBECONFIG": "/mine"})["KUBECONFIG"] == "/mine"
    out, _, _ = ran((*PYTHON, "import os, sys; print(sys.stdin.read() == '', os.getsid(0) == os.getpid())"))
    assert out.split() == ["True", "True"]
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}bin")
    assert find("python3") is None, "nothing is taken from a relative folder"


def test_output_is_harmless_and_without_secrets() -> None:
    cleaned = Cleaned(redactor("key"), 10_000)
    shown = cleaned.take("ok\x1b[2J\npassword: hun") + cleaned.take(
        "ter2secret\n-----BEGIN RSA PRIVATE KEY-----\nMII"
    )
    assert "\x1b" not in shown
    assert "hunter2" not in shown
    shown += cleaned.take("abc\n-----END RSA PRIVATE KEY-----\nlast") + cleaned.rest()
    assert "MIIabc" not in shown
    assert shown.endswith("last\n")
    assert cleaned.kept == shown
    assert not cleaned.cut
    odd = Cleaned(redactor("key"), 10_000)
    shown = odd.take("  - name: DB_PASSWORD\n    value: abc\n  - name: MODE\n    value: fast\n")
    shown += odd.take('{"name":"API_TOKEN","value":"x1"},{"name":"N","value":"y2"}\n')
    assert [word in shown for word in ("abc", "fast", "x1", "y2")] == [False, True, False, True]
    small = Cleaned(redactor("key"), 5)
    small.take("0123456789\n")
    assert (small.kept, small.cut) == ("01234", True)


# --- within a walk --------------------------------------------------------------------------------------------------


TEXT = """# Pods are not ready

## Symptoms

Some pods are not ready.

## Resolution

Look at the pods:

```bash
kubectl get pods -n <namespace> -o wide | grep ovn-central
```

Look at a pod that is not there:

```bash
kubectl describe pod nobody -n default
```

Look at its ports:

```bash
kubectl ko vsctl <node> list-br
```

Restart it:

```bash
kubectl delete pod <pod>
```
"""


def article() -> Article:
    text, _ = parse_article(TEXT.encode(), "en.md", lang="en")
    assert text is not None
    return Article("pods", {"en": text}, "", guide=derive(Article("pods", {"en": text}, "")))


@pytest.fixture(scope="module")
def cluster() -> Iterator[Connection]:
    with practice("healthy") as found:
        yield found


def test_a_walk_runs_what_it_showed_and_writes_it_down(
    cluster: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The real kubectl against the practice cluster; a journal that is read again tells the same."""
    monkeypatch.setenv("HOME", str(tmp_path))
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    walk = Walk.open(cluster.cluster, article(), CATALOGUE, journal_dir=tmp_path)
    walk.choose(walk.causes()[0].cause.id)
    first, second, ports, third = walk.steps()
    with pytest.raises(NotLocal):
        plan_local(walk, first.id, {})
    with pytest.raises(NotLocal):
        plan_local(walk, third.id, {"pod": "x"})
    plan = plan_local(walk, first.id, {"namespace": "kube-system"})
    kubectl, grep = plan.argv
    assert kubectl[1:] == ("--context=practice-healthy", "get", "pods", "-n", "kube-system", "-o", "wide")
    assert Path(kubectl[0]).is_absolute()
    assert grep[1:] == ("ovn-central",)
    events = list(run_local(walk, plan))
    shown = "".join(e.text for e in events if isinstance(e, Output))
    assert shown.count("ovn-central") == 3
    assert isinstance(events[-1], StepEnded)
    assert walk.state(first.id) == "done", "what ended well is ticked off"

    *_, last = run_local(walk, plan_local(walk, second.id, {}))
    assert isinstance(last, StepEnded)
    assert walk.state(second.id) == "todo", "what failed is not"
    there = plan_local(walk, ports.id, {"node": "node-2"})
    (kubectl,) = there.argv
    assert kubectl[2:5] == ("exec", "-n", "kube-system")
    assert kubectl[6:] == ("-c", "openvswitch", "--", "ovs-vsctl", "list-br"), "without the plugin"
    assert "br-int" in "".join(e.text for e in run_local(walk, there) if isinstance(e, Output))
    with pytest.raises(NotLocal):
        plan_local(walk, ports.id, {"node": "nowhere"})
    asked = asked_by(cluster.cluster).requests  # type: ignore[arg-type]
    wrote = [one for one in asked if one.method != "GET" and not one.target.split("?")[0].endswith("/exec")]
    assert not wrote, "a reading command asks, and never tells"
    assert walk.path is not None
    walk.close()
    session = fold(FileJournal.open(walk.path).entries)
    one, two, _ = session.runs
    assert (one.code, one.output, one.argv) == (0, shown, plan.argv)
    assert one.line == "kubectl get pods -n kube-system -o wide | grep ovn-central"
    assert two.code == 1
    assert "nobody" in two.output
    markdown = session_markdown(session, "en")
    assert one.line in markdown
    assert "it ended with exit code 1" in markdown
    assert session_json(session, "zh")["runs"][0]["code"] == 0


def test_nothing_runs_where_klinik_is_connected_otherwise(
    cluster: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No cluster behind kubectl, no kubectl, or a kubeconfig that says something else by now."""
    walk = Walk.open(cluster_with(Ovn()), article(), CATALOGUE, journal=MemoryJournal())
    walk.choose(walk.causes()[0].cause.id)
    with pytest.raises(NotLocal):
        plan_local(walk, walk.steps()[0].id, {"namespace": "kube-system"})
    if shutil.which("kubectl") is None:
        return
    walk = Walk.open(cluster.cluster, article(), CATALOGUE, journal=MemoryJournal())
    walk.choose(walk.causes()[0].cause.id)
    plan = plan_local(walk, walk.steps()[0].id, {"namespace": "kube-system"})
    file = Path(plan.access.files[0])
    before = file.read_text()
    file.write_text(before.replace("https://127.0.0.1", "https://127.0.0.2"))
    try:
        with pytest.raises(NotLocal):
            list(run_local(walk, plan))
    finally:
        file.write_text(before)
    assert not walk.session.runs
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NotLocal, match="not installed"):
        plan_local(walk, walk.steps()[0].id, {"namespace": "kube-system"})
