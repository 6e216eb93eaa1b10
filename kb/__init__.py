"""Knowledge: articles, guides, index and search. No cluster and no screen in here.

The stable door for tools: ``kb.open_library(roots, cache_dir=…) -> Library``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kb.library import Library, open_library

__all__ = ["Library", "open_library"]


def __getattr__(name: str) -> Any:
    """Import the library on first use, so that ``import kb`` costs nothing."""
    if name in __all__:
        from kb import library

        return getattr(library, name)
    raise AttributeError(f"module 'kb' has no attribute {name!r}")
