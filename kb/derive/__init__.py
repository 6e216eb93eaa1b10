"""Guides out of the texts of articles: symptoms, causes and steps from headings, lists, tables and code. Pure."""

from __future__ import annotations

import re

from kb.derive.join import guide_of
from kb.derive.one import draft_of
from kb.model import Article, Guide

_TROUBLE = re.compile(r"troubleshoot|known ?issue|incident|故障|排查|已知问题|问题", re.I)


def derive(article: Article) -> Guide | None:
    """The guide that an article's texts give; None for an article with nothing to do in it, such as an overview.

    Every cause stays open: a derived guide has no checks, a person decides by reading.
    """
    troubleshooting = any(_TROUBLE.search(kind) for kind in article.kinds)
    drafts = [
        draft_of(article.texts[lang], troubleshooting) for lang in ("en", "zh") if lang in article.texts
    ]
    found = [draft for draft in drafts if draft is not None]
    return guide_of(article, found) if found else None
