"""Sessions leaving and coming as files: which form and where to, what is replaced, what was taken in, a summary."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from kb.messages import message as words
from kb.safe import one_line
from kb.said import text_of
from kb.text import Text
from tui import sessionwork
from tui.bundling import typed_path
from tui.messages import Answered
from tui.screens.ask import AskDialog
from tui.screens.choose import ChooseDialog, Item
from tui.screens.confirm import SureDialog
from tui.work import ask

if TYPE_CHECKING:
    from tui.app import KlinikApp
    from tui.screens.base import KlinikScreen


def say(app: KlinikApp, key: str, /, **params: object) -> str:
    """One of the messages about session files, in the language of the app."""
    return words(f"sessionfiles.{key}", **params).get(app.lang)


def export(screen: KlinikScreen[None], session: str, journal: str) -> None:
    """Asks for the form and the place, and writes the session there on a thread; `answered` says what came of it."""
    app = screen.app
    items = [Item(form, say(app, f"form-{form}"), form) for form in sessionwork.FORMS]

    def chosen(values: tuple[Any, ...] | None) -> None:
        if values:
            _where(screen, session, journal, str(values[0]))

    app.push_screen(ChooseDialog(say(app, "form"), items), chosen)


def _where(screen: KlinikScreen[None], session: str, journal: str, form: str) -> None:
    app, folder = screen.app, screen.app.services.sessions_dir()

    def wrong(text: str) -> str:
        key = sessionwork.not_writable(text, folder)
        return say(app, key) if key else ""

    def given(text: str | None) -> None:
        if not text:
            return
        path = typed_path(text)
        if not path.exists():
            _write(screen, journal, form, path, replace=False)
            return

        def decided(yes: bool | None) -> None:
            if yes:
                _write(screen, journal, form, path, replace=True)

        question = say(app, "there", path=one_line(str(path), 200))
        app.push_screen(SureDialog(question, say(app, "replace"), app.say("confirm.no")), decided)

    explain = say(app, f"explain-{form}")
    value = str(sessionwork.proposed(session, form))
    app.push_screen(AskDialog(say(app, "where"), explain=explain, value=value, wrong=wrong), given)


def _write(screen: KlinikScreen[None], journal: str, form: str, path: Path, *, replace: bool) -> None:
    lang = screen.app.lang
    ask(screen, "export", 0, lambda: sessionwork.export(journal, form, lang, path, replace=replace))


def summarize(screen: KlinikScreen[None], journal: str) -> None:
    """A few sentences about the session for a chat, to the clipboard."""
    lang = screen.app.lang
    ask(screen, "summary", 0, lambda: sessionwork.summary_of(journal, lang))


def take_in(screen: KlinikScreen[None]) -> None:
    """Asks for a session file of somebody else, and takes it among one's own."""
    from tui.screens.files import FileDialog

    app, folder = screen.app, screen.app.services.sessions_dir()

    def taken(path: Path | None) -> None:
        if path is not None:
            app.notify(say(app, "taken-in", session=one_line(path.stem, 120)), markup=False, timeout=8)
            ask(screen, "behind", 0, lambda: sessionwork.behind(path))
            screen.action_again()

    app.push_screen(
        FileDialog(
            say(app, "take-in"),
            endings=sessionwork.IMPORTED,
            tried=lambda path: sessionwork.taken_in(path, folder),
            placeholder=say(app, "take-in-placeholder"),
        ),
        taken,
    )


def answered(screen: KlinikScreen[None], message: Answered) -> bool:
    """Says what became of an export or a summary; False where the message is about something else."""
    app = screen.app
    if message.tag not in ("export", "summary", "behind"):
        return False
    if message.error is not None:
        app.notify(failure(app, message.error), severity="error", markup=False, timeout=10)
    elif message.tag == "export":
        path = str(message.value.path)
        app.copy_to_clipboard(path)
        app.notify(say(app, "written", path=one_line(path, 300)), markup=False, timeout=10)
        if message.value.unmarked:
            app.notify(say(app, "unmarked"), severity="warning", markup=False, timeout=12)
        _tell_behind(app, message.value.behind)
    elif message.tag == "behind":
        _tell_behind(app, message.value)
    else:
        app.copy_to_clipboard(str(message.value))
        app.notify(say(app, "summarized", text=one_line(str(message.value), 600)), markup=False, timeout=12)
    return True


def _tell_behind(app: KlinikApp, texts: tuple[Text, ...]) -> None:
    """What a hand-over makes impossible or unprovable; the plan of each undo says it again."""
    if texts:
        told = "\n".join(one_line(one.get(app.lang), 400) for one in texts[:4])
        app.notify(told, severity="warning", markup=False, timeout=20)


def failure(app: KlinikApp, error: Exception) -> str:
    """What an error of a file says in the language of the app."""
    if isinstance(error, FileExistsError):
        return say(app, "exists", path=one_line(str(error.filename2 or error.filename or ""), 200))
    text = getattr(error, "text", None)
    if isinstance(text, Text):
        return one_line(text.get(app.lang), 500)
    if isinstance(error, OSError):
        return say(app, "failed", why=one_line(text_of(error).get(app.lang), 200))
    return one_line(text_of(error).get(app.lang), 500)
