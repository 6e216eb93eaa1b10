"""Tables of one OVSDB database in memory: rows by UUID, transactions that can be taken back, listeners."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from checks.practice.sim.types import UUID, ColumnType, Schema, TableSchema

Row = dict[str, Any]
INDEXED = ("name", "logical_port", "datapath")
"""Columns by which rows are looked up again and again; a large cluster has tens of thousands of rows."""
Listener = Callable[[str], None]


class TransactionError(Exception):
    """The server refuses a transaction; `body` is its JSON error as the tools print it."""

    def __init__(self, error: str, details: str) -> None:
        super().__init__(details)
        self.body = json.dumps({"details": details, "error": error}, separators=(",", ":"))


class Table:
    """One table. Rows are mappings of their non-default columns; `version` grows with every change."""

    def __init__(self, schema: TableSchema) -> None:
        self.schema = schema
        self.rows: dict[str, Row] = {}
        self.version = 0
        self._keys: list[dict[tuple[Any, ...], str]] = [{} for _ in schema.indexes]
        self._found: dict[str, dict[Any, dict[str, None]]] = {c: {} for c in INDEXED if c in schema.columns}

    def column(self, name: str) -> ColumnType:
        """The type of a column, ``_uuid`` included."""
        return UUID if name == "_uuid" else self.schema.columns[name]

    def value(self, uuid: str, column: str) -> Any:
        """What a row holds in a column; the default where it was never set."""
        if column == "_uuid":
            return uuid
        row = self.rows[uuid]
        return row[column] if column in row else self.schema.columns[column].default()

    def items(self) -> Iterator[tuple[str, Row]]:
        """Rows with their UUIDs, as they are now."""
        return iter(self.rows.copy().items())  # a copy is made in one go, other threads may be writing

    def where(self, **equal: Any) -> Iterator[str]:
        """UUIDs of the rows whose columns equal these values."""
        quick = next((column for column in equal if column in self._found), "")
        # Taken in one go, like the copy of the rows: other threads may be writing.
        uuids = tuple(self._found[quick].get(equal[quick], ()) if quick else self.rows)
        rest = {column: value for column, value in equal.items() if column != quick}
        for uuid in uuids:
            if uuid in self.rows and all(self.value(uuid, c) == value for c, value in rest.items()):
                yield uuid

    def put(self, uuid: str, row: Row) -> None:
        """Inserts or replaces a row; a TransactionError where a unique key is taken."""
        old = self.rows.get(uuid)
        for columns, known in zip(self.schema.indexes, self._keys, strict=True):
            key = tuple(row.get(c, self.schema.columns[c].default()) for c in columns)
            other = known.get(key)
            if other is not None and other != uuid:
                raise self._taken(columns, key, uuid, other)
        for columns, known in zip(self.schema.indexes, self._keys, strict=True):
            if old is not None:
                known.pop(tuple(old.get(c, self.schema.columns[c].default()) for c in columns), None)
            known[tuple(row.get(c, self.schema.columns[c].default()) for c in columns)] = uuid
        for column, found in self._found.items():
            default = self.schema.columns[column].default()
            value = row.get(column, default)
            if old is not None and old.get(column, default) != value:
                self._forget(found, old.get(column, default), uuid)
            found.setdefault(value, {})[uuid] = None
        self.rows[uuid] = row
        self.version += 1

    def drop(self, uuid: str) -> Row | None:
        """Takes a row out."""
        row = self.rows.pop(uuid, None)
        if row is not None:
            for columns, known in zip(self.schema.indexes, self._keys, strict=True):
                known.pop(tuple(row.get(c, self.schema.columns[c].default()) for c in columns), None)
            for column, found in self._found.items():
                self._forget(found, row.get(column, self.schema.columns[column].default()), uuid)
            self.version += 1
        return row

    def _forget(self, found: dict[Any, dict[str, None]], value: Any, uuid: str) -> None:
        left = found.get(value, {})
        left.pop(uuid, None)
        if not left:
            found.pop(value, None)

    def _taken(self, columns: tuple[str, ...], key: tuple[Any, ...], new: str, old: str) -> TransactionError:
        from checks.practice.sim.values import show

        shown = [show(self.schema.columns[c], v) for c, v in zip(columns, key, strict=True)]
        values = f"({' and '.join(shown)})"
        quoted = [f'"{column}"' for column in columns]
        over = f"column {quoted[0]}" if len(quoted) == 1 else f"columns {' and '.join(quoted)}"
        return TransactionError(
            "constraint violation",
            f'Transaction causes multiple rows in "{self.schema.name}" table to have identical values {values} for '
            f"index on {over}.  First row, with UUID {new}, was inserted by this transaction.  Second row, with UUID "
            f"{old}, existed in the database before this transaction and was not modified by the transaction.",
        )


class Database:
    """One database: tables by name, and what to do after a transaction."""

    def __init__(self, schema: Schema, seed: str = "") -> None:
        self.schema = schema
        self.tables = {name: Table(table) for name, table in schema.tables.items()}
        self.lock = threading.RLock()
        self.log_index = 12
        self.referrers = _referrers(schema)
        self._random = random.Random(f"{schema.database}/{seed}")  # noqa: S311 - UUIDs of a stage, no secrets
        self._listeners: list[Listener] = []

    def __getitem__(self, table: str) -> Table:
        return self.tables[table]

    def new_uuid(self) -> str:
        """A UUID, the same one in every run of the same scenario."""
        digits = f"{self._random.getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def subscribe(self, listener: Listener) -> None:
        """Calls `listener(table)` after every transaction that changed the table."""
        self._listeners.append(listener)

    def insert(self, table: str, row: Mapping[str, Any]) -> str:
        """Stages a row outside any transaction; returns its UUID."""
        uuid = self.new_uuid()
        with self.lock:
            self.tables[table].put(uuid, dict(row))
        return uuid

    def insert_many(self, table: str, rows: Iterable[Row]) -> None:
        """Stages many rows."""
        target = self.tables[table]
        with self.lock:
            for row in rows:
                target.put(self.new_uuid(), row)

    def delete_many(self, table: str, uuids: Iterable[str]) -> int:
        """Takes rows out and tells listeners; returns how many there were."""
        with self.lock:
            gone = sum(self.tables[table].drop(uuid) is not None for uuid in uuids)
        if gone:
            self.changed((table,))
        return gone

    def set(self, table: str, uuid: str, **values: Any) -> None:
        """Changes columns of a row and tells listeners."""
        with self.lock:
            row = self.tables[table].rows.get(uuid)
            if row is None:
                return
            self.tables[table].put(uuid, row | values)
        self.changed((table,))

    def changed(self, tables: Iterable[str]) -> None:
        """Tells listeners of a committed change."""
        self.log_index += 1
        for table in tables:
            for listener in tuple(self._listeners):
                listener(table)


class Transaction:
    """Changes to one database that take effect at once and are taken back as a whole."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.touched: dict[str, None] = {}
        self._undo: list[tuple[Table, str, Row | None]] = []

    def put(self, table: Table, uuid: str, row: Row) -> None:
        """Inserts or replaces a row."""
        before = table.rows.get(uuid)
        table.put(uuid, row)
        self._undo.append((table, uuid, before))
        self.touched[table.schema.name] = None

    def drop(self, table: Table, uuid: str) -> None:
        """Takes a row out, and out of every set that refers to it weakly."""
        before = table.rows.get(uuid)
        if before is None:
            return
        table.drop(uuid)
        self._undo.append((table, uuid, before))
        self.touched[table.schema.name] = None

    def unlink(self, name: str, uuid: str) -> None:
        """Takes a row's UUID out of every column that refers to its table."""
        for table_name, column in self.db.referrers.get(name, ()):
            table = self.db.tables[table_name]
            for owner, row in table.items():
                if uuid in row.get(column, ()):
                    self.put(table, owner, row | {column: tuple(u for u in row[column] if u != uuid)})

    def rollback(self) -> None:
        """Everything as before."""
        for table, uuid, before in reversed(self._undo):
            table.drop(uuid)
            if before is not None:
                table.put(uuid, before)
        self._undo.clear()
        self.touched.clear()

    def commit(self) -> None:
        """Tells listeners."""
        if self.touched:
            self.db.changed(tuple(self.touched))


def _referrers(schema: Schema) -> dict[str, list[tuple[str, str]]]:
    """Table to the columns of other tables that hold UUIDs of its rows."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, table in schema.tables.items():
        for column, kind in table.columns.items():
            if kind.ref and kind.shape in ("set", "optional"):
                found.setdefault(kind.ref, []).append((name, column))
    return found
