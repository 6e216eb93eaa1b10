"""`klinik show`: an article without the app."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from kb.model import Article
from tui.cli.clickwords import Command
from tui.cli.decorators import common_options, output_option
from tui.cli.failures import OK
from tui.cli.loading import article_named, language, open_library
from tui.cli.options import Root
from tui.cli.printing import as_json, foreign, say
from tui.cli.texts import t

if TYPE_CHECKING:
    from checks.sessions.trackrecord import TrackRecord


@click.command(cls=Command, help=t("show.help"))
@click.argument("article_id", metavar="ID")
@output_option
@common_options
def show(article_id: str, output: str, root: Root) -> int:
    """One article as Markdown, or with its sections and guide as JSON."""
    library = open_library(root)
    article = article_named(library, article_id)
    lang = language(root)
    record = _record(article.id)
    if output == "json":
        told = {**asdict(record), "causes": [dict(zip(CAUSE, one, strict=True)) for one in record.causes]}
        as_json({**article_json(article, lang), "track_record": told if record.walked else None})
        return OK
    text = article.text(lang)
    say(foreign(f"# {text.title}\n"))
    body = text.markdown.lstrip()
    # The title is printed once, whether or not the file repeats it as its first heading.
    if body.startswith("# "):
        body = body.partition("\n")[2].lstrip()
    say(foreign(body))
    if record.walked:
        say(click.style(t("show.record", record=foreign(record.text().get(lang))), dim=True))
    return OK


CAUSE = ("cause", "solved", "walked")
"""Keys of a cause in a track record."""


def _record(article_id: str) -> TrackRecord:
    """What became of the article's fixes, from the journals of this machine."""
    from tui.cli.sessions import journal_dir
    from tui.sessionwork import record_of

    return record_of(article_id, journal_dir())


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
