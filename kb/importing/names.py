"""What a source's path says: the name of its article and the language of this text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from kb.importing.sources import SUFFIXES

LANGUAGES = {
    "zh": "zh", "zh-cn": "zh", "zh_cn": "zh", "zh-hans": "zh", "zh_hans": "zh", "cn": "zh", "chs": "zh",
    "chinese": "zh", "中文": "zh", "中文版": "zh", "简体中文": "zh",
    "en": "en", "en-us": "en", "en_us": "en", "en-gb": "en", "eng": "en",
    "english": "en", "英文": "en", "英文版": "en",
}  # fmt: skip
TAIL = re.compile(
    rf"(.+?)(?:[._\- ]|\s?[(（])({'|'.join(map(re.escape, sorted(LANGUAGES, key=len, reverse=True)))})[)）]?\Z",
    re.I,
)
I18N = re.compile(r"(?:i18n|docusaurus-plugin-content-\w+|current|locales?|translations?|docs)\Z", re.I)


@dataclass(frozen=True, slots=True)
class Named:
    """The parts of a path that matter."""

    stem: str
    """Without suffix and language."""
    folder: str
    """Name of the folder it lies in, languages left out; may be empty."""
    pair: str
    """Casefolded path without suffix and languages: the same for two languages of one article."""
    lang: str
    """Where the path says it."""


def named(relative: str) -> Named:
    """The parts of a relative path: ``zh/a/x.md``, ``a/x.zh.md``, ``x_en.md``, ``x/zh.md``, ``i18n/zh/…/x.md``."""
    path = PurePosixPath(relative)
    stem = path.name
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if stem.lower().endswith(suffix):
            stem = stem[: -len(suffix)]
            break
    parents = list(path.parts[:-1])
    lang = ""
    if stem.casefold() in LANGUAGES and parents:
        lang, stem = LANGUAGES[stem.casefold()], parents.pop()
    else:
        tail = TAIL.match(stem)
        if tail:
            lang, stem = LANGUAGES[tail[2].casefold()], tail[1]
    folders = []
    for part in parents:
        if part.casefold() in LANGUAGES:
            lang = lang or LANGUAGES[part.casefold()]
        elif not I18N.match(part):
            folders.append(part)
    pair = "/".join([*folders, stem]).casefold()
    return Named(stem, folders[-1] if folders else "", pair, lang)
