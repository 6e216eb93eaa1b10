"""`klinik search --paste FILE`: which articles know which lines of a log, of events, of a command's output."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click

from kb.decoding import decode
from kb.messages import message
from kb.pastehits import PasteMatch, PasteOutcome
from kb.said import text_of
from tui.cli.failures import FAILED, OK, USAGE, Stop
from tui.cli.loading import open_library
from tui.cli.options import Root
from tui.cli.printing import as_json, one_row, say
from tui.cli.texts import help_language

MOST_BYTES = 64_000_000
"""Of a longer paste, half from each end is read."""
SAMPLE = 65_536
"""Bytes that tell the encoding."""


def p(key: str, /, **params: object) -> str:
    """The message ``paste.key`` in the language of the help."""
    return message(f"paste.{key}", **params).get(help_language())


def read_paste(name: str) -> str:
    """The text of a file, or of standard input for ``-``, in whatever bytes it comes."""
    if name == "-":
        if sys.stdin.isatty():
            click.echo(p("waiting"), err=True)
        return _decoded(sys.stdin.buffer.read(MOST_BYTES))
    try:
        with open(name, "rb") as file:
            if not file.seekable():  # a pipe, as of <(kubectl logs …)
                return _decoded(file.read(MOST_BYTES))
            size = file.seek(0, 2)
            file.seek(0)
            if size <= MOST_BYTES:
                return _decoded(file.read(MOST_BYTES))
            head = file.read(MOST_BYTES // 2)
            file.seek(size - MOST_BYTES // 2)
            return _decoded(head) + "\n" + _decoded(file.read(MOST_BYTES // 2))
    except OSError as error:
        raise Stop(
            p("unreadable", name=one_row(name), why=text_of(error).get(help_language())), USAGE
        ) from error


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
        if "\0" not in text[:SAMPLE]:
            return text
    except UnicodeDecodeError as error:
        # what was cut in the middle of a letter is UTF-8 all the same
        if error.start > len(data) - 4:
            return data.decode("utf-8", "replace")
    encoding = decode(data[:SAMPLE], "").encoding
    if encoding.startswith("UTF-") and encoding != "UTF-8":
        return decode(data, "").text or ""
    return data.decode(encoding or "utf-8", "replace")


def search_paste(name: str, *, limit: int, where: Mapping[str, str], output: str, root: Root) -> int:
    """Match a file against the library and say what is known in it."""
    text = read_paste(name)
    found = open_library(root).paste(text, limit=limit, lang=root.lang or help_language(), where=where)
    if output == "json":
        as_json(_json(found))
        return OK if found.matches else FAILED
    for match in found.matches:
        _say_match(match)
    if not found.matches:
        say(p("nothing"))
        if found.hints:
            say(p("hints"))
            for match in found.hints[:3]:
                _say_match(match)
    if found.lines_read < found.lines_total:
        say(p("part", read=found.lines_read, total=found.lines_total))
    say(p("total", articles=found.total, lines=found.lines_read, ms=round(found.took_ms)))
    return OK if found.matches else FAILED


def _say_match(match: PasteMatch) -> None:
    mark = (
        click.style(message("cli.search.guide-mark").get(help_language()), fg="green")
        if match.has_guide
        else ""
    )
    say(f"{click.style(one_row(match.title), bold=True)}  {mark}")
    say(f"  {match.article_id} · {match.lang} · {match.score:.2f}")
    for line in match.lines:
        times = p("times", times=line.times) if line.times > 1 else ""
        say(f"  {p('line', number=line.number)}{times}: {one_row(line.text)}")
        key = "as-signature" if line.kind == "signature" else "as-literal"
        section = f" ({one_row(line.section)})" if line.section else ""
        say(f"    {p(key)} {one_row(line.matched)}{section}")


def _json(found: PasteOutcome) -> dict[str, Any]:
    return {
        "lines_total": found.lines_total,
        "lines_read": found.lines_read,
        "took_ms": round(found.took_ms, 1),
        "total": found.total,
        "matches": [_json_match(match) for match in found.matches],
        "hints": [_json_match(match) for match in found.hints],
    }


def _json_match(match: PasteMatch) -> dict[str, Any]:
    return {
        "id": match.article_id,
        "lang": match.lang,
        "langs": list(match.langs),
        "title": match.title,
        "score": match.score,
        "path": match.path,
        "guide": match.has_guide,
        "lines": [
            {
                "number": line.number,
                "text": line.text,
                "matched": line.matched,
                "section": line.section,
                "kind": line.kind,
                "times": line.times,
                "score": line.score,
            }
            for line in match.lines
        ],
    }
