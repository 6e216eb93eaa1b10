"""The settings that count where the flags lead: those of the kubeconfig's context, none on a practice cluster."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.cli.options import Where

if TYPE_CHECKING:
    from checks.settings import Settings


def settings_of(where: Where) -> Settings:
    """The settings for what these flags name; raises SettingsError.

    A practice cluster is always as klinik makes it, and a bundle as it was recorded: a file in the configuration folder
    says nothing of them, only one that is named.
    """
    from checks.settings import Settings, load

    if where.bundle and where.config is None:
        return _recorded(where.bundle)
    context = "" if where.practice else context_of(where)
    if context is None or (where.practice and where.config is None):
        return Settings()
    return load(where.config, context)


def context_of(where: Where) -> str | None:
    """The context that the flags lead to, None for that of a practice cluster. Nothing is asked of a cluster."""
    from checks.errors import ConfigError
    from checks.kubeconfig import choose, practice_extension, read

    try:
        config = read(where.kubeconfig)
        found = choose(config, where.context) if config is not None else None
    except ConfigError:  # whoever connects says what is wrong with it
        return where.context or ""
    if found is None:
        return ""
    return None if practice_extension(found.cluster) and where.config is None else found.context


def _recorded(bundle: Path) -> Settings:
    """The settings that a bundle was recorded with: by them its calls are found again, on any machine."""
    from checks.bundle.archive import open_bundle
    from checks.errors import ConfigError
    from checks.settings import Settings, recorded

    try:
        with open_bundle(bundle) as opened:
            return recorded(opened.manifest.settings, opened.info.context)
    except ConfigError:  # whoever opens it says what is wrong with it
        return Settings()
