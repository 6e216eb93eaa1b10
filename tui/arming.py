"""Making writes possible and ending it: the question why, the key that ends it, and what is said when it ran out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kb.messages import message

if TYPE_CHECKING:
    from tui.app import KlinikApp


def said(app: KlinikApp, key: str, /, **params: object) -> str:
    """One of the messages about access in the language of the app."""
    return message(f"access.{key}", **params).get(app.lang)


def ask_to_arm(app: KlinikApp, then: Callable[[], None] | None = None) -> None:
    """Asks why writes shall be possible; `then` is done once they are.

    A cluster that was armed before in this process is armed again with its reason, which stands there ready.
    """
    from checks.walking.access import NotArmed, wrong_reason
    from tui.screens.ask import AskDialog

    if app.cluster_state.locked:
        app.notify(app.say("arm.locked"), severity="warning", markup=False)
        return
    if app.link.cluster is None:
        app.notify(app.say("checks.no_cluster"), severity="warning", markup=False)
        return
    before, asked_of = app.link.reason, app.link.cluster

    def given(reason: str | None) -> None:
        if not reason or app.link.cluster is not asked_of:
            return
        try:
            app.link.arm(reason)
        except NotArmed as error:
            app.notify(error.text.get(app.lang), severity="error", markup=False)
            return
        if then is not None:
            then()

    def wrong(reason: str) -> str:
        found = wrong_reason(reason)
        return found.get(app.lang) if found is not None else ""

    app.push_screen(
        AskDialog(
            said(app, "again") if before else app.say("arm.question"),
            explain=said(app, "kept") if before else app.say("arm.explain"),
            value=before,
            wrong=wrong,
            dangerous=True,
        ),
        given,
    )


def toggle(app: KlinikApp) -> None:
    """Armed: read-only at once, and no further write of a step that runs. Else the question, unless one is open."""
    from tui.screens.dialog import Dialog

    if app.cluster_state.writable:
        end(app)
    elif not isinstance(app.screen, Dialog):
        ask_to_arm(app)


def end(app: KlinikApp) -> None:
    """Back to read-only; a step that runs stops before its next write."""
    app.link.disarm()
    running = stop_writing(app)
    app.notify(said(app, "ended-running" if running else "ended"), markup=False)


def ran_out(app: KlinikApp) -> None:
    """Nobody touched a key for so long that writes are over."""
    app.notify(said(app, "expired"), severity="warning", markup=False, timeout=15)


def stop_writing(app: KlinikApp) -> bool:
    """Tells whatever screen is writing to begin no further write; whether there was one."""
    writing = [screen for screen in app.screen_stack if getattr(screen, "writing", False)]
    for screen in writing:
        stop = getattr(screen, "stop_writing", None)
        if stop is not None:
            stop()
    return bool(writing)
