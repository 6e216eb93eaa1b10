"""The app's own words in the language of the operator, from ``assets/i18n/tui.json``."""

from __future__ import annotations

import os
from collections.abc import Mapping

from kb.messages import message
from kb.text import Lang


def translate(lang: str, key: str, **params: object) -> str:
    """The message ``tui.<key>`` in `lang`, its placeholders filled; KeyError for an unknown one."""
    return message(f"tui.{key}", **params).get(lang)


def language_of(environ: Mapping[str, str] | None = None) -> Lang:
    """The language the environment asks for (LC_ALL, LC_MESSAGES, LANG): Chinese where it says so, else English."""
    env = os.environ if environ is None else environ
    for name in ("KLINIK_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = env.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def ago(lang: str, seconds: float) -> str:
    """How long ago in the largest unit that still says something: ``12 s ago``, ``38 min ago``."""
    if seconds < 90:
        return translate(lang, "ago.seconds", n=max(0, round(seconds)))
    if seconds < 90 * 60:
        return translate(lang, "ago.minutes", n=round(seconds / 60))
    if seconds < 36 * 3600:
        return translate(lang, "ago.hours", n=round(seconds / 3600))
    return translate(lang, "ago.days", n=round(seconds / 86400))
