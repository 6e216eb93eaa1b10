"""`klinik search` and `klinik show`: the knowledge base without the app."""

from __future__ import annotations

import click

from kb.model import Article
from tui.cli.decorators import common_options, output_option
from tui.cli.failures import FAILED, OK, USAGE, Stop
from tui.cli.loading import article_named, language, open_library
from tui.cli.options import Root
from tui.cli.printing import as_json, foreign, say
from tui.cli.texts import t


def _filters(where: tuple[str, ...]) -> dict[str, str]:
    filters: dict[str, str] = {}
    for pair in where:
        key, equals, value = pair.partition("=")
        if not equals or key not in ("component", "product", "version", "kind", "lang", "id"):
            raise Stop(t("bad-where", value=pair), USAGE)
        filters[key] = value
    return filters


@click.command(help=t("search.help"))
@click.argument("query", nargs=-1, required=True)
@click.option("--limit", type=click.IntRange(1, 200), default=20, show_default=True, help=t("search.limit"))
@click.option("--where", "conditions", metavar="KEY=VALUE", multiple=True, help=t("search.where"))
@output_option
@common_options
def search(query: tuple[str, ...], limit: int, conditions: tuple[str, ...], output: str, root: Root) -> int:
    """Ranked articles for a few words, an error message or an identifier."""
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
    if found.suggestion:
        say(t("search.suggestion", suggestion=found.suggestion))
    say(t("search.total", shown=len(found.hits), total=found.total, ms=round(found.took_ms)))
    return OK if found.hits else FAILED


@click.command(help=t("show.help"))
@click.argument("article_id", metavar="ID")
@output_option
@common_options
def show(article_id: str, output: str, root: Root) -> int:
    """One article as Markdown, or with its sections and guide as JSON."""
    library = open_library(root)
    article = article_named(library, article_id)
    lang = language(root)
    if output == "json":
        as_json(article_json(article, lang))
        return OK
    text = article.text(lang)
    say(foreign(f"# {text.title}\n"))
    body = text.markdown.lstrip()
    # The title is printed once, whether or not the file repeats it as its first heading.
    if body.startswith("# "):
        body = body.partition("\n")[2].lstrip()
    say(foreign(body))
    return OK


def article_json(article: Article, lang: str) -> dict[str, object]:
    """An article as `klinik show -o json` prints it: texts, sections, and the guide where there is one."""
    text = article.text(lang)
    guide = article.guide
    return {
        "id": article.id,
        "lang": text.lang,
        "languages": sorted(article.texts),
        "title": text.title,
        "path": text.path,
        "kinds": list(article.kinds),
        "products": list(article.products),
        "components": list(article.components),
        "versions": list(article.versions),
        "sections": [
            {"kind": s.kind, "heading": s.heading, "level": s.level, "line": s.line, "markdown": s.markdown}
            for s in text.sections
        ],
        "guide": None
        if guide is None
        else {
            "origin": guide.origin,
            "applies_to": dict(guide.applies_to),
            "fixed_in": {k: list(v) for k, v in guide.fixed_in.items()},
            "signatures": list(guide.signatures),
            "checks": [
                {"alias": a, "check": u.check, "with": dict(u.params)} for a, u in guide.checks.items()
            ],
            "symptoms": [
                {"id": s.id, "text": s.text.get(lang), "checks": list(s.checks)} for s in guide.symptoms
            ],
            "causes": [
                {
                    "id": c.id,
                    "text": c.text.get(lang),
                    "explain": c.explain.get(lang),
                    "supported_when": c.supported_when,
                    "refuted_when": c.refuted_when,
                    "upstream_of": list(c.upstream_of),
                    "fix": list(c.fix),
                }
                for c in guide.causes
            ],
            "steps": [
                {
                    "id": s.id,
                    "text": s.text.get(lang),
                    "action": s.action.kind,
                    "impact": s.impact.get(lang),
                    "undo": s.undo.text.get(lang),
                }
                for s in guide.steps
            ],
        },
    }
