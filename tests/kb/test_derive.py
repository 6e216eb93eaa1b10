"""Guides out of the texts of articles: what an operator can walk through, and never what is not there."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb.articlefile import parse_article
from kb.derive import derive
from kb.derive.worth import is_worth_walking
from kb.model import Article, ManualAction
from tests.kb.deriving import EN, ZH, article, guide, shells


def test_an_article_in_two_languages_is_one_guide() -> None:
    """Looking comes before doing, commands have inputs, both languages stand side by side."""
    found = guide(en=EN, zh=ZH)
    assert found.origin == "derived"
    assert [s.text.en for s in found.symptoms] == ["Pods on a restarted node cannot reach the outside"]
    assert found.symptoms[0].text.zh == "重启节点上的 Pod 无法访问外部"
    assert found.signatures == ("failed to add route: no such device",)
    (cause,) = found.causes
    assert (cause.text.en, cause.text.zh) == (
        "The agent starts before the uplink is up",
        "代理在上行链路就绪之前启动",
    )
    assert cause.fix == tuple(step.id for step in found.steps)
    assert shells(found) == [
        "ip route show",
        "kubectl logs {agent_pod} -n kube-system",
        "kubectl -n kube-system get pod -o wide | grep {node}",
        "kubectl -n kube-system delete pod {agent_pod} --wait=false",
    ]
    restart = found.steps[2]
    assert restart.text.en == "Restart the agent on the node"
    assert restart.text.zh == "重启该节点上的代理"
    assert "find the agent" in restart.explain.en
    assert [(i.name, i.type) for i in restart.inputs] == [("node", "node")]
    assert restart.action.kind == "command"
    assert restart.action.argv == ()


def test_one_language_speaks_for_both() -> None:
    assert guide(zh=ZH).causes[0].text.en == "代理在上行链路就绪之前启动"


def test_several_causes_get_the_steps_that_name_them() -> None:
    """A step under the heading of one cause is not offered for another; steps of no cause are for all."""
    text = """# 隧道中断

## 现象

跨节点不通。

## 可能原因

### 原因一：MTU 过大

外层报文被丢弃。

### 原因二：端口被防火墙拦截

UDP 6081 被拒绝。

## 解决方案

### 原因一

```bash
ip link set dev {0} mtu 1400
```

### 原因二

```bash
firewall-cmd --add-port=6081/udp
```
"""
    found = guide(zh=text.replace("{0}", "eth0"))
    assert [c.text.zh for c in found.causes] == ["MTU 过大", "端口被防火墙拦截"]
    assert [len(c.fix) for c in found.causes] == [1, 1]
    assert found.causes[0].fix != found.causes[1].fix


def test_a_title_is_a_symptom_and_a_missing_cause_is_said() -> None:
    text = (
        "# Subnet stuck in Terminating when its pods are gone\n\n## Resolution\n\n"
        "1. Remove the last address.\n2. Delete it again.\n"
    )
    found = guide(en=text)
    assert found.symptoms[0].text.en == "Subnet stuck in Terminating when its pods are gone"
    assert "names no cause" in found.causes[0].text.en
    assert [type(step.action) for step in found.steps] == [ManualAction, ManualAction]
    assert [step.text.en for step in found.steps] == ["Remove the last address", "Delete it again"]


def test_an_overview_is_no_guide() -> None:
    text = "# Overview of gateways\n\n## Concepts\n\nA gateway is a node.\n\n```bash\nkubectl get gw\n```\n"
    assert derive(article(kinds=("Information",), en=text)) is None


HOW_TO = """# How to expose a subnet to the outside

## Overview

Workloads outside the cluster sometimes have to reach pods by their own addresses.

## Prerequisites

1. Install the client.

## Steps

### Step 1: Label the gateway

```bash
kubectl label node <node> gateway=true
```

### Announce the subnet

```yaml
announce: true
```

## Verification

```bash
kubectl get subnet <subnet> -o yaml
```

## Summary

Use `kubectl delete` to take it back.
"""


def test_a_procedure_is_walked_in_its_own_order_and_says_what_it_is_for() -> None:
    """It has no cause: its one cause is the situation it is for, said as such."""
    found = derive(article(kinds=("How To",), en=HOW_TO))
    assert found is not None
    assert [s.text.en for s in found.symptoms] == [
        "Workloads outside the cluster sometimes have to reach pods by their own addresses"
    ]
    (cause,) = found.causes
    assert cause.text.en == "What this article is for: How to expose a subnet to the outside"
    assert cause.text.zh.startswith("本文适用的情形")
    assert "sometimes have to reach" in cause.explain.en
    assert [step.id for step in found.steps] == ["fix-1", "fix-2", "verify-1"]
    assert [step.text.en for step in found.steps] == [
        "Step 1: Label the gateway",
        "Announce the subnet",
        "Run kubectl get subnet {subnet} -o yaml",
    ]
    assert cause.fix == ("fix-1", "fix-2", "verify-1")


@pytest.mark.parametrize(
    ("text", "walkable"),
    [
        ("# T\n\n## Overview\n\nA gateway is a node.\n", False),
        ("# T\n\n## 概念\n\n子网由网关转发。\n\n```yaml\na: 1\n```\n", False),
        ("# T\n\n## Concepts\n\n```bash\nkubectl get gw\n```\n", False),
        ("# T\n\n## Resolution\n\n", False),
        ("# T\n\n## Resolution\n\n| a | b |\n|---|---|\n| c | d |\n", True),
        ("# T\n\n## Gateways\n\n```bash\nkubectl get gw\n```\n", True),
        ("# T\n\n## 第二步：修改配置\n\n| 参数 | 值 |\n|---|---|\n| mtu | 1400 |\n", True),
        ("# T\n\n## 现象\n\n跨节点不通。\n", False),
        ("# T\n\n## 现象\n\n不通。\n\n## 其他\n\n请重启网关。\n", True),
        ("# T\n\n## 先决条件\n\n### 安装客户端\n\n下载并解压。\n", True),
        ("# T\n\n1. Restart it.\n", False),
        ("", False),
    ],
)
def test_the_index_knows_what_becomes_a_guide(text: str, walkable: bool) -> None:
    """The facet `guide` says ``derived`` exactly where there is one."""
    found, _ = parse_article(text.encode(), "x.md", lang="en")
    if found is None:
        return
    one = Article("x", {"en": found}, "")
    assert (derive(one) is not None) == is_worth_walking(one) == walkable


PIECES = """
# T
## Resolution
## 现象
### Step 1
## Overview
### 安装网关
## 先决条件
## Related
Restart it.
请重启。
- one
  - Use `ip a`
1. Look
```bash
kubectl get po
```
a: 1
> said
| a | b |
|---|---|
<div>
:::warning
    ip a
---
==
## Verify
## 原因
Because of dust.
$ ls
![x](y)
<!-- no -->
"""


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from(PIECES.strip("\n").split("\n")), max_size=14))
def test_facet_and_guide_agree_on_any_text(lines: list[str]) -> None:
    found, _ = parse_article("\n".join(lines).encode(), "x.md", lang="en")
    if found is not None:
        for kinds in ((), ("Troubleshooting",)):
            one = Article("x", {"en": found}, "", kinds=kinds)
            assert (derive(one) is not None) == is_worth_walking(one)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(EN)), st.integers(0, 60), st.text(max_size=12)), max_size=8))
def test_a_damaged_article_gives_a_guide_or_none(cuts: list[tuple[int, int, str]]) -> None:
    text = EN
    for at, length, new in cuts:
        text = text[:at] + new + text[at + length :]
    found, _ = parse_article(text.encode("utf-8", "surrogatepass"), "x.md", lang="en")
    if found is None:
        return
    made = derive(Article("x", {"en": found}, "", kinds=("Troubleshooting",)))
    if made is not None:
        ids = {step.id for step in made.steps}
        assert made.symptoms
        assert made.causes
        assert all(cause.fix and set(cause.fix) <= ids for cause in made.causes)


@pytest.mark.parametrize(
    "piece", ["`", "$(", "<<A ", "- <a> ", "「原因」:", "\\\n", "{a,", "'", "[x](", "## Cause\n"]
)
def test_a_hostile_text_takes_bounded_time(piece: str) -> None:
    body = "# T\n\n## Resolution\n\n" + piece * 4000 + "\n\n```bash\nkubectl get " + piece * 3000 + "\n```\n"
    found, _ = parse_article(body.encode(), "x.md", lang="en")
    assert found is not None
    began = time.perf_counter()
    derive(Article("x", {"en": found}, "", kinds=("Troubleshooting",)))
    assert time.perf_counter() - began < 8


def test_what_one_language_says_counts_for_the_other() -> None:
    """A translation with the same structure has the same steps, even where its words are not recognised."""
    en = "# Gateway lost\n\n## Issue\n\nNo route.\n\n## Resolution\n\nGet one. Reboot the gateway.\n\nIt comes back.\n"
    zh = "# 网关丢失\n\n## 问题\n\n没有路由。\n\n## 处理一下\n\n找到它。那台网关重启一遍。\n\n它会恢复。\n"
    found = guide(en=en, zh=zh)
    (step,) = found.steps
    assert step.action.kind == "manual"
    assert step.action.instruction.en == "Get one. Reboot the gateway."
    assert step.action.instruction.zh == "找到它。那台网关重启一遍。"
    assert step.explain.zh == "它会恢复。"


def test_a_list_under_a_warning_is_about_the_next_step() -> None:
    text = """# Gateway lost

## Resolution

Warning: while it restarts, these do not work:

- Services
- Policies

Restart the gateway.
"""
    (step,) = guide(en=text).steps
    assert step.text.en == "Restart the gateway"
    assert "- Policies" in step.impact.en


def test_a_playbook_keeps_its_cases_apart() -> None:
    text = """# Gateway playbook

## Scenario 1: no route

Restart the gateway.

## Scenario 2: no address

### Release

```bash
kubectl delete ip <ip>
```
"""
    found = derive(article(kinds=("Solution",), en=text))
    assert found is not None
    assert [c.text.en for c in found.causes] == [
        "What this article is for: no route",
        "What this article is for: no address",
    ]
    assert [c.fix for c in found.causes] == [("fix-1",), ("fix-2",)]


def test_a_symptom_is_the_sentence_that_tells_of_trouble() -> None:
    text = (
        "# T\n\n## Issue\n\nThe controller runs on every node.\n\n"
        "It keeps leases. After an upgrade pods cannot reach the service.\n\n## Resolution\n\nRestart it.\n"
    )
    assert [s.text.en for s in guide(en=text).symptoms] == ["After an upgrade pods cannot reach the service"]


def test_what_is_counted_is_a_step_only_where_steps_are() -> None:
    text = """# T

## 现象

1. Pod 已删除。
2. 子网无法删除。

## 解决方案

1. 先核实。
2. 之后可以重启。

## 最佳实践

```bash
kubectl get subnet
```

```c
int main(void) { return 0; }
```
"""
    found = guide(zh=text)
    assert [s.text.zh for s in found.steps][:2] == ["先核实", "之后可以重启"]
    assert len(found.steps) == 3


@pytest.mark.parametrize(
    "unit",
    [
        "### Cause {n}: dust\n\nBecause of dust.\n\n",
        "## Step {n}: look\n\n```bash\nV{n}=1\necho $V{n} <pod>\n```\n\n",
        "- Restart it: then `ip a`\n",
        "| a{n} | because | restart |\n",
    ],
)
def test_time_grows_with_the_length_only(unit: str) -> None:
    def seconds(count: int) -> float:
        body = (
            "# T\n\n## Cause\n\n| a | cause | fix |\n|---|---|---|\n"
            if unit[0] == "|"
            else "# T\n\n## Cause\n\n"
        )
        text = body + "".join(unit.replace("{n}", str(n)) for n in range(count))
        found, _ = parse_article(text.encode(), "x.md", lang="en")
        assert found is not None
        began = time.thread_time()  # of this thread: others of the process may still be ending
        derive(Article("x", {"en": found}, "", kinds=("Troubleshooting",)))
        return time.thread_time() - began

    small = min(seconds(400), seconds(400))
    # the least of three: a collection of all garbage of the process may fall into one of them
    assert min(seconds(1600) for _ in range(3)) < small * 12 + 0.2


def test_a_wrapped_line_asks_for_no_more_than_an_unwrapped_one() -> None:
    for text in ("1. Look\nhere", "1. Look here", "Look\n![x](y)"):
        found, _ = parse_article(text.encode(), "x.md", lang="en")
        assert found is not None
        one = Article("x", {"en": found}, "", kinds=("Troubleshooting",))
        assert (derive(one) is not None) == is_worth_walking(one)
