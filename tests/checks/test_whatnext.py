"""A fix that did not do what it is for says so, says what that means, and never ends without a way on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from checks.causes import CauseVerdict, SymptomVerdict
from checks.model import Verdict
from checks.sessions.session import Command, Proof, Round, Session, StepRecord, TurnChange
from checks.walking.whatnext import meaning, standing, ways
from checks.writing.marks import Mark
from kb.model import Cause, Section, Symptom
from kb.text import Text
from tests.checks.incident import ARTICLE, GUIDE, TEXT

OK, WARN, FAIL, UNKNOWN = Verdict.OK, Verdict.WARN, Verdict.FAIL, Verdict.UNKNOWN


def symptoms(*now: Verdict) -> tuple[SymptomVerdict, ...]:
    return tuple(
        SymptomVerdict(Symptom(f"s{n}", Text(f"s{n}"), (f"a{n}",)), one, "", Text())
        for n, one in enumerate(now)
    )


def session(*before: str, **more: Any) -> Session:
    """A session whose checks said this before the step began, and something better later."""
    seen = {f"a{n}": {"verdict": one} for n, one in enumerate(before)}
    later = {alias: {"verdict": "ok"} for alias in seen}
    command = Command("do", 0, Text(), (), 11.0, "ok")
    record = StepRecord("stop", "done", commands=(command,), started=10.0)
    rounds = (Round(1.0, seen), Round(20.0, later))
    return Session(rounds=rounds, steps={"stop": record}, cause="learning", **more)


@pytest.mark.parametrize(
    ("before", "now", "state"),
    [
        (("fail", "warn"), (OK, OK), "gone"),
        (("fail", "ok"), (WARN, OK), "better"),
        (("fail", "warn"), (OK, WARN), "better"),
        (("fail", "ok"), (FAIL, OK), "same"),
        (("warn", "ok"), (OK, FAIL), "worse"),
        (("warn", "ok"), (FAIL, OK), "worse"),
        (("fail", "ok"), (UNKNOWN, OK), "unseen"),
        (("ok", "ok"), (OK, OK), "never-there"),
        (("ok", "unknown"), (OK, OK), "unseen"),
        ((), (OK,), "unseen"),
    ],
)
def test_the_symptoms_decide_and_unknown_is_never_health(before: Any, now: Any, state: str) -> None:
    found = standing(session(*before), symptoms(*now))
    assert found is not None
    assert found.state == state


def test_before_anything_was_done_there_is_nothing_to_compare() -> None:
    assert standing(Session(), symptoms(FAIL)) is None


@pytest.mark.parametrize(("now", "state"), [((FAIL, WARN), "undone"), ((FAIL, FAIL), "worse")])
def test_what_is_undone_is_compared_with_the_time_before_the_first_write(now: Any, state: str) -> None:
    done = session("fail", "warn")
    record = replace(done.step("stop"), state="undone", purpose="undo", started=30.0)
    found = standing(replace(done, steps={"stop": record}), symptoms(*now))
    assert found is not None
    assert found.state == state
    assert [one.before for one in found.changes] == ["fail", "warn"]


def failed(before: Any, after: Any, **more: Any) -> StepRecord:
    proof = Proof("do", False, {"c": before}, {"c": after}, 1.0, 12.0)
    return StepRecord(
        "stop",
        "failed",
        commands=(Command("do", 0, Text(), (), 11.0, "ok"),),
        proofs=(proof,),
        started=10.0,
        **more,
    )


def said(verdict: str, value: int) -> dict[str, Any]:
    return {"verdict": verdict, "value": value, "summary": {"en": str(value)}}


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (said("fail", 1), said("fail", 1), "same as before"),
        (said("fail", 9), said("fail", 1), "not enough"),
        (said("warn", 1), said("fail", 1), "worse"),
        (said("fail", 1), said("unknown", 1), "no answer"),
        (said("fail", 1), None, "no answer"),
        ("garbage", said("fail", 1), "not enough"),
    ],
)
def test_a_failed_proof_means_something(before: Any, after: Any, words: str) -> None:
    found = meaning(failed(before, after), Session(), "c")
    assert found is not None
    assert words in found.en


def test_what_stopped_a_step_means_more_than_its_check() -> None:
    same = said("fail", 1)
    reverted = failed(same, same, marks=(Mark("content", "x", "1", "1", False).plain(), {"kind": "new"}))
    lost = Session(turns=(TurnChange(11.0, "stop", "lost", "x", "li"),))
    refused = StepRecord(
        "stop", "failed", commands=(Command("do", 0, Text(), (), 11.0, "failed"),), started=10.0
    )
    halfway = replace(refused, commands=(*refused.commands, Command("do", 1, Text(), (), 11.0, "ok")))
    cases = [
        (reverted, Session(), "Argo CD"),
        (reverted, lost, "took over"),
        (refused, Session(), "No write went through"),
        (halfway, Session(), "went through: 1"),
        (replace(refused, state="in_doubt"), Session(), "nothing is assumed"),
    ]
    for record, where, words in cases:
        found = meaning(record, where, "c")
        assert found is not None
        assert words in found.en
    assert meaning(replace(refused, state="done"), Session(), "c") is None


def test_the_ways_lead_from_the_step_to_the_next_cause_and_to_help() -> None:
    doubt = StepRecord("purge", "in_doubt")
    steps = {"stop": failed(said("fail", 1), said("fail", 1)), "purge": doubt, "gone-from-the-guide": doubt}
    other = Cause("other", Text("o"), Text(), "", "", (), fix=("hand",))
    none = replace(other, id="none", fix=())
    views = [
        CauseVerdict(GUIDE.causes[0], "supported", ()),
        CauseVerdict(other, "open", ()),
        CauseVerdict(replace(other, id="dear"), "unknown", (), ("nets",)),
        CauseVerdict(replace(other, id="wrong"), "refuted", ()),
        CauseVerdict(none, "open", ()),
    ]
    cause = replace(GUIDE.causes[0], leads_to=("next-article/x", "next-article", "test-article/y"))
    guide = replace(GUIDE, causes=(cause,))
    text = replace(TEXT, sections=(Section("workaround", "Workaround", 2, 1, ""),))
    article = replace(ARTICLE, texts={"en": text})
    found = [
        (w.kind, w.id) for w in ways(article, guide, Session(steps=steps, cause="learning"), views, {"nets"})
    ]
    assert found[:3] == [("retry", "stop"), ("undo", "stop"), ("settle", "purge")]
    assert [name for kind, name in found if kind == "cause"] == ["dear", "other"]
    assert ("evidence", "") in found
    assert [name for kind, name in found if kind == "article"] == ["next-article"]
    assert [kind for kind, _ in found[-4:]] == ["workaround", "bundle", "sessions", "finish"]


def test_a_step_that_was_undone_is_offered_again() -> None:
    steps = {"stop": StepRecord("stop", "undone"), "purge": StepRecord("purge", "skipped")}
    found = [
        w for w in ways(ARTICLE, GUIDE, Session(steps=steps, cause="learning"), (), ()) if w.kind == "step"
    ]
    assert [w.text.en.split(":")[0] for w in found[:3]] == [
        "Do the step that was undone again",
        "Do the step that was skipped",
        "Go on with the next step",
    ]
