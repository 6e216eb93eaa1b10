"""Literal lines in the index: the keys of one segment's literals as sorted numbers, found within a microsecond."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left

from kb.indexwords import BadWords, Words

LITERAL = "\0"
"""Stands before the keys of literal lines among the words; no word begins with it."""
DIGITS = 8


def term(key: int) -> str:
    """What stands among the words for a key (`kb.literals.keys`)."""
    return f"{LITERAL}{key:0{DIGITS}x}"


class LiteralKeys:
    """The keys of the literal lines of one segment."""

    def __init__(self, words: Words) -> None:
        places = words.beginning(LITERAL)
        self._first = places.start
        try:
            digits = words.run(places).replace(LITERAL.encode(), b"").decode("ascii")
            if len(digits) != DIGITS * len(places):
                raise BadWords("keys of another length")
            self._keys = array("I", bytes.fromhex(digits))
        except ValueError as error:
            raise BadWords(str(error)) from error
        if sys.byteorder == "little":
            self._keys.byteswap()

    def find(self, key: int) -> int:
        """The place of a key's term among the words of the segment; -1 where it is unknown."""
        keys = self._keys
        place = bisect_left(keys, key)
        return self._first + place if place < len(keys) and keys[place] == key else -1
