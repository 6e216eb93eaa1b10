"""Search in reverse: the symptom checks of every guide on one cluster, folded to one finding per article. Pure.

An article that matches is ranked by its worst symptom first, then by how much of it shows; what only could not be seen
is never taken for health, and comes after everything that was.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from checks.causes import SymptomVerdict, symptom_verdicts
from checks.model import SEVERITY, Result, Verdict, worst
from kb.model import Article, CheckUse

_SEPARATOR = "/"
_WEIGHT = {Verdict.FAIL: 1.0, Verdict.WARN: 0.5}
SHOWS = (Verdict.FAIL, Verdict.WARN)
"""Verdicts of a symptom that is there."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One article against this cluster: the worst verdict of its symptoms, and the result that speaks for it."""

    article: str
    verdict: Verdict
    speaker: Result | None
    """The worst result, whose summary is the evidence line."""
    done: int
    total: int
    left_out: int = 0
    """Symptom checks that were not run because they are not cheap."""
    symptoms: tuple[SymptomVerdict, ...] = ()
    """The symptoms that can be told so far, in the order of the guide."""

    @property
    def settled(self) -> bool:
        """Whether all checks that were begun have answered."""
        return self.done >= self.total

    @property
    def matches(self) -> bool:
        """Whether a symptom of the article shows here."""
        return self.verdict in SHOWS

    @property
    def score(self) -> float:
        """How much of the article shows, 0 to 1: the share of its checked symptoms that do, a warning by half."""
        told = [s for s in self.symptoms if s.verdict is not Verdict.SKIPPED]
        return round(sum(_WEIGHT.get(s.verdict, 0.0) for s in told) / len(told), 3) if told else 0.0


def uses_of(articles: Iterable[Article], among: Collection[str]) -> tuple[CheckUse, ...]:
    """The symptom checks of all guides that are `among` these checks, their aliases prefixed with the article."""
    uses = []
    for article in articles:
        if article.guide is None:
            continue
        for alias in symptom_aliases(article):
            use = article.guide.checks.get(alias)
            if use and use.check in among:
                uses.append(CheckUse(f"{article.id}{_SEPARATOR}{alias}", use.check, use.params))
    return tuple(uses)


def symptom_aliases(article: Article) -> tuple[str, ...]:
    """The checks that show the article's symptoms, each once, in order."""
    guide = article.guide
    return tuple(dict.fromkeys(a for s in guide.symptoms for a in s.checks)) if guide else ()


def findings(
    articles: Iterable[Article], uses: Sequence[CheckUse], results: Mapping[str, Result]
) -> tuple[Finding, ...]:
    """One finding per article with live checks; those that match first, the unknown next, the healthy last."""
    found = [_finding(article, uses, results) for article in articles if symptom_aliases(article)]
    return tuple(sorted(found, key=_rank))


def _finding(article: Article, uses: Sequence[CheckUse], results: Mapping[str, Result]) -> Finding:
    prefix = article.id + _SEPARATOR
    wanted = [use.alias for use in uses if use.alias.startswith(prefix)]
    have = {alias.removeprefix(prefix): results[alias] for alias in wanted if alias in results}
    verdict = worst(tuple(r.verdict for r in have.values())) if have else Verdict.UNKNOWN
    speaker = max(have.values(), key=lambda r: SEVERITY[r.verdict], default=None)
    guide = article.guide
    symptoms = tuple(s for s in symptom_verdicts(guide, have) if s.results) if guide else ()
    left_out = len(symptom_aliases(article)) - len(wanted)
    return Finding(article.id, verdict, speaker, len(have), len(wanted), left_out, symptoms)


def _rank(finding: Finding) -> tuple[int, float, str]:
    return (-SEVERITY[finding.verdict] if finding.done else 1, -finding.score, finding.article)
