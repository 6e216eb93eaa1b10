"""The five guides, by machine: no input can become more than data, previews only read, risks are what they do."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.plans.template import SlotError, fill, fill_argv, slots, strings
from checks.risk.degrees import effective, risk_of
from kb import open_library
from kb.model import Action, ExecAction, PatchAction, Step
from kb.paths import ASSETS


def steps() -> list[Step]:
    with tempfile.TemporaryDirectory() as folder:
        library = open_library([ASSETS], cache_dir=Path(folder))
        articles = [library.get(article_id) for article_id in library.guided]
        return [step for article in articles if article and article.guide for step in article.guide.steps]


STEPS = steps()


def commands(step: Step) -> Iterator[ExecAction]:
    """Every command of a step: action, preview, saves, undo."""
    parts: list[Action | None] = [step.action, step.preview, *(save.read for save in step.saves)]
    for action in (*parts, *(part.action for part in step.undo.parts)):
        if isinstance(action, ExecAction):
            yield action


COMMANDS = [command for step in STEPS for command in commands(step)]
HOSTILE = st.one_of(
    st.text(min_size=1, max_size=30),
    st.sampled_from(
        [
            "--db=tcp:evil",
            "-- lr-del x",
            "a -- b",
            "$(reboot)",
            "`id`",
            "x; rm -rf /",
            "a\nb",
            "{item}",
            "中 文",
        ]
    ),
)


class Everything(dict[str, Any]):
    """Any slot, of any item, has the same value."""

    def __init__(self, value: str):
        super().__init__()
        self.value = value

    def __contains__(self, key: object) -> bool:
        return True

    def __missing__(self, key: str) -> str:
        return self.value


@pytest.mark.parametrize("command", COMMANDS, ids=lambda one: " ".join(one.argv)[:60])
def test_no_input_changes_the_shape_of_any_command(command: ExecAction) -> None:
    """Whatever is put into the slots of the guides' commands: refused, or the same words with data in the slots."""
    template = (*command.argv, *command.tail)

    @settings(max_examples=60, deadline=None)
    @given(HOSTILE)
    def shape(value: str) -> None:
        try:
            argv = fill_argv(template, Everything(value))
        except SlotError:
            return
        assert len(argv) == len(template)
        for given_word, word in zip(template, argv, strict=True):
            if not slots(given_word):
                assert word == given_word
            else:
                assert (
                    word == given_word.replace("{" + slots(given_word)[0] + "}", value)
                    or len(slots(given_word)) > 1
                )
                assert not word.startswith("-") or given_word.startswith("-")

    shape()


@pytest.mark.parametrize("step", STEPS, ids=lambda one: one.id)
def test_previews_and_saves_only_read(step: Step) -> None:
    """What runs before the confirmation cannot change anything."""
    if step.preview:
        assert risk_of(step.preview) == "read"
    for save in step.saves:
        assert risk_of(save.read) == "read"


@pytest.mark.parametrize("step", STEPS, ids=lambda one: one.id)
def test_every_step_says_how_it_is_proven_and_what_undoes_it(step: Step) -> None:
    """A verification, words on the undo and on the impact in both languages, and only slots that have a source."""
    assert step.verify is not None
    for text in (step.text, step.impact, step.undo.text):
        assert text.en
        assert text.zh
    known = {spec.name for spec in step.inputs} | {"item"}
    body = step.action.body if isinstance(step.action, PatchAction) else None
    words = [*strings(body), *(word for command in commands(step) for word in (*command.argv, *command.tail))]
    for word in words:
        for slot in slots(word):
            assert slot.partition(".")[0] in known | {"saved"}, f"{step.id}: {word}"


def test_risks_of_the_guides() -> None:
    """The risk an operator sees, step by step: a change here is a decision, not an accident."""
    found = {step.id: effective(step) for step in STEPS}
    assert (
        found.items()
        >= {
            "longer-probe": "low",
            "restart-ovn-controller": "disruptive",
            "raise-cpu-limit": "disruptive",
            "stop-learning": "low",
            "enable-ageing": "disruptive",
            "purge-bindings": "low",
            "restart-ovs-ovn": "disruptive",
            "stop-flapper": "disruptive",
            "stop-flapper-statefulset": "disruptive",
            "remove-lost-ports": "disruptive",
            "reopen-logs": "low",
            "delete-orphan-ips": "destructive",
            "delete-orphan-eips": "destructive",
            "restart-controller-leader": "disruptive",
            "nudge-subnet": "low",
            "drop-ip-finalizer": "destructive",
            "drop-subnet-finalizer": "destructive",
            "drop-eip-finalizer": "destructive",
            "remove-orphan-port": "destructive",
        }.items()
    )


def test_a_slot_in_a_role_is_a_name() -> None:
    """The node of ``ovs@{node}`` is filled like any other slot."""
    with pytest.raises(SlotError):
        fill("ovs@{node}", {"node": "-x"})
