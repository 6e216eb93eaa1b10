"""The single lines of Home: hits, findings of the cluster, sessions, headings, notes. Values to options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from textual.content import Content
from textual.widgets.option_list import Option

from kb.safe import one_line, printable
from tui.i18n import ago, translate
from tui.screens.evidence import reason, summary
from tui.theme import Signs
from tui.widgets.rows import Row, Rule
from tui.widgets.say import dim, foreign, verdict

if TYPE_CHECKING:
    from checks.findings.triage import Finding
    from checks.model import Result
    from checks.sessions.session import SessionSummary
    from kb.hits import Hit
    from kb.model import Article
    from tui.questions import Told

BAD = ("fail", "warn")


@dataclass(frozen=True, slots=True)
class Look:
    """In which words and signs lines are said, and what is known beside what they are about."""

    lang: str
    signs: Signs
    findings: Mapping[str, Finding] = field(default_factory=dict)
    """By article, what the cluster shows of it."""
    guided: Mapping[str, Article] = field(default_factory=dict)
    told: Mapping[str, Told] = field(default_factory=dict)
    """By article, hits that are shown in their other language."""
    others: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By article, the languages it is there in besides that of its hit."""

    def say(self, key: str, /, **params: object) -> str:
        """One of the app's own messages."""
        return translate(self.lang, key, **params)


def guide_mark(guide: str, lang: str) -> Content:
    """``guide`` where somebody wrote one with live checks, ``steps`` where the text gives some to do by hand."""
    if guide == "authored":
        return Content.styled(translate(lang, "home.guide"), "$text-success")
    return dim(translate(lang, "home.guide_derived")) if guide == "derived" else Content("")


def applies_to(article: Article | None, versions: tuple[str, ...]) -> str:
    """``kube-ovn <1.12``, or the versions an article names."""
    if article is not None and article.guide is not None and article.guide.applies_to:
        return ", ".join(f"{name} {rule}" for name, rule in article.guide.applies_to.items())
    return ", ".join(versions[:2])


def languages(lang: str, others: tuple[str, ...], signs: Signs) -> Content:
    """``en·zh`` with the shown one in bold; nothing where there is only one."""
    if not others:
        return Content("")
    names = [Content.styled(name, "bold" if name == lang else "$quiet") for name in sorted({lang, *others})]
    return dim(signs.dot).join(names)


def edge(guide: str, applies: str, tongues: Content, lang: str, signs: Signs) -> Content:
    """What stands at the right edge of an article's line."""
    parts = (guide_mark(guide, lang), tongues, dim(one_line(applies, 28)) if applies else Content(""))
    return dim(f" {signs.dot} ").join([part for part in parts if part])


def article_line(
    article_id: str, title: str, lang: str, right: Content, below: tuple[Content, ...], look: Look
) -> Option:
    """An article in the list: sign of the cluster's verdict, title, what is known of it, lines below."""
    finding = look.findings.get(article_id)
    sign = Content(" ")
    if finding is not None and finding.done:
        sign = verdict(finding.verdict, look.lang, look.signs, word=False)
    if finding is not None and finding.speaker is not None and finding.verdict in BAD:
        said = foreign(finding.speaker.summary.get(look.lang))
        below = (*below, Content.assemble(verdict(finding.verdict, look.lang, look.signs), "  ", said))
    left = Content.assemble(sign, " ", foreign(title, "bold"))
    shown = tuple(line for line in below if line)
    return Option(Row(left, right, shown, indent=2, share=0.4), id=f"hit:{article_id}")


def hit_option(hit: Hit, look: Look) -> Option:
    """One hit: title, guide, versions, languages, and the words that matched."""
    told = look.told.get(hit.article_id)
    lang = told.lang if told else hit.lang
    tongues = languages(lang, _with(look.others.get(hit.article_id, ()), hit.lang, lang), look.signs)
    applies = applies_to(look.guided.get(hit.article_id), hit.versions)
    right = edge(hit.guide, applies, tongues, look.lang, look.signs)
    below = snippet(told.snippet if told else hit.snippet)
    return article_line(hit.article_id, told.title if told else hit.title, lang, right, (below,), look)


def _with(others: tuple[str, ...], hit: str, shown: str) -> tuple[str, ...]:
    """The languages besides the one that is shown."""
    return tuple(lang for lang in (hit, *others) if lang != shown) if others else ()


def snippet(value: Any) -> Content:
    """The passage that matched, its words marked."""
    parts = [
        Content.styled(printable(text).replace("\n", " "), "bold $accent" if match else "$quiet")
        for text, match in value.segments
    ]
    return Content("").join(parts)


def heading(left: str, right: str, signs: Signs, key: str) -> Option:
    """A line that parts the list; it cannot be chosen."""
    return Option(Rule(Content.styled(left, "bold"), dim(right), signs.rule), id=f"rule:{key}", disabled=True)


def note(text: str, key: str, style: str = "$quiet") -> Option:
    """A sentence in the list; it cannot be chosen."""
    return Option(Content.styled(text, style), id=f"note:{key}", disabled=True)


def offer(text: str, key: str) -> Option:
    """Something to do, chosen with Enter."""
    return Option(Content.styled(text, "bold $primary"), id=key)


def finding_option(finding: Finding, article: Article, look: Look) -> Option:
    """One article against the cluster, with the evidence line."""
    shown = dim(look.say("home.waiting"))
    if finding.done:
        shown = verdict(finding.verdict, look.lang, look.signs)
    elif not finding.total:
        shown = dim(look.say("home.not_cheap"))
    told = look.told.get(article.id)
    title = told.title if told else article.title(look.lang)
    left = Content.assemble(shown, "  ", foreign(title, "bold"))
    right = Content("") if finding.settled else dim(f"{finding.done}/{finding.total}")
    below: tuple[Content, ...] = ()
    speaker = finding.speaker
    if speaker is not None:
        code = "" if speaker.root else speaker.judgement.reason
        why = f" ({reason(code, look.lang)})" if code else ""
        said = foreign(summary(speaker, look.lang))
        whose = pasted_mark(speaker, look.lang)
        below = (Content.assemble(dim(look.signs.branch + " "), whose, said, dim(why)),)
    return Option(Row(left, right, below), id=f"find:{finding.article}")


def pasted_mark(result: Result, lang: str) -> Content:
    """``pasted: `` before what rests on somebody's word; nothing before what klinik read itself."""
    if not result.pasted:
        return Content("")
    return Content.styled(translate(lang, "evidence.mark_pasted") + " ", "$text-warning")


def session_option(session: SessionSummary, title: str, look: Look, now: float) -> Option:
    """One unfinished session."""
    left = Content.assemble((f"{look.signs.here} ", "$accent"), (one_line(title), "bold"))
    right = dim(ago(look.lang, max(0.0, now - session.updated)))
    who, cluster = one_line(session.operator), one_line(session.practice or session.context)
    said = dim(look.say("home.session", cluster=cluster, done=session.done, total=session.total, who=who))
    if session.in_doubt:
        doubt = (look.say("home.session_doubt"), "bold $text-warning")
        said = Content.assemble(doubt, dim(f" {look.signs.dot} "), said)
    return Option(Row(left, right, (said,), indent=2), id=f"session:{session.id}")
