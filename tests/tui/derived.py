"""A small library of its own for the app's tests: articles without a ``guide.yaml``, and no cluster at all."""

from __future__ import annotations

from pathlib import Path

from checks.errors import NoCluster
from tui.services import Open, Place

TUNNEL = """---
kind: [Troubleshooting]
---
# Tunnel port of a node is gone

## Symptoms

Pods on one node reach nobody outside it.

The log of the agent says `tunnel device vanished unexpectedly`.

## Root Cause

The interface was removed by a cleanup job of the host.

## Resolution

Look at the ports first:

```bash
kubectl get pods -n <namespace> -o wide
```

Then take the port away, so that the agent makes it anew:

```bash
kubectl -n <namespace> exec <pod> -- ovs-vsctl del-port br-int <interface>
```

Log in with the operator's account:

```bash
redis-cli -h <ip> -a <password> ping
```

## Workaround

1. Move the pods of the node to another one.
"""

TUNNEL_ZH = """---
kind: [Troubleshooting]
---
# 节点隧道端口丢失

## 现象

某个节点上的 Pod 无法访问节点以外的地址。

## 根本原因

主机的清理任务删除了网卡。

## 解决方案

先查看端口：

```bash
kubectl get pods -n <namespace> -o wide
```

再删除端口，由代理重建：

```bash
kubectl -n <namespace> exec <pod> -- ovs-vsctl del-port br-int <interface>
```
"""


def library_root(folder: Path) -> Path:
    """A root with one article in both languages, which nobody wrote a guide for."""
    article = folder / "articles" / "tunnel-port-gone"
    article.mkdir(parents=True)
    (article / "en.md").write_text(TUNNEL, encoding="utf-8")
    (article / "zh.md").write_text(TUNNEL_ZH, encoding="utf-8")
    return folder


def no_cluster(place: Place) -> Open:
    """There is nothing to connect to."""
    raise NoCluster("no kubeconfig here")
