"""`klinik search`: ranked articles for a few words, without the app."""

from __future__ import annotations

import click

from kb.hits import SearchOutcome
from kb.messages import message
from kb.where import FILTERS
from tui.cli.clickwords import Command
from tui.cli.decorators import common_options, output_option
from tui.cli.failures import FAILED, OK, USAGE, Stop
from tui.cli.loading import open_library
from tui.cli.options import Root
from tui.cli.printing import as_json, foreign, say
from tui.cli.texts import help_language, t


def _filters(where: tuple[str, ...]) -> dict[str, str]:
    filters: dict[str, str] = {}
    for pair in where:
        key, equals, value = pair.partition("=")
        if not equals or key not in FILTERS:
            raise Stop(t("bad-where", value=pair), USAGE)
        filters[key] = value
    return filters


@click.command(cls=Command, help=t("search.help"))
@click.argument("query", nargs=-1)
@click.option("--paste", "pasted", metavar="FILE", help=message("paste.option").get(help_language()))
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help=t("search.limit"))
@click.option("--where", "conditions", metavar="KEY=VALUE", multiple=True, help=t("search.where"))
@output_option
@common_options
def search(
    query: tuple[str, ...],
    pasted: str | None,
    limit: int,
    conditions: tuple[str, ...],
    output: str,
    root: Root,
) -> int:
    """Ranked articles for a few words, an error message or an identifier."""
    if pasted is not None or not query:
        from tui.cli.paste import p, search_paste

        if query or pasted is None:
            raise Stop(p("both" if query else "neither"), USAGE)
        return search_paste(pasted, limit=limit, where=_filters(conditions), output=output, root=root)
    text = " ".join(query)
    library = open_library(root)
    found = library.find(text, limit=limit, lang=root.lang, where=_filters(conditions))
    if output == "json":
        as_json(
            {
                "query": text,
                "took_ms": round(found.took_ms, 1),
                "total": found.total,
                "suggestion": found.suggestion or None,
                "where": dict(found.where),
                "unknown": list(found.unknown),
                "facets": {
                    key: [{"value": value, "articles": n} for value, n in counted]
                    for key, counted in found.facets.items()
                },
                "hits": [
                    {
                        "id": hit.article_id,
                        "lang": hit.lang,
                        "title": hit.title,
                        "score": round(hit.score, 4),
                        "path": hit.path,
                        "section": hit.section,
                        "snippet": str(hit.snippet),
                    }
                    for hit in found.hits
                ],
            }
        )
        return OK if found.hits else FAILED
    for hit in found.hits:
        mark = click.style(t("search.guide-mark"), fg="green") if hit.has_guide else ""
        say(f"{click.style(foreign(hit.title), bold=True)}  {mark}")
        say(f"  {hit.article_id} · {hit.lang}" + (f" · {foreign(hit.section)}" if hit.section else ""))
        if str(hit.snippet):
            say(f"  {foreign(str(hit.snippet))}")
    if not found.hits:
        say(t("search.nothing", query=foreign(text)))
    if found.unknown:
        say(t("search.unknown", words=foreign(", ".join(found.unknown))))
    if found.suggestion:
        say(t("search.suggestion", suggestion=foreign(found.suggestion)))
    if found.total > len(found.hits) and (narrower := _narrower(found)):
        say(t("search.narrow", filters=foreign(narrower)))
    say(t("search.total", shown=len(found.hits), total=found.total, ms=round(found.took_ms)))
    return OK if found.hits else FAILED


def _narrower(found: SearchOutcome) -> str:
    """Filters that would leave some of the matches out, the commonest values of each key."""
    return "  ".join(
        f"{key}:{_quoted(value)} ({n})"
        for key, counted in found.facets.items()
        for value, n in counted[:2]
        if n < found.total
    )


def _quoted(value: str) -> str:
    return f'"{value}"' if " " in value else value
