"""The forms in which a session leaves this machine, by name: to read, to keep, to go on with. Pure."""

from __future__ import annotations

import json
from collections.abc import Sequence

from checks.sessions.export import session_json, session_markdown
from checks.sessions.exporthtml import session_html
from checks.sessions.handover import packed
from checks.sessions.session import Entry, fold, interrupted

ENDINGS = {"md": ".md", "html": ".html", "json": ".json", "journal": ".jsonl"}
"""The form's name to how its file is called."""


def exported(entries: Sequence[Entry], form: str, lang: str, *, by: str, at: float) -> str:
    """The session of these entries as a text without secrets; raises NoSession for a journal that is damaged."""
    if form == "journal":
        return packed(entries, by=by, at=at)
    session = interrupted(fold(entries))
    if form == "json":
        return json.dumps(session_json(session, lang), ensure_ascii=False, indent=2) + "\n"
    return session_html(session, lang) if form == "html" else session_markdown(session, lang)
