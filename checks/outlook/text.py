"""An outlook in words, as lines with a tone, for the app and the command line alike. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from checks.outlook.values import Condition, Outlook, Proof, Reach, Running, Standing, StepOutlook
from checks.permission import Permission
from checks.sessions.session import SETTLED
from kb.messages import message
from kb.safe import one_line, printable
from kb.text import Text

Tone = Literal["plain", "good", "bad", "warn", "quiet", "unknown"]
SHOWN = 12
"""Permissions that are named one by one."""
NOBODY = Text("–", "–")


@dataclass(frozen=True, slots=True)
class Line:
    """One line; `name` stands before it, apart from it."""

    text: Text
    tone: Tone = "plain"
    name: Text = Text()  # noqa: RUF009 - a frozen value


@dataclass(frozen=True, slots=True)
class Part:
    """Lines below a heading."""

    title: Text
    lines: tuple[Line, ...]


def headline(seen: Outlook) -> Line:
    """The plan in one line: how many steps, what stands in the way."""
    against = obstacles(seen)
    steps = len(seen.steps)
    hands = sum(one.by_hand for one in seen.steps)
    said = message("outlook.head", steps=steps, hands=hands, lost=len(seen.irreversible))
    if against:
        more = message("outlook.head-against", count=len(against))
        tone: Tone = "bad" if any(line.tone == "bad" for line in against) else "warn"
        return Line(Text(f"{said.en} · {more.en}", f"{said.zh} · {more.zh}"), tone)
    return Line(said, "good")


def obstacles(seen: Outlook) -> tuple[Line, ...]:
    """What stands in the way now, or makes the plan doubtful; empty where nothing does."""
    return tuple(_obstacles(seen))


def _obstacles(seen: Outlook) -> Iterator[Line]:
    if seen.missing:
        yield Line(message("outlook.missing", count=len(seen.missing), names=_named(seen.missing)), "bad")
    if seen.unasked:
        yield Line(message("outlook.unasked", count=len(seen.unasked), names=_named(seen.unasked)), "unknown")
    for version in seen.versions:
        said = _version_doubt(version)
        if said is not None:
            yield said
    for standing in seen.standing:
        yield from (Line(why, "bad") for why in standing.against)
    first = _first(seen)
    if first is not None and first.blocked is not None:
        yield Line(message("outlook.first-blocked", step=first.text, why=first.blocked), "bad")
    for one in seen.steps:
        if one.proof is not None and one.proof.idle and not one.already_done and one.state not in SETTLED:
            yield Line(message("outlook.proves-nothing", step=one.text), "warn")


def _first(seen: Outlook) -> StepOutlook | None:
    """The step that would be begun with."""
    return next((one for one in seen.steps if one.state not in SETTLED and not one.already_done), None)


def overview(seen: Outlook) -> tuple[Part, ...]:
    """What is true of the whole plan."""
    against = obstacles(seen) or (Line(message("outlook.nothing-against"), "good"),)
    lost = tuple(Line(one.undo, "warn", one.text) for one in seen.irreversible)
    back = lost or (Line(message("outlook.all-back"), "good"),)
    ends = ("refused", "changed", "doubt", "turn", "journal", "hand")
    parts = (
        Part(message("outlook.against"), against),
        Part(message("outlook.steps"), tuple(_in_short(n, one, seen) for n, one in enumerate(seen.steps, 1))),
        Part(message("outlook.cluster"), tuple(_cluster(seen))),
        Part(message("outlook.lost"), back),
        Part(message("outlook.ends"), tuple(Line(message(f"outlook.ends-{key}")) for key in ends)),
    )
    return tuple(part for part in parts if part.lines)


def step_parts(one: StepOutlook, seen: Outlook) -> tuple[Part, ...]:
    """Everything of one step."""
    titles = {other.step.id: other.text for other in seen.steps}
    parts = (
        Part(message("outlook.reach"), tuple(_reach(one))),
        Part(message("outlook.conditions"), tuple(_condition(each, titles) for each in one.conditions)),
        Part(message("outlook.proof"), tuple(_proof(one.proof))),
        Part(message("outlook.permissions"), tuple(_permissions(one))),
        Part(message("outlook.confirmation"), _confirmation(one)),
        Part(message("outlook.reverts"), _reverts(one)),
        Part(message("outlook.undo"), (Line(one.undo, "plain" if one.reversible else "warn"),)),
        Part(message("outlook.stops"), tuple(Line(why) for why in one.stops)),
    )
    return tuple(part for part in parts if part.lines)


def short(one: StepOutlook) -> Text:
    """A step in a few words: risk, traffic, whether it can be taken back."""
    if one.by_hand:
        return message("outlook.by-hand")
    words = [message(f"outlook.risk-{one.risk}"), message(f"outlook.traffic-{one.traffic or 'unsaid'}")]
    words.append(message("outlook.back" if one.reversible else "outlook.no-back"))
    return Text(" · ".join(w.en for w in words), " · ".join(w.zh for w in words))


def standing_now(one: StepOutlook, seen: Outlook) -> Line:
    """Whether the step can begin now, in a word or two; that a later one cannot yet is no warning."""
    if one.state not in ("todo", "failed", "undone"):
        return Line(message(f"outlook.state-{one.state.replace('_', '-')}"), "quiet")
    if one.already_done:
        return Line(message("outlook.state-already-done"), "good")
    if one.missing:
        return Line(message("outlook.state-missing"), "bad")
    if one.blocked is not None:
        return Line(message("outlook.state-blocked"), "warn" if one is _first(seen) else "quiet")
    return Line(message("outlook.state-ready"), "good")


def to_copy(seen: Outlook, steps: Iterable[StepOutlook], lang: str) -> str:
    """The steps as lines for a shell, each bound to this cluster's context; what cannot be said so is a comment."""
    lines: list[str] = []
    for one in steps:
        lines.append(f"# {one_line(one.text.get(lang), 300)}")
        if one.by_hand or not one.commands:
            why = one.unclear or message("outlook.no-line")
            lines.append(f"# {one_line(why.get(lang), 300)}")
        lines += [printable(shlex.join(bound(line, seen))).replace("\n", " ") for line in one.commands]
        left = (one.reach.writes if one.reach else 0) - len(one.commands)
        if left > 0 and one.commands:
            lines.append(f"# {message('outlook.more-lines', count=left).get(lang)}")
    return "\n".join(lines)


def bound(line: tuple[str, ...], seen: Outlook) -> tuple[str, ...]:
    """A kubectl line that fails where the context it was made for is not known, rather than reach another cluster."""
    if line[:1] != ("kubectl",) or not seen.context:
        return line
    return ("kubectl", f"--context={seen.context}", *line[1:])


# --- the parts --------------------------------------------------------------------------------------------------------


def _in_short(number: int, one: StepOutlook, seen: Outlook) -> Line:
    now, said = standing_now(one, seen), short(one)
    text = Text(f"{said.en} · {now.text.en}", f"{said.zh} · {now.text.zh}")
    name = Text(f"{number}. {one.text.en}", f"{number}. {one.text.zh}")
    return Line(text, now.tone, name)


def _cluster(seen: Outlook) -> Iterator[Line]:
    if seen.production:
        yield Line(message("outlook.production", context=one_line(seen.context, 100)), "warn")
    yield from (_version(version) for version in seen.versions)
    if seen.nodes is not None:
        ready, total = seen.nodes
        yield Line(message("outlook.nodes-ready", ready=ready, total=total), _tone(ready, total))
    for standing in seen.standing:
        yield from _standing(standing)


def _tone(ready: int, total: int) -> Tone:
    return "good" if ready == total else "warn"


def _version(one: Running) -> Line:
    name = Text.of(one_line(one.component, 60))
    if not one.running:
        return Line(message("outlook.version-unseen"), "unknown", name)
    words = [Text.of(", ".join(one.running))]
    if one.wanted:
        words.append(message("outlook.version-for", wanted=one_line(one.wanted, 60)))
    if one.fixed_in:
        words.append(
            message("outlook.version-fixed", versions=", ".join(one_line(v, 30) for v in one.fixed_in[:8]))
        )
    text = Text(" · ".join(w.en for w in words), " · ".join(w.zh for w in words))
    return Line(text, "warn" if _version_doubt(one) else "good", name)


def _version_doubt(one: Running) -> Line | None:
    running = ", ".join(one.running)
    if one.fits is False:
        return Line(
            message("outlook.version-other", component=one.component, running=running, wanted=one.wanted),
            "bad",
        )
    if one.fixed:
        return Line(message("outlook.version-corrected", component=one.component, running=running), "warn")
    return None


_TRAFFIC: Mapping[str, Tone] = {"none": "good", "changes": "plain", "new": "warn", "existing": "warn"}


def _standing(one: Standing) -> Iterator[Line]:
    said = message("outlook.role-ready", ready=one.ready, total=one.total)
    yield Line(said, _tone(one.ready, one.total), Text.of(one.role))
    yield from (Line(budget, "plain", Text.of(one.role)) for budget in one.budgets)


def _reach(one: StepOutlook) -> Iterator[Line]:
    if one.unclear is not None:
        yield Line(message("outlook.unclear", why=one.unclear), "unknown")
    for each in one.counted:
        said = message("outlook.of", n=f"{each.chosen:,}", total=f"{each.offered:,}")
        yield Line(said, "plain", each.text)
    if one.reach is not None:
        yield from _numbers(one.reach, {each.chosen for each in one.counted})
    if not one.by_hand:
        traffic = one.traffic or "unsaid"
        tone = _TRAFFIC.get(traffic, "unknown")
        yield Line(message(f"outlook.traffic-{traffic}-long"), tone, message("outlook.traffic"))
    if one.impact:
        yield Line(one.impact, "plain", message("outlook.impact"))


def _numbers(reach: Reach, told: set[int]) -> Iterator[Line]:
    """The counts that are not zero; items and Subnets only where the inputs have not told the same number."""
    more = {True: "outlook.at-least", False: "outlook.count"}[reach.sampled]
    if reach.restarts:
        yield Line(message(more, n=reach.restarts), "warn", message("outlook.restarts"))
    if reach.stops:
        yield Line(message(more, n=reach.stops), "warn", message("outlook.gone"))
    if reach.passengers is not None:
        yield Line(message("outlook.count", n=reach.passengers), "warn", message("outlook.passengers"))
    numbers = (
        ("pods", reach.pods), ("nodes", reach.nodes), ("follows", reach.follows), ("subnets", reach.subnets),
        ("rows", reach.rows), *((kind, n) for kind, n in reach.objects.items()), ("writes", reach.writes),
    )  # fmt: skip
    for name, count in numbers:
        if count and not (name in ("rows", "subnets") and count in told):
            known = name in ("pods", "nodes", "follows", "subnets", "rows", "writes")
            title = message(f"outlook.{name}") if known else Text.of(one_line(name, 80))
            yield Line(message("outlook.count", n=f"{count:,}"), "plain", title)
    said = message("outlook.takes", least=_span(reach.seconds), longest=_span(reach.longest))
    yield Line(said, "plain", message("outlook.time"))


def _span(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"


def _condition(one: Condition, titles: dict[str, Text]) -> Line:
    if one.state == "met":
        return Line(one.text, "good")
    if one.by:
        return Line(message("outlook.brought", condition=one.text, step=titles.get(one.by, NOBODY)), "plain")
    if one.state == "unknown":
        return Line(message("outlook.not-known", condition=one.text), "unknown")
    return Line(message("outlook.not-met", condition=one.text), "warn")


def _proof(proof: Proof | None) -> Iterator[Line]:
    if proof is None:
        return
    held = f"{proof.stable_for:g}"
    what = "turns" if proof.expression else "reaches"
    key = f"outlook.proof-{what}-held" if proof.stable_for else f"outlook.proof-{what}"
    check = one_line(proof.check, 80)
    expect = one_line(proof.expect, 300)
    yield Line(message(key, check=check, expect=expect, within=f"{proof.within:g}", held=held))
    if proof.verdict is not None:
        now = message("outlook.proof-now", verdict=proof.verdict.value, said=proof.summary)
        yield Line(now, "quiet")
    if proof.successor:
        yield Line(message("outlook.proof-successor"))
    if proof.idle:
        yield Line(message("outlook.proof-holds"), "warn")
    elif proof.holds is None:
        yield Line(message("outlook.proof-untold"), "unknown")


def _permissions(one: StepOutlook) -> Iterator[Line]:
    if not one.asked:
        return
    given = one.asked - len(one.missing) - len(one.unasked)
    yield Line(
        message("outlook.allowed", n=given, total=one.asked), "good" if given == one.asked else "plain"
    )
    for permission in one.missing[:SHOWN]:
        yield Line(message("outlook.may-not", what=_permission(permission)), "bad")
    for permission in one.unasked[:SHOWN]:
        yield Line(message("outlook.not-asked", what=_permission(permission)), "unknown")


def _confirmation(one: StepOutlook) -> tuple[Line, ...]:
    return (Line(message(f"outlook.confirm-{one.confirm}")),) if one.confirm else ()


def _reverts(one: StepOutlook) -> tuple[Line, ...]:
    if one.by_hand or one.reach is None:
        return ()
    return tuple(Line(who, "warn") for who in one.kept_by) or (
        Line(message("outlook.nobody-reverts"), "good"),
    )


def _permission(one: Permission) -> str:
    return one_line(f"{one.verb} {one.shown}", 160)


def _named(permissions: tuple[Permission, ...]) -> str:
    shown = ", ".join(_permission(one) for one in permissions[:4])
    return f"{shown} …" if len(permissions) > 4 else shown
