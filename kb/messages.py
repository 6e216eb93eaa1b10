"""The translation catalogue: ``assets/i18n/<area>.json``, each ``{"key": {"en": …, "zh": …}}``.

A message is named ``area.key``; its file is read on first use. Both languages are rendered at once, because the
core does not know which front end will show them.
"""

from __future__ import annotations

import json
from functools import cache

from kb.paths import ASSETS
from kb.text import Text


@cache
def area(name: str) -> dict[str, Text]:
    """All messages of one area by key."""
    raw = json.loads((ASSETS / "i18n" / f"{name}.json").read_text(encoding="utf-8"))
    return {key: Text(value["en"], value["zh"]) for key, value in raw.items()}


def message(name: str, /, **params: object) -> Text:
    """The message ``area.key`` in both languages, its ``{placeholders}`` filled; KeyError for an unknown one.

    A parameter that is itself a Text goes into each language in that language.
    """
    area_name, _, key = name.partition(".")
    text = area(area_name)[key]
    if not params:
        return text
    return Text(text.en.format(**_in("en", params)), text.zh.format(**_in("zh", params)))


def _in(lang: str, params: dict[str, object]) -> dict[str, object]:
    return {key: value.get(lang) if isinstance(value, Text) else value for key, value in params.items()}
