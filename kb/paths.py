"""Where things live: the shipped assets, and the platform's own places for configuration, cache and state."""

from __future__ import annotations

import os
from pathlib import Path

ASSETS = Path(__file__).resolve().parent.parent / "assets"
"""The data shipped with klinik; also the first knowledge-base root."""


def _private(path: Path) -> Path:
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def cache_dir() -> Path:
    """The cache folder (index, practice certificates), made 0700; ``KLINIK_CACHE_DIR`` overrides it."""
    import platformdirs

    override = os.environ.get("KLINIK_CACHE_DIR")
    return _private(Path(override) if override else platformdirs.user_cache_path("klinik"))


def state_dir() -> Path:
    """The state folder (journals, mutes), made 0700; ``KLINIK_STATE_DIR`` overrides it."""
    return _private(state_path())


def state_path() -> Path:
    """Where the state folder is or would be, not made: for looking what is there."""
    import platformdirs

    override = os.environ.get("KLINIK_STATE_DIR")
    return Path(override) if override else platformdirs.user_state_path("klinik")


def config_dir() -> Path:
    """The configuration folder, not made; ``KLINIK_CONFIG_DIR`` overrides it."""
    import platformdirs

    override = os.environ.get("KLINIK_CONFIG_DIR")
    return Path(override) if override else platformdirs.user_config_path("klinik")
