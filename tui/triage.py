"""What this cluster shows: the cheap checks of every guide, folded to one finding per article. Values only."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from checks.model import SEVERITY, Result, Verdict, worst
from kb.model import Article, CheckUse

_SEPARATOR = "/"


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
    """Symptom checks that are not cheap and were not run."""

    @property
    def settled(self) -> bool:
        """Whether all cheap checks have answered."""
        return self.done >= self.total


def uses_of(articles: Iterable[Article], cheap: Collection[str]) -> tuple[CheckUse, ...]:
    """The symptom checks of all guides that are among the `cheap` ones, their aliases prefixed with the article."""
    uses = []
    for article in articles:
        if article.guide is None:
            continue
        for alias in symptom_aliases(article):
            use = article.guide.checks.get(alias)
            if use and use.check in cheap:
                uses.append(CheckUse(f"{article.id}{_SEPARATOR}{alias}", use.check, use.params))
    return tuple(uses)


def symptom_aliases(article: Article) -> tuple[str, ...]:
    """The checks that show the article's symptoms, each once, in order."""
    guide = article.guide
    return tuple(dict.fromkeys(a for s in guide.symptoms for a in s.checks)) if guide else ()


def findings(
    articles: Iterable[Article], uses: Sequence[CheckUse], results: Mapping[str, Result]
) -> tuple[Finding, ...]:
    """One finding per article with a guide; the worst first, then those that know less, the healthy last."""
    found = []
    for article in articles:
        if article.guide is None:
            continue
        prefix = article.id + _SEPARATOR
        wanted = [use.alias for use in uses if use.alias.startswith(prefix)]
        have = [results[alias] for alias in wanted if alias in results]
        verdict = worst(tuple(r.verdict for r in have)) if have else Verdict.UNKNOWN
        speaker = max(have, key=lambda r: SEVERITY[r.verdict], default=None)
        left_out = len(symptom_aliases(article)) - len(wanted)
        found.append(Finding(article.id, verdict, speaker, len(have), len(wanted), left_out))
    return tuple(sorted(found, key=lambda f: (-SEVERITY[f.verdict] if f.done else 1, f.article)))
