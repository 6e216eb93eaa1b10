"""Whose session it is: what its journal begins with, and whether it belongs to an article and a cluster. Pure."""

from __future__ import annotations

from typing import Any

from checks.cluster import ClusterInfo
from checks.session import Session
from kb.messages import message
from kb.model import Article
from kb.text import Text


def opening(name: str, article: Article, info: ClusterInfo, operator: str, lang: str) -> dict[str, Any]:
    """The content of the first entry of a journal."""
    cluster = {"context": info.context, "server": info.server, "user": info.user, "practice": info.practice}
    return {
        "session": name,
        "article": article.id,
        "title": {"en": article.title("en"), "zh": article.title("zh")},
        "lang": lang,
        "cluster": {**cluster, "production": info.production},
        "operator": operator,
    }


def foreign_to(session: Session, article: Article, info: ClusterInfo) -> Text | None:
    """Why a session cannot go on with this article on this cluster; None where it can."""
    if session.article and session.article != article.id:
        return message("session.other-article", id=session.article)
    told = session.cluster
    # A practice cluster gets another port at every start; its scenario is its identity.
    same = (
        told.get("practice") == info.practice
        if info.practice
        else (told.get("context"), told.get("server")) == (info.context, info.server)
    )
    if told and not same:
        return message("session.other-cluster", context=told.get("practice") or told.get("context", ""))
    return None
