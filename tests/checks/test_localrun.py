"""Reading commands of an article that klinik runs itself: which ones, and with which words."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.local.options import NotLocal
from checks.local.run import local_command, refusal
from kb.model import CommandAction, Input, Step, Undo
from kb.text import Text


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
