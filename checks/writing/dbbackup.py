"""Backups of OVN databases before a step writes to them: which are wanted, what stands against one, what is in one."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from checks.cluster import Cluster, Target
from checks.errors import ClusterError
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

if TYPE_CHECKING:
    from checks.plans.plan import PlannedWrite

LARGEST = 48 * 1024 * 1024
"""Bytes of a database file that is still backed up; what comes over the API is held in memory once."""
TIMEOUT = 60.0
_RECORD = re.compile(rb"OVSDB [A-Z]+ (\d{1,12}) ([0-9a-f]{40})\n")


@dataclass(frozen=True, slots=True)
class Source:
    """One database and where it listens inside the pods that run it, as Kube-OVN has it."""

    database: str
    remote: str
    file: str


SOURCES: Mapping[str, Source] = {
    "ovn-nbctl": Source("OVN_Northbound", "unix:/var/run/ovn/ovnnb_db.sock", "/etc/ovn/ovnnb_db.db"),
    "ovn-sbctl": Source("OVN_Southbound", "unix:/var/run/ovn/ovnsb_db.sock", "/etc/ovn/ovnsb_db.db"),
}
"""By the program that writes to it."""


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that a plan takes before its first write, or why it cannot."""

    source: Source
    target: Target
    why_not: Text | None = None

    @property
    def argv(self) -> tuple[str, ...]:
        """The command that prints the database, and changes nothing."""
        return ("ovsdb-client", f"--timeout={TIMEOUT:g}", "backup", self.source.remote, self.source.database)

    @property
    def told(self) -> Text:
        """What will be saved, or why not, for the preview."""
        if self.why_not is not None:
            return _with(self.why_not, self.source.database)
        return message("undo.backup-will", database=self.source.database)


def wanted(cluster: Cluster, writes: Iterable[PlannedWrite]) -> tuple[Backup, ...]:
    """The backups for these writes, each looked at whether it is possible; never raises for the cluster."""
    found: dict[str, Backup] = {}
    for write in writes:
        program = write.argv[0].rpartition("/")[2] if write.kind == "exec" and write.argv else ""
        source = SOURCES.get(program)
        if source is None or write.target is None or source.database in found:
            continue
        elsewhere = any(word == "--db" or word.startswith("--db=") for word in write.argv)
        why = message("undo.backup-elsewhere") if elsewhere else _obstacle(cluster, source, write.target)
        found[source.database] = Backup(source, write.target, why)
    return tuple(found.values())


def _obstacle(cluster: Cluster, source: Source, target: Target) -> Text | None:
    """Why the database cannot be backed up from this pod; asked with commands that only read."""
    probe = ("ovsdb-client", "--timeout=5", "get-schema-version", source.remote, source.database)
    where = (target.namespace, target.pod, target.container)
    try:
        answer = cluster.exec(*where, probe, timeout=10.0)
        if answer.code != 0:
            return Text.of(one_line(answer.stderr or answer.stdout, 200) or f"exit {answer.code}")
        size = cluster.exec(*where, ("stat", "-c", "%s", source.file), timeout=10.0)
    except ClusterError as error:
        return error.text
    told = size.stdout.strip()
    if size.code == 0 and told.isdigit() and int(told) > LARGEST:
        mib = 1024 * 1024
        return message("undo.backup-large", size=int(told) // mib, limit=LARGEST // mib)
    return None


def contents(raw: bytes, database: str) -> Mapping[str, Mapping[str, Any]] | Text:
    """The rows of a backup by table and uuid, or what is wrong with it: every record has its length and its SHA-1."""
    records: list[Any] = []
    at = 0
    while at < len(raw):
        head = _RECORD.match(raw, at)
        if head is None:
            return message("undo.backup-damaged", at=at)
        data = raw[head.end() : head.end() + int(head[1])]
        whole = len(data) == int(head[1])
        if not whole or hashlib.sha1(data, usedforsecurity=False).hexdigest() != head[2].decode():
            return message("undo.backup-damaged", at=at)
        try:
            records.append(json.loads(data))
        except (ValueError, RecursionError):
            return message("undo.backup-damaged", at=at)
        at = head.end() + len(data)
    if len(records) != 2 or not all(isinstance(one, dict) for one in records):
        return message("undo.backup-damaged", at=at)
    schema, rows = records
    if schema.get("name") != database or not isinstance(schema.get("tables"), dict):
        return message("undo.backup-other", database=database, name=one_line(str(schema.get("name")), 60))
    known = schema["tables"]
    tables = {name: held for name, held in rows.items() if not name.startswith("_")}
    if any(name not in known or not isinstance(held, dict) for name, held in tables.items()):
        return message("undo.backup-damaged", at=at)
    return tables


def _with(why: Text, database: str) -> Text:
    said = {
        lang: message("undo.backup-not", database=database, why=why.get(lang)).get(lang)
        for lang in ("en", "zh")
    }
    return Text(said["en"], said["zh"])


def told(backups: Iterable[Backup]) -> Text | None:
    """What is backed up before the first write and what is not, in one text; None where nothing is to be."""
    said = [backup.told for backup in backups]
    return Text(" ".join(one.en for one in said), "".join(one.zh for one in said)) if said else None
