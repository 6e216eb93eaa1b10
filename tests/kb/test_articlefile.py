"""kb.articlefile and kb.frontmatter: any bytes to an article or to problems, never an exception."""

from __future__ import annotations

import time
from pathlib import PurePath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb import frontmatter
from kb.articlefile import MAX_BYTES, file_name, language, parse_article

GOOD = """---
kind:
  - Troubleshooting
products: [Alpha, Beta]
ProductsVersion:
   - 4.10,4.2.x
id: KB1
---

# Nodes lose their routes

## Issue

Routes vanish on `node-1`.

```text
route missing
```

### Which nodes

All of them.

## Root Cause

The agent restarts.
"""


def codes(data: bytes) -> list[str]:
    return [problem.code for problem in parse_article(data, "x.md")[1]]


def test_a_good_article_is_read_whole() -> None:
    text, problems = parse_article(GOOD.encode(), "x.md", article="x")
    assert problems == []
    assert text is not None
    assert (text.title, text.lang) == ("Nodes lose their routes", "en")
    assert [(s.kind, s.heading, s.level, s.line) for s in text.sections] == [
        ("symptoms", "Issue", 2, 12),
        ("other", "Which nodes", 3, 20),
        ("cause", "Root Cause", 2, 24),
    ]
    issue = text.sections[0]
    assert "All of them." in issue.markdown
    assert "agent restarts" not in issue.markdown
    assert [(b.info, b.text, b.line) for b in issue.blocks] == [("text", "route missing", 17)]
    assert GOOD.split("\n")[17 - 1] == "route missing"


def test_front_matter_keeps_versions_as_text() -> None:
    front = frontmatter.split(GOOD, "x.md")
    assert frontmatter.values(front.data, "ProductsVersion") == ("4.10", "4.2.x")
    assert frontmatter.values(front.data, "Products") == ("Alpha", "Beta")


@pytest.mark.parametrize(
    ("name", "article", "lang"),
    [
        ("articles/leak/zh.md", "leak", "zh"),
        ("zh/leak.md", "leak", "zh"),
        ("en/deep/er/leak.mdx", "leak", "en"),
        ("leak.en.md", "leak", "en"),
        ("notes/leak.md", "leak", ""),
        ("v1.2.md", "v1.2", ""),
        ("故障/句柄泄漏.md", "句柄泄漏", ""),
    ],
)
def test_the_name_tells_article_and_language(name: str, article: str, lang: str) -> None:
    assert file_name(PurePath(name)) == type(file_name(PurePath(name)))(article, lang)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ["article.empty"]),
        (b" \n\t\n", ["article.empty"]),
        (bytes(range(256)) * 20, ["article.binary"]),
        (b"\x7fELF" + b"\0" * 400, ["article.binary"]),
        (b"# T\n\nca\xfd and ca\xfe\n", ["article.bytes"]),
        (b"# T\n\ncaf\xe9 and \x93quoted\x94\n", ["article.encoding"]),
        (
            "# 标题\n\n这是一篇旧文档，节点网络不通，需要重启组件后恢复。".encode("gb18030"),
            ["article.encoding"],
        ),
        ("# T\n\nfine".encode("utf-16"), ["article.encoding"]),
        (b"# T\n\nnul \0 here, and enough words around it to be a text", ["article.control"]),
        (b"just words", ["article.no-title"]),
        (b"---\n- a\n- b\n---\n# T\n", ["front.not-mapping"]),
        (b"---\na: 1\n# T\n\nbody", ["front.no-end"]),
        (b"---\na: [1\n---\n# T\n", ["yaml.syntax"]),
        (b"---\na: 1\na: 2\n---\n# T\n", ["yaml.duplicate-key"]),
        (b"---\na: &a [*a]\n---\n# T\n", ["yaml.cycle"]),
        (b"x" * (MAX_BYTES + 1), ["file.too-large"]),
        (b"# T\r\n\r\ntext\r\n", []),
        (b"\xef\xbb\xbf# T\n", []),
        (b"---\n\nA rule, then prose.\n\n---\n\n# T\n", []),
    ],
)
def test_bad_input_is_a_problem_and_the_rest_is_read(data: bytes, expected: list[str]) -> None:
    assert codes(data) == expected


def test_problems_in_front_matter_name_the_line_of_the_file() -> None:
    problem = parse_article(b"---\nok: 1\nbad: [1\nmore: 2\n---\n# T\n", "x.md")[1][0]
    assert problem.line in (3, 4)


def test_the_body_survives_broken_front_matter() -> None:
    text, _ = parse_article(b"---\na: [1\n---\n# Title\n\nbody", "x.md")
    assert text is not None
    assert text.title == "Title"
    assert "body" in text.markdown


def test_windows_lines_and_marks_leave_no_trace() -> None:
    text, _ = parse_article(b"\xef\xbb\xbf---\r\nkind: A\r\n---\r\n# T\r\n\r\nx\r\n", "x.md")
    assert text is not None
    assert (text.title, dict(text.front), "\r" in text.markdown) == ("T", {"kind": "A"}, False)


@pytest.mark.parametrize(
    "data",
    [
        b"# T\n\n" + b"x" * 1_000_000,
        b"# T\n\n" + b"[" * 1_000_000,
        b"# T\n\n" + b"> " * 500_000,
        b"# T\n\n" + b"*a " * 300_000,
        b"# T\n\n" + b"|" * 500_000 + b"\n" + b"|-" * 200_000,
        b"#" * 1_000_000,
        b"# T\n\n" + b"<a b='" * 200_000,
        b"# T\n\n" + b"`" * 999_999,
    ],
)
def test_a_line_of_a_megabyte_is_read_in_seconds(data: bytes) -> None:
    began = time.monotonic()
    parse_article(data, "x.md")
    assert time.monotonic() - began < 10


def test_a_heading_inside_a_fence_or_a_quote_is_no_section() -> None:
    text, _ = parse_article(b"# T\n\n```\n## Issue\n```\n\n> ## Cause\n\n## Fix\n", "x.md")
    assert text is not None
    assert [s.heading for s in text.sections] == ["Fix"]


def test_language_is_told_from_the_words() -> None:
    assert language("节点上的 ovn-controller 占用 CPU 过高，流表下发缓慢") == "zh"
    assert language("The flow table grows until the pod is killed") == "en"
    assert language("```\nkubectl get pods\n```") == "en"


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, len(GOOD.encode()) - 1), st.binary(max_size=6)), max_size=12),
    st.integers(0, len(GOOD.encode())),
)
def test_mutated_bytes_never_raise(changes: list[tuple[int, bytes]], cut: int) -> None:
    """Whatever happens to a file's bytes, the answer is an article or problems."""
    data = bytearray(GOOD.encode())
    for at, piece in changes:
        data[at : at + 1] = piece
    text, problems = parse_article(bytes(data[:cut]), "x.md", article="x")
    assert text is not None or problems


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_never_raise(data: bytes) -> None:
    text, problems = parse_article(data, "x.md", article="x")
    assert text is not None or problems
