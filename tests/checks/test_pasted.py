"""Outputs from elsewhere: the same parser, the same verdict, marked; and what is no answer never becomes health."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from checks.judge import judge
from checks.layout import Layout, Role
from checks.model import (
    Answer,
    CheckSpec,
    ExecRead,
    Fact,
    Judgement,
    ListRead,
    LogsRead,
    Outcome,
    Read,
    Result,
    Verdict,
)
from checks.pasting.elsewhere import asks, script
from checks.pasting.pasted import Pasted, PasteError, put, read_paste, unused
from checks.pasting.pastedtext import LONGEST, sections
from checks.runner import evidence
from kb.text import Text

LAYOUT = Layout(
    {
        "ovs": Role("ovs", "kube-system", {"app": "ovs"}, "openvswitch", per="node"),
        "leader": Role("leader", "kube-system", {"app": "central"}, "ovn-central", pick="one"),
    }
)
FLOWS = ExecRead("ovs", ("ovs-ofctl", "dump-aggregate", "br-int"), {"regex": r"flow_count=(?P<count>\d+)"})
LINES = ExecRead("ovs", ("ovs-appctl", "list"), {"count_lines": "bad"})
SUBNETS = ListRead("kubeovn.io/v1/subnets")
OUT = "NXST_AGGREGATE reply (xid=0x4): packet_count=0 byte_count=0 flow_count=140434"


def spec_of(**reads: Read) -> CheckSpec:
    outcomes = (
        Outcome(Verdict.FAIL, Text.of("too many"), f"{next(iter(reads))}.count > 100"),
        Outcome(Verdict.OK, Text.of("fine")),
    )
    first = next(iter(reads))
    return CheckSpec(
        "ovs.flow-count", Text.of("flows"), Text(), "x.yaml", 1, reads, each=first, outcomes=outcomes
    )


def refused(*targets: str, error: str = "forbidden") -> Fact:
    def one(target: str) -> Answer:
        command = ("kubectl", "-n", "kube-system", "exec", f"pod-{target}", "-c", "openvswitch", "--", "x")
        return Answer(
            target,
            None,
            "",
            1.0,
            command,
            f"exec pod-{target}",
            error,
            Text.of("no"),
            target,
            f"pod-{target}",
        )

    return Fact(tuple(map(one, targets)))


def filled(spec: CheckSpec, facts: Mapping[str, Fact], text: str, **where: str) -> dict[str, Fact]:
    pasted = read_paste(spec, text, by="chen", now=50.0, **where)
    return put(spec.reads, facts, pasted, LAYOUT, 60.0)


def by_target(fact: Fact) -> dict[str, tuple[Any, str]]:
    return {a.target: (a.value, a.error) for a in fact.answers}


def judged(spec: CheckSpec, facts: Mapping[str, Fact]) -> Result:
    judgement = judge(spec, facts, {}, 60.0)
    return Result(spec.id, "a", spec.title, judgement, evidence(facts, 60.0), 60.0, 1)


def test_a_paste_of_several_targets_gives_their_verdicts_and_is_marked() -> None:
    spec = spec_of(flows=FLOWS)
    text = f"$ for t in …; do …; done\n== n1\n{OUT}\n== n2\n{OUT[:-5]}\n"
    facts = filled(spec, {"flows": refused("n1", "n2", "n3")}, text, read="flows")
    result = judged(spec, facts)
    rows = {row.target: row.verdict for row in result.judgement.rows}
    assert rows == {"n1": Verdict.FAIL, "n2": Verdict.OK, "n3": Verdict.UNKNOWN}
    assert [(e.target, e.pasted, e.at) for e in result.pasted] == [("n1", "chen", 50.0), ("n2", "chen", 50.0)]
    assert "pasted by chen" in result.pasted[0].source
    assert result.verdict is Verdict.FAIL


def test_what_the_cluster_answered_is_never_replaced() -> None:
    live = Answer("n1", {"count": 5}, "5", 1.0)
    facts = {"flows": Fact((live, *refused("n2").answers))}
    pasted = read_paste(
        spec_of(flows=FLOWS), f"== n1\n{OUT}\n== n2\n{OUT}", read="flows", by="chen", now=50.0
    )
    full = put({"flows": FLOWS}, facts, pasted, LAYOUT, 60.0)
    assert by_target(full["flows"]) == {"n1": ({"count": 5}, ""), "n2": ({"count": 140434}, "")}
    result = Result("c", "a", Text(), Judgement(Verdict.OK, Text()), evidence(full, 60.0), 60.0, 1)
    assert [one.target for one in unused(result, pasted)] == ["n1"]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "unparsable"),
        ("   \n\n", "unparsable"),
        ("bash: ovs-appctl: command not found", "absent"),
        ("Error from server (Forbidden): pods \"x\" is forbidden: User cannot create pods/exec", "forbidden"),
        ("ovs-appctl: cannot connect to \"/run/x.ctl\" (No such file or directory)", "absent"),
        ("\x1b[31mbash: ovs-appctl: command not found\x1b[0m", "absent"),
        ("The connection to the server 10.0.0.1:6443 was refused - did you specify the right host or port?", "error"),
        ("some output\ncommand terminated with exit code 1", "error"),
        ("some output\n== rc=124", "timeout"),
        ("Permission denied (publickey).\n== rc=255", "forbidden"),
    ],
)  # fmt: skip
def test_what_is_no_answer_is_no_answer(text: str, reason: str) -> None:
    """`count_lines` would make 0 of any of these, which is health."""
    spec = spec_of(lines=LINES)
    facts = filled(spec, {"lines": refused("n1")}, text, read="lines")
    assert by_target(facts["lines"]) == {"n1": (None, reason)}
    assert judged(spec, facts).verdict is Verdict.UNKNOWN


def test_nothing_is_an_answer_where_the_paste_says_that_the_command_ended_well() -> None:
    spec = spec_of(lines=LINES)
    facts = filled(spec, {"lines": refused("n1")}, "== n1\n\n== rc=0\n", read="lines")
    assert by_target(facts["lines"]) == {"n1": (0, "")}


@pytest.mark.parametrize(
    "text",
    [
        f"[root@n1 ~]# ovs-ofctl dump-aggregate br-int\n{OUT}\n[root@n1 ~]#",
        f"$ ovs-ofctl dump-aggregate br-int\r\n{OUT}\r\n$ \r\n",
        f"\ufeff{OUT}",
        f"Defaulted container \"openvswitch\" out of: openvswitch, ovn\n{OUT}\n",
        f"\x1b[1m{OUT}\x1b[0m",
        f"n1 | CHANGED | rc=0 >>\n{OUT}\n",
        f"==> n1 <==\n{OUT}\n",
        f"== n1 ==\n{OUT}\n\n== rc=0",
        f"== flows@n1\n{OUT}\n\n== rc=0",
    ],
)  # fmt: skip
def test_what_terminals_and_tools_add_is_left_out(text: str) -> None:
    named = "flows@" in text
    facts = filled(
        spec_of(flows=FLOWS), {"flows": refused("n1")}, text, **({} if named else {"read": "flows"})
    )
    assert by_target(facts["flows"]) == {"n1": ({"count": 140434}, "")}


def test_garbage_is_unparsable_and_never_a_crash() -> None:
    spec = spec_of(flows=FLOWS)
    for text in ("\x00\x01\x02" * 100, "流表数量：很多", "flow_count=", "{" * 50_000, "== n1\n== n2\n"):
        facts = filled(spec, {"flows": refused("n1", "n2")}, text, read="flows")
        assert judged(spec, facts).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("x" * (LONGEST + 1), {"read": "flows"}, "larger than"),
        (f"== n1\n{OUT}\n== n1\n{OUT}", {"read": "flows"}, "same target"),
        (OUT, {"read": "flow"}, "has no read flow"),
        (OUT, {}, "which read"),
        (OUT, {"read": "flows", "target": "n1; rm -rf /"}, "no name of a node"),
        (f"== n1\n{OUT}", {"read": "flows", "target": "n2"}, "may be given besides"),
        ("\n".join(f"== n{i}" for i in range(6000)), {"read": "flows"}, "at most"),
    ],
)
def test_a_paste_that_cannot_be_used_says_why(text: str, where: dict[str, str], words: str) -> None:
    with pytest.raises(PasteError, match=words):
        read_paste(spec_of(flows=FLOWS), text, by="chen", now=1.0, **where)


def test_a_paste_without_a_name_is_for_the_only_one_that_failed() -> None:
    spec = spec_of(flows=FLOWS)
    assert by_target(filled(spec, {"flows": refused("n1")}, OUT, read="flows")["flows"])["n1"] == (
        {"count": 140434},
        "",
    )
    two = filled(spec, {"flows": refused("n1", "n2")}, OUT, read="flows")
    assert {error for _, error in by_target(two["flows"]).values()} == {"forbidden"}, "whose would it be?"


def test_where_nobody_knows_who_there_is_the_others_stay_unknown() -> None:
    """All that was pasted is well, and that is not all there is."""
    spec = spec_of(flows=FLOWS)
    facts = filled(
        spec, {"flows": Fact(error="forbidden", message=Text.of("pods"))}, "== n1\nflow_count=3", read="flows"
    )
    result = judged(spec, facts)
    assert result.verdict is Verdict.UNKNOWN
    assert {row.target: row.verdict for row in result.judgement.rows} == {
        "n1": Verdict.OK,
        "*": Verdict.UNKNOWN,
    }
    leader = spec_of(flows=ExecRead("leader", FLOWS.argv, FLOWS.parse))
    alone = filled(
        leader, {"flows": Fact(error="forbidden", message=Text.of("pods"))}, "flow_count=3", read="flows"
    )
    assert judged(leader, alone).verdict is Verdict.OK, "of a leader there is one"


def test_samples_need_their_times() -> None:
    read = ExecRead("ovs", ("cat", "/sys/x"), {"regex": r"(?P<n>\d+)"}, samples=2, apart=10)
    both = "== n1\n== at=100\n5\n\n== rc=0\n== at=110.5\n7\n\n== rc=0\n"
    facts = filled(spec_of(x=read), {"x": refused("n1")}, both, read="x")
    assert facts["x"].answers[0].value == [{"at": 100.0, "value": {"n": 5}}, {"at": 110.5, "value": {"n": 7}}]
    for text in (
        "== n1\n5\n7\n",
        "== n1\n== at=100\n5\n",
        "== n1\n== at=100\n5\n== at=110\n7\n== at=120\n9\n",
    ):
        assert (
            filled(spec_of(x=read), {"x": refused("n1")}, text, read="x")["x"].answers[0].error
            == "unparsable"
        )


def test_lists_are_taken_as_kubectl_prints_them() -> None:
    failed = {"subnets": Fact((Answer("", None, "", 1.0, error="forbidden", message=Text.of("no")),))}
    spec = spec_of(subnets=SUBNETS)
    text = '$ kubectl get …\n{"kind": "List", "items": [{"kind": "Subnet", "metadata": {"name": "a"}}]}\n$ '
    assert [i["metadata"]["name"] for i in filled(spec, failed, text, read="subnets")["subnets"].items] == [
        "a"
    ]
    whole = f"== subnets@\n{text[text.index('{') :]}\n\n== rc=0\n"
    assert [i["metadata"]["name"] for i in filled(spec, failed, whole)["subnets"].items] == ["a"]
    for wrong in (
        "NAME  PROVIDER\na ovn", '{"items": [{"kind": "Pod", "metadata": {"name": "a"}}]}', "{", "[" * 100_000,
        '{"items": [{"metadata": {}}]}', '{"items": [1]}', '{"kind": "Subnet"}',
        'Error from server (Forbidden): subnets.kubeovn.io is forbidden',
    ):  # fmt: skip
        fact = filled(spec, failed, wrong, read="subnets")["subnets"]
        assert fact.answers[0].error in ("unparsable", "forbidden"), wrong
        assert fact.items == []


# --- what to run elsewhere --------------------------------------------------------------------------------------------


def test_the_commands_are_named_per_target_and_only_for_what_somebody_else_may_read() -> None:
    spec = spec_of(flows=FLOWS)
    gone = Answer("n9", None, "", 1.0, error="absent", message=Text.of("no pod"))
    result = judged(spec, {"flows": Fact((*refused("n1", "n2").answers, gone))})
    wanted = asks(spec, result, LAYOUT)
    assert [(ask.read, ask.target, ask.reason) for ask in wanted] == [
        ("flows", t, "forbidden") for t in ("n1", "n2")
    ]
    assert (
        wanted[0].kubectl
        == "kubectl -n kube-system exec pod-n1 -c openvswitch -- ovs-ofctl dump-aggregate br-int"
    )
    assert wanted[0].plain == "ovs-ofctl dump-aggregate br-int"
    assert "pod-n1" in wanted[0].where.en


def test_lists_and_logs_have_their_commands_too() -> None:
    spec = spec_of(subnets=SUBNETS, log=LogsRead("ovs", tail=50))
    facts = {"subnets": Fact((Answer("", None, "", 1.0, error="forbidden"),)), "log": refused("n1")}
    result = Result("c", "a", Text(), Judgement(Verdict.UNKNOWN, Text()), evidence(facts, 1.0), 1.0, 1)
    lines = [ask.kubectl for ask in asks(spec, result, LAYOUT)]
    assert lines == [
        "kubectl get subnets.kubeovn.io -A -o json",
        "kubectl -n kube-system logs pod-n1 -c openvswitch --tail=50",
    ]


@pytest.mark.skipif(shutil.which("bash") is None, reason="the script is for a shell")
def test_the_script_runs_in_a_shell_and_its_output_is_taken_back(tmp_path: Any) -> None:
    """With a kubectl that runs the command here: quoting, slots filled by the shell, exit codes, several samples."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text('#!/bin/bash\nwhile [ "$1" != "--" ]; do shift; done; shift\nexec "$@"\n')
    kubectl.chmod(0o755)
    (tmp_path / "pid").write_text("4711")
    (tmp_path / "4711").mkdir()
    (tmp_path / "4711" / "a $b").write_text(
        "count 42"
    )  # no newline at its end, and signs that a shell would take
    spec = spec_of(
        pid=ExecRead("ovs", ("cat", f"{tmp_path}/pid")),
        file=ExecRead("ovs", ("cat", f"{tmp_path}/{{pid}}/a $b"), {"regex": r"(?P<count>\d+)"}, given={"pid": "pid"}),
        none=ExecRead("ovs", ("cat", f"{tmp_path}/none"), {"count_lines": "x"}),
        twice=ExecRead("ovs", ("echo", "7"), samples=2, apart=0),
    )  # fmt: skip
    facts = {name: refused("n1", "n2") for name in spec.reads}
    result = Result("c", "a", Text(), Judgement(Verdict.UNKNOWN, Text()), evidence(facts, 1.0), 1.0, 1)
    text = script(asks(spec, result, LAYOUT))
    done = subprocess.run(
        ["bash", "-c", text],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    full = filled(spec, facts, done.stdout)
    for target in ("n1", "n2"):
        assert by_target(full["pid"])[target] == ("4711", "")
        assert by_target(full["file"])[target] == ({"count": 42}, "")
        assert by_target(full["none"])[target][1] == "error", "its exit code is 1, and cat said why on stderr"
        values, _ = by_target(full["twice"])[target]
        assert [sample["value"] for sample in values] == ["7", "7"]


def test_known_slots_are_filled_in() -> None:
    fds = ExecRead("ovs", ("ls", "/proc/{pid}/fd"), given={"pid": "pid"})
    spec = spec_of(pid=ExecRead("ovs", ("cat", "/run/pid")), fds=fds)
    facts = {"pid": Fact((Answer("n1", "4711", "4711\n", 1.0),)), "fds": refused("n1")}
    result = Result("c", "a", Text(), Judgement(Verdict.UNKNOWN, Text()), evidence(facts, 1.0), 1.0, 1)
    assert [ask.plain for ask in asks(spec, result, LAYOUT)] == ["ls /proc/4711/fd"]
    hostile = {"pid": Fact((Answer("n1", "", "$(reboot)\n", 1.0),)), "fds": refused("n1")}
    result = Result("c", "a", Text(), Judgement(Verdict.UNKNOWN, Text()), evidence(hostile, 1.0), 1.0, 1)
    assert all("reboot" not in ask.kubectl + ask.plain for ask in asks(spec, result, LAYOUT))


def test_large_pastes_are_taken_apart_in_time() -> None:
    text = "".join(f"== n{n}\n" + "x" * 3000 + "\n" for n in range(4000))
    assert len(sections(text)) == 4000
    assert isinstance(sections("a\n" * 2_000_000)[0].outputs[0].text, str)


def test_pasted_is_a_plain_value() -> None:
    (one,) = read_paste(spec_of(flows=FLOWS), OUT, read="flows", target="n1", by="chen", now=5.0)
    assert isinstance(one, Pasted)
    assert (one.read, one.target, one.by, one.at) == ("flows", "n1", "chen", 5.0)
