"""A guide goes on with what an operator pasted, and with nothing that was pasted before a step changed things."""

from __future__ import annotations

from checks.cluster import ExecResult
from checks.errors import Forbidden
from checks.model import Verdict
from checks.pasting.pasted import read_paste
from checks.sessions.journal import MemoryJournal
from checks.walking.access import Access
from checks.walking.walk import Walk
from tests.checks.incident import ARTICLE, CATALOGUE, MACS, Ovn, checked, cluster_with, run


def forbidden(argv: tuple[str, ...], node: str) -> ExecResult:
    raise Forbidden("pods/exec")


def test_pasted_rows_support_the_cause_until_a_step_begins() -> None:
    ovn = Ovn()
    cluster = cluster_with(ovn)
    cluster.command = forbidden
    access = Access()
    access.arm(cluster.info, "TEST-1")
    journal = MemoryJournal()
    walk = Walk.open(cluster, ARTICLE, CATALOGUE, journal=journal, access=access, operator="chen")
    checked(walk)
    assert walk.results["macs"].verdict is Verdict.UNKNOWN
    assert [view.state for view in walk.causes()] == ["unknown"]
    walk.paste("macs", read_paste(MACS, "uuid-7,10.0.0.7,yes\n", read="rows", by="chen", now=1.0))
    checked(walk)
    assert walk.results["macs"].verdict is Verdict.FAIL
    assert [item.pasted for item in walk.results["macs"].pasted] == ["chen"]
    told = [entry for entry in journal.entries if entry["kind"] == "checked"][-1]["results"]
    assert told["macs"]["pasted"] == ["chen"], "whoever reads the journal knows"
    assert "pasted" not in told["option"]
    cluster.command = ovn.command
    checked(walk)
    assert not walk.results["macs"].pasted, "what the cluster says itself wins"
    walk.choose("learning")
    assert run(walk, "stop").state == "done"
    cluster.command = forbidden
    checked(walk)
    assert walk.results["macs"].verdict is Verdict.UNKNOWN, "the paste tells of the time before the step"
