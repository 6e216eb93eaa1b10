"""What a heading announces, in Chinese and English and in the variants people write."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from kb.model import SectionKind

NUMBERING = re.compile(
    r"^(?:(?:step|part|chapter|步骤|阶段)\s*[0-9一二三四五六七八九十]+|第\s*[0-9一二三四五六七八九十]+\s*[步章节部分]*"
    r"|[0-9]+(?:\.[0-9]+)*|[一二三四五六七八九十]+|[a-z]|[ivx]+)\s*[.、:)\]·-]+\s*"
    r"|^\(\s*(?:[0-9]+|[一二三四五六七八九十]+|[a-z])\s*\)\s*|^[0-9]+(?:\.[0-9]+)*\s+"
)
ANCHOR = re.compile(r"\{#[^}]*\}\s*$")
ASIDE = re.compile(r"[(\[].*?[)\]]\s*$")

WHOLE: Mapping[SectionKind, tuple[str, ...]] = {
    "symptoms": (
        "issue", "issues", "issue/introduction", "problem", "symptom", "symptoms", "problem description",
        "issue description",
        "description", "scenario", "problem scenario", "fault phenomenon", "phenomenon", "error message",
        "error messages", "observed behavior", "observed behaviour", "what you see", "impact", "问题",
        "现象", "症状", "问题现象", "故障现象", "适用现象", "问题描述", "故障描述", "现象描述", "异常现象",
        "报错信息", "错误信息", "场景", "问题场景", "故障场景", "表现", "影响", "典型现象", "主要现象",
        "告警现象", "问题表现",
    ),
    "environment": (
        "environment", "environment information", "environments", "applies to", "applicable versions",
        "applicable version", "affected versions", "versions", "supported versions", "version", "scope",
        "applicability", "prerequisites", "prerequisite", "环境", "环境信息", "适用环境", "适用版本",
        "适用范围", "影响版本", "受影响版本", "影响范围", "版本", "版本信息", "支持的版本", "先决条件",
        "前提条件", "前置条件", "前提",
    ),
    "diagnosis": (
        "diagnostic steps", "diagnosis", "diagnostics", "diagnostic commands", "troubleshooting",
        "troubleshooting steps", "investigation", "investigate", "analysis", "how to confirm",
        "confirm the symptom", "confirm the problem", "checks", "debugging", "locate the problem",
        "how to check", "诊断步骤", "诊断", "排查", "排查步骤", "排查路径", "排查过程", "标准排查路径",
        "故障排查", "故障排除", "问题排查", "定位", "问题定位", "定位过程", "故障定位", "诊断命令",
        "诊断方法", "排查方法", "排查思路", "确认方法", "如何确认", "问题分析", "分析", "分析过程",
        "现场检查", "快速判断", "排障", "排障步骤", "排障过程",
    ),
    "cause": (
        "cause", "causes", "root cause", "root causes", "possible causes", "reason", "reasons", "why",
        "why it happens", "why this happens", "root cause analysis", "原因", "根因", "根本原因", "可能原因",
        "原因分析", "根因分析", "问题原因", "故障原因", "成因", "触发条件", "触发原因",
        "trigger conditions",
    ),
    "resolution": (
        "resolution", "solution", "solutions", "the solution", "fix", "fixes", "remedy", "how to fix",
        "procedure", "resolution steps", "recovery procedure", "recovery", "operational steps", "repair",
        "解决方案", "解决办法", "解决步骤", "解决", "处理", "处理方法", "处理步骤", "处理方案", "处置",
        "处置步骤", "标准处置步骤", "修复", "修复方法", "修复步骤", "修复方案", "操作步骤", "恢复步骤",
        "恢复操作步骤", "恢复", "实施建议", "处理建议", "处置建议", "操作建议", "解决建议", "应对措施", "应对方案",
        "改进措施", "根治方案", "根治", "永久方案", "最终方案",
    ),
    "workaround": (
        "workaround", "workarounds", "temporary fix", "temporary solution", "mitigation",
        "temporary mitigation", "临时方案", "临时解决方案", "临时处理", "临时办法", "临时措施", "临时规避",
        "规避", "规避方法", "规避方案", "规避措施", "解决方法", "缓解", "缓解措施", "应急处理", "应急方案",
        "应急措施", "绕过方法", "临时缓解",
    ),
    "prevention": (
        "prevention", "how to prevent", "preventive measures", "avoiding it", "monitoring",
        "recommendation", "recommendations", "best practices", "alerting", "预防", "预防措施", "如何预防",
        "避免", "如何避免", "后续建议", "长期建议", "建议", "监控", "监控建议", "最佳实践", "防范",
    ),
    "related": (
        "related information", "related", "references", "reference", "see also", "further reading",
        "additional resources", "useful links", "links", "related articles", "documentation and references",
        "official documentation", "相关信息", "相关", "参考", "参考资料", "参考文献", "参考链接",
        "另请参阅", "相关链接", "相关文档", "延伸阅读", "其他资源", "有用链接", "文档和参考", "官方文档",
        "相关文章",
    ),
}  # fmt: skip

PARTS: tuple[tuple[str, SectionKind], ...] = (
    # looked for in this order inside longer headings; workaround before resolution, cause before symptoms
    ("workaround", "workaround"), ("mitigat", "workaround"), ("临时", "workaround"), ("规避", "workaround"),
    ("缓解", "workaround"), ("应急", "workaround"),
    ("root cause", "cause"), ("根因", "cause"), ("根本原因", "cause"), ("原因", "cause"),
    ("cause of", "cause"),
    ("prevent", "prevention"), ("预防", "prevention"),
    ("diagnos", "diagnosis"), ("troubleshoot", "diagnosis"), ("排查", "diagnosis"), ("诊断", "diagnosis"),
    ("定位", "diagnosis"),
    ("resolution", "resolution"), ("解决方案", "resolution"), ("解决办法", "resolution"),
    ("解决步骤", "resolution"),
    ("处置", "resolution"), ("处理步骤", "resolution"), ("处理方法", "resolution"), ("修复", "resolution"),
    ("symptom", "symptoms"), ("现象", "symptoms"), ("症状", "symptoms"),
    ("related information", "related"), ("参考资料", "related"),
)  # fmt: skip
LONGEST = 300
"""Characters of a heading that are looked at: nobody announces a section with more."""
LONGEST_PART = 40
"""In terminal cells. A longer heading is a title or a sentence; a word in it says little about what is below."""


@lru_cache(maxsize=4096)
def kind(heading: str) -> SectionKind:
    """The kind of section a heading opens; `other` where it says nothing known."""
    words = normal(heading)
    for found, names in WHOLE.items():
        if words in names:
            return found
    if sum(2 if c > "\u2e80" else 1 for c in words) <= LONGEST_PART:
        for part, found in PARTS:
            if part in words:
                return found
    return "other"


def normal(heading: str) -> str:
    """A heading without numbering, anchors, asides, emoji and closing punctuation, in small letters."""
    text = unicodedata.normalize("NFKC", heading[:LONGEST]).casefold()
    text = ANCHOR.sub("", text)
    text = "".join(c for c in text if unicodedata.category(c) not in ("So", "Cf", "Mn")).strip()
    text = NUMBERING.sub("", text, count=1)
    bare = ASIDE.sub("", text).strip()
    return re.sub(r"\s+", " ", bare or text).strip(" \t:：.。!！?？*_#-—【】")
