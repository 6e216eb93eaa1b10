"""Which cluster this is, and whose session: what a journal begins with, whether it belongs to an article. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from checks.cluster import ClusterInfo
from checks.plans.plan import digest
from checks.sessions.session import Session
from kb.messages import message
from kb.model import Article, Guide
from kb.text import Text


def opening(
    name: str, article: Article, info: ClusterInfo, operator: str, lang: str, uid: str = ""
) -> dict[str, Any]:
    """The content of the first entry of a journal; `uid` is that of the cluster (`checks.clusteruid`)."""
    guide = article.guide
    derived = {"guide": fingerprint(guide)} if guide is not None and guide.origin == "derived" else {}
    cluster = {"context": info.context, "server": info.server, "user": info.user, "practice": info.practice}
    return {
        "session": name,
        "article": article.id,
        "title": {"en": article.title("en"), "zh": article.title("zh")},
        "lang": lang,
        "cluster": {**cluster, "production": info.production, "uid": uid},
        "operator": operator,
        **derived,
    }


def fingerprint(guide: Guide) -> str:
    """What is done by which step of which cause, as a digest: a derived guide has other steps under old names
    as soon as its text changes.
    """
    causes = [[cause.id, *cause.fix] for cause in guide.causes]
    steps = [[step.id, asdict(step.action)] for step in guide.steps]
    return digest([causes, steps])


def cluster_identity(info: ClusterInfo) -> dict[str, str]:
    """What makes a cluster the same one tomorrow: context and server; of a practice cluster its scenario.

    The context belongs to it, because tunnels and test clusters share addresses like ``https://127.0.0.1:6443``.
    """
    if info.practice:
        return {"practice": info.practice}
    return {"context": info.context, "server": info.server}


def cluster_id(info: ClusterInfo) -> str:
    """The identity as a name for files, which gives nothing away."""
    return digest(cluster_identity(info))[:24]


def foreign_to(session: Session, article: Article, info: ClusterInfo, uid: str = "") -> Text | None:
    """Why a session cannot go on with this article on this cluster; None where it can.

    Two operators have other names and addresses for one cluster: where its uid is known on both sides, that decides.
    """
    if not session.id:
        return message("session.no-journal")
    if session.newer:
        return message("session.newer")
    if session.article and session.article != article.id:
        return message("session.other-article", id=session.article)
    if session.guide and article.guide is not None and session.guide != fingerprint(article.guide):
        return message("session.guide-changed")
    told = session.cluster
    if told and not same_cluster(told, info, uid):
        return message("session.other-cluster", context=told.get("practice") or told.get("context", ""))
    return None


def same_cluster(told: Mapping[str, Any], info: ClusterInfo, uid: str = "") -> bool:
    """Whether the cluster that a session was opened on is this one; `uid` is that of this one, where it is known."""
    # A practice cluster gets another port at every start; its scenario is its identity.
    if info.practice or told.get("practice"):
        return bool(told.get("practice") == info.practice)
    if uid and told.get("uid"):
        return bool(told["uid"] == uid)
    return (told.get("context"), told.get("server")) == (info.context, info.server)
