"""The database commands that ovn-nbctl, ovn-sbctl and ovs-vsctl share: list, find, get, set, add, remove, clear …

Outputs, error texts and exit codes were compared with OVN 23.03.1 and Open vSwitch 3.1.0 (tests hold the comparison).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from checks.practice.sim import values
from checks.practice.sim.ctlargs import Call, Syntax
from checks.practice.sim.output import Style, render
from checks.practice.sim.tables import Database, Row, Table, Transaction
from checks.practice.sim.types import ColumnType

_CONDITION = re.compile(
    r"(?P<column>[A-Za-z0-9_-]+)(?::(?P<key>.+?))?(?P<op>\{?(?:!=|<=|>=|=|<|>)\}?|\{in\}|\{not-in\})(?P<value>.+)\Z",
    re.S,
)
_SETTING = re.compile(
    r"(?P<column>[A-Za-z0-9_-]+)(?::(?P<key>\"(?:[^\"\\]|\\.)*\"|[^=]+))?=(?P<value>.+)\Z", re.S
)
_OPERATORS = (
    '"=", "!=", "<", ">", "<=", ">=", "{=}", "{!=}", "{<}", "{>}", "{<=}", "{>=}", "{in}", or "{not-in}"'
)

GENERIC: Mapping[str, Syntax] = {
    "list": Syntax(1, options=("--if-exists", "--columns=")),
    "find": Syntax(1, options=("--columns=",)),
    "get": Syntax(2, options=("--if-exists", "--id=")),
    "set": Syntax(3, options=("--if-exists",)),
    "add": Syntax(4, options=("--if-exists",)),
    "remove": Syntax(4, options=("--if-exists",)),
    "clear": Syntax(3, options=("--if-exists",)),
    "create": Syntax(2, options=("--id=",)),
    "destroy": Syntax(1, options=("--if-exists", "--all")),
    "comment": Syntax(0),
}


class CtlError(Exception):
    """What a tool prints after its name before it ends with exit code 1."""


@dataclass(slots=True)
class Context:
    """One run of a tool: its database, the open transaction, how to print, and what it printed so far."""

    db: Database
    tx: Transaction
    names: Mapping[str, tuple[tuple[str, str], ...]]
    """Per table the columns that name its rows, as ``(column, key)``; key for maps."""
    style: Style = field(default_factory=Style)
    symbols: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    out: list[str] = field(default_factory=list)
    code: int = 0


Handler = Callable[[Context, Call], None]


# --- finding tables, columns, records


def _squash(text: str) -> str:
    return text.lower().replace("-", "_")


def find_table(db: Database, name: str) -> Table:
    """The table meant by a name or unique prefix, in any case."""
    wanted = _squash(name)
    matches = [t for t in db.tables if _squash(t).startswith(wanted)]
    exact = [t for t in matches if _squash(t) == wanted]
    if exact:
        return db.tables[exact[0]]
    if len(matches) == 1:
        return db.tables[matches[0]]
    if matches:
        raise CtlError(f'"{name}" matches multiple table names: {", ".join(sorted(matches))}')
    raise CtlError(f'unknown table "{name}"')


def find_column(table: Table, name: str) -> str:
    """The column meant by a name or unique prefix."""
    wanted = _squash(name)
    columns = ("_uuid", *table.schema.columns)
    matches = [c for c in columns if _squash(c).startswith(wanted)]
    if wanted in matches:
        return wanted
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise CtlError(f'{table.schema.name} contains more than one column whose name matches "{name}"')
    raise CtlError(f'{table.schema.name} does not contain a column whose name matches "{name}"')


def find_row(ctx: Context, table: Table, name: str, *, optional: bool = False) -> str:
    """The UUID of the record meant by a UUID, a prefix of one, a name or ``.``; empty where it may be missing."""
    if name in table.rows:
        return name
    if name in ctx.symbols:
        return ctx.symbols[name]
    ways = ctx.names.get(table.schema.name, ())
    found: list[str] = []
    if name == "." and not ways:
        found = list(table.rows)
    elif not values.is_uuid(name):
        for column, key in ways:
            found += [u for u in table.rows if _named(table.value(u, column), key, name)]
        if not found and re.fullmatch(r"[0-9a-f-]{4,35}", name):
            found = [u for u in table.rows if u.startswith(name)]
    if len(found) > 1:
        raise CtlError(f'multiple rows in {table.schema.name} match "{name}"')
    if found:
        return found[0]
    if optional:
        return ""
    raise CtlError(f'no row "{name}" in table {table.schema.name}')


def _named(value: Any, key: str, name: str) -> bool:
    return bool(value.get(key) == name) if key else bool(value == name)


def _show_columns(table: Table, call: Call) -> list[str]:
    asked = call.options.get("--columns", "")
    if not asked:
        return ["_uuid", *table.schema.columns]
    return list(dict.fromkeys(find_column(table, name) for name in re.split(r"[,\s]+", asked) if name))


# --- reading


def _list(ctx: Context, call: Call) -> None:
    table = find_table(ctx.db, call.args[0])
    columns = _show_columns(table, call)
    names = call.args[1:]
    uuids = (
        [u for n in names if (u := find_row(ctx, table, n, optional="--if-exists" in call.options))]
        if names
        else list(table.rows)
    )
    ctx.out.append(render(table, columns, uuids, ctx.style))


def _find(ctx: Context, call: Call) -> None:
    table = find_table(ctx.db, call.args[0])
    columns = _show_columns(table, call)
    tests = [_condition(table, text) for text in call.args[1:]]
    uuids = [uuid for uuid in table.rows if all(test(uuid) for test in tests)]
    ctx.out.append(render(table, columns, uuids, ctx.style))


def _condition(table: Table, text: str) -> Callable[[str], bool]:
    match = _CONDITION.match(text)
    if not match:
        raise CtlError(f"{text}: argument does not end in {_OPERATORS} followed by a value.")
    column = find_column(table, match["column"])
    kind, operator = table.column(column), match["op"].strip("{}")
    if match["key"] is not None:
        if kind.shape != "map":
            raise CtlError(f"cannot specify key to check for non-map column {column}")
        key, wanted = values.read_atom(kind.key, match["key"]), values.read_atom(kind.value, match["value"])

        def keyed(uuid: str) -> bool:
            held = table.value(uuid, column)
            return key in held and _compare(operator, held[key], wanted)

        return keyed
    wanted = values.read(kind, match["value"])
    return lambda uuid: _compare(operator, table.value(uuid, column), wanted)


def _compare(operator: str, held: Any, wanted: Any) -> bool:
    """ovs-vsctl(8): sets are compared as wholes; the one with more members is larger."""
    if isinstance(held, tuple | dict):
        have, want = (set(x.items()) if isinstance(x, dict) else set(x) for x in (held, wanted))
        if operator in ("=", "!="):
            return (have == want) == (operator == "=")
        if operator in ("in", "not-in"):
            return (have <= want) == (operator == "in")
        # {>=} and {<=} are about subsets; the plain ones compare sizes first and then members.
        if operator == ">=":
            return have >= want
        if operator == "<=":
            return have <= want
        return len(have) > len(want) if operator == ">" else len(have) < len(want)
    tests: dict[str, Callable[[], bool]] = {
        "=": lambda: bool(held == wanted), "!=": lambda: bool(held != wanted),
        "<": lambda: bool(held < wanted), ">": lambda: bool(held > wanted),
        "<=": lambda: bool(held <= wanted), ">=": lambda: bool(held >= wanted),
        "in": lambda: bool(held == wanted), "not-in": lambda: bool(held != wanted),
    }  # fmt: skip
    return tests[operator]()


def _get(ctx: Context, call: Call) -> None:
    table = find_table(ctx.db, call.args[0])
    lenient = "--if-exists" in call.options
    uuid = find_row(ctx, table, call.args[1], optional=lenient)
    if not uuid:
        return
    if "--id" in call.options:
        ctx.symbols[call.options["--id"]] = uuid
    for asked in call.args[2:]:
        name, has_key, key = asked.partition(":")
        column = find_column(table, name)
        kind, held = table.column(column), table.value(uuid, column)
        if not has_key:
            ctx.out.append(values.show(kind, held) + "\n")
            continue
        if kind.shape != "map":
            raise CtlError(f"cannot specify key to get for non-map column {column}")
        key = values.read_atom(kind.key, key)
        if key in held:
            ctx.out.append(values.show(ColumnType(kind.value), held[key]) + "\n")
        elif lenient:
            ctx.out.append("\n")
        else:
            raise CtlError(f'no key "{key}" in {table.schema.name} record "{call.args[1]}" column {column}')


# --- writing


def _target(ctx: Context, call: Call) -> tuple[Table, str, Row]:
    table = find_table(ctx.db, call.args[0])
    uuid = find_row(ctx, table, call.args[1], optional="--if-exists" in call.options)
    return table, uuid, dict(table.rows[uuid]) if uuid else {}


def _assign(table: Table, row: Row, text: str) -> None:
    match = _SETTING.match(text)
    if not match:
        raise CtlError(f'{text}: argument does not end in "=" followed by a value.')
    column = find_column(table, match["column"])
    if column == "_uuid":
        raise CtlError("cannot modify read-only column _uuid")
    kind = table.column(column)
    if match["key"] is None:
        row[column] = values.read(kind, match["value"])
        return
    if kind.shape != "map":
        raise CtlError(f"cannot specify key to set for non-map column {column}")
    key = values.read_atom(kind.key, match["key"])
    row[column] = {**row.get(column, {}), key: values.read_atom(kind.value, match["value"])}


def _set(ctx: Context, call: Call) -> None:
    table, uuid, row = _target(ctx, call)
    if uuid:
        for text in call.args[2:]:
            _assign(table, row, text)
        ctx.tx.put(table, uuid, row)


def _add(ctx: Context, call: Call) -> None:
    table, uuid, row = _target(ctx, call)
    column = find_column(table, call.args[2])
    kind = table.column(column)
    if not uuid:
        return
    held = row.get(column, kind.default())
    for text in call.args[3:]:
        new = values.read(kind if kind.shape == "map" else ColumnType(kind.key, shape="set"), text)
        held = {**new, **held} | new if kind.shape == "map" else tuple(dict.fromkeys((*held, *new)))
    row[column] = held
    ctx.tx.put(table, uuid, row)


def _remove(ctx: Context, call: Call) -> None:
    table, uuid, row = _target(ctx, call)
    column = find_column(table, call.args[2])
    kind = table.column(column)
    if not uuid:
        return
    held = row.get(column, kind.default())
    for text in call.args[3:]:
        if kind.shape != "map":
            gone = values.read(ColumnType(kind.key, shape="set"), text)
            held = tuple(v for v in held if v not in gone) if kind.shape != "scalar" else held
        elif "=" in text:
            pairs = values.read(kind, text)
            held = {k: v for k, v in held.items() if pairs.get(k) != v}
        else:
            keys = values.read(ColumnType(kind.key, shape="set"), text)
            held = {k: v for k, v in held.items() if k not in keys}
    row[column] = held
    ctx.tx.put(table, uuid, row)


def _clear(ctx: Context, call: Call) -> None:
    table, uuid, row = _target(ctx, call)
    for name in call.args[2:]:
        column = find_column(table, name)
        kind = table.column(column)
        if kind.shape == "scalar":
            raise CtlError(
                f'"clear" operation cannot be applied to column {column} of table {table.schema.name}, '
                "which is not allowed to be empty"
            )
        row[column] = kind.default()
    if uuid:
        ctx.tx.put(table, uuid, row)


def _create(ctx: Context, call: Call) -> None:
    table = find_table(ctx.db, call.args[0])
    row: Row = {}
    for text in call.args[1:]:
        _assign(table, row, text)
    uuid = ctx.db.new_uuid()
    if "--id" in call.options:
        ctx.symbols[call.options["--id"]] = uuid
    elif not table.schema.root:
        ctx.warnings.append(
            f'applying "create" command to table {table.schema.name} without --id option will have no effect'
        )
        ctx.out.append(f"{uuid}\n")
        return
    check_references(ctx.db, table, uuid, row)
    ctx.tx.put(table, uuid, row)
    ctx.out.append(f"{uuid}\n")


def check_references(db: Database, table: Table, uuid: str, row: Row) -> None:
    """A row must not point to rows that are not there."""
    from checks.practice.sim.tables import TransactionError

    for column, kind in table.schema.columns.items():
        if kind.shape == "scalar" and kind.ref and not kind.weak:
            held = row.get(column, kind.default())
            if held not in db.tables[kind.ref].rows:
                raise TransactionError(
                    "referential integrity violation",
                    (
                        f"Table {table.schema.name} column {column} row {uuid} references "
                        f"nonexistent row {held} in table {kind.ref}."
                    ),
                )


def _destroy(ctx: Context, call: Call) -> None:
    table = find_table(ctx.db, call.args[0])
    name = table.schema.name
    if "--all" in call.options:
        if len(call.args) > 1:
            raise CtlError("--all and records argument should not be specified together")
        doomed = list(table.rows)
    elif len(call.args) == 1:
        ctx.warnings.append("either --all or records argument should be specified")
        return
    else:
        lenient = "--if-exists" in call.options
        doomed = [u for n in call.args[1:] if (u := find_row(ctx, table, n, optional=lenient))]
    for uuid in doomed:
        if not table.schema.root and is_referenced(ctx.db, name, uuid):
            continue  # a strong reference keeps the row alive: the server quietly leaves it
        ctx.tx.drop(table, uuid)
        ctx.tx.unlink(name, uuid)


def is_referenced(db: Database, name: str, uuid: str) -> bool:
    """Whether a row is held by another one."""
    return any(
        uuid in row.get(column, ())
        for table, column in db.referrers.get(name, ())
        for row in db[table].rows.values()
    )


HANDLERS: Mapping[str, Handler] = {
    "list": _list, "find": _find, "get": _get, "set": _set, "add": _add, "remove": _remove, "clear": _clear,
    "create": _create, "destroy": _destroy, "comment": lambda ctx, call: None,
}  # fmt: skip
