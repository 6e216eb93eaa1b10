"""What came back from a cluster as answers: pure functions from outputs and errors."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from checks import roots
from checks.cluster import ExecResult, Object
from checks.errors import ClusterError
from checks.model import Answer
from checks.parse import Unparsable, parse
from checks.parsers.base import cleaned, excerpt
from checks.specs.skeleton import mistake
from kb.messages import message
from kb.safe import one_line
from kb.text import UNSAID, Text
from kb.wording import explained

KEPT = 64 * 1024
"""Characters of raw output kept as evidence of one answer."""
KEPT_OF_ALL = 8 * 1024 * 1024
"""Characters kept of all answers to one read: with a thousand nodes each keeps less."""
KEPT_LEAST = 4 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """One output and when it came, in cluster seconds."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Raw:
    """What one target said to one read, not parsed yet."""

    name: str
    node: str = ""
    pod: str = ""
    samples: tuple[Sample, ...] = ()
    at: float = 0.0
    command: tuple[str, ...] = ()
    source: str = ""
    error: str = ""
    message: Text = UNSAID
    extra: Mapping[str, Any] = field(default_factory=dict)
    root: str = ""


def kept_each(targets: int) -> int:
    """Characters of raw output to keep per answer when so many answers come."""
    return max(KEPT_LEAST, min(KEPT, KEPT_OF_ALL // max(1, targets)))


def answer(raw: Raw, how: Mapping[str, Any], kept: int, several: bool) -> Answer:
    """The parsed answer; with `several` the value is a list of ``{at, value}``."""
    value: Any = None
    error, said = raw.error, raw.message
    if not error:
        try:
            values = [parse(how, sample.text) for sample in raw.samples]
            timed = [{"at": s.at, "value": v} for s, v in zip(raw.samples, values, strict=True)]
            value = timed if several else values[0]
        except Unparsable as unparsable:
            error, said = "unparsable", unparsable.text
        except Exception as bug:  # a parser that breaks on one output must not take the other answers along
            error, said = "error", message("parse.broke", bug=f"{type(bug).__name__}: {bug}")
    text = "\n".join(sample.text for sample in raw.samples)
    return Answer(
        target=raw.name,
        value=value,
        raw=text[:kept],
        at=raw.at,
        command=raw.command,
        source=raw.source,
        error=error,
        message=said.each(one_line),
        node=raw.node,
        pod=raw.pod,
        truncated=len(text) > kept,
        root=raw.root if error else "",
    )


def slot_text(slot: str, raw: Raw) -> tuple[str, tuple[str, Text]]:
    """What an answer puts into a slot of another command, or reason code and message why it may not stand there."""
    text = _plain(raw.samples[-1].text) if raw.samples else ""
    if not raw.error and not _GIVEN.fullmatch(text):
        return "", ("unparsable", message("parse.slot", slot=slot, value=excerpt(text)))
    return text, (raw.error, raw.message)


def _plain(text: str) -> str:
    try:
        return cleaned(text).strip()
    except Unparsable:
        return ""


_GIVEN = re.compile(r"[A-Za-z0-9_:][A-Za-z0-9._:-]*")


def reason_of(error: BaseException) -> tuple[str, Text]:
    """Reason code and message of what a call raised; anything but a ClusterError is a bug and says so."""
    if isinstance(error, ClusterError):
        return error.reason, error.text
    return "error", Text.of(f"{type(error).__name__}: {error}")


def root_of(error: BaseException) -> str:
    """What an error comes from, where others come from the same."""
    return str(getattr(error, "root", "")) or roots.of_error(error)


def reason_of_exit(result: ExecResult) -> tuple[str, Text]:
    """Reason code and message of a command that ended with a code that is no answer."""
    text = result.stderr.strip() or result.stdout.strip()
    said = message("parse.exit-code", code=result.code)
    if text:
        said = explained(said, one_line(text))
    for reason, signs in _EXIT_SIGNS.items():
        if any(sign in text for sign in signs):
            return reason, said
    return ("timeout" if result.code in (124, 142) else "error"), said  # timeout(1), and SIGALRM of --timeout


_EXIT_SIGNS: Mapping[str, tuple[str, ...]] = {
    "forbidden": ("Permission denied", "Operation not permitted"),
    "absent": ("No such file or directory", "not found", "No such process"),
    "unreachable": (
        "database connection failed",
        "Connection refused",
        "cannot connect",
        "connection attempt failed",
    ),
    "timeout": ("Alarm clock", "timed out"),
}


def refused(result: ExecResult) -> bool:
    """Whether the container's user may not, so that another container on the node may be asked."""
    return "Permission denied" in result.stderr or "Permission denied" in result.stdout


def slim(obj: Object) -> Object:
    """An object without the bookkeeping that no check reads and that is half of its size."""
    meta = obj.get("metadata")
    if isinstance(meta, dict):
        meta.pop("managedFields", None)
    return obj


def listed(items: list[Any]) -> tuple[list[Any] | None, str, Text]:
    """The objects of a list, or None with reason code and message where one of them is no object of Kubernetes."""
    for item in items:
        if wrong := mistake(item):
            meta = item.get("metadata") if isinstance(item, dict) else None
            name = str(meta.get("name") or "") if isinstance(meta, dict) else ""
            return None, "unparsable", (explained(name, wrong) if name else wrong).each(one_line)
    return items, "", Text()


def listing(items: Sequence[Object], kept: int = KEPT) -> tuple[str, bool]:
    """Objects as JSON lines for evidence, at most `kept` characters, and whether that cut something."""
    lines: list[str] = []
    room = kept
    for item in items:
        line = json.dumps(item, ensure_ascii=False, separators=(",", ":"))
        if len(line) > room:
            lines.append(line[:room])
            return "\n".join(lines), True
        lines.append(line)
        room -= len(line) + 1
    return "\n".join(lines), False
