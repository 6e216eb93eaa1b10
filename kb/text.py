"""Text in the languages of klinik: the pair that travels through models until a front end picks one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

Lang = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Text:
    """One message in both languages; a missing language falls back to the other."""

    en: str = ""
    zh: str = ""

    def get(self, lang: str) -> str:
        """The text in `lang` ("zh" or "en"), or in the other language where that is missing."""
        return (self.zh or self.en) if lang == "zh" else (self.en or self.zh)

    def __bool__(self) -> bool:
        return bool(self.en or self.zh)

    def format(self, **params: object) -> Text:
        """Both languages with `str.format` placeholders filled; raises KeyError for a missing one."""
        return Text(self.en.format(**params), self.zh.format(**params))

    def each(self, change: Callable[[str], str]) -> Text:
        """Both languages, each changed in the same way: cut, put on one line."""
        return Text(change(self.en), change(self.zh))

    @classmethod
    def of(cls, value: str | Mapping[str, str] | Text | None) -> Text:
        """A Text from a plain string (both languages), a mapping ``{en, zh}``, or nothing."""
        if isinstance(value, Text):
            return value
        if value is None:
            return cls()
        if isinstance(value, str):
            return cls(value, value)
        return cls(value.get("en", ""), value.get("zh", ""))


UNSAID = Text()
"""No text at all, as a default."""
