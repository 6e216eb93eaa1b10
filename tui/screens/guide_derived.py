"""What a guide derived from an article's text says of itself: no live checks, causes to be judged by reading. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets.option_list import Option

from kb.model import Article, ArticleText, Cause, CommandAction, Guide, Section, SectionKind, Step, Symptom
from kb.safe import one_line
from tui.i18n import translate
from tui.theme import Signs
from tui.widgets.rows import Page, Row
from tui.widgets.say import block, dim, foreign, risk

if TYPE_CHECKING:
    from checks.causes import CauseVerdict
    from tui.walker import Snapshot

_MARKS = re.compile(r"[`*_\\]|\[(?=[^\]\n]{0,200}\]\()|\]\([^)\s]{0,500}\)")
RISKS_OF_A_STEP = 60
"""Steps of a cause that are listed beside it."""


def symptom_option(symptom: Symptom, lang: str, signs: Signs) -> Option:
    """One symptom as the article words it."""
    title = foreign(symptom.text.get(lang))
    return Option(Row(Content.assemble(dim(f"{signs.dot} "), title), indent=2, wrap=True), id=symptom.id)


def symptom_why(symptom: Symptom, lang: str) -> Page:
    """The whole text, the messages to look for, and that nothing looked."""
    parts = [foreign(symptom.text.get(lang), "bold", limit=2000), dim(translate(lang, "derived.no_verdict"))]
    if symptom.signatures:
        parts += [Content(""), Content.styled(translate(lang, "derived.signatures"), "bold")]
        parts += [foreign(one, limit=300) for one in symptom.signatures[:20]]
    return Page(parts)


def cause_why(view: CauseVerdict, guide: Guide, lang: str, signs: Signs) -> Page:
    """What the article says of a cause, and the steps it names with their risks."""
    from checks.risk.degrees import effective

    cause = view.cause
    parts = [foreign(cause.text.get(lang), "bold", limit=2000), dim(translate(lang, "derived.no_evidence"))]
    if cause.explain:
        parts += [Content(""), block(cause.explain.get(lang), limit=4000)]
    steps = [guide.step(step_id) for step_id in cause.fix]
    parts += [Content(""), Content.styled(translate(lang, "derived.steps", n=len(steps)), "bold")]
    for number, step in enumerate(steps[:RISKS_OF_A_STEP], 1):
        name = foreign(step.text.get(lang), limit=200)
        parts.append(Content.assemble(dim(f"{number}. "), risk(effective(step), lang), "  ", name))
    if len(steps) > RISKS_OF_A_STEP:
        parts.append(dim(translate(lang, "evidence.more_rows", n=len(steps) - RISKS_OF_A_STEP)))
    return Page(parts)


def line(snap: Snapshot, guide: Guide, lang: str) -> Content:
    """The one line that is always in view."""
    said = Content.styled(translate(lang, "derived.line"), "bold $text-warning")
    cause = next((c for c in guide.causes if c.id == snap.session.cause), None)
    if cause is None:
        return said
    return Content.assemble(said, dim("  "), foreign(cause.text.get(lang), limit=120))


def banner(guide: Guide, lang: str) -> Content:
    """On the article: that there is a guide, what it is made of, and what it is not."""
    counted = translate(
        lang,
        "derived.counts",
        symptoms=len(guide.symptoms),
        causes=len(guide.causes),
        steps=len(guide.steps),
    )
    return Content.assemble((translate(lang, "derived.title"), "bold $primary"), "   ", (counted, "$quiet"))


# --- where the article says it -------------------------------------------------------------------------------------


def source_of(article: Article, guide: Guide, about: Symptom | Cause | Step | None, lang: str) -> str:
    """The section of the article that a part of its guide comes from, or the whole text; with file and line."""
    text = article.text(lang)
    if isinstance(about, Step):
        text, found = _of_step(article, guide, about, lang)
    else:
        kinds: tuple[SectionKind, ...] = ("cause",) if isinstance(about, Cause) else ("symptoms",)
        found = tuple(s for s in text.sections if s.kind in kinds) if about is not None else ()
    if not found:
        return f"# {one_line(text.path, 300)}\n\n{text.markdown}"
    return "\n\n".join(_shown(text, section) for section in found)


def _shown(text: ArticleText, section: Section) -> str:
    heading = f"{'#' * max(1, section.level)} {section.heading}"
    return f"# {one_line(text.path, 300)}:{section.line}\n{heading}\n\n{section.markdown}"


def _of_step(
    article: Article, guide: Guide, step: Step, lang: str
) -> tuple[ArticleText, tuple[Section, ...]]:
    """The innermost section around the command's line, or the one whose words the step has."""
    texts = [article.text(lang), *(t for t in article.texts.values() if t.path != article.text(lang).path)]
    if isinstance(step.action, CommandAction):
        start = step.action.shell.split("{", 1)[0].split("\n", 1)[0].strip()
        for text in texts:
            section = _around(text.sections, step.action.line)
            if section is not None and start and start in section.markdown:
                return text, (section,)
        for text in texts:
            found = tuple(s for s in text.sections if start and start in s.markdown)
            if found:
                return text, found[-1:]
        return texts[0], ()
    for text in texts:
        words = _words(step.text.get(text.lang)).rstrip("… ")[:60]
        found = tuple(s for s in text.sections if words and words in _words(f"{s.heading}\n{s.markdown}"))
        if found:
            return text, found[-1:]
    return texts[0], ()


def _words(markdown: str) -> str:
    """The words without the marks of Markdown, as the steps have them."""
    return " ".join(_MARKS.sub("", markdown).split())


def _around(sections: Sequence[Section], line: int) -> Section | None:
    before = [section for section in sections if section.line <= line]
    return max(before, key=lambda section: section.line, default=None)
