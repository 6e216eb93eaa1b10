"""`klinik sessions`: the journal read back: list, show, export."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from tui.cli import printing
from tui.cli.clickwords import Group
from tui.cli.decorators import common_options, output_option
from tui.cli.failures import OK, USAGE, Stop, complain
from tui.cli.loading import language, plain_library
from tui.cli.options import Root
from tui.cli.printing import foreign, say
from tui.cli.texts import t

if TYPE_CHECKING:
    from checks.sessions.session import Session, SessionSummary


def journal_dir() -> Path:
    """Where the journals are."""
    from kb.paths import state_dir

    return state_dir() / "sessions"


@click.group(cls=Group, help=t("sessions.help"), invoke_without_command=True)
@click.pass_context
def sessions(ctx: click.Context) -> None:
    """Without a subcommand: the list."""
    if ctx.invoked_subcommand is None:
        ctx.exit(ctx.invoke(list_sessions))


@sessions.command("list", help=t("sessions.list"))
@output_option
@common_options
def list_sessions(output: str, root: Root) -> int:
    """All sessions, the newest first."""
    from checks.sessions.journal import list_sessions as read_all

    found = read_all(journal_dir())
    lang = language(root)
    if output == "json":
        printing.as_json([_summary_json(s, lang) for s in found])
        return OK
    if not found:
        say(t("sessions.none"))
    for summary in found:
        state = _state(summary)
        opened = datetime.fromtimestamp(summary.opened).strftime("%Y-%m-%d %H:%M")
        say(f"{click.style(foreign(summary.id), bold=True)}  {opened}  {state}")
        if not summary.problem and not summary.article:
            say("  " + t("sessions.no-journal", path=foreign(summary.path)))
            continue
        if summary.problem:
            say(f"  {foreign(summary.problem.get(lang))}")
            continue
        where = f"PRACTICE {summary.practice}" if summary.practice else summary.context
        steps = t("sessions.steps", done=summary.done, total=summary.total)
        parts = (where, summary.title.get(lang), summary.cause, steps, summary.operator)
        say("  " + foreign(" · ".join(part for part in parts if part)))
        pid = _used_by(summary)
        if pid:
            say("  " + t("sessions.in-use", pid=pid))
    return OK


def _state(summary: SessionSummary) -> str:
    if summary.problem:
        return t("sessions.state-unreadable")
    if summary.in_doubt:
        return t("sessions.state-in-doubt", count=summary.in_doubt)
    return t(f"sessions.outcome-{summary.outcome}") if summary.outcome else t("sessions.state-open")


def _summary_json(summary: SessionSummary, lang: str) -> dict[str, Any]:
    return {
        "id": summary.id,
        "article": summary.article,
        "title": summary.title.get(lang),
        "context": summary.context,
        "practice": summary.practice or None,
        "operator": summary.operator,
        "cause": summary.cause or None,
        "opened": summary.opened,
        "updated": summary.updated,
        "steps": {"done": summary.done, "in_doubt": summary.in_doubt, "total": summary.total},
        "outcome": summary.outcome or None,
        "used_by": _used_by(summary) or None,
        "path": summary.path,
        "problem": summary.problem.get(lang) if summary.problem else None,
    }


def _used_by(summary: SessionSummary) -> int:
    """The process that works on the session now; 0 where none is known."""
    from checks.sessions.journal import holder_of

    return 0 if summary.finished else holder_of(Path(summary.path))


def load(session_id: str) -> Session:
    """The session of this id, as far as its journal can be read; Stop where there is none."""
    from checks.sessions.journal import JournalError, read
    from checks.sessions.session import fold, interrupted

    # The id becomes a file name: nothing that leads out of the folder.
    path = journal_dir() / f"{Path(session_id).name}.jsonl"
    if Path(session_id).name != session_id or not path.is_file():
        raise Stop(t("sessions.no-such", id=session_id), USAGE)
    try:
        session = interrupted(fold(read(path)))
    except JournalError as error:
        raise Stop(t("sessions.torn", path=path, reason=error.text), USAGE) from error
    if not session.id:
        raise Stop(t("sessions.no-journal", path=path), USAGE)
    if session.newer:
        complain(t("sessions.newer", path=path))
    return session


@sessions.command("show", help=t("sessions.show"))
@click.argument("session_id", metavar="ID")
@output_option
@common_options
def show(session_id: str, output: str, root: Root) -> int:
    """One session for people (its Markdown), or as JSON."""
    return _print(session_id, "json" if output == "json" else "md", root)


@sessions.command("export", help=t("sessions.export"))
@click.argument("session_id", metavar="ID")
@click.option(
    "--format",
    "form",
    type=click.Choice(["md", "html", "json", "journal"]),
    default="md",
    show_default=True,
    help=t("sessions.format"),
)
@common_options
def export(session_id: str, form: str, root: Root) -> int:
    """One session as Markdown, HTML, JSON or a journal to go on with on stdout."""
    if form == "journal":
        return _hand_over(session_id, language(root))
    return _print(session_id, form, root)


@sessions.command("summary", help=t("sessions.summary"))
@click.argument("session_id", metavar="ID")
@common_options
def summary(session_id: str, root: Root) -> int:
    """One session in a few sentences, for a chat."""
    from checks.sessions.export import session_summary

    say(foreign(session_summary(load(session_id), language(root))))
    return OK


def _hand_over(session_id: str, lang: str) -> int:
    import time

    from checks.operators import user
    from checks.sessions.handover import NoSession, packed, stays_behind
    from checks.sessions.journal import mark, parse, read

    load(session_id)  # says what is wrong with the id or the file
    path = journal_dir() / f"{session_id}.jsonl"
    try:
        text = packed(read(path), by=user(), at=time.time())
    except NoSession as error:
        raise Stop(error.text.get(lang), USAGE) from error
    click.echo(text, nl=False)
    for one in stays_behind(parse(text.encode())):
        complain(foreign(one.get(lang)))
    if not mark(path, "handed-over", operator=user()):
        complain(t("sessions.not-marked", path=path))
    return OK


@sessions.command("import", help=t("sessions.import"))
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path, allow_dash=True))
@common_options
def import_session(file: Path, root: Root) -> int:
    """A session that somebody else began, to go on with here."""
    from checks.sessions.handover import LONGEST, NoSession, stays_behind, unpacked
    from checks.sessions.journal import JournalError, adopt

    with click.open_file(str(file), "rb") as source:
        raw = source.read(LONGEST + 1)
    try:
        session, entries = unpacked(raw)
        path = adopt(journal_dir(), session, entries)
    except (NoSession, JournalError) as error:
        raise Stop(error.text.get(language(root)), USAGE) from error
    say(t("sessions.imported", id=foreign(session), path=foreign(str(path))))
    for one in stays_behind(entries):
        say(foreign(one.get(language(root))))
    return OK


@sessions.command("draft", help=t("sessions.draft"))
@click.argument("session_id", metavar="ID")
@click.argument("article_id", metavar="NEW-ID")
@click.option(
    "--to",
    "to",
    metavar="ROOT",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help=t("kb.new-to"),
)
@common_options
def draft(session_id: str, article_id: str, to: Path, root: Root) -> int:
    """A new article begun from a session."""
    from checks.sessions.draft import draft as begin
    from tui.cli.kbnew import begin_article

    session = load(session_id)
    article = plain_library(root).get(session.article)
    begin_article(root, (), to, article_id, lambda _: begin(session, article))
    say(foreign(t("kb.new-next", root=to)))
    return OK


def _print(session_id: str, form: str, root: Root) -> int:
    from checks.sessions.export import session_json, session_markdown

    session = load(session_id)
    lang = language(root)
    if form == "json":
        printing.as_json(session_json(session, lang))
    elif form == "html":
        from checks.sessions.exporthtml import session_html

        say(foreign(session_html(session, lang)))
    else:
        say(foreign(session_markdown(session, lang)))
    return OK
