"""Backups of OVN databases: taken before the first write, private, proven whole, compared with after the undo."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checks.cluster import ExecResult
from checks.plans.plan import PlanError
from checks.risk.command import risk_of_argv
from checks.sessions.export import session_markdown
from checks.sessions.journal import read
from checks.sessions.session import fold
from checks.sessions.steprecord import in_words
from checks.walking.walk import Walk
from checks.writing import dbbackup, keptfile
from checks.writing.dbbackup import contents
from checks.writing.keptfile import Kept, keep, load
from checks.writing.touchedrows import Touched, as_before, touched
from kb.text import Text
from tests.checks.dictcluster import said
from tests.checks.incident import Ovn, checked, cluster_with, done, run, walk_on


def record(body: Any) -> bytes:
    data = json.dumps(body).encode() + b"\n"
    return b"OVSDB JSON %d %s\n" % (len(data), hashlib.sha1(data).hexdigest().encode()) + data


def backup_of(database: str, tables: Mapping[str, Any]) -> bytes:
    return record({"name": database, "tables": {name: {} for name in tables}}) + record(
        {"_date": 1, "_comment": "produced by ovsdb-client backup", **tables}
    )


class Backed(Ovn):
    """The databases of the small incident, with ovsdb-client and the size of their files."""

    size = 4096
    torn = False
    missing = False

    def command(self, argv: tuple[str, ...], node: str) -> ExecResult:
        if argv[0] == "stat":
            return said(f"{self.size}\n")
        if argv[0] != "ovsdb-client":
            return super().command(argv, node)
        if self.missing:
            return said("", 127, "ovsdb-client: not found")
        if "get-schema-version" in argv:
            return said("20.27.0\n")
        tables: dict[str, dict[str, Any]] = {
            "OVN_Southbound": {"MAC_Binding": {u: {"ip": ip} for u, ip in self.rows.items()}},
            "OVN_Northbound": {"Logical_Router": {"u1": {"name": "lr", "options": self.options}}},
        }
        raw = backup_of(argv[-1], tables[argv[-1]]).decode()
        return said(raw[:-3] if self.torn else raw)

    @property
    def options(self) -> list[Any]:
        return ["map", [["always_learn_from_arp_request", self.learn]] if self.learn else []]


def files(walk: Walk) -> list[Path]:
    assert walk.path is not None
    return sorted(walk.path.parent.glob("*.gz"))


def test_a_step_on_a_database_backs_it_up_first_and_its_undo_is_compared_with_that(tmp_path: Path) -> None:
    """The plan says so, the file is private and whole, the journal knows it, and the rows are told as they were."""
    ovn = Backed()
    walk = walk_on(cluster_with(ovn), tmp_path)
    assert run(walk, "stop").state == "done"
    checked(walk)
    plan = walk.plan("purge", walk.proposed("purge"))
    assert plan.preview.note is not None
    assert "OVN_Southbound is backed up" in plan.preview.note.en
    assert [risk_of_argv(backup.argv) for backup in plan.backups] == ["read"]
    assert done(walk.run(plan, typed="y")).state == "done"
    assert [path.name.split(".")[1] for path in files(walk)] == ["OVN_Northbound", "OVN_Southbound"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in files(walk))
    entries = read(walk.path)  # type: ignore[arg-type]
    saved = [e for e in entries if e["kind"] == "saved_file" and e["step"] == "purge"]
    assert saved[0]["rows"] == {"MAC_Binding": 5}
    order = [e["kind"] for e in entries if e.get("step") == "purge"]
    assert order.index("saved_file") < order.index("writing")
    assert fold(entries) == walk.session
    checked(walk)
    ended = done(walk.undo(walk.plan_undo("purge"), typed="y"))
    assert ended.state == "undone"
    (told,) = walk.record_of("purge").restored
    assert told["what"] == {
        "en": "OVN_Southbound 4 rows of MAC_Binding",
        "zh": "OVN_Southbound MAC_Binding 的 4 行",
    }
    assert " 的 4 行" in session_markdown(walk.session, "zh")
    assert told["same"] is True


def test_rows_that_come_back_otherwise_are_not_called_restored(tmp_path: Path) -> None:
    """The undo answers 0, and yet a row has another address than the backup says."""
    ovn = Backed()
    walk = walk_on(cluster_with(ovn), tmp_path)
    run(walk, "stop")
    checked(walk)
    assert run(walk, "purge").state == "done"
    plan = walk.plan_undo("purge")
    real = ovn.command

    def other(argv: tuple[str, ...], node: str) -> ExecResult:
        return real(tuple(word.replace("10.0.0.3", "10.9.9.9") for word in argv), node)

    walk.cluster.command = other  # type: ignore[attr-defined]
    ended = done(walk.undo(plan, typed="y"))
    assert ended.state == "failed"
    assert walk.record_of("purge").restored[0]["now"] == {"en": "1 differ", "zh": "有 1 行不同"}


@pytest.mark.parametrize(("changes", "why"), [({"missing": True}, "not found"), ({"size": 10**9}, "953 MiB")])
def test_what_cannot_be_backed_up_is_said_before_the_step(
    changes: dict[str, Any], why: str, tmp_path: Path
) -> None:
    """The plan says why there is none; the step may run, for its own undo does not need it."""
    ovn = Backed()
    for name, value in changes.items():
        setattr(ovn, name, value)
    walk = walk_on(cluster_with(ovn), tmp_path)
    plan = walk.plan("stop", walk.proposed("stop"))
    assert plan.preview.note is not None
    assert why in plan.preview.note.en
    assert done(walk.run(plan, typed="y")).state == "done"
    assert not files(walk)
    assert any(e["kind"] == "saved_file" and why in e["why"] for e in walk.journal.entries)


def test_a_backup_that_is_not_whole_stops_the_step(tmp_path: Path) -> None:
    """It was promised, it is damaged: nothing is sent."""
    ovn = Backed()
    ovn.torn = True
    walk = walk_on(cluster_with(ovn), tmp_path)
    ended = run(walk, "stop")
    assert ended.state == "failed"
    assert "not whole" in ended.message.en
    assert ovn.learn == ""
    assert not files(walk)


def test_a_backup_tells_what_is_wrong_with_it() -> None:
    """Every record has its length and its digest; another database is not taken for this one."""
    good = backup_of("OVN_Southbound", {"MAC_Binding": {"u": {"ip": "10.0.0.1"}}})
    assert contents(good, "OVN_Southbound") == {"MAC_Binding": {"u": {"ip": "10.0.0.1"}}}
    bad = (b"", good[:-1], good.replace(b"10.0.0.1", b"10.0.0.2"), b"x" + good, good + b"x", record([]) * 2)
    for raw in (*bad, record({"name": "OVN_Southbound", "tables": {}}) + record({"Nowhere": {}})):
        assert isinstance(contents(raw, "OVN_Southbound"), Text)
    other = contents(good, "OVN_Northbound")
    assert isinstance(other, Text)
    assert "OVN_Southbound" in other.en


def test_a_backup_that_is_gone_is_no_proof(tmp_path: Path) -> None:
    """The rows could not be compared: that is said before the undo, and after it."""
    ovn = Backed()
    walk = walk_on(cluster_with(ovn), tmp_path)
    run(walk, "stop")
    checked(walk)
    assert run(walk, "purge").state == "done"
    for path in files(walk):
        path.write_bytes(path.read_bytes()[:10] + b"\xff" * 40)
    ended = done(walk.undo(walk.plan_undo("purge"), typed="y"))
    assert ended.state == "undone"
    assert "1 could not be looked at" in ended.message.en
    assert walk.record_of("purge").restored[0]["same"] is None


def test_kept_files_are_private_bounded_and_read_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file is written over, none grows beyond its bounds, and a changed one is not taken for what was kept."""
    journal = tmp_path / "one.jsonl"
    kept = keep(journal, "db", b"content")
    assert load(journal, kept) == b"content"
    left = keep(journal, "db", b"other")
    assert left.name != kept.name, "a file that a killed run left behind is in nobody's way"
    assert load(journal, kept) == b"content"
    (tmp_path / kept.name).write_bytes(gzip.compress(b"changed"))
    assert load(journal, kept) is None
    torn = bytearray(gzip.compress(os.urandom(500)))
    torn[20] ^= 0xFF  # in the middle of the stream: neither the head nor the end of the file is wrong
    (tmp_path / kept.name).write_bytes(bytes(torn))
    assert load(journal, kept) is None
    (tmp_path / kept.name).write_bytes(gzip.compress(b"x" * 5000)[:10] + b"\xff" * 40)
    assert load(journal, kept) is None, "no deflate stream at all"
    (tmp_path / kept.name).write_bytes(b"no gzip")
    assert load(journal, kept) is None
    assert load(journal, Kept("../one.db.gz", 7, kept.sha256)) is None
    monkeypatch.setattr(keptfile, "LONGEST", 10)
    with pytest.raises(PlanError, match="larger"):
        keep(journal, "large", b"x" * 11)
    monkeypatch.setattr(keptfile, "MOST", 1)
    with pytest.raises(PlanError, match="room"):
        keep(journal, "more", b"x")
    monkeypatch.setattr(keptfile, "MOST", 10**9)
    full = SimpleNamespace(f_bavail=1, f_frsize=4096)
    monkeypatch.setattr(os, "statvfs", lambda path: full)
    with pytest.raises(PlanError, match="room"):
        keep(journal, "last", b"x")
    assert dbbackup.LARGEST < 64 * 1024 * 1024


def test_what_a_command_touches_is_read_from_its_words() -> None:
    """Tables, records, columns and keys; deleted rows may come back under another uuid."""
    line = ("ovn-nbctl", "--timeout=30", "set", "Logical_Router", "lr", "options:a=1", "enabled=true",
            "--", "--if-exists", "destroy", "MAC_Binding", "u1", "u2", "--", "lsp-del", "p")  # fmt: skip
    assert list(touched(line)) == [
        Touched("Logical_Router", "lr", "options", "a"), Touched("Logical_Router", "lr", "enabled"),
        Touched("MAC_Binding", "u1"), Touched("MAC_Binding", "u2"), Touched("Logical_Switch_Port", "p"),
    ]  # fmt: skip
    removed = ("ovn-nbctl", "remove", "NB_Global", ".", "options", "x")
    assert list(touched(removed)) == [Touched("NB_Global", ".", "options", "x")]
    before: dict[str, Any] = {
        "MAC_Binding": {"u1": {"ip": "1", "timestamp": 5}, "u2": {"ip": "2"}},
        "Logical_Router": {"r": {"name": "lr", "options": ["map", [["a", "0"], ["b", "1"]]]}},
    }
    now: dict[str, Any] = {
        "MAC_Binding": {"n1": {"ip": "1"}, "n9": {"ip": "9"}},
        "Logical_Router": {"r": {"name": "lr", "options": ["map", [["a", "0"], ["b", "2"]]]}},
    }
    assert as_before(touched(line), before, now) == {"Logical_Router": (1, 0), "MAC_Binding": (2, 1)}
    now["Logical_Router"]["r"]["options"] = ["map", []]
    assert as_before(touched(line), before, now)["Logical_Router"] == (1, 1)


class OnNodes(Backed):
    """No backup can be had here: rows are read by the program that writes them."""

    missing = True
    unreadable = False

    def command(self, argv: tuple[str, ...], node: str) -> ExecResult:
        if "--format=json" not in argv:
            return super().command(argv, node)
        if self.unreadable:
            return said("", 1, "ovn-nbctl: no table")
        headings = ["_uuid", "name", "options", "statistics"]
        return said(
            json.dumps({"headings": headings, "data": [[["uuid", "u1"], "lr", self.options, ["map", []]]]})
        )


def test_rows_are_read_before_the_write_where_no_backup_can_be_had(tmp_path: Path) -> None:
    """Only what the command touches is kept, and compared after the undo."""
    ovn = OnNodes()
    ovn.learn = "true"
    walk = walk_on(cluster_with(ovn), tmp_path)
    assert run(walk, "stop").state == "done"
    (one,) = walk.record_of("stop").rows
    assert one["tables"] == {"Logical_Router": {"u1": {"name": "lr", "options": ovn_map("true")}}}
    checked(walk)
    assert done(walk.undo(walk.plan_undo("stop"), typed="y")).state == "undone"
    told = {in_words(thing["what"], "en"): thing["same"] for thing in walk.record_of("stop").restored}
    assert told == {"learn": True, "node-1 1 rows of Logical_Router": True}
    assert fold(read(walk.path)) == walk.session  # type: ignore[arg-type]


def ovn_map(value: str) -> list[Any]:
    return ["map", [["always_learn_from_arp_request", value]]]


def test_rows_that_cannot_be_read_are_written_down_as_such(tmp_path: Path) -> None:
    """The step's own undo has what it needs: it goes on, and the journal says what is missing."""
    ovn = OnNodes()
    ovn.unreadable = True
    walk = walk_on(cluster_with(ovn), tmp_path)
    assert run(walk, "stop").state == "done"
    assert not walk.record_of("stop").rows
    assert any("no table" in e.get("why", "") for e in walk.journal.entries if e["kind"] == "saved_rows")
