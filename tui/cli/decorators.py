"""The shared options as click decorators."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import click

from kb.messages import message
from tui.cli.options import Root, Where, duration
from tui.cli.texts import help_language, t

Command = Callable[..., Any]
MOST_NODES = 5_000
"""As many as Kubernetes is made for."""
MOST_PODS = 50_000
"""What the default subnet of a practice cluster, a /16, has room for."""


class Duration(click.ParamType[float]):
    """A duration as kubectl writes it."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds, or a usage error."""
        if isinstance(value, int | float):
            return float(value)
        try:
            return duration(value) or 0.0
        except ValueError:
            self.fail(t("bad-duration", value=value), param, ctx)


def size_options(function: Command) -> Command:
    """``--nodes`` and ``--pods``: how large a practice cluster is made."""
    decorated: Command = function
    for name, most in (("--pods", MOST_PODS), ("--nodes", MOST_NODES)):
        said = message(f"practice.opt{name[1:]}").get(help_language())
        decorated = click.option(name, type=click.IntRange(1, most), metavar="N", help=said)(decorated)
    return decorated


def where_options(function: Command) -> Command:
    """kubectl's flags, ``--practice`` and ``--bundle``; the command gets them as one `where: Where`."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        given = Where(**{field.name: kwargs.pop(field.name) for field in fields(Where)})
        return function(*args, where=given, **kwargs)

    options: list[Callable[[Command], Command]] = [
        click.option("--kubeconfig", metavar="FILE", help=t("opt.kubeconfig")),
        click.option("--context", metavar="NAME", help=t("opt.context")),
        click.option("-n", "--namespace", metavar="NS", help=t("opt.namespace")),
        click.option("--as", "as_user", metavar="USER", help=t("opt.as")),
        click.option("--as-group", "as_groups", metavar="GROUP", multiple=True, help=t("opt.as-group")),
        click.option("--request-timeout", type=Duration(), metavar="DURATION", help=t("opt.request-timeout")),
        click.option("--practice", metavar="SCENARIO", help=t("opt.practice")),
        size_options,
        click.option(
            "--bundle",
            metavar="FILE",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help=t("opt.bundle"),
        ),
        click.option(
            "--config",
            metavar="FILE",
            type=click.Path(exists=True, dir_okay=False, path_type=Path),
            help=message("settings.opt-config").get(help_language()),
        ),
    ]
    decorated: Command = wrapped
    for option in reversed(options):
        decorated = option(decorated)
    return decorated


def common_options(function: Command) -> Command:
    """``--lang`` and ``--kb``; the command gets the merged `root: Root` of before and behind it."""

    @click.pass_context
    @functools.wraps(function)
    def wrapped(
        ctx: click.Context, /, *args: Any, lang: str | None, kb: tuple[Path, ...], **kwargs: Any
    ) -> Any:
        before = ctx.find_object(Root) or Root()
        root = Root(before.where, (*before.roots, *kb), lang or before.lang, before.read_only)
        return function(*args, root=root, **kwargs)

    decorated: Command = wrapped
    for option in (
        click.option("--lang", type=click.Choice(["zh", "en"]), help=t("opt.lang")),
        click.option(
            "--kb",
            metavar="ROOT",
            multiple=True,
            type=click.Path(exists=True, file_okay=False, path_type=Path),
            help=t("opt.kb"),
        ),
    ):
        decorated = option(decorated)
    return decorated


def output_option(function: Command) -> Command:
    """``-o json|text``."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help=t("opt.output"),
    )(function)
