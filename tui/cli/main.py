"""The entry point: global options, commands loaded when they are called, and what an exit code means."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from tui.cli.decorators import where_options
from tui.cli.lazy import LazyGroup
from tui.cli.options import Root, Where
from tui.cli.texts import t

COMMANDS = {
    "search": "tui.cli.search:search",
    "show": "tui.cli.knowledge:show",
    "check": "tui.cli.check:check",
    "triage": "tui.cli.triage:triage",
    "guide": "tui.cli.checking:guide",
    "mute": "tui.cli.mute:mute",
    "sessions": "tui.cli.sessions:sessions",
    "bundle": "tui.cli.bundle:bundle",
    "practice": "tui.cli.practice:practice",
    "doctor": "tui.cli.doctor:doctor",
    "kb": "tui.cli.library:kb",
}


@click.group(
    cls=LazyGroup,
    places=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    help=t("help"),
    epilog=t("exit-codes"),
)
@where_options
@click.option(
    "--kb",
    metavar="ROOT",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=t("opt.kb"),
)
@click.option("--lang", type=click.Choice(["zh", "en"]), help=t("opt.lang"))
@click.option("--read-only", is_flag=True, help=t("opt.read-only"))
@click.option("--or-practice", is_flag=True, help=t("opt.or-practice"))
@click.version_option(package_name="klinik", prog_name="klinik")
@click.pass_context
def cli(
    ctx: click.Context,
    where: Where,
    kb: tuple[Path, ...],
    lang: str | None,
    read_only: bool,
    or_practice: bool,
) -> None:
    """The root command; without a command it opens the app."""
    if os.environ.get("NO_COLOR"):
        ctx.color = False  # strips all styling, bold included
    ctx.obj = Root(where, tuple(kb), lang, read_only, or_practice)
    if ctx.invoked_subcommand is None:
        from tui.cli.launch import launch

        ctx.exit(launch(ctx.obj))


def main(arguments: list[str] | None = None) -> Any:
    """Runs klinik and exits with its code (0 well, 1 failed, 2 usage, 3 unknown, 4 no cluster)."""
    import gc

    from tui.cli.failures import guarded

    # Lists of a large cluster are objects without cycles by the hundred thousand, all of them alive: looking through
    # them as often as Python does by itself takes longer than reading them.
    usual = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        sys.exit(guarded(lambda: cli.main(arguments, prog_name="klinik", standalone_mode=False)))
    finally:
        gc.set_threshold(*usual)  # whoever calls us from a process of their own keeps their garbage collected
