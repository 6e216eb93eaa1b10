"""Handing a session over: its journal as a file that another operator opens and goes on with. Pure.

The file is the journal, line for line, with secrets replaced. Where that changed what an undo would need, the entry
says so (``"redacted": true``), and the undo is refused there instead of writing a token into the cluster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from checks.redact import redact_tree, redactor
from checks.sessions.journal import parse
from checks.sessions.redacted import named
from checks.sessions.session import VERSION, Entry, Session, advance, fold
from kb.messages import message
from kb.safe import one_line
from kb.text import Text

LONGEST = 64 * 1024 * 1024
"""Bytes of a session file that are read."""
ENTRIES = 50_000
"""Lines of one: the time to fold them grows with their square, and the list of sessions would take it every time."""


class NoSession(ValueError):
    """A file that holds no session to go on with; `text` says why."""

    def __init__(self, text: Text):
        super().__init__(text.en)
        self.text = text


def packed(entries: Iterable[Entry], *, by: str, at: float) -> str:
    """The journal as lines without secrets, the last of which says who handed it over.

    Raises NoSession for a journal with damaged lines: whoever went on with it would not know what they said; and for
    one that is longer than `unpacked` takes.
    """
    known = list(entries)
    damaged = fold(known).damaged
    if damaged:
        raise NoSession(message("handover.damaged-here", count=damaged))
    if len(known) >= ENTRIES:
        raise NoSession(message("handover.too-long", limit=ENTRIES))
    redact = redactor(next((str(e.get("session", "")) for e in known), ""))
    lines = []
    for entry in known:
        clean: dict[str, Any] = redact_tree(_by_name(entry, redact), redact)
        lines.append({**clean, "redacted": True} if clean != entry else clean)
    number = int(known[-1].get("n", 0) or 0) + 1 if known else 1
    lines.append({"v": VERSION, "n": number, "at": round(at, 3), "kind": "handed-over", "operator": by})
    return "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)


def _by_name(entry: Entry, redact: Callable[[str], str]) -> Entry:
    """An entry without inputs and saved values whose names say that they are secret."""
    if entry.get("kind") == "start" and "values" in entry:
        return {**entry, "values": named(entry["values"], redact)}
    if entry.get("kind") == "saved" and "value" in entry:
        return {**entry, "value": named({entry["name"]: entry["value"]}, redact)[entry["name"]]}
    return entry


def stays_behind(entries: Iterable[Entry]) -> tuple[Text, ...]:
    """What of a hand-over's way back only the machine where the session began can do or prove, and why.

    Backups of databases stay there: they are large, and hold what no redaction of a journal reaches.
    """
    known = list(entries)
    told: list[Text] = []
    for record in fold(known).steps.values():
        runs = record.to_undo()
        if any(run.redacted for run in runs):
            told.append(message("handover.undo-there", step=one_line(record.id, 80)))
        for file in (file for run in runs for file in run.files):
            told.append(
                message(
                    "handover.file-there",
                    step=one_line(record.id, 80),
                    database=one_line(str(file["database"]), 60),
                    name=one_line(str(file["name"]), 200),
                )
            )
    rows = (entry for entry in known if entry.get("kind") == "saved_rows" and entry.get("redacted"))
    told += [message("handover.rows-there", step=one_line(str(entry.get("step", "")), 80)) for entry in rows]
    return tuple(dict.fromkeys(told))


def unpacked(raw: bytes) -> tuple[str, Sequence[Entry]]:
    """The session's id and the entries of a handed-over file; raises NoSession for what is none, or is damaged.

    Damage that a crash leaves in one's own journal is not taken from a stranger: every line has to be whole.
    """
    if len(raw) > LONGEST:
        raise NoSession(message("handover.too-large", limit=LONGEST // (1024 * 1024)))
    if raw.count(b"\n") > ENTRIES:
        raise NoSession(message("handover.too-long", limit=ENTRIES))
    if not raw.endswith(b"\n"):
        raise NoSession(message("handover.cut"))
    entries = parse(raw)
    bad = next((number for number, entry in enumerate(entries, 1) if entry["kind"] == "damaged"), 0)
    if bad:
        raise NoSession(message("handover.damaged", line=bad))
    lost = next((at for at, entry in enumerate(entries, 1) if entry.get("n") != at), 0)
    if lost:
        raise NoSession(message("handover.lost", line=lost))
    session = fold(entries)
    if not entries or entries[0]["kind"] != "opened" or not session.id or not session.article:
        raise NoSession(message("handover.none"))
    if session.newer:
        raise NoSession(message("handover.newer"))
    if session.damaged:
        raise NoSession(message("handover.damaged", line=_first_damaged(entries)))
    if not _safe(session.id):
        raise NoSession(message("handover.none"))
    return session.id, entries


def _first_damaged(entries: Sequence[Entry]) -> int:
    session = Session()
    for number, entry in enumerate(entries, 1):
        session = advance(session, entry)
        if session.damaged:
            return number
    return 0


def _safe(name: str) -> bool:
    """Whether the id may become a file name: one of ours, and nothing that leads elsewhere."""
    return (
        len(name) <= 200
        and name[:1].isalnum()
        and all(c.isascii() and (c.isalnum() or c in "-_") for c in name)
    )
