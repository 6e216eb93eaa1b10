"""Outputs that an operator pasted in the place of answers the cluster did not give, judged the same way. Pure.

`asks` says what to run elsewhere, `read_paste` makes answers of what came back, and `put` sets them in the place of the
failed ones, so that nothing but the source of an answer differs. What the cluster did answer is never replaced, and
where nobody knows who else should have been asked, that stays unknown.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from checks import keep
from checks.cluster import Object, Resource
from checks.facts.answers import KEPT, Raw, Sample, answer, listing, slim
from checks.layout import Layout
from checks.model import (
    Answer,
    CheckSpec,
    EventsRead,
    ExecRead,
    Fact,
    HealthRead,
    ListRead,
    LogsRead,
    MetricsRead,
    Read,
    Result,
    Roleless,
)
from checks.parse import Unparsable
from checks.parsers import events, health
from checks.pasting.elsewhere import Ask, Askable, asks, branch_of, pod_of, script
from checks.pasting.pastedtext import Output, PasteError, failure, sections, without_echo
from checks.specs.shaping import shaped
from kb.messages import message
from kb.safe import one_line
from kb.text import Text
from kb.wording import explained

__all__ = ["Ask", "Askable", "PasteError", "Pasted", "asks", "put", "read_paste", "script", "unused"]

_TARGET = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_OTHERS = "*"
"""The target that stands for those nobody knows."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """What an operator pasted for one read of one target."""

    read: str
    target: str
    """Empty: the only one who was asked."""
    outputs: tuple[Output, ...]
    by: str
    at: float
    """Unix time of the paste."""


# --- what came back -------------------------------------------------------------------------------------------------


def read_paste(
    spec: CheckSpec, text: str, *, read: str = "", target: str = "", by: str, now: float
) -> tuple[Pasted, ...]:
    """The outputs in a paste for a check; raises PasteError.

    `read` and `target` (node or pod) are for a paste that does not name them above each output; `now` is Unix time.
    What is no answer is told when it is put.
    """
    if target and not _TARGET.fullmatch(target):
        raise PasteError(message("pasted.bad-target", target=one_line(target, 80)))
    found = sections(text)
    if (target and any(s.target for s in found)) or (read and any(s.read for s in found)):
        raise PasteError(message("pasted.both"))
    for name in dict.fromkeys(section.read or read for section in found):
        _askable(spec, name)
    return tuple(Pasted(s.read or read, s.target or target, s.outputs, by, now) for s in found)


def _askable(spec: CheckSpec, read: str) -> None:
    """Raises PasteError for a read that the check does not have, or that nobody can paste."""
    known = ", ".join(spec.reads)
    if not read:
        raise PasteError(message("pasted.which-read", known=known))
    if read not in spec.reads:
        raise PasteError(message("pasted.no-such-read", check=spec.id, read=read, known=known))
    if branch_of(spec.reads[read]) is None:
        raise PasteError(message("pasted.not-pastable", check=spec.id, read=read))


def put(
    reads: Mapping[str, Read],
    facts: Mapping[str, Fact],
    pasted: Sequence[Pasted],
    layout: Layout,
    now: float,
) -> dict[str, Fact]:
    """The facts of a check with pasted answers in the place of failed ones; `reads` have their params filled in."""
    full = dict(facts)
    for name, fact in facts.items():
        mine = {one.target: one for one in pasted if one.read == name}
        branch = branch_of(reads[name]) if mine and name in reads else None
        if branch is not None:
            full[name] = _filled(branch, fact, mine, layout, now)
    return full


def _filled(branch: Askable, fact: Fact, mine: Mapping[str, Pasted], layout: Layout, now: float) -> Fact:
    if fact.answers:
        failed = [a for a in fact.answers if a.error]
        alone = failed[0].target if len(failed) == 1 else None
        given = {**mine, **({alone: mine[""]} if alone is not None and "" in mine else {})}
        return replace(fact, answers=tuple(_instead(a, branch, given, now) for a in fact.answers))
    if not fact.error:
        return fact
    answers = [_answer(branch, one, Raw(one.target), now) for one in mine.values()]
    if not isinstance(branch, Roleless) and layout.role(branch.on).pick != "one":
        text = explained(message("pasted.others"), fact.message)
        answers.append(Answer(_OTHERS, None, "", now, error=fact.error, message=text))
    return Fact(tuple(sorted(answers, key=lambda a: a.target)))


def _instead(live: Answer, branch: Askable, mine: Mapping[str, Pasted], now: float) -> Answer:
    one = mine.get(live.target) or (mine.get(live.pod) if live.pod else None)
    if one is None or not live.error:
        return live
    raw = Raw(live.target, live.node, live.pod, command=live.command, source=live.source)
    return _answer(branch, one, raw, now)


def _lined(text: str) -> str:
    """A paste has no newline where a terminal had one."""
    return f"{text}\n" if text and not text.endswith("\n") else text


def _answer(branch: Askable, one: Pasted, asked: Raw, now: float) -> Answer:
    """One paste as an answer, through the parser that the cluster's own answer would have gone through."""
    source = message("pasted.source", by=one.by, what=asked.source or asked.name).en
    if isinstance(branch, ListRead | EventsRead):
        return _listed(branch, one, asked, source, now)
    program = branch.argv[0] if isinstance(branch, ExecRead) else ""
    codes = branch.ok_codes if isinstance(branch, ExecRead) else (0,)
    inside = shlex.join(branch.argv) if isinstance(branch, ExecRead) and not branch.given else ""
    outputs = [Output(without_echo(o.text, inside), o.at, o.code) for o in one.outputs]
    pages = isinstance(branch, HealthRead) and any(health.is_refused_page(o.text) for o in outputs)
    failed = () if pages else (f for o in outputs if any(f := failure(o, codes, program)))
    wrong = next(iter(failed), ("", Text()))
    several = isinstance(branch, ExecRead | MetricsRead) and branch.samples > 1
    if not wrong[0]:
        wrong = _miscounted(branch, outputs, several)
    samples = tuple(Sample(o.at if o.at is not None else one.at, _lined(o.text)) for o in outputs)
    raw = Raw(asked.name, asked.node, asked.pod, samples, one.at, asked.command, source, wrong[0], wrong[1])
    made = answer(raw, branch.parse, KEPT, several)
    if not isinstance(branch, HealthRead) and branch.shape and not made.error:
        try:
            made = replace(made, value=_shaped(branch, made.value, several))
        except Unparsable as error:
            made = replace(made, value=None, error="unparsable", message=error.text.each(one_line))
    return replace(made, pasted=one.by)


def _shaped(branch: ExecRead | LogsRead | MetricsRead, value: Any, several: bool) -> Any:
    if not several:
        return shaped(branch.shape, value)
    return [{**sample, "value": shaped(branch.shape, sample["value"])} for sample in value]


def _miscounted(branch: Askable, outputs: Sequence[Output], several: bool) -> tuple[str, Text]:
    """Samples are compared with each other: all have to be there, each with its time."""
    wanted = branch.samples if several and isinstance(branch, ExecRead | MetricsRead) else 1
    timed = sum(o.at is not None for o in outputs)
    if len(outputs) == wanted and (wanted == 1 or timed == wanted):
        return "", Text()
    return "unparsable", message("pasted.samples", wanted=wanted, found=timed or len(outputs))


def _listed(branch: ListRead | EventsRead, one: Pasted, asked: Raw, source: str, now: float) -> Answer:
    resource = Resource.parse(branch.resource if isinstance(branch, ListRead) else "v1/events")
    text = "".join(output.text for output in one.outputs)
    wrong = next((f for output in one.outputs if any(f := failure(output, (0,), "kubectl"))), ("", Text()))
    if wrong[0]:
        error, said = wrong
        return Answer("", None, text[:KEPT], one.at, asked.command, source, error, said, pasted=one.by)
    try:
        items = _objects(text, resource, branch.keep if isinstance(branch, ListRead) else events.KEPT)
    except (ValueError, RecursionError) as error:
        said = error.text if isinstance(error, Unparsable) else Text.of(one_line(str(error), 120))
        why = message("pasted.no-list", resource=resource.dotted, why=said)
        return Answer("", None, text[:KEPT], one.at, asked.command, source, "unparsable", why, pasted=one.by)
    raw, cut = listing(items)
    value: Any = items
    if isinstance(branch, EventsRead):
        after = now - branch.since if branch.since else 0.0
        value = events.rows(
            items, reasons=branch.reasons, kinds=branch.kinds, after=after, normal=branch.normal
        )
    return Answer("", value, raw, one.at, asked.command, source, truncated=cut, pasted=one.by)


def _objects(text: str, resource: Resource, kept: Sequence[str]) -> list[Object]:
    """The objects of ``kubectl get … -o json``; raises ValueError where they are none, Unparsable for another kind."""
    begin = min((at for sign in "[{" if (at := text.find(sign)) >= 0), default=0)
    found, _ = json.JSONDecoder().raw_decode(text, begin)  # a prompt behind it does no harm
    items = found.get("items") if isinstance(found, dict) else found
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Unparsable(message("pasted.no-items"))
    plural = resource.plural.replace("-", "")
    for item in items:
        kind = str(item.get("kind", "")).lower()
        if kind and not (plural.startswith(kind[:-1]) and len(plural) <= len(kind) + 3):
            raise Unparsable(message("pasted.other-kind", kind=one_line(kind, 60)))
        meta = item.get("metadata")
        if not isinstance(meta, dict) or not isinstance(meta.get("name"), str):
            raise Unparsable(message("pasted.no-name"))
    tree = keep.tree(kept) if kept else None
    return [keep.cut(slim(item), tree) for item in items]


def unused(result: Result, pasted: Collection[Pasted]) -> tuple[Pasted, ...]:
    """The pastes that did not go into the result: the cluster had answered itself, or nobody of that name was asked."""
    used = {(item.read, item.target) for item in result.pasted}
    pods = {(item.read, pod_of(item)) for item in result.pasted}
    reads = {item.read for item in result.pasted}
    return tuple(
        one
        for one in pasted
        if (one.read, one.target) not in used | pods and not (not one.target and one.read in reads)
    )
