"""Thousands of articles for the measurements: paragraphs of real ones put together anew, or our own words.

Seeded: the same number of articles is always the same text. Real paragraphs give real frequencies of words; every
article also gets names of its own (pods, addresses, identifiers), as vocabulary grows with a library in life too.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

SHARED = Path(__file__).resolve().parents[3] / "shared"
"""Material that lies beside the checkout on the developers' machine; may be absent."""
PARAGRAPHS = 14
"""Of one article."""
HEADINGS = {
    "en": ("Issue", "Root Cause", "Diagnostic Steps", "Resolution", "Related Information"),
    "zh": ("问题现象", "根本原因", "诊断步骤", "解决方案", "参考资料"),
}
FRONT = re.compile(r"\A---.*?^---\s*$", re.S | re.M)
ENGLISH = (
    "node pod network port switch router gateway address packet table flow memory process restart timeout lease leader"
    " subnet tunnel bridge interface policy controller agent cluster certificate quota volume mount storage ingress"
    " service endpoint lookup resolver cache probe kernel driver counter queue buffer thread socket handle limit log"
)
CHINESE = (
    "节点 容器 网络 端口 交换机 路由 网关 地址 报文 流表 内存 进程 重启 超时 租约 选主 子网 隧道 网桥 网卡 策略 控制器"
    " 集群 证书 配额 存储 挂载 服务 解析 缓存 探针 内核 驱动 计数 队列 线程 句柄 上限 日志 丢包 抖动 泄漏 堆积 耗尽"
)


@dataclass(slots=True)
class Material:
    """Paragraphs and titles by language."""

    paragraphs: dict[str, list[str]] = field(default_factory=lambda: {"en": [], "zh": []})
    titles: dict[str, list[str]] = field(default_factory=lambda: {"en": [], "zh": []})


def write(folder: Path, count: int, seed: int = 3) -> int:
    """Write so many articles as ``<lang>/<name>.md`` below a folder; returns their characters."""
    size = 0
    for lang in ("en", "zh"):
        (folder / lang).mkdir(parents=True, exist_ok=True)
    for name, lang, text in articles(count, seed):
        (folder / lang / f"{name}.md").write_text(text, encoding="utf-8")
        size += len(text)
    return size


def articles(count: int, seed: int = 3) -> Iterator[tuple[str, str, str]]:
    """Name, language and Markdown of each article, English and Chinese in turn."""
    chance = random.Random(seed)
    material = real() or invented(chance)
    for number in range(count):
        lang = ("en", "zh")[number % 2]
        yield f"article-{number:05d}", lang, _article(chance, material, lang, number)


def queries() -> list[str]:
    """What is searched for: error fragments, identifiers, symptoms, in both languages. Our own."""
    return [
        "Too many open files", "mac_binding memory", "v4usingIPs 超过", "subnet stuck deleting", "流表 10w 内存",
        "ovs-vswitchd 重启", "pod 无法访问 service", "dns resolution timeout", "节点 notready 网络", "etcd 空间 不足",
        "ip 地址 冲突", "certificate has expired", "kubectl logs timeout", "网关 切换 丢包", "CrashLoopBackOff 内存",
        "volume mount failed", "lease lost leader election", "packet loss between nodes", "镜像 拉取 失败",
        "conntrack 表 满",
    ]  # fmt: skip


def real() -> Material | None:
    """The paragraphs of the shared corpus; None where it is absent."""
    material = Material()
    for lang in ("en", "zh"):
        for path in sorted((SHARED / "corpus" / lang).rglob("*.md")):
            text = FRONT.sub("", path.read_text(encoding="utf-8", errors="replace"), count=1)
            for block in _blocks(text):
                if block.startswith("# "):
                    material.titles[lang].append(block[2:].split("\n")[0])
                elif not block.startswith("#"):
                    material.paragraphs[lang].append(block[:4000])
    return material if all(material.titles.values()) else None


def invented(chance: random.Random) -> Material:
    """Paragraphs of our own words, common ones far more often than rare ones."""
    material = Material()
    for lang, listed in (("en", ENGLISH), ("zh", CHINESE)):
        words = listed.split()
        words += [
            chance.choice(words) + ("-" if lang == "en" else "") + chance.choice(words) for _ in range(3000)
        ]
        weights = list(accumulate(1 / (rank + 2) for rank in range(len(words))))
        joint, stop = (" ", ".\n") if lang == "en" else ("", "。\n")
        for _ in range(2000):
            sentences = [joint.join(chance.choices(words, cum_weights=weights, k=12)) for _ in range(5)]
            material.paragraphs[lang].append(stop.join(sentences))
        material.titles[lang] = [joint.join(chance.choices(words, k=6)) for _ in range(300)]
    return material


def _article(chance: random.Random, material: Material, lang: str, number: int) -> str:
    one, two = chance.choice(material.titles[lang]), chance.choice(material.titles[lang])
    front = f"---\nkind: [Troubleshooting]\nproducts: [P{number % 7}]\ncomponents: [c{number % 23}]\n---\n"
    parts = [f"{front}# {one[: len(one) // 2]} {two[len(two) // 2 :]} ({number})"]
    paragraphs = chance.choices(material.paragraphs[lang], k=PARAGRAPHS)
    for index, paragraph in enumerate(paragraphs):
        if index % 3 == 0:
            parts.append(f"## {HEADINGS[lang][index // 3]}")
        parts.append(paragraph)
    names = (f"pod-{number:05d}-{chance.randrange(16**5):05x}", f"10.{number % 256}.{number // 256}.7")
    parts.append("```\nkubectl -n kube-system logs {} | grep {}\n```".format(*names))
    return "\n\n".join(parts) + "\n"


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs, a fence and what is in it as one."""
    gathered: list[str] = []
    fenced = False
    for line in text.split("\n"):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if line.strip() or fenced:
            gathered.append(line)
        elif gathered:
            yield "\n".join(gathered)
            gathered = []
    if gathered and not fenced:
        yield "\n".join(gathered)
