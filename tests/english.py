"""The English words inside a Chinese text.

Words of others (a cluster, a library, the input itself) may stay where they are marked as quotations; names, ids,
paths, options and technical words may stay anywhere.
"""

from __future__ import annotations

import re

QUOTED = re.compile(r"“[^“”]*”|「[^「」]*」|\"[^\"\n]*\"|(?<![A-Za-z])'[^'\n]*'|`[^`\n]*`")
NAMED = re.compile(
    r"""https?://\S+ | [./~]*[\w.-]*/[\w./-]* | -{1,2}[\w-]+(?:=\S+)?
    | \b\w*[\d_.:=|<>*@{}$\[\]-]\w[\w.:=|<>*@{}$\[\]-]*
    | \b\w+\(\) | \bklinik(?:\ (?:kb|bundle|sessions|mute|practice))?(?:\ [a-z]+)?""",
    re.VERBOSE,
)
_WORDS = (
    r"\b(?:the|is|are|was|were|not|no|of|and|or|to|in|on|it|its|that|which|there|has|have|must|cannot|does|with|for|from"
    r"|none|nothing|unknown|expected|missing|found|broken|wrong|bad|invalid|already|only|more|than)\b"
)
ENGLISH = re.compile(f"{_WORDS}(?= [a-z])|(?<=[a-z] ){_WORDS}", re.IGNORECASE)
"""Words that stand in nearly every English sentence, beside another word: alone they may be a name or a verdict."""
RUN = re.compile(r"\b[A-Za-z]?[a-z]+(?: [a-z]{2,}){2,}\b")
"""Three plain words in a row are a sentence, whatever they are."""


def english_in(text: str) -> list[str]:
    """The English that stands in a Chinese text outside of quotations, names and technical words."""
    left = NAMED.sub("·", QUOTED.sub("…", text))
    found = [*ENGLISH.finditer(left), *RUN.finditer(left)]
    return [left[max(0, one.start() - 30) : one.end() + 30].replace("\n", " ") for one in found]
