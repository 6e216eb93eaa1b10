"""What a test tells of metrics, Prometheus, events and alternatives, as the fact that a run would have. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from checks.checktests.tests import Said, Told
from checks.facts.alternatives import Chain, plain
from checks.facts.answers import KEPT, Raw, Sample, answer
from checks.facts.series import Ages, Name, Names, answers_of
from checks.layout import Layout
from checks.model import (
    ExecRead,
    Fact,
    LogsRead,
    MetricsRead,
    PrometheusRead,
    Read,
    Roleless,
    branches,
)
from checks.parse import Unparsable
from checks.parsers.prometheus import lines_of, samples
from kb.messages import message
from kb.text import Text

Commands = ExecRead | LogsRead


def command_of(read: Read) -> Commands | None:
    """The branch whose raw output a test gives with ``out:``: the last command or log among the alternatives."""
    found = [branch for branch in branches(read) if isinstance(branch, ExecRead | LogsRead)]
    return found[-1] if found else None


def is_plain(read: Read) -> bool:
    """Whether the read is one command or log and its answer stays as parsed."""
    return isinstance(read, Roleless | ExecRead | LogsRead) and plain(read) is read


def sourced(
    read: Read, told: Told | None, commands: Fact, peers: Sequence[Raw], now: float, layout: Layout
) -> Fact:
    """The fact of a read from all its branches; `commands` is what its command said, `peers` who else is asked.

    A branch the test says nothing of has no answer, and the next one is asked, as in a run.
    """
    told = told or Told()
    if told.error:
        return Fact(error=told.error, message=Text.of(told.message or told.error))
    chain = Chain(read)
    for branch in branches(read):
        chain.take(branch, _branch(branch, read, told, commands, peers, now, layout))
    return chain.fact()


def _branch(
    branch: Read, read: Read, told: Told, commands: Fact, peers: Sequence[Raw], now: float, layout: Layout
) -> Fact:
    if isinstance(branch, MetricsRead):
        return _pages(branch, [said for said in told.said if said.page], now, layout)
    if isinstance(branch, PrometheusRead):
        return _vector(branch, told.objects, peers, now)
    if branch is command_of(read):
        return commands
    return Fact(error="absent", message=message("checktests.has-no", what=branch.kind))


def _pages(read: MetricsRead, told: Sequence[Said], now: float, layout: Layout) -> Fact:
    if not told:
        return Fact(error="absent", message=message("checktests.has-no", what="metrics"))
    per_node = layout.role(read.on).per == "node"
    made = []
    for said in told:
        name = (said.node or said.pod) if per_node else (said.pod or said.node)
        texts = said.outs * read.samples if len(said.outs) == 1 else said.outs
        if len(texts) != read.samples:
            raise ValueError(f"{len(texts)} pages for {read.samples} samples")
        times = [now - read.apart * (read.samples - 1 - turn) for turn in range(read.samples)]
        taken = tuple(
            Sample(at, lines_of(text, read.families)) for at, text in zip(times, texts, strict=True)
        )
        raw = Raw(
            name, said.node, said.pod, () if said.error else taken, now, (), f"metrics {name}", said.error
        )
        made.append(answer(raw, read.parse, KEPT, read.samples > 1))
    return Fact(tuple(sorted(made, key=lambda one: one.target)))


def _vector(read: PrometheusRead, objects: Sequence[Any], peers: Sequence[Raw], now: float) -> Fact:
    if not objects:
        return Fact(error="absent", message=message("checktests.has-no", what="Prometheus"))
    try:
        found = samples([_series(item, now) for item in objects])
    except Unparsable as error:
        return Fact(error="unparsable", message=error.text)
    wanted = tuple(dict.fromkeys(Name(raw.name, raw.node, raw.pod) for raw in peers)) if read.on else ()
    words = {name.node: name for name in wanted} | {name.pod: name for name in wanted}
    words |= {name.target: name for name in wanted}
    words.pop("", None)
    # whoever a series is of plays the role too: a test need not tell of everybody twice
    for sample in found:
        text = next((sample["labels"][label] for label in read.by if sample["labels"].get(label)), "")
        if wanted and text and text not in words:
            words[text] = Name(text)
            wanted = (*wanted, words[text])
    ages = Ages([{**sample, "value": sample["at"]} for sample in found])
    present = [{**sample, "at": now} for sample in found]
    return answers_of(read, present, [ages], Names(wanted, words), (), "prometheus", now)


def _series(item: Any, now: float) -> Any:
    """A series as the API writes it; ``{metric, value, at}`` is the short form."""
    if not isinstance(item, Mapping) or isinstance(item.get("value"), list) or "values" in item:
        return item
    return {"metric": item.get("metric"), "value": [item.get("at", now), item.get("value")]}
