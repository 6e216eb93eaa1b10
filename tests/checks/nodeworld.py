"""Facts of node and OVN checks from raw command output, parsed as the shipped checks say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from checks.catalogue import load_catalogue
from checks.facts.alternatives import shaped_fact
from checks.judge import judge
from checks.model import Answer, ExecRead, Fact, Judgement, branches
from checks.parse import parse
from kb.text import Text
from tests.checks.objects import NOW, facts_of

CATALOGUE = load_catalogue()
SAMPLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "samples"


def raw(check: str, read: str, outputs: Mapping[str, str | Sequence[str]], *, apart: float = 10) -> Fact:
    """The fact of a read from what each node printed; several outputs of one node are samples `apart` seconds."""
    spec = CATALOGUE.get(check)
    assert spec is not None
    how = next(branch for branch in branches(spec.reads[read]) if isinstance(branch, ExecRead))
    answers = []
    for node, output in outputs.items():
        value: Any
        if isinstance(output, str):
            value = parse(how.parse, output)
        else:
            value = [
                {"at": NOW + apart * n, "value": parse(how.parse, text)} for n, text in enumerate(output)
            ]
        answers.append(Answer(node, value, "", NOW, node=node, pod=f"pod-{node}"))
    return shaped_fact(how, Fact(tuple(answers)))


def refused(*nodes: str, reason: str = "forbidden") -> Fact:
    return Fact(
        tuple(
            Answer(n, None, "", NOW, error=reason, message=Text.of("no"), node=n, pod=f"pod-{n}")
            for n in nodes
        )
    )


def both(*facts: Fact) -> Fact:
    return Fact(tuple(answer for fact in facts for answer in fact.answers))


def run(check: str, world: Mapping[str, Any], **params: Any) -> Judgement:
    spec = CATALOGUE.get(check)
    assert spec is not None
    return judge(spec, facts_of(spec, world), {**spec.params, **params}, NOW)


def log(*lines: tuple[float, str, str]) -> str:
    """An OVS log from ``(seconds ago, "module|LEVEL", text)``."""
    shown = []
    for number, (ago, head, text) in enumerate(lines):
        at = datetime.fromtimestamp(NOW - ago, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        shown.append(f"{at}Z|{number:05d}|{head}|{text}")
    return "\n".join(shown) + "\n"
