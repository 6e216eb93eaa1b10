"""Groups whose commands are imported when they are called, not when klinik starts."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from tui.cli.clickwords import Group


class ReaderGone(Exception):
    """Whoever read our output has closed it; not an OSError, for click ends with 1, a failed check, on those."""


class LazyGroup(Group):
    """A group of commands given as ``name -> module:attribute``, in the order in which help lists them."""

    def __init__(self, *args: Any, places: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.places = dict(places or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order of an operator's work."""
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in self.places:
            return None
        module, _, attribute = self.places[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command that was called; raises ReaderGone where nobody reads any more."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGone from error
