"""``ovsdb-client`` as far as a backup needs it: list-dbs, get-schema-version, backup."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from checks.cluster import ExecResult
from checks.practice.sim.tables import Database
from checks.practice.sim.types import ColumnType
from checks.practice.sim.values import to_json

VERSIONS = {"OVN_Northbound": "7.0.0", "OVN_Southbound": "20.27.0", "Open_vSwitch": "8.3.1"}
STAGED = ("list-dbs", "get-schema-version", "backup")


def run(argv: Sequence[str], sockets: Mapping[str, Database]) -> ExecResult:
    """Runs one command line; `sockets` are the databases by the remote they listen on."""
    words = [word for word in argv[1:] if not word.startswith("-")]
    command, remote, name = (*words, "", "", "")[:3]
    if command not in STAGED:
        said = f"'{command}' is a real command, but the practice cluster does not stage it"
        return _failed(argv, said if command else "missing command name; use --help for help")
    database = sockets.get(remote)
    if database is None:
        return _failed(argv, f'failed to connect to "{remote}" (No such file or directory)')
    known = database.schema.database
    if command == "list-dbs":
        return ExecResult(f"_Server\n{known}\n", "", 0, tuple(argv))
    if name != known:
        return _failed(argv, f'no database named "{name}" on {remote}' if name else "no database specified")
    if command == "get-schema-version":
        return ExecResult(f"{VERSIONS[known]}\n", "", 0, tuple(argv))
    with database.lock:
        records = [_schema(database), _contents(database)]
    return ExecResult("".join(map(_record, records)), "", 0, tuple(argv))


def _failed(argv: Sequence[str], said: str) -> ExecResult:
    return ExecResult("", f"ovsdb-client: {said}\n", 1, tuple(argv))


def _record(body: Mapping[str, Any]) -> str:
    """One record of a standalone database file: its length and SHA-1 with the newline at its end."""
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")) + "\n"
    raw = data.encode()
    return f"OVSDB JSON {len(raw)} {hashlib.sha1(raw, usedforsecurity=False).hexdigest()}\n{data}"


def _schema(database: Database) -> dict[str, Any]:
    tables = {
        name: {
            "columns": {column: {"type": _type(kind)} for column, kind in table.schema.columns.items()},
            "isRoot": table.schema.root,
            "indexes": [list(index) for index in table.schema.indexes],
        }
        for name, table in database.tables.items()
    }
    known = database.schema.database
    return {"name": known, "version": VERSIONS[known], "tables": tables}


def _type(kind: ColumnType) -> Any:
    key: Any = {"type": kind.key, "refTable": kind.ref} if kind.ref else kind.key
    if kind.shape == "scalar":
        return key
    most: Any = 1 if kind.shape == "optional" else "unlimited"
    found = {"key": key, "min": 0, "max": most}
    return {**found, "value": kind.value} if kind.shape == "map" else found


def _contents(database: Database) -> dict[str, Any]:
    found: dict[str, Any] = {"_comment": "produced by ovsdb-client backup"}
    for name, table in database.tables.items():
        kinds = table.schema.columns
        rows = {
            uuid: {column: to_json(kinds[column], value) for column, value in row.items()}
            for uuid, row in table.items()
        }
        if rows:
            found[name] = rows
    return found
