"""Tables in columns, as most tools print them: by their header, or by names given for the columns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from checks.parsers.base import Unparsable, excerpt, number, wrong_columns
from kb.messages import message

_GAP = re.compile(r"\s{2,}")


def rows(columns: Any, text: str) -> list[dict[str, Any]]:
    """One mapping per line, numbers converted; raises Unparsable where a line does not fit the columns.

    With True for `columns` the first line names them (lower case, spaces to ``_``); cells that are empty, or hold
    spaces, are told by where the header's words begin. With a list of names the last column takes the rest of its line.
    """
    lines = [line.expandtabs() for line in text.splitlines() if line.strip()]
    if columns is not True:
        return [_named(line, columns) for line in lines]
    if not lines:
        raise Unparsable(message("parse.no-header"))
    header = lines[0].strip()
    titles = _GAP.split(header) if _GAP.search(header) else header.split()
    names = [title.strip().lower().replace(" ", "_") for title in titles]
    starts = _starts(lines[0], titles)
    return [_row(line, names, starts) for line in lines[1:]]


def _named(line: str, names: Sequence[str]) -> dict[str, Any]:
    cells = line.split(None, len(names) - 1)
    if len(cells) != len(names):
        raise wrong_columns(line, len(cells), len(names))
    return {name: number(cell.strip()) for name, cell in zip(names, cells, strict=True)}


def _starts(line: str, titles: Sequence[str]) -> list[int]:
    starts, at = [], 0
    for title in titles:
        at = line.index(title, at)
        starts.append(at)
        at += len(title)
    return starts


def _row(line: str, names: Sequence[str], starts: Sequence[int]) -> dict[str, Any]:
    cells = line.split()
    if len(cells) != len(names):
        cells = _by_place(line, starts)
    return {name: number(cell) for name, cell in zip(names, cells, strict=True)}


def _by_place(line: str, starts: Sequence[int]) -> list[str]:
    """The cells between the places where the header's words begin; each must begin there, or after a space."""
    cut = [start for start in starts[1:] if start < len(line)]
    if any(line[start - 1] != " " for start in cut):
        raise Unparsable(message("parse.beside-header", text=excerpt(line)))
    ends = [*starts[1:], max(len(line), starts[-1])]
    return [line[start:end].strip() for start, end in zip(starts, ends, strict=True)]
