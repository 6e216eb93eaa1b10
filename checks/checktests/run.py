"""A test of a check run: raw output through the parsers that live answers go through, then judged. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from checks import keep
from checks.checktests.sources import command_of, is_plain, sourced
from checks.checktests.tests import CheckTest, Said, Told
from checks.cluster import ExecResult
from checks.facts.answers import KEPT, Raw, Sample, answer, listed, listing, reason_of_exit, slim, slot_text
from checks.facts.events import fact_of, list_of
from checks.judge import judge
from checks.layout import Layout
from checks.model import (
    Answer,
    CheckSpec,
    EventsRead,
    ExecRead,
    Fact,
    HealthRead,
    Judgement,
    ListRead,
    LogsRead,
    Verdict,
)
from checks.specs.applicability import refusal
from checks.specs.readspec import fill
from kb.findings import clean
from kb.messages import message
from kb.text import Text

Asked = ExecRead | LogsRead


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a test: the judgement (None where there could be none) and every difference to what is expected."""

    judgement: Judgement | None
    wrong: tuple[Text, ...] = ()


def run_test(spec: CheckSpec, test: CheckTest, layout: Layout) -> Ran:
    """The judgement of the test's facts, compared with what the test expects."""
    params = {**spec.params, **test.params}
    try:
        facts = facts_of(spec, test, layout)
    except ValueError as error:
        return Ran(None, (message("checktests.param", why=str(error)),))
    try:
        why = refusal(spec, facts, test.versions)
        judgement = judge(spec, facts, params, test.now) if why is None else Judgement(Verdict.SKIPPED, why)
    except Exception as bug:  # what a run would show as a broken check is a failed test
        return Ran(None, (message("checktests.broke", why=clean(f"{type(bug).__name__}: {bug}")),))
    return Ran(judgement, differences(judgement, test.expect))


def facts_of(spec: CheckSpec, test: CheckTest, layout: Layout) -> dict[str, Fact]:
    """The facts that a run would have collected from these answers; raises ValueError for params no run could take.

    A read the test says nothing about was answered by nobody: an optional kind is not installed, a list is not there,
    and of the targets that other reads of its role know none has an answer.
    """
    params = {**spec.params, **test.params}
    reads = {name: fill(read, params) for name, read in spec.reads.items()}
    asked = {name: command for name, read in reads.items() if (command := command_of(read)) is not None}
    raws = _raws(asked, test, layout)
    facts = {}
    for name, read in reads.items():
        told = test.facts.get(name)
        if isinstance(read, ListRead):
            facts[name] = _listed(read, told, test.now)
        elif isinstance(read, EventsRead):
            facts[name] = fact_of(read, _listed(list_of(read), told, test.now), test.now)
        elif isinstance(read, HealthRead):
            facts[name] = _page(read, told, test.now)
        elif told and told.error:
            facts[name] = Fact(error=told.error, message=Text.of(told.message or told.error))
        else:
            commands = Fact(error="absent", message=message("checktests.has-no", what=name))
            if raws.get(name):
                commands = _answered(asked[name], raws[name])
            peers = list(raws.get(name, {}).values())
            facts[name] = (
                commands if is_plain(read) else sourced(read, told, commands, peers, test.now, layout)
            )
    return facts


# --- lists ----------------------------------------------------------------------------------------------------------


def _listed(read: ListRead, told: Told | None, now: float) -> Fact:
    if told is None and not read.optional:
        told = Told(error="absent", message=message("checktests.has-no", what=read.resource).en)
    if told and told.error:
        failed = Answer("", None, "", now, error=told.error, message=Text.of(told.message or told.error))
        return Fact((failed,))
    tree = keep.tree(read.keep) if read.keep else None
    objects = told.objects if told else ()
    items = [keep.cut(slim(dict(i)) if isinstance(i, Mapping) else i, tree) for i in objects]
    raw, cut = listing(items)
    value, error, text = listed(items)
    source = f"list {read.resource}"
    return Fact((Answer("", value, raw, now, source=source, error=error, message=text, truncated=cut),))


def _page(read: HealthRead, told: Told | None, now: float) -> Fact:
    said = next(iter(told.said), None) if told else None
    error = (told.error if told else "absent") or (said.error if said else "")
    text = Text.of(told.message or error) if told else message("checktests.has-no", what=read.path)
    samples = () if error or said is None else tuple(Sample(now, out) for out in said.outs[-1:])
    raw = Raw("", samples=samples, at=now, source=f"health {read.endpoint}", error=error, message=text)
    return Fact((answer(raw, read.parse, KEPT, False),))


# --- commands and logs ----------------------------------------------------------------------------------------------


def _raws(asked: Mapping[str, Asked], test: CheckTest, layout: Layout) -> dict[str, dict[str, Raw]]:
    """Raw answers by read and target; a read that fills its slots from another one fails where that one did."""
    found: dict[str, dict[str, Raw]] = {}
    for name, read in asked.items():
        told = test.facts.get(name) or Told()
        made = [_raw(read, said, test.now, layout) for said in told.said if not said.page]
        found[name] = {raw.name: raw for raw in made}
    for name, read in asked.items():
        if name in test.facts and test.facts[name].error:
            continue
        for peer in _peers(name, asked, found):
            found[name].setdefault(peer.name, _unsaid(peer, read, test.now))
    for name, read in asked.items():
        for slot, other in read.given.items() if isinstance(read, ExecRead) else ():
            found[name] = {
                t: _given(raw, slot, found[other].get(t), test.now) for t, raw in found[name].items()
            }
    return found


def _peers(name: str, asked: Mapping[str, Asked], found: Mapping[str, Mapping[str, Raw]]) -> list[Raw]:
    """Everybody who is known to play the role of this read."""
    role = asked[name].on
    return [raw for other, raws in found.items() if asked[other].on == role for raw in list(raws.values())]


def _unsaid(peer: Raw, read: Asked, now: float) -> Raw:
    text = message("checktests.has-no", what=peer.name)
    return Raw(peer.name, peer.node, peer.pod, (), now, (), f"{read.kind} {read.on}", "absent", text)


def _given(raw: Raw, slot: str, other: Raw | None, now: float) -> Raw:
    """The answer, or why its command could not even be written."""
    source = other or Raw(raw.name, error="absent", message=message("parse.not-asked", name=raw.name))
    _, (error, text) = slot_text(slot, source)
    return Raw(raw.name, raw.node, raw.pod, (), now, (), raw.source, error, text) if error else raw


def _raw(read: Asked, said: Said, now: float, layout: Layout) -> Raw:
    per_node = layout.role(read.on).per == "node"
    name = (said.node or said.pod) if per_node else (said.pod or said.node)
    error, text = said.error, Text.of(said.message or said.error)
    if not error and isinstance(read, ExecRead) and said.code not in read.ok_codes:
        error, text = reason_of_exit(ExecResult("\n".join(said.outs), said.err, said.code))
    samples = () if error else _samples(read, said, now)
    return Raw(name, said.node, said.pod, samples, now, (), f"{read.kind} {read.on}", error, text)


def _samples(read: Asked, said: Said, now: float) -> tuple[Sample, ...]:
    """As many as the read takes, the last one at `now`."""
    count = read.samples if isinstance(read, ExecRead) else 1
    apart = read.apart if isinstance(read, ExecRead) else 0.0
    outs = said.outs * count if len(said.outs) == 1 else said.outs
    if len(outs) != count:
        raise ValueError(f"{len(outs)} outputs for {count} samples")
    return tuple(Sample(now - apart * (len(outs) - 1 - turn), text) for turn, text in enumerate(outs))


def _answered(read: Asked, raws: Mapping[str, Raw]) -> Fact:
    several = isinstance(read, ExecRead) and read.samples > 1
    made = [answer(raw, read.parse, KEPT, several) for raw in raws.values()]
    return Fact(tuple(sorted(made, key=lambda one: one.target)))


# --- comparing ------------------------------------------------------------------------------------------------------


def differences(judgement: Judgement, expect: Mapping[str, Any]) -> tuple[Text, ...]:
    """What is other than expected; only what the test names is compared."""
    found: list[Text] = []
    if expect.get("verdict") != judgement.verdict:
        came = f"{judgement.verdict} ({judgement.summary.en})"
        found.append(_differs("verdict", expect.get("verdict"), came))
    for key, came in (("value", judgement.value), ("reason", judgement.reason)):
        if key in expect and not same(expect[key], came):
            found.append(_differs(key, expect[key], came))
    rows = rows_of(judgement)
    for target, verdict in (expect.get("rows") or {}).items():
        if rows.get(target) != verdict:
            found.append(_differs(f"rows.{target}", verdict, rows.get(target)))
    for name, wanted in (expect.get("data") or {}).items():
        if not same(wanted, judgement.data.get(name)):
            found.append(_differs(f"data.{name}", wanted, judgement.data.get(name)))
    return tuple(found)


def rows_of(judgement: Judgement) -> dict[str, str]:
    """Verdicts by target, of the rows or of the table that stands for them."""
    if judgement.rows:
        return {row.target: str(row.verdict) for row in judgement.rows}
    return {str(row.get("target")): str(row.get("verdict")) for row in judgement.tables.get("rows", ())}


def same(wanted: Any, came: Any) -> bool:
    """Equal, numbers within a millionth: a share is written with a few digits."""
    if isinstance(wanted, bool) or isinstance(came, bool):
        return wanted is came
    if isinstance(wanted, int | float) and isinstance(came, int | float):
        return math.isclose(wanted, came, rel_tol=1e-6, abs_tol=1e-9)
    if isinstance(wanted, Sequence) and isinstance(came, Sequence) and not isinstance(wanted, str):
        return len(wanted) == len(came) and all(map(same, wanted, came))
    if isinstance(wanted, Mapping) and isinstance(came, Mapping):
        return wanted.keys() == came.keys() and all(same(wanted[key], came[key]) for key in wanted)
    if wanted in (None, "") or came in (None, ""):
        return wanted in (None, "") and came in (None, "")
    return bool(wanted == came)


def _differs(what: str, wanted: Any, came: Any) -> Text:
    return message("checktests.differs", what=what, wanted=clean(str(wanted)), came=clean(str(came)))


__all__ = ["Ran", "differences", "facts_of", "rows_of", "run_test", "same"]
