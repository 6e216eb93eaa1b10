"""Headings about what is to be known (overview, concepts, limits), and headings that are steps themselves."""

from __future__ import annotations

import re
from functools import lru_cache

from kb import headings
from kb.derive.prose import is_instruction

_SIDE_EN = re.compile(
    r"(?:\b(?:overview|introduction|background|concepts?|architecture|principles?|terminology|terms|glossary|features?"
    r"|benefits|advantages|limitations?|comparison|considerations|responsibilit(?:y|ies)|faqs?|use cases|summary"
    r"|support polic(?:y|ies)|support scope|topology|conclusion|requirements?|supported versions"
    r"|(?:other|additional) resources)|^(?:about|why|purpose|goals?|objectives?|preface|description|notes?"
    r"|important notes?|how (?:it|this) works|.{1,40} (?:vs\.?|versus) .{1,40}))$"
    r"|^(?:understanding|what is|what are|about|why) ",
)
_SIDE_ZH = re.compile(
    r"(?:概述|概览|简介|介绍|引言|前言|背景|背景信息|概念|架构|原理|术语|术语表|特性|功能|优势|限制|对比|比较|总结|小结|常见问题|常见问题解答"
    r"|职责|责任|适用范围|支持政策|支持范围|支持的版本|版本列表|说明|注意事项|目的|目标|拓扑|资源)$|^(?:理解|了解|关于|什么是|为什么|为何)"
)
_STEP = re.compile(
    r"^(?:quick ?-?start|getting started|快速(?:入门|开始|上手))\W*$"
    r"|^\W{0,3}(?:step|phase|步骤|阶段|第)\s*[0-9一二三四五六七八九十]",
    re.I,
)


@lru_cache(maxsize=4096)
def is_aside(heading: str) -> bool:
    """Whether a heading announces what is to be known, and not what is to be done."""
    words = headings.normal(heading)
    return bool(_SIDE_EN.search(words) or _SIDE_ZH.search(words))


@lru_cache(maxsize=4096)
def tells_to_do(heading: str) -> bool:
    """Whether a heading is itself a step: it counts one, or it says what to do."""
    if is_aside(heading):
        return False
    bare = headings.NUMBERING.sub("", heading[: headings.LONGEST].casefold(), count=1).strip()
    return bool(_STEP.match(heading)) or is_instruction(bare) or bool(re.match(r"[a-z]{3,}ing ", bare))
