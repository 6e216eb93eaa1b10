"""Properties that keep an operator safe, over many inputs: slots stay data, verbs cannot hide, journals may tear."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from checks.plans.template import SlotError, fill_argv
from checks.risk.command import risk_of_argv
from checks.sessions.journal import parse
from checks.sessions.session import fold, interrupted
from kb.model import RISKS
from tests.checks.incident import Ovn, cluster_with, done, run, walk_on

# Options that take the next word as their value, and options that take none; the tools' manual pages.
VALUED = frozenset(("-t", "--timeout", "--db", "-d", "-O", "--id", "--private-key", "-F", "-T"))
WORDS = (
    *VALUED,
    *("--timeout=5", "--no-wait", "--if-exists", "--all", "--bogus", "--", "-m", "--id=@x"),
    *("show", "get", "list", "5", "x"),
)
WRITES = (
    ("ovn-nbctl", ("lr-del", "x"), "destructive"),
    ("ovn-nbctl", ("destroy", "Logical_Router", "x"), "destructive"),
    ("ovn-sbctl", ("destroy", "Chassis", "x"), "destructive"),
    ("ovs-vsctl", ("del-br", "b"), "destructive"),
    ("ovs-vsctl", ("del-port", "b", "p"), "disruptive"),
    ("ovs-ofctl", ("del-flows", "b"), "destructive"),
    ("ovn-appctl", ("exit",), "destructive"),
    ("ovs-appctl", ("cluster/kick", "a", "b"), "destructive"),
    ("kubectl", ("delete", "node", "x"), "destructive"),
    ("kubectl", ("delete", "pod", "x"), "disruptive"),
)


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=40), st.sampled_from(["{a}", "x={a}", "{a}:{a}"]))
def test_whatever_a_slot_gets_the_command_keeps_its_words(value: str, template: str) -> None:
    """As many words as the template, no new option, no control character; or a refusal."""
    try:
        argv = fill_argv(("p", template, "q"), {"a": value})
    except SlotError:
        return
    assert (len(argv), argv[0], argv[2]) == (3, "p", "q")
    assert not argv[1].startswith("-")
    assert argv[1] == template.replace("{a}", value)
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in argv[1])


@settings(max_examples=1000, deadline=None)
@given(st.lists(st.sampled_from(WORDS), max_size=5), st.sampled_from(WRITES))
def test_no_option_before_a_writing_verb_lowers_its_risk(
    before: list[str], write: tuple[str, tuple[str, ...], str]
) -> None:
    """Where the tool itself would find the verb behind these options, klinik finds at least its risk."""
    program, command, least = write
    if _verb(before + list(command)) == len(before):
        assert RISKS.index(risk_of_argv((program, *before, *command))) >= RISKS.index(least)


def test_a_journal_torn_at_any_byte_is_a_beginning_of_it_and_claims_no_end(tmp_path: Path) -> None:
    """Every prefix reads as the first entries of the whole; after a write and before its end the step is in doubt."""
    walk = walk_on(cluster_with(Ovn()), tmp_path)
    run(walk, "stop")
    run(walk, "purge")
    done(walk.undo(walk.plan_undo("purge"), typed="y"))
    path = walk.path
    walk.close()
    assert path is not None
    raw = path.read_bytes()
    whole = parse(raw)
    for end in {raw[:cut].rfind(b"\n") + 1 for cut in range(len(raw) + 1)}:
        entries = parse(raw[:end])
        assert entries == whole[: len(entries)]
        session = interrupted(fold(entries))
        for step_id in ("stop", "purge"):
            own = [entry["kind"] for entry in entries if entry.get("step") == step_id]
            state = session.step(step_id).state
            assert state != "running"
            last = next((kind for kind in reversed(own) if kind in ("start", "writing", "ended")), "")
            assert (state == "in_doubt") == (last == "writing"), own


def _verb(words: list[str]) -> int:
    """Where the tool finds its command: behind the options and their values."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        at += 2 if words[at] in VALUED else 1
    return at
