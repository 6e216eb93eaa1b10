"""Series of Prometheus to answers per target: which series is whose, and which are too old to count. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from checks.cluster import Object
from checks.facts.answers import kept_each
from checks.layout import Found, Layout
from checks.model import Answer, Fact, PrometheusRead
from checks.parsers.prometheus import Sample
from kb.messages import message
from kb.text import Text

ADDRESSES = ("status.addresses",)
"""What is read of a node to know it by its addresses, as paths for `checks.keep`."""


@dataclass(frozen=True, slots=True)
class Name:
    """One target: what its answers are called, and where it is."""

    target: str
    node: str = ""
    pod: str = ""


@dataclass(frozen=True, slots=True)
class Names:
    """The targets that are asked for, by everything a series may call them; none: whoever has a series is one."""

    wanted: tuple[Name, ...] = ()
    by_word: Mapping[str, Name] = field(default_factory=dict)

    @classmethod
    def of(cls, layout: Layout, role: str, found: Found, nodes: Iterable[Object] = ()) -> Names:
        """The targets of a role: known by their name, their pod, and their node where that is one target's only.

        Where `nodes` are given a node is known by its addresses too.
        """
        there = [Name(layout.name_of(role, target), target.node, target.pod) for target in found.targets]
        missing = [Name(gap.name, gap.node, gap.pod) for gap in found.missing]
        wanted = (*there, *missing)
        times = Counter(name.node for name in wanted)
        words = {name.node: name for name in wanted if times[name.node] == 1}
        for node in nodes:
            name = words.get(str(node.get("metadata", {}).get("name", "")))
            words |= dict.fromkeys(_addresses(node), name) if name else {}
        words |= {name.pod: name for name in wanted} | {name.target: name for name in wanted}
        words.pop("", None)
        return cls(wanted, words)

    def named(self, read: PrometheusRead, labels: Mapping[str, str]) -> Name | None:
        """Whose series this is; None where its labels name nobody who is asked for."""
        text = next((labels[label] for label in read.by if labels.get(label)), "")
        if not self.wanted:
            return Name(text) if text else None
        return self.by_word.get(text) or self.by_word.get(text.rpartition(":")[0])


def _addresses(node: Object) -> list[str]:
    status = node.get("status")
    listed = status.get("addresses") if isinstance(status, Mapping) else None
    found = (
        [one.get("address") for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []
    )
    return [address for address in found if isinstance(address, str) and address]


class Ages:
    """When the series of one selector were sampled last, in Unix seconds."""

    def __init__(self, timestamps: Sequence[Sample]):
        self.timestamps = timestamps
        self.newest = max((sample["value"] for sample in timestamps), default=0.0)

    def by_target(self, read: PrometheusRead, names: Names) -> dict[str, float]:
        """The newest sample of every target."""
        found: dict[str, float] = {}
        for sample in self.timestamps:
            if name := names.named(read, sample["labels"]):
                found[name.target] = max(found.get(name.target, 0.0), sample["value"])
        return found


def answers_of(
    read: PrometheusRead,
    samples: Sequence[Sample],
    ages: Iterable[Ages],
    names: Names,
    command: tuple[str, ...],
    source: str,
    now: float,
) -> Fact:
    """One answer per target, or one of all series where the query is not told apart; `now` is when it came."""
    of_target = [(each.by_target(read, names), each.newest) for each in ages]
    by_name: dict[Name, list[Sample]] = {}
    for sample in samples:
        name = names.named(read, sample["labels"]) if read.by else Name("")
        if name is not None:
            by_name.setdefault(name, []).append(sample)
    kept = kept_each(max(len(by_name), len(names.wanted)))
    wanted = names.wanted or tuple(by_name)
    answers = []
    for name in wanted if read.by else (Name(""),):
        mine = by_name.get(name, [])
        age = _age(mine, [known.get(name.target, newest) for known, newest in of_target])
        answers.append(_answer(read, name, mine, age, kept, command, source, now))
    if not answers:
        return Fact(error="absent", message=message("sources.no-series", query=read.query))
    return Fact(tuple(sorted(answers, key=lambda one: one.target)))


def _age(samples: Sequence[Sample], seen: Sequence[float]) -> float:
    """Seconds between the query and the oldest thing it rests on, both by Prometheus's own clock."""
    if not samples or not seen:
        return 0.0
    return max(float(samples[0]["at"]) - at for at in seen)


def _answer(
    read: PrometheusRead,
    name: Name,
    samples: Sequence[Sample],
    age: float,
    kept: int,
    command: tuple[str, ...],
    source: str,
    now: float,
) -> Answer:
    error, text = "", Text()
    if not samples:
        error, text = "absent", message("sources.no-series", query=read.query)
    elif age > read.max_age:
        error, text = "absent", message("sources.stale", age=f"{age:,.0f}", limit=f"{read.max_age:,.0f}")
    raw = "\n".join(json.dumps(sample, ensure_ascii=False) for sample in samples)
    return Answer(
        target=name.target,
        value=None if error else list(samples),
        raw=raw[:kept],
        at=now,
        command=command,
        source=source,
        error=error,
        message=text,
        node=name.node,
        pod=name.pod,
        truncated=len(raw) > kept,
    )
