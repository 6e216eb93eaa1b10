"""What an operator pasted, taken apart: one output per target, with exit codes and times where they are said. Pure.

Forms that are understood: the plain output of one target; ``== READ@TARGET`` (as klinik's own script prints),
``== TARGET`` or ``==> TARGET <==`` above each output, with ``== rc=N`` and ``== at=UNIX`` inside; Ansible's
``TARGET | CHANGED | rc=0 >>``. Prompts, the echoed command and kubectl's notes are left out. (A ``TARGET: `` before
every line, as pdsh prints, cannot be told from the keys of one output.)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from checks.cluster import ExecResult
from checks.facts.answers import reason_of_exit
from kb.messages import message
from kb.safe import one_line, printable
from kb.text import Text

LONGEST = 16 * 1024 * 1024
"""Characters of one paste: more than any answer of a large cluster, less than what fills the memory."""
MOST = 5_000
"""Targets in one paste."""

_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?"
_READ = r"[A-Za-z_][A-Za-z0-9_-]{0,99}"
_MARK = re.compile(rf"== (?:({_READ})@({_NAME})?|({_NAME}))(?: ==)?")
_HEADS = (
    re.compile(rf"==> ({_NAME}) <=="),
    re.compile(rf"({_NAME}) \| (?:CHANGED|SUCCESS|FAILED|UNREACHABLE!?)(?: \| rc=(\d{{1,3}}))? (?:>>|=>.*)"),
)
_CODE = re.compile(r"== rc=(\d{1,3})")
_AT = re.compile(r"== at=(\d{1,12}(?:\.\d{1,9})?)")
_NOTES = re.compile(
    r"Defaulted container .* out of: .*|Defaulting container name to .*|Unable to use a TTY.*"
    r"|If you don't see a command prompt.*"
)
_ENDED = re.compile(r"command terminated with (?:non-zero )?exit code(?:: .*?exit status)? ?(\d{1,3})")
_FAILED = re.compile(
    r"Error from server|[Ee]rror: |Unable to connect to the server|The connection to the server|OCI runtime exec failed"
    r"|(?:-?(?:ba|z|k|a|da|c)?sh|ssh|sudo|su|kubectl|docker|crictl|nerdctl|ctr|oc)(?:\[\d+\])?: "
)
_LOOKED_AT = 5
"""Lines at the beginning of an output in which a failure is looked for."""


class PasteError(Exception):
    """A paste that cannot be used as a whole; `text` says why."""

    def __init__(self, text: Text):
        super().__init__(text.en)
        self.text = text


@dataclass(frozen=True, slots=True)
class Output:
    """One output of one target."""

    text: str
    at: float | None = None
    """Unix time at which the command began, where the paste says it."""
    code: int | None = None
    """Its exit code, where the paste says it."""


@dataclass(frozen=True, slots=True)
class Section:
    """What one target said; `target` and `read` are empty where the paste names none."""

    target: str
    outputs: tuple[Output, ...]
    read: str = ""


def sections(pasted: str) -> tuple[Section, ...]:
    """The paste by target; raises PasteError where it is too large, or names a target twice."""
    if len(pasted) > LONGEST:
        raise PasteError(message("pasted.too-large", limit=LONGEST // 1024 // 1024))
    lines = printable(pasted).split("\n")
    headed = _headed(lines) or [(Head(), lines)]
    if len(headed) > MOST:
        raise PasteError(message("pasted.too-many", count=len(headed), limit=MOST))
    named = Counter((head.read, head.target) for head, _ in headed)
    twice = sorted(target or read for (read, target), count in named.items() if count > 1)
    if twice:
        raise PasteError(message("pasted.twice", targets=", ".join(twice[:5])))
    return tuple(Section(h.target, tuple(_outputs(body, h.code)), h.read) for h, body in headed)


@dataclass(frozen=True, slots=True)
class Head:
    """A line above an output: whose it is."""

    target: str = ""
    read: str = ""
    code: int | None = None


def _headed(lines: Sequence[str]) -> list[tuple[Head, list[str]]]:
    """Below a header each; what stands above the first one is the shell's echo of the script."""
    found: list[tuple[Head, list[str]]] = []
    for line in lines:
        head = _head(line)
        if head is not None:
            found.append((head, []))
        elif found:
            found[-1][1].append(line)
    return found


def _head(line: str) -> Head | None:
    stripped = line.rstrip()
    if match := _MARK.fullmatch(stripped):
        return Head(match[2] or match[3] or "", match[1] or "")
    for pattern in _HEADS:
        match = pattern.fullmatch(stripped)
        if match:
            code = match[2] if pattern.groups > 1 else None
            return Head(match[1], code=int(code) if code else None)
    return None


def _outputs(lines: Sequence[str], code: int | None) -> Iterator[Output]:
    """The outputs of one target: one, or one for every ``== at=`` marker."""
    body: list[str] = []
    at: float | None = None
    begun = False
    for line in lines:
        stripped = line.strip()
        moment, ended = _AT.fullmatch(stripped), _CODE.fullmatch(stripped)
        if moment:
            if begun:
                yield _output(body, at, code)
            body, at, code, begun = [], float(moment[1]), None, True
        elif ended:
            code = int(ended[1])
            if body and not body[-1]:
                body.pop()  # the marker brings a line break of its own
        elif ended := _ENDED.fullmatch(stripped):
            code = int(ended[1])
        elif not _NOTES.fullmatch(stripped):
            body.append(line)
    yield _output(body, at, code)


def _output(lines: Sequence[str], at: float | None, code: int | None) -> Output:
    text = "\n".join(lines)
    if code is None:
        text = text.strip("\n")
    return Output(text + "\n" if text and not text.endswith("\n") else text, at, code)


def without_echo(text: str, command: str) -> str:
    """The output without the prompt line that holds the command, and without a bare prompt at its end."""
    lines = text.split("\n")
    for number, line in enumerate(lines[:3]):
        begin = line.find(command) if command else -1
        if begin >= 0 and not line[begin + len(command) :].strip():
            prompt = line[:begin].strip()
            rest = lines[number + 1 :]
            while rest and (not rest[-1].strip() or (prompt and rest[-1].strip() == prompt)):
                rest.pop()
            return "\n".join(rest) + "\n" if rest else ""
    return text


def failure(output: Output, ok_codes: Sequence[int], program: str) -> tuple[str, Text]:
    """Reason code and message where the output is no answer; two empty texts where it may be one.

    Nothing at all is an answer only where the paste says that the command ended well: a copy that failed is empty too.
    """
    if output.code is not None:
        if output.code in ok_codes:
            return "", Text()
        return reason_of_exit(ExecResult("", output.text, output.code))
    if not output.text.strip():
        return "unparsable", message("pasted.empty")
    for line in [line for line in output.text.split("\n") if line.strip()][:_LOOKED_AT]:
        said = line.strip()
        if _FAILED.match(said) or (program and said.startswith(f"{program}: ")):
            reason, _ = reason_of_exit(ExecResult("", said, 1))
            if "forbidden" in said.lower():
                reason = "forbidden"
            return reason, Text.of(one_line(said))
    return "", Text()
