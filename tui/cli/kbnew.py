"""`klinik kb new` and `klinik kb schema`: beginning an article, and what editors need to help with it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import click

from tui.cli.clickwords import Command
from tui.cli.decorators import common_options
from tui.cli.failures import OK, USAGE, Stop
from tui.cli.loading import language
from tui.cli.options import Root
from tui.cli.printing import one_row, say
from tui.cli.texts import t

SCHEMAS = ("guide", "check", "check-tests", "glossary", "front-matter", "settings")
KINDS = ("troubleshooting", "how-to", "information", "solution")


def _makers() -> dict[str, Callable[[str], dict[str, Any]]]:
    from checks.settingsschema import settings
    from checks.specs.checkschema import check_tests, checks
    from kb import jsonschema

    makers = (jsonschema.guide, checks, check_tests, jsonschema.glossary, jsonschema.front_matter, settings)
    return dict(zip(SCHEMAS, makers, strict=True))


def schema_texts(lang: str) -> dict[str, str]:
    """All schemas by name as JSON."""
    return {
        name: json.dumps(make(lang), ensure_ascii=False, indent=2) + "\n" for name, make in _makers().items()
    }


def _languages(value: str) -> list[str]:
    langs = [part.strip() for part in value.split(",") if part.strip()]
    if not langs or any(lang not in ("zh", "en") for lang in langs):
        raise Stop(t("kb.new-bad-lang", value=value), USAGE)
    return list(dict.fromkeys(langs))


@click.command(cls=Command, help=t("kb.new"))
@click.argument("article_id", metavar="ID")
@click.option(
    "--to", "to", metavar="ROOT", type=click.Path(file_okay=False, path_type=Path), help=t("kb.new-to")
)
@click.option("--lang", "langs", metavar="zh,en", default="zh,en", show_default=True, help=t("kb.new-lang"))
@click.option(
    "--kind", type=click.Choice(KINDS), default="troubleshooting", show_default=True, help=t("kb.new-kind")
)
@click.option(
    "--kb",
    metavar="ROOT",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=t("opt.kb"),
)
@click.pass_context
def new(
    ctx: click.Context, article_id: str, to: Path | None, langs: str, kind: str, kb: tuple[Path, ...]
) -> int:
    """Writes the files of a new article and says what to do next."""
    from kb.scaffold import draft, write_schemas

    root = ctx.find_object(Root) or Root()
    roots = [*root.roots, *kb]
    wanted = _languages(langs)
    target = to or (roots[-1] if roots else None)
    if target is None:
        raise Stop(t("kb.new-no-root"), USAGE)
    begin_article(root, kb, target, article_id, lambda name: draft(name, wanted, kind))
    for path in write_schemas(target, schema_texts(language(root))):
        say(one_row(t("kb.new-written", path=path)))
    say(one_row(t("kb.new-next", root=target)))
    return OK


def begin_article(
    root: Root,
    more: tuple[Path, ...],
    target: Path,
    article_id: str,
    files: Callable[[str], Mapping[str, str]],
) -> None:
    """Writes the files of a new article below `target` and says which; Stop says why not."""
    from kb.paths import ASSETS
    from kb.roots import scan
    from kb.scaffold import Refused, checked_id, write

    if target.resolve().is_relative_to(ASSETS):
        raise Stop(t("kb.new-shipped"), USAGE)
    roots = [ASSETS, *root.roots, *more, *([target] if target.is_dir() else [])]
    known = scan(roots).sources
    try:
        name = checked_id(article_id, {one: sources[0].path for one, sources in known.items()})
    except Refused as refused:
        raise Stop(refused.text.get(language(root)), USAGE) from refused
    for path in write(target, name, files(name)):
        say(one_row(t("kb.new-written", path=path)))


@click.command(cls=Command, help=t("kb.schema"))
@click.argument("which", metavar=f"[{'|'.join(SCHEMAS)}]", type=click.Choice(SCHEMAS), required=False)
@click.option(
    "--to",
    "to",
    metavar="ROOT",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help=t("kb.schema-to"),
)
@common_options
def schema(which: str | None, to: Path | None, root: Root) -> int:
    """Prints one schema, or writes all of them."""
    from kb.scaffold import write_schemas

    texts = schema_texts(language(root))
    if to is not None:
        for path in write_schemas(to, texts):
            say(one_row(t("kb.new-written", path=path)))
    elif which is None:
        raise Stop(t("kb.schema-which", known=", ".join(SCHEMAS)), USAGE)
    else:
        click.echo(texts[which], nl=False)
    return OK
