"""The mutes of a cluster as commands honour and say them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from checks.cluster import ClusterInfo
from checks.model import Result, Verdict
from kb.messages import message
from kb.safe import one_line
from kb.said import about_file
from kb.text import Text
from tui.cli.decorators import Command
from tui.cli.failures import complain
from tui.cli.printing import one_row, say
from tui.cli.texts import help_language

if TYPE_CHECKING:
    from checks.findings.mutes import Mute, Muting


def words(key: str, /, **params: object) -> str:
    """The message ``muting.key`` in the language of the help."""
    return message(f"muting.{key}", **params).get(help_language())


def mutes_option(function: Command) -> Command:
    """``--no-mutes``."""
    return click.option("--no-mutes", is_flag=True, help=words("opt-no-mutes"))(function)


def muting_of(
    info: ClusterInfo, results: Iterable[Result], *, ignored: bool = False, trial: bool = False
) -> Muting:
    """What is muted on this cluster; those mutes that this run ends are written down.

    A recorded cluster tells of the past, and a `trial` (other thresholds, pasted answers) of something else: they are
    judged with the mutes and end none. A file that cannot be read mutes nothing, and stderr says so.
    """
    from checks.findings.mutefile import MuteFile
    from checks.findings.mutes import MuteError, Muting, judged

    if ignored:
        return Muting()
    try:
        file = MuteFile(info)
        muting = judged(file.load(), results, time.time())
        if not info.recorded and not trial:
            file.settle(muting)
        return muting
    except MuteError as error:
        complain(one_line(error.text.get(help_language())))
    except OSError as error:
        complain(one_line(about_file(error).get(help_language())))
    return Muting()


def quiet_results(info: ClusterInfo, *, ignored: bool = False) -> Callable[[Result], bool]:
    """Whether a result is muted, for telling results as they come; the end of the run says what is wrong with mutes."""
    from checks.findings.mutefile import MuteFile
    from checks.findings.mutes import MuteError, judged

    mutes: tuple[Mute, ...] = ()
    with suppress(MuteError, OSError):
        mutes = () if ignored else MuteFile(info).load()
    return lambda result: bool(mutes) and judged(mutes, (result,), time.time()).of(result) is not None


def counted(muting: Muting, results: Iterable[Result]) -> list[Verdict]:
    """The verdicts that make the exit code."""
    return [muting.counts(result) for result in results]


def told(mute: Mute) -> Text:
    """A mute in a sentence: ``muted by chen until 2026-11-28 18:00: reason``."""
    return message("muting.told", by=mute.by, until=when(mute.until), reason=mute.reason)


def when(at: float) -> str:
    """A time as people of this machine read it."""
    try:
        return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M")
    except (OverflowError, ValueError, OSError):
        return str(at)


def say_muting(muting: Muting, results: Mapping[str, Result]) -> None:
    """Which results did not count because they are muted, and which mutes this run has lifted."""
    quiet = {r.check: mute for r in results.values() if (mute := muting.of(r))}
    partly = {r.check for r in results.values() if not muting.of(r) and muting.parts(r)}
    if quiet or partly:
        say(words("not-counted", count=len(quiet) + len(partly), names=", ".join(sorted({*quiet, *partly}))))
    say_lifted(muting)


def say_lifted(muting: Muting) -> None:
    """The mutes that this run has ended, and why."""
    for standing in muting.lifted:
        why = one_row(standing.why.get(help_language()))
        say(words("lifted", name=one_row(standing.mute.name), why=why))


def lifted_json(muting: Muting, lang: str) -> list[dict[str, str]]:
    """The mutes that this run has ended, and why."""
    return [
        {"id": s.mute.id, "name": s.mute.name, "state": s.state, "why": s.why.get(lang)}
        for s in muting.lifted
    ]


def muting_json(muting: Muting, lang: str) -> list[dict[str, Any]]:
    """The mutes that hold or that this run has ended, with their state."""
    from checks.findings.mutefile import mute_json

    return [
        {**mute_json(s.mute, lang), "state": s.state, "why": s.why.get(lang)}
        for s in muting.standing
        if not s.mute.end
    ]


def result_muted(muting: Muting, result: Result) -> dict[str, Any]:
    """What JSON adds to a result: the mute of all of it, its muted parts, and what it counts as."""
    mute = muting.of(result)
    return {
        "muted": mute.id if mute else None,
        "muted_targets": sorted(muting.parts(result)),
        "counts_as": str(muting.counts(result)),
    }
