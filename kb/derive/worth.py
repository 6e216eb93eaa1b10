"""Whether there is anything to walk through in a text: the one answer that derived guides and the index share.

It asks headings first and stops at the first thing to do, over blocks that reading the article has parsed already.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from kb import markdown
from kb.derive.asides import is_aside, tells_to_do
from kb.derive.fences import commands
from kb.derive.outline import MOST_TEXT, Role, role_of
from kb.derive.prose import is_instruction, sentences
from kb.model import Article, ArticleText, CodeBlock

DOING: frozenset[Role] = frozenset(("diagnosis", "resolution", "workaround"))
"""Parts that exist to be followed, whatever they hold."""
TROUBLE: frozenset[Role] = frozenset(("symptoms", "cause"))
_TROUBLE_KIND = re.compile(r"troubleshoot|known ?issue|incident|故障|排查|已知问题|问题", re.I)


def is_worth_walking(article: Article) -> bool:
    """Whether `derive` makes a guide of the article's texts: for the index, which does not derive."""
    kept: list[_Mark] = []
    trouble = is_about_trouble(article)
    for text in article.texts.values():
        for mark in _walk(text):
            if mark.role in DOING:
                return True
            trouble |= mark.role in TROUBLE
            kept.append(mark)
    return any(_asks(mark, trouble) for mark in kept)


def is_about_trouble(article: Article) -> bool:
    """Whether the front matter says so."""
    return any(_TROUBLE_KIND.search(kind) for kind in article.kinds)


def may_tell(role: Role, aside: bool, trouble: bool) -> bool:
    """Whether words in a part that was not made for it may ask for something."""
    return role not in ("environment", "related") and (trouble or not aside)


def may_command(role: Role, about: bool, trouble: bool) -> bool:
    """Whether a command in such a part is there to be run; before a procedure its requirements are met too."""
    return role != "related" and (not about or trouble) and (role != "environment" or not trouble)


def tells(text: str) -> bool:
    """Whether a paragraph tells somebody to do something."""
    # lines of one paragraph are one line to whoever derives its steps
    return any(is_instruction(one) for one in sentences(" ".join(text.split()))[:20])


@dataclass(frozen=True, slots=True)
class _Mark:
    """One block under its headings."""

    block: markdown.Block
    role: Role
    aside: bool
    about: bool
    step: bool


def _walk(text: ArticleText) -> Iterator[_Mark]:
    stack: list[tuple[int, Role, bool]] = []
    role: Role = "other"
    aside = about = step = False
    for block in markdown.blocks(text.markdown[:MOST_TEXT]):
        if block.kind == "heading":
            while stack and stack[-1][0] >= block.level:
                stack.pop()
            above: Role = next((r for _, r, _ in reversed(stack) if r != "other"), "other")
            is_title = block.level == 1 and block.text == text.title
            role = "other" if is_title else role_of(block.text, above)[0]
            step = not is_title and tells_to_do(block.text)
            about = not is_title and not step and is_aside(block.text)
            aside = about or (not is_title and not step and any(a for _, _, a in stack))
            if is_title:
                stack.clear()
            else:
                stack.append((block.level, role, aside))
        elif block.text.strip() and block.kind != "html":
            yield _Mark(block, role, aside, about, step)


def _asks(mark: _Mark, trouble: bool) -> bool:
    block = mark.block
    if block.kind == "code":
        allowed = may_command(mark.role, mark.about, trouble)
        return allowed and bool(commands(CodeBlock(block.info, block.text, block.line)))
    return may_tell(mark.role, mark.aside, trouble) and (mark.step or (trouble and tells(block.text)))
