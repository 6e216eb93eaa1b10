"""Column types of OVSDB tables and the three schemas, in the short form of ``assets/practice/schemas``.

A type is written ``string``, ``optional integer``, ``set uuid@Port``, ``map string string``; ``since 22.09`` after it
says from which OVN version the column is there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from kb.paths import ASSETS

DEFAULTS: dict[str, Any] = {
    "string": "",
    "integer": 0,
    "real": 0.0,
    "boolean": False,
    "uuid": "0" * 8 + "-0000-0000-0000-" + "0" * 12,
}


@dataclass(frozen=True, slots=True)
class ColumnType:
    """What a column holds: a scalar, an optional scalar, a set, or a map (then `value` is set)."""

    key: str
    value: str = ""
    shape: str = "scalar"
    """scalar, optional, set or map."""
    ref: str = ""
    """Table that a uuid points to."""
    weak: bool = False

    def default(self) -> Any:
        """The value of a row that does not say: a scalar's zero, or an empty set or map."""
        if self.shape == "map":
            return {}
        return DEFAULTS[self.key] if self.shape == "scalar" else ()


@dataclass(frozen=True, slots=True)
class TableSchema:
    """One table: its columns by name, sorted; whether rows live without being referenced; unique keys."""

    name: str
    columns: dict[str, ColumnType]
    root: bool = False
    indexes: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Schema:
    """One database."""

    database: str
    tables: dict[str, TableSchema] = field(default_factory=dict)


UUID = ColumnType("uuid")


def version_key(text: str) -> tuple[int, ...]:
    """``22.09.1`` or ``v1.9.27`` as numbers to compare; what is not a number ends it."""
    numbers: list[int] = []
    for part in text.lstrip("v").split("."):
        if not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def parse_type(text: str) -> ColumnType:
    """The type written as in the schema files."""
    words = text.split()
    shape = words.pop(0) if words[0] in ("optional", "set", "map") else "scalar"
    base, _, ref = words[0].partition("@")
    value = words[1].partition("@")[0] if shape == "map" else ""
    return ColumnType(base, value, shape, ref.rstrip("?"), ref.endswith("?"))


@cache
def load_schema(name: str, version: str) -> Schema:
    """The schema ``nb``, ``sb`` or ``vswitch`` as OVN (or OVS) of this version has it."""
    raw = json.loads((ASSETS / "practice" / "schemas" / f"{name}.json").read_text(encoding="utf-8"))
    tables = {}
    for table, spec in raw["tables"].items():
        columns = {}
        for column, text in spec["columns"].items():
            kind, _, since = text.partition(" since ")
            if not since or version_key(version) >= version_key(since):
                columns[column] = parse_type(kind)
        indexes = tuple(tuple(index) for index in spec.get("indexes", ()))
        tables[table] = TableSchema(table, columns, bool(spec.get("root")), indexes)
    return Schema(raw["database"], tables)
