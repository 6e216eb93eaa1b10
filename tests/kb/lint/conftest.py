"""One article in a root of its own, linted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from kb.lint import lint
from kb.problem import Problem

FRONT = "---\nkind: [Troubleshooting]\n---\n"
GOOD = FRONT + "# Leases expire early\n\n## Symptoms\n\nAddresses vanish.\n\n## Resolution\n\nRenew them.\n"
GUT = FRONT + "# 租约提前过期\n\n## 现象\n\n地址消失。\n\n## 解决方案\n\n续租。\n"

Lint = Callable[..., list[Problem]]


@pytest.fixture
def linted(tmp_path: Path) -> Lint:
    """Findings about an article with these files (by default both languages, nothing wrong), sorted by code."""

    def run(en: str | bytes = GOOD, zh: str | bytes = GUT, *, guide: str = "") -> list[Problem]:
        files = {"articles/leases/en.md": en, "articles/leases/zh.md": zh}
        if guide:
            files["articles/leases/guide.yaml"] = guide
        for name, text in files.items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        return sorted(lint([tmp_path]), key=lambda p: (p.code, p.path, p.line))

    return run


def with_body(body: str) -> tuple[str, str]:
    """The good article with more text in both languages; the first line of `body` is line 14."""
    return GOOD + "\n" + body, GUT + "\n" + body
