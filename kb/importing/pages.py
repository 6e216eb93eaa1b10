"""An HTML page to a `Draft`: what it says of itself, where its article is, and that as Markdown.

Door to Beautiful Soup (over lxml), with `pageblocks` and `pagemarkdown`; imported on first use.
"""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from kb.importing import pageblocks, pagemarkdown
from kb.importing.model import Draft, note
from kb.importing.webtextwords import button, weak
from kb.problem import Problem

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

DEPTH = 100
"""Levels of elements that are kept; a converter that calls itself must not run out of stack."""
SHORTEST = 40
"""Characters a page's article has at least."""
ENOUGH = 0.25
"""Share of the page's text a known container has to hold to be believed."""
CONTAINERS = (
    "#mw-content-text .mw-parser-output", "#mw-content-text", "#main-content.wiki-content", ".wiki-content",
    ".theme-doc-markdown", "article.page .page-body", "#content_views", "#article_content", "#cnblogs_post_body",
    ".vp-doc", ".md-content__inner", ".td-content", ".rst-content [itemprop=articleBody]", "[itemprop=articleBody]",
    ".markdown-body", ".RichText", ".post-content", ".entry-content", ".article-content", ".article-body",
    ".article__content", ".post-body", ".post__content", ".blog-content", ".page-inner .markdown-section",
    ".markdown-section", ".docs-content", ".doc-content", ".documentation-content", ".theme-default-content",
    "#main-content", "article", "main", "[role=main]", "#content", "#main", ".content",
)  # fmt: skip
DROPPED = (
    "script", "style", "noscript", "template", "nav", "footer", "aside", "form", "button", "iframe", "svg", "canvas",
    "input", "select", "textarea", "dialog", "object", "embed", "audio", "video", "link", "meta", "colgroup",
)  # fmt: skip
ROLES = frozenset(
    {"navigation", "banner", "contentinfo", "search", "complementary", "dialog", "menu", "menubar", "toolbar"}
)
CHROME = re.compile(
    r"(?:\A|[\s_-])(?:breadcrumbs?|sidebar|side-?bar|toc|table-of-contents|toctree|tableofcontents|pagination|pager|page-nav|"
    r"share|sharing|social|comments?|comment-?(?:list|box|area)|disqus|related|recommend(?:ed|ations?)?|advert\w*|ads|adsbygoogle|"
    r"sponsor\w*|cookies?|newsletter|subscribe|login|signin|signup|navbar|navigation|site-?header|page-?header-nav|menu|"
    r"footer|copyright|copy-?(?:btn|button|code)|btn-copy|clipboard|hash-link|headerlink|anchorjs-link|mw-editsection|"
    r"printfooter|catlinks|mw-jump-link|navbox|emoji-?(?:picker|panel)|reward|donate|page-metadata|last-?(?:updated|modified)|"
    r"edit-(?:this-)?page|edit-link|skip-?(?:link|to-content)|visually-hidden|sr-only|popup|modal|toolbar|feedback|rating|"
    r"tags?-?(?:list|links)|post-?(?:nav|tags|meta|footer)|article-?(?:footer|meta|info|tags)|entry-?(?:meta|footer)|"
    r"author-?(?:box|card|info|bio)|pre-numbering|line-numbers-rows|code-toolbar-buttons|buttonGroup\w*|likes?|hot-?list)(?:[\s_-]|\Z)",
    re.IGNORECASE,
)
KEPT_ROOTS = frozenset({"html", "body", "main", "article"})
SAVED_FROM = re.compile(r"<!--\s*saved from url=\(\d+\)(https?://[^\s>]{1,500})\s*-->", re.IGNORECASE)
ADDRESS = re.compile(r"https?://[^\s<>\"']{3,500}\Z", re.IGNORECASE)
SPACE_TITLE = re.compile(r"\A\s*[^:：]{1,60}\s+[:：]\s+(?=\S)")


def draft(text: str, key: str, *, confluence: bool) -> Draft | None:
    """The article of a page as Markdown; None where there is none."""
    from bs4 import BeautifulSoup

    notes: list[Problem] = []
    page = BeautifulSoup(_with_cdata_as_text(text), "lxml")
    if _flatten(page):
        notes.append(note(key, 0, "too-deep", "warning", limit=DEPTH))
    title, lang, url = _title(page), _lang(page), _address(page, text)
    if confluence:
        pageblocks.macros(page)
    pageblocks.code(page)
    pageblocks.tabs(page)
    whole = _length(page)
    cut = _prune(page)
    main = _main(page)
    pageblocks.prepare(main)
    markdown = pagemarkdown.converted(main)
    markdown = _without_buttons(markdown)
    if len(markdown) < SHORTEST and not title:
        return None
    left = whole - _length(main)
    if left > 0 and cut:
        notes.append(note(key, 0, "cut.around", what=", ".join(cut)))
    return Draft(
        markdown,
        "confluence" if confluence else "html",
        title=title,
        first_line=0,
        url=url,
        lang=lang,
        notes=tuple(notes),
    )


def _with_cdata_as_text(text: str) -> str:
    """CDATA sections as escaped text: to an HTML parser they are comments, and in wikis they hold the code."""
    if "<![CDATA[" not in text:
        return text
    parts: list[str] = []
    at = 0
    while (start := text.find("<![CDATA[", at)) >= 0:
        end = text.find("]]>", start)
        if end < 0:
            break
        parts += [text[at:start], html.escape(text[start + 9 : end], quote=False)]
        at = end + 3
    return "".join([*parts, text[at:]])


def _flatten(page: BeautifulSoup) -> bool:
    """Replace what is nested deeper than `DEPTH` by its text; whether there was such."""
    from bs4 import Tag

    found: list[Tag] = []
    pending: list[tuple[Tag, int]] = [(page, 0)]
    while pending:
        element, depth = pending.pop()
        for child in element.children:
            if isinstance(child, Tag):
                if depth >= DEPTH:
                    found.append(child)
                else:
                    pending.append((child, depth + 1))
    for element in found:
        element.replace_with(element.get_text("\n"))
    return bool(found)


def _title(page: BeautifulSoup) -> str:
    found = page.select_one("#firstHeading, h1.page-title, #title-text, #title-heading, h1")
    text = " ".join(found.get_text(" ").split()) if found else ""
    if found is not None and found.get("id") in ("title-text", "title-heading"):
        text = SPACE_TITLE.sub("", text)
    if text:
        return re.sub(r"\s*[¶#]\Z", "", text)
    meta = page.select_one("meta[property='og:title'], meta[name='twitter:title']")
    if meta and str(meta.get("content") or "").strip():
        return str(meta["content"]).strip()
    return " ".join(page.title.get_text().split()) if page.title else ""


def _lang(page: BeautifulSoup) -> str:
    root = page.find("html")
    said = str(root.get("lang") or root.get("xml:lang") or "").lower() if root else ""
    return said[:2] if said[:2] in ("zh", "en") else ""


def _address(page: BeautifulSoup, text: str) -> str:
    for selector, attribute in (("link[rel=canonical]", "href"), ("meta[property='og:url']", "content")):
        found = page.select_one(selector)
        address = str(found.get(attribute) or "").strip() if found else ""
        if ADDRESS.match(address):
            return address
    saved = SAVED_FROM.search(text[:2000])
    return saved[1] if saved else ""


def _prune(page: BeautifulSoup) -> list[str]:
    """Take away what is no article anywhere; names of what was taken."""
    cut: dict[str, None] = {}
    total = max(_length(page), 1)
    for element in page.find_all(DROPPED):
        if not element.decomposed and _small(element, total):
            if element.get_text(strip=True) and element.name not in ("script", "style"):
                cut[element.name] = None
            element.decompose()
    for element in page.find_all(_is_chrome):
        if not element.decomposed and _small(element, total):
            words = element.get_text(strip=True)
            if words:
                cut[
                    str(
                        (element.get("class") or [element.get("id") or element.get("role") or element.name])[
                            0
                        ]
                    )
                ] = None
            element.decompose()
    return list(cut)[:12]


def _is_chrome(element: Tag) -> bool:
    if element.name in KEPT_ROOTS or element.name in ("pre", "code"):
        return False
    if element.get("role") in ROLES:
        return True
    if element.name == "header" and element.find_parent(["article", "main"]) is None:
        return True
    names = [*(element.get("class") or []), str(element.get("id") or "")]
    return any(name and CHROME.search(name) for name in names)


def _small(element: Tag, total: int) -> bool:
    """Whether an element may be chrome: it holds no code and less than most of the page."""
    if element.name in ("script", "style", "noscript", "template", "button", "svg", "link", "meta"):
        return True
    return _length(element) * 2 < total and (
        element.name in ("nav", "footer", "select") or element.find("pre") is None
    )


def _main(page: BeautifulSoup) -> Tag:
    """The element that holds the article."""
    body = page.body or page
    total = max(_length(body), 1)
    there = _words(page)
    for selector in CONTAINERS:
        if not all(word in there for word in re.findall(r"[#.]?[\w-]+(?![\w=-]*\])", selector.split("[")[0])):
            continue
        found = [element for element in page.select(selector) if _length(element) >= SHORTEST]
        outer = [
            element
            for element in found
            if not any(other is not element and other in element.parents for other in found)
        ]
        if not outer:
            continue
        best = outer[0] if len(outer) == 1 else _around(outer[:30])
        if _length(best) >= total * ENOUGH:
            return best
    return _densest(body)


def _words(page: BeautifulSoup) -> set[str]:
    """Names, ids and classes of all elements: most selectors need not be tried on a large page."""
    found: set[str] = set()
    for element in page.find_all(True):
        found.add(element.name)
        found.update(f".{name}" for name in element.get("class") or [])
        found.add(f"#{element.get('id')}")
    return found


def _around(elements: list[Tag]) -> Tag:
    """The nearest element that holds all of these: a thread of posts, a page in several parts."""
    shared = list(elements[0].parents)
    for element in elements[1:]:
        above = {id(parent) for parent in element.parents}
        shared = [parent for parent in shared if id(parent) in above]
    return shared[0] if shared else max(elements, key=_length)


def _densest(body: Tag) -> Tag:
    """Go down while one child holds most of what looks like prose and code."""
    here = body
    while True:
        whole = _worth(here)
        children = list(here.find_all(["div", "section", "td", "tr", "table", "tbody"], recursive=False))
        best = max(children, key=_worth, default=None)
        if best is None or not whole or _worth(best) < whole * 0.7:
            return here
        here = best


def _worth(element: Tag) -> int:
    """Text in paragraphs, lists, tables, headings and code, less what is link text."""
    own = element.name in ("td",) or element.find(["p", "pre", "li", "h2", "h3", "table"]) is not None
    linked = sum(_length(link) for link in element.find_all("a"))
    return max(_length(element) - 2 * linked, 0) if own else 0


def _length(element: Tag) -> int:
    return sum(len(text.strip()) for text in element.strings)


def _without_buttons(markdown: str) -> str:
    """Lines outside code that are nothing but a page's buttons."""
    kept: list[str] = []
    fence = ""
    for line in markdown.split("\n"):
        bare = line.strip()
        if bare.startswith(("```", "~~~")):
            fence = "" if fence and bare.startswith(fence) else fence or bare[:3]
        elif not fence and bare and button(bare) in ("share", "copy-code", "comments") and not weak(bare):
            continue
        kept.append(line)
    return "\n".join(kept)
