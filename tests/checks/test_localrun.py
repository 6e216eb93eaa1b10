"""Reading commands of an article that klinik runs itself: which ones, with which words, and how they end."""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.local.options import NotLocal
from checks.local.output import Cleaned
from checks.local.process import Ended, Piece, environment, find, run_pipe
from checks.local.record import run_of
from checks.local.run import local_command, refusal
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
from kb.model import Article, CommandAction, Input, Step, Undo
from kb.text import Text
from tests.checks.asked import asked_by
from tests.checks.incident import CATALOGUE, Ovn, cluster_with
from tui.connect import Connection, practice


def step(shell: str, *names: str) -> Step:
    inputs = tuple(Input(name, Text.of(name), "string") for name in names)
    return Step("s", Text.of("s"), Text(), Text(), CommandAction((), shell), Undo(Text()), inputs=inputs)


def words(shell: str, **values: str) -> tuple[tuple[str, ...], ...]:
    return local_command(step(shell, *values), values).stages


RUN = (
    "kubectl get pods -A",
    "kubectl -n kube-system get pod -owide --show-labels",
    "kubectl get subnet ovn-default -o jsonpath='{.status.v4usingIPs}'",
    "kubectl get pods -o custom-columns='NAME:.metadata.name' --sort-by=.metadata.name",
    "kubectl describe node node-1 2>/dev/null",
    "kubectl logs -n kube-system deploy/kube-ovn-controller --tail 50 -f",
    "kubectl top pods --containers",
    "kubectl rollout status deploy/x",
    "kubectl auth can-i get secrets",
    "kubectl get --raw '/readyz?verbose'",
    "kubectl get cm secretless -n x",
    "kubectl exec -n kube-system ovs-ovn-1 -- ovs-vsctl show",
    "kubectl exec -it ovn-central-0 -c ovn-central -- ovn-nbctl --no-leader-only list Logical_Router",
    "kubectl ko nbctl --no-leader-only list Logical_Router",
    "kubectl ko nb status",
    "kubectl exec p -- cat /proc/1/limits",
    "kubectl exec p -- ip -d link show",
    "kubectl exec p -- ping -c 3 10.0.0.1",
    "kubectl exec p -- etcdctl --cacert=/etc/kubernetes/pki/etcd/ca.crt endpoint status -w table",
    "kubectl exec p -- curl -s http://127.0.0.1:10665/metrics",
    "kubectl get pods -A | grep -v Running",
    "kubectl get pods -A --no-headers | awk '{print $2}' | sort | uniq -c | head -20",
    "kubectl get csr -o json | jq -r '.items[] | select(.spec.env == null) | .metadata.name'",
    "kubectl describe pod x | sed -n '1,20p'",
    "kubectl get pods 2>&1 | tail -n 5",
)
REFUSED = {
    # other tools, shells and plugins
    "systemctl status kubelet": "tool",
    "sudo kubectl get pods": "tool",
    "./kubectl get pods": "writes",
    "timeout 5 kubectl get pods": "tool",
    "kubectl ko diagnose all": "verb",
    "kubectl ko nbctl lsp-del x": "writes",
    "kubectl ko nb kick x": "writes",
    "kubectl ko vsctl -- show": "verb",
    "kubectl cnpg status": "writes",
    "kubectl": "writes",
    "kubectl config view --raw": "verb",
    "kubectl cluster-info dump": "verb",
    "kubectl -v=9 get pods": "option",
    # writes, whatever they call themselves
    "kubectl delete pod x": "writes",
    "kubectl apply --dry-run=server -f x.yaml": "verb",
    "kubectl port-forward pod/x 80": "writes",
    "kubectl exec p -- ovs-vsctl del-br br-int": "writes",
    "kubectl exec p -- sh -c 'ls'": "writes",
    "kubectl exec p -- env": "inside",
    "kubectl exec p ls": "writes",
    "kubectl rollout -w status restart deploy/x": "writes",
    "kubectl top --containers pods": "verb",
    "kubectl exec p -- etcdctl get / --prefix": "option",
    "kubectl exec p -- etcdctl get /registry/secrets/x": "inside-writes",
    "kubectl exec p -- ping -f 10.0.0.1": "option",
    # another cluster, another user
    "kubectl --context prod get pods": "own",
    "kubectl get pods --kubeconfig=/tmp/other": "own",
    "kubectl get pods --token abc": "own",
    "kubectl get pods --as=system:admin": "own",
    "kubectl get pods --server https://10.0.0.1:6443": "own",
    "KUBECONFIG=/tmp/x kubectl get pods": "variable",
    # credentials
    "kubectl get secret": "secret",
    "kubectl get SECRETS/x -o yaml": "secret",
    "kubectl get pods,secrets.v1. -A": "secret",
    "kubectl describe secret -n x y": "secret",
    "kubectl get --raw /api/v1/namespaces/x/secrets/y": "raw",
    "kubectl get --raw /api/v1/nodes/n/proxy/pods": "raw",
    "kubectl exec p -- cat /var/run/secrets/kubernetes.io/serviceaccount/token": "inside-file",
    "kubectl exec p -- cat /proc/1/environ": "inside-file",
    "kubectl exec p -- cat /var/log/../../etc/shadow": "inside-file",
    "kubectl exec p -- head -n 5 -- /etc/kubernetes/admin.conf": "inside-file",
    "kubectl exec p -- printenv": "inside",
    "kubectl exec p -- ps eww": "inside",
    "kubectl exec p -- curl http://169.254.169.254/latest/meta-data": "inside-writes",
    "kubectl exec p -- curl -s http://127.0.0.1@evil.example/metrics": "inside-writes",
    # files of this machine
    "kubectl get -f /etc/shadow": "option",
    "kubectl get pods -o jsonpath-file=/etc/shadow": "form",
    "kubectl get pods -o go-template-file=/etc/shadow": "form",
    "kubectl get pods --template=/etc/shadow": "form",
    "kubectl get pods | grep -f /etc/shadow x": "option",
    "kubectl get pods | grep root /etc/shadow": "filter-file",
    "kubectl get pods | head /etc/shadow": "filter-file",
    "kubectl get pods | jq -n 'env'": "filter-program",
    "kubectl get pods | jq -n '$ENV.HOME'": "filter-program",
    "kubectl get pods | jq -n '[1] | map(env)'": "filter-program",
    "kubectl get pods | awk 'BEGIN{ARGV[1]=\"/etc/shadow\";ARGC=2}{print}'": "filter-program",
    "kubectl get pods | awk '{print ENVIRON[\"HOME\"]}'": "writes",
    "kubectl get pods | sed -n '1w /tmp/x'": "writes",
    "kubectl get pods | sort -o /tmp/x": "writes",
    "kubectl get pods | base64 -d": "filter",
    "kubectl get pods -o name | xargs kubectl get": "filter",
    # what a shell would do
    "kubectl get pods > /tmp/x": "writes",
    "kubectl get pods; kubectl get nodes": "several",
    "kubectl get pods && kubectl get nodes": "several",
    "kubectl get pods &": "writes",
    "kubectl get pod $(kubectl get pod -o name)": "substitution",
    "kubectl get pod `hostname`": "substitution",
    "kubectl get pod $POD": "expands",
    "kubectl get pod a*": "expands",
    "kubectl get pods < /etc/hosts": "redirect",
    "kubectl get pods 'x": "writes",
}  # fmt: skip


@pytest.mark.parametrize("shell", RUN)
def test_what_only_reads_may_run(shell: str) -> None:
    assert refusal(step(shell)) is None
    stages = words(shell)
    assert stages[0][0] == "kubectl"


@pytest.mark.parametrize("shell", REFUSED)
def test_everything_else_is_refused_with_its_reason(shell: str) -> None:
    from kb.messages import area

    with pytest.raises(NotLocal) as refused:
        words(shell)
    assert refusal(step(shell)) is not None
    start = area("localrun")[REFUSED[shell]].en.split("{")[0]
    assert refused.value.text.en.startswith(start), refused.value.text.en


def test_a_terminal_is_not_asked_for_and_quotes_are_gone() -> None:
    assert words("kubectl exec -it -n kube-system --tty=true p -- ovs-vsctl show") == (
        ("kubectl", "exec", "-n", "kube-system", "p", "--", "ovs-vsctl", "show"),
    )
    assert words("kubectl get pods -l 'app in (a, b)' | grep 'a  b'") == (
        ("kubectl", "get", "pods", "-l", "app in (a, b)"),
        ("grep", "a  b"),
    )


def test_a_value_is_judged_with_the_line() -> None:
    """What reads for most values does not for every one."""
    assert words("kubectl get {kind} -n {ns}", kind="pods", ns="x")[0][2] == "pods"
    for kind in ("secrets", "pods,secret/x", "Secret"):
        with pytest.raises(NotLocal):
            words("kubectl get {kind} -n {ns}", kind=kind, ns="x")
    with pytest.raises(NotLocal):
        words("kubectl {verb} pods", verb="delete")
    with pytest.raises(NotLocal):
        words("kubectl get pods | jq '.x == \"{name}\"'", name='" or env or "')
    with pytest.raises(NotLocal):
        words("kubectl get pods -n {ns}", ns="")


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(range(5)),
    st.text(min_size=0, max_size=40) | st.sampled_from(["-A", "--", "a b", "';id;'", "$(id)"]),
)
def test_no_value_leaves_its_word(which: int, value: str) -> None:
    """Whatever is filled in, the words stay as many, each where it was, and none becomes an option."""
    shell, at, whole = (
        ("kubectl get pod {x} -n kube-system", 3, True),
        ("kubectl -n {x} get pods", 2, True),
        ("kubectl logs --tail=5 pod/{x} -n y", 3, False),
        ("kubectl exec -n y {x} -- ovs-vsctl show", 4, True),
        ("kubectl get pods -A -l app={x}", 5, False),
    )[which]
    try:
        (found,) = words(shell, x=value)
    except NotLocal:
        return
    plain = shell.split()
    assert len(found) == len(plain)
    assert [w for n, w in enumerate(found) if n != at] == [w for n, w in enumerate(plain) if n != at]
    assert found[at] == plain[at].replace("{x}", value)
    assert not whole or not found[at].startswith("-")


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
