"""Judges of kube-ovn-controller: its lease, its error lines, its panics."""

from __future__ import annotations

from typing import Any

import pytest

from checks.catalogue import load_catalogue
from checks.judges.controller import grouped
from checks.model import Fact, Judgement, LogsRead, Verdict
from checks.parse import parse
from tests.checks.objects import answered, failed, judged, obj, pod, stamp

CATALOGUE = load_catalogue()
LEASES, PODS = "coordination.k8s.io/v1/leases", "v1/pods"
LABELS = {"app": "kube-ovn-controller"}

LOG = """\
I1121 09:00:00.000001       7 subnet.go:10] delete u2o interconnection policy route for subnet gone
E1121 09:00:01.123456       7 pod.go:900] failed to get subnet gone: subnet.kubeovn.io "gone" not found
E1121 09:00:01.123999       7 ip.go:20] error syncing 'web-1.default': subnet.kubeovn.io "gone" not found, requeuing
E1121 09:00:09.123456       7 pod.go:900] failed to get subnet gone: subnet.kubeovn.io "gone" not found
W1121 09:00:10.000000       7 pod.go:1] slow
E1121 09:00:11.000000       7 ipam.go:5] AddressConflict: 10.16.0.9 of web-2
"""


def run(check: str, world: dict[str, Any], **params: Any) -> Judgement:
    spec = CATALOGUE.get(check)
    assert spec is not None
    return judged(spec, world, **params)


def log(check: str, read: str, text: str) -> Any:
    """A log parsed as the check declares it."""
    spec = CATALOGUE.get(check)
    assert spec is not None
    declared = spec.reads[read]
    assert isinstance(declared, LogsRead)
    return parse(declared.parse, text)


def controller(name: str = "c-1", **more: Any) -> dict[str, Any]:
    return pod(name, "kube-system", switch="", labels=LABELS, **more)


def lease(holder: str = "c-1", age: float = 5) -> dict[str, Any]:
    spec = {"holderIdentity": holder, "renewTime": stamp(age).replace("Z", ".123456Z")}
    return obj("kube-ovn-controller", metadata={"namespace": "kube-system"}, spec=spec)


# --- lease ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("holder", "age", "verdict"),
    [
        ("c-1", 5, Verdict.OK),
        ("c-1_0f6f2c7e", 5, Verdict.OK),  # client-go's own form of identity
        ("c-1", 90, Verdict.WARN),
        ("c-1", 130, Verdict.FAIL),
        ("vanished", 5, Verdict.WARN),
        ("", 5, Verdict.FAIL),
        ("c-1", -30, Verdict.OK),  # clocks that differ are no outage
    ],
)
def test_the_lease_must_be_fresh_and_its_holder_ready(holder: str, age: float, verdict: Verdict) -> None:
    found = run("controller.lease", {LEASES: [lease(holder, age)], PODS: [controller()]})
    assert found.verdict == verdict
    assert found.data["ready"] == 1


def test_pods_without_a_lease_fail_and_nothing_at_all_is_unknown() -> None:
    assert run("controller.lease", {LEASES: [], PODS: [controller()]}).verdict == Verdict.FAIL
    nothing = run("controller.lease", {LEASES: [], PODS: []})
    assert (nothing.verdict, nothing.reason) == (Verdict.UNKNOWN, "absent")


def test_leases_that_may_not_be_read_are_unknown() -> None:
    found = run("controller.lease", {LEASES: failed("forbidden"), PODS: [controller()]})
    assert (found.verdict, found.reason) == (Verdict.UNKNOWN, "forbidden")


# --- errors ---------------------------------------------------------------------------------------------------------


def test_error_lines_are_grouped_by_what_does_not_vary() -> None:
    one = grouped('failed to get subnet a: subnet.kubeovn.io "a" not found after 1.5s from 10.0.0.1')
    two = grouped('failed to get subnet a: subnet.kubeovn.io "b" not found after 27s from 10.9.8.7')
    assert one == two


def test_one_line_with_the_signature_is_enough_to_warn() -> None:
    facts = {"log": answered({"c-1": log("controller.errors", "log", LOG)})}
    found = run("controller.errors", facts, signature="subnet-not-found")
    assert (found.verdict, found.value) == (Verdict.WARN, 3)
    assert found.tables["missing_subnets"] == ({"name": "gone", "count": 3},)
    assert found.tables["syncing"] == ({"name": "web-1.default", "count": 1},)
    assert found.data["address_conflict"] == 1
    assert found.data["errors"] == 4


def test_without_a_signature_the_number_of_errors_decides() -> None:
    facts = {"log": answered({"c-1": log("controller.errors", "log", LOG)})}
    assert run("controller.errors", facts).verdict == Verdict.OK
    assert run("controller.errors", facts, warn=4).verdict == Verdict.WARN
    assert run("controller.errors", facts, signature="no-address").verdict == Verdict.OK


def test_a_log_that_is_missing_leaves_the_question_open_unless_another_answers_it() -> None:
    lines = log("controller.errors", "log", LOG)
    half = Fact((*answered({"c-1": lines}).answers, *failed("unreachable").answers))
    assert run("controller.errors", {"log": half}, signature="subnet-not-found").verdict == Verdict.WARN
    open_ = run("controller.errors", {"log": half}, signature="no-address")
    assert (open_.verdict, open_.reason) == (Verdict.UNKNOWN, "unreachable")
    assert run("controller.errors", {"log": failed("forbidden")}).verdict == Verdict.UNKNOWN


# --- panics ---------------------------------------------------------------------------------------------------------

PANIC = """\
I1121 09:00:00.000001       7 ip.go:300] handle update ip web-1.default
panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x58 pc=0x1f2d3c4]
github.com/kubeovn/kube-ovn/pkg/controller.isOvnSubnet(...)
"""


def crashed(count: int = 4, *, loop: bool = True) -> dict[str, Any]:
    state = {"waiting": {"reason": "CrashLoopBackOff"}} if loop else {"running": {}}
    return controller(statuses=[{"name": "kube-ovn-controller", "restartCount": count, "state": state}])


def test_the_nil_subnet_panic_is_recognised() -> None:
    facts = {PODS: [crashed()], "previous": answered({"c-1": log("controller.panics", "previous", PANIC)})}
    found = run("controller.panics", facts)
    assert found.verdict == Verdict.FAIL
    assert (found.data["known"], found.data["panics"], found.data["crashing"]) == (1, 1, 1)


def test_another_panic_is_a_panic_but_not_the_known_one() -> None:
    facts = {PODS: [crashed()], "previous": answered({"c-1": [{"line": "panic: boom"}]})}
    found = run("controller.panics", facts)
    assert (found.verdict, found.data["known"], found.data["panics"]) == (Verdict.FAIL, 0, 1)


def test_a_container_that_never_ended_needs_no_previous_log() -> None:
    found = run(
        "controller.panics", {PODS: [controller()], "previous": failed("invalid", "no previous container")}
    )
    assert found.verdict == Verdict.OK


def test_a_restart_whose_last_words_cannot_be_read_is_unknown() -> None:
    found = run("controller.panics", {PODS: [crashed(1, loop=False)], "previous": failed("forbidden")})
    assert found.verdict == Verdict.UNKNOWN


def test_restarts_without_a_panic_warn_only_when_they_are_many() -> None:
    quiet = {"previous": answered({"c-1": []})}
    assert run("controller.panics", {PODS: [crashed(1, loop=False)], **quiet}).verdict == Verdict.OK
    assert run("controller.panics", {PODS: [crashed(3, loop=False)], **quiet}).verdict == Verdict.WARN
    assert run("controller.panics", {PODS: [crashed(3)], **quiet}).verdict == Verdict.FAIL
