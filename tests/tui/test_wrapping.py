"""Lines of Chinese and English: filled, never too wide, nothing lost, no line begun with a closing sign."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.content import Content

from tui.widgets.wrapping import wrapped


def lines(text: str, width: int) -> list[str]:
    return [line.plain for line in wrapped(Content(text), width)]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        (
            "重启 ovs-ovn 的数据面会中断到流表重新下发为止",
            24,
            ["重启 ovs-ovn 的数据面会", "中断到流表重新下发为止"],
        ),
        ("现象一直存在，先看证据。", 22, ["现象一直存在，先看证", "据。"]),
        ("节点全部（node-1）不正常", 11, ["节点全部", "（node-1）", "不正常"]),
        ("words are wrapped at spaces", 12, ["words are", "wrapped at", "spaces"]),
        ("= ips.kubeovn.io/a-name.that-is/long", 24, ["= ips.kubeovn.io/a-name.", "that-is/long"]),
        ("on deployments/a-very-long-name-of-one", 18, ["on deployments/a-", "very-long-name-of-", "one"]),
        ("= ips/a-name-of.twenty-six-cells", 30, ["= ips/a-name-of.twenty-six-", "cells"]),
        ("two\nlines here", 6, ["two", "lines", "here"]),
        ("short", 80, ["short"]),
        ("", 5, [""]),
    ],
)
def test_where_lines_break(text: str, width: int, expected: list[str]) -> None:
    assert lines(text, width) == expected


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab-/. 中文（）“”。，é\u0301👍", max_size=80), st.integers(2, 30))
def test_nothing_is_lost_and_no_line_is_too_wide(text: str, width: int) -> None:
    found = lines(text, width)
    assert "".join(found).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(line) <= width for line in found)


def test_styles_stay_with_their_words() -> None:
    first, second = wrapped(Content.assemble("状态 ", ("很差很差", "bold"), " 证据"), 10)
    assert (first.plain, second.plain) == ("状态 很差", "很差 证据")
    assert [second.plain[span.start : span.end] for span in second.spans] == ["很差"]
