"""The undo of a whole session: latest step first, confirmed once, each step proven against what was saved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from checks.clock import RealClock
from checks.cluster import Resource
from checks.plans.plan import PlanError, StalePlan
from checks.sessions.export import session_json, session_markdown
from checks.sessions.journal import read
from checks.sessions.session import fold
from checks.walking.access import Access, NotArmed
from checks.walking.rewind import LegStarted, RewindEnded, order, plan_rewind, run_rewind
from checks.walking.steprun import NotConfirmed
from checks.walking.walk import Walk
from checks.writing.turns import Held, Turn, claims
from tests.checks.incident import Ovn, checked, cluster_with, run, walk_on

SUBNETS = Resource.parse("kubeovn.io/v1/subnets")


def rewound(walk: Walk) -> tuple[RewindEnded, list[str]]:
    """Plans, confirms and runs the way back; returns its end and the steps in their order."""
    shown = plan_rewind(walk)
    events = list(run_rewind(walk, shown, typed=shown.confirm.expected))
    last = events[-1]
    assert isinstance(last, RewindEnded)
    return last, [event.step for event in events if isinstance(event, LegStarted)]


def walked(tmp_path: Path | None = None) -> tuple[Ovn, Walk]:
    """Every step of the incident's guide is done, the Subnet labelled and then deleted."""
    ovn = Ovn()
    walk = walk_on(cluster_with(ovn), tmp_path)
    for step in ("stop", "purge", "label", "drop"):
        assert run(walk, step).state == "done"
        checked(walk)
    assert run(walk, "restart", node="node-1").state == "done"
    return ovn, walk


def test_a_session_is_taken_back_latest_step_first(tmp_path: Path) -> None:
    """Rows, option and Subnet are as they were; the restart stays, as its step said."""
    ovn, walk = walked(tmp_path)
    assert ovn.learn == "false"
    assert len(ovn.rows) == 1
    shown = plan_rewind(walk)
    assert [leg.step.id for leg in shown.legs] == ["restart", "drop", "label", "purge", "stop"]
    assert [leg.step.id for leg in shown.stays if leg.named] == ["restart"]
    # The Subnet is not there yet, so what becomes of its label can only be shown once it is.
    assert [leg.step.id for leg in shown.later] == ["label", "purge", "stop"]
    first, begun = rewound(walk)
    assert (first.state, begun) == ("more", ["drop"])
    ended, rest = rewound(walk)
    assert rest == ["label", "purge", "stop"]
    assert ended.state == "partly"
    assert [step for step, _ in ended.stays] == ["restart"]
    assert ovn.learn == ""
    assert set(ovn.rows.values()) == {f"10.0.0.{n}" for n in range(5)}
    now = walk.cluster.get(SUBNETS, "net-a")
    assert now["spec"] == {"cidrBlock": "10.0.0.0/24"}
    assert "touched" not in now["metadata"].get("annotations", {})
    kinds = [entry["kind"] for entry in read(walk.path)]  # type: ignore[arg-type]
    assert kinds.count("rewind") >= 2
    assert kinds.count("restored") == 4
    assert fold(read(walk.path)) == walk.session  # type: ignore[arg-type]
    with pytest.raises(PlanError):
        run_rewind(walk, plan_rewind(walk), typed="y")


def test_it_has_to_be_armed_and_confirmed_as_its_strictest_step_asks() -> None:
    """What was typed for one step is not enough for all of them."""
    _, walk = walked()
    shown = plan_rewind(walk)
    with pytest.raises(NotConfirmed):
        run_rewind(walk, shown, typed="")
    walk.access = Access()
    with pytest.raises(NotArmed):
        run_rewind(walk, shown, typed=shown.confirm.expected)


def test_the_first_failure_stops_the_way_back() -> None:
    """The rows cannot be created again: the option, next in turn, is left alone, and both can be tried again."""
    ovn, walk = walked()
    rewound(walk)
    ovn.refuse = "create"
    ended, _ = rewound(walk)
    assert ended.state == "failed"
    assert "purge" not in ended.undone
    assert ovn.learn == "false"
    ovn.refuse = ""
    assert rewound(walk)[0].state == "partly"
    assert ovn.learn == ""


def test_an_undo_that_changed_nothing_is_not_called_undone() -> None:
    """The command answers 0 and the option is still what the step made it: the comparison says so."""
    ovn = Ovn()
    walk = walk_on(cluster_with(ovn))
    assert run(walk, "stop").state == "done"
    plan = walk.plan_undo("stop")
    real = ovn.command

    def deaf(argv: tuple[str, ...], node: str):  # type: ignore[no-untyped-def]
        return replace(real(("get",), node), stdout="") if "remove" in argv else real(argv, node)

    walk.cluster.command = deaf  # type: ignore[attr-defined]
    last = list(walk.undo(plan, typed=plan.confirm.expected))[-1]
    assert last.state == "failed"  # type: ignore[union-attr]
    assert "false" in last.message.en  # type: ignore[union-attr]
    proof = walk.record_of("stop").proof("undo")
    assert proof is not None
    assert not proof.ok
    assert walk.record_of("stop").to_undo(), "it can be tried again"


def test_a_way_back_that_changed_is_shown_again() -> None:
    """The pod that would run the command is another one by now."""
    _, walk = walked()
    rewound(walk)
    shown = plan_rewind(walk)
    cluster = walk.cluster
    pod = cluster.get(Resource.parse("v1/pods"), "ovn-central-1", namespace="kube-system")
    pod["metadata"]["uid"] = "another"
    cluster.add("v1/pods", pod)  # type: ignore[attr-defined]
    with pytest.raises(StalePlan):
        list(run_rewind(walk, shown, typed=shown.confirm.expected))


def test_a_step_in_doubt_is_looked_at_first() -> None:
    """Nobody knows what there is to take back."""
    _, walk = walked()
    walk.record("start", step="label", purpose="do", values={})
    walk.record("writing", step="label", index=0)
    walk.record("ended", step="label", state="in_doubt")
    with pytest.raises(PlanError, match="doubt") as caught:
        plan_rewind(walk)
    assert "步骤 label" in caught.value.text.zh


def test_the_order_is_the_journals_and_not_the_clocks() -> None:
    """A clock that goes backwards does not turn the way back round; a step run twice goes at its first run."""
    _, walk = walked()
    entries = [{**entry, "at": 1000.0 - number} for number, entry in enumerate(walk.journal.entries)]
    assert order(entries, walk.session.steps)[:2] == ("restart", "drop")
    again = [*entries, {"kind": "start", "step": "stop", "purpose": "do"}]
    assert order(again, walk.session.steps)[-1] == "stop"
    undone = [*again, {"kind": "ended", "step": "stop", "state": "undone"}]
    assert "stop" not in order(undone, walk.session.steps)


def test_who_is_at_work_is_left_alone_unless_the_turn_is_taken(tmp_path: Path) -> None:
    """Another klinik holds one of the targets: nothing is undone, and the journal says how far it came."""
    ovn = Ovn()
    cluster = cluster_with(ovn)
    walk = walk_on(cluster, tmp_path)
    assert run(walk, "stop").state == "done"
    shown = plan_rewind(walk)
    other = Turn(
        cluster, claims(shown.plans[0].commands), holder="li@elsewhere", purpose="x", clock=RealClock()
    )
    other.take()
    with pytest.raises(Held) as held:
        list(run_rewind(walk, shown, typed=shown.confirm.expected))
    assert ovn.learn == "false"
    assert [e["state"] for e in walk.journal.entries if e["kind"] == "rewind"] == ["begun", "failed"]
    events = list(run_rewind(walk, shown, typed=shown.confirm.expected, take_over=held.value.holders))
    assert isinstance(events[-1], RewindEnded)
    assert events[-1].state == "undone"
    assert ovn.learn == ""


def test_a_step_that_the_guide_no_longer_has_stays_and_says_so() -> None:
    """The article changed after the session: nothing is guessed about a step that is not there."""
    _, walk = walked()
    walk.guide = replace(walk.guide, steps=tuple(one for one in walk.guide.steps if one.id != "purge"))
    (leg,) = [leg for leg in plan_rewind(walk).legs if leg.step.id == "purge"]
    assert leg.plan is None
    assert leg.why is not None
    assert "no longer" in leg.why.en


def test_an_export_tells_what_an_undo_brought_back(tmp_path: Path) -> None:
    """What was saved beside what was found, in both languages and in JSON."""
    walk = walk_on(cluster_with(Ovn()), tmp_path)
    run(walk, "stop")
    rewound(walk)
    for lang in ("en", "zh"):
        text = session_markdown(walk.session, lang)
        assert "| learn |" in text
    (thing,) = next(s for s in session_json(walk.session, "en")["steps"] if s["id"] == "stop")["restored"]
    assert thing["same"] is True
