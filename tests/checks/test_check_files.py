"""The shipped checks held to the tests in their files, and to damaged versions of their good answers."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from checks.checktests.files import Covered, gather_tests
from checks.checktests.run import Ran, facts_of, run_test
from checks.checktests.sources import command_of
from checks.checktests.tests import CheckTest, Told
from checks.layout import load_layout
from checks.model import LogsRead, Verdict
from kb.paths import ASSETS
from kb.problem import Problem

LAYOUT = load_layout()
Every = dict[str, Covered]


@pytest.fixture(scope="module")
def gathered() -> tuple[Every, list[Problem]]:
    """The tests of all shipped checks, and what cannot be read of them."""
    covered, problems = gather_tests(ASSETS, layout=LAYOUT)
    return dict(covered), list(problems)


@pytest.fixture(scope="module")
def every(gathered: tuple[Every, list[Problem]]) -> Every:
    return gathered[0]


def goods(covered: Covered) -> Iterator[CheckTest]:
    """The tests of healthy answers that are judged healthy."""
    return (t for t in covered.tests if t.kind == "good" and t.expect["verdict"] == Verdict.OK)


def test_the_tests_of_the_shipped_checks_can_be_read(gathered: tuple[Every, list[Problem]]) -> None:
    assert [str(problem) for problem in gathered[1]] == []
    assert gathered[0]


def test_the_shipped_checks_say_what_their_tests_expect(every: Every) -> None:
    wrong = {
        f"{check}: {test.name}": [told.en for told in ran.wrong]
        for check, covered in every.items()
        for test in covered.tests
        if (ran := run_test(covered.spec, test, LAYOUT)).wrong
    }
    assert wrong == {}


def test_every_shipped_check_has_good_bad_and_garbled_tests(every: Every) -> None:
    for check, covered in every.items():
        tests = covered.tests
        assert {"good", "bad", "garbled"} <= {test.kind for test in tests}, check
        good = {test.expect["verdict"] for test in tests if test.kind == "good"}
        assert good <= {"ok", "skipped"}, check
        garbled = {test.expect["verdict"] for test in tests if test.kind == "garbled"}
        assert garbled <= {"unknown", "warn", "fail"}, check


def test_every_verdict_that_is_declared_is_reached(every: Every) -> None:
    for check, covered in every.items():
        ran = [run_test(covered.spec, test, LAYOUT).judgement for test in covered.tests]
        reached = {v for one in ran if one for v in (one.verdict, *(row.verdict for row in one.rows))}
        assert {outcome.verdict for outcome in covered.spec.outcomes} <= reached, check


# --- damaged output -------------------------------------------------------------------------------------------------

DAMAGE: dict[str, Callable[[str], str]] = {
    "empty": lambda text: "",
    "cut": lambda text: text[: len(text) * 2 // 3].rstrip("\n"),
    "separators": lambda text: re.sub(r"(?<![\w.])\d+(?![\w.])", lambda m: f"{m[0]},000", text),
    "decimal commas": lambda text: re.sub(r"(?<![\w.])(\d+)\.(\d+)(?![\w.])", r"\1,\2", text),
    "binary": lambda text: text[: len(text) // 2] + "\0\x01\ufffd" + text[len(text) // 2 :],
    "error page": lambda text: "<html><head><title>502 Bad Gateway</title></head></html>\n",
    "another language": lambda text: "命令执行失败：权限不足\n",
}
TEXTUAL = ("csv", "ovsdb", "lines", "ovslog", "")
"""Formats whose cells are texts: what stands in them is not for the parser to doubt."""
HARMLESS: dict[tuple[str, str], str] = {
    ("ovn-controller.probe-interval", "interval empty"): "unset prints nothing, and means OVN's default",
    ("ovn.listeners", "nb cut"): "a list of remotes has no end mark",
    ("ovn.listeners", "sb cut"): "a list of remotes has no end mark",
    ("ovn.listeners", "nb_connections"): "asked only where the remotes name that table",
    ("ovn.listeners", "sb_connections"): "asked only where the remotes name that table",
    ("ovs.dispatch-mode", "mode empty"): "an OVS without the command says so on stderr only",
    ("ovs.dispatch-mode", "mode cut"): "the word that counts is there",
    ("ovs.fd-usage", "fds"): "FDSize is an upper bound of the number that cannot be read",
    ("ovs.netlink-sockets", "ports empty"): "a bridge without ports prints nothing",
    ("ovs.port-flaps", "ifaces"): "it only names the workloads of ports that flap",
}
"""Damage of one read that may leave a check well, and why: ``(check, read)``, or ``(check, read damage)``."""


def harmless(covered: Covered, read: str, name: str) -> bool:
    """Whether this damage of this read may leave the check well."""
    spec, source = covered.spec, command_of(covered.spec.reads[read])
    how = dict(source.parse) if source else {}
    kind = next((key for key in how if key != "expect"), "")
    slots = {name for one in spec.reads.values() for name in getattr(one, "given", {}).values()}
    return (
        bool({(spec.id, read), (spec.id, f"{read} {name}")} & HARMLESS.keys())
        or (kind in TEXTUAL and name in ("separators", "decimal commas"))
        or (kind == "lines" and name == "cut")  # lines that match are whole; how many come nobody promised
        or (kind == "csv" and name == "empty")  # a table without rows prints nothing
        or (kind == "ovslog" and name in ("empty", "cut"))  # rotated just now; being written
        or (isinstance(source, LogsRead) and name in ("empty", "cut"))  # nothing said; being written
        or (read in slots and name == "cut")  # another process id: the next command meets another process
    )


def damaged(test: CheckTest, read: str, how: Callable[[str], str]) -> CheckTest:
    told = test.facts[read]
    said = tuple(
        one if one.page else replace(one, outs=tuple(how(out) for out in one.outs)) for one in told.said
    )
    return replace(test, facts={**test.facts, read: replace(told, said=said)})


def spoken(test: CheckTest) -> Iterator[str]:
    """The reads with output in this test."""
    return (
        name
        for name, told in test.facts.items()
        if any(s.outs != ("",) and not s.code and not s.page for s in told.said)
    )


def values(covered: Covered, test: CheckTest, read: str) -> list[Any]:
    return [(a.target, a.error, a.value) for a in facts_of(covered.spec, test, LAYOUT)[read].answers]


def understood_after_damage(covered: Covered) -> Iterator[str]:
    """Damage that changed what was understood, and yet the check came out well; or it broke."""
    for test in goods(covered):
        for read in spoken(test):
            whole = values(covered, test, read)
            for name, how in DAMAGE.items():
                hurt = damaged(test, read, how)
                ran = run_test(covered.spec, hurt, LAYOUT)
                well = ran.judgement is not None and ran.judgement.verdict == Verdict.OK
                changed = well and values(covered, hurt, read) != whole
                if broke(ran) or (changed and not harmless(covered, read, name)):
                    yield f"{test.name}: {read} {name}: {said_of(ran)}"


def test_damaged_output_is_never_ok(every: Every) -> None:
    """Where damage changed what was understood, the check must not come out well."""
    wrong = {check: list(understood_after_damage(covered)) for check, covered in every.items()}
    assert {check: found for check, found in wrong.items() if found} == {}


def test_colours_change_nothing(every: Every) -> None:
    for check, covered in every.items():
        for test in goods(covered):
            for read in spoken(test):
                painted = damaged(test, read, lambda text: f"\x1b[1;32m{text}\x1b[0m" if text else text)
                ran = run_test(covered.spec, painted, LAYOUT)
                assert ran.wrong == (), (check, test.name, read)


def broke(ran: Ran) -> bool:
    return ran.judgement is None


def said_of(ran: Ran) -> str:
    return f"{ran.judgement.verdict} {ran.judgement.summary.en}" if ran.judgement else ran.wrong[0].en


# --- damaged objects ------------------------------------------------------------------------------------------------

Step = str | int
WRONG: tuple[Any, ...] = ("many", 7, ["x"], {"x": "y"}, None, True, -1, [[]], 10**30)


def places(value: Any, where: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Every place in an object, itself too."""
    yield where
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from places(item, (*where, key))


def put(value: Any, where: tuple[Step, ...], new: Any) -> Any:
    if not where:
        return new
    changed = copy.copy(value)
    changed[where[0]] = put(value[where[0]], where[1:], new)
    return changed


def without(value: Any, where: tuple[Step, ...]) -> Any:
    changed = copy.copy(value)
    if len(where) == 1:
        del changed[where[0]]
    else:
        changed[where[0]] = without(value[where[0]], where[1:])
    return changed


BESIDE = {
    ("kubeovn.waiting-pods", "subnets"): "they only say what a pod that waits is waiting for",
    ("ovn-controller.probe-log", "nodes"): "only disconnects that the database saw need a node's address",
    ("ovn-controller.probe-interval", "nodes"): "the same",
    ("ovn.mac-bindings", ""): "few rows are few, whoever holds the addresses",
    ("ovs.lost-interfaces", "pods"): "it only says which ports may be removed",
    ("ovs.port-flaps", "pods"): "it only names the workloads of ports that flap",
    ("subnet.recount", "cni_pods"): "a number that fits the rules of all versions fits",
}
"""Lists that a check can do without in its good tests, and why."""


Seen = set[tuple[str, tuple[Step, ...], type]]


def mangled(item: Any, read: str, seen: Seen) -> Iterator[tuple[str, Any]]:
    """Each place of an object with something else in it, or without it; once for all that are alike there."""
    for where in places(item):
        value = item
        for step in where:
            value = value[step]
        kind = (read, tuple("*" if isinstance(step, int) else step for step in where), type(value))
        if kind in seen:
            continue
        seen.add(kind)
        for new in WRONG:
            yield f"{where} = {new!r}", put(item, where, new)
        if where:
            yield f"{where} missing", without(item, where)


def with_object(test: CheckTest, read: str, index: int, item: Any) -> CheckTest:
    told = test.facts[read]
    objects = (*told.objects[:index], item, *told.objects[index + 1 :])
    return replace(test, facts={**test.facts, read: replace(told, objects=objects)})


def broken_by_objects(check: str, covered: Covered) -> Iterator[str]:
    """Damaged objects that broke the check, or left it well although the read failed."""
    seen: Seen = set()
    for test in list(covered.tests)[:2]:
        for read, told in test.facts.items():
            for index, item in enumerate(told.objects[:2]):
                for what, hurt in mangled(item, read, seen):
                    tampered = with_object(test, read, index, hurt)
                    ran = run_test(covered.spec, tampered, LAYOUT)
                    well = ran.judgement is not None and ran.judgement.verdict == Verdict.OK
                    needed = not {(check, read), (check, "")} & BESIDE.keys()
                    odd = well and needed and facts_of(covered.spec, tampered, LAYOUT)[read].failed
                    if broke(ran) or odd:
                        yield f"{test.name}: {read}: {what}: {said_of(ran)}"


def test_damaged_objects_never_break_a_check(every: Every) -> None:
    """Fields of wrong types or without a value: never a crash, and objects that are none are never well."""
    wrong = {check: list(broken_by_objects(check, covered)) for check, covered in every.items()}
    assert {check: found for check, found in wrong.items() if found} == {}


def test_a_read_that_failed_never_makes_a_check_well_by_itself(every: Every) -> None:
    """All reads of a check refused: nothing is known."""
    for check, covered in every.items():
        told = {name: Told(error="forbidden", message="pods is forbidden") for name in covered.spec.reads}
        nothing = CheckTest(check, "nothing", "other", told, {"verdict": "unknown"}, now=1.0)
        ran = run_test(covered.spec, nothing, LAYOUT)
        assert [x.en for x in ran.wrong] == [], check
        assert ran.judgement is not None, check
        assert ran.judgement.reason == "forbidden", check
