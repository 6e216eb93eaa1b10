"""Tables as the OVSDB tools print them: ``--format=list|table|csv|json|html``, ``--data=string|bare|json``."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from checks.practice.sim.tables import Table
from checks.practice.sim.types import ColumnType
from checks.practice.sim.values import show, to_json

FORMATS = ("table", "list", "html", "csv", "json")
CELLS = ("string", "bare", "json")


@dataclass(slots=True)
class Style:
    """How to print: set by the options of a tool."""

    format: str = "list"
    cells: str = "string"
    headings: bool = True
    pretty: bool = False


def _cell(kind: ColumnType, style: str) -> Callable[[Any], str]:
    """The printer of one column, without a detour for what most rows hold."""
    if style == "json":
        return lambda value: json.dumps(to_json(kind, value), separators=(",", ":"))
    bare = style == "bare"
    if kind.shape == "scalar" and (kind.key == "uuid" or (bare and kind.key == "string")):
        return str
    return lambda value: show(kind, value, bare=bare)


def _csv(text: str) -> str:
    if any(char in text for char in '",\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _columns(table: Table, names: Sequence[str], uuids: Iterable[str], style: str) -> Iterable[list[str]]:
    """Rows of printed cells."""
    printers = []
    for name in names:
        kind = table.column(name)
        print_cell = _cell(kind, style)
        printers.append((name, print_cell, print_cell(kind.default())))
    for uuid in uuids:
        row = table.rows[uuid]
        yield [
            (uuid if style != "json" else f'["uuid","{uuid}"]') if name == "_uuid"
            else print_cell(row[name]) if name in row else empty
            for name, print_cell, empty in printers
        ]  # fmt: skip


def render(table: Table, names: Sequence[str], uuids: Sequence[str], style: Style) -> str:
    """The records `uuids` of a table with these columns, as text that ends with a newline where there is any."""
    if style.format == "json":
        kinds = [table.column(name) for name in names]
        data = [
            [to_json(kind, table.value(uuid, name)) for name, kind in zip(names, kinds, strict=True)]
            for uuid in uuids
        ]
        body = {"data": data, "headings": list(names)}
        text = json.dumps(body, indent=2) if style.pretty else json.dumps(body, separators=(",", ":"))
        return text + "\n"
    rows = _columns(table, names, uuids, style.cells)
    if style.format == "csv":
        lines = [",".join(map(_csv, row)) for row in rows]
        if style.headings:
            lines.insert(0, ",".join(map(_csv, names)))
        return "".join(f"{line}\n" for line in lines)
    if style.format == "list":
        return _list(names, rows, style.headings)
    return (_html if style.format == "html" else _table)(names, list(rows), style.headings)


def _list(names: Sequence[str], rows: Iterable[list[str]], headings: bool) -> str:
    labels = [f"{name:<20}: " if headings else "" for name in names]
    records = ("".join(f"{label}{cell}\n" for label, cell in zip(labels, row, strict=True)) for row in rows)
    return "\n".join(records)


def _table(names: Sequence[str], rows: list[list[str]], headings: bool) -> str:
    lines = ([list(names)] if headings else []) + rows
    widths = [max((len(line[at]) for line in lines), default=0) for at in range(len(names))]
    if headings:
        lines.insert(1, ["-" * width for width in widths])
    padded = [
        " ".join([*(c.ljust(w) for c, w in zip(line[:-1], widths, strict=False)), line[-1]])
        for line in lines
        if line
    ]
    return "".join(f"{line}\n" for line in padded)


def _html(names: Sequence[str], rows: list[list[str]], headings: bool) -> str:
    def line(cells: Sequence[str], tag: str) -> str:
        return "  <tr>\n" + "".join(f"    <{tag}>{html.escape(c)}</{tag}>\n" for c in cells) + "  </tr>\n"

    head = line(names, "th") if headings else ""
    return f"<table border=1>\n{head}{''.join(line(row, 'td') for row in rows)}</table>\n"
