"""Opening a walk on its own thread: the article, the checks and the cluster behind it, or no cluster at all."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from checks.walk import Walk
    from tui.app import KlinikApp


def open_walk(app: KlinikApp, article_id: str, session: str = "") -> Walk:
    """A new walk, or the one of a journal; a guide derived from a text needs no cluster.

    Raises ConfigError without a cluster, WalkError for an article without a guide, JournalError.
    """
    from checks.errors import ConfigError
    from checks.nowhere import Nowhere
    from checks.walk import Walk, WalkError
    from kb.messages import message

    services, cluster = app.services, app.link.cluster
    article = services.shelf().library.get(article_id)
    if article is None:
        raise WalkError(message("session.no-guide", id=article_id))
    if cluster is None:
        if article.guide is None or article.guide.origin != "derived":
            raise ConfigError(app.say("guide.no_cluster"))
        cluster = Nowhere()
    options: dict[str, Any] = {
        "lang": app.lang,
        "journal_dir": services.sessions_dir(),
        "access": app.link.access,
    }
    catalogue = services.catalogue()
    if session:
        return Walk.resume(Path(session), cluster, article, catalogue, **options)
    return Walk.open(cluster, article, catalogue, **options)
