"""``--watch``: a command again and again, saying what changed; Ctrl-C ends it with the code of the last state."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from checks.model import Verdict
from kb.messages import message
from tui.cli import printing
from tui.cli.decorators import Command, Duration
from tui.cli.failures import NO_CLUSTER, USAGE, Stop, complain
from tui.cli.interrupt import interruptible
from tui.cli.options import Where
from tui.cli.printing import one_row, say
from tui.cli.texts import help_language

if TYPE_CHECKING:
    from checks.cluster import Cluster
    from checks.findings.changes import Change, Shown
    from checks.findings.watch import Round
    from tui.cli.reporting import Reporting

INTERRUPTED = 130
_SHOWN = 5
"""Parts named on one line."""
MARKS = {
    "new": "red",
    "worse": "red",
    "unknown": "magenta",
    "better": "green",
    "gone": "green",
    "known": None,
    "left": None,
}


@dataclass(frozen=True, slots=True)
class Looked:
    """What one round came to."""

    state: Mapping[str, Shown]
    """What the next round is compared with."""
    code: int
    """The exit code if this is the last one."""
    document: Mapping[str, Any]
    """What the JSON line of the round says besides the changes."""
    muted: frozenset[str] = frozenset()
    """Keys of the state that are muted: what changes there is not said again."""


def words(key: str, /, **params: object) -> str:
    """The message ``watch.key`` in the language of the help."""
    return message(f"watch.{key}", **params).get(help_language())


def watch_option(function: Command) -> Command:
    """``--watch [INTERVAL]``; the command gets seconds, or None."""
    return click.option(
        "--watch",
        is_flag=False,
        flag_value="60s",
        default=None,
        type=Duration(),
        metavar="[INTERVAL]",
        help=words("opt"),
    )(function)


def may_watch(where: Where, output: str, to: Any) -> None:
    """Stop where watching makes no sense: a bundle never changes, a report belongs to a file."""
    if where.bundle:
        raise Stop(words("bundle"), USAGE)
    if output in ("junit", "prometheus") and to is None:
        raise Stop(words("needs-file", output=output), USAGE)
    if output == "json" and to is not None:
        raise Stop(words("lines"), USAGE)


def watching(
    every: float, look: Callable[[bool], Looked], *, reporting: Reporting, cluster: Cluster, where: Where
) -> int:
    """Looks on a schedule until Ctrl-C; `look` gets whether it is the first time, and prints what it finds then.

    The exit code is that of the last finished round. With JSON each round is one line. A report in a file is that of
    the last round, also of one that the cluster did not answer.
    """
    from checks.findings.changes import compare, remembering
    from checks.findings.watch import rounds

    code, slowed = INTERRUPTED, False
    states: list[Mapping[str, Shown]] = []
    output, lang = reporting.output, reporting.lang

    def one() -> Looked:
        reporting.begin(cluster.info)
        with reporting.watching(where):
            return look(not states)

    try:
        with interruptible() as stop:
            for found in rounds(one, every, stop):
                looked = found.value
                changes: tuple[Change, ...] = ()
                if looked is not None:
                    states.append(remembering(states[-1] if states else {}, looked.state))
                    changes = compare(*states) if len(states) == 2 else ()
                    del states[:-1]
                    code = looked.code
                else:
                    code = NO_CLUSTER
                if output == "json":
                    _line(found, looked, changes, lang, code)
                elif output == "text":
                    _say_round(found, looked, changes, lang, slowed=slowed)
                slowed = found.slowed
    except KeyboardInterrupt:
        printing.progress_done()
    return code


# --- for programs ---------------------------------------------------------------------------------------------------


def _line(
    found: Round[Looked], looked: Looked | None, changes: tuple[Change, ...], lang: str, code: int
) -> None:
    document = {
        "round": found.number,
        "at": datetime.fromtimestamp(found.at, UTC).isoformat(timespec="seconds"),
        "took_ms": round(found.took * 1000),
        "next_in": round(found.every, 1),
        "error": {"reason": found.error.reason, "message": found.error.message} if found.error else None,
        "changes": [change_json(change, lang) for change in changes],
        **(looked.document if looked else {}),
        "exit_code": code,
    }
    click.echo(json.dumps(document, ensure_ascii=False, default=str))


def change_json(change: Change, lang: str) -> dict[str, Any]:
    """One change."""
    return {
        "what": change.what,
        "key": change.key,
        "name": change.shown.name,
        "title": change.shown.title.get(lang),
        "before": _side(change.before, lang),
        "after": _side(change.after, lang),
        "targets_new": list(change.came),
        "targets_gone": list(change.went),
    }


def _side(shown: Shown | None, lang: str) -> dict[str, Any] | None:
    if shown is None:
        return None
    return {
        "verdict": str(shown.verdict),
        "value": shown.value,
        "summary": shown.summary.get(lang),
        "reason": shown.reason,
        "at": shown.at,
    }


# --- for people -----------------------------------------------------------------------------------------------------


def _say_round(
    found: Round[Looked], looked: Looked | None, changes: tuple[Change, ...], lang: str, *, slowed: bool
) -> None:
    """What changed in a round; `slowed` is whether the one before was late already, which is said once."""
    at = datetime.fromtimestamp(found.at).strftime("%H:%M:%S")
    if found.error:
        complain(words("failed", at=at, why=one_row(found.error.text.get(lang)), seconds=round(found.every)))
        return
    muted = looked.muted if looked else frozenset()
    news = list({(c.what, c.shown.name): c for c in reversed(changes) if c.key not in muted}.values())[::-1]
    together = _together(news)
    for change in news:
        if not any(change in group for group in together.values()):
            _say_change(at, change, lang)
    for (what, root), group in together.items():
        _say_group(at, what, root, group, lang)
    if found.number == 1:
        say(words("watching", seconds=round(found.wanted)))
    elif not news:
        printing.progress(words("quiet", at=at))
    if found.slowed and not slowed:
        printing.progress_done()
        complain(words("slowed", took=round(found.took), seconds=round(found.every)))


def _together(news: Sequence[Change]) -> dict[tuple[str, str], list[Change]]:
    """What became unknown from one root, or is seen again, where it is more than one check: one event, not twenty."""
    groups: dict[tuple[str, str], list[Change]] = {}
    for change in news:
        root = change.shown.root if change.what == "unknown" else ""
        if change.what == "known" or root:
            groups.setdefault((change.what, root), []).append(change)
    return {key: group for key, group in groups.items() if len(group) > 1}


def _say_group(at: str, what: str, root: str, group: Sequence[Change], lang: str) -> None:
    from checks.roots import words as root_words

    why = f": {one_row(root_words(root).get(lang))}" if root else ""
    say(f"{at}  {_mark(what)} {words('together', count=len(group))}{why}")
    say(click.style(f"{'':19}{one_row(', '.join(change.shown.name for change in group))}", dim=True))


def _say_change(at: str, change: Change, lang: str) -> None:
    shown = change.shown
    said = shown.title if shown.key.startswith("article:") else shown.summary
    say(f"{at}  {_mark(change.what)} {printing.verdict(shown.verdict)} {one_row(shown.name)}{_parts(change)}")
    say(f"{'':19}{one_row(said.get(lang))}")


def _mark(what: str) -> str:
    text = words(what)
    colour = MARKS[what]
    padded = text + " " * max(0, 8 - printing.width(text))
    return click.style(padded, fg=colour) if colour else padded


def _parts(change: Change) -> str:
    if change.shown.verdict is Verdict.UNKNOWN:
        return ""
    found = [
        f"{sign}{one_row(name)}" for sign, names in (("+", change.came), ("-", change.went)) for name in names
    ]
    more = f" … {len(found) - _SHOWN}" if len(found) > _SHOWN else ""
    return f"  ({' '.join(found[:_SHOWN])}{more})" if found else ""
