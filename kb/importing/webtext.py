"""Text scraped from a web page to clean Markdown: the article without the page around it.

Only general evidence is used (what a line consists of, where it stands, what stands beside it, what comes twice, the
words of buttons and menus in Chinese and English), nothing about single sites. When in doubt a line stays and a guess
is noted. The time is linear in the length of the text.
"""

from __future__ import annotations

import re

from kb.importing import (
    gluedmarkdown,
    webtextchrome,
    webtextcode,
    webtextheadings,
    webtextrender,
    webtexttitle,
    webtextwords,
    webtextzones,
)
from kb.importing.codelines import is_command, kind
from kb.importing.webtextlines import read
from kb.importing.webtextmodel import SAMPLE, Cleaned, Cut, Guess, Line, Page

__all__ = ["Cleaned", "Cut", "Guess", "clean", "is_scraped"]

ATX = re.compile(r"^ {0,3}#{1,6}[ \t]+\S")
INLINE = re.compile(
    r"!?\[[^\]\n]{0,300}\]\([^()\s]{1,600}(?:\s\"[^\"]{0,200}\")?\)|\*\*[^*\n]{1,200}\*\*|`[^`\n]{1,300}`"
)
SPACED = 0.06
"""Share of blank lines from which on blank lines part blocks."""
SNIFFED = 4000
"""Lines looked at to tell what a text is."""


def is_scraped(text: str) -> bool:
    """Whether a text is a page's text, or Markdown that lost its line ends, and not sound Markdown."""
    lines = text.lstrip("\ufeff \t\r\n").replace("\r\n", "\n").split("\n", SNIFFED)[:SNIFFED]
    if not any(line.strip() for line in lines):
        return False
    if gluedmarkdown.is_glued(text):
        return True
    if re.fullmatch(r"(?:---|\+\+\+)\s*", lines[0]) and any(
        line.strip() in ("---", "+++") for line in lines[1:400]
    ):
        return False
    return _marks(lines) < 2


def _marks(lines: list[str]) -> int:
    """How much of Markdown there is: a title, headings, fences, links and emphasis count."""
    count = 0
    fences = sum(line.lstrip().startswith(("```", "~~~")) for line in lines)
    count += 2 if fences >= 2 else 0
    fenced = False
    for i, line in enumerate(lines):
        if line.lstrip().startswith(("```", "~~~")):
            fenced = not fenced
        if not fenced and ATX.match(line) and not _remark(lines, i):
            count += 2 if i == 0 or line.startswith("##") else 0
    links = sum(
        len(INLINE.findall(line[:2000]))
        for line in lines[:1000]
        if ("](" in line or "**" in line or "`" in line) and not line.lstrip().startswith(("#", "//"))
    )
    return count + (2 if links >= 4 else int(links >= 2))


def _remark(lines: list[str], i: int) -> bool:
    """Whether `# …` is a shell's prompt or remark: code stands beside it."""
    if is_command(lines[i]):
        return True
    for j in (i + 1, i - 1):
        if 0 <= j < len(lines) and lines[j].strip():
            beside = kind(lines[j])
            if beside in ("command", "yaml", "assign", "log", "source", "table", "comment") and not ATX.match(
                lines[j]
            ):
                return True
            if beside == "comment" and lines[i].startswith("# "):
                return True
    return False


def clean(text: str) -> Cleaned:
    """The article in a page's text as Markdown, with what was cut and guessed; never raises."""
    if gluedmarkdown.is_glued(text):
        markdown = gluedmarkdown.unglue(text)
        found = re.search(r"^# (.+)$", markdown, re.MULTILINE)
        return Cleaned(
            markdown,
            found[1].strip() if found else "",
            "",
            (),
            (Guess(1, 1, "glued", text.strip()[:SAMPLE]),),
        )
    page = Page(read(text))
    solid = sum(bool(line.bare) for line in page.lines)
    if not solid:
        return Cleaned("", "", "", (), ())
    page.spaced = len(page.lines) - solid > SPACED * solid
    webtextchrome.before_code(page)
    webtextcode.mark(page)
    named = webtextchrome.labels(page)
    webtextchrome.contents(page)
    why = webtextzones.reasons(page)
    at = webtexttitle.find_title(page, why)
    if at >= 0:
        webtextzones.cut_head(page, why, at)
    webtextzones.cut_tail(page, why, at)
    title, site = _title(page, at)
    webtextheadings.mark(page, at)
    if at >= 0:
        page.cut[at] = "title"
    markdown = webtextrender.render(page, title, named)
    if at >= 0:
        page.cut[at] = ""
    return Cleaned(markdown, title, site, _cuts(page), tuple(page.guesses))


def _title(page: Page, at: int) -> tuple[str, str]:
    if at < 0:
        return _title_from_text(page), ""
    bare = webtextheadings.plain(re.sub(r"^[/>»›|#\s]+", "", page.lines[at].bare))
    title, site = webtexttitle.split_site(bare)
    if not site:
        for line in page.lines[: at + 30]:
            other = re.sub(r"^[/>»›|#\s]+", "", line.bare[:300])
            if other.startswith(title) and len(other) > len(title):
                found = webtexttitle.split_site(other)
                site = site or (found[1] if found[0] == title else "")
    return title, site


def _title_from_text(page: Page) -> str:
    """The first words of a page without a title, as a guess."""
    for i, line in enumerate(page.lines):
        if page.free(i) and webtextwords.fold(line.bare):
            bare = re.split(r"(?<=[。！？!?])|(?<=[.:：;；])\s", line.bare, maxsplit=1)[0].strip(
                " .:：。;；•-#"
            )
            page.guess(i, i, "first-words")
            return bare if len(bare) <= 80 else bare[:77].rstrip() + "…"
    return ""


def _cuts(page: Page) -> tuple[Cut, ...]:
    """The cut lines as ranges of one reason; blank lines between them count in."""
    cuts: list[Cut] = []
    last: Line | None = None
    for i, line in enumerate(page.lines):
        if not page.cut[i] or not line.bare:
            if line.bare:
                last = None
            continue
        if cuts and last is not None and cuts[-1].reason == page.cut[i]:
            cuts[-1] = Cut(cuts[-1].first, line.number, cuts[-1].reason, cuts[-1].sample)
        else:
            cuts.append(Cut(line.number, line.number, page.cut[i], line.bare[:SAMPLE]))
        last = line
    return tuple(cuts)
