"""A code block to the command lines in it: prompts off, continuations joined, output and comments apart."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from kb.derive.programs import is_header, looks_like_answer, may_start_command, starts_command
from kb.model import CodeBlock

SHELLS = frozenset(("bash", "sh", "shell", "zsh", "ash", "ksh", "shellscript"))
CONSOLES = frozenset(("console", "shell-session", "shellsession", "terminal", "sh-session", "session", "con"))
UNTAGGED = frozenset(
    ("", "text", "txt", "plain", "plaintext", "log", "logs", "output", "cmd", "none", "code")
)
MOST_LINES = 4_000
"""Lines of one block that are looked at."""
PATIENCE = 100_000
"""Characters of a fence (a line counts 40 more) that are looked at in vain for the ends of its commands."""
LONGEST_COMMAND = 16_000

_PROMPT = re.compile(
    r"\s{0,8}(?:\([\w.-]{1,40}\)\s?)?(?:"
    r"\[[^\]\n]{1,80}\]\s?[#$%>]"  # [root@host ~]#
    r"|[\w.-]{1,64}@[\w.-]{1,64}(?:[: ][^#$%>\n]{0,80})?[#$%]"  # root@host:~#
    r"|(?:sh|bash|zsh|ash)-\d[\d.]{0,8}[#$]"  # sh-4.4$
    r"|(?:~|/[\w./-]{0,60})\s?[#$]"  # / #
    r"|[$❯➜%])\s+(?=\S)"
)
_GLUED = re.compile(r"\s{0,8}[$#](?=[a-z])")  # $kubectl
_HASH = re.compile(r"\s{0,8}#{1,3}\s*")
_ANGLE = re.compile(r"\s{0,8}>\s+(?=\S)")
_HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_OPENS = re.compile(r"(?:^|[;&|(!]|\b(?:then|do|else)\b)\s*(?:for|while|until|if|case|select)\b")
_CLOSES = re.compile(r"(?:^|[;&|(])\s*(?:done|fi|esac)\b")
_BODY = re.compile(r"(?:\)|(?:^|&&|\|\||[;|&!]|\bthen|\bdo|\belse|\bfunction\s+[\w.:-]{1,80}))\s*\{(?=\s|$)")
_BODY_END = re.compile(r"(?:^|;)\s*\}")
_HEREDOC = re.compile(r"<<-?\s*(?:'([^'\n]{1,60})'|\"([^\"\n]{1,60})\"|\\?([A-Za-z_][\w.-]{0,60}))")


@dataclass(frozen=True, slots=True)
class Shown:
    """One command line as an article shows it."""

    shell: str
    line: int
    comment: str = ""
    """What the block says about it: comment lines before it and behind it."""
    output: str = ""
    """What the block shows as its answer."""


def tag_of(block: CodeBlock) -> str:
    """The language a block names, in small letters."""
    words = re.split(r"[\s{,]", block.info.strip().lower(), maxsplit=1)
    return words[0]


def commands(block: CodeBlock) -> tuple[Shown, ...]:
    """The command lines of a block in order; none where it shows something else."""
    tag = tag_of(block)
    if tag not in SHELLS | CONSOLES | UNTAGGED:
        return ()
    lines = block.text.replace("\t", "    ").split("\n")[:MOST_LINES]
    if lines and lines[0].startswith("#!"):
        return _script(lines, block.line)
    prompted = [_prompt(line) for line in lines]
    if any(prompted):
        return _session(lines, prompted, block.line)
    hashes = _hash_prompts(lines)
    if hashes:
        return _session(lines, hashes, block.line)
    if tag in SHELLS:
        return _listing(lines, block.line, strict=False)
    first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
    return _listing(lines, block.line, strict=True) if starts_command(first) else ()


def _script(lines: list[str], at: int) -> tuple[Shown, ...]:
    """A whole script is one thing to read and run."""
    text = "\n".join(lines).strip()
    return (Shown(text, at),) if len(text) <= LONGEST_COMMAND and len(lines) > 1 else ()


def _prompt(line: str) -> int:
    """How long the prompt of a line is; 0 where it has none."""
    match = _PROMPT.match(line)
    if match:
        return match.end()
    match = _GLUED.match(line)
    if match and line[match.end() - 1] == "$" and starts_command(line[match.end() :]):
        return match.end()
    match = _ANGLE.match(line)
    return match.end() if match and starts_command(line[match.end() :]) else 0


def _hash_prompts(lines: list[str]) -> list[int]:
    """The prompts of a root session: `#` before commands, where no line without it is a command."""
    found = [0] * len(lines)
    if any(starts_command(line) for line in lines if not line.lstrip().startswith("#")):
        return []
    for number, line in enumerate(lines):
        match = _HASH.match(line)
        if match and starts_command(line[match.end() :]) and not _is_prose(line[match.end() :]):
            found[number] = match.end()
    return found if any(found) else []


def _is_prose(text: str) -> bool:
    return bool(_HAN.search(text)) or text.rstrip().endswith((".", ":", "。", "：")) or len(text.split()) < 2


def _session(lines: list[str], prompts: list[int], first: int) -> tuple[Shown, ...]:
    """A console: what follows a prompt is a command, everything else its answer."""
    found: list[Shown] = []
    notes: list[str] = []
    patience = _Patience()
    at = 0
    while at < len(lines):
        cut = prompts[at]
        if not cut:
            note = _comment(lines[at])
            if (note and not found) or (note and _HAN.search(note)):
                notes.append(note)
            elif found and lines[at].strip() and not notes:
                found[-1] = replace(found[-1], output=_joined(found[-1].output, lines[at]))
            at += 1
            continue
        text, used = _whole(lines, at, cut, prompts, patience)
        note = _comment(text)
        if note and "\n" not in text:
            notes.append(note)
        elif not _is_output(text) or starts_command(text):
            command, trailing = _trailing_comment(text)
            found.append(Shown(command, first + at, _words([*notes, trailing])))
            notes = []
        at += used
    return tuple(found)


def _listing(lines: list[str], first: int, *, strict: bool) -> tuple[Shown, ...]:
    """A block without prompts: every line is a command unless it looks like an answer."""
    found: list[Shown] = []
    notes: list[str] = []
    answering = False
    at = 0
    patience = _Patience()
    while at < len(lines):
        line = lines[at]
        if not line.strip():
            answering = False
            at += 1
            continue
        note = _comment(line)
        if note is not None:
            answering = _announces_output(note)
            behind = at and lines[at - 1].strip() and at + 1 < len(lines) and not lines[at + 1].strip()
            if found and not notes and behind:
                found[-1] = replace(
                    found[-1], output=_joined(found[-1].output, line)
                )  # about what stands before it
            elif note and not answering:
                notes.append(note)
            at += 1
            continue
        known = starts_command(line)
        wanted = known if strict or answering else known or may_start_command(line)
        if not wanted or (looks_like_answer(line) and not known):
            # Whatever is not a command is what one printed, and so is what follows without a gap.
            answering = answering or is_header(line) or bool(found)
            if found and len(found[-1].output) < 4_000:
                found[-1] = replace(found[-1], output=_joined(found[-1].output, line))
            at += 1
            continue
        text, used = _whole(lines, at, 0, None, patience)
        command, trailing = _trailing_comment(text)
        found.append(Shown(command, first + at, _words([*notes, trailing])))
        notes, answering = [], False
        at += used
    return tuple(found)


def _announces_output(note: str) -> bool:
    small = note.casefold().strip(" :：-=>#")
    return small.startswith(
        ("output", "expected output", "example output", "sample output", "result", "输出", "预期输出", "返回")
    ) or small.endswith(("输出", "输出示例", "输出如下", "结果如下", "output"))


def _is_output(text: str) -> bool:
    return looks_like_answer(text) or not text.strip()


def _joined(before: str, line: str) -> str:
    return f"{before}\n{line.rstrip()}" if before else line.rstrip()


def _words(notes: list[str]) -> str:
    return " ".join(note for note in notes if note)[:1_000]


def _comment(line: str) -> str | None:
    """The words of a comment line; None for every other line."""
    text = line.strip()
    if not text.startswith("#"):
        return None
    return text.lstrip("#").strip(" -=*")


@dataclass(slots=True)
class _Patience:
    """How much of a fence may still be looked at for ends that are not there: time stays linear in its size."""

    left: int = PATIENCE


def _whole(
    lines: list[str], at: int, cut: int, prompts: list[int] | None, patience: _Patience
) -> tuple[str, int]:
    """A command with its continuation lines, and how many lines that took; the first alone where it has no end."""
    scan = _Scan()
    parts: list[str] = []
    size = 0
    for index in range(at, len(lines) if patience.left > 0 else at + 1):
        line = lines[index]
        if index == at:
            line = line[cut:]
        elif prompts is not None and not scan.document:
            if prompts[index] and not _ANGLE.match(line):
                break  # a new prompt: the one before was complete after all
            match = _ANGLE.match(line)
            line = line[match.end() :] if match else line
        size += len(line)
        if size > LONGEST_COMMAND:
            break
        parts.append(line.rstrip() if not scan.document else line)
        scan.feed(line)
        if not scan.open:
            return _dedented(parts), len(parts)
    patience.left -= size + 40 * len(parts)
    only = parts[0].strip() if parts else ""
    return only.removesuffix("\\").rstrip(), 1


def _dedented(parts: list[str]) -> str:
    indent = len(parts[0]) - len(parts[0].lstrip())
    return "\n".join(part[indent:] if not part[:indent].strip() else part for part in parts).strip()


class _Scan:
    """Whether a command is complete after the lines it was fed: quotes, parentheses, loops, here-documents."""

    def __init__(self) -> None:
        self.quote = ""
        self.parens = 0
        self.blocks = 0
        self.document = ""
        self.trailing = False

    @property
    def open(self) -> bool:
        """Whether more lines belong to it."""
        return bool(self.quote or self.document or self.parens > 0 or self.blocks > 0 or self.trailing)

    def feed(self, line: str) -> None:
        """Takes one more line."""
        if self.document:
            if line.strip() == self.document:
                self.document = ""
            return
        plain = self._outside_quotes(line)
        if self.quote:
            self.trailing = False
            return
        text = plain.rstrip()
        self.trailing = plain.endswith("\\") or text.endswith(("|", "&&", "||"))
        self.blocks += len(_OPENS.findall(text)) - len(_CLOSES.findall(text))
        self.blocks += len(_BODY.findall(text)) - len(_BODY_END.findall(text))
        document = _HEREDOC.search(line) if "<<" in text and "<<<" not in text else None
        if document:
            self.document = next(group for group in document.groups() if group)

    def _outside_quotes(self, line: str) -> str:
        """The line without what is quoted and without its comment; counts parentheses on the way."""
        kept: list[str] = []
        at = 0
        while at < len(line):
            char = line[at]
            if self.quote:
                if char == "\\" and self.quote == '"':
                    at += 1
                elif char == self.quote:
                    self.quote = ""
            elif char == "\\":
                kept.append(char if at + 1 == len(line) else "_")
                at += 1
            elif char in "'\"`":
                self.quote = char
                kept.append("_")
            elif char == "#" and (at == 0 or line[at - 1] in " \t;"):
                break
            else:
                self.parens += {"(": 1, ")": -1}.get(char, 0)
                kept.append(char)
            at += 1
        self.parens = max(self.parens, 0)
        return "".join(kept)


def _trailing_comment(text: str) -> tuple[str, str]:
    """A one-line command and the comment behind it."""
    if "\n" in text or " #" not in text:
        return text, ""
    scan = _Scan()
    for match in re.finditer(r"\s#", text):
        scan = _Scan()
        scan._outside_quotes(text[: match.start()])
        if not scan.quote and not scan.parens:
            return text[: match.start()].rstrip(), text[match.end() :].strip(" #")
    return text, ""
