"""Texts put together out of parts as each language does it: Chinese has marks of its own for lists and explanations."""

from __future__ import annotations

from collections.abc import Iterable

from kb.text import Text


def joined(parts: Iterable[str | Text], en: str, zh: str) -> Text:
    """The parts with `en` between them in English and `zh` in Chinese; a plain string is the same in both."""
    texts = [Text.of(part) for part in parts]
    return Text(en.join(text.get("en") for text in texts), zh.join(text.get("zh") for text in texts))


def listed(parts: Iterable[str | Text]) -> Text:
    """A list within a sentence: ``a, b``, ``a、b``."""
    return joined(parts, ", ", "、")


def explained(what: str | Text, said: str | Text) -> Text:
    """A name and what is said of it: ``what: said``, ``what：said``."""
    return joined((what, said), ": ", "：")


def sentences(parts: Iterable[str | Text]) -> Text:
    """Sentences one after the other: ``a; b``, ``a；b``."""
    return joined(parts, "; ", "；")
