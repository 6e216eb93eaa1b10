"""Triage: everything cheap, one finding per article, what others bring about below them, nothing bad left out."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from checks.catalogue import Catalogue, load_catalogue
from checks.findings.mutes import Muting, judged, muted_by
from checks.findings.triage import Triage, checks_of, findings, plan, state_of, triage
from checks.model import CheckSpec, Result, Verdict
from kb.library import open_library
from kb.model import Article, ArticleText, Cause, CheckUse, Guide, Symptom
from kb.paths import ASSETS
from kb.text import Text
from tests.checks.results import result

NOW = 1_800_000_000.0


def article(name: str, *symptoms: str, causes: Iterable[Cause] = (), evidence: Iterable[str] = ()) -> Article:
    aliases = [*symptoms, *evidence]
    checks = {alias: CheckUse(alias, alias) for alias in aliases}
    signs = tuple(Symptom(f"{alias}-bad", Text.of(alias), (alias,)) for alias in symptoms)
    return Article(name, {}, "/kb", guide=Guide(name, "guide.yaml", checks, signs, tuple(causes), ()))


def cause(
    name: str, *leads: str, when: str = "false", unless: str = "false", upstream: tuple[str, ...] = ()
) -> Cause:
    evidence = ("a", "b", "why")
    return Cause(name, Text.of(name), Text(), when, unless, evidence, upstream, leads_to=leads)


def catalogue(*names: str, linked: dict[str, tuple[str, ...]] | None = None) -> Catalogue:
    made = {
        name: CheckSpec(name, Text.of(name), Text(), "x.yaml", 1, {}, articles=(linked or {}).get(name, ()))
        for name in names
    }
    return Catalogue(made)


def guides_of(articles: Iterable[Article]) -> list[Guide]:
    """The guides of these articles."""
    return [article.guide for article in articles if article.guide]


def run(
    articles: list[Article], checks: Catalogue, verdicts: dict[str, str], muting: Muting | None = None
) -> Triage:
    uses = plan(guides_of(articles), checks)
    results = {
        use.alias: result(use.alias, verdicts[use.check], 10, check=use.check)
        for use in uses
        if use.check in verdicts
    }
    return triage(articles, checks, uses, results, muting)


def order(found: Triage) -> list[tuple[str, str, int]]:
    return [(f.article, f.under, f.depth) for f in found.findings if f.matches]


WHY = cause("why-up", "down", when='why.verdict == "fail"', unless='why.verdict == "ok"')
UP = article("up", "a", causes=[WHY], evidence=["why"])
DOWN = article("down", "b")


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        # both show and nobody refutes the cause: downstream stands below, whatever its name or place
        ({"a": "fail", "b": "fail"}, [("up", "", 0), ("down", "up", 1)]),
        ({"a": "fail", "b": "warn"}, [("up", "", 0), ("down", "up", 1)]),
        ({"a": "warn", "b": "fail", "why": "fail"}, [("up", "", 0), ("down", "up", 1)]),
        # a warning whose cause nobody has seen does not explain a failure away
        ({"a": "warn", "b": "fail"}, [("down", "", 0), ("up", "", 0)]),
        # the cause is refuted
        ({"a": "fail", "b": "fail", "why": "ok"}, [("down", "", 0), ("up", "", 0)]),
        # the upstream article does not show, or cannot be seen
        ({"a": "ok", "b": "fail"}, [("down", "", 0)]),
        ({"a": "unknown", "b": "fail"}, [("down", "", 0)]),
        ({"b": "fail", "why": "fail"}, [("down", "", 0)]),
    ],
)
def test_a_fold_follows_the_verdicts(verdicts: dict[str, str], expected: list[tuple[str, str, int]]) -> None:
    checks = catalogue("a", "b", "why")
    for articles in ([UP, DOWN], [DOWN, UP]):
        assert order(run(articles, checks, verdicts)) == expected


def test_a_fold_says_through_what_and_how_sure() -> None:
    checks = catalogue("a", "b", "why")
    sure = run([UP, DOWN], checks, {"a": "fail", "b": "fail", "why": "fail"}).findings[1]
    maybe = run([UP, DOWN], checks, {"a": "fail", "b": "fail"}).findings[1]
    assert (sure.through.en, sure.through_state) == ("why-up", "supported")
    assert maybe.through_state == "unknown"


def test_only_what_the_cause_accounts_for_is_folded() -> None:
    """Another symptom, or a supported cause of its own, keeps a finding on its own feet."""
    up = article("up", "a", causes=[cause("why", "down/b-bad")])
    checks = catalogue("a", "b", "c")
    down = article("down", "b", "c")
    assert order(run([up, down], checks, {"a": "fail", "b": "fail", "c": "ok"}))[1] == ("down", "up", 1)
    assert order(run([up, down], checks, {"a": "fail", "b": "fail", "c": "warn"}))[1][1] == ""
    own = article("down", "b", causes=[cause("mine", when='b.verdict == "fail"')])
    assert all(under == "" for _, under, _ in order(run([up, own], checks, {"a": "fail", "b": "fail"})))
    by_cause = article("up", "a", causes=[cause("why", "down/mine")])
    reached = article("down", "b", causes=[cause("mine", when='b.verdict == "fail"', upstream=("b-bad",))])
    assert order(run([by_cause, reached], checks, {"a": "fail", "b": "fail"}))[1] == ("down", "up", 1)


def test_chains_and_circles() -> None:
    checks = catalogue("a", "b", "c")
    one = article("one", "a", causes=[cause("x", "two")])
    two = article("two", "b", causes=[cause("y", "three")])
    three = article("three", "c")
    found = run([three, two, one], checks, {"a": "fail", "b": "fail", "c": "warn"})
    assert order(found) == [("one", "", 0), ("two", "one", 1), ("three", "two", 2)]
    back = article("two", "b", causes=[cause("y", "one")])
    circle = order(run([one, back], checks, {"a": "fail", "b": "fail"}))
    assert circle == [("one", "", 0), ("two", "one", 1)], "nobody vanishes, the first stays on top"
    proven = article("two", "b", causes=[cause("y", "one", when='b.verdict == "fail"')])
    assert order(run([one, proven], checks, {"a": "fail", "b": "fail"})) == [
        ("two", "", 0),
        ("one", "two", 1),
    ]


def test_a_group_stands_where_its_worst_member_would() -> None:
    checks = catalogue("a", "b", "c", "why")
    other = article("other", "c")
    up = article("up", "a", causes=[cause("x", "down", when='why.verdict == "fail"')], evidence=["why"])
    found = run([other, DOWN, up], checks, {"a": "warn", "b": "fail", "c": "warn", "why": "fail"})
    assert [name for name, _, _ in order(found)] == ["up", "down", "other"]


# --- what no article explains -----------------------------------------------------------------------------------------


def test_bad_checks_that_no_matching_article_explains_are_rows_of_their_own() -> None:
    checks = catalogue("a", "b", "why", "loose", "linked", linked={"linked": ("up", "nowhere")})
    verdicts = {"a": "fail", "b": "ok", "why": "warn", "loose": "warn", "linked": "fail"}
    found = run([UP, DOWN], checks, verdicts)
    assert [(r.result.check, r.articles, r.phrase.en) for r in found.loose] == [
        ("linked", ("up",), "linked"),
        ("loose", (), "loose"),
    ]
    alone = run([UP, DOWN], checks, {**verdicts, "a": "ok"})
    assert [row.result.check for row in alone.loose] == ["linked", "loose", "why"], (
        "evidence of nothing that shows"
    )


def test_everything_cheap_runs_once_and_what_is_not_cheap_is_left_out() -> None:
    catalogue = load_catalogue()
    library = open_library([ASSETS])
    uses = plan(library.guides, catalogue)
    assert len({use.alias for use in uses}) == len(uses)
    asked = {use.check for use in uses}
    assert asked == {spec.id for spec in catalogue if spec.cost == "cheap"}
    assert {u.check for u in plan(library.guides, catalogue, everything=True)} == set(catalogue.ids())


def test_unknown_is_told_and_counts_as_nothing() -> None:
    found = run(
        [UP, DOWN], catalogue("a", "b", "why", "loose"), {"a": "unknown", "b": "ok", "loose": "unknown"}
    )
    assert order(found) == []
    assert found.loose == ()
    assert {r.check for r in found.unseen} == {"a", "loose"}
    assert (found.done, found.total) == (3, 4)


# --- muting -----------------------------------------------------------------------------------------------------------


def muting(name: str, kind: str, results: list[Result], evidence: Iterable[str] = ()) -> Muting:
    made = muted_by(
        name, kind, results, reason="known", by="chen", now=NOW, until=NOW + 60, evidence=set(evidence)  # type: ignore[arg-type]
    )  # fmt: skip
    return judged((made,), results, NOW + 1)


def test_a_muted_finding_is_still_there_and_comes_last() -> None:
    checks = catalogue("a", "b", "why")
    verdicts = {"a": "fail", "b": "warn", "why": "ok"}
    quiet = muting("up", "article", [result("up/a", "fail", 10, check="a")])
    found = run([UP, DOWN], checks, verdicts, quiet)
    assert [(f.article, f.mute is not None) for f in found.matching] == [("down", False), ("up", True)]
    assert found.muted == 1


def test_a_muted_article_hides_nothing_that_was_not_known() -> None:
    """Its evidence was well when it was muted; what is bad beside it is said."""
    checks = catalogue("a", "b", "why")
    quiet = muting("up", "article", [result("up/a", "fail", 10, check="a")])
    found = run([UP, DOWN], checks, {"a": "fail", "b": "ok", "why": "fail"}, quiet)
    assert [row.result.check for row in found.loose] == ["why"]
    known = [result("up/a", "fail", 10, check="a"), result("why", "fail", 10)]
    covered = muting("up", "article", known, checks_of(UP))
    found = run([UP, DOWN], checks, {"a": "fail", "b": "ok", "why": "fail"}, covered)
    assert found.loose == ()
    assert found.muting.counts(result("why", "fail", 10)) is Verdict.OK


def test_a_muted_check_is_a_muted_row() -> None:
    checks = catalogue("a", "b", "why", "loose")
    quiet = muting("loose", "check", [result("loose", "warn", 10)])
    found = run([UP, DOWN], checks, {"a": "ok", "b": "ok", "why": "ok", "loose": "warn"}, quiet)
    assert [(row.result.check, row.mute is not None) for row in found.loose] == [("loose", True)]


# --- as a state to compare --------------------------------------------------------------------------------------------


def test_a_state_holds_articles_and_checks() -> None:
    checks = catalogue("a", "b", "why")
    known = {"up": UP, "down": DOWN}
    uses = plan(guides_of(known.values()), checks)
    results = {use.alias: result(use.alias, "fail", check=use.check) for use in uses}
    found = triage(known.values(), checks, uses, results)
    titled = {n: Article(n, {"en": _text(n)}, "/kb", guide=a.guide) for n, a in known.items()}
    state = state_of(found, titled, results.values(), checks)
    assert state["article:up"].targets == {"a-bad": Verdict.FAIL}
    assert state["up/a"].name == "a"


def _text(name: str) -> ArticleText:
    return ArticleText("en", name, "x.md", "", ())


def test_findings_alone_are_what_they_were() -> None:
    """The app asks for them while results come in."""
    checks = catalogue("a", "b", "why")
    uses = plan(guides_of([UP, DOWN]), checks)
    first, second = findings([UP, DOWN], uses, {"down/b": result("down/b", "warn")})
    assert (first.article, first.verdict, second.done) == ("down", Verdict.WARN, 0)
