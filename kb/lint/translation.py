"""The two languages of an article beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kb import frontmatter
from kb.articlefile import language
from kb.importing.pairing import is_stale
from kb.lint.view import View, found, near
from kb.problem import Problem

SOURCE = ("sourceSHA", "source_sha")
MINIMUM = 400
"""Characters of a body below which nothing is concluded from its language."""


def check(views: Mapping[str, View]) -> Iterator[Problem]:
    """Texts in the wrong language, translations older than their source, languages that say different things."""
    for lang, view in views.items():
        body = view.text.markdown
        if len(body) >= MINIMUM and language(_prose(view)) != lang and language(body) != lang:
            yield found(
                view.path, 0, "article.wrong-language", said=lang, other="en" if lang == "zh" else "zh"
            )
    if len(views) != 2:
        return
    en, zh = views["en"], views["zh"]
    marked = False
    for view, source in ((zh, en), (en, zh)):
        known = frontmatter.values(view.text.front, *SOURCE)
        if known:
            marked = True
            if is_stale(view.text.front, source.text.front, source.digest):
                yield found(view.path, 0, "translation.stale", source=near(source.path, source.root))
    if not marked:
        yield from _differ(en, zh)
    for names in (("kind", "kinds"), ("products", "product"), ("components", "component")):
        ours, theirs = (set(frontmatter.values(v.text.front, *names)) for v in (en, zh))
        if ours and theirs and ours != theirs:
            yield found(zh.path, 0, "front.languages-differ", key=names[0], other=near(en.path, en.root))


def _prose(view: View) -> str:
    return "\n".join(block.text for block in view.blocks if block.kind in ("text", "heading"))


def _differ(en: View, zh: View) -> Iterator[Problem]:
    """Where no checksum tells: other numbers of code blocks or of sections."""
    for kind in ("code", "heading"):
        ours, theirs = (sum(1 for b in v.blocks if b.kind == kind) for v in (en, zh))
        if ours != theirs:
            yield found(
                zh.path, 0, "translation.differs", en=ours, zh=theirs, what=_what(kind), other=en.path
            )
            return


def _what(kind: str) -> object:
    from kb.messages import message

    return message("lint.what.code" if kind == "code" else "lint.what.heading")
