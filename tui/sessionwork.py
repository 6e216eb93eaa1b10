"""Sessions as files, for the app: written out, taken in, begun as an article and looked through. No Textual in here."""

from __future__ import annotations

import os
import secrets
import stat
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from kb.text import Text

if TYPE_CHECKING:
    from checks.sessions.session import Session
    from checks.sessions.trackrecord import TrackRecord
    from kb.problem import Problem
    from tui.services import Services

FORMS = ("md", "html", "json", "journal")
IMPORTED = (".jsonl",)
"""How files are called that hold a session to go on with."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A session that was written out."""

    path: Path
    unmarked: bool = False
    """It was handed over and its journal at home does not say so: a klinik is working on it."""
    behind: tuple[Text, ...] = ()
    """What of the way back stays here."""


@dataclass(frozen=True, slots=True)
class Drafted:
    """A new article begun from a session, and what is wrong with it still."""

    article: str
    root: Path
    paths: tuple[Path, ...]
    problems: tuple[Problem, ...] = ()


def session_of(path: str) -> Session:
    """The session of a journal, as far as it can be read; raises JournalError."""
    from checks.sessions.journal import read
    from checks.sessions.session import fold, interrupted

    return interrupted(fold(read(Path(path))))


def summary_of(path: str, lang: str) -> str:
    """The session in a few sentences, for a chat; raises JournalError."""
    from checks.sessions.export import session_summary

    return session_summary(session_of(path), lang)


def proposed(session: str, form: str) -> Path:
    """A file name for an export, in the working folder."""
    from checks.sessions.exportforms import ENDINGS

    return Path(f"{session}{ENDINGS[form]}")


def not_writable(text: str, folder: Path) -> str:
    """What is wrong with a path to write to, as a key of the catalogue; empty: nothing. `folder`: the journals' own."""
    from tui.bundling import typed_path, writable

    try:
        path = typed_path(text)
        if not text.strip() or path.is_dir():
            return "is-folder"
        if path.absolute().parent.resolve() == folder.resolve() and path.suffix in IMPORTED:
            return "own-folder"
        return "" if writable(path) else "no-folder"
    except (OSError, ValueError):
        return "no-path"


def export(journal: str, form: str, lang: str, path: Path, *, replace: bool = False) -> Exported:
    """Writes a session in this form, whole or not at all, for its owner's eyes; a hand-over is marked at home too.

    Raises FileExistsError unless it may be replaced, JournalError, NoSession and OSError.
    """
    from checks.operators import user
    from checks.sessions.exportforms import exported
    from checks.sessions.journal import mark, read

    now, me = time.time(), user()
    text = exported(read(Path(journal)), form, lang, by=me, at=now)
    written = write_private(path, text, replace=replace)
    unmarked = form == "journal" and not mark(Path(journal), "handed-over", operator=me)
    return Exported(written, unmarked, behind(written) if form == "journal" else ())


def behind(path: Path) -> tuple[Text, ...]:
    """What of a hand-over's way back only the machine where it began can do or prove; raises JournalError."""
    from checks.sessions.handover import stays_behind
    from checks.sessions.journal import read

    return stays_behind(read(path))


def write_private(path: Path, text: str, *, replace: bool = False) -> Path:
    """The text as a file of mode 0600, whole or not at all; raises FileExistsError unless it may be replaced."""
    target = path.absolute()
    fresh = target.parent / f".{target.name[:80]}.{secrets.token_hex(4)}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8", newline="\n") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        if replace:
            fresh.replace(target)
        else:
            os.link(fresh, target)
    finally:
        with suppress(FileNotFoundError):
            fresh.unlink()
    return target


def taken_in(path: Path, folder: Path) -> Path:
    """The journal of a handed-over session file, now among one's own; raises NoSession, JournalError, OSError."""
    from checks.sessions.handover import LONGEST, NoSession, unpacked
    from checks.sessions.journal import adopt
    from kb.messages import message

    # A pipe or a device would be waited for, and never end.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb") as source:
        if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
            raise NoSession(message("sessionfiles.no-file"))
        raw = source.read(LONGEST + 1)
    session, entries = unpacked(raw)
    return adopt(folder, session, entries)


# --- from a session to an article -------------------------------------------------------------------------------------


def roots_to_write(services: Services) -> tuple[Path, ...]:
    """The roots that a new article may go to: all but the shipped one."""
    from kb.paths import ASSETS

    return tuple(root for root in services.shelf().library.roots if root.resolve() != ASSETS)


def wrong_id(services: Services, name: str, lang: str) -> str:
    """What is wrong with an article's new id; empty: nothing."""
    from kb.scaffold import Refused, checked_id

    library = services.shelf().library
    try:
        checked_id(name, {one: one for one in library.ids()})
    except Refused as refused:
        return refused.text.get(lang)
    return ""


def drafted(services: Services, journal: str, name: str, root: Path, langs: Sequence[str]) -> Drafted:
    """Writes the article that a session begins; raises Refused, FileExistsError and OSError."""
    from checks.sessions.draft import draft
    from kb.messages import message
    from kb.paths import ASSETS
    from kb.roots import scan
    from kb.scaffold import Refused, checked_id, write

    if root.resolve().is_relative_to(ASSETS):
        raise Refused(message("sessionfiles.shipped"))
    library = services.shelf().library
    roots = [*library.roots, *([root] if root.is_dir() and root not in library.roots else [])]
    known = {one: sources[0].path for one, sources in scan(roots).sources.items()}
    name = checked_id(name, known)
    session = session_of(journal)
    files = draft(session, library.get(session.article), langs)
    return Drafted(name, root, tuple(write(root, name, files)))


def linted(services: Services, found: Drafted, stop: Event, told: Callable[[int, int], None]) -> Drafted:
    """The same with what lint says about it, among all the articles of its root; stopping ends it soon."""
    from dataclasses import replace

    from checks.catalogue import lint_guide
    from checks.layout import load_layout
    from kb.lint import lint

    roots, catalogue, layout = services.shelf().library.roots, services.catalogue(), load_layout()
    problems: list[Problem] = []
    for problem in lint(
        [*(root for root in roots if root != found.root), found.root],
        of_guide=lambda guide: lint_guide(guide, catalogue, layout=layout),
        progress=told,
        only=[found.root],
    ):
        if stop.is_set():
            break
        if problem.article == found.article:
            problems.append(problem)
    return replace(found, problems=tuple(problems))


# --- what became of an article ----------------------------------------------------------------------------------------


def record_of(article: str, folder: Path) -> TrackRecord:
    """What became of an article's fixes, from the journals of this machine; those that cannot be read are left out."""
    from checks.sessions.journal import JournalError, read
    from checks.sessions.session import fold
    from checks.sessions.trackrecord import track_record

    found: list[Session] = []
    # The names of journals hold the article's: the others need not be read.
    for path in sorted(folder.glob(f"*-{_plain(article)}-*.jsonl")):
        with suppress(JournalError):
            found.append(fold(read(path)))
    return track_record(article, found)


def _plain(article: str) -> str:
    from checks.sessions.journal import new_session_id

    return new_session_id(article, 0.0)[len("19700101-000000-") : -len("-0000")]
