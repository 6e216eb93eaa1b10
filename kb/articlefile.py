"""One Markdown file to an `ArticleText`, whatever its bytes are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath

from kb import decoding, frontmatter, headings, markdown
from kb.decoding import HAN
from kb.findings import finding
from kb.model import ArticleText, CodeBlock, Section
from kb.problem import Problem

MAX_BYTES = 5_000_000
SUFFIXES = (".md", ".mdx", ".markdown")
LANG_NAMES = {
    "zh": "zh", "zh-cn": "zh", "zh_cn": "zh", "zh-hans": "zh", "zh_hans": "zh", "cn": "zh", "chs": "zh",
    "en": "en", "en-us": "en", "en_us": "en", "en-gb": "en", "en_gb": "en",
}  # fmt: skip
LATIN_WORD = re.compile(r"[A-Za-z]{2,}")


@dataclass(frozen=True, slots=True)
class FileName:
    """Which article a file belongs to, and its language where the name says so."""

    article: str
    lang: str = ""


def file_name(relative: PurePath) -> FileName:
    """Article id and language from a path below a root: ``x/zh.md``, ``zh/x.md``, ``x.zh.md``, ``x.md``."""
    parts = relative.parts
    stem = relative.name
    for suffix in SUFFIXES:
        stem = stem[: -len(suffix)] if stem.lower().endswith(suffix) else stem
    lang = LANG_NAMES.get(stem.lower(), "")
    if lang and len(parts) >= 2:
        return FileName(parts[-2], lang)
    base, dot, tail = stem.rpartition(".")
    if dot and base and tail.lower() in LANG_NAMES:
        return FileName(base, LANG_NAMES[tail.lower()])
    folders = [LANG_NAMES[part.lower()] for part in parts[:-1] if part.lower() in LANG_NAMES]
    return FileName(stem, folders[-1] if folders else "")


def parse_article(
    data: bytes, path: str, *, article: str = "", lang: str = "", mtime_ns: int = 0
) -> tuple[ArticleText | None, list[Problem]]:
    """The text of one file and everything that is wrong with it; None where it cannot be an article."""
    if len(data) > MAX_BYTES:
        return None, [finding(path, 0, "file.too-large", size=len(data), limit=MAX_BYTES)]
    text, problems = decode(data, path)
    if text is None:
        return None, problems
    if not text.strip():
        return None, [*problems, finding(path, 0, "article.empty")]
    front = frontmatter.split(text, path)
    problems += front.problems
    parts = markdown.blocks(front.body, first_line=front.body_line)
    title, title_at = _title(parts, front.data)
    if not title:
        title = article or PurePath(path).stem
        problems.append(finding(path, front.body_line, "article.no-title", "warning"))
    return (
        ArticleText(
            lang=lang or language(front.body),
            title=title,
            path=path,
            markdown=front.body,
            sections=_sections(parts, title_at, front),
            front=front.data,
            mtime_ns=mtime_ns,
        ),
        problems,
    )


def decode(data: bytes, path: str) -> tuple[str | None, list[Problem]]:
    """Bytes as text with ``\\n`` line ends and what was wrong with them; None for what is no text at all."""
    found = decoding.decode(data, path)
    return found.text, list(found.problems)


def language(text: str) -> str:
    """The language a text is written in: Chinese as soon as a fair share of its words is."""
    sample = text[:20_000]
    han, words = len(HAN.findall(sample)), len(LATIN_WORD.findall(sample))
    return "zh" if han > 8 and han * 4 > words else "en"


def _title(parts: list[markdown.Block], front: object) -> tuple[str, int]:
    """The title and the line of the heading it stands in (0: in the front matter)."""
    for part in parts:
        if part.kind == "heading" and part.level == 1 and part.text:
            return part.text, part.line
    named = frontmatter.values(front, "title") if isinstance(front, dict) else ()
    if named:
        return ", ".join(named), 0
    first = next((part for part in parts if part.kind == "heading" and part.text), None)
    if first and headings.kind(first.text) == "other":
        return first.text, first.line
    return "", 0


def _sections(parts: list[markdown.Block], title_at: int, front: frontmatter.Front) -> tuple[Section, ...]:
    lines = front.body.split("\n")
    heads = [part for part in parts if part.kind == "heading" and part.line != title_at]
    codes = [part for part in parts if part.kind == "code"]
    found: list[Section] = []
    stack: list[int] = []
    ends = [len(lines) + front.body_line] * len(heads)
    for index, head in enumerate(heads):
        while stack and heads[stack[-1]].level >= head.level:
            ends[stack.pop()] = head.line
        stack.append(index)
    for head, end in zip(heads, ends, strict=True):
        body = "\n".join(lines[head.end - front.body_line : end - front.body_line]).strip("\n")
        inside = tuple(CodeBlock(c.info, c.text, c.line) for c in codes if head.end <= c.line < end)
        found.append(Section(headings.kind(head.text), head.text, head.level, head.line, body, inside))
    return tuple(found)
