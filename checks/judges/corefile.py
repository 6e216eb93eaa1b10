"""Judge of CoreDNS's configuration: mistakes of a Corefile that stop it, loop it or leave out the cluster's names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from checks.judges.lists import failure, name, spec, unknown
from checks.model import JSON, Fact, Judgement, Row, Verdict, worst
from kb.messages import message
from kb.safe import one_line

LONGEST = 200_000
GONE = ("proxy", "federation", "nodes")
"""Plugins that left CoreDNS (1.5.0, 1.7.0): one line of them and it does not start."""
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|[^\s"]+')
_LOCAL = re.compile(r"(?:dns://)?(?:127\.\d+\.\d+\.\d+|\[?::1\]?|localhost)(?::53)?")


class Broken(ValueError):
    """Braces that do not match; the argument is the line."""


@dataclass(slots=True)
class Block:
    """One server block or snippet: its keys, and its directives with their arguments and line."""

    keys: tuple[str, ...]
    directives: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)


def blocks(text: str) -> list[Block]:
    """The server blocks of a Corefile; raises Broken. Options inside a directive's own braces are left out."""
    found: list[Block] = []
    depth = 0
    pending: list[str] = []
    for number, words in _lines(text):
        closing = words == ["}"]
        opening = words[-1] == "{"
        body = tuple(words[:-1] if opening else words)
        if closing:
            depth -= 1
            if depth < 0:
                raise Broken(number)
        elif depth == 0:
            pending += body
            if opening:
                found.append(Block(tuple(pending)))
                pending, depth = [], 1
        else:
            if depth == 1:
                found[-1].directives.append((number, body))
            depth += opening
    if depth:
        raise Broken(text.count("\n") + 1)
    return found


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), 1):
        words: list[str] = []
        for word in _WORD.findall(line):
            if word.startswith("#"):
                break
            words.append(word)
        if words:
            yield number, words


# --- the judge ------------------------------------------------------------------------------------------------------


def judge_corefile(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Braces, plugins that are gone, forwarders that are missing or lead back to CoreDNS, and the kubernetes plugin.

    One row for each finding; the target is the ConfigMap and the line.
    """
    if lost := failure(facts, "maps", "services"):
        return lost
    own = {str(spec(s).get("clusterIP") or "") for s in facts["services"].items} - {"", "None"}
    texts = {
        name(m): str(m["data"]["Corefile"])
        for m in facts["maps"].items
        if isinstance(m.get("data"), Mapping) and isinstance(m["data"].get("Corefile"), str)
    }
    if not texts and facts["maps"].items:
        return unknown("unparsable", message("corefile.unread"))
    if not texts:
        return Judgement(Verdict.SKIPPED, message("corefile.none"))
    if any(len(text) > LONGEST or "\x00" in text for text in texts.values()):
        return unknown("unparsable", message("corefile.unread"))
    rows = [row for where, text in sorted(texts.items()) for row in _findings(where, text, own)]
    data: dict[str, JSON] = {
        "files": len(texts),
        "findings": len(rows),
        "first": rows[0].target if rows else "",
    }
    verdict = worst((Verdict.OK, *(row.verdict for row in rows)))
    which = "bad" if rows else "ok"
    return Judgement(
        verdict, message(f"corefile.{which}", **data), value=len(rows), data=data, rows=tuple(rows)
    )


def _findings(where: str, text: str, own: set[str]) -> Iterator[Row]:
    def row(line: int, key: str, verdict: Verdict, **words: str) -> Row:
        values = {name: one_line(word, 120) for name, word in words.items()}
        return Row(f"{where}:{line}", verdict, message(f"corefile.{key}", **values), data={"what": key})

    try:
        found = blocks(text)
    except Broken as broken:
        yield row(int(broken.args[0]), "braces", Verdict.FAIL)
        return
    servers = [b for b in found if not (b.keys and b.keys[0].startswith("("))]
    if not servers:
        yield row(1, "empty", Verdict.FAIL)
        return
    everything = [entry for block in found for entry in block.directives]
    for line, words in everything:
        plugin, arguments = words[0], words[1:]
        if plugin in GONE:
            yield row(line, "gone", Verdict.FAIL, plugin=plugin)
        elif plugin == "forward":
            yield from (row(line, key, Verdict.FAIL, to=to) for key, to in _forward(arguments, own))
    names = {words[0] for _, words in everything}
    if not names & {"kubernetes", "import"}:
        yield row(1, "no-kubernetes", Verdict.FAIL)
    if "loop" not in names and "import" not in names and "forward" in names:
        yield row(1, "no-loop", Verdict.WARN)


def _forward(arguments: tuple[str, ...], own: set[str]) -> Iterator[tuple[str, str]]:
    """``forward FROM TO…``: without TO CoreDNS says "Wrong argument count" and does not start."""
    if len(arguments) < 2:
        yield "forward-short", " ".join(arguments)
        return
    for to in arguments[1:]:
        host = re.sub(r"^(?:dns|tls)://", "", to).partition("%")[0]
        if _LOCAL.fullmatch(to):
            yield "forward-local", to
        elif host.removesuffix(":53").strip("[]") in own:
            yield "forward-self", to
