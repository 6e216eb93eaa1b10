"""Risk is computed from what an action does, and never too low."""

from __future__ import annotations

import pytest

from checks.risk.command import risk_of_argv
from checks.risk.degrees import effective, risk_of
from kb.model import (
    Action,
    DeleteAction,
    ExecAction,
    ManualAction,
    PatchAction,
    RecreateAction,
    RestartAction,
    Step,
    Undo,
    WaitAction,
)
from kb.text import Text

COMMANDS = [
    ("read", "ovn-nbctl --timeout=10 --format=json --columns=name,options list Logical_Router"),
    ("read", "ovn-nbctl -t 10 show"),
    ("read", "ovn-nbctl lsp-get-addresses web-0.default"),
    ("read", "ovn-sbctl --bare --columns=_uuid list MAC_Binding"),
    ("read", "ovs-vsctl get open . external_ids:system-id"),
    ("read", "ovs-ofctl dump-aggregate br-int table=66"),
    ("read", "ovs-ofctl -O OpenFlow13 dump-flows br-int"),
    ("read", "ovs-appctl dpif-netlink/dispatch-mode"),
    ("read", "ovn-appctl -t /var/run/ovn/ovnnb_db.ctl cluster/status OVN_Northbound"),
    ("read", "ovs-dpctl dump-flows"),
    ("read", "cat /proc/net/netlink"),
    ("read", "tail -n 2000 /var/log/ovn/ovn-controller.log"),
    ("read", "kubectl -n kube-system get pods -l app=ovs"),
    ("read", "kubectl -n kube-system exec ovs-ovn-x -c openvswitch -- ovs-vsctl show"),
    ("read", "kubectl ko nbctl show"),
    ("read", "curl -s -w %{http_code} -o /dev/null https://10.0.0.1:6443/healthz"),
    ("destructive", "curl -s -w %output{/etc/x}%{url} http://10.0.0.1/"),
    ("destructive", "curl gopher://10.0.0.1:6379/_FLUSHALL"),
    ("destructive", "curl -s DICT://10.0.0.1:6379/flushall"),
    ("read", "ceph health detail"),
    ("low", "ceph health mute OSD_DOWN"),
    ("destructive", "ovs-ofctl dump-flows br-int --log-file=/etc/x"),
    ("destructive", "ovn-trace --log-file=/etc/x ls1 x"),
    ("destructive", "ovn-nbctl show --pidfile=/etc/x"),
    ("low", "ovn-nbctl set Logical_Router {router} options:always_learn_from_arp_request=false"),
    ("low", "ovn-nbctl remove Logical_Router {router} options dynamic_neigh_routers"),
    ("low", "ovn-sbctl --timeout=30 --if-exists destroy MAC_Binding {item.uuid}"),
    ("low", "ovn-sbctl --timeout=30 -- create MAC_Binding ip=10.0.0.1 -- create MAC_Binding ip=10.0.0.2"),
    ("low", "ovs-vsctl set open . external-ids:ovn-remote-probe-interval=180000"),
    ("low", "ovn-appctl -t ovn-controller vlog/set file:dbg"),
    ("low", "kubectl annotate subnet {s} kb-touch=1 --overwrite"),
    ("disruptive", "ovs-vsctl set open . external-ids:ovn-remote=tcp:10.0.0.1:6642"),
    ("disruptive", "ovs-vsctl set open . external-ids:{key}=x"),
    ("disruptive", "ovs-vsctl set Interface gre0 options:remote_ip=10.0.0.9"),
    ("disruptive", "ovn-nbctl clear Logical_Router lr options"),
    ("disruptive", "ovn-sbctl --all destroy MAC_Binding"),
    ("disruptive", "ovs-vsctl --if-exists --with-iface del-port br-int {port}"),
    ("disruptive", "/usr/share/ovn/scripts/ovn-ctl restart_controller"),
    ("disruptive", "ovn-appctl -t /var/run/ovn/ovnsb_db.ctl ovsdb-server/compact"),
    ("disruptive", "kubectl -n kube-system delete pod ovs-ovn-x"),
    ("disruptive", "kubectl -n kube-system rollout restart ds/ovs-ovn"),
    ("disruptive", "ovs-vsctl remove Interface eth0_h external_ids iface-id"),
    ("disruptive", "ovs-vsctl set interf gre0 options:remote_ip=10.0.0.9"),
    ("disruptive", "ovs-vsctl set O . external_ids:ovn-remote=tcp:10.0.0.1:6642"),
    ("disruptive", "ovn-nbctl set {table} x options:requested-chassis=y"),
    ("disruptive", "ovn-nbctl set Logical_Router lr options:{key}=true"),
    ("disruptive", "ovn-nbctl set Logical_Router lr options:chassis=node-1"),
    ("disruptive", "ovn-nbctl set Logical_Switch_Port web-0 options:requested-chassis=node-1"),
    ("disruptive", "ovs-appctl upcall/set-flow-limit 1"),
    ("disruptive", "kubectl create -f webhook.yaml"),
    ("disruptive", "ovn-sbctl --id list create Chassis name=x"),
    ("destructive", "kubectl --token get delete node worker-1"),
    ("destructive", "kubectl delete pod/web-0 subnet/ovn-default"),
    ("destructive", "kubectl -n kube-system delete pod --all"),
    ("destructive", "kubectl replace --force -f x.yaml"),
    ("destructive", "kubectl apply --prune -f x.yaml"),
    ("destructive", "ovn-nbctl --if-exists lsp-del {ip}"),
    ("destructive", "ovn-nbctl show -- lr-del ovn-cluster"),
    ("destructive", "ovn-sbctl destroy Port_Binding x"),
    ("destructive", "ovn-sbctl destroy {table} x"),
    ("destructive", "ovn-appctl -t ovn-controller exit"),
    ("destructive", "ovn-appctl -t /var/run/ovn/ovnnb_db.ctl cluster/kick OVN_Northbound ab12"),
    ("destructive", "ovs-ofctl del-flows br-int"),
    ("destructive", "ovs-vsctl del-br br-int"),
    ("destructive", "ovs-vsctl -x show"),
    ("destructive", "ovn-nbctl --private-key show lr-del ovn-cluster"),
    ("destructive", "ovn-nbctl show --"),
    ("destructive", "kubectl delete ip web-0.default"),
    ("destructive", 'kubectl patch ip x --type=merge -p {"metadata":{"finalizers":[]}}'),
    ("destructive", "kubectl exec pod -- rm -rf /"),
    ("destructive", "sh -c true"),
    ("destructive", "/tmp/ovn-nbctl show"),
    ("destructive", "{program} show"),
    ("destructive", "frobnicate"),
    ("destructive", "ovn-nbctl"),
    ("destructive", "ovn-nbctl frobnicate x"),
]


@pytest.mark.parametrize(("risk", "command"), COMMANDS, ids=[c for _, c in COMMANDS])
def test_a_command_has_the_risk_of_what_it_does(risk: str, command: str) -> None:
    """Tables of programs and subcommands; the worst of several commands; unknown is destructive."""
    assert risk_of_argv(tuple(command.split())) == risk


ACTIONS: list[tuple[str, Action]] = [
    ("low", PatchAction("v1/nodes", "{n}", {"metadata": {"annotations": {"a": "b"}}})),
    ("destructive", PatchAction("kubeovn.io/v1/ips", "{n}", {"metadata": {"finalizers": []}})),
    ("disruptive", PatchAction("kubeovn.io/v1/subnets", "{n}", {"spec": {"private": True}})),
    ("disruptive", PatchAction("x.io/v1/a", "n", {"spec": {}, "metadata": {"labels": {"a": "b"}}})),
    ("destructive", PatchAction("x.io/v1/a", "n", {"{key}": 1})),
    (
        "destructive",
        PatchAction(
            "kubeovn.io/v1/ips",
            "n",
            [
                {"op": "test", "path": "/metadata/finalizers/0", "value": "x"},
                {"op": "remove", "path": "/metadata/finalizers/0"},
            ],
            type="json",
        ),
    ),
    (
        "low",
        PatchAction(
            "v1/nodes", "n", [{"op": "add", "path": "/metadata/labels/a~1b", "value": "x"}], type="json"
        ),
    ),
    ("destructive", PatchAction("v1/nodes", "n", [{"op": "replace", "path": "", "value": {}}], type="json")),
    (
        "destructive",
        PatchAction(
            "kubeovn.io/v1/ips",
            "n",
            [{"op": "move", "from": "/metadata/finalizers", "path": "/metadata/annotations/x"}],
            type="json",
        ),
    ),
    ("destructive", DeleteAction("kubeovn.io/v1/ips", "{item.name}")),
    ("disruptive", RestartAction("ovs@{node}")),
    ("low", RecreateAction()),
    ("read", WaitAction(5)),
    ("read", ManualAction(Text("do it", "做"))),
    ("destructive", ExecAction("ovs", ("ovn-sbctl",), tail=("--", "destroy", "Chassis", "{item}"))),
]


@pytest.mark.parametrize(("risk", "action"), ACTIONS)
def test_an_action_has_the_risk_of_what_it_touches(risk: str, action: Action) -> None:
    """Labels and annotations are low, finalizers and deletions destructive, specs and restarts disruptive."""
    assert risk_of(action) == risk


def test_a_step_may_raise_its_risk_and_never_lower_it() -> None:
    """The declared risk counts only where it is the higher one."""

    def step(action: Action, risk: str | None) -> Step:
        return Step("s", Text("s"), Text(), Text(), action, Undo(Text()), risk=risk)  # type: ignore[arg-type]

    assert effective(step(DeleteAction("v1/pods", "x"), "low")) == "destructive"
    assert effective(step(WaitAction(1), "disruptive")) == "disruptive"
    assert effective(step(ManualAction(Text("x")), None)) == "read"


@pytest.mark.parametrize("option", ["--log-file=/etc/passwd", "--pidfile=/tmp/x", "--no-such=1"])
def test_an_option_that_is_not_known_to_be_harmless_makes_a_read_destructive(option: str) -> None:
    """Options with values can write files; only those known to write nothing pass."""
    assert risk_of_argv(("ovn-sbctl", option, "list", "Chassis")) == "destructive"
    assert risk_of_argv(("ovn-sbctl", "--columns=name", "list", "Chassis")) == "read"
