"""Library care: what is wrong with articles and guides, with stable codes (docs/lint.md)."""

from __future__ import annotations

from kb.lint.codes import hint, severities
from kb.lint.run import lint

__all__ = ["hint", "lint", "severities"]
