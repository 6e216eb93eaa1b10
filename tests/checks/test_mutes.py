"""Muting: a known finding stays quiet exactly as long as it is the finding that somebody muted."""

from __future__ import annotations

import json
import random
import stat
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from checks.cluster import ClusterInfo
from checks.findings.changes import BAD
from checks.findings.mutefile import KEPT_ENDED, MuteFile
from checks.findings.mutes import Mute, MuteError, bad_parts, judged, muted_by
from checks.model import SEVERITY, Result, Verdict, worst
from tests.checks.results import result

NOW = 1_800_000_000.0
WEEK = NOW + 7 * 86400
INFO = ClusterInfo("prod", "https://10.0.0.1:6443")


def mute(
    results: Sequence[Result], name: str = "flows", targets: tuple[str, ...] = (), **more: object
) -> Mute:
    kind = more.pop("kind", "check")
    options = {"reason": "known", "by": "chen", "now": NOW, "until": WEEK, **more}
    made = muted_by(name, kind, results, targets=targets, **options)  # type: ignore[arg-type]
    return replace(made, id="1")


def state(one: Mute, *results: Result, now: float = NOW + 60) -> str:
    return judged((one,), results, now).standing[0].state


FLOWS = result("flows", "fail", 100_000, rows={"n1": "fail", "n2": "ok"})


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        (FLOWS, "standing"),
        (result("flows", "warn", 90_000, rows={"n1": "warn"}), "standing"),
        (result("flows", "fail", 119_000, rows={"n1": "fail"}), "standing"),
        (result("flows", "fail", 121_000, rows={"n1": "fail"}), "worse"),
        (result("flows", "fail", 100_000, rows={"n1": "fail", "n3": "fail"}), "worse"),
        (result("flows", "ok", 5, rows={"n1": "ok"}), "gone"),
        (result("flows", "unknown", reason="forbidden"), "idle"),
        (result("other", "fail"), "idle"),
    ],
)
def test_a_mute_holds_until_it_gets_worse(later: Result, expected: str) -> None:
    assert state(mute([FLOWS]), later) == expected


def test_a_warning_that_was_muted_and_fails_now_is_news() -> None:
    one = mute([result("flows", "warn", 5)])
    muting = judged((one,), [result("flows", "fail", 5)], NOW + 1)
    assert muting.standing[0].state == "worse"
    assert "was warn and is fail" in muting.standing[0].why.en
    assert muting.of(result("flows", "fail", 5)) is None
    assert muting.lifted


def test_time_runs_out() -> None:
    one = mute([FLOWS])
    assert state(one, FLOWS, now=WEEK - 1) == "standing"
    assert state(one, FLOWS, now=WEEK) == "expired"


def test_a_muted_result_counts_as_nothing_and_unknown_parts_count() -> None:
    muting = judged((mute([FLOWS]),), [FLOWS], NOW + 1)
    assert muting.of(FLOWS) is not None
    assert muting.counts(FLOWS) is Verdict.OK
    half = result("flows", "fail", 100_000, rows={"n1": "fail", "n2": "unknown"})
    assert muting.counts(half) is Verdict.UNKNOWN
    blind = result("flows", "unknown", reason="timeout")
    assert muting.of(blind) is None
    assert muting.counts(blind) is Verdict.UNKNOWN


def test_only_some_parts_are_muted() -> None:
    """The rest of the same check counts; a part that is not bad cannot be muted."""
    both = result("flows", "fail", 9, rows={"n1": "fail", "n2": "warn"})
    one = mute([both], targets=("n1",))
    muting = judged((one,), [both], NOW + 1)
    assert muting.of(both) is None
    assert muting.parts(both) == {"n1"}
    assert muting.counts(both) is Verdict.WARN
    alone = result("flows", "fail", 9, rows={"n1": "fail", "n2": "ok"})
    assert muting.of(alone) == one
    assert state(one, result("flows", "fail", 9, rows={"n1": "fail", "n3": "fail"})) == "standing"
    assert state(one, result("flows", "warn", 9, rows={"n1": "ok", "n2": "warn"})) == "gone"
    with pytest.raises(MuteError, match="not bad now: n3"):
        mute([both], targets=("n3",))


def test_every_part_that_is_offered_can_be_muted_by_itself() -> None:
    """Those of a check, and those of an article's symptoms; evidence alone shows nothing that could be muted."""
    symptom = result("leak/flows", "fail", 9, rows={"n1": "fail", "n2": "ok", "n3": "warn"})
    evidence = result("macs", "warn", 5, rows={"router": "warn"})
    other = result("other/flows", "fail", 9, rows={"n4": "fail"})
    both = [symptom, evidence, other]
    assert bad_parts("leak", "article", both) == ("n1", "n3")
    assert bad_parts("flows", "check", both) == ("n1", "n3", "n4")
    for part in bad_parts("leak", "article", both):
        assert mute(both, "leak", (part,), kind="article", evidence={"macs"}).targets == (part,)
    with pytest.raises(MuteError, match="shows nothing bad"):
        mute(both, "leak", ("router",), kind="article", evidence={"macs"})


def test_an_article_is_muted_with_its_symptoms_and_its_evidence_not_in_another_articles_name() -> None:
    symptom, evidence = result("leak/flows", "fail", 10), result("macs", "warn", 5)
    one = mute([symptom, evidence], "leak", kind="article", evidence={"macs"})
    muting = judged((one,), [symptom, evidence], NOW + 1)
    assert muting.of(symptom) == one
    assert muting.of(evidence) == one
    assert muting.of(result("starved/flows", "fail", 10, check="flows")) is None
    assert muting.of(result("leak/memory", "fail", 10)) is None, "nobody knew of that one"
    assert state(one, result("leak/flows", "ok", 1), evidence) == "gone", "evidence alone is no finding"
    assert state(one, result("leak/flows", "fail", 13)) == "worse"
    well = mute([symptom, result("leak/memory", "ok", 1)], "leak", kind="article")
    assert state(well, symptom, result("leak/memory", "warn", 1)) == "worse", "it was looked at and well"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"reason": "  "}, "say why"),
        ({"until": NOW}, "in the past"),
        ({"until": NOW + 400 * 86400}, "at most 366 days"),
    ],
)
def test_a_mute_needs_a_reason_and_an_end(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(MuteError, match=words):
        mute([FLOWS], **changes)


@pytest.mark.parametrize("verdict", ["ok", "unknown", "skipped"])
def test_what_does_not_show_cannot_be_muted(verdict: str) -> None:
    with pytest.raises(MuteError, match="nothing bad now"):
        mute([result("flows", verdict)])


def test_the_limits_are_stated() -> None:
    assert mute([FLOWS]).limits == (("flows", 120_000.0),)
    assert mute([FLOWS], margin=0.5).limits == (("flows", 150_000.0),)
    assert mute([FLOWS], worse={"flows": "never"}).limits == ()
    assert (
        state(mute([FLOWS], worse={"flows": "never"}), result("flows", "fail", 9e9, rows={"n1": "fail"}))
        == "standing"
    )


def test_whatever_comes_what_is_muted_is_no_worse_than_what_was_known() -> None:
    """Over random runs: a muted result has no graver verdict, no new part, no value past the limit; else it counts."""
    chance = random.Random(7)
    nodes = [f"n{n}" for n in range(4)]

    def anything() -> Result:
        rows = {node: chance.choice(["ok", "warn", "fail", "unknown"]) for node in nodes}
        verdict = worst(tuple(Verdict(v) for v in rows.values()))
        return result("flows", str(verdict), chance.randrange(1, 40), rows=rows)

    quiet = 0
    for _ in range(3000):
        before, after = anything(), anything()
        if before.verdict not in BAD:
            continue
        one = mute([before])
        muting = judged((one,), [after], NOW + 1)
        (known,) = one.known
        bad = {row.target: row.verdict for row in after.judgement.rows if row.verdict in BAD}
        if muting.of(after):
            quiet += 1
            assert SEVERITY[after.verdict] <= SEVERITY[before.verdict]
            assert set(bad) <= set(known.targets)
            assert after.judgement.value <= before.judgement.value * 1.2
            assert muting.counts(after) not in BAD
        else:
            assert muting.counts(after) is after.verdict
    assert quiet > 100


# --- on disk ----------------------------------------------------------------------------------------------------------


def kept(tmp_path: Path, now: float = NOW + 60) -> MuteFile:
    return MuteFile(INFO, tmp_path / "mutes", clock=lambda: now)


def test_mutes_are_kept_for_one_cluster_and_nobody_else_reads_them(tmp_path: Path) -> None:
    file = kept(tmp_path)
    assert file.load() == ()
    assert not file.folder.exists(), "looking makes nothing"
    added = file.add(mute([FLOWS]))
    assert kept(tmp_path).load() == (added,)
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.folder.stat().st_mode) == 0o700
    assert {p.suffix for p in file.folder.iterdir()} == {".json", ".lock"}
    other = MuteFile(ClusterInfo("test", INFO.server), tmp_path / "mutes")
    assert other.load() == ()
    again = file.add(mute([FLOWS], reason="newer"))
    assert [m.reason for m in file.load()] == ["newer"], "one mute per thing"
    assert again.id


def test_what_a_run_ends_is_written_down_and_stays_ended(tmp_path: Path) -> None:
    """Gone once, it is news when it comes back, however well it matches what was muted."""
    file = kept(tmp_path)
    file.add(mute([FLOWS]))
    muting = judged(file.load(), [result("flows", "ok", 1)], NOW + 60)
    assert [s.state for s in file.settle(muting)] == ["gone"]
    (ended,) = file.load()
    assert (ended.end, ended.ended) == ("gone", NOW + 60)
    back = judged(file.load(), [FLOWS], NOW + 120)
    assert back.of(FLOWS) is None
    assert back.lifted == (), "it is told once"


def test_lifting_by_hand(tmp_path: Path) -> None:
    file = kept(tmp_path)
    added = file.add(mute([FLOWS]))
    assert file.lift(added.id, "li").end == "lifted"
    assert "li" in file.load()[0].why.en
    with pytest.raises(MuteError, match="no mute"):
        file.lift(added.id, "li")


def test_ended_mutes_do_not_pile_up(tmp_path: Path) -> None:
    file = kept(tmp_path)
    for number in range(KEPT_ENDED + 5):
        added = file.add(mute([result("flows", "fail", number)]))
        file.lift(added.id, "li")
    assert len(file.load()) == KEPT_ENDED
    assert file.load()[-1].id == added.id


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'{"version": 1}', b'{"version": 1, "mutes": [{}]}', b"\xff\xfe\x00", b"[" * 100_000,
        b'{"version": 1, "mutes": {"a": 1}}', b'{"version": 1, "mutes": "abc"}',
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_trusted_mutes_nothing_and_is_not_written_over(
    tmp_path: Path, content: bytes
) -> None:
    file = kept(tmp_path)
    file.add(mute([FLOWS]))
    file.path.write_bytes(content)
    with pytest.raises(MuteError):
        file.load()
    with pytest.raises(MuteError):
        file.add(mute([FLOWS]))
    assert file.path.read_bytes() == content


@pytest.mark.parametrize(
    "change",
    [
        {"until": "tomorrow"}, {"until": True}, {"reason": 5}, {"kind": "node"}, {"known": [{"key": "x"}]},
        {"until": float("nan")}, {"targets": "n1", "known": 3}, {"end": "later"}, {"margin": None}, {"until": 10**400},
    ],
)  # fmt: skip
def test_one_mute_of_a_wrong_shape_is_no_mute_at_all(tmp_path: Path, change: dict[str, object]) -> None:
    file = kept(tmp_path)
    file.add(mute([FLOWS]))
    document = json.loads(file.path.read_text())
    document["mutes"][0].update(change)
    file.path.write_text(json.dumps(document))
    with pytest.raises(MuteError, match="nothing is muted"):
        file.load()


def test_a_newer_klinik_is_left_alone(tmp_path: Path) -> None:
    file = kept(tmp_path)
    file.add(mute([FLOWS]))
    file.path.write_text(file.path.read_text().replace('"version": 1', '"version": 2'))
    with pytest.raises(MuteError, match="newer klinik"):
        file.load()


def test_a_mute_that_was_renewed_meanwhile_is_not_ended_by_an_older_run(tmp_path: Path) -> None:
    file = kept(tmp_path)
    old = file.add(mute([FLOWS]))
    muting = judged(file.load(), [result("flows", "ok")], NOW + 60)
    document = json.loads(file.path.read_text())
    document["mutes"][0]["at"] = old.at + 30
    file.path.write_text(json.dumps(document))
    file.settle(muting)
    assert file.load()[0].end == ""
