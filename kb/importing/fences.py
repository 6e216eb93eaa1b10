"""Code lines to fenced blocks: which language, and where commands end and their output begins."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from kb.importing.codelines import OPEN_HEREDOC, PROMPT, kind

SHELL_LINE = re.compile(
    r"^(?:(?:do|done|then|fi|else|elif|esac|case|if|for|while|until|function|local|export|return|echo)\b|[{}]$|;;|&&|\|\|?|\\|\)$|--?\w)"
)
OPEN_END = re.compile(r"(?:\\|\||&&|\|\||[({])$")
PYTHON = re.compile(
    r"^\s*(?:def |class \w+.*:$|import \w|from \w+ import|except\b.*:$|elif |self\.|with .+:$|try:$|print\()|\bself\."
)
GO = re.compile(r"^\s*(?:func |package \w+$|type \w+ (?:struct|interface))|:=|\bfmt\.|\berr != nil")
C = re.compile(r"->|^\s*(?:#include|static |struct |void |const |int |char |return .*;$)|;\s*$|/\*|\*/")
SETTING = re.compile(r"^(?:[#;\[].*|[A-Za-z][\w.-]*\s?=[^;]*)$")
XML = re.compile(r"^\s*</?[A-Za-z][\w.:-]*[\s/>]")
DOCKER = re.compile(r"^(?:FROM|RUN|COPY|ENTRYPOINT|CMD|WORKDIR|ENV|EXPOSE)\s")


@dataclass(frozen=True, slots=True)
class Fence:
    """One fenced block: the language and the lines, by their place among the lines given."""

    language: str
    lines: tuple[str, ...]


def fence(lines: list[str], kinds: list[str], language: str = "") -> list[Fence]:
    """Blocks for the lines of one run of code; `kinds` as `codelines.kind` names them; `language` where it is known."""
    if language and language != "bash":
        return [Fence(language, tuple(lines))]
    if "command" not in kinds:
        return [Fence(language or guess(lines, kinds), tuple(lines))]
    shell = _shell_lines(lines, kinds)
    return _parts(lines, kinds, shell)


def guess(lines: list[str], kinds: list[str]) -> str:
    """The language of code without commands in it."""
    counts = Counter(each for each in kinds if each)
    total = sum(1 for line in lines if line.strip())
    if counts["sql"] * 2 > total:
        return "sql"
    if counts["log"] * 3 > total:
        return "text"
    source = _source(lines, counts["source"])
    if source:
        return source
    if counts["json"] * 2 > total and any(line.strip()[:1] in "{[" for line in lines):
        return "json"
    if counts["yaml"] and (counts["yaml"] + counts["comment"]) * 2 > total:
        return "yaml"
    if counts["ini"] or (counts["assign"] + counts["comment"] >= total and counts["assign"]):
        return "ini" if all(SETTING.match(line.strip()) for line in lines if line.strip()) else "text"
    return "text"


def _source(lines: list[str], known: int) -> str:
    if not known:
        return ""
    enough = max(1, len(lines) // 8)
    for name, sign in (("dockerfile", DOCKER), ("python", PYTHON), ("go", GO), ("xml", XML), ("c", C)):
        if sum(bool(sign.search(line[:300])) for line in lines) > enough or (
            len(lines) <= 4 and any(sign.search(line[:300]) for line in lines)
        ):
            return name
    return ""


def _shell_lines(lines: list[str], kinds: list[str]) -> list[bool]:
    """Which lines are typed into the shell; the others are what it answered."""
    prompted = any(
        PROMPT.match(line.strip()) for line, each in zip(lines, kinds, strict=True) if each == "command"
    )
    script = (
        lines[0].strip().startswith("#!") or sum(bool(SHELL_LINE.match(line.strip())) for line in lines) >= 3
    )
    found: list[bool] = []
    opened = ""
    for i, (line, each) in enumerate(zip(lines, kinds, strict=True)):
        bare = line.strip()
        before = found[-1] if found else False
        if opened:
            found.append(True)
            opened = "" if bare == opened else opened
            continue
        if each in ("command", "heredoc") or (before and OPEN_END.search(lines[i - 1].rstrip()[-4:])):
            shell = True
        elif not bare:
            shell = before
        elif each == "comment":
            shell = (
                _command_follows(kinds, lines, i)
                if prompted
                else (before or _command_follows(kinds, lines, i))
            )
        elif prompted:
            shell = False
        else:
            shell = bool(
                before
                and (
                    SHELL_LINE.match(bare)
                    if script
                    else each == "assign" and "=" in bare and " = " not in bare
                )
            )
            shell = shell or (each == "assign" and script)
        heredoc = OPEN_HEREDOC.search(line[:1200]) if shell else None
        if heredoc and any(later.strip() == heredoc["word"] for later in lines[i + 1 : i + 400]):
            opened = heredoc["word"]
        found.append(shell)
    return found


def _command_follows(kinds: list[str], lines: list[str], i: int) -> bool:
    for j in range(i + 1, min(len(kinds), i + 12)):
        if kinds[j] == "command":
            return True
        if kinds[j] != "comment" and lines[j].strip():
            return False
    return False


def _parts(lines: list[str], kinds: list[str], shell: list[bool]) -> list[Fence]:
    parts: list[Fence] = []
    start = 0
    for i in range(1, len(lines) + 1):
        if i < len(lines) and shell[i] == shell[start]:
            continue
        chunk = lines[start:i]
        while chunk and not chunk[-1].strip():
            chunk = chunk[:-1]
        if any(line.strip() for line in chunk):
            parts.append(Fence("bash" if shell[start] else _answer(chunk, kinds[start:i]), tuple(chunk)))
        start = i
    return parts


def _answer(lines: list[str], kinds: list[str]) -> str:
    language = guess(
        lines,
        [kind(line) if each in ("output", "") else each for line, each in zip(lines, kinds, strict=False)],
    )
    return language if language in ("yaml", "json", "text") else "text"
