"""Parts of pages put into plain HTML: code of every highlighter, wiki macros, tabs, boxes, lazy images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from bs4.element import AttributeValueList

LANGUAGE = re.compile(
    r"(?:language|lang|brush|highlight-source|highlight-text|highlight|sourceCode)[-: ]+([A-Za-z][\w+#.-]{0,20})"
)
PARAMS = re.compile(r"brush:\s*([A-Za-z][\w+#-]{0,20})")
KNOWN = frozenset({
    "bash", "sh", "shell", "console", "terminal", "zsh", "powershell", "yaml", "yml", "json", "toml", "ini",
    "xml", "html", "go", "golang", "python", "py", "java", "c", "cpp", "rust", "sql", "dockerfile",
    "makefile", "text", "plaintext", "diff", "javascript", "js", "typescript", "ts", "ruby", "lua", "perl",
    "nginx", "properties", "hcl", "proto",
})  # fmt: skip
MEANINGLESS = frozenset({
    "none", "plain", "plaintext", "text", "txt", "default", "auto", "undefined", "highlight", "code",
    "wrapper", "block", "plain-text",
})  # fmt: skip
GUTTERS = (
    ".linenos", ".lineno", ".line-number", ".line-numbers", ".linenodiv", ".gutter", ".hljs-ln-numbers",
    ".rouge-gutter",
    ".pre-numbering", ".line-numbers-rows", ".lnt", ".ln", ".blob-num", ".react-code-line-number", ".code-line-number",
    "button", ".copy", ".copybtn", ".copy-btn", ".copy-button", ".copyable", ".btn-clipboard", ".hljs-button",
    ".code-block-extension-header", ".toolbar", ".opt-box",
)  # fmt: skip
CODE_TABLES = (
    "table.highlighttable", "table.rouge-table", "table.hljs-ln", "table.lntable", "table.syntaxhighlighter",
    "figure.highlight table", "div.syntaxhighlighter table", "table.js-file-line-container", "table.codetable",
)  # fmt: skip
LINES = "span.line, span.token-line, div.token-line, div.line, div.view-line, div.cl, li.L0, .code-line, .hljs-ln-line"
BOXES = (
    ".theme-admonition, .admonition, .custom-block, .confluence-information-macro, .alert, .callout, .notice, "
    ".admonitionblock, .markdown-alert, .hint, .message-box"
)
BOX_TITLE = re.compile(
    r"(note|info|information|tip|hint|important|warning|caution|danger|error|success|attention)\b",
    re.IGNORECASE,
)
TITLE_PARTS = (
    ".admonition-heading, .admonition-title, .admonitionHeading, .custom-block-title, .markdown-alert-title, "
    "[class*=admonitionHeading]"
)
BLOCKS = (
    "p",
    "div",
    "ul",
    "ol",
    "table",
    "pre",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "blockquote",
    "section",
    "dl",
)
MACRO_BOXES = {
    "info": "Info",
    "note": "Note",
    "warning": "Warning",
    "tip": "Tip",
    "panel": "",
    "expand": "",
    "excerpt": "",
}
LONGEST_TABLE = 4000
"""Cells a table is looked through for layout."""


def code(page: BeautifulSoup) -> None:
    """Every code block as ``<pre><code class="language-x">`` with its exact text."""
    from bs4 import Tag

    for selector in CODE_TABLES:
        for table in page.select(selector):
            if not table.decomposed and table.find_parent("pre") is None:
                _replace_by_code(page, table, _table_code(table))
    for block in page.select("div.syntaxhighlighter, div.cm-content, div.monaco-editor .view-lines"):
        if not block.decomposed and block.find("pre") is None:
            _replace_by_code(page, block, _text(block))
    for pre in page.find_all("pre"):
        if not pre.decomposed and isinstance(pre, Tag) and pre.find_parent("pre") is None:
            _replace_by_code(page, pre, _text(pre))
    for inline in page.find_all("code"):
        if inline.find_parent("pre") is None and (inline.find("br") or "\n" in inline.get_text().strip("\n")):
            text = _text(inline)
            if "\n" in text.strip():
                _replace_by_code(page, inline, text)


def tabs(page: BeautifulSoup) -> None:
    """The panels of tabs below each other, each under its label, whichever was shown."""
    for bar in page.select("[role=tablist]"):
        labels = [" ".join(tab.get_text(" ").split()) for tab in bar.select("[role=tab]")]
        holder = bar.parent
        panels = holder.select("[role=tabpanel]") if holder else []
        if not labels or len(panels) != len(labels):
            continue
        for label, panel in zip(labels, panels, strict=True):
            del panel["hidden"]
            panel.insert(0, _paragraph(page, label))
        bar.decompose()


def macros(page: BeautifulSoup) -> None:
    """The macros, links, images and tasks of Confluence's storage format as plain HTML."""
    for macro in reversed(page.find_all(["ac:structured-macro", "ac:macro"])):
        _macro(page, macro)
    for link in page.find_all("ac:link"):
        target = link.find(["ri:page", "ri:attachment", "ri:url", "ri:user"])
        body = link.find(["ac:plain-text-link-body", "ac:link-body"])
        named = _attribute(target, "ri:content-title", "ri:filename", "ri:value") if target else ""
        link.replace_with((body.get_text() if body else "") or named)
    for image in page.find_all("ac:image"):
        inner = image.find(["ri:attachment", "ri:url"])
        source = _attribute(inner, "ri:filename", "ri:value") if inner else ""
        image.replace_with(
            page.new_tag("img", src=source.replace(" ", "%20"), alt=_attribute(image, "ac:alt"))
        )
    for name in (
        "ac:parameter",
        "ac:emoticon",
        "ac:task-id",
        "ac:task-status",
        "ac:placeholder",
        "ac:task-uuid",
    ):
        for element in page.find_all(name):
            element.decompose()
    for name, plain in (
        ("ac:task-list", "ul"),
        ("ac:task", "li"),
        ("ac:layout-cell", "div"),
        ("ac:layout-section", "div"),
    ):
        for element in page.find_all(name):
            element.name = plain
            element.attrs = {}


def prepare(main: Tag) -> None:
    """Boxes, details, definitions, layout tables and images of an article as elements Markdown has."""
    from bs4 import BeautifulSoup

    page = BeautifulSoup("", "lxml")
    for element in main.select(
        "a.hash-link, a.headerlink, a.anchor, a.heading-anchor, .mw-editsection, .anchorjs-link"
    ):
        element.decompose()
    for anchor in main.select("h1 a, h2 a, h3 a, h4 a, h5 a, h6 a"):
        if anchor.get_text(strip=True) in ("", "#", "¶", "\u200b", "§", "🔗"):
            anchor.decompose()
    for box in main.select(BOXES):
        if not box.decomposed:
            _box(page, box)
    for summary in main.find_all("summary"):
        summary.replace_with(_paragraph(page, " ".join(summary.get_text(" ").split())))
    for term in main.find_all("dt"):
        term.name = "p"
        if term.find("strong") is None and term.get_text(strip=True):
            inner = page.new_tag("strong")
            inner.extend(list(term.contents))
            term.append(inner)
    for name in ("dd", "dl", "details", "figure", "figcaption", "center", "font"):
        for element in main.find_all(name):
            element.name = "div" if name != "font" else "span"
    for image in main.find_all("img"):
        _image(image)
    for table in main.find_all("table"):
        if not table.decomposed and _is_layout(table):
            for part in [table, *table.find_all(["thead", "tbody", "tfoot", "tr", "td", "th"])]:
                part.name = "div"
                part.attrs = {}


def _replace_by_code(page: BeautifulSoup, element: Tag, text: str) -> None:
    language = _language(element)
    if not text.strip():
        element.decompose()
        return
    pre = page.new_tag("pre")
    inner = page.new_tag("code")
    if language:
        inner["class"] = _classes(language)
    inner.string = text
    pre.append(inner)
    holder = element.find_parent(["figure", "table"])
    element.replace_with(pre)
    if holder is not None and holder.name == "figure" and "highlight" in (holder.get("class") or []):
        holder.name = "div"


def _text(element: Tag) -> str:
    """The text of code as a browser shows it: line breaks, blocks as lines, no line numbers."""
    from bs4 import Tag
    from bs4.element import NavigableString

    for selector in GUTTERS:
        for part in element.select(selector):
            part.decompose()
    for ordered in element.find_all(["ol", "ul"]):
        for item in ordered.find_all("li", recursive=False):
            item.append("\n")
    lines = element.select(LINES)
    joined = (
        len(lines) > 1
        and "\n" not in "".join(line.get_text() for line in lines)
        and element.find("br") is None
    )
    if joined and element.get_text().strip("\n").count("\n") < len(lines) - 1:
        return "\n".join(line.get_text() for line in lines)
    parts: list[str] = []
    for node in element.descendants:
        if isinstance(node, Tag):
            if node.name == "br" or (node.name in ("div", "p") and parts and not parts[-1].endswith("\n")):
                parts.append("\n")
        elif type(node) is NavigableString:
            parts.append(str(node))
    return "".join(parts).replace("\r\n", "\n").replace("\u00a0", " ").strip("\n").rstrip()


def _table_code(table: Tag) -> str:
    """The code of a table that a highlighter made: one cell with all of it, or a row per line."""
    cells = table.select(
        "td.code, td.rouge-code, td.hljs-ln-code, td.lntd:last-child, td.blob-code, td:last-child"
    )
    if len(cells) == 1:
        return _text(cells[0])
    return "\n".join(_text(cell) for cell in cells)


def _language(element: Tag) -> str:
    """The language a highlighter noted on the element, inside it or just around it."""
    for near in _around(element):
        for name in ("data-lang", "data-language", "data-code-language"):
            said = str(near.get(name) or "").strip().lower()
            if said and said not in MEANINGLESS and re.fullmatch(r"[\w+#.-]{1,20}", said):
                return said
        params = PARAMS.search(str(near.get("data-syntaxhighlighter-params") or ""))
        if params and params[1].lower() not in MEANINGLESS:
            return params[1].lower()
        classes = " ".join(near.get("class") or [])
        for found in LANGUAGE.finditer(classes):
            if found[1].lower() not in MEANINGLESS and not found[1].lower().startswith("line"):
                return found[1].lower()
        if re.search(r"\b(?:highlight|hljs|sourceCode|prettyprint|syntaxhighlighter|code)\b", classes):
            named = next((c.lower() for c in near.get("class") or [] if c.lower() in KNOWN - MEANINGLESS), "")
            if named:
                return named
    return ""


def _around(element: Tag) -> Iterator[Tag]:
    yield element
    inner = element.find("code")
    if inner is not None:
        yield inner
    for above, _ in zip(element.parents, range(4), strict=False):
        if (
            above.name in ("div", "figure", "td", "tr", "tbody", "table", "span")
            and len(above.find_all("pre", limit=3)) <= 2
        ):
            yield above


def _macro(page: BeautifulSoup, macro: Tag) -> None:
    name = _attribute(macro, "ac:name").lower()
    params = {
        _attribute(p, "ac:name").lower(): p.get_text()
        for p in macro.find_all("ac:parameter", recursive=False)
    }
    plain = macro.find("ac:plain-text-body", recursive=False)
    rich = macro.find("ac:rich-text-body", recursive=False)
    if name in ("code", "noformat", "code-block") or (plain is not None and rich is None):
        pre = page.new_tag("pre")
        inner = page.new_tag("code")
        language = params.get("language", "").strip().lower()
        if language and language not in MEANINGLESS and re.fullmatch(r"[\w+#.-]{1,20}", language):
            inner["class"] = _classes(language)
        inner.string = (plain.get_text() if plain else "").strip("\n")
        pre.append(inner)
        holder = page.new_tag("div")
        if params.get("title"):
            holder.append(_paragraph(page, params["title"]))
        holder.append(pre)
        macro.replace_with(holder)
    elif name == "status":
        macro.replace_with(params.get("title", ""))
    elif rich is not None:
        title = params.get("title", "") or MACRO_BOXES.get(name, "")
        rich.name = "div"
        rich.attrs = {}
        if title:
            rich.insert(0, _paragraph(page, title if name in ("panel", "expand") else f"{title}:"))
        macro.replace_with(rich.extract())
    else:
        macro.decompose()


def _box(page: BeautifulSoup, box: Tag) -> None:
    """A note or warning with its kind in bold in front, once."""
    heading = box.select_one(TITLE_PARTS)
    classes = " ".join(box.get("class") or []).replace("information-macro-", " ").replace("-", " ")
    kind = BOX_TITLE.search(classes)
    title = " ".join(heading.get_text(" ").split()) if heading else ""
    if heading is not None:
        heading.decompose()
    word = title or (kind[1].capitalize() if kind and "confluence information macro" not in kind[0] else "")
    if word:
        box.insert(0, _paragraph(page, f"{word.rstrip(':：')}:"))


def _image(image: Tag) -> None:
    for name in (
        "data-src",
        "data-original",
        "data-original-src",
        "data-actualsrc",
        "data-lazy-src",
        "data-image-src",
    ):
        lazy = str(image.get(name) or "")
        if lazy and not lazy.startswith("data:"):
            image["src"] = lazy
            break
    source = str(image.get("src") or "")
    alt = str(image.get("alt") or "").strip()
    small = {str(image.get("width")), str(image.get("height"))} & {"0", "1", "1px"}
    if "emoji" in (image.get("class") or []) or "emoticon" in (image.get("class") or []):
        image.replace_with(alt)
    elif not source or small or source.startswith("data:"):
        image.replace_with(f"[{alt}]" if alt and not small else "")


def _is_layout(table: Tag) -> bool:
    """A table that only places things: one cell, or cells with code, headings or tables of their own."""
    cells = table.find_all(["td", "th"], limit=LONGEST_TABLE)
    if len(cells) <= 1 or table.get("role") == "presentation":
        return True
    if table.find(["h1", "h2", "h3", "table"]) is not None:
        return True
    return any("\n" in pre.get_text().strip() for pre in table.find_all("pre"))


def _classes(language: str) -> AttributeValueList:
    from bs4.element import AttributeValueList

    return AttributeValueList([f"language-{language}"])


def _paragraph(page: BeautifulSoup, text: str) -> Tag:
    paragraph = page.new_tag("p")
    strong = page.new_tag("strong")
    strong.string = text
    paragraph.append(strong)
    return paragraph


def _attribute(element: Tag | None, *names: str) -> str:
    for name in names:
        value = element.get(name) if element is not None else None
        if value:
            return str(value)
    return ""
