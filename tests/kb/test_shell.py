"""kb.shell: what a shell follows is either followed here or said to be unread, never called unfinished."""

from __future__ import annotations

import pytest

from kb.shell import parse


@pytest.mark.parametrize(
    "line", ["echo 'open", 'echo "open', "a $(b", "a `b", "cat <<EOF\nx", "a |", "a ${b", "a \\"]
)
def test_what_ends_in_the_middle_is_broken(line: str) -> None:
    found = parse(line)
    assert (found.broken, found.unread) == (True, False)


@pytest.mark.parametrize(
    "line", ["a ${b:-'c'}", 'a ${b:-"c"}', "a $'\\t'", 'a $"c"', "a $((b ? 1 : 2))", "x" * 30_000]
)
def test_what_is_not_read_is_broken_but_not_for_a_shell(line: str) -> None:
    found = parse(line)
    assert (found.broken, found.unread) == (True, True)


@pytest.mark.parametrize(("line", "said"), [('grep "^(a|b)$" x', "^(a|b)$"), ('grep "a$\'b" x', "a$'b")])
def test_a_dollar_sign_before_a_quote_within_double_quotes_is_itself(line: str, said: str) -> None:
    found = parse(line)
    assert not found.broken
    assert [word.text for word in found.commands[0].words] == ["grep", said, "x"]
