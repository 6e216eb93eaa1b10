"""Opening a walk on its own thread: the article, the checks and the cluster behind it, or no cluster at all."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from checks.walking.walk import Walk
    from tui.app import KlinikApp


T = TypeVar("T")
PATIENCE = 20.0
"""Seconds that a guide which was left may take to let its session go: a call to the cluster may be under way."""


def open_walk(app: KlinikApp, article_id: str, session: str = "") -> Walk:
    """A new walk, or the one of a journal; a guide derived from a text needs no cluster.

    Raises ConfigError without a cluster, WalkError for an article without a guide, JournalError.
    """
    from checks.errors import ConfigError
    from checks.walking.nowhere import Nowhere
    from checks.walking.walk import Walk, WalkError
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
        return once_let_go(
            Path(session), lambda: Walk.resume(Path(session), cluster, article, catalogue, **options)
        )
    return Walk.open(cluster, article, catalogue, **options)


def once_let_go(session: Path, resume: Callable[[], T]) -> T:
    """Resumes a session, once this very process has let it go; raises JournalError where another one holds it."""
    from checks.sessions.journal import JournalError, holder_of

    end = time.monotonic() + PATIENCE
    while True:
        try:
            return resume()
        except JournalError:
            if holder_of(session) != os.getpid() or time.monotonic() > end:
                raise
            time.sleep(0.1)
