"""What the cluster shows, as lines: root reasons, findings and what follows, loose checks, mutes, changes."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets.option_list import Option

from checks.model import Result, Verdict
from kb.safe import one_line
from kb.text import Text
from tui.screens import home_rows as rows
from tui.screens.home_rows import Look
from tui.widgets.rows import Row
from tui.widgets.say import dim, foreign, verdict

if TYPE_CHECKING:
    from checks.findings.finding import Finding
    from checks.findings.mutes import Mute
    from checks.findings.triage import Loose, Triage
    from checks.roots import Fold
    from kb.model import Article
    from tui.triaging import Dated, Triaging

REST = 12
"""Articles that do not show here and are listed all the same."""
RECENT = 3
"""Changes that home shows."""
NAMES = 4
"""Muted or unknown things that are named in one line."""
STYLES = {
    "new": "bold $text-error",
    "worse": "bold $text-error",
    "unknown": "bold $text-secondary",
    "better": "$text-success",
    "gone": "$text-success",
}


def heading(triaging: Triaging, look: Look) -> Option:
    """``This cluster shows ── 46 checks · 4.1 s · watching``."""
    words = {"done": triaging.done, "total": triaging.total, "seconds": round(triaging.took, 1)}
    said = look.say(f"home.triage_{triaging.state}", **words)
    if triaging.state == "running" and triaging.left is not None:
        said += f" · {look.say('home.left', n=max(1, round(triaging.left)))}"
    if triaging.every:
        said += f" · {look.say('watch.every', n=round(triaging.every))}"
    return rows.heading(look.say("home.shows"), said.replace("·", look.signs.dot), look.signs, "shows")


def options(
    triaging: Triaging, articles: Mapping[str, Article], opened: Collection[str], look: Look
) -> list[Option]:
    """All lines; `opened` are the findings whose consequences are shown."""
    lines = [heading(triaging, look)]
    if triaging.state == "failed":
        lines.append(rows.note(triaging.error, "failed", "$text-error"))
    if triaging.mutes_error:
        lines.append(rows.note(one_line(triaging.mutes_error.get(look.lang), 300), "mutes", "$text-error"))
    lines += changed(triaging.changes[:RECENT], len(triaging.changes), look)
    found = triaging.found()
    if found is None:
        return lines
    everything, several = unseen(triaging.results.values(), look)
    lines += everything
    lines += matching(found, articles, opened, look)
    lines += loose(found.loose, look)
    lines += several
    lines += muted(found, articles, look)
    return lines + rest(found, articles, look)


# --- what is not known ------------------------------------------------------------------------------------------------


def unseen(results: Iterable[Result], look: Look) -> tuple[list[Option], list[Option]]:
    """One line for each reason that keeps several checks from being answered: those that keep everything, the others.

    Among the others is a line for what is unknown for a reason of its own.
    """
    from checks.roots import API, LOGIN, folded

    once = {result.check: result for result in results if result.verdict is not Verdict.OK}
    first: list[Option] = []
    then: list[Option] = []
    known = set()
    for fold in folded(once.values()):
        known |= {result.check for result in fold.results}
        (first if fold.root in (API, LOGIN) else then).append(_reason(fold, look))
    others = [r for r in once.values() if r.verdict is Verdict.UNKNOWN and r.check not in known]
    if others:
        said = look.say("home.unknown_checks" if len(others) > 1 else "home.unknown_check", n=len(others))
        names = dim(_names((result.title for result in others), look))
        left = Content.assemble(_unknown(look), "  ", (said, "bold"), "  ", names)
        then.append(Option(Row(left), id="do:unknown"))
    return first, then


def _reason(fold: Fold, look: Look) -> Option:
    """``? unknown  34 checks: no permission to get pods/exec -n kube-system``."""
    from checks.roots import words

    count = look.say("checks.count", n=len(fold.results))
    why = foreign(words(fold.root).get(look.lang))
    return Option(
        Row(Content.assemble(_unknown(look), "  ", (f"{count}: ", "bold"), why)), id=f"root:{fold.root}"
    )


def _unknown(look: Look) -> Content:
    return verdict(Verdict.UNKNOWN, look.lang, look.signs)


def _names(titles: Iterable[Text], look: Look) -> str:
    known = [one_line(title.get(look.lang), 60) for title in titles]
    more = look.say("home.and_more", n=len(known) - NAMES) if len(known) > NAMES else ""
    return (look.say("home.comma").join(known[:NAMES]) + more).strip()


# --- findings ---------------------------------------------------------------------------------------------------------


def matching(
    found: Triage, articles: Mapping[str, Article], opened: Collection[str], look: Look
) -> Iterator[Option]:
    """What shows and is not muted: upstream first, what it brings about folded below it."""
    shown = [f for f in found.matching if f.mute is None and f.article in articles]
    there = {f.article for f in shown}
    place = 0
    while place < len(shown):
        head = shown[place]
        below = []
        while place + 1 < len(shown) and shown[place + 1].under in there and shown[place + 1].depth:
            place += 1
            below.append(shown[place])
        place += 1
        yield rows.finding_option(head, articles[head.article], look)
        if below:
            yield _fold(head, below, articles, look, head.article in opened)
        if head.article in opened:
            yield from (_follows(one, articles, look) for one in below)


def _fold(
    head: Finding, below: Sequence[Finding], articles: Mapping[str, Article], look: Look, is_open: bool
) -> Option:
    """``▸ brings about 2 more: …``; Enter shows or folds them."""
    titles = look.say("home.comma").join(one_line(articles[f.article].title(look.lang), 60) for f in below)
    key = "home.brings_one" if len(below) == 1 else "home.brings"
    sign = look.signs.branch if is_open else look.signs.here
    said = Content.assemble((f"   {sign} ", "$accent"), (look.say(key, n=len(below)), "$accent"))
    return Option(
        Row(said if is_open else Content.assemble(said, dim(f"  {titles}"))), id=f"fold:{head.article}"
    )


def _follows(finding: Finding, articles: Mapping[str, Article], look: Look) -> Option:
    """One that another brings about: indented, with the cause that does it."""
    indent = "   " * (finding.depth + 1)
    title = foreign(articles[finding.article].title(look.lang), "bold")
    left = Content.assemble(indent, verdict(finding.verdict, look.lang, look.signs), "  ", title)
    key = "home.through" if finding.through_state == "supported" else "home.maybe_through"
    why = look.say(key, cause=one_line(finding.through.get(look.lang), 200))
    below = [dim(f"{indent}{why}")]
    if finding.speaker is not None:
        below.insert(0, Content.assemble(indent, foreign(finding.speaker.summary.get(look.lang))))
    return Option(Row(left, below=tuple(below)), id=f"find:{finding.article}")


def loose(found: Sequence[Loose], look: Look) -> Iterator[Option]:
    """Bad checks besides: those that an article above knows, then those that none explains."""
    shown = [row for row in found if row.mute is None]
    for key, some in (("beside", [r for r in shown if r.of]), ("loose", [r for r in shown if not r.of])):
        if some:
            yield rows.heading(look.say(f"home.{key}"), "", look.signs, key)
            yield from _loose_rows(some, look)


def _loose_rows(found: Sequence[Loose], look: Look) -> Iterator[Option]:
    for row in found:
        result = row.result
        left = Content.assemble(
            verdict(result.verdict, look.lang, look.signs), "  ", foreign(result.title.get(look.lang), "bold")
        )
        whose = rows.pasted_mark(result, look.lang)
        below = Content.assemble(dim(look.signs.branch + " "), whose, foreign(result.summary.get(look.lang)))
        yield Option(Row(left, dim(result.check), (below,)), id=f"check:{result.check}")


def muted(found: Triage, articles: Mapping[str, Article], look: Look) -> Iterator[Option]:
    """How many are muted, and which; dim, and never left out."""
    names = [articles[f.article].title(look.lang) for f in found.matching if f.mute and f.article in articles]
    names += [row.result.title.get(look.lang) for row in found.loose if row.mute]
    if names:
        said = look.say("home.muted", n=len(names))
        listed = _names((Text.of(name) for name in names), look)
        yield Option(Row(dim(said), below=(dim(listed),)), id="do:mutes")


def rest(found: Triage, articles: Mapping[str, Article], look: Look) -> list[Option]:
    """Articles that do not show, or could not be told yet."""
    others = [f for f in found.findings if not f.matches and f.article in articles]
    lines = [rows.finding_option(f, articles[f.article], look) for f in others[:REST]]
    if len(others) > REST:
        lines.append(rows.note(look.say("home.more_articles", n=len(others) - REST), "rest"))
    return lines


# --- changes ----------------------------------------------------------------------------------------------------------


def changed(dated: Sequence[Dated], total: int, look: Look) -> list[Option]:
    """The newest changes; where there are more, how to see them."""
    lines = [change_option(one, look, f"change:{number}") for number, one in enumerate(dated)]
    if total > len(dated):
        lines.append(Option(dim(look.say("watch.all", n=total)), id="do:changes"))
    return lines


def change_option(dated: Dated, look: Look, key: str) -> Option:
    """``18:52:10 worse  ✗ fail  Raft of the OVN databases   +node-3``."""
    change, shown = dated.change, dated.change.shown
    when = time.strftime("%H:%M:%S", time.localtime(dated.at))
    what = Content.styled(look.say(f"watch.{change.what}"), STYLES.get(change.what, "$quiet"))
    title = foreign(shown.title.get(look.lang))
    state = verdict(shown.verdict, look.lang, look.signs)
    left = Content.assemble(dim(when), " ", what, "  ", state, "  ", title)
    parts = [f"+{name}" for name in change.came] + [f"-{name}" for name in change.went]
    right = "" if shown.verdict is Verdict.UNKNOWN else " ".join(parts[:NAMES])
    return Option(Row(left, foreign(right, "$quiet"), share=0.3), id=key)


def mute_option(mute: Mute, look: Look, now: float, *, covers: bool) -> Option:
    """One mute: what, until when, by whom and why; an ended one with what ended it."""
    until = time.strftime("%m-%d %H:%M", time.localtime(mute.until))
    over = bool(mute.end) or now >= mute.until
    style = "$quiet" if over else "bold"
    state = look.say("mutes.ended") if over else look.say("mutes.holds") if covers else look.say("mutes.idle")
    targets = f" [{', '.join(mute.targets)}]" if mute.targets else ""
    left = Content.assemble(
        (f"{state}  ", "$quiet" if over else "$accent"), foreign(mute.name + targets, style)
    )
    words = {"by": one_line(mute.by, 60), "reason": one_line(mute.reason, 300)}
    below = [dim(look.say("mutes.told", **words))]
    if mute.end:
        below.append(dim(one_line(mute.why.get(look.lang), 300)))
    elif mute.limits:
        limits = ", ".join(f"{key} {limit:,.6g}" for key, limit in mute.limits[:NAMES])
        below.append(dim(look.say("mutes.limits", limits=one_line(limits, 300))))
    return Option(
        Row(left, dim(look.say("mutes.until", until=until)), tuple(below), indent=2),
        id=f"mute:{mute.id}:{mute.at}",
    )
