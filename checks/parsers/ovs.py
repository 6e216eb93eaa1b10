"""Output of the OVS and OVN tools: CSV and JSON tables, cluster/status, and their log lines."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from checks.parsers.base import Unparsable, excerpt, integer, no_json, number, wrong_columns
from kb.messages import message
from kb.wording import listed

MAX_CELL = 50_000_000


def csv_rows(text: str, columns: Sequence[str]) -> list[dict[str, str]]:
    """Rows of ``--format=csv --data=bare --no-headings`` by column name; every cell stays text."""
    csv.field_size_limit(MAX_CELL)  # the vips of one load balancer can pass the 128 kB that are the default
    rows: list[dict[str, str]] = []
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(columns):
                cut = excerpt(",".join(cells))
                wrong = {"line": reader.line_num, "found": len(cells), "wanted": len(columns), "text": cut}
                raise Unparsable(message("parse.csv-columns", **wrong))
            rows.append(dict(zip(columns, cells, strict=True)))
    except csv.Error as error:
        raise Unparsable(message("parse.no-csv", line=reader.line_num, error=str(error))) from None
    return rows


def ovsdb_rows(text: str) -> list[dict[str, Any]]:
    """Rows of ``--format=json`` by heading: maps as mappings, sets as lists, uuids as text (RFC 7047, section 5.1)."""
    try:
        table = json.loads(text)
    except ValueError as error:
        raise no_json(error) from None
    headings = table.get("headings") if isinstance(table, dict) else None
    data = table.get("data") if isinstance(table, dict) else None
    if not isinstance(headings, list) or not isinstance(data, list):
        raise Unparsable(message("parse.no-ovsdb"))
    rows = []
    for cells in data:
        if not isinstance(cells, list) or len(cells) != len(headings):
            raise wrong_columns(json.dumps(cells), len(cells), len(headings))
        rows.append({str(name): _atom(cell) for name, cell in zip(headings, cells, strict=True)})
    return rows


def _atom(cell: Any) -> Any:
    if not (isinstance(cell, list) and len(cell) == 2 and cell[0] in ("map", "set", "uuid", "named-uuid")):
        return cell
    kind, inner = cell
    if kind in ("uuid", "named-uuid"):
        return str(inner)
    if not isinstance(inner, list):
        raise Unparsable(message("parse.ovsdb-list", kind=kind, text=excerpt(str(inner))))
    if kind == "set":
        return [_atom(item) for item in inner]
    try:
        return {str(_atom(key)): _atom(value) for key, value in inner}
    except (TypeError, ValueError):
        raise Unparsable(message("parse.ovsdb-map", text=excerpt(str(inner)))) from None


_RAFT_FIELDS = {
    "Name": "name",
    "Cluster ID": "cluster_id",
    "Server ID": "server_id",
    "Address": "address",
    "Status": "status",
    "Role": "role",
    "Term": "term",
    "Leader": "leader",
    "Vote": "vote",
    "Election timer": "election_timer",
    "Entries not yet committed": "not_committed",
    "Entries not yet applied": "not_applied",
    "Disconnections": "disconnections",
    "Last Election won": "election_won_ms",
}
_RAFT_NUMBERS = ("term", "election_timer", "not_committed", "not_applied", "disconnections")
_SERVER = re.compile(r"^\s+(?P<sid>[0-9a-f]{4,})\s+\((?:[0-9a-f]+ )?at (?P<address>[^\s)]+)\)(?P<rest>.*)$")
_CONNECTION = re.compile(r"(?P<lost>\()?(?P<way><-|->)(?P<sid>[0-9a-f]{4,})\)?")


def raft_status(text: str) -> dict[str, Any]:
    """``cluster/status`` of an ovsdb-server as a mapping (ovsdb/raft.c).

    Keys: sid, name, status, role, term, leader, vote, election_timer (ms), not_committed, not_applied,
    disconnections, election_won_ms (of a leader, ago), log ``[first, next]``, connected and lost (short sids),
    servers (sid, address, self, and where printed next_index, match_index, last_msg_ms).
    """
    found: dict[str, Any] = {"servers": [], "connected": [], "lost": []}
    lines = text.splitlines()
    for position, line in enumerate(lines):
        name, colon, value = line.partition(":")
        if server := _SERVER.match(line):
            found["servers"].append(_raft_server(server))
        elif colon and name in _RAFT_FIELDS:
            found[_RAFT_FIELDS[name]] = value.strip()
        elif colon and name == "Connections":
            _raft_connections(value, found)
        elif colon and name == "Log":
            found["log"] = [integer(part.strip(), "Log") for part in value.strip(" []").split(",")]
        elif position == 0 and re.fullmatch(r"[0-9a-f]{4,}", line.strip()):
            found["sid"] = line.strip()
    missing = [key for key in ("status", "role", "term") if key not in found]
    if missing:
        raise Unparsable(message("parse.no-raft-status", missing=listed(missing), text=excerpt(text)))
    if "election_won_ms" in found:
        found["election_won_ms"] = integer(
            found["election_won_ms"].removesuffix(" ms ago"), "Last Election won"
        )
    for key in _RAFT_NUMBERS:
        if key in found:
            found[key] = integer(found[key], key)
    found["server_id"] = found.get("server_id", "").partition(" ")[0]
    found.setdefault("sid", found["server_id"])
    return found


def _raft_server(match: re.Match[str]) -> dict[str, Any]:
    rest = match["rest"]
    server: dict[str, Any] = {"sid": match["sid"], "address": match["address"], "self": "(self)" in rest}
    for key, pattern in (("next_index", r"next_index=(\d+)"), ("match_index", r"match_index=(\d+)")):
        if number_found := re.search(pattern, rest):
            server[key] = int(number_found[1])
    if last := re.search(r"last msg (\d+) ms ago", rest):
        server["last_msg_ms"] = int(last[1])
    return server


def _raft_connections(value: str, found: dict[str, Any]) -> None:
    ways = {(m["way"], m["sid"]): not m["lost"] for m in _CONNECTION.finditer(value)}
    for sid in dict.fromkeys(sid for _, sid in ways):
        up = all(alive for (_, other), alive in ways.items() if other == sid)
        found["connected" if up else "lost"].append(sid)


_LOG = re.compile(
    r"^(?P<at>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?)Z\|(?P<seq>\d+)\|(?P<module>[^|]*)\|(?P<level>[A-Z]+)\|(?P<text>.*)$"
)


def log_lines(text: str) -> list[dict[str, Any]]:
    """Lines of an OVS log, ``ISO8601Z|seq|module|LEVEL|text``; `at` in Unix seconds, other lines are left out.

    Text without a single such line, but not empty, is no OVS log: Unparsable.
    """
    lines = [_log_line(match) for match in map(_LOG.match, text.splitlines()) if match]
    if not lines and text.strip():
        raise Unparsable(message("parse.no-ovs-log", text=excerpt(text)))
    return [line for line in lines if line]


def _log_line(match: re.Match[str]) -> dict[str, Any]:
    try:
        at = datetime.fromisoformat(match["at"]).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise Unparsable(message("parse.no-time", text=excerpt(match["at"]))) from None
    return {
        "at": at,
        "seq": number(match["seq"].lstrip("0") or "0"),
        "module": match["module"],
        "level": match["level"],
        "text": match["text"],
    }
