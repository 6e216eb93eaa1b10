"""Which lines of a page are code, logs, configuration or output: every line's own evidence and its neighbours'."""

from __future__ import annotations

import re

from kb import headings
from kb.importing import codelines, webtextsigns, webtextwords
from kb.importing.codelines import codey, is_command, kind, prose
from kb.importing.webtextmodel import Page, cells

STRONG = frozenset({"command", "log", "source", "sql", "assign"})
CONTINUES = re.compile(r"(?:\\|\||&&|\|\||[,({\[])$")
HEREDOC_LINES = 400
PREFIXES = ("•", "◦", "▪", "●", "○", "·")
LIST_ITEM = re.compile(r"^\s*(?:[•◦▪●○■□➢➤✓✔·]|[-*+–](?=\s)|\(?\d{1,3}[.)、](?=\s|\D))\s*")
SECTIONS = frozenset(name for names in headings.WHOLE.values() for name in names)
MEMBER = re.compile(r"[A-Za-z][\w ().-]{1,30}:")
"""A name in what a command prints, with its values on the lines below."""
NOT_PROSE_HEAD = re.compile(r"[/\\=|<>{}\[\]()$#@_;\"'`]|\d")


def mark(page: Page) -> None:
    """Set `page.code` (to the kind of every code line) for all lines that are not cut."""
    kinds = [
        kind(line.text) if not page.cut[i] and not _listed(line.text) and not _button(line.bare) else ""
        for i, line in enumerate(page.lines)
    ]
    certain = [_certain(page, kinds, i) for i in range(len(kinds))]
    for i, forced in enumerate(page.code):
        if forced:
            page.code[i] = kinds[i] or forced
            certain[i] = True
    for first, end in _runs(page):
        _mark_run(page, kinds, certain, first, end)
    _heredocs(page, kinds)
    _bridge(page, kinds)
    _inline(page)


def _inline(page: Page) -> None:
    """Commands that an inline tag broke out of a sentence: the text before is open, the text after goes on."""
    for i in range(1, len(page.lines) - 1):
        before, after = page.lines[i - 1].bare, page.lines[i + 1].bare
        if page.code[i] != "command" or page.code[i - 1] or page.code[i + 1] or not before or not after:
            continue
        if codelines.PROMPT.match(page.lines[i].bare) or "`" in page.lines[i].bare:
            continue
        goes_on = re.match(r"^[)）,，。、；;」”]", after)
        if re.search(r"[(（「“]$", before) or (goes_on and not re.search(r"[:：。.!?]$", before)):
            page.inline.add(i)


def _listed(text: str) -> bool:
    """List items are text even where they speak of commands; what they hold is looked at when it is written."""
    bare = text.strip()
    if bare.startswith(PREFIXES):
        return True
    if bare.startswith("- "):
        return not codelines.YAML.match(bare) or kind(bare) != "yaml"
    return bool(re.match(r"^\s{0,8}\d{1,2}[.)、]\s", text)) and not re.match(r"^\s*\d+\.\d", text)


def _runs(page: Page) -> list[tuple[int, int]]:
    """Index ranges of lines without blank or cut lines between them."""
    runs: list[tuple[int, int]] = []
    start = -1
    for i, line in enumerate(page.lines):
        solid = bool(line.bare) and not page.cut[i]
        if solid and start < 0:
            start = i
        elif not solid and start >= 0:
            runs.append((start, i))
            start = -1
    if start >= 0:
        runs.append((start, len(page.lines)))
    return runs


def _certain(page: Page, kinds: list[str], i: int) -> bool:
    """Whether a line is code for sure, given the kinds of the lines beside it."""
    own = kinds[i]
    if not own:
        return False
    if own in STRONG:
        return own != "assign" or not prose(page.lines[i].text)
    beside = {kinds[j] for j in (i - 1, i + 1) if 0 <= j < len(kinds)}
    near = {kinds[j] for j in range(max(0, i - 3), min(len(kinds), i + 4)) if j != i}
    bare = page.lines[i].bare
    if own == "yaml":
        return (
            bare.startswith("apiVersion:")
            or bool(beside & {"yaml", "json", "command", "comment"})
            or "yaml" in near
        )
    if own == "json":
        return bool(near & {"json", "yaml", "command", "source", "assign"}) or (
            bare[:1] == "{" and len(bare) > 2
        )
    if own == "ini":
        return bool(beside & {"assign", "comment", "yaml"})
    if own == "table":
        following = page.lines[i + 1].bare if i + 1 < len(kinds) else ""
        return bool(beside & {"table", "command", "log", "art"}) or (
            codey(following) and not prose(following)
        )
    if own == "art":
        return bool(beside & {"art", "source", "log", "command", "table", "assign"}) or "┊" in bare
    return False


def _mark_run(page: Page, kinds: list[str], certain: list[bool], first: int, end: int) -> None:
    """Grow the certain lines of one run over the comments before them and the output after them."""
    if not any(certain[first:end]):
        return
    whole = page.spaced and _all_code(page, certain, first, end)
    base = 0
    for i in range(first, end):
        if certain[i]:
            page.code[i] = kinds[i] or "output"
            if i == first or not page.code[i - 1]:
                base = page.lines[i].indent
                _comments_before(page, kinds, i, first)
        elif whole or (i > first and page.code[i - 1] and _follows(page, kinds, certain, i, end, base)):
            page.code[i] = kinds[i] or "output"


def _all_code(page: Page, certain: list[bool], first: int, end: int) -> bool:
    """Whether a block between blank lines is code from its first line to its last."""
    sure = sum(certain[first:end])
    for i in range(first, end):
        if not certain[i] and (_chrome(page, i) or _introduces(page, i)):
            return False
        if _chinese_prose(page, i) or (LIST_ITEM.match(page.lines[i].text) and not certain[i]):
            return False
    prosaic = sum(prose(page.lines[i].text) for i in range(first, end) if not certain[i])
    return certain[first] or (sure * 2 >= end - first and prosaic == 0)


def _chrome(page: Page, i: int) -> bool:
    """Whether a line is a button, a by-line or an emoji of the page, which no program prints."""
    bare = page.lines[i].bare
    if len(bare) > webtextsigns.LONGEST:
        return False
    if headings.normal(bare) in SECTIONS and not bare.endswith((":", "：")) and not bare.islower():
        return True  # the next section begins
    return _button(bare) or bool(webtextsigns.page_line(bare)) or webtextsigns.pictographic(bare)


def _button(bare: str) -> bool:
    return (
        len(bare) <= webtextwords.LONGEST
        and not bare.endswith(":")
        and bool(webtextwords.button(bare))
        and not webtextwords.weak(bare)
    )


def _introduces(page: Page, i: int) -> bool:
    """Whether a short Chinese line announces what stands below it."""
    bare = page.lines[i].bare
    return codelines.chinese(bare) >= 2 and bare.endswith((":", "：")) and not page.lines[i].indent


def _chinese_prose(page: Page, i: int) -> bool:
    bare = page.lines[i].bare
    return codelines.chinese(bare) >= 4 and prose(bare) and kind(bare) not in ("comment", "log")


def _comments_before(page: Page, kinds: list[str], i: int, first: int) -> None:
    j = i - 1
    while j >= first and kinds[j] == "comment" and not page.code[j] and page.lines[j].bare[:1] == "#":
        page.code[j] = "comment"
        j -= 1


def _follows(page: Page, kinds: list[str], certain: list[bool], i: int, end: int, base: int) -> bool:
    """Whether a line that proves nothing belongs to the code right before it."""
    line, before = page.lines[i], page.lines[i - 1]
    bare = line.bare
    if _chrome(page, i) or _introduces(page, i):
        return False
    if MEMBER.fullmatch(bare) and i + 1 < end and (kinds[i + 1] or codey(page.lines[i + 1].bare)):
        return True
    if LIST_ITEM.match(bare) and not kinds[i] and not bare.startswith("- "):
        return False
    if CONTINUES.search(before.bare[-4:]) and not _chinese_prose(page, i):
        return True
    if "\t" in line.text.strip() and codelines.chinese(bare) == 0:
        return True
    if kinds[i] == "comment":
        return (
            bare[:1] != "#"
            or (i + 1 < end and (certain[i + 1] or kinds[i + 1] == "comment"))
            or not page.spaced
        )
    if kinds[i] in ("yaml", "json", "table", "art", "ini"):
        return True
    if codelines.chinese(bare) >= 2:
        return not prose(bare) and codey(bare)
    if bare.startswith("- ") and " " in bare[2:]:
        return page.code[i - 1] == "yaml" and not prose(bare)
    if line.indent >= base + 2 and not prose(bare):
        return True
    if codey(bare):
        return not _heading_like(bare)
    if page.code[i - 1] in ("log", "output") and i + 1 < end and kinds[i + 1] == "log":
        return True
    return page.spaced and not prose(bare) and cells(bare) > 2 and not bare[:1].isupper()


def _heading_like(bare: str) -> bool:
    """A short line of words with a capital: rather the next heading than output."""
    words = bare.split()
    return (
        bool(re.match(r"^(?:\d+(?:\.\d+)*[.)、]?\s+)?[A-Z]", bare))
        and 2 <= len(words) <= 9
        and sum(word.isalpha() for word in words) * 3 >= len(words) * 2
        and not re.search(r"[=/\\|<>{}\[\];\"]|\s{2,}", bare)
    )


def _heredocs(page: Page, kinds: list[str]) -> None:
    """Everything from `<<EOF` to the line `EOF` is one block, whatever it looks like."""
    i = 0
    while i < len(page.lines):
        found = (
            codelines.OPEN_HEREDOC.search(page.lines[i].text[: codelines.LONGEST]) if page.code[i] else None
        )
        if found:
            word = found["word"]
            last = min(len(page.lines), i + HEREDOC_LINES)
            stop = next((j for j in range(i + 1, last) if page.lines[j].bare == word), 0)
            for j in range(i + 1, stop + 1):
                if page.lines[j].bare:
                    page.cut[j] = ""
                    page.code[j] = "heredoc"
            i = max(i, stop)
        i += 1


def _bridge(page: Page, kinds: list[str]) -> None:
    """Lines between two runs of code that only blank lines part, where the first is left open."""
    last = -1
    for i, line in enumerate(page.lines):
        if not line.bare or page.cut[i]:
            continue
        if not page.code[i] and last >= 0 and page.code[last] and i - last <= 3 and page.spaced:
            comment = kinds[i] == "comment" and _code_next(page, i)
            loose = codey(line.bare) and not _heading_like(line.bare) and line.indent >= 4
            if comment or (not LIST_ITEM.match(line.text) and not prose(line.bare) and loose):
                page.code[i] = kinds[i] or "output"
        last = i


def _code_next(page: Page, i: int) -> bool:
    following = next((j for j in range(i + 1, min(len(page.lines), i + 8)) if page.lines[j].bare), -1)
    return following > 0 and bool(page.code[following])


def holds_command(text: str) -> bool:
    """Whether a line is a command and nothing else, so that it must never be cut."""
    bare = text.strip()
    return is_command(bare) and bool(NOT_PROSE_HEAD.search(bare) or len(bare.split()) >= 2)
