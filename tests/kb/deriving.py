"""An article in both languages, and the guides made of articles, for the tests of kb.derive."""

from __future__ import annotations

from kb.articlefile import parse_article
from kb.derive import derive
from kb.model import Article, CommandAction, Guide

EN = """---
kind:
  - Troubleshooting
---
# Gateway pods lose their route when a node restarts

## Issue

Pods on a restarted node cannot reach the outside. The agent logs `failed to add route: no such device`.

## Root Cause

The agent starts before the uplink is up. It then never looks again.

## Resolution

Restart the agent on the node:

```bash
# find the agent
kubectl -n kube-system get pod -o wide | grep <node-name>
kubectl -n kube-system delete pod <agent-pod> \\
  --wait=false
```

## Diagnostic Steps

1. Look at the routes with `ip route show`.
2. Read the log:

   ```console
   $ kubectl logs <agent-pod> -n kube-system
   E0101 failed to add route: no such device
   ```
"""
ZH = """---
kind:
  - Troubleshooting
---
# 节点重启后网关 Pod 丢失路由

## 问题

重启节点上的 Pod 无法访问外部。代理日志为 `failed to add route: no such device`。

## 根本原因

代理在上行链路就绪之前启动。之后不再检查。

## 解决方案

重启该节点上的代理：

```bash
# 找到代理
kubectl -n kube-system get pod -o wide | grep <node-name>
kubectl -n kube-system delete pod <agent-pod> \\
  --wait=false
```

## 诊断步骤

1. 使用 `ip route show` 查看路由。
2. 查看日志：

   ```console
   $ kubectl logs <agent-pod> -n kube-system
   E0101 failed to add route: no such device
   ```
"""


def article(kinds: tuple[str, ...] = ("Troubleshooting",), **texts: str) -> Article:
    read = {}
    for lang, text in texts.items():
        found, _ = parse_article(text.encode(), f"{lang}.md", lang=lang)
        assert found is not None
        read[lang] = found
    return Article("a", read, "", kinds=kinds)


def guide(**texts: str) -> Guide:
    found = derive(article(**texts))
    assert found is not None
    return found


def shells(found: Guide) -> list[str]:
    return [step.action.shell for step in found.steps if isinstance(step.action, CommandAction)]
