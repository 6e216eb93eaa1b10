"""The files of one article to an `Article`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kb import frontmatter
from kb.articlefile import MAX_BYTES, parse_article
from kb.findings import finding
from kb.guidefile import load_guide
from kb.model import Article, ArticleText, Guide
from kb.problem import Problem
from kb.roots import Source
from kb.said import text_of


def read_article(article: str, sources: Sequence[Source]) -> tuple[Article | None, tuple[Problem, ...]]:
    """Read the files of one article: the article (None where no text is usable) and what is wrong."""
    texts: dict[str, ArticleText] = {}
    problems: list[Problem] = []
    guide: Guide | None = None
    for source in sources:
        if source.kind == "guide":
            guide, wrong = load_guide(Path(source.path), article)
            problems += wrong
            continue
        text, wrong = read_text(source)
        problems += wrong
        if text is None:
            continue
        if text.lang in texts:
            other = texts[text.lang].path
            problems.append(
                finding(source.path, 0, "article.twice", "warning", id=article, lang=text.lang, other=other)
            )
        else:
            texts[text.lang] = text
    if not texts:
        if guide:
            problems.append(finding(guide.path, 0, "guide.no-text"))
        return None, tuple(problems)
    return _article(article, texts, sources[0].root, guide), tuple(problems)


def read_text(source: Source) -> tuple[ArticleText | None, list[Problem]]:
    """Read and parse one text file."""
    if source.size > MAX_BYTES:
        return None, [finding(source.path, 0, "file.too-large", size=source.size, limit=MAX_BYTES)]
    try:
        with open(source.path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        why = text_of(error)
        return None, [finding(source.path, 0, "file.unreadable", why=why)]
    return parse_article(
        data, source.path, article=source.article, lang=source.lang, mtime_ns=source.mtime_ns
    )


def with_guide(article: Article, sources: Sequence[Source]) -> Article:
    """The article with the guide its texts give, where nobody wrote one; a written guide that is broken stays away."""
    from kb.derive import derive

    if article.guide is not None or any(source.kind == "guide" for source in sources):
        return article
    return replace(article, guide=derive(article))


def _article(article: str, texts: Mapping[str, ArticleText], root: str, guide: Guide | None) -> Article:
    def gather(*names: str) -> tuple[str, ...]:
        return tuple(
            dict.fromkeys(v for text in texts.values() for v in frontmatter.values(text.front, *names))
        )

    return Article(
        id=article,
        texts=texts,
        root=root,
        kinds=gather("kind", "kinds"),
        products=gather("products", "product"),
        components=gather("components", "component"),
        versions=gather("ProductsVersion", "versions", "version"),
        guide=guide,
    )
