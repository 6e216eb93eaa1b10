"""Commands out of the texts of articles: which are run, what is only spoken of, and what the reader fills in."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.derive.fences import commands
from kb.derive.names import named
from kb.derive.slots import template
from kb.model import CodeBlock
from kb.shell import parse
from tests.kb.deriving import guide, shells


@pytest.mark.parametrize(
    ("info", "text", "wanted"),
    [
        ("", "[root@n1 ~]# kubectl get po\nNAME   READY\nweb-0  1/1\n", ["kubectl get po"]),
        ("console", "sh-4.4$ ovs-vsctl show\n    Bridge br-int\n", ["ovs-vsctl show"]),
        ("", "# kubectl get no\nn1  Ready\n# ip a\n", ["kubectl get no", "ip a"]),
        (
            "bash",
            "kubectl get po\n# Output:\nweb-0 ready\n\nkubectl get no",
            ["kubectl get po", "kubectl get no"],
        ),
        ("bash", "apiVersion: v1\nkind: Pod\n", []),
        ("yaml", "kubectl: get\n", []),
        ("bash", "kubectl apply -f - <<EOF\na: 1\nEOF\nls", ["kubectl apply -f - <<EOF\na: 1\nEOF", "ls"]),
        ("bash", "for i in 1 2; do\n  echo $i\ndone", ["for i in 1 2; do\n  echo $i\ndone"]),
        ("", "2024-01-01T00:00:00Z ERR it broke\n", []),
        ("bash", 'time=1 level=WARN msg="no parser for x"\n', []),
        ("bash", "A=1 B=2 env\n", ["A=1 B=2 env"]),
        ("bash", 'kubectl delete po a\npod "a" deleted\n', ["kubectl delete po a"]),
        ("bash", "server {\n  listen 80;\n  root /srv/www;\n}\n", []),
        ("bash", "/data   what is kept\n/srv/a *\n/opt/x/bin/run --now\n", ["/opt/x/bin/run --now"]),
        (
            "bash",
            "for a in 1 2; do\n  [ $a = 1 ] && {\n    echo $a\n  }\ndone\nls { a; }",
            ["for a in 1 2; do\n  [ $a = 1 ] && {\n    echo $a\n  }\ndone", "ls { a; }"],
        ),
        (
            "bash",
            "backup() {\n  name=$1\n  cp $name $name.old\n}\n\nbackup a",
            ["backup() {\n  name=$1\n  cp $name $name.old\n}", "backup a"],
        ),
        (
            "bash",
            "kubectl get ns a\n# No resources found\n\nkubectl get ns b",
            ["kubectl get ns a", "kubectl get ns b"],
        ),
    ],
)
def test_a_block_gives_its_commands_and_not_its_output(info: str, text: str, wanted: list[str]) -> None:
    assert [shown.shell for shown in commands(CodeBlock(info, text, 1))] == wanted


@pytest.mark.parametrize(
    ("line", "shell", "names"),
    [
        ("kubectl logs <pod> -n <your-namespace>", "kubectl logs {pod} -n {namespace}", ["pod", "namespace"]),
        ('kubectl -n "${NAMESPACE}" get po', 'kubectl -n "{namespace}" get po', ["namespace"]),
        ("kubectl drain worker-1", "kubectl drain {node}", ["node"]),
        ("ping -c 3 10.16.0.5", "ping -c 3 {ip}", ["ip"]),
        ("ovn-nbctl lr-route-list <路由器名称>", "ovn-nbctl lr-route-list {router}", ["router"]),
        (
            "kubectl get po -o jsonpath='{.items[*]}{end}'",
            "kubectl get po -o jsonpath='{.items[*]}{end}'",
            [],
        ),
        ("awk '{print $1}' f", "awk '{print $1}' f", []),
        ("kubectl delete pod web-7d9f8b6c5d-abcde", "kubectl delete pod {pod}", ["pod"]),
        ("kubectl get po -n kube-system", "kubectl get po -n kube-system", []),
    ],
)
def test_what_stands_for_the_readers_own_values_becomes_an_input(
    line: str, shell: str, names: list[str]
) -> None:
    found = template(line)
    assert found.shell == shell
    assert [slot.name for slot in found.slots] == names


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_no_line_makes_the_shell_parser_fail(text: str) -> None:
    parse(text)
    template(text[:200])


def test_a_comment_behind_a_command_is_its_answer_and_not_the_next_ones_name() -> None:
    one, other = commands(CodeBlock("bash", "ip a\n# nothing here\n\n# the routes\nip r", 1))
    assert (one.output, one.comment, other.comment) == ("# nothing here", "", "the routes")


def test_variables_are_inputs_unless_something_else_reads_them() -> None:
    """A name that only commands take is asked for; what a program or a manifest reads stays a step."""
    text = """# T

## Resolution

```bash
NS=kube-system
export KUBECONFIG=/tmp/other
export IMAGE=registry/x
NODE=$(kubectl get no -o name | head -1)
CONTEXT="$SPARE" kubectl -n $NS get po
kubectl drain $NODE
```

```yaml
apiVersion: v1
image: ${IMAGE}
```
"""
    assert shells(guide(en=text)) == [
        "export KUBECONFIG=/tmp/other",
        "export IMAGE=registry/x",
        "NODE=$(kubectl get no -o name | head -1)",
        'CONTEXT="{spare}" kubectl -n {namespace} get po',
        "kubectl drain $NODE",
    ]


def test_words_about_commands_are_no_steps() -> None:
    """A command without its object is only named; what doing something brings about is not asked for."""
    text = (
        "# 网关丢包\n\n## 解决方案\n\n- 用 `kubectl describe` 查看。\n- 使用 `ip route show` 查看路由。\n"
        "- 修改该参数会重启网关。\n"
    )
    found = guide(zh=text)
    assert shells(found) == ["ip route show"]


def test_commands_in_lists_without_marks_are_steps_and_what_is_seen_is_not() -> None:
    """As a ticket system exports it: no fences, the symptom before the first heading."""
    text = """# 网关

网关内存占用偏高。

## 根因

1. 表项没有清理。
2. 网关没有老化机制。

## 处理

- kubectl ko nbctl set logical_router r options:x=false
- 手动执行：./clean.sh "10.16."
- 清理：重启网关

## 临时方案

- 避免频繁创建网关
"""
    found = guide(zh=text)
    assert [s.text.zh for s in found.symptoms] == ["网关内存占用偏高"]
    assert len(found.causes) == 2
    assert shells(found) == ["kubectl ko nbctl set logical_router r options:x=false", './clean.sh "10.16."']
    assert [s.text.zh for s in found.steps[2:]] == ["清理：重启网关", "避免频繁创建网关"]


def test_a_command_that_a_sentence_only_speaks_of_is_no_step() -> None:
    """What was done when it failed, or what it would do, is not to be run."""
    text = """# T

## Issue

Running `virtctl memory-dump <vm> --create` fails with an error.

```bash
kubectl get vmi
```

## Diagnostic Steps

Sending signals does not help: running `kill -9 <pid>` will leave it asleep.

Run `kubectl describe vmi <vm>` and read its events.

## Resolution

Apply this:

```bash
cat <<EOF | kubectl apply -f -
kind: Pod
metadata:
  name: <pod-name>
  labels: {a: <b>bold</b>}
EOF
```
"""
    found = guide(en=text)
    assert shells(found)[:2] == ["kubectl get vmi", "kubectl describe vmi {vm}"]
    assert len(found.steps) == 3
    assert "name: {pod}" in shells(found)[2]
    assert "<b>bold</b>" in shells(found)[2]
    assert [i.name for i in found.steps[-1].inputs] == ["pod"]


@pytest.mark.parametrize(
    ("label", "name", "kind"),
    [
        ("port", "port", "int"),
        ("port-name", "port_name", "name"),
        ("PORT_NAME", "port_name", "name"),
        ("端口名称", "port_name", "name"),
        ("端口", "port", "int"),
        ("node-name", "node", "node"),
    ],
)
def test_the_name_of_a_numbered_thing_is_no_number(label: str, name: str, kind: str) -> None:
    found = named(label)
    assert (found.name, found.type) == (name, kind)
