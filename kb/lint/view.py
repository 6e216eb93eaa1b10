"""What the rules look at: one language of an article with its lines and blocks; and how a rule says what it found."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from kb.findings import SHOWN, problem_of
from kb.lint.codes import OF_LINT, lines_of
from kb.markdown import Block
from kb.model import ArticleText
from kb.problem import Problem

SHELLS = ("bash", "sh", "shell", "zsh", "console", "terminal", "shell-session", "shellsession", "ksh")
SESSIONS = ("console", "terminal", "shell-session", "shellsession")
"""Fences of these show a terminal, where a prompt tells commands from answers."""
_INFO = re.compile(r"[\w.+-]{1,30}")


@dataclass(frozen=True, slots=True)
class View:
    """One text of an article as its file has it."""

    article: str
    root: str
    text: ArticleText
    lines: Sequence[str]
    """All lines of the file, front matter included; line n is ``lines[n - 1]``."""
    body_line: int
    blocks: Sequence[Block]
    troubleshooting: bool
    digest: str
    """SHA-256 of the file's bytes, in hex."""

    @property
    def path(self) -> str:
        """The file."""
        return self.text.path


def found(path: str, line: int, code: str, /, **params: object) -> Problem:
    """A finding of a lint rule with the sentence and the severity of its code."""
    return problem_of(path, line, code, f"lint.{code}", OF_LINT[code], **params)


def grouped(path: str, lines: Sequence[int], code: str, /, **params: object) -> list[Problem]:
    """One finding for all places of a file where the same is wrong; none for none."""
    if not lines:
        return []
    ordered = sorted(set(lines))
    return [found(path, ordered[0], code, lines=lines_of(ordered), **params)]


def near(path: str, root: str) -> str:
    """A path as a message names it: below the root without the root, else its end where it is long."""
    shown = path[len(root) :].lstrip("/\\") if root and path.startswith(root) else path
    return shown if len(shown) <= SHOWN else "…" + shown[1 - SHOWN :]


def language_of(info: str) -> str:
    """The language of a fence from its info string: ``bash`` of ``bash {1,3}``."""
    match = _INFO.match(info.strip().lstrip("{.").lower())
    return match[0] if match else ""
