"""Output to data: the parsers a check may name (docs/formats.md, ``parse:``). Pure; garbage raises Unparsable."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from checks.parsers import health, ovs, proc, prometheus, table
from checks.parsers.base import Unparsable, cleaned, excerpt, no_json, number
from kb.messages import message

__all__ = ["KINDS", "Unparsable", "mistakes", "parse"]

Parser = Callable[[Any, str], Any]


def parse(how: Mapping[str, Any], text: str) -> Any:
    """`text` read as `how` says (one key of KINDS, with ``expect:`` for some); without any: the text."""
    text = cleaned(text)
    kind, argument = _kind(how)
    if not kind:
        return text.rstrip("\n")
    if kind in _ENDED and text.strip() and not text.endswith("\n"):
        raise Unparsable(message("parse.cut", text=excerpt(text[-60:])))
    expected = how.get("expect")
    if expected and not _regex(expected).search(text):
        raise Unparsable(message("parse.no-match", pattern=repr(expected), text=excerpt(text)))
    return KINDS[kind](argument, text)


def mistakes(how: Mapping[str, Any]) -> list[str]:
    """What is wrong with a ``parse:`` of a check, in words; empty where nothing is."""
    kinds = [key for key in how if key != "expect"]
    unknown = [key for key in kinds if key not in KINDS]
    found = [f"there is no parser {key}; known: {', '.join(sorted(KINDS))}" for key in unknown]
    if len(kinds) != 1:
        found.append("write exactly one parser")
    patterns = [(key, how[key]) for key in ("regex", "lines", "count_lines", "expect") if key in how]
    for key, pattern in patterns:
        found += _pattern_mistakes(key, pattern)
    if "csv" in how and not _words(how["csv"]):
        found.append("csv takes the list of column names")
    if "table" in how and how["table"] is not True and not _words(how["table"]):
        found.append("table takes true, or the list of column names")
    if "prometheus" in how and not _families(how["prometheus"]):
        found.append("prometheus takes the list of families of metrics")
    if "keyvalue" in how and how["keyvalue"] not in _SEPARATORS:
        found.append('keyvalue takes ":", "=" or " "')
    found += [f"{key} takes true" for key in kinds if key in _PLAIN and how[key] is not True]
    return found


def _words(names: Any) -> bool:
    return isinstance(names, list) and bool(names) and all(isinstance(name, str) and name for name in names)


def _families(names: Any) -> bool:
    return _words(names) and all(prometheus.FAMILY.fullmatch(name) for name in names)


def _pattern_mistakes(key: str, pattern: Any) -> list[str]:
    if not isinstance(pattern, str):
        return [f"{key} takes a regular expression"]
    try:
        groups = _regex(pattern).groupindex
    except re.error as error:
        return [f"{key} is no regular expression: {error}"]
    if key in ("regex", "lines") and not groups:
        return [f"{key} needs named groups, like (?P<count>\\d+)"]
    if _RESTARTS.match(pattern):
        return [f"{key} begins with a repetition: write ^ before it, or a long line takes minutes"]
    return []


_RESTARTS = re.compile(r"(?:\((?:\?:|\?P<\w+>)?)*(?:\.|\\[SWD]|\[\^[^\]]*\])[*+]")
"""A search that begins with a repetition is tried anew at every character: quadratic in the length of the line."""


def _kind(how: Mapping[str, Any]) -> tuple[str, Any]:
    for key, argument in how.items():
        if key in KINDS:
            return key, argument
    return "", None


@lru_cache(maxsize=512)
def _regex(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.MULTILINE)


def _groups(match: re.Match[str]) -> dict[str, Any]:
    return {name: number(text) for name, text in match.groupdict().items() if text is not None}


def _first_match(pattern: str, text: str) -> dict[str, Any]:
    match = _regex(pattern).search(text)
    if not match:
        raise Unparsable(message("parse.no-match", pattern=repr(pattern), text=excerpt(text)))
    return _groups(match)


def _matching_lines(pattern: str, text: str) -> list[dict[str, Any]]:
    regex = _regex(pattern)
    return [_groups(match) for match in map(regex.search, text.splitlines()) if match]


def _count_lines(pattern: str, text: str) -> int:
    regex = _regex(pattern)
    return sum(1 for line in text.splitlines() if regex.search(line))


def _json(_: Any, text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise no_json(error) from None


_SEPARATORS = (":", "=", " ")


def _keyvalue(separator: str, text: str) -> dict[str, Any]:
    """One pair per line; or, where every word is a pair (``atoms:99 cells:181``), one per word."""
    words = text.split()
    if not words:
        raise Unparsable(message("parse.no-pairs"))
    by_word = separator != " " and all(0 < word.find(separator) < len(word) - 1 for word in words)
    found: dict[str, Any] = {}
    for part in words if by_word else text.splitlines():
        if not part.strip():
            continue
        key, sign, value = part.strip().partition(separator)
        if not sign:
            raise Unparsable(message("parse.no-separator", sign=repr(separator), text=excerpt(part)))
        found[key.strip()] = number(value.strip())
    return found


KINDS: Mapping[str, Parser] = {
    "regex": _first_match,
    "lines": _matching_lines,
    "count_lines": _count_lines,
    "csv": lambda columns, text: ovs.csv_rows(text, columns),
    "ovsdb": lambda _, text: ovs.ovsdb_rows(text),
    "json": _json,
    "keyvalue": _keyvalue,
    "table": table.rows,
    "prometheus": prometheus.page,
    "proc_stat": lambda _, text: proc.pid_stats(text),
    "cpu_stat": lambda _, text: proc.cpu_stat(text),
    "netlink": lambda _, text: proc.netlink_rows(text),
    "raft": lambda _, text: ovs.raft_status(text),
    "ovslog": lambda _, text: ovs.log_lines(text),
    "health": lambda _, text: health.rows(text),
}
"""Parser by its key in ``parse:``."""
_ENDED = ("csv", "raft", "netlink", "keyvalue", "count_lines")
"""What is printed whole and ends with a newline: without one it was cut off, maybe in the middle of its last number."""
_PLAIN = ("ovsdb", "json", "proc_stat", "cpu_stat", "netlink", "raft", "ovslog", "health")
