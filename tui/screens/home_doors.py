"""Where the lines of Home lead that are no articles: sessions, checks, reasons, changes, mutes; and muting one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kb.safe import one_line
from tui.screens.changes import open_change

if TYPE_CHECKING:
    from checks.sessions.session import SessionSummary
    from tui.app import KlinikApp


def open_line(app: KlinikApp, kind: str, name: str, sessions: Sequence[SessionSummary]) -> None:
    """Goes where a line leads."""
    if kind == "session":
        for session in sessions:
            if session.id == name:
                app.open_guide(session.article, session.path)
    elif kind == "check":
        app.open_check(name)
    elif kind == "change":
        open_change(app, app.triaging.changes[int(name)].change)
    elif kind == "root":
        # what may not be read has its roles on the screen of permissions
        (app.open_rights if name.startswith("may:") else app.open_unknown)()
    elif kind == "do":
        doors = {
            "findings": app.open_findings,
            "mutes": app.open_mutes,
            "changes": app.open_changes,
            "unknown": app.open_unknown,
        }
        doors.get(name, app.action_practice)()


def mute_line(app: KlinikApp, kind: str, name: str) -> None:
    """Asks to mute an article or a check of the list; says so where the line is neither."""
    from tui.screens.mute import ask_to_mute

    guided = {article.id: article for article in app.link.guided()}
    if kind in ("find", "hit") and name in guided:
        ask_to_mute(app, "article", name, one_line(guided[name].title(app.lang)))
    elif kind == "check":
        found = app.runs.latest(name)
        ask_to_mute(app, "check", name, one_line(found.title.get(app.lang)) if found else name)
    elif kind == "do" and name == "mutes":
        app.open_mutes()
    else:
        app.notify(app.say("mutes.not_here"), markup=False)
