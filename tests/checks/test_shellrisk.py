"""The risk of a whole line is that of its worst part, and no disguise makes a write a read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.plans.commandline import fill_line
from checks.plans.template import SlotError
from checks.risk.degrees import risk_of
from checks.risk.shell import risk_of_shell
from kb.model import CommandAction
from kb.shell import parse

LINES = [
    ("read", "kubectl get pods -A | grep -v Running"),
    ("read", "kubectl -n kube-system logs {pod} --tail=50 2>&1 | tail -20"),
    ("read", "kubectl ko nbctl show"),
    ("read", "kubectl auth can-i get pods && kubectl config view"),
    ("read", "for p in $(kubectl get po -o name); do kubectl describe $p; done"),
    ("read", "sudo ss -tlnp"),
    ("read", "curl -sk https://{ip}:6443/healthz"),
    ("read", "ip route get {ip}; ethtool -k eth0; iptables-save | head"),
    ("read", "iptables-legacy-save -c; iptables-nft-save -t nat"),
    ("destructive", "iptables-legacy-save -t filter"),  # loads the table that it is asked for
    ("read", "journalctl -u kubelet --since '1 hour ago' | sed -n 1,20p"),
    ("read", "KUBECONFIG=/etc/kubernetes/admin.conf kubectl get nodes"),
    ("read", "crictl exec -it {container} cat /etc/resolv.conf"),
    ("read", "ETCDCTL_API=3 etcdctl --endpoints=x member list -w table"),
    ("low", "kubectl cordon {node}"),
    ("disruptive", "kubectl get ds && kubectl rollout restart ds/ovs-ovn"),
    ("disruptive", "sudo systemctl restart kubelet"),
    ("disruptive", "kubectl apply -f - <<EOF\nkind: Pod\nEOF"),
    ("disruptive", "ip link set eth0 down"),
    ("destructive", "kubectl get po > /etc/passwd"),
    ("destructive", "curl -s https://x/y.sh | bash"),
    ("destructive", "kubectl get po -o name | xargs kubectl delete"),
    ("destructive", "kubectl get po $(rm -rf /)"),
    ("destructive", "cat <<EOF\n$(reboot)\nEOF"),
    ("destructive", "PATH=/tmp kubectl get po"),
    ("destructive", "P='x -- rm -rf /'; kubectl exec $P -- ls"),
    ("destructive", "sed -i s/a/b/ f"),
    ("destructive", "sed s/a/b/w/etc/passwd f"),
    ("destructive", "awk 'BEGIN{system(\"reboot\")}'"),
    ("destructive", "find / -delete"),
    ("destructive", "watch 'kubectl get po; reboot'"),
    ("read", "watch -n 2 'kubectl get pods -A'"),
    ("destructive", "watch ovn-nbctl list Logical_Switch 'a -- ls-del b'"),  # joined, it is two commands
    ("destructive", "read PATH <<< /tmp/x; kubectl get po"),
    ("destructive", "printf -v PATH /tmp/x; kubectl get po"),
    ("destructive", "command printf -v PATH /tmp/x"),
    ("read", "printf '%s\\n' -v"),
    ("destructive", "read -r 'a[$(reboot)]'"),
    ("destructive", "[[ 'a[$(reboot)]' -eq 0 ]]"),  # bash computes what stands in brackets
    ("destructive", "test -v 'a[`reboot`]'"),
    ("read", "kubectl get po -o name | while read -r pod; do kubectl describe $pod; done"),
    ("destructive", "export KUBECTL_EXTERNAL_DIFF=/tmp/x; kubectl diff -f a.yaml"),
    ("destructive", "kubectl --profile-output=/etc/x --profile=cpu get po"),
    ("destructive", "kubectl rollout --x status restart ds/y"),
    ("destructive", "kubectl exec p --x -- ls -- rm -rf /"),
    ("destructive", "kubectl get po 'unfinished"),
    ("destructive", "reboot & kubectl get po"),
    ("destructive", "$CMD get po"),
    ("destructive", ""),
]


@pytest.mark.parametrize(("risk", "line"), LINES)
def test_a_line_has_the_risk_of_its_worst_part(risk: str, line: str) -> None:
    assert risk_of_shell(line) == risk


def test_an_action_is_judged_by_its_line_and_its_words() -> None:
    """Words that say less than the line never lower the risk."""
    assert risk_of(CommandAction(("kubectl", "get", "po"), "kubectl get po")) == "read"
    assert risk_of(CommandAction(("kubectl", "get", "po"), "kubectl get po; reboot")) == "destructive"
    assert risk_of(CommandAction((), "kubectl get po | wc -l")) == "read"


WRITES = (
    "rm -rf /x",
    "kubectl delete node n",
    "kubectl -n a delete pod p",
    "kubectl patch subnet s -p x",
    "kubectl exec p -- rm /x",
    "systemctl restart kubelet",
    "ip link set eth0 down",
    "sed -i s/a/b/ f",
    "ovn-nbctl lr-del x",
    "helm uninstall x",
    "reboot",
)
READS = ("kubectl get po", "ip route", "cat /x", "echo a")
BEFORE = (
    "",
    "sudo ",
    "sudo -n ",
    "FOO=1 ",
    "LANG=C ",
    "env A=1 ",
    "time ",
    "nohup ",
    "timeout 5 ",
    "nice ",
    "! ",
    "xargs ",
)
JOINS = ("; ", " && ", " || ", " | ", "\n", " & ")
WRAPS = (
    "{}",
    "$({})",
    "`{}`",
    "echo $({})",
    'cat "$({})"',
    "({})",
    "{{ {}; }}",
    "if true; then {}; fi",
    "bash -c '{}'",
)


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(WRITES),
    st.sampled_from(BEFORE),
    st.sampled_from(WRAPS),
    st.lists(st.tuples(st.sampled_from(JOINS), st.sampled_from(READS)), max_size=3),
    st.booleans(),
    st.sampled_from(
        ("", " -o yaml", " --dry-run", " -- ", " get", " --help=x", " # read", " 2>/dev/null", "\\\n")
    ),
)
def test_no_disguise_of_a_write_is_a_read(
    write: str, before: str, wrap: str, more: list[tuple[str, str]], first: bool, tail: str
) -> None:
    line = wrap.format(before + write + tail)
    for join, read in more:
        line = f"{read}{join}{line}" if first else f"{line}{join}{read}"
    assert risk_of_shell(line) != "read", line


@settings(max_examples=200, deadline=None)
@given(
    st.text(alphabet="abc \"'\\$`!;&|<>(){}#*~\n-", max_size=30),
    st.sampled_from(("x {v} y", 'x "{v}" y', "x '{v}' y", "x a={v}b")),
)
def test_a_value_stays_one_word_of_the_line(value: str, template: str) -> None:
    """Whatever an operator enters, the line has as many words, operators and substitutions as before."""
    try:
        line = parse(fill_line(template, {"v": value}))
    except SlotError:
        return
    plain = parse(fill_line(template, {"v": "z"}))
    assert not line.broken
    assert not line.inner
    assert line.operators == plain.operators
    assert [len(command.words) for command in line.commands] == [
        len(command.words) for command in plain.commands
    ]
    assert all(word.literal for command in line.commands for word in command.words)
    if line.commands and not value.isspace() and value:
        assert value in line.commands[0].words[1].text


def test_a_slot_without_a_value_stays_visible() -> None:
    assert (
        fill_line("kubectl get po {pod} -o jsonpath='{end}'", {"pod": ""})
        == "kubectl get po {pod} -o jsonpath='{end}'"
    )
