"""Plain HTML to Markdown, by markdownify; code blocks go through unchanged."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bs4 import Tag

PLACEHOLDER = re.compile(r"<(/?[A-Za-z\u3400-\u9fff!][^<>\n`]{0,80})>")
LINE_START = re.compile(r"(?m)^(\s*)(#{1,6})(?=\s)")
BLANK_LINES = re.compile(r"\n{3,}")


def converted(element: Tag) -> str:
    """The Markdown of an element."""
    text = str(_converter().convert_soup(element))
    return BLANK_LINES.sub("\n\n", text).strip("\n") if "```" not in text else text.strip("\n")


@cache
def _converter() -> Any:
    from markdownify import MarkdownConverter

    class Converter(MarkdownConverter):  # type: ignore[misc]
        """markdownify, with fences that fit their content and placeholders kept from becoming tags."""

        def convert_pre(self, el: Tag, text: str, parent_tags: set[str]) -> str:
            """A fence around the exact text."""
            inner = el.find("code")
            said: Any = (inner.get("class") if inner is not None else None) or []
            classes = said.split() if isinstance(said, str) else said
            language = next((str(c)[9:] for c in classes if str(c).startswith("language-")), "")
            exact = el.get_text().strip("\n")
            if not exact.strip():
                return ""
            if "td" in parent_tags or "th" in parent_tags:
                return f"`{' '.join(exact.split())}`"
            longest = max((len(run) for run in re.findall(r"`{3,}", exact)), default=2)
            fence = "`" * max(3, longest + 1)
            return f"\n\n{fence}{language}\n{exact}\n{fence}\n\n"

        def escape(self, text: str, parent_tags: set[str]) -> str:
            """``<node>`` in prose is a placeholder, not a tag; a line that begins with # is no heading."""
            if not text:
                return ""
            if "<" in text and not parent_tags & {"code", "pre", "kbd", "samp"}:
                text = PLACEHOLDER.sub(r"`<\1>`", text)
            if "|" in text and parent_tags & {"td", "th"}:
                text = text.replace("|", "\\|")
            return LINE_START.sub(r"\1\\\2", text) if "#" in text else text

    return Converter(
        heading_style="ATX",
        bullets="-",
        strip_pre=None,
        autolinks=False,
        escape_asterisks=False,
        escape_underscores=False,
        escape_misc=False,
        table_infer_header=True,
    )
