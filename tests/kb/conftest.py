"""A small library of its own for the tests of the knowledge base."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import pytest

from kb import open_library
from tests.kb.quality import CORPUS

GUIDE = """
signatures: ["netlink: too many handles"]
checks:
  handles: {use: ovs.handles}
symptoms:
  - {id: out, text: {en: the switch runs out of handles, zh: 交换机句柄耗尽}, checks: [handles], phrases: [句柄 泄漏]}
causes:
  - id: flapping
    text: {en: a port flaps, zh: 端口抖动}
    supported_when: 'handles.verdict == "fail"'
    refuted_when: 'handles.verdict == "ok"'
"""
FILES = {
    "articles/handles/en.md": "---\nkind: [Troubleshooting]\nproducts: [Alpha]\nProductsVersion: ['1.12.x']\n---\n"
    "# Switch runs out of handles\n\n## Symptoms\n\nNew ports are not added, the log says too many handles.\n\n"
    "## Resolution\n\nRestart the switch with `ovs-ctl restart`.\n",
    "articles/handles/zh.md": "# 交换机句柄耗尽\n\n## 现象\n\n新端口无法添加，日志报 too many handles。\n\n"
    "## 解决方案\n\n重启交换机。\n",
    "articles/handles/guide.yaml": GUIDE,
    "en/Flow_table_grows.md": "---\nkind: How To\nproducts: [Beta]\ncomponents: [ovn]\nProductsVersion: 2.0\n---\n"
    "# Flow table grows without end\n\n## Issue\n\nThe flow table holds more than 100,000 flows and memory grows, "
    "because `Mac_Binding` rows pile up.\n\n## Root Cause\n\nRouters learn from every ARP request.\n",
    "zh/Flow_table_grows.md": "# 流表无限增长\n\n## 问题\n\n"
    "流表超过 10 万条，内存持续增长，`Mac_Binding` 记录堆积。\n\n"
    "## 根本原因\n\n路由器从每个 ARP 请求学习。\n",
    "notes/gateway.md": "# Gateway pods keep their addresses\n\nAfter a gateway is deleted its addresses stay in use.\n"
    "\n## Workaround\n\nRemove the flow table entry by hand, then the gateway.\n",
}


@pytest.fixture(scope="session")
def corpus_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the index of the customer's articles: made once, for all workers of a run."""
    base = tmp_path_factory.getbasetemp()
    whole = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with open(whole / "corpus-state.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        open_library([CORPUS], whole / "corpus-state").search("pod")  # whoever comes first writes it
    return whole / "corpus-state"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A knowledge-base root with three articles, two of them in both languages, one with a guide."""
    folder = tmp_path / "kb"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
