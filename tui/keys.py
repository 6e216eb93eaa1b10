"""Keys of screens: the hints at the bottom say what they do, so the bindings themselves are not shown."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding, BindingType


def quiet(keys: Mapping[str, str], *, priority: bool = False) -> list[BindingType]:
    """Bindings from key to action."""
    return [Binding(key, action, show=False, priority=priority) for key, action in keys.items()]
