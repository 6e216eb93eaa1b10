"""Another operator goes on with a session: nothing of it is lost, no secret travels, no token is ever written back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from checks.cluster import ClusterInfo
from checks.identity import foreign_to
from checks.plans.plan import PlanError
from checks.sessions.handover import ENTRIES, NoSession, packed, stays_behind, unpacked
from checks.sessions.journal import JournalError, adopt, read
from checks.sessions.session import Session, fold
from checks.sessions.timeline import timeline
from checks.walking.walk import Walk
from tests.checks.dictcluster import DictCluster
from tests.checks.incident import ARTICLE, CATALOGUE, Ovn, cluster_with, done, run, walk_on
from tests.checks.test_rewind_backup import Backed


@pytest.fixture
def ovn() -> Ovn:
    return Ovn()


@pytest.fixture
def cluster(ovn: Ovn) -> DictCluster:
    return cluster_with(ovn)


def handed(walk: Walk, folder: Path) -> Path:
    assert walk.path is not None
    text = packed(read(walk.path), by="chen", at=1_800_000_000.0)
    walk.close()
    session, entries = unpacked(text.encode())
    return adopt(folder, session, entries)


def test_the_next_operator_goes_on_and_can_undo(cluster: DictCluster, ovn: Ovn, tmp_path: Path) -> None:
    ovn.learn = "true"
    walk = walk_on(cluster, tmp_path / "mine")
    run(walk, "stop")
    path = handed(walk, tmp_path / "hers")
    assert path.stat().st_mode & 0o777 == 0o600
    hers = Walk.resume(path, cluster, ARTICLE, CATALOGUE, operator="li", access=walk.access)
    assert hers.state("stop") == "done"
    assert hers.session.operator == "li"
    assert "handed over by chen" in [one.text.en for one in timeline(hers.session)]
    list(hers.check())
    assert done(hers.undo(hers.plan_undo("stop"), typed="y")).state == "undone"
    assert ovn.learn == "true"
    hers.close()


def test_what_was_a_secret_is_not_written_back(cluster: DictCluster, ovn: Ovn, tmp_path: Path) -> None:
    walk = walk_on(cluster, tmp_path / "mine")
    run(walk, "stop")
    assert walk.path is not None
    entries = list(read(walk.path))
    for entry in entries:
        if entry["kind"] == "saved":
            entry["value"] = "token=hunter2hunter2"
    text = packed(entries, by="chen", at=1.8e9)
    assert "hunter2" not in text
    session, lines = unpacked(text.encode())
    hers = Walk.resume(adopt(tmp_path / "hers", session, lines), cluster, ARTICLE, CATALOGUE)
    with pytest.raises(PlanError, match="replaced as a secret"):
        hers.plan_undo("stop")
    hers.close()


def test_what_stays_behind_is_told_to_who_takes_over(cluster: DictCluster, tmp_path: Path) -> None:
    """Backups are not carried: their names and what that costs are said, and the undo neither fails nor boasts."""
    mine = Backed()
    cluster.command = mine.command
    walk = walk_on(cluster, tmp_path / "mine")
    for step_id in ("stop", "purge"):
        run(walk, step_id)
        list(walk.check())
    assert walk.path is not None
    text = packed(read(walk.path), by="chen", at=1.8e9)
    walk.close()
    session, entries = unpacked(text.encode())
    assert [one.en.partition(" stays")[0] for one in stays_behind(entries)] == [
        "The backup of OVN_Northbound from before the step “stop”",
        "The backup of OVN_Southbound from before the step “purge”",
    ]
    hers = Walk.resume(
        adopt(tmp_path / "hers", session, entries), cluster, ARTICLE, CATALOGUE, access=walk.access
    )
    list(hers.check())
    plan = hers.plan_undo("purge")
    assert any("OVN_Southbound" in one.en and "is not here" in one.en for one in plan.warnings)
    ended = done(hers.undo(plan, typed="y"))
    assert ended.state == "undone"
    assert "could not be looked at" in ended.message.en, "what was not compared is not called as before"
    hers.close()


def test_secrets_that_an_undo_would_need_are_told_too(cluster: DictCluster, tmp_path: Path) -> None:
    """By the entries themselves: which step cannot be undone, and whose rows cannot be compared."""
    walk = walk_on(cluster, tmp_path)
    run(walk, "stop")
    entries = [dict(one) for one in read(walk.path)]  # type: ignore[arg-type]
    walk.close()
    assert stays_behind(entries) == ()
    for entry in entries:
        if entry["kind"] in ("saved", "saved_rows"):
            entry["redacted"] = True
    entries.append({"kind": "saved_rows", "step": "stop", "tables": {"T": {}}, "redacted": True, "at": 1.0})
    told = " ".join(one.en for one in stays_behind(entries))
    assert "“stop” cannot be undone after the hand-over" in told
    assert "held secrets" in told


def test_a_session_is_not_taken_twice_nor_over_another(cluster: DictCluster, tmp_path: Path) -> None:
    walk = walk_on(cluster, tmp_path / "mine")
    path = handed(walk, tmp_path / "hers")
    before = path.read_bytes()
    with pytest.raises(JournalError, match="here already"):
        adopt(tmp_path / "hers", path.stem, [])
    assert path.read_bytes() == before
    assert [one.name for one in path.parent.iterdir()] == [path.name], "nothing half-written is left"


OPENED = {"v": 1, "n": 1, "at": 1.0, "kind": "opened", "session": "s-1", "article": "a"}


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "not copied whole"),
        (b"\x00\xff" * 50 + b"\n", "Line 1"),
        (b"[]\n", "Line 1"),
        (json.dumps(OPENED).encode(), "not copied whole"),
        (json.dumps({**OPENED, "session": "../../etc/x"}).encode() + b"\n", "holds no session"),
        (json.dumps({**OPENED, "session": ""}).encode() + b"\n", "holds no session"),
        (json.dumps({**OPENED, "kind": "note"}).encode() + b"\n", "holds no session"),
        (json.dumps({**OPENED, "v": 99}).encode() + b"\n", "newer klinik"),
        (json.dumps(OPENED).encode() + b"\n{torn\n", "Line 2"),
    ],
)
def test_what_is_no_session_says_so(raw: bytes, why: str) -> None:
    with pytest.raises(NoSession, match=why):
        unpacked(raw)


def test_a_cluster_is_the_same_under_every_name_and_another_under_the_same() -> None:
    session = fold(
        [{**OPENED, "article": ARTICLE.id, "cluster": {"context": "a", "server": "https://1", "uid": "u1"}}]
    )
    assert foreign_to(session, ARTICLE, ClusterInfo("b", "https://2"), "u1") is None
    assert foreign_to(session, ARTICLE, ClusterInfo("a", "https://1"), "u2") is not None
    assert foreign_to(session, ARTICLE, ClusterInfo("a", "https://1"), "") is None
    assert foreign_to(session, ARTICLE, ClusterInfo("b", "https://2"), "") is not None
    practice = replace(session, cluster={"practice": "healthy", "uid": "u1"})
    assert foreign_to(practice, ARTICLE, ClusterInfo("a", "https://1"), "u1") is not None
    assert isinstance(practice, Session)


def lines(*entries: dict[str, object]) -> bytes:
    numbered = ({"v": 1, "at": 1.0, **entry, "n": n} for n, entry in enumerate(entries, 1))
    return "".join(json.dumps(one) + "\n" for one in numbered).encode()


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ({"kind": "note", "text": "half a character \ud800"}, "Line 2"),
        ({"kind": "ran", "step": "x", "started": -1e11}, "Line 2"),
        ({"kind": "note", "text": 7}, "Line 2"),
    ],
)
def test_a_line_that_would_fail_later_is_refused_and_named(entry: dict[str, object], why: str) -> None:
    """Half a character cannot be written to any file, and no date is that long ago."""
    with pytest.raises(NoSession, match=why):
        unpacked(lines(OPENED, entry, {"kind": "note", "text": "fine"}))


def test_a_file_of_too_many_lines_is_not_even_read() -> None:
    raw = json.dumps(OPENED).encode() + b"\n" + b"{}\n" * ENTRIES
    with pytest.raises(NoSession, match="50,000"):
        unpacked(raw)
