"""What is wrong with a file of the library: said with file, line and what to write instead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from kb.text import Text

Severity = Literal["error", "warning", "info"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding in one file; `line` counts from 1, 0 means the whole file."""

    path: str
    line: int
    code: str
    """A stable dotted code, for example ``guide.unknown-step``; all of them are in docs/lint.md."""
    message: str
    """In English."""
    severity: Severity = "error"
    zh: str = ""
    """The message in Chinese; empty where it has none of its own."""
    article: str = ""
    """Id of the article the file belongs to, where whoever found it knows."""

    def said(self, lang: str) -> str:
        """The message in `lang` ("zh" or "en")."""
        return (self.zh or self.message) if lang == "zh" else self.message

    def line_of_text(self, lang: str = "en") -> str:
        """The whole finding on one line: ``path:line: severity code: message``."""
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.severity} {self.code}: {self.said(lang)}"

    @property
    def text(self) -> Text:
        """The message in both languages."""
        return Text(self.message, self.zh or self.message)

    def __str__(self) -> str:
        return self.line_of_text()


def all_of(problems: Iterable[Problem], between: str = "") -> Text:
    """The problems with their places, one after the other, `between` them or the sign of each language."""
    found = tuple(problems)
    signs = {"en": between or "; ", "zh": between or "；"}
    return Text(*(sign.join(one.line_of_text(lang) for one in found) for lang, sign in signs.items()))
