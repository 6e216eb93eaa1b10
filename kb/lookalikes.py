"""Chinese characters that look alike: what is taken for one another by eye, by hand, or by stroke and shape input."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from kb.paths import ASSETS

FILE = "lookalikes.txt"


def looking_like(character: str) -> str:
    """The common characters that one is easily taken for, the likeliest first."""
    return _table().get(character, "")


@lru_cache(maxsize=1)
def _table() -> Mapping[str, str]:
    lines = (ASSETS / FILE).read_text(encoding="utf-8").splitlines()
    return {line[0]: line[2:] for line in lines if line[0] != "#"}
