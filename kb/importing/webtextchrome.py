"""Cutting what is no article wherever it stands: buttons, counters, emoji pickers, gutters, tables of contents."""

from __future__ import annotations

import re

from kb.importing import webtextsigns, webtextwords
from kb.importing.codelines import chinese, kind, prose
from kb.importing.webtextcode import holds_command
from kb.importing.webtextmodel import Line, Page, cells
from kb.importing.webtextwords import fold

BULLET = re.compile(r"^\s*(?:[•◦▪●○*·+–-]|\d{1,2}[.)、])\s+")
_CONTENTS = """
    目录 | 文章目录 | 本文目录 | 内容目录 | 目录结构 | 本页内容 | 本文内容 | 大纲 | table of contents |
    contents | on this page | in this article | in this page | page contents | toc | 本页目录 | 文章大纲 |
    jump to section | what's in this article | article contents | [toc] | @[toc] | in this topic | 章节目录 |
    content
"""
CONTENTS = frozenset(fold(word) for word in _CONTENTS.split("|"))
FOLDS = frozenset(
    fold(word)
    for word in ("收起", "展开", "隐藏", "显示", "hide", "show", "[hide]", "[show]", "close", "toggle")
)
"""What stands beside the words "table of contents"."""
NUMBERS = re.compile(
    r"^(?:第?\s*[0-9]+(?:\.[0-9]+)*\s*[章节步]?|[一二三四五六七八九十]+)\s*[.、:)：]?\s*|^[（(]\s*[0-9一二三四五六七八九十]+\s*[)）]\s*"
)
_SAME = "json toml c java xml html dockerfile properties nginx diff hcl lua rust makefile powershell"
_LABELS = {
    "bash": "bash shell sh zsh console terminal cmd shellscript session 代码语言:shell 代码语言:bash",
    "yaml": "yaml yml 代码语言:yaml",
    "text": "text plaintext txt none log output 代码语言:txt",
    "": "code snippet 代码语言:javascript",
    "sql": "sql mysql",
    "ini": "ini conf",
    "python": "python py",
    "go": "go golang",
    "cpp": "cpp c++",
    "javascript": "javascript js",
}
LABELS = {
    **{fold(word): word for word in _SAME.split()},
    **{fold(word): name for name, words in _LABELS.items() for word in words.split()},
    "plain text": "text",
    "shell script": "bash",
    "shell session": "bash",
}
"""What code viewers print above code, folded, and the language it means."""


def reason(text: str) -> str:
    """Why a line outside code is no article, by its own words; empty where it may be one."""
    bare = BULLET.sub("", text, count=1).strip()
    if holds_command(bare):
        return ""
    if webtextsigns.pictographic(bare):
        return "emoji-picker"
    return webtextwords.button(bare) or webtextsigns.page_line(bare)


NOTICES = {
    **{
        word: word.capitalize()
        for word in ("note", "tip", "info", "important", "warning", "caution", "danger")
    },
    **{word: word for word in ("注意", "警告", "危险", "提示", "重要")},
}
"""Labels of boxes, which stand on a line of their own where a page is copied."""


def _notices(page: Page) -> None:
    """The label of a box goes in front of its words."""
    lines = page.lines
    for i, line in enumerate(lines):
        label = NOTICES.get(fold(line.bare)) if 0 < len(line.text) <= 24 else None
        after = next((j for j in range(i + 1, min(len(lines), i + 3)) if lines[j].bare), 0) if label else 0
        if after and prose(lines[after].bare) and kind(lines[after].text) == "" and not line.indent:
            lines[after] = Line(lines[after].number, f"{label}: {lines[after].text.lstrip()}")
            lines[i] = Line(line.number, "")


def before_code(page: Page) -> None:
    """Cut what would be taken for code or stands inside it: emoji, line numbers, copy buttons."""
    _notices(page)
    _emoji(page)
    _framed(page)
    _gutters(page)
    for i, line in enumerate(page.lines):
        if not page.cut[i] and len(line.text) < webtextwords.LONGEST and webtextwords.button(line.bare) in (
            "copy-code",
            "image-label",
        ) and not webtextwords.weak(line.bare):  # fmt: skip
            page.cut[i] = webtextwords.button(line.bare)


def _emoji(page: Page) -> None:
    """Three faces in a row are a picker; what stands between them and has no words is one of it."""
    solid = [i for i, line in enumerate(page.lines) if line.bare]
    faces = [webtextsigns.pictographic(page.lines[i].text) for i in solid]
    wordless = [face or _wordless(page.lines[i].bare) for i, face in zip(solid, faces, strict=True)]
    at = 0
    while at < len(solid):
        end = at
        while end < len(solid) and wordless[end]:
            end += 1
        if sum(faces[at:end]) >= 3:
            inside = [n for n in range(at, end) if faces[n]]
            for n in range(inside[0], inside[-1] + 1):
                page.cut[solid[n]] = "emoji-picker"
        at = max(end, at + 1)


def _wordless(bare: str) -> bool:
    return (
        len(bare) <= 24 and not re.search(r"[A-Za-z0-9]{3}|[\u3400-\u9fff]{3}", bare) and not bare.isdigit()
    )


FRAMED = re.compile(r"^(?P<number>\d{1,4}) \| (?P<code>.*)$")
FRAMED_LINES = 500


def _framed(page: Page) -> None:
    """Code in a table with its line numbers, `1 | code |` or `1`, `2`, `3 | code` … `code |`: the code alone."""
    lines = page.lines
    for i, line in enumerate(lines):
        found = FRAMED.match(line.text[:2000])
        if not found or page.cut[i]:
            continue
        count = int(found["number"])
        gutter = [i - count + n for n in range(1, count)]
        if gutter and (gutter[0] < 0 or any(lines[at].bare != str(n) for n, at in enumerate(gutter, 1))):
            continue
        last = i if line.text.endswith("|") else _frame_end(page, i, count)
        if last < 0:
            continue
        for at in gutter:
            page.cut[at] = "line-numbers"
        for at in range(i, last + 1):
            text = found["code"] if at == i else lines[at].text
            lines[at] = Line(lines[at].number, text.removesuffix("|").rstrip() if at == last else text)
            page.code[at] = "output"


def _frame_end(page: Page, i: int, count: int) -> int:
    for at in range(i + 1, min(len(page.lines), i + count + 2, i + FRAMED_LINES)):
        if page.lines[at].text.endswith(" |"):
            return at
    return -1


def _gutters(page: Page) -> None:
    """Line numbers of a code viewer: 1, 2, 3 … each on its own line, or all of them glued together."""
    i = 0
    lines = page.lines
    while i < len(lines):
        if lines[i].bare != "1":
            if re.fullmatch(r"1234567(?:8(?:9(?:10[0-9]*)?)?)?|12345?6?", lines[i].bare) and _glued(
                lines[i].bare
            ):
                page.cut[i] = "line-numbers"
            i += 1
            continue
        run = [i]
        j = i + 1
        while j < len(lines) and (not lines[j].bare or lines[j].bare == str(len(run) + 1)):
            if lines[j].bare:
                run.append(j)
            j += 1
        if len(run) >= 3:
            for n in run:
                page.cut[n] = "line-numbers"
        i = max(j, i + 1) if len(run) >= 3 else i + 1


def _glued(digits: str) -> bool:
    counted = "".join(map(str, range(1, 100)))
    return len(digits) >= 4 and counted.startswith(digits)


def labels(page: Page) -> dict[int, str]:
    """Cut the language names that code viewers print above code; index of the code's first line to the language."""
    named: dict[int, str] = {}
    for i, line in enumerate(page.lines):
        if page.cut[i] or len(line.text) > 40 or fold(line.bare) not in LABELS:
            continue
        before = next((j for j in range(i - 1, max(-1, i - 6), -1) if page.lines[j].bare), -1)
        if (
            before > 0
            and page.cut[before] == "copy-code"
            and not page.code[i]
            and page.code[max(0, before - 2)]
        ):
            page.cut[i] = "copy-code"
            continue
        following = next((j for j in range(i + 1, min(len(page.lines), i + 12)) if _solid(page, j)), -1)
        if following > 0 and (page.code[following] or _data(page, following)):
            page.cut[i] = "copy-code"
            page.code[i] = ""
            named[following] = LABELS[fold(line.bare)]
    return named


def _solid(page: Page, j: int) -> bool:
    return bool(page.lines[j].bare) and not page.cut[j]


def _data(page: Page, j: int) -> bool:
    return kind(page.lines[j].text) in ("yaml", "json", "ini", "assign", "table", "comment", "art")


def contents(page: Page) -> None:
    """Cut the table of contents: a run of lines that all come again further down as lines of their own."""
    solid = [
        i for i, line in enumerate(page.lines) if line.bare and not page.cut[i] and len(line.text) <= 200
    ]
    keys = {i: _entry(page.lines[i].text) for i in solid}
    where: dict[str, list[int]] = {}
    for i in solid:
        if keys[i]:
            where.setdefault(keys[i], []).append(i)
    at = 0
    while at < len(solid):
        titled = fold(page.lines[solid[at]].bare) in CONTENTS
        start = at + 1 if titled else at
        while titled and start < len(solid) and fold(page.lines[solid[start]].bare) in FOLDS:
            start += 1
        end = start
        last = solid[at]
        while end < len(solid) and _comes_again(page, solid[end], keys, where):
            last = solid[end]
            end += 1
        if (titled and end > start) or end - start >= 4:
            for i in solid[at:end]:
                if not page.code[i]:
                    page.cut[i] = "toc"
                    page.contents.add(keys[i])
            at = end
        elif titled and not page.code[solid[at]]:
            page.cut[last] = "toc"
            at += 1
        else:
            at += 1


def _entry(text: str) -> str:
    bare = fold(BULLET.sub("", text, count=1))
    return NUMBERS.sub("", bare, count=1) or bare


def _comes_again(page: Page, i: int, keys: dict[int, str], where: dict[str, list[int]]) -> bool:
    key = keys[i]
    return (
        bool(key)
        and not page.code[i]
        and 2 < cells(key) <= 120
        and not key.isdigit()
        and where[key][-1] > i
        and not (prose(page.lines[i].text) and chinese(key) == 0 and page.lines[i].bare.endswith("."))
    )
