"""What changed between two runs: news are told, noise is not, and unknown is never taken for gone."""

from __future__ import annotations

import pytest

from checks.catalogue import load_catalogue
from checks.findings.changes import Shown, beyond, compare, direction, grown, remembering, shown, snapshot
from checks.model import Result
from tests.checks.results import result


def of(*results: Result) -> dict[str, Shown]:
    return {r.alias: shown(r) for r in results}


def told(before: Result | None, after: Result | None) -> list[str]:
    one, two = (of(r) if r else {} for r in (before, after))
    return [change.what for change in compare(one, two)]


@pytest.mark.parametrize(
    ("before", "after", "what"),
    [
        (result("a", "ok"), result("a", "fail"), ["new"]),
        (None, result("a", "warn"), ["new"]),
        (None, result("a", "ok"), []),
        (result("a", "unknown"), result("a", "fail"), ["new"]),
        (result("a", "unknown"), result("a", "ok"), ["known"]),
        (result("a", "warn"), result("a", "fail"), ["worse"]),
        (result("a", "fail"), result("a", "warn"), ["better"]),
        (result("a", "fail"), result("a", "ok"), ["gone"]),
        (result("a", "fail"), result("a", "skipped"), ["gone"]),
        (result("a", "fail"), result("a", "skipped", reason="costly"), ["left"]),
        (result("a", "ok"), result("a", "skipped", reason="costly"), []),
        (result("a", "fail"), result("a", "unknown", reason="forbidden"), ["unknown"]),
        (result("a", "ok"), result("a", "unknown"), ["unknown"]),
        (result("a", "unknown"), result("a", "unknown"), []),
        (result("a", "fail"), None, ["left"]),
        (result("a", "fail", 100), result("a", "fail", 119), []),
        (result("a", "fail", 100), result("a", "fail", 121), ["worse"]),
        (result("a", "fail", 100), result("a", "fail", 79), ["better"]),
        (result("a", "ok", 100), result("a", "ok", 5000), []),
        (result("a", "fail", 10**400), result("a", "fail", float("nan")), []),
        (result("a", "fail", True), result("a", "fail", False), []),
        (result("a", "fail", "per-vport"), result("a", "fail", "mixed"), []),
        (result("a", "fail", rows={"n1": "fail"}), result("a", "fail", rows={"n1": "fail", "n2": "warn"}), ["worse"]),
        (result("a", "fail", rows={"n1": "fail", "n2": "fail"}), result("a", "fail", rows={"n2": "fail"}), ["better"]),
        (
            result("a", "fail", rows={"n1": "fail", "n2": "warn"}),
            result("a", "fail", rows={"n1": "fail", "n2": "fail"}),
            ["worse"],
        ),
    ],
)  # fmt: skip
def test_what_became_of_one_check(before: Result | None, after: Result | None, what: list[str]) -> None:
    assert told(before, after) == what


def test_parts_that_came_and_went_are_named() -> None:
    before = of(result("a", "fail", rows={"n1": "fail", "n2": "fail"}))
    after = of(result("a", "fail", rows={"n2": "fail", "n3": "fail"}))
    (change,) = compare(before, after)
    assert (change.what, change.came, change.went) == ("worse", ("n3",), ("n1",))


def test_what_cannot_be_seen_did_not_go_away() -> None:
    """A node that stops answering takes its finding along into the unknown, and brings it back without news."""
    bad = of(result("a", "fail", rows={"n1": "fail"}))
    blind = remembering(bad, of(result("a", "unknown")))
    (lost,) = compare(bad, blind)
    assert (lost.what, lost.went) == ("unknown", ())
    still = remembering(blind, of(result("a", "unknown")))
    again = remembering(still, of(result("a", "fail", rows={"n1": "fail"})))
    assert [c.what for c in compare(still, again)] == ["known"]
    worse = of(result("a", "fail", rows={"n1": "fail", "n2": "fail"}))
    assert [(c.what, c.came) for c in compare(still, worse)] == [("worse", ("n2",))]
    assert [c.what for c in compare(still, of(result("a", "ok")))] == ["gone"]


def test_the_urgent_stands_first() -> None:
    before = of(result("gone", "fail"), result("new", "ok"), result("worse", "warn"), result("blind", "ok"))
    after = of(
        result("gone", "ok"), result("new", "warn"), result("worse", "fail"), result("blind", "unknown")
    )
    assert [c.key for c in compare(before, after)] == ["new", "worse", "blind", "gone"]


def test_a_run_that_did_not_change_says_nothing() -> None:
    same = of(result("a", "fail", 7, rows={"n": "fail"}), result("b", "ok"), result("c", "unknown"))
    assert compare(same, same) == ()


def test_values_get_worse_the_way_their_check_says() -> None:
    """Fewer flows are worse where the fold is the minimum; an age says nothing."""
    catalogue = load_catalogue()
    assert direction("ovs.flow-count", catalogue) == "higher"
    assert direction("ovs.flows-present", catalogue) == "lower"
    assert direction("controller.lease", catalogue) == "never"
    assert direction("no.such", catalogue) == "higher"
    assert grown(100, 70, "lower")
    assert not grown(100, 130, "lower")
    assert not grown(100, 10_000, "never")
    assert not grown(None, 5, "higher")
    assert beyond(100, "higher") == 120
    assert beyond(100, "lower") == 80
    assert beyond(100, "never") is None
    fewer = snapshot([result("x", "fail", 2, check="ovs.flows-present")], catalogue)
    more = snapshot([result("x", "fail", 9, check="ovs.flows-present")], catalogue)
    assert [c.what for c in compare(more, fewer)] == ["worse"]
    assert [c.what for c in compare(fewer, more)] == ["better"]
