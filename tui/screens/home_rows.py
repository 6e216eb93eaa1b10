"""The lines of Home: hits, findings, sessions and what to say when there are none. Values to options."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widgets.option_list import Option

from kb.safe import one_line, printable
from tui.i18n import ago, translate
from tui.theme import Signs
from tui.widgets.rows import Row, Rule
from tui.widgets.say import dim, foreign, verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from checks.session import SessionSummary
    from kb.model import Article
    from tui.triage import Finding

BAD = ("fail", "warn")


def versions_of(article: Article | None, lang: str) -> Content:
    """``guide · kube-ovn <1.12``: what the article applies to, at the right edge."""
    if article is None:
        return Content("")
    parts = []
    if article.guide is not None:
        parts.append(Content.styled(translate(lang, "home.guide"), "$text-success"))
        applies = ", ".join(f"{name} {rule}" for name, rule in article.guide.applies_to.items())
    else:
        applies = ", ".join(article.versions[:2])
    if applies:
        parts.append(dim(applies[:28]))
    return dim(" · ").join(parts)


def hit_option(hit: Any, article: Article | None, finding: Finding | None, lang: str, signs: Signs) -> Option:
    """One hit: title, what it applies to, and the words that matched."""
    sign = Content(" ")
    if finding is not None and finding.done:
        sign = verdict(finding.verdict, lang, signs, word=False)
    title = foreign(hit.title, "bold")
    left = Content.assemble(sign, " ", title)
    below = [snippet(hit.snippet)]
    if finding is not None and finding.speaker is not None and finding.verdict in BAD:
        said = foreign(finding.speaker.summary.get(lang))
        below.append(Content.assemble(verdict(finding.verdict, lang, signs), "  ", said))
    return Option(
        Row(left, versions_of(article, lang), tuple(line for line in below if line), indent=2),
        id=f"hit:{hit.article_id}",
    )


def snippet(value: Any) -> Content:
    """The passage that matched, its words marked."""
    segments = getattr(value, "segments", None)
    if segments is None:
        return foreign(str(value), "$quiet")
    parts = [
        Content.styled(printable(text).replace("\n", " "), "bold $accent" if match else "$quiet")
        for text, match in segments
    ]
    return Content("").join(parts)


def heading(left: str, right: str, signs: Signs, key: str) -> Option:
    """A line that parts the list; it cannot be chosen."""
    return Option(Rule(Content.styled(left, "bold"), dim(right), signs.rule), id=f"rule:{key}", disabled=True)


def note(text: str, key: str, style: str = "$quiet") -> Option:
    """A sentence in the list; it cannot be chosen."""
    return Option(Content.styled(text, style), id=f"note:{key}", disabled=True)


def finding_option(finding: Finding, article: Article, lang: str, signs: Signs) -> Option:
    """One article against the cluster, with the evidence line."""
    shown = dim(translate(lang, "home.waiting"))
    if finding.done:
        shown = verdict(finding.verdict, lang, signs)
    elif not finding.total:
        shown = dim(translate(lang, "home.not_cheap"))
    left = Content.assemble(shown, "  ", foreign(article.title(lang), "bold"))
    right = Content("") if finding.settled else dim(f"{finding.done}/{finding.total}")
    below: tuple[Content, ...] = ()
    speaker = finding.speaker
    if speaker is not None:
        reason = (
            f" ({translate(lang, 'reason.' + speaker.judgement.reason)})" if speaker.judgement.reason else ""
        )
        below = (Content.assemble(dim(signs.branch + " "), foreign(speaker.summary.get(lang)), dim(reason)),)
    return Option(Row(left, right, below), id=f"find:{finding.article}")


def session_option(session: SessionSummary, title: str, lang: str, signs: Signs, now: float) -> Option:
    """One unfinished session."""
    left = Content.assemble((f"{signs.here} ", "$accent"), (one_line(title), "bold"))
    right = dim(ago(lang, max(0.0, now - session.updated)))
    who, cluster = one_line(session.operator), one_line(session.practice or session.context)
    said = dim(
        translate(lang, "home.session", cluster=cluster, done=session.done, total=session.total, who=who)
    )
    if session.in_doubt:
        said = Content.assemble(
            (translate(lang, "home.session_doubt"), "bold $text-warning"), dim(" · "), said
        )
    return Option(Row(left, right, (said,), indent=2), id=f"session:{session.id}")


def preview(article: Article, lang: str, results: Mapping[str, Any], signs: Signs) -> Content:
    """What an article is about: symptoms with what the cluster says, causes, the first lines."""
    text = article.text(lang)
    parts: list[Content] = [Content.styled(text.title, "bold $primary")]
    right = versions_of(article, lang)
    if right:
        parts.append(right)
    guide = article.guide
    if guide is not None:
        parts += [Content(""), Content.styled(translate(lang, "article.symptoms"), "bold")]
        for symptom in guide.symptoms:
            mine = [results[f"{article.id}/{a}"] for a in symptom.checks if f"{article.id}/{a}" in results]
            sign = Content(signs.dot)
            if mine:
                from checks.model import worst

                sign = verdict(worst(tuple(r.verdict for r in mine)), lang, signs, word=False)
            parts.append(Content.assemble(sign, " ", foreign(symptom.text.get(lang))))
        parts += [Content(""), Content.styled(translate(lang, "article.causes"), "bold")]
        parts += [Content.assemble(f"{signs.dot} ", foreign(c.text.get(lang))) for c in guide.causes]
    body = _opening(text.markdown)
    if body:
        parts += [Content(""), dim(body)]
    return Content("\n").join(parts)


def _opening(markdown: str, limit: int = 1200) -> str:
    """The first lines of prose, without the title."""
    lines = [line.rstrip() for line in markdown[: limit * 2].splitlines()]
    kept = [
        line.lstrip("# ") if line.startswith("#") else line
        for line in lines
        if not line.startswith(("# ", "```"))
    ]
    return "\n".join(kept).strip()[:limit]
