"""Findings that another finding brings about, below it: judged by what shows and what causes are supported. Pure.

A guide says it of its causes: `leads_to` names other articles, their causes or their symptoms. The fold holds only
while the upstream article itself shows, the cause is supported or at least possible, and it accounts for all of the
finding below: every symptom that shows there, and every cause that is supported there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from checks.causes import CauseVerdict, judge_causes
from checks.findings.finding import SHOWS, Finding
from checks.model import SEVERITY, Result
from kb.model import Article, Cause, CheckUse, Guide


@dataclass(frozen=True, slots=True)
class _Tie:
    """One finding that may be what brings another about, and through which cause."""

    upstream: Finding
    through: CauseVerdict


def folded(
    ranked: Sequence[Finding],
    articles: Mapping[str, Article],
    uses: Sequence[CheckUse],
    results: Mapping[str, Result],
) -> tuple[Finding, ...]:
    """The findings with those that others bring about directly below them; a group stands where its worst would."""
    showing = {f.article: f for f in ranked if f.matches}
    if len(showing) < 2:
        return tuple(ranked)
    causes = _Causes(articles, uses, results)
    place = {article: number for number, article in enumerate(showing)}
    ties = [
        (finding.article, tie)
        for finding in showing.values()
        for tie in _ties(finding, showing.values(), articles, causes)
    ]
    above: dict[str, _Tie] = {}
    # In a circle what is supported holds; between equals the one that ranks first stays on its own.
    for article, tie in sorted(ties, key=lambda t: (t[1].through.state != "supported", -place[t[0]])):
        if article not in above and not _stands_under(tie.upstream.article, article, above):
            above[article] = tie
    return tuple(_ordered(ranked, above))


class _Causes:
    """The states of an article's causes on all results of the run, judged where somebody asks."""

    def __init__(
        self, articles: Mapping[str, Article], uses: Sequence[CheckUse], results: Mapping[str, Result]
    ):
        self._articles = articles
        self._answers = [
            (use.check, dict(use.params), results[use.alias]) for use in uses if use.alias in results
        ]
        self._judged: dict[str, tuple[CauseVerdict, ...]] = {}

    def of(self, article: str) -> tuple[CauseVerdict, ...]:
        """The causes with their states."""
        if article not in self._judged:
            guide = self._articles[article].guide
            self._judged[article] = judge_causes(guide, self._seen(guide)) if guide else ()
        return self._judged[article]

    def _seen(self, guide: Guide) -> dict[str, Result]:
        """The guide's checks as the run answered them, whoever asked with the same params."""
        found = {}
        for alias, use in guide.checks.items():
            same = (
                r for check, params, r in self._answers if check == use.check and params == dict(use.params)
            )
            result = next(same, None)
            if result is not None:
                found[alias] = result
        return found


def _ties(
    finding: Finding, showing: Iterable[Finding], articles: Mapping[str, Article], causes: _Causes
) -> list[_Tie]:
    """What may bring a finding about: supported causes first, then the worse and fuller article."""
    ties = []
    for other in showing:
        if other.article == finding.article:
            continue
        for cause in (
            causes.of(other.article) if _leads(articles[other.article].guide, finding.article) else ()
        ):
            if _likely(cause, other, finding) and _accounts(cause.cause, finding, articles, causes):
                ties.append(_Tie(other, cause))
    return sorted(ties, key=_nearness)


def _likely(cause: CauseVerdict, upstream: Finding, finding: Finding) -> bool:
    """A supported cause, or a possible one of an article that shows at least as badly: a mild warning whose cause
    nobody has looked at does not explain away a failure.
    """
    possible = cause.state != "refuted" and SEVERITY[upstream.verdict] >= SEVERITY[finding.verdict]
    return cause.state == "supported" or possible


def _nearness(tie: _Tie) -> tuple[bool, int, float, str]:
    up = tie.upstream
    return tie.through.state != "supported", -SEVERITY[up.verdict], -up.score, up.article


def _leads(guide: Guide | None, article: str) -> bool:
    return guide is not None and any(_targets(cause, article) for cause in guide.causes)


def _targets(cause: Cause, article: str) -> tuple[str, ...]:
    """What a cause brings about in an article: ids of its causes and symptoms, ``*`` for all of it."""
    found = (text.partition("/") for text in cause.leads_to)
    return tuple(part or "*" for name, _, part in found if name == article)


def _accounts(cause: Cause, finding: Finding, articles: Mapping[str, Article], causes: _Causes) -> bool:
    """Whether a cause elsewhere accounts for every symptom that shows here and every cause supported here."""
    guide = articles[finding.article].guide
    named = set(_targets(cause, finding.article))
    if guide is None or not named:
        return False
    if "*" in named:
        return True
    reached = _reached(guide, named)
    shown = {s.symptom.id for s in finding.symptoms if s.verdict in SHOWS}
    own = {c.cause.id for c in causes.of(finding.article) if c.state == "supported"}
    return shown <= reached and own <= reached


def _reached(guide: Guide, ids: set[str]) -> set[str]:
    """These causes and symptoms, and all that the causes among them bring about within the guide."""
    below = {cause.id: cause.upstream_of for cause in guide.causes}
    reached: set[str] = set()
    left = list(ids)
    while left:
        one = left.pop()
        if one not in reached:
            reached.add(one)
            left.extend(below.get(one, ()))
    return reached


def _stands_under(article: str, top: str, above: Mapping[str, _Tie]) -> bool:
    """Whether an article already stands, at whatever depth, below another one."""
    while article in above:
        article = above[article].upstream.article
        if article == top:
            return True
    return False


# --- the order ------------------------------------------------------------------------------------------------------


def _ordered(ranked: Sequence[Finding], above: Mapping[str, _Tie]) -> Iterator[Finding]:
    """Groups in the order of their worst member, each from the top down."""
    below: dict[str, list[Finding]] = {}
    for finding in ranked:
        if finding.article in above:
            below.setdefault(above[finding.article].upstream.article, []).append(finding)
    place = {finding.article: number for number, finding in enumerate(ranked)}

    def group(top: Finding) -> list[Finding]:
        return [top, *(member for child in below.get(top.article, ()) for member in group(child))]

    tops = [group(finding) for finding in ranked if finding.article not in above]
    for members in sorted(tops, key=lambda group: min(place[member.article] for member in group)):
        for member in members:
            yield _placed(member, above)


def _placed(finding: Finding, above: Mapping[str, _Tie]) -> Finding:
    tie = above.get(finding.article)
    if tie is None:
        return finding
    depth, article = 0, finding.article
    while article in above:
        depth, article = depth + 1, above[article].upstream.article
    through = tie.through
    return replace(
        finding,
        under=tie.upstream.article,
        through=through.cause.text,
        through_state=through.state,
        depth=depth,
    )
