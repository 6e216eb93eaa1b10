"""The key of this operator's tokens, kept at home: the same value has the same token in every bundle made here."""

from __future__ import annotations

import os
import secrets

from kb.paths import state_dir

_NAME = "bundle.key"


def site_key() -> str:
    """The key, made on first use, readable by its owner only; one for this time where it cannot be kept."""
    path = state_dir() / _NAME
    try:
        return path.read_text(encoding="ascii").strip() or _made(path)
    except (OSError, ValueError):
        return _made(path)


def _made(path: os.PathLike[str]) -> str:
    key = secrets.token_hex(32)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(key + "\n")
    except OSError:
        return key
    return key
