"""Killed at any instant, klinik resumes and knows what is in doubt; no step runs twice unasked, none is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from checks.plans.plan import PlanError
from checks.sessions.journal import FileJournal, JournalError, read
from checks.sessions.session import fold, interrupted
from checks.walking.access import Access
from checks.walking.walk import Walk
from tests.checks.incident import ARTICLE, CATALOGUE, Ovn, checked, cluster_with, done, run, walk_on
from tests.checks.incidentchild import apart, full_disk, killed_walk


def killed(folder: Path, when: str, at: int) -> tuple[Path | None, list[Any]]:
    """Walks in a process of its own until it kills itself; the journal, and what it said."""
    code, said = apart(killed_walk, folder, when, at)
    assert code in (-9, 0)
    return next(iter(folder.glob("*.jsonl")), None), said


@pytest.mark.parametrize("when", ["before-command", "after-command"])
@pytest.mark.parametrize(("at", "step_id"), [(1, "stop"), (2, "purge"), (3, "purge")])
def test_killed_in_the_middle_of_a_write_the_step_is_in_doubt(
    tmp_path: Path, when: str, at: int, step_id: str
) -> None:
    """Whether the command ran or not cannot be known from the journal, and is not assumed either way."""
    path, _ = killed(tmp_path, when, at)
    assert path is not None
    cluster = cluster_with(Ovn())
    access = Access()
    access.arm(cluster.info, "TEST-2")
    with_doubt = Walk.resume(path, cluster, ARTICLE, CATALOGUE, access=access)
    assert with_doubt.state(step_id) == "in_doubt"
    assert with_doubt.record_of(step_id).commands[-1].state == "in_doubt"
    checked(with_doubt)
    with pytest.raises(PlanError):
        with_doubt.plan(step_id, {})
    with_doubt.close()


def test_killed_at_every_entry_nothing_is_lost_and_nothing_is_invented(tmp_path: Path) -> None:
    """Before and after each entry: what was acknowledged is there, and the state never claims more than was written."""
    whole, said = killed(tmp_path / "whole", "never", 0)
    assert whole is not None
    assert said[-1] == "finished"
    entries = read(whole)
    kinds = [entry["kind"] for entry in entries]
    # Every third boundary, and all around the writes: the others repeat the same code.
    numbers = [
        n for n in range(1, len(kinds) + 1) if n % 5 == 0 or kinds[n - 1] in ("start", "writing", "answer")
    ]
    for number in numbers:
        folder = tmp_path / str(number)
        path, _ = killed(folder, "after-entry", number)
        assert path is not None
        found = read(path)
        assert [entry["kind"] for entry in found] == kinds[:number]
        session = interrupted(fold(found))
        for step_id in ("stop", "purge"):
            sent = any(e["kind"] == "writing" and e["step"] == step_id for e in found)
            ended = any(e["kind"] == "ended" and e["step"] == step_id for e in found)
            wanted = "done" if ended else "in_doubt" if sent else "todo"
            assert session.step(step_id).state == wanted, f"after entry {number} ({kinds[number - 1]})"


def test_after_looking_the_walk_goes_on_to_the_right_end(tmp_path: Path) -> None:
    """Killed after the first batch: resumed, looked, settled, planned anew, and the end is right."""
    path, said = killed(tmp_path, "after-command", 2)
    assert path is not None
    ovn = Ovn()
    left = said[-1]
    ovn.rows = {uuid: ip for uuid, ip in ovn.rows.items() if uuid in left}
    ovn.learn = "false"
    cluster = cluster_with(ovn)
    access = Access()
    access.arm(cluster.info, "TEST-2")
    walk = Walk.resume(path, cluster, ARTICLE, CATALOGUE, access=access, operator="li")
    checked(walk)
    walk.settle("purge", False, "two of four rows are gone")
    assert run(walk, "purge").state == "done"
    assert set(ovn.rows) == {"uuid-0"}
    destroyed = [word for write in cluster.writes for word in write if word.startswith("uuid-")]
    assert destroyed == ["uuid-3", "uuid-4"], "no row is destroyed twice"
    walk.close()
    assert fold(read(path)).step("purge").state == "done"


def test_a_second_klinik_cannot_take_a_living_session(tmp_path: Path) -> None:
    """While one process holds the journal, resuming it is refused."""
    walk = walk_on(cluster_with(Ovn()), tmp_path)
    assert walk.path is not None
    with pytest.raises(JournalError, match="Another klinik"):
        Walk.resume(walk.path, cluster_with(Ovn()), ARTICLE, CATALOGUE)
    walk.close()


def test_when_the_journal_cannot_be_written_no_write_goes_out(tmp_path: Path) -> None:
    """A full disk (here: a limit on the size of files) stops the step before the cluster is touched."""
    for room in (0, 300, 800):
        code, said = apart(full_disk, tmp_path / str(room), room)
        assert (code, said) == (0, [("journal", 0, "")]), room


def test_entries_of_the_file_and_the_session_agree(tmp_path: Path) -> None:
    """What a walk holds in memory is what another process folds from the file."""
    walk = walk_on(cluster_with(Ovn()), tmp_path)
    run(walk, "stop")
    done(walk.undo(walk.plan_undo("stop"), typed="y"))
    walk.note("x")
    path = walk.path
    assert path is not None
    assert fold(read(path)) == walk.session
    walk.close()
    with FileJournal.open(path) as journal:
        assert fold(journal.entries) == walk.session
