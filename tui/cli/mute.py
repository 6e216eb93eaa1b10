"""`klinik mute`: a known finding shall not disturb for a while; `list` and `lift` beside it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import click

from kb.model import CheckUse
from tui import spans
from tui.cli import printing
from tui.cli.checking import reach, run_explained
from tui.cli.clickwords import Group
from tui.cli.decorators import common_options, output_option, where_options
from tui.cli.failures import FAILED, OK, USAGE, Stop
from tui.cli.loading import language, open_catalogue, open_library
from tui.cli.muting import told, when, words
from tui.cli.options import Root, Where
from tui.cli.printing import one_row, say
from tui.cli.texts import help_language
from tui.connect import connect

if TYPE_CHECKING:
    from checks.catalogue import Catalogue
    from checks.findings.mutes import Kind, Mute
    from kb.library import Library


class MuteGroup(Group):
    """``klinik mute NAME`` without the name of a subcommand: muting is what the group is for."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The subcommand, or `add` where the first word is none."""
        if args and args[0] not in self.commands:
            args = ["add", *args]
        return super().resolve_command(ctx, args)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Options before the name belong to `add` too."""
        options = [a for a in args[:1] if a.startswith("-") and a not in ("-h", "--help")]
        return super().parse_args(ctx, ["add", *args] if options else args)


@click.group(cls=MuteGroup, help=words("help"), no_args_is_help=True)
def mute() -> None:
    """The group."""


@mute.command("add", help=words("add"))
@click.argument("name", metavar="ARTICLE|CHECK")
@click.option("--target", "targets", metavar="NAME", multiple=True, help=words("opt-target"))
@click.option("--reason", metavar="TEXT", required=True, help=words("opt-reason"))
@click.option("--for", "span", metavar="TIME", help=words("opt-for"))
@click.option("--until", metavar="DATE", help=words("opt-until"))
@click.option(
    "--margin",
    metavar="PERCENT",
    type=click.FloatRange(0, 1000),
    default=20,
    show_default=True,
    help=words("opt-margin"),
)
@output_option
@where_options
@common_options
def add(
    name: str,
    targets: tuple[str, ...],
    reason: str,
    span: str | None,
    until: str | None,
    margin: float,
    output: str,
    where: Where,
    root: Root,
) -> int:
    """Looks at what shall be muted, and mutes it as it is now."""
    from checks.findings.changes import direction
    from checks.findings.mutefile import MuteFile, mute_json
    from checks.findings.mutes import MuteError, muted_by
    from checks.operators import user

    now = time.time()
    end = _end(span, until, now)
    library, catalogue = open_library(root), open_catalogue(root, where)
    kind, uses = _uses(name, library, catalogue)
    with connect(where.over(root.where)) as connection:
        reach(connection.cluster)
        results, _ = run_explained(connection.cluster, uses, catalogue, root)
        info = connection.cluster.info
    try:
        made = muted_by(
            name,
            kind,
            results.values(),
            reason=one_row(reason),
            by=user(),
            now=now,
            until=end,
            targets=targets,
            margin=margin / 100,
            evidence={use.check for use in uses},
            worse={use.check: direction(use.check, catalogue) for use in uses},
        )
        kept = MuteFile(info).add(made)
    except MuteError as error:
        raise Stop(error.text.get(help_language()), FAILED) from error
    if output == "json":
        printing.as_json(mute_json(kept, language(root)))
    else:
        _say_added(kept)
    return OK


def _uses(name: str, library: Library, catalogue: Catalogue) -> tuple[Kind, list[CheckUse]]:
    """What is run to know how it is now: the check in every way it is asked for, or the symptoms of the article."""
    from checks.findings.triage import checks_of, plan, uses_of

    if name in catalogue:
        asked = [use for use in plan(library.guides, catalogue, everything=True) if use.check == name]
        plain = [] if any(not use.params for use in asked) else [CheckUse(name, name)]
        return "check", [*asked, *plain]
    article = library.get(name)
    among = {s.id for s in catalogue if s.cost != "heavy"}
    uses = list(uses_of([article.guide], among)) if article and article.guide else []
    if article is None or not uses:
        raise Stop(words("no-such-thing", name=name), USAGE)
    shown = {use.check for use in uses}
    return "article", [*uses, *(CheckUse(c, c) for c in sorted(checks_of(article) & among - shown))]


def _end(span: str | None, until: str | None, now: float) -> float:
    """Unix time at which the mute is over; Stop where the options do not say one."""
    if bool(span) == bool(until):
        raise Stop(words("need-time"), USAGE)
    text = span or until or ""
    try:
        return now + spans.seconds(text) if span else spans.until(text, now)
    except ValueError:
        raise Stop(words("bad-time", value=text.strip()), USAGE) from None


def _say_added(made: Mute) -> None:
    say(words("done", name=made.name, until=when(made.until), id=made.id))
    if made.targets:
        say("  " + words("lifts-targets", targets=", ".join(map(one_row, made.targets))))
        return
    say("  " + words("lifts-verdict"))
    worse = {known.key: known.worse for known in made.known}
    for key, limit in made.limits:
        below = "lifts-value-below" if worse[key] == "lower" else "lifts-value"
        shown = f"{limit:,.4g}" if abs(limit) < 1000 else f"{limit:,.0f}"
        say("  " + words(below, check=key, limit=shown))


@mute.command("list", help=words("list"))
@output_option
@where_options
@common_options
def list_mutes(output: str, where: Where, root: Root) -> int:
    """All mutes of the cluster that is meant, without asking it anything."""
    from checks.findings.mutefile import mute_json

    lang = language(root)
    now = time.time()
    mutes = sorted(_load(where.over(root.where)), key=lambda m: (bool(m.end), -m.ended, m.until))
    if output == "json":
        states = {m.id: m.end or ("expired" if now >= m.until else "standing") for m in mutes}
        printing.as_json([{**mute_json(m, lang), "state": states[m.id]} for m in mutes])
        return OK
    if not mutes:
        say(words("none"))
    for one in mutes:
        targets = f" [{', '.join(one.targets)}]" if one.targets else ""
        say(click.style(one_row(f"{one.id}  {one.name}{targets}"), bold=not one.end, dim=bool(one.end)))
        say("    " + one_row(told(one).get(lang)))
        if one.end:
            say("    " + words("row-ended", at=when(one.ended), why=one_row(one.why.get(lang))))
    return OK


def _load(where: Where) -> tuple[Mute, ...]:
    from checks.findings.mutefile import MuteFile
    from checks.findings.mutes import MuteError

    with connect(where) as connection:
        info = connection.cluster.info
    try:
        return MuteFile(info).load()
    except MuteError as error:
        raise Stop(error.text.get(help_language()), USAGE) from error


@mute.command("lift", help=words("lift"))
@click.argument("names", metavar="ID|NAME...", nargs=-1, required=True)
@output_option
@where_options
@common_options
def lift(names: tuple[str, ...], output: str, where: Where, root: Root) -> int:
    """Ends mutes by hand."""
    from checks.findings.mutefile import MuteFile, mute_json
    from checks.findings.mutes import MuteError
    from checks.operators import user

    with connect(where.over(root.where)) as connection:
        file = MuteFile(connection.cluster.info)
    lifted: list[dict[str, Any]] = []
    try:
        for name in names:
            ids = [m.id for m in file.load() if not m.end and name in (m.id, m.name)]
            for one in [file.lift(i, user()) for i in ids or [name]]:
                lifted.append(dict(mute_json(one, language(root))))
                if output == "text":
                    say(words("was-lifted", name=one_row(one.name), id=one.id))
    except MuteError as error:
        raise Stop(error.text.get(help_language()), USAGE) from error
    if output == "json":
        printing.as_json(lifted)
    return OK
