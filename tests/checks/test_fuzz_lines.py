"""Hostile inputs in lines derived from articles: a shell, and klinik itself, read the commands and words they had."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.local.options import NotLocal
from checks.local.run import local_command
from checks.plans.commandline import fill_line
from checks.plans.template import SlotError
from kb.model import CommandAction, Step
from kb.shell import Line, parse
from tests.checks.hostile import HOSTILE, derived, shown


def line_values(data: st.DataObject, step: Step) -> dict[str, Any]:
    return {spec.name: data.draw(HOSTILE, label=spec.name) for spec in step.inputs}


def skeleton(line: Line) -> Any:
    """What a shell would do with a line, the words left out."""
    return (
        line.operators,
        line.broken,
        len(line.inner),
        [
            (len(one.words), len(one.assignments), [r.operator for r in one.redirects])
            for one in line.commands
        ],
    )


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_derived_line_keeps_its_commands_and_words(data: st.DataObject) -> None:
    step = data.draw(st.sampled_from(derived()), label="step")
    assert isinstance(step.action, CommandAction)
    values = line_values(data, step)
    try:
        line = fill_line(step.action.shell, values)
    except SlotError:
        return
    marks = {name: f"Zq{number}Z" for number, name in enumerate(values)}
    plain = parse(fill_line(step.action.shell, marks))
    found = parse(line)
    assert skeleton(found) == skeleton(plain), line
    back = {mark: shown(values[name]) for name, mark in marks.items()}
    pattern = re.compile("|".join(map(re.escape, back)) or r"(?!)")
    for one, other in zip(plain.commands, found.commands, strict=True):
        for was, now in zip(one.words, other.words, strict=True):
            if was.literal:
                assert now.text == pattern.sub(lambda match: back[match[0]], was.text), line


@cache
def runnable() -> tuple[Step, ...]:
    """The steps that klinik would run with harmless values."""
    return tuple(step for step in derived() if accepts(step))


def accepts(step: Step) -> bool:
    try:
        local_command(step, {spec.name: "zqz" for spec in step.inputs})
    except NotLocal:
        return False
    return True


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_line_that_klinik_runs_itself_keeps_its_words(data: st.DataObject) -> None:
    step = data.draw(st.sampled_from(runnable()), label="step")
    values = line_values(data, step)
    try:
        command = local_command(step, values)
    except NotLocal:
        return
    marks = {name: f"zq{number}z" for number, name in enumerate(values)}
    back = {mark: shown(values[name]) for name, mark in marks.items()}
    pattern = re.compile("|".join(map(re.escape, back)) or r"(?!)")
    plain = local_command(step, marks)
    assert command.stages == tuple(
        tuple(pattern.sub(lambda match: back[match[0]], text) for text in stage) for stage in plain.stages
    )


FORMS = ("{x}", "a{x}b", '"{x}"', "'{x}'", "--o={x}", "\"a '{x}' b\"", "'a \"{x}\" b'", "{x}{x}")


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_real_shells_read_a_filled_word_as_one_word(shell: str) -> None:
    """Whatever stands in a value, and however the article quotes it, the shell gives the program exactly that text."""

    @settings(max_examples=8, deadline=None)
    @given(st.lists(HOSTILE, min_size=25, max_size=40))
    def read_back(values: Sequence[Any]) -> None:
        lines, wanted = [], []
        for value in values:
            for form in FORMS:
                try:
                    lines.append(f"printf '%s\\0' {fill_line(form, {'x': value})}")
                except SlotError:
                    continue
                wanted.append(unquoted(form).replace("{x}", shown(value)))
        run = subprocess.run(
            [shell],
            input="\n".join(lines).encode(),
            capture_output=True,
            check=True,
            env={"LC_ALL": "C.UTF-8"},
        )
        assert run.stderr == b""
        assert run.stdout.decode().split("\0")[:-1] == wanted

    read_back()


def unquoted(form: str) -> str:
    return {'"{x}"': "{x}", "'{x}'": "{x}", "\"a '{x}' b\"": "a '{x}' b", "'a \"{x}\" b'": 'a "{x}" b'}.get(
        form, form
    )
