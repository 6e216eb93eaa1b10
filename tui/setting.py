"""The settings that count where the flags lead: those of the kubeconfig's context, none on a practice cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.cli.options import Where

if TYPE_CHECKING:
    from checks.settings import Settings


def settings_of(where: Where) -> Settings:
    """The settings for what these flags name; raises SettingsError.

    A practice cluster is always as klinik makes it, so a file in the configuration folder says nothing of it.
    """
    from checks.settings import Settings, load

    context = "" if where.practice else context_of(where)
    if context is None or (where.practice and where.config is None):
        return Settings()
    return load(where.config, context)


def context_of(where: Where) -> str | None:
    """The context that the flags lead to, None for that of a practice cluster. Nothing is asked of a cluster."""
    from checks.errors import ConfigError
    from checks.kubeconfig import choose, practice_extension, read

    if where.bundle:
        return _recorded(where)
    try:
        config = read(where.kubeconfig)
        found = choose(config, where.context) if config is not None else None
    except ConfigError:  # whoever connects says what is wrong with it
        return where.context or ""
    if found is None:
        return ""
    return None if practice_extension(found.cluster) and where.config is None else found.context


def _recorded(where: Where) -> str:
    """The context a bundle was recorded in: what is set for it held then, and places its roles now."""
    from checks.bundle.archive import open_bundle
    from checks.errors import ConfigError

    if where.bundle is None:
        return ""
    try:
        opened = open_bundle(where.bundle)
    except ConfigError:
        return ""
    try:
        return opened.info.context
    finally:
        opened.close()
