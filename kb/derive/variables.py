"""Variables of an article's commands: those that stand for the reader's own values become inputs, the others stay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from kb.derive.draft import DraftStep
from kb.derive.slots import template
from kb.shell import parse

MOST_SLOTS = 30
_PLAIN_VALUE = re.compile(r"[\w./:@-]{1,120}\Z")
_PAIR = re.compile(r"([A-Za-z_]\w{0,60})=(.*)\Z", re.S)
_USED = re.compile(r"\$\{?([A-Za-z_]\w*)")


def templated(steps: Sequence[DraftStep]) -> list[DraftStep]:
    """The steps with slots; lines that only name values which the slots now ask for are dropped."""
    values: dict[str, str] = {}
    computed: set[str] = set()
    naming: dict[int, set[str]] = {}
    for at, step in enumerate(steps):
        pairs = assignments(step.shell) if "=" in step.shell else []
        for name, value in pairs:
            preset = re.fullmatch(r"\$\{" + name + r":?-([^{}$`]*)\}", value)
            if preset:
                values.setdefault(name, preset.group(1))
            elif "$" in value or "`" in value:
                computed.add(name)
            else:
                values.setdefault(name, value if _PLAIN_VALUE.match(value) else "")
        if pairs:
            naming[at] = {name for name, _ in pairs}
    asked = {at for at, names in naming.items() if not names & computed}
    done = {
        at: _with_slots(step, values, computed) if step.shell else step
        for at, step in enumerate(steps)
        if at not in asked
    }
    used, left = _names(steps), _names(list(done.values()))
    for at in asked:
        # still named where no input reaches (in a manifest), or meant for a program that reads its environment
        exported = steps[at].shell.lstrip().startswith("export")
        if naming[at] & left or (exported and not naming[at] & used):
            done[at] = _with_slots(steps[at], {}, naming[at])
    return [done[at] for at in sorted(done)]


def assignments(shell: str) -> list[tuple[str, str]]:
    """The variables a line sets with their values, where it does nothing else."""
    line = parse(shell)
    if line.broken or len(line.commands) != 1 or line.operators:
        return []
    command = line.commands[0]
    words = command.words
    if words and words[0].text in ("export", "local", "readonly", "declare"):
        words = words[1:]
    elif words:
        return []
    pairs = [_PAIR.match(word.text) for word in (*command.assignments, *words)]
    return [(pair[1], pair[2]) for pair in pairs if pair] if all(pairs) and not command.redirects else []


def _with_slots(step: DraftStep, values: dict[str, str], computed: set[str]) -> DraftStep:
    work = template(step.shell, values, computed)
    return replace(step, shell=work.shell, argv=work.argv, slots=work.slots[:MOST_SLOTS])


def _names(steps: Sequence[DraftStep]) -> set[str]:
    return {name for s in steps for text in (s.shell, s.stdin, s.instruction) for name in _USED.findall(text)}
