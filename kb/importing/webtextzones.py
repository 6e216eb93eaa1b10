"""Where the article begins and ends in a page: its title, the menus before it, the recommendations after it."""

from __future__ import annotations

import re

from kb import headings
from kb.importing import webtextsigns, webtextwords
from kb.importing.codelines import chinese, prose
from kb.importing.webtextchrome import BULLET, reason
from kb.importing.webtextmodel import Page, cells
from kb.importing.webtextwords import fold

HEAD = 400
"""Lines in which a title is looked for."""
SENTENCE = re.compile(r"[。！？；;.!?:：](?:[”’\"')）\]]*)(?:\s|$)")
CLOSED = re.compile(r"[。！？；，,;.!:：](?:[”’\"')）\]]*)$")
SITE = re.compile(
    r"csdn|博客|知乎|掘金|简书|社区|论坛|专栏|开发者|资讯|官网|文档|手册|教程网|问答|学院|头条|网$|站$|blog|"
    r"github|gitlab|gitee|gitcode|medium|"
    r"stack ?overflow|stack exchange|server fault|super user|customer portal|documentation|docs\b|wiki|"
    r"confluence|forum|"
    r"knowledge ?base|support|community|\.(?:com|net|org|io|cn|dev)\b|oschina|segmentfault|51cto|infoq|"
    r"dev community|reddit|"
    r"discuss|bugzilla|launchpad|issues?\b|red hat|microsoft learn|openshift|jira",
    re.IGNORECASE,
)
_ENDS = """
    确定要放弃本次机会 | 福利倒计时 | 刷新评论 | 刷新页面 | 登录后可评论 | 全部回复 |
    暂无评论 | 还没有评论 | 发表评论 | 发送评论 | 评论列表 | 网友评论 | 全部评论 | 热门评论 | 最新评论 |
    精选评论 | 评论区 | 参与评论 | 提交评论 | 写下你的评论 | 我要评论 | 登录后评论 | leave a reply |
    leave a comment | post a comment | no comments | no comments yet | be the first to comment |
    your answer | post your answer | write a response | responses | 登录后查看全文 | 返回顶部 | 回到顶部 |
    回顶部 | 上一篇 | 下一篇 | back to top | scroll to top | next post | previous post | next article |
    previous article | 关于我们 | 联系我们 | all rights reserved | 打赏 | 赞赏 | 最新评论
"""
_NO_ENDS = """
    标签 | tags | linked | 分类专栏 | trending | 本文收录于 | recommended | categories | 文章分类 |
    相关标签
"""
END_WORDS = frozenset(
    fold(word) for word in (*webtextwords.STRONG["related"], *_ENDS.split("|"))
) - frozenset(fold(word) for word in _NO_ENDS.split("|"))
END_REASONS = ("related", "comments", "footer")
RESUMES = re.compile(
    r"^(?:\d+\s+answers?\b|(?:accepted|best|top|verified)\s+(?:answer|solution)|最佳答案|已采纳|\d+\s*个回答|"
    r"answers?$|"
    r"\S{1,40}\s+commented\b.{0,60}|.{0,40}\banswered\b.{0,60}$)",
    re.IGNORECASE,
)
_VAGUE = """
    问题 影响 版本 场景 表现 分析 建议 监控 前提 解决 恢复 处理 避免 环境 原因 issue issues description scope
    version versions recommendation recommendations monitoring links related reference references checks fix
    reasons reason
"""
VAGUE = frozenset(_VAGUE.split())
BY = ("author-line", "share", "comments")
TAG = re.compile(r"^[a-z][a-z0-9+.#-]{1,24}$")
SOLID = 60
"""Terminal cells of a line with a sentence in it that can only be article text."""
ENOUGH = 160
"""Terminal cells of solid text after which an end mark may end the article."""


def reasons(page: Page) -> list[str]:
    """Per line, why it is no article by its own words; weak words only count beside other chrome."""
    found = ["" if page.code[i] or page.cut[i] else reason(line.text) for i, line in enumerate(page.lines)]
    solid = [i for i, line in enumerate(page.lines) if line.bare]
    for n, i in enumerate(solid):
        if found[i] and webtextwords.weak(BULLET.sub("", page.lines[i].text, count=1)):
            beside = [*solid[max(0, n - 2) : n], *solid[n + 1 : n + 3]]
            if not any(
                (found[j] and not webtextwords.weak(page.lines[j].text))
                or page.cut[j] in ("comments", "navigation")
                for j in beside
            ):
                found[i] = ""
    _beside(page, found, solid)
    return found


def _beside(page: Page, found: list[str], solid: list[int]) -> None:
    """Counters and names that stand between buttons and by-lines go with them."""
    for n, i in enumerate(solid):
        bare = page.lines[i].bare
        if found[i] or page.cut[i] or page.code[i] or cells(bare[:60]) > 32:
            continue
        before = found[solid[n - 1]] if n else ""
        after = found[solid[n + 1]] if n + 1 < len(solid) else ""
        if webtextsigns.BARE_COUNT.match(bare) and (before or after):
            found[i] = "share"
        elif before in BY and after in BY and _name_like(bare) and not BULLET.match(page.lines[i].text):
            found[i] = "author-line"
    for n in range(len(solid) - 2, 0, -1):
        i = solid[n]
        tag = TAG.match(page.lines[i].bare) and not page.code[i] and not page.cut[i]
        if tag and not found[i] and found[solid[n + 1]] in ("share", "author-line"):
            found[i] = "author-line"


def solid(page: Page, i: int) -> bool:
    """Whether a line is a sentence or code that only an article has."""
    bare = page.lines[i].bare
    if page.code[i]:
        return True
    return cells(bare[:400]) >= SOLID and (
        (prose(bare) and bool(SENTENCE.search(bare))) or cells(bare[:400]) >= 150
    )


def crumb(bare: str) -> str:
    """A line without the signs of a path of pages before it."""
    return re.sub(r"^[/>»›|#\s]+", "", bare)


def known() -> frozenset[str]:
    """Names of the sections that are recognised."""
    return frozenset(name for names in headings.WHOLE.values() for name in names)


def cut_head(page: Page, why: list[str], title: int) -> None:
    """Cut what stands before the title, and by-lines, counters and the title's repetitions after it."""
    for i in range(title):
        if page.lines[i].bare and not page.cut[i]:
            page.cut[i] = why[i] or ("title" if _same(page, i, title) else "navigation")
            page.code[i] = ""
    first = next((i for i in range(title + 1, len(page.lines)) if _opens(page, i, why)), len(page.lines))
    marks = [i for i in range(title + 1, first) if why[i] in ("author-line", "share", "navigation")]
    own = fold(crumb(page.lines[title].bare))
    for i in range(title + 1, min(len(page.lines), title + HEAD)):
        if page.cut[i] or not page.lines[i].bare or page.code[i]:
            continue
        if cells(own) >= 8 and _repeats(page.lines[i].bare, own):
            page.cut[i] = "title"
        elif marks and i < marks[-1] and not why[i] and _name_like(page.lines[i].bare):
            page.cut[i] = "author-line"


def _same(page: Page, i: int, title: int) -> bool:
    return _repeats(page.lines[i].bare, fold(crumb(page.lines[title].bare)))


def _repeats(bare: str, own: str) -> bool:
    if len(bare) > 300:
        return False
    other = fold(crumb(re.sub(r"^【摘要】\s*|^(?:摘要|abstract)\s*[:：]\s*", "", bare)))
    return other == own or (
        other.startswith(own) and bool(SITE.search(other[len(own) :])) and len(other) < len(own) + 60
    )


def _opens(page: Page, i: int, why: list[str]) -> bool:
    """Whether the text of the article has begun with this line."""
    bare = page.lines[i].bare
    if not bare or page.cut[i] or why[i]:
        return False
    return solid(page, i) or (prose(bare) and chinese(bare) >= 12) or headings.normal(bare) in known()


def _name_like(bare: str) -> bool:
    return cells(bare) <= 40 and not SENTENCE.search(bare) and headings.normal(bare) not in known()


def cut_tail(page: Page, why: list[str], title: int) -> None:
    """Cut recommendations, comment boxes and footers after the article, and insets of them inside it."""
    weight = [
        cells(line.text[:2000]) if solid(page, i) and not page.cut[i] else 0
        for i, line in enumerate(page.lines)
    ]
    total, before = sum(weight), 0
    out = ""
    for i, line in enumerate(page.lines):
        if not line.bare or i <= title:
            continue
        if out and _resumes(page, i, before, total, weight):
            out = ""
            page.guess(i, i, "after-end")
        ending = _ends(page, i, why)
        if ending and (before >= ENOUGH or total < ENOUGH):
            out = ending
        if out and not page.cut[i]:
            if page.code[i] and _is_command(page, i):
                page.guess(i, i, "command-after-end")
            else:
                page.cut[i] = why[i] or out
                page.code[i] = ""
        if not out:
            before += weight[i]
    _cards(page, why)
    _trailing(page, why, title)


def _is_command(page: Page, i: int) -> bool:
    return page.code[i] in ("command", "log", "heredoc", "yaml", "sql")


def _ends(page: Page, i: int, why: list[str]) -> str:
    if page.code[i] or page.cut[i] or not why[i]:
        return ""
    if fold(BULLET.sub("", page.lines[i].text, count=1)) in END_WORDS:
        return why[i] if why[i] in END_REASONS else "related"
    ended = why[i] in END_REASONS and webtextsigns.page_line(page.lines[i].bare) == why[i]
    small = why[i] == "comments" and re.match(
        r"^(?:\d|add |reply|回复|\S+\s*回复)", page.lines[i].bare, re.IGNORECASE
    )
    return why[i] if ended and not small else ""


def _resumes(page: Page, i: int, before: int, total: int, weight: list[int]) -> bool:
    """Whether the article goes on after what looked like its end."""
    bare = page.lines[i].bare
    if page.cut[i] or page.code[i]:
        return False
    if RESUMES.match(bare) or (fold(NUMBERED.sub("", bare)) in page.contents and len(bare) > 4):
        return True
    words = headings.normal(bare)
    if words in known() and words not in VAGUE and headings.kind(bare) != "related":
        return True
    return weight[i] > 100 and before * 3 < total and bool(CLOSED.search(bare))


NUMBERED = re.compile(r"^\s*(?:\d+(?:\.\d+)*|[一二三四五六七八九十]+)\s*[.、)]?\s*")


def _cards(page: Page, why: list[str]) -> None:
    """Cut the recommendation cards at the very end of the page."""
    for i in range(len(page.lines) - 1, -1, -1):
        if not page.lines[i].bare or page.cut[i]:
            continue
        if page.code[i] or not (webtextsigns.card(page.lines[i].text) or why[i]):
            break
        page.cut[i] = why[i] or "related"


def _trailing(page: Page, why: list[str], title: int) -> None:
    """Cut short lines that stand among the buttons after the last sentence."""
    last = max(
        (i for i in range(len(page.lines)) if not page.cut[i] and _content(page, i, why)), default=title
    )
    marks = [i for i in range(last + 1, len(page.lines)) if why[i]]
    gap = range(last + 1, marks[0]) if marks else range(0)
    between = [i for i in gap if page.lines[i].bare and not page.cut[i]]
    if len(between) >= 2 and all(_label(page.lines[i].bare) for i in between):
        page.guess(between[0], between[-1], "tags")
        for i in between:
            page.cut[i] = "author-line"
    for i in range(marks[0], len(page.lines)) if marks else ():
        if page.lines[i].bare and not page.cut[i] and i > title:
            page.cut[i] = why[i] or "navigation"
    for i, line in enumerate(page.lines):
        if line.bare and why[i] and not page.cut[i] and i != title:
            page.cut[i] = why[i]
    for i in range(len(page.lines) - 1, title, -1):
        if page.lines[i].bare and not page.cut[i]:
            # nothing stands below it: the label of what was cut
            if page.code[i] or not webtextwords.button(page.lines[i].bare):
                break
            page.cut[i] = "navigation"


def _label(bare: str) -> bool:
    """Whether a line is one or two words, as a tag or a name is."""
    return (
        cells(bare) <= 24
        and len(bare.split()) <= 2
        and not CLOSED.search(bare)
        and headings.normal(bare) not in known()
    )


def _content(page: Page, i: int, why: list[str]) -> bool:
    bare = page.lines[i].bare
    if not bare or why[i]:
        return False
    return (
        solid(page, i)
        or (prose(bare) and bool(SENTENCE.search(bare)))
        or bool(BULLET.match(page.lines[i].text))
    )
