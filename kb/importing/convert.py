"""One document in any format to a `Draft`: which format it is, and what turns it into Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from kb import frontmatter
from kb.decoding import decode
from kb.findings import finding
from kb.importing.model import Draft, Format, note
from kb.messages import message
from kb.problem import Problem
from kb.text import Text

HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]{0,200}\?>\s*)?(?:<!--.{0,4000}?-->\s*){0,5}<(?:!doctype\s+html|html|head|body)\b",
    re.I | re.S,
)
BLOCK_TAG = re.compile(r"<(?:p|div|h[1-6]|ul|ol|li|table|pre|br|article|section)\b[^<>]{0,500}>", re.I)
CONFLUENCE = re.compile(r"<ac:[a-z-]+|<ri:[a-z-]+")
DUMP = re.compile(r"<mediawiki\b")
WIKI_LINE = re.compile(
    r"(?:={2,5}[^=\n]{1,200}={2,5}\s*$|\{\||<syntaxhighlight\b|\[\[(?:File|Category|文件|分类):)", re.M
)
MARKDOWN_LINE = re.compile(r"^ {0,3}(?:#{1,6}[ \t]+\S|```|~~~|[-*+] {1,3}\S|\d{1,3}\. \S|\|.+\||> )", re.M)
SAMPLE = 60_000


@dataclass(frozen=True, slots=True)
class Piece:
    """One document of a source: a file is one, a dump of a wiki is many."""

    name: str
    """What sets it apart within its source; empty where it is the whole source."""
    raw: bytes
    """What its checksum is taken over."""
    draft: Draft | None
    problems: tuple[Problem, ...] = ()


def pieces(data: bytes, key: str, name: str) -> Iterator[Piece]:
    """The documents of a source of this file name; one without a draft cannot be an article."""
    decoded = decode(data, key)
    if decoded.text is None:
        yield Piece("", data, None, decoded.problems)
        return
    if not decoded.text.strip():
        yield Piece("", data, None, (*decoded.problems, finding(key, 0, "article.empty")))
        return
    if DUMP.search(decoded.text[:4000]):
        from kb.importing import wikidump

        for title, text in wikidump.documents(decoded.text):
            yield Piece(
                title, text.encode("utf-8", "replace"), wikidump.draft(title, text, key), decoded.problems
            )
        return
    drafted = draft(decoded.text, key, name)
    if drafted is None:
        yield Piece("", data, None, (*decoded.problems, note(key, 0, "no-article", "error")))
    elif not drafted.markdown.strip() and not drafted.title:
        yield Piece("", data, None, (*decoded.problems, *drafted.notes, finding(key, 0, "article.empty")))
    else:
        yield Piece("", data, replace(drafted, notes=(*decoded.problems, *drafted.notes)))


def draft(text: str, key: str, name: str) -> Draft | None:
    """A text as Markdown; None where it holds no article."""
    kind = detect(text, name)
    if kind in ("html", "confluence"):
        from kb.importing import pages

        return pages.draft(text, key, confluence=kind == "confluence")
    if kind == "mediawiki":
        from kb.importing import wikidump

        return wikidump.draft("", text, key)
    if kind == "text":
        return _scraped(text, key)
    front = frontmatter.split(text, key)
    named = frontmatter.values(front.data, "title")
    return Draft(
        front.body,
        kind,
        title=", ".join(named),
        front=front.data,
        first_line=front.body_line,
        notes=front.problems,
    )


def detect(text: str, name: str) -> Format:
    """The format of a text: by what it holds first, by the file's name second."""
    lowered = name.lower()
    head = text[:SAMPLE]
    if CONFLUENCE.search(head) and not lowered.endswith((".md", ".mdx")):
        return "confluence"
    if HTML_START.match(head):
        return "html"
    if lowered.endswith((".html", ".htm", ".xhtml")) and BLOCK_TAG.search(head):
        return "html"
    if lowered.endswith((".wiki", ".mediawiki")) or _is_wikitext(head, lowered):
        return "mediawiki"
    if lowered.endswith(".mdx"):
        return "mdx"
    if lowered.endswith((".txt", ".text", "stdin")) and len(BLOCK_TAG.findall(head[:20_000])) >= 8:
        return "html"
    from kb.importing import webtext

    return "text" if webtext.is_scraped(text) else "markdown"


def _is_wikitext(head: str, name: str) -> bool:
    if name.endswith((".md", ".mdx", ".markdown")):
        return False
    return len(WIKI_LINE.findall(head)) >= 2 and len(MARKDOWN_LINE.findall(head)) < 2


def _named(reason: str) -> Text:
    return message(f"import.reason.{reason}")


def _scraped(text: str, key: str) -> Draft:
    """Text copied from a page: the article in it, with what was cut and guessed."""
    from kb.importing import webtext

    front = frontmatter.split(text, key)
    cleaned = webtext.clean(text)
    notes = [
        note(key, cut.first, "cut.page", reason=_named(cut.reason), last=cut.last, sample=cut.sample)
        for cut in cleaned.cuts
    ]
    notes += [
        note(
            key, guess.first, "guess.page", reason=_named(guess.reason), last=guess.last, sample=guess.sample
        )
        for guess in cleaned.guesses
    ]
    inner = frontmatter.split(cleaned.markdown, key)
    return Draft(
        inner.body,
        "text",
        title=cleaned.title,
        front=inner.data or front.data,
        first_line=0,
        notes=(*front.problems, *notes),
    )
