"""Which rows of an OVSDB database a command line writes to, and whether they are again as a backup has them. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Tables = Mapping[str, Mapping[str, Any]]
"""Rows by table and uuid, as in a backup."""
_BY_NAME = {"lsp-del": "Logical_Switch_Port", "ls-del": "Logical_Switch", "lr-del": "Logical_Router"}
_UNSTEADY = ("timestamp", "statistics", "status", "ofport", "link_resets", "cur_cfg")
"""Columns of a row that nobody can bring back, and nobody needs to."""


@dataclass(frozen=True, slots=True)
class Touched:
    """One row that a command writes to: some keys of a map, a whole column, or (without a column) all of it."""

    table: str
    record: str
    """Its uuid or name; ``.`` is the only row of its table."""
    column: str = ""
    key: str = ""


def touched(argv: Sequence[str]) -> Iterator[Touched]:
    """What a line of ovn-nbctl, ovn-sbctl or ovs-vsctl writes to, as far as generic commands and deletions say."""
    call: list[str] = []
    for word in (*argv[1:], "--"):
        if word == "--":
            yield from _of_call(call)
            call = []
        elif call or not word.startswith("-"):
            call.append(word)


def _of_call(call: Sequence[str]) -> Iterator[Touched]:
    verb, *words = call or [""]
    if verb == "del-port" and words:
        yield from (Touched(table, words[-1]) for table in ("Port", "Interface"))
    elif verb in _BY_NAME and words:
        yield Touched(_BY_NAME[verb], words[0])
    elif verb == "destroy":
        yield from (Touched(words[0], record) for record in words[1:])
    elif verb == "set" and len(words) > 2:
        for word in words[2:]:
            column, _, key = word.partition("=")[0].partition(":")
            yield Touched(words[0], words[1], column, key)
    elif verb in ("add", "remove") and len(words) > 3:
        for word in words[3:]:
            yield Touched(words[0], words[1], words[2], word.partition("=")[0])
    elif verb == "clear" and len(words) > 2:
        yield from (Touched(words[0], words[1], column) for column in words[2:])


def as_before(rows: Iterable[Touched], before: Tables, now: Tables) -> dict[str, tuple[int, int]]:
    """By table: how many of these rows the backup has, and how many of them are not now as they were then.

    A row that was deleted may have come back under another uuid; a row that was changed has to be the same row.
    """
    mine: dict[str, set[str]] = {}
    wrong: dict[str, set[str]] = {}
    kinds: dict[str, Counter[str]] = {}
    for one in dict.fromkeys(rows):
        held, there = before.get(one.table, {}), now.get(one.table, {})
        for uuid in _uuids(held, one.record):
            if one.column:
                same = _cell(held[uuid], one) == _cell(there.get(uuid, {}), one)
            else:
                if one.table not in kinds:
                    kinds[one.table] = Counter(map(_whole, there.values()))
                same = kinds[one.table][_whole(held[uuid])] > 0
            mine.setdefault(one.table, set()).add(uuid)
            if not same:
                wrong.setdefault(one.table, set()).add(uuid)
    return {table: (len(uuids), len(wrong.get(table, ()))) for table, uuids in mine.items()}


def _uuids(held: Mapping[str, Any], record: str) -> tuple[str, ...]:
    if record in held:
        return (record,)
    if record == ".":
        return tuple(held)[:1]
    return tuple(uuid for uuid, row in held.items() if isinstance(row, Mapping) and row.get("name") == record)


def _cell(row: Any, one: Touched) -> Any:
    value = row.get(one.column) if isinstance(row, Mapping) else None
    if not one.key:
        return value
    pairs = value[1] if isinstance(value, list) and len(value) == 2 and value[0] in ("map", "set") else []
    for pair in pairs:
        if isinstance(pair, list) and len(pair) == 2 and pair[0] == one.key:
            return pair[1]
    return None


def _whole(row: Any) -> str:
    kept = (
        {key: value for key, value in row.items() if key not in _UNSTEADY}
        if isinstance(row, Mapping)
        else row
    )
    return json.dumps(kept, sort_keys=True)
