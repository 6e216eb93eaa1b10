"""Search in reverse: the cheap checks of the whole catalogue on one cluster, folded to one finding per article. Pure.

An article that matches is ranked by its worst symptom first, then by how much of it shows; what only could not be seen
is never taken for health, and comes after everything that was. A finding that another one brings about stands below
it (`checks.findings.folding`), and what is bad and explained by no article is a row of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from checks.causes import symptom_verdicts
from checks.findings.changes import Shown, snapshot
from checks.findings.finding import SHOWS, Finding
from checks.findings.folding import folded
from checks.findings.mutes import Mute, Muting
from checks.model import SEVERITY, Result, Verdict, worst
from kb.model import Article, CheckUse, Guide
from kb.text import Text

if TYPE_CHECKING:
    from checks.catalogue import Catalogue

__all__ = [
    "SHOWS",
    "WIDEST",
    "Finding",
    "Loose",
    "Triage",
    "checks_of",
    "findings",
    "plan",
    "state_of",
    "symptom_aliases",
    "triage",
    "uses_of",
]

_SEPARATOR = "/"
ARTICLE = "article:"
"""Before the id of an article among the keys of a snapshot."""
WIDEST = 50
"""Pods in which a triage runs a command at most: a real cluster answers some fifty commands a second in all."""


@dataclass(frozen=True, slots=True)
class Loose:
    """A bad check that is no evidence of a matching article."""

    result: Result
    articles: tuple[str, ...]
    """Articles that its file links to."""
    phrase: Text
    """What to search the knowledge base for where there is none."""
    mute: Mute | None = None
    of: str = ""
    """The matching article, the first of them, that its file links to: it belongs to that one; empty: to none."""


@dataclass(frozen=True, slots=True)
class Triage:
    """What a cluster shows, as far as the checks have answered."""

    findings: tuple[Finding, ...]
    """One per article with live checks: what matches first, each with what it brings about below it."""
    loose: tuple[Loose, ...]
    """The worst first."""
    unseen: tuple[Result, ...]
    """Checks that could not be judged."""
    done: int
    total: int
    muting: Muting = field(default_factory=Muting)

    @property
    def matching(self) -> tuple[Finding, ...]:
        """The findings that show, muted ones too."""
        return tuple(f for f in self.findings if f.matches)

    @property
    def muted(self) -> int:
        """How many findings and rows are muted."""
        return sum(f.mute is not None for f in self.matching) + sum(
            row.mute is not None for row in self.loose
        )


# --- what is run ----------------------------------------------------------------------------------------------------


def plan(guides: Iterable[Guide], catalogue: Catalogue, *, everything: bool = False) -> tuple[CheckUse, ...]:
    """What a triage runs: the symptom checks of all guides, and every other check of the catalogue that is cheap.

    With `everything` those that are not cheap too. A check that no guide asks for runs under its own id.
    """
    among = {spec.id for spec in catalogue if everything or spec.cost == "cheap"}
    uses = uses_of(guides, among)
    plain = {use.check for use in uses if not use.params}
    rest = tuple(CheckUse(name, name) for name in catalogue.ids() if name in among and name not in plain)
    return (*uses, *rest)


def uses_of(guides: Iterable[Guide], among: Collection[str]) -> tuple[CheckUse, ...]:
    """The symptom checks of these guides that are `among` these checks, their aliases prefixed with the article."""
    uses = []
    for guide in guides:
        for alias in symptom_aliases(guide):
            use = guide.checks.get(alias)
            if use and use.check in among:
                uses.append(CheckUse(f"{guide.article}{_SEPARATOR}{alias}", use.check, use.params))
    return tuple(uses)


def symptom_aliases(guide: Guide) -> tuple[str, ...]:
    """The checks that show the symptoms, each once, in order."""
    return tuple(dict.fromkeys(a for s in guide.symptoms for a in s.checks))


# --- what came of it ------------------------------------------------------------------------------------------------


def triage(
    articles: Iterable[Article],
    catalogue: Catalogue,
    uses: Sequence[CheckUse],
    results: Mapping[str, Result],
    muting: Muting | None = None,
) -> Triage:
    """Everything that can be said of these results; may be asked at any time of a run."""
    known = tuple(articles)
    mutes = muting or Muting()
    found = findings(known, uses, results, mutes)
    return Triage(
        findings=found,
        loose=_loose(known, catalogue, uses, results, found, mutes),
        unseen=tuple(r for r in results.values() if r.verdict is Verdict.UNKNOWN),
        done=sum(use.alias in results for use in uses),
        total=len(uses),
        muting=mutes,
    )


def findings(
    articles: Iterable[Article],
    uses: Sequence[CheckUse],
    results: Mapping[str, Result],
    muting: Muting | None = None,
) -> tuple[Finding, ...]:
    """One finding per article with live checks; those that match first, the unknown next, the healthy last.

    A finding that another brings about follows it directly, with `under` and a greater `depth`.
    """
    known = {article.id: article for article in articles if article.guide and symptom_aliases(article.guide)}
    found = [_finding(article, uses, results, muting or Muting()) for article in known.values()]
    return folded(sorted(found, key=_rank), known, uses, results)


def _finding(
    article: Article, uses: Sequence[CheckUse], results: Mapping[str, Result], muting: Muting
) -> Finding:
    prefix = article.id + _SEPARATOR
    wanted = [use.alias for use in uses if use.alias.startswith(prefix)]
    have = {alias.removeprefix(prefix): results[alias] for alias in wanted if alias in results}
    verdict = worst(tuple(r.verdict for r in have.values())) if have else Verdict.UNKNOWN
    speaker = max(have.values(), key=lambda r: SEVERITY[r.verdict], default=None)
    guide = article.guide
    symptoms = tuple(s for s in symptom_verdicts(guide, have) if s.results) if guide else ()
    left_out = (len(symptom_aliases(guide)) if guide else 0) - len(wanted)
    mute = _mute_of_all(muting, [r for r in have.values() if r.verdict in SHOWS])
    return Finding(article.id, verdict, speaker, len(have), len(wanted), left_out, symptoms, mute=mute)


def _mute_of_all(muting: Muting, bad: Sequence[Result]) -> Mute | None:
    """The mute that ends first, where each of them is muted; None where one is not, or there are none."""
    mutes = [muting.of(result) for result in bad]
    if not mutes or None in mutes:
        return None
    return min((mute for mute in mutes if mute), key=lambda mute: mute.until)


def _rank(finding: Finding) -> tuple[float, float, float, str]:
    """What shows, then what is muted, then what is unknown, then what is well; the fuller first."""
    severity = -SEVERITY[finding.verdict] if finding.done else 1
    place = -SEVERITY[Verdict.UNKNOWN] - 0.5 if finding.mute else severity
    return place, severity, -finding.score, finding.article


def _loose(
    articles: Sequence[Article],
    catalogue: Catalogue,
    uses: Sequence[CheckUse],
    results: Mapping[str, Result],
    found: Sequence[Finding],
    muting: Muting,
) -> tuple[Loose, ...]:
    """Bad checks that are neither a symptom nor evidence of an article that matches, each once.

    What is muted with an article is told there; what is bad beside it is not hidden by that.
    """
    matching = {finding.article for finding in found if finding.matches and finding.mute is None}
    hushed = {finding.article for finding in found if finding.mute is not None}
    explained = {name for article in articles if article.id in matching for name in checks_of(article)}
    there = {article.id for article in articles}
    rows = []
    for use in uses:
        result = results.get(use.alias)
        if result is None or result.verdict not in SHOWS or use.check in explained:
            continue
        mute = muting.of(result)
        if mute is not None and mute.kind == "article" and mute.name in hushed:
            continue
        spec = catalogue.get(use.check) if use.check in catalogue else None
        linked = tuple(name for name in spec.articles if name in there) if spec else ()
        of = next((f.article for f in found if f.matches and f.mute is None and f.article in linked), "")
        rows.append(Loose(result, linked, result.title, mute, of))
    once = {row.result.check: row for row in reversed(rows)}
    return tuple(
        sorted(once.values(), key=lambda r: (r.mute is not None, -SEVERITY[r.result.verdict], r.result.check))
    )


def checks_of(article: Article) -> set[str]:
    """The checks that an article's symptoms and causes rest on."""
    guide = article.guide
    if guide is None:
        return set()
    aliases = {*symptom_aliases(guide), *(a for cause in guide.causes for a in cause.evidence)}
    return {guide.checks[alias].check for alias in aliases if alias in guide.checks}


def state_of(
    found: Triage, articles: Mapping[str, Article], results: Iterable[Result], catalogue: Catalogue
) -> dict[str, Shown]:
    """The whole as small values for `.changes.compare`: every check, and every article as a thing of its own."""
    shown = snapshot(results, catalogue)
    for finding in found.findings:
        shown[ARTICLE + finding.article] = _article_shown(finding, articles[finding.article])
    return shown


def _article_shown(finding: Finding, article: Article) -> Shown:
    return Shown(
        key=ARTICLE + finding.article,
        name=finding.article,
        title=Text(article.title("en"), article.title("zh")),
        verdict=finding.verdict,
        summary=finding.speaker.summary if finding.speaker else Text(),
        targets={s.symptom.id: s.verdict for s in finding.symptoms if s.verdict in SHOWS},
        at=finding.speaker.at if finding.speaker else 0.0,
        worse="never",
    )
