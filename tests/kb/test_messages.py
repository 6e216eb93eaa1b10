"""Messages of the catalogue in both languages."""

from __future__ import annotations

import pytest

from kb.messages import message
from kb.text import Text


def test_a_text_inside_a_message_appears_in_each_language() -> None:
    """A bilingual parameter is not the same string in both sentences."""
    inner = Text("a peer", "对端")
    said = message("ovn.router-exempt", why=inner)
    assert inner.en in said.en
    assert inner.zh in said.zh
    assert inner.zh not in said.en


def test_an_unknown_message_is_an_error() -> None:
    """A typo is noticed at once."""
    with pytest.raises(KeyError):
        message("ovn.no-such-message")
