"""`klinik practice`: the embedded practice cluster on its own, for any client."""

from __future__ import annotations

import gc
import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kb.messages import message
from tui.cli import printing
from tui.cli.clickwords import Group
from tui.cli.decorators import common_options, output_option, size_options
from tui.cli.failures import OK, USAGE, Stop
from tui.cli.loading import language
from tui.cli.options import Root
from tui.cli.printing import say
from tui.cli.texts import help_language, t

if TYPE_CHECKING:
    from checks.practice.sim.world import SimWorld


@click.group(cls=Group, help=t("practice.help"), invoke_without_command=True)
@click.pass_context
def practice(ctx: click.Context) -> None:
    """Without a subcommand: the list."""
    if ctx.invoked_subcommand is None:
        ctx.exit(ctx.invoke(list_scenarios, output="text"))


@practice.command("list", help=t("practice.list"))
@output_option
@common_options
def list_scenarios(output: str, root: Root) -> int:
    """The scenarios with the article and the cause they stage."""
    from checks.practice.scenario import list_scenarios as read_all

    lang = language(root)
    found = read_all()
    if output == "json":
        printing.as_json(
            [
                {
                    "name": s.name,
                    "title": s.title.get(lang),
                    "article": s.article or None,
                    "cause": s.cause or None,
                }
                for s in found
            ]
        )
        return OK
    for scenario in found:
        say(f"{scenario.name:<28} {scenario.title.get(lang)}")
        if scenario.article:
            say(f"{'':28} {scenario.article} · {scenario.cause}")
    return OK


@practice.command("serve", help=t("practice.serve"))
@click.argument("scenario")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help=t("practice.port"))
@click.option(
    "--pace", type=click.FloatRange(0.01, 1.0), default=1.0, show_default=True, help=t("practice.pace")
)
@click.option(
    "--write-kubeconfig",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help=t("practice.write"),
)
@click.option(
    "--slowness",
    type=click.FloatRange(0.0, 100.0),
    default=0.0,
    show_default=True,
    help=message("practice.opt-slowness").get(help_language()),
)
@size_options
@common_options
def serve(
    scenario: str,
    port: int,
    pace: float,
    write_kubeconfig: Path | None,
    nodes: int | None,
    pods: int | None,
    slowness: float,
    root: Root,
) -> int:
    """Serves a scenario on loopback until interrupted; the kubeconfig goes to stdout or to a file."""
    from checks.practice.scenario import list_scenarios as read_all
    from checks.practice.server import PracticeServer

    names = [s.name for s in read_all()]
    if scenario not in names:
        raise Stop(t("practice.no-such", name=scenario, names=", ".join(names)), USAGE)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    server = PracticeServer(_staged(scenario, pace, nodes or 0, pods or 0), port=port, slowness=slowness)
    server.start()
    try:
        if write_kubeconfig:
            server.write_kubeconfig(write_kubeconfig)
            click.echo(t("practice.written", path=write_kubeconfig, url=server.url), err=True)
        else:
            from kb.yamlfile import dump

            click.echo(dump(server.kubeconfig()), nl=False)
            click.echo(t("practice.serving", url=server.url), err=True)
        stop.wait()
    finally:
        server.stop()
    return OK


def _staged(scenario: str, pace: float, nodes: int, pods: int) -> SimWorld:
    """The cluster to serve. Its objects stay as long as the process: the collector need not look through them."""
    from checks.practice.scenario import ScenarioError, build_world

    gc.disable()
    try:
        return build_world(scenario, pace=pace, nodes=nodes, pods=pods)
    except ScenarioError as error:
        raise Stop(error.text.get(help_language()), USAGE) from error
    finally:
        gc.freeze()
        gc.enable()
