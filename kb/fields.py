"""What of an article goes into which field of the index. Every piece of text goes into exactly one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from kb import headings, markdown
from kb.derive.worth import is_worth_walking
from kb.literals import Literal as LiteralLine
from kb.literals import literals
from kb.model import Article, ArticleText, Guide
from kb.text import Text

Field = Literal["title", "symptoms", "signatures", "identifiers", "causes", "headings", "body", "code"]
FIELDS: tuple[Field, ...] = get_args(Field)
"""The searchable fields; their weights are in `kb.weighting`."""

INLINE_CODE = re.compile(r"`([^`\n]{2,200})`")
OF_KIND: Mapping[str, Field] = {"symptoms": "symptoms", "cause": "causes"}
LINE_BUDGET = 400_000
"""Characters of one text that are indexed."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of plain text under one heading, for snippets."""

    section: str
    text: str


@dataclass(frozen=True, slots=True)
class IndexText:
    """One text of an article as the index takes it in."""

    article: Article
    text: ArticleText
    fields: Mapping[Field, str]
    passages: tuple[Passage, ...]
    phrases: str = ""
    """Search phrases of the guide: found by, never shown."""
    literals: tuple[LiteralLine, ...] = ()
    """Lines that a log may contain, for search by paste."""


def index_text(article: Article, text: ArticleText) -> IndexText:
    """The fields and passages of one language of an article."""
    parts: dict[Field, list[str]] = {field: [] for field in FIELDS}
    parts["title"].append(text.title)
    parts["identifiers"].append(article.id)
    parts["identifiers"] += INLINE_CODE.findall(text.markdown[:LINE_BUDGET])
    passages: list[tuple[str, list[str]]] = [("", [])]
    kinds: list[tuple[int, str]] = []
    budget = LINE_BUDGET
    blocks = markdown.blocks(text.markdown)
    for block in blocks:
        if block.kind == "heading":
            while kinds and kinds[-1][0] >= block.level:
                kinds.pop()
            kinds.append((block.level, headings.kind(block.text)))
            passages.append((block.text, []))
            if block.text != text.title:
                parts["headings"].append(block.text)
            continue
        piece = block.text[:budget]
        budget -= len(piece)
        if not piece:
            continue
        parts[_field(block, kinds)].append(piece)
        passages[-1][1].append(piece)
    phrases = (
        [phrase for symptom in article.guide.symptoms for phrase in symptom.phrases] if article.guide else []
    )
    parts["symptoms"] += phrases
    if article.guide:
        found = _guide_passages(article.guide, text.lang, alone=len(article.texts) == 1)
        for field, section, pieces in found:
            parts[field] += pieces
            passages.append((section, pieces))
    return IndexText(
        article=article,
        text=text,
        fields={field: "\n".join(pieces) for field, pieces in parts.items()},
        passages=tuple(Passage(section, "\n".join(pieces)) for section, pieces in passages if pieces),
        phrases="\n".join(phrases),
        literals=literals(article, text, blocks),
    )


def guidance(article: Article) -> str:
    """Whether there is a guide: ``authored``, ``derived`` (`kb.derive` makes one of its texts) or ``none``."""
    if article.guide:
        return "authored"
    return "derived" if is_worth_walking(article) else "none"


def _field(block: markdown.Block, kinds: list[tuple[int, str]]) -> Field:
    """Where a block belongs: by the innermost enclosing heading whose kind is known."""
    kind = next((kind for _, kind in reversed(kinds) if kind != "other"), "other")
    if block.kind == "code":
        return "signatures" if kind == "symptoms" else "code"
    return OF_KIND.get(kind, "body")


def _guide_passages(guide: Guide, lang: str, *, alone: bool) -> list[tuple[Field, str, list[str]]]:
    def said(text: Text) -> list[str]:
        return list(dict.fromkeys(filter(None, (text.en, text.zh)))) if alone else [text.get(lang)]

    symptoms = [piece for s in guide.symptoms for piece in said(s.text)]
    signatures = [*guide.signatures, *(found for s in guide.symptoms for found in s.signatures)]
    causes = [piece for c in guide.causes for piece in (*said(c.text), *said(c.explain)) if piece]
    steps = [piece for s in guide.steps for piece in (*said(s.text), *said(s.explain)) if piece]
    found: list[tuple[Field, str, list[str]]] = [
        ("symptoms", "", symptoms),
        ("signatures", "", signatures),
        ("causes", "", causes),
        ("body", "", steps),
    ]
    return [item for item in found if item[2]]
