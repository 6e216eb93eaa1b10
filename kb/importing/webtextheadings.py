"""Finding the headings of an article again in text that has lost their marks."""

from __future__ import annotations

import re

from kb import headings
from kb.importing.codelines import chinese, codey, prose
from kb.importing.webtextchrome import BULLET, NUMBERS
from kb.importing.webtextmodel import Page, cells
from kb.importing.webtextwords import fold

CHAPTER = re.compile(
    r"^(?:[一二三四五六七八九十]{1,3}\s*[、.．,，:：]|第\s?[一二三四五六七八九十0-9]{1,3}\s?[章部节篇])\s*\S"
)
PART = re.compile(r"^[（(]\s?[一二三四五六七八九十]{1,3}\s?[）)]\s*\S")
DECIMAL = re.compile(
    r"^(?P<number>\d{1,2}(?:\.\d{1,2}){1,3})\.?[、\s]\s*(?=[^\d\s.%])|"
    r"^(?P<tight>\d{1,2}(?:\.\d{1,2}){1,3})\.?(?=[\u3400-\u9fff])"
)
SINGLE = re.compile(r"^(?P<number>\d{1,2})(?:\s?[.、．]\s?(?=[^\d\s.])|\s{1,3}(?=[A-Z\u3400-\u9fff]))")
STEP = re.compile(
    r"^(?:(?:step|phase|part|round|scenario|option|method|case|cause|approach|solution|problem|issue|fix|"
    r"stage)\s+(?:\d{1,2}|[a-d])\b\s*[:：.—–-]?"
    r"|(?:步骤|场景|方案|方法|情况|情形|原因|问题|现象|案例|阶段|方式|误区|思路|坑|场景)\s?(?:[0-9]{1,2}|"
    r"[一二三四五六七八九十]{1,2}|[A-Da-d])(?=[\s:：.、，,（(]|$)"
    r"|第[一二三四五六七八九十\d]{1,2}步)",
    re.IGNORECASE,
)
_EXTRA = """
    小结 | 总结 | 结论 | 结语 | 背景 | 背景介绍 | 问题背景 | 附录 | 附件 | 前言 | 概述 | 简介 | 引言 | 摘要 |
    说明 | 注意事项 | 技术细节 | 技术分析 | 后记 | 写在最后 | 验证 | 验证结果 | 复现 | 复现步骤 | 问题复现 |
    实施建议 | 测试 | 测试结果 | 结果 | 效果 | 总结与建议 | 经验总结 | 事件经过 | 时间线 | 改进措施 |
    影响分析 | summary | conclusion | conclusions | background | introduction | overview | notes | tl;dr |
    takeaways | verification | reproduction | appendix | abstract | timeline | lessons | steps to reproduce |
    expected behavior | actual behavior | key takeaways | next steps | lessons learned | expected behaviour |
    actual behaviour | final thoughts | what happened | what happened? | action items |
    what you expected to happen | how to reproduce it | anything else we need to know? | additional context |
    what did you expect to happen | how can we reproduce it | issue summary | technical details
"""
EXTRA = frozenset(word.strip() for word in _EXTRA.split("|"))
ENDED = re.compile(r"[。；;，,、.!！…]$")
BRACKETED = re.compile(r"^[【\[［〖]\s*([^】\]］〗]{2,40})\s*[】\]］〗]\s*[:：]?$")
STARTS = re.compile(
    r"^(?:可以|可见|然后|接着|接下来|这里|这个|此时|这时|如果|当|由于|因为|因此|我们|现在|最后|首先|其次|经过|发现|看到|需要|到这里|所以|"
    r"但是|但|而|会|有|没有|贴一下|看一下|以上|以下|如下|如图|下面|上面|即|也|再|并|则|请|注[:：]|注意[:：]|其中|例如|比如)"
)
LEADS = re.compile(
    r"^(?:查看|执行|输入|运行|输出|返回|显示|使用|通过|修改|添加|创建|删除|重启|登录|进入|编辑|安装|检查|结果)"
)
NARROW, WIDE = 44, 72
"""Widest generic heading in Chinese and in English, in terminal cells."""


def mark(page: Page, title: int) -> None:
    """Set `page.heading` for every line that is a heading, with its level from 2."""
    solid = [i for i, line in enumerate(page.lines) if line.bare and not page.cut[i] and i != title]
    forms: dict[int, str] = {}
    for n, i in enumerate(solid):
        before = solid[n - 1] if n else title
        after = solid[n + 1] if n + 1 < len(solid) else -1
        form = _form(page, i, before, after, title)
        if form:
            forms[i] = form
    _drop_lists(page, solid, forms)
    _drop_noise(solid, forms, page)
    _levels(page, forms)


def plain(text: str) -> str:
    """A heading's text without anchors, brackets and a closing colon."""
    bare = text.strip().rstrip("¶#§ \t").strip()
    found = BRACKETED.match(bare)
    bare = found[1].strip() if found else bare
    return bare.rstrip(":：").strip() or bare


def _form(page: Page, i: int, before: int, after: int, title: int) -> str:
    line = page.lines[i]
    bare = line.bare
    width = cells(bare[:300])
    if page.code[i] or width > 100 or len(bare) < 2 or bare.startswith(("http://", "https://", "|")):
        return ""
    if bare.endswith("¶") and width <= 100:
        return _numbered(bare) or "mark"
    if _listed(page, i):
        return ""
    known = _known(bare)
    if known and not (line.indent >= 4 and page.spaced):
        return _numbered(bare) or "known"
    if _entry(bare) in page.contents:
        return _numbered(bare) or "contents"
    if ENDED.search(bare) or (bare.endswith((":", "：")) and not _numbered(bare)):
        return ""
    number = _numbered(bare)
    if number:
        ok = (
            width <= 76
            and not (prose(bare) and re.search(r"[，,。]", bare) and width > 50)
            and not bare.endswith((":", "："))
        )
        return number if ok and line.indent < 2 else ""
    if STEP.match(bare):
        return "step" if width <= 72 and line.indent < 2 else ""
    return "generic" if _generic(page, i, before, after, title) else ""


def _listed(page: Page, i: int) -> bool:
    text = page.lines[i].text
    return bool(re.match(r"^\s*[•◦▪●○*+–-]\s", text)) or bool(re.match(r"^\s+\d{1,2}[.)]\s", text))


def _entry(bare: str) -> str:
    words = fold(BULLET.sub("", bare, count=1))
    return NUMBERS.sub("", words, count=1) or words


def _known(bare: str) -> bool:
    if cells(bare) > 44:
        return False
    words = headings.normal(plain(bare))
    if words in EXTRA or any(words in names for names in headings.WHOLE.values()):
        return len(words) >= 2
    return (
        headings.kind(plain(bare)) != "other"
        and not ENDED.search(bare)
        and cells(bare) <= 24
        and not prose_like(bare)
    )


def prose_like(bare: str) -> bool:
    """Whether a short line says something instead of naming what follows."""
    if chinese(bare):
        return (
            bool(re.search(r"[，,。；;：:]|(?:可以|如下|进行|通过|使用|发现|以下|我们|是因为|导致)", bare))
            or chinese(bare) > 12
        )
    return len(bare.split()) > 4


def _numbered(bare: str) -> str:
    if CHAPTER.match(bare):
        return "chapter"
    if PART.match(bare):
        return "part"
    decimal = DECIMAL.match(bare)
    if decimal:
        return "decimal" + str((decimal["number"] or decimal["tight"]).count(".") + 1)
    if SINGLE.match(bare) and len(SINGLE.sub("", bare)) >= 2:
        return "single"
    return ""


def _generic(page: Page, i: int, before: int, after: int, title: int) -> bool:
    """A short line without a mark: only where its neighbours say that a section begins."""
    line = page.lines[i]
    bare = line.bare
    if after < 0 or line.indent >= 2 or not _worded(bare) or (page.heading.get(before) and not page.spaced):
        return False
    last = page.lines[before].bare if before >= 0 else ""
    if last.endswith((":", "：", ",", "，")) and not page.code[before]:
        return False
    if page.spaced:
        alone = not page.lines[i - 1].bare or page.cut[i - 1] or i == 0
        alone = alone and (i + 1 >= len(page.lines) or not page.lines[i + 1].bare or bool(page.cut[i + 1]))
        named = not chinese(bare) or (cells(bare) <= 20 and not LEADS.match(bare))
        return alone and (_says(page, after) or (page.code[after] != "" and named) or _listed(page, after))
    closed = before <= title or bool(page.code[before]) or _listed(page, before) or _said(page, before)
    return closed and (_says(page, after) or (_listed(page, after) and cells(bare) <= 30))


def _worded(bare: str) -> bool:
    if chinese(bare):
        short = (
            cells(bare) <= NARROW
            and chinese(bare) <= 16
            and not STARTS.match(bare)
            and not re.search(r"[，,；;=]|^[（(]", bare)
        )
        return (
            short
            and chinese(bare) >= 2
            and not re.search(r"(?:如下|如图|所示|下面|例如|可以看到|可以发现|发现|即可|了)$", bare)
        )
    words = bare.split()
    letters = sum(word.strip("()[]'\"?:/-").replace("-", "").isalpha() for word in words)
    return (
        bare[:1].isupper()
        and cells(bare) <= WIDE
        and 1 <= len(words) <= 11
        and letters * 4 >= len(words) * 3
        and len(bare) >= 4
        and not codey(bare)
    )


def _says(page: Page, i: int) -> bool:
    """Whether a line is text that a heading may stand before."""
    if page.code[i]:
        return False
    bare = page.lines[i].bare
    return (prose(bare) and (cells(bare[:300]) >= 40 or bool(re.search(r"[。.:：!?！？]$", bare)))) or cells(
        bare[:300]
    ) >= 80


def _said(page: Page, i: int) -> bool:
    return bool(re.search(r"[。！？；.!?;:：”\"）)]$", page.lines[i].bare)) or i in page.heading


def _drop_lists(page: Page, solid: list[int], forms: dict[int, str]) -> None:
    """Numbered lines right under each other are a list and no headings."""
    places = {i: n for n, i in enumerate(solid)}
    runs: list[list[int]] = []
    for i in sorted(forms):
        if forms[i] not in ("single", "part"):
            continue
        if runs and places[i] == places[runs[-1][-1]] + 1 and forms[runs[-1][-1]] == forms[i]:
            runs[-1].append(i)
        else:
            runs.append([i])
    for run in runs:
        known = sum(_known(page.lines[i].bare) for i in run)
        if len(run) >= 2 and known * 2 < len(run):
            for i in run:
                del forms[i]


def _drop_noise(solid: list[int], forms: dict[int, str], page: Page) -> None:
    """Too many unmarked headings are cells of a table or a menu: keep those that are sure."""
    text = sum(not page.code[i] for i in solid)
    generic = [i for i, form in forms.items() if form == "generic"]
    if len(generic) > 8 and len(forms) * 2 > text:
        for i in generic:
            del forms[i]


def _levels(page: Page, forms: dict[int, str]) -> None:
    kinds = set(forms.values())
    loose = [i for i, form in forms.items() if form in ("known", "generic", "contents", "mark")]
    first_single = min((i for i, form in forms.items() if form == "single"), default=-1)
    single = 3 if "chapter" in kinds or sum(i < first_single for i in loose) >= 2 else 2
    decimal = 3 if single == 2 else 4
    if "chapter" not in kinds and "single" not in kinds:
        decimal = 3 if loose else 2
    numbered = "chapter" in kinds or ("single" in kinds and single == 2)
    for i, form in sorted(forms.items()):
        if form == "chapter":
            level = 2
        elif form == "part":
            level = 3
        elif form == "single":
            level = single
        elif form.startswith("decimal"):
            level = decimal + int(form[7:]) - 2
        elif form == "step" or (form == "generic" and numbered):
            level = 3
        else:
            level = 2
        page.heading[i] = min(level, 6)
