"""Guides out of the texts of articles: symptoms, causes and steps from headings, lists, tables and code. Pure."""

from __future__ import annotations

from kb.derive.hints import judged
from kb.derive.join import guide_of
from kb.derive.one import draft_of
from kb.derive.outline import parts
from kb.derive.worth import TROUBLE, is_about_trouble, is_worth_walking
from kb.model import Article, Guide


def derive(article: Article) -> Guide | None:
    """The guide that an article's texts give; None for an article with nothing to do in it, such as an overview.

    Every cause stays open: a derived guide has no checks, a person decides by reading.
    """
    if not is_worth_walking(article):
        return None
    langs = [lang for lang in ("en", "zh") if lang in article.texts]
    outlines = [parts(article.texts[lang]) for lang in langs]
    # two languages of one article are about the same thing: what one of them says counts for both
    trouble = is_about_trouble(article) or any(
        part.role in TROUBLE and part.pieces for found in outlines for part in found
    )
    drafts = [
        draft_of(article.texts[lang], found, trouble)
        for lang, found in zip(langs, judged(outlines), strict=True)
    ]
    found = [draft for draft in drafts if draft is not None]
    return guide_of(article, found) if found else None
