"""What an article is about in few lines: symptoms with what the cluster says, causes, the first prose."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from textual.content import Content

from kb.safe import one_line, printable
from tui.i18n import translate
from tui.questions import opening
from tui.screens.home_rows import applies_to, edge, languages
from tui.theme import Signs
from tui.widgets.say import foreign, verdict

if TYPE_CHECKING:
    from kb.model import Article, Guide


def preview(
    article: Article, tongue: str, lang: str, results: Mapping[str, Any], signs: Signs
) -> list[Content]:
    """The lines, the article in `tongue` (where it has that), klinik's own words in `lang`."""
    text = article.text(tongue)
    guide = article.guide
    lines = [Content.styled(one_line(text.title), "bold $primary")]
    others = tuple(name for name in article.texts if name != text.lang)
    tongues = languages(text.lang, others, signs)
    right = edge(
        guide.origin if guide else "none", applies_to(article, article.versions), tongues, lang, signs
    )
    if right:
        lines.append(right)
    if guide is not None:
        lines += _guide(article, guide, text.lang, lang, results, signs)
    body = printable(opening(text.markdown))
    if body:
        lines += [Content(""), *(Content.styled(line, "$quiet") for line in prose(body))]
    return lines


def prose(body: str) -> Iterator[str]:
    """The lines without inline Markdown; code stays as it is."""
    from kb.markdown import strip_inline

    code = False
    for line in body.split("\n"):
        bare = line.lstrip()
        code ^= bare.startswith(("```", "~~~"))
        yield line if code else line[: len(line) - len(bare)] + strip_inline(bare)


def _guide(
    article: Article, guide: Guide, tongue: str, lang: str, results: Mapping[str, Any], signs: Signs
) -> list[Content]:
    lines: list[Content] = []
    if guide.symptoms:
        lines += [Content(""), Content.styled(translate(lang, "article.symptoms"), "bold")]
    for symptom in guide.symptoms:
        mine = [results[f"{article.id}/{a}"] for a in symptom.checks if f"{article.id}/{a}" in results]
        sign = Content(signs.dot)
        if mine:
            from checks.model import worst

            sign = verdict(worst(tuple(r.verdict for r in mine)), lang, signs, word=False)
        lines.append(Content.assemble(sign, " ", foreign(symptom.text.get(tongue))))
    if guide.causes:
        lines += [Content(""), Content.styled(translate(lang, "article.causes"), "bold")]
    lines += [Content.assemble(f"{signs.dot} ", foreign(cause.text.get(tongue))) for cause in guide.causes]
    if guide.steps:
        said = translate(lang, f"home.steps_{guide.origin}", n=len(guide.steps))
        lines += [Content(""), Content.styled(said, "$quiet")]
    return lines
