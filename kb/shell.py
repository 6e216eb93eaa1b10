"""A shell line as data: its commands, words, operators and substitutions. Nothing is ever expanded or run.

Follows the POSIX shell grammar ("Shell Command Language") and the parts of bash that people paste into articles.
Whatever cannot be followed makes the line `broken`, which every judgement of it has to take for the worst.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

LONGEST = 20_000
"""Characters of the longest line (with its here-documents) that is looked at; longer ones are broken."""
MOST = 2_000
"""Words of the longest line that is looked at."""

_OPERATORS = ("&&", "||", ";;", "|&", ";", "|", "&", "\n", "(", ")")
_REDIRECT = re.compile(r"(?:\d{1,3}|\{\w{1,30}\})?(?:<<<|<<-|<<|<>|<&|>>|>\||>&|&>>|&>|<|>)")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[^\]]{0,60}\])?\+?=")
_VARIABLE = re.compile(r"\$(?:[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!_-])")
_BLANK = " \t\r"
_BRACES = re.compile(r"\{[^{}\s]*(?:,|\.\.)[^{}\s]*\}")
_ARITHMETIC = re.compile(r"[\w\s+\-*/%()<>=!&|$,.]{0,200}")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a command line."""

    text: str
    """Without its quotes; variables and substitutions stay as they are written."""
    raw: str
    """As it stands in the line."""
    literal: bool = True
    """Whether the shell would pass exactly `text`: nothing in it is expanded."""


@dataclass(frozen=True, slots=True)
class Redirect:
    """``> file``: the operator without its descriptor, and what it names."""

    operator: str
    target: Word
    body: str = ""
    """Of a here-document."""


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command."""

    words: tuple[Word, ...]
    assignments: tuple[Word, ...] = ()
    redirects: tuple[Redirect, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A whole line: simple commands in order, and what stands between them."""

    commands: tuple[Command, ...] = ()
    operators: tuple[str, ...] = ()
    """Between and around the commands: ``;``, ``&&``, ``|``, ``(``, newlines …"""
    inner: tuple[str, ...] = ()
    """Texts of command and process substitutions anywhere in it; each is a line of its own."""
    broken: bool = False
    """It ends in the middle, or cannot be followed."""
    unread: bool = False
    """Broken only for us: a shell reads on where this reader gives up."""

    @property
    def simple(self) -> Command | None:
        """The one plain command the line is; None for everything that needs a shell."""
        if self.broken or self.inner or len(self.commands) != 1 or self.operators:
            return None
        return self.commands[0]


class _Broken(Exception):
    """The text cannot be followed."""


class _Unread(_Broken):
    """The text goes on in a way that is not read here."""


@dataclass(slots=True)
class _Reader:
    text: str
    at: int = 0
    commands: list[Command] = field(default_factory=list)
    operators: list[str] = field(default_factory=list)
    inner: list[str] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    assignments: list[Word] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    waiting: list[tuple[int, int, str, bool, bool]] = field(default_factory=list)
    """Here-documents whose body comes after the next newline: command, redirect, delimiter, strip tabs, quoted."""
    count: int = 0
    open_end: bool = False
    """An operator waits for the command behind it."""
    newline: bool = False
    """A newline stands before the next command."""

    def run(self) -> None:
        text = self.text
        while self.at < len(text):
            char = text[self.at]
            if char in _BLANK:
                self.at += 1
            elif text.startswith("\\\n", self.at):
                self.at += 2
            elif char == "#" and (self.at == 0 or text[self.at - 1] in " \t\n;&|("):
                end = text.find("\n", self.at)
                self.at = len(text) if end < 0 else end
            elif self._redirect():
                pass
            elif not self._operator():
                self._keep(self._word())
        self._end()
        if self.waiting:
            raise _Broken

    def _keep(self, word: Word) -> None:
        self.count += 1
        if self.count > MOST:
            raise _Unread
        if not self.words and _ASSIGNMENT.match(word.raw):
            self.assignments.append(word)
        else:
            self.words.append(word)

    def _end(self) -> None:
        if self.words or self.assignments or self.redirects:
            if self.newline and not self.open_end:
                self.operators.append("\n")
            self.open_end = self.newline = False
            self.commands.append(Command(tuple(self.words), tuple(self.assignments), tuple(self.redirects)))
            self.words, self.assignments, self.redirects = [], [], []

    def _operator(self) -> bool:
        for operator in _OPERATORS:
            if self.text.startswith(operator, self.at):
                self._end_here(operator)
                return True
        return False

    def _end_here(self, operator: str) -> None:
        self._end()
        self.at += len(operator)
        if operator == "\n" and self.waiting:
            self._bodies()
        if operator != "\n":
            self.open_end = operator in ("&&", "||", "|", "|&")
            self.newline = False
            self.operators.append(operator)
        else:
            self.newline = bool(self.commands)

    def _redirect(self) -> bool:
        match = _REDIRECT.match(self.text, self.at)
        if not match or self.text.startswith(("<(", ">("), self.at):
            return False
        operator = match.group().lstrip("0123456789")
        operator = operator[operator.index("}") + 1 :] if operator.startswith("{") else operator
        self.at = match.end()
        while self.at < len(self.text) and self.text[self.at] in _BLANK:
            self.at += 1
        target = self._word()
        if operator in ("<<", "<<-"):
            quoted = target.raw != target.text
            place = (len(self.commands), len(self.redirects))
            self.waiting.append((*place, target.text, operator == "<<-", quoted))
        self.redirects.append(Redirect(operator, target))
        return True

    def _bodies(self) -> None:
        """Reads the here-documents that were announced; they belong to the command before the newline."""
        for command, place, delimiter, tabs, quoted in self.waiting:
            lines: list[str] = []
            while True:
                if self.at >= len(self.text):
                    raise _Broken
                end = self.text.find("\n", self.at)
                end = len(self.text) if end < 0 else end
                line = self.text[self.at : end]
                self.at = min(end + 1, len(self.text))
                if (line.lstrip("\t") if tabs else line).rstrip("\r") == delimiter:
                    break
                lines.append(line)
            body = "\n".join(lines)
            if not quoted:
                self._scan_expansions(body)
            owner = self.commands[command]
            changed = list(owner.redirects)
            changed[place] = Redirect(changed[place].operator, changed[place].target, body)
            self.commands[command] = Command(owner.words, owner.assignments, tuple(changed))
        self.waiting = []

    # --- words ----------------------------------------------------------------------------------------------------

    def _word(self) -> Word:
        text, start = self.text, self.at
        parts: list[str] = []
        bare: list[str] = []  # what stands outside quotes, for globs and braces
        literal = True
        while self.at < len(text):
            char = text[self.at]
            if char in " \t\r\n;&|()" or (char in "<>" and not text.startswith(("<(", ">("), self.at)):
                break
            if char == "\\":
                if text.startswith("\\\n", self.at):
                    self.at += 2
                    continue
                if self.at + 1 >= len(text):
                    raise _Broken
                parts.append(text[self.at + 1])
                self.at += 2
            elif char == "'":
                end = text.find("'", self.at + 1)
                if end < 0:
                    raise _Broken
                parts.append(text[self.at + 1 : end])
                self.at = end + 1
            elif char == '"':
                literal &= self._double(parts)
            elif char in "$`" or text.startswith(("<(", ">("), self.at):
                plain, piece = self._expansion()
                literal &= plain
                parts.append(piece)
            else:
                parts.append(char)
                bare.append(char)
                self.at += 1
        if self.at == start:
            raise _Broken
        outside = "".join(bare)
        if any(char in outside for char in "*?[") or outside.startswith("~") or _BRACES.search(outside):
            literal = False
        return Word("".join(parts), text[start : self.at], literal)

    def _double(self, parts: list[str]) -> bool:
        text, literal = self.text, True
        self.at += 1
        while self.at < len(text):
            char = text[self.at]
            if char == '"':
                self.at += 1
                return literal
            if char == "\\" and self.at + 1 < len(text):
                following = text[self.at + 1]
                parts.append(
                    following if following in '$`"\\' else "" if following == "\n" else char + following
                )
                self.at += 2
            elif char in "$`" and not text.startswith(("$'", '$"'), self.at):
                plain, piece = self._expansion()
                literal &= plain
                parts.append(piece)
            else:  # within double quotes a dollar sign before a quote is only that
                parts.append(char)
                self.at += 1
        raise _Broken

    def _expansion(self) -> tuple[bool, str]:
        """Passes over ``$x``, ``${x}``, ``$(…)``, backticks; whether it is only a dollar sign, and its text."""
        text, start = self.text, self.at
        if text[start] == "`":
            end = start + 1
            while end < len(text) and text[end] != "`":
                end += 2 if text[end] == "\\" else 1
            if end >= len(text):
                raise _Broken
            self.inner.append(text[start + 1 : end].replace("\\`", "`"))
            self.at = end + 1
        elif text.startswith("$((", start) and (end := text.find("))", start)) > 0:
            if not _ARITHMETIC.fullmatch(text, start + 3, end):
                raise _Unread
            self.at = end + 2
        elif text.startswith(("$(", "<(", ">("), start):
            self.at = _closing(text, start + 2)
            self.inner.append(text[start + 2 : self.at - 1])
        elif text.startswith("${", start):
            end = text.find("}", start)
            if end < 0:
                raise _Broken
            if any(c in text[start + 2 : end] for c in "`\n({'\""):
                raise _Unread
            self.at = end + 1
        elif text.startswith(("$'", '$"'), start):
            raise _Unread  # escapes of their own
        else:
            match = _VARIABLE.match(text, start)
            self.at = match.end() if match else start + 1
            return match is None, text[start : self.at]
        return False, text[start : self.at]

    def _scan_expansions(self, body: str) -> None:
        """The command substitutions inside a here-document."""
        if "$(" not in body and "`" not in body:
            return
        reader = _Reader(body)
        while reader.at < len(body):
            char = body[reader.at]
            if char == "\\":
                reader.at += 2
            elif char == "`" or body.startswith("$(", reader.at):
                reader._expansion()
            else:
                reader.at += 1
        self.inner += reader.inner


def _closing(text: str, at: int) -> int:
    """Behind the parenthesis that closes a substitution whose text begins at `at`."""
    depth, quote = 1, ""
    while at < len(text):
        char = text[at]
        if quote:
            if char == "\\" and quote == '"':
                at += 1
            elif char == quote:
                quote = ""
        elif char == "\\":
            at += 1
        elif char in "'\"":
            quote = char
        elif char == "(":
            depth += 1
        elif char == ")":
            depth -= 1
            if not depth:
                return at + 1
        at += 1
    raise _Broken


def parse(text: str) -> Line:
    """A shell line (or several, with their here-documents) as data; never raises, takes time linear in the text."""
    if len(text) > LONGEST or "\0" in text:
        return Line(broken=True, unread=True)
    reader = _Reader(text.replace("\r\n", "\n").strip())
    broken = unread = False
    try:
        reader.run()
    except _Broken as error:
        broken, unread = True, isinstance(error, _Unread)
    broken = broken or reader.open_end
    return Line(tuple(reader.commands), tuple(reader.operators), tuple(reader.inner), broken, unread)
