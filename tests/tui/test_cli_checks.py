"""`klinik check`, `guide` and `doctor --rbac`: reports for other programs, thresholds, and permissions."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from checks.cluster import Object
from tests.checks.test_report import scraped, values
from tests.checks.troubled import OF_KIND, Bed, bed
from tests.tui.here import Done, Run, here

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def klinik(home: Path) -> Run:
    return here(home)


@pytest.fixture(scope="module")
def leaking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """A cluster with too many flows, served for the whole module; nobody makes trouble there."""
    with bed(tmp_path_factory.mktemp("leaking"), "mac-binding-leak") as running:
        yield running


@pytest.fixture(scope="module")
def on(klinik: Run, leaking: Bed) -> Run:
    """Runs klinik on that cluster."""
    return lambda *arguments, **extra: klinik(*arguments, "--kubeconfig", str(leaking.kubeconfig), **extra)


@pytest.fixture
def troubled(tmp_path: Path) -> Iterator[Bed]:
    """A healthy cluster of one's own, for trouble."""
    with bed(tmp_path) as running:
        yield running


# --- what makes a failure ---------------------------------------------------------------------------------------------

WARNING = ("ovs.flow-count", "--set", "ovs.flow-count.fail=9000000")
"""107,000 flows are more than the threshold of the warning."""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("ovs.flow-count",), 1),
        (WARNING, 0),
        ((*WARNING, "--fail-on", "warn"), 1),
        ((*WARNING, "--fail-on", "unknown"), 1),
        (("ovn.raft", "--fail-on", "unknown"), 0),
    ],
)
def test_fail_on_decides_what_fails(on: Run, arguments: tuple[str, ...], code: int) -> None:
    """And thresholds can be set for a run."""
    done = on("check", *arguments)
    assert done.returncode == code, done.stdout


def test_unknown_exits_3_unless_it_counts_as_a_failure(klinik: Run, troubled: Bed) -> None:
    """With --fail-on fail and warn it is 3, with unknown 1; in a guide the symptoms decide."""
    troubled.server.faults.forbid("create", "pods", subresource="exec")
    where = ("--kubeconfig", str(troubled.kubeconfig))
    assert klinik("check", "ovn.raft", "--fail-on", "warn", *where).returncode == 3
    assert klinik("check", "ovn.raft", "--fail-on", "unknown", *where).returncode == 1
    assert klinik("guide", "ovn-mac-binding-leak", *where).returncode == 3
    assert klinik("guide", "ovn-mac-binding-leak", "--fail-on", "unknown", *where).returncode == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("nonsense", "CHECK.PARAM=VALUE"),
        ("flow-count=3", "CHECK.PARAM=VALUE"),
        ("ovn.raft.x=3", "not among those that run"),
        ("ovs.flow-count.wrn=3", "warn, fail"),
        ("ovs.flow-count.warn=many", "same kind"),
        ("ovs.flow-count.warn=true", "same kind"),
    ],
)
def test_a_setting_that_does_not_fit_is_wrong_usage(on: Run, given: str, said: str) -> None:
    """Named with what would fit, before anything runs."""
    done = on("check", "ovs.flow-count", "--set", given)
    assert done.returncode == 2
    assert said in done.stderr
    assert not done.stdout


# --- documents --------------------------------------------------------------------------------------------------------


def test_junit_is_one_document_with_a_case_per_check(on: Run) -> None:
    """On stdout, and nothing else there."""
    done = on("check", "ovs.flow-count", "ovn.raft", "-o", "junit", "--lang", "zh")
    assert done.returncode == 1
    root = ElementTree.fromstring(done.stdout.encode())
    found = {case.attrib["name"]: [child.tag for child in case] for case in root.iter("testcase")}
    assert found == {"ovs.flow-count": ["failure", "system-out"], "ovn.raft": ["system-out"]}
    assert "流" in root.find(".//failure").attrib["message"]  # type: ignore[union-attr]


def test_reports_are_utf8_in_a_locale_that_is_not(klinik: Run, leaking: Bed, home: Path) -> None:
    """The XML declaration promises it, and a cron job has no locale."""
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "POSIX", "PYTHONIOENCODING": "ascii"}
    command = ["check", "ovs.flow-count", "-o", "junit", "--lang", "zh", "--kubeconfig"]
    done = subprocess.run(
        [sys.executable, "-m", "tui.cli", *command, str(leaking.kubeconfig)],
        cwd=ROOT, env=env, capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "流" in ElementTree.fromstring(done.stdout).find(".//failure").attrib["message"]  # type: ignore[union-attr]


def test_prometheus_text_goes_to_a_file_that_node_exporter_can_read(on: Run, tmp_path: Path) -> None:
    """Whole, 0644 whatever the umask, with nothing left beside it; JUnit with its evidence is private."""
    numbers, tests = tmp_path / "klinik.prom", tmp_path / "klinik.xml"
    numbers.write_text("old")
    numbers.chmod(0o600)
    done = on("check", "ovs.flow-count", "-o", "prometheus", "--to", str(numbers))
    assert (done.returncode, done.stdout) == (1, "")
    found = scraped(numbers.read_text())
    assert values(found, "klinik_check_value", "check", "alias", "report") == {
        ("ovs.flow-count", "ovs_flow_count", "klinik"): pytest.approx(107_000, abs=5_000)
    }
    assert stat.S_IMODE(numbers.stat().st_mode) == 0o644
    assert on("check", "ovn.raft", "-o", "junit", "--to", str(tests)).returncode == 0
    assert stat.S_IMODE(tests.stat().st_mode) == 0o600
    assert ElementTree.parse(tests).getroot().attrib["failures"] == "0"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["klinik.prom", "klinik.xml"]


def test_a_link_stays_a_link_and_a_pipe_is_written_to(on: Run, tmp_path: Path) -> None:
    """A link into another folder, and what a shell makes of >(…)."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "link.prom").symlink_to(elsewhere / "real.prom")
    assert on("check", "ovn.raft", "-o", "prometheus", "--to", str(tmp_path / "link.prom")).returncode == 0
    assert (tmp_path / "link.prom").is_symlink()
    assert scraped((elsewhere / "real.prom").read_text())
    read, write = os.pipe()
    done = on("check", "ovn.raft", "-o", "prometheus", "--to", f"/dev/fd/{write}")
    os.close(write)
    with os.fdopen(read, encoding="utf-8") as pipe:
        assert scraped(pipe.read())
    assert done.returncode == 0, done.stderr


def test_a_file_that_cannot_be_written_is_said_and_leaves_nothing(on: Run, tmp_path: Path) -> None:
    done = on("check", "ovn.raft", "-o", "prometheus", "--to", str(tmp_path / "no" / "such.prom"))
    assert done.returncode == 2
    assert "such.prom" in done.stderr
    assert on("check", "ovn.raft", "--to", str(tmp_path / "x.txt")).returncode == 2, "text is printed"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["prometheus", "junit"])
def test_a_cluster_that_does_not_answer_replaces_the_last_report(
    klinik: Run, tmp_path: Path, form: str
) -> None:
    """Exit 4, and the file says that nothing was seen: yesterday's verdicts must not pass for today's."""
    config = tmp_path / "config"
    entry = {"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}
    config.write_text(
        json.dumps(
            {
                "apiVersion": "v1", "kind": "Config", "current-context": "prod", "clusters": [entry],
                "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
            }
        )
    )  # fmt: skip
    target = tmp_path / "out"
    target.write_text("yesterday")
    done = klinik("check", "--kubeconfig", str(config), "-o", form, "--to", str(target))
    assert done.returncode == 4
    assert "127.0.0.1" in done.stderr
    text = target.read_text()
    if form == "junit":
        assert ElementTree.fromstring(text).attrib["errors"] == "1"
    else:
        assert values(scraped(text), "klinik_cluster_reachable", "cluster") == {("prod",): 0.0}


def test_a_guide_reports_its_checks_symptoms_and_causes(on: Run) -> None:
    """In Prometheus text as state sets, in JUnit as test cases of the article."""
    done = on("guide", "subnet-ip-count-wrong", "-o", "prometheus")
    assert done.returncode == 0
    found = values(scraped(done.stdout), "klinik_cause_state", "article", "cause", "state")
    assert found["subnet-ip-count-wrong", "leaked-ip-objects", "refuted"] == 1.0
    done = on("guide", "subnet-ip-count-wrong", "-o", "junit")
    root = ElementTree.fromstring(done.stdout)
    names = {case.attrib["classname"].partition(".")[0] for case in root.iter("testcase")}
    assert names == {"subnet-ip-count-wrong"}


# --- the catalogue ----------------------------------------------------------------------------------------------------


def test_the_list_says_everything_about_a_check(klinik: Run) -> None:
    """Without a cluster: why, reads, verbs, cost, params with defaults, where it applies, articles; both languages."""
    found = {c["id"]: c for c in json.loads(klinik("check", "--list", "-o", "json").stdout)}
    assert len(found) >= 45
    flows = found["ovs.flow-count"]
    assert flows["params"] == {"warn": 50000, "fail": 100000}
    assert flows["reads"][0]["text"] == "exec ovs: ovs-ofctl dump-aggregate br-int"
    assert {"verb": "create", "resource": "pods/exec -n kube-system"} in flows["permissions"]
    assert flows["applies"]["roles"] == ["ovs"]
    assert "ovn-mac-binding-leak" in flows["articles"]
    for check in found.values():
        assert all(check[key] for key in ("title", "why", "cost", "reads", "permissions", "path"))
        assert check["applies"]["text"]
    text = klinik("check", "--list", "ovs.flow-count", "--lang", "zh").stdout
    for word in (
        "cheap",
        "含义",
        "ovs-ofctl dump-aggregate",
        "pods/exec",
        "warn=50000",
        "ovn-mac-binding-leak",
    ):
        assert word in text
    assert "ovn.raft" not in text
    every = klinik("check", "--list").stdout
    assert all(check in every for check in found)
    assert klinik("check", "--list", "-o", "junit").returncode == 2
    assert klinik("check", "--list", "no.such").returncode == 2


# --- permissions ------------------------------------------------------------------------------------------------------


def test_what_is_forbidden_names_every_verb_and_the_command_for_the_role(klinik: Run, troubled: Bed) -> None:
    """In text and JSON; the verdicts of the rest are real; and a check that lacks nothing says nothing."""
    for verb in ("create", "get"):
        troubled.server.faults.forbid(verb, "pods", subresource="exec")
    where = ("--kubeconfig", str(troubled.kubeconfig))
    done = klinik("check", "ovn.raft", "subnet.capacity", *where)
    assert done.returncode == 3
    assert "create, get pods/exec -n kube-system" in done.stdout
    assert "klinik doctor --rbac ovn.raft" in done.stdout
    assert "1 of 2 checks lack permissions" in done.stdout
    assert done.stdout.index("subnet.capacity") < done.stdout.index("ovn.raft"), (
        "the real verdict does not wait"
    )
    found = json.loads(klinik("check", "ovn.raft", "subnet.capacity", "-o", "json", *where).stdout)
    lacking = {r["id"]: r["missing"] for r in found["results"]}
    assert lacking["subnet.capacity"] == []
    assert {"verb": "get", "resource": "pods/exec -n kube-system"} in lacking["ovn.raft"]
    triage = json.loads(klinik("triage", "-o", "json", *where).stdout)
    assert any(
        {"verb": "create", "resource": "pods/exec -n kube-system"} in r["missing"] for r in triage["results"]
    )
    (root,) = triage["roots"]
    assert root["root"] == "may:get pods/exec -n kube-system"
    assert "ovn.raft" in root["checks"]
    assert {r["root"] for r in triage["results"] if r["id"] in root["checks"]} == {root["root"]}
    assert "klinik doctor --rbac" in klinik("triage", *where).stdout
    guide = json.loads(klinik("guide", "ovn-mac-binding-leak", "-o", "json", *where).stdout)
    assert {one["verb"] for one in guide["missing"]} == {"create", "get"}
    text = klinik("guide", "ovn-mac-binding-leak", "--lang", "zh", *where).stdout
    assert "klinik doctor --rbac ovn-mac-binding-leak" in text
    assert "缺少权限" in text


def test_a_server_that_will_not_say_delays_no_verdict(klinik: Run, troubled: Bed) -> None:
    """Permission reviews that hang: the run takes as long as it takes, and ends."""
    troubled.server.faults.hang("selfsubjectaccessreviews")
    where = ("--kubeconfig", str(troubled.kubeconfig))
    done = klinik("check", "ovn.raft", "subnet.capacity", *where)
    assert done.returncode == 0, done.stdout
    troubled.server.faults.forbid("create", "pods", subresource="exec")
    began = time.monotonic()
    again = klinik("check", *where)
    took = time.monotonic() - began
    assert again.returncode == 3
    assert "doctor --rbac" not in again.stdout, "nobody said what is missing"
    assert "checks cannot be answered: no permission to create pods/exec -n kube-system" in again.stdout
    assert again.stdout.count("? unknown") < 4, "one line for all of them, and the totals"
    assert took < 10, "one wait for all of them"


def test_the_role_that_is_named_is_the_role_that_helps(klinik: Run, troubled: Bed) -> None:
    """A user bound to nothing but one check's role: that check has its verdict, another says what it lacks."""
    text = klinik("doctor", "--rbac", "ovn.raft", "--subject", "user:viewer").stdout
    for document in filter(None, yaml.safe_load_all(text)):
        namespace = document["metadata"].get("namespace", "")
        troubled.world.store.create(OF_KIND[document["kind"]], document, namespace=namespace)
    where = ("--kubeconfig", str(troubled.kubeconfig), "--as", "viewer")
    found = json.loads(klinik("check", "ovn.raft", "subnet.capacity", "-o", "json", *where).stdout)
    verdicts = {r["id"]: (r["verdict"], r["reason"]) for r in found["results"]}
    assert verdicts == {"ovn.raft": ("ok", ""), "subnet.capacity": ("unknown", "forbidden")}


def objects(done: Done) -> list[Object]:
    assert done.returncode == 0, done.stderr
    return [document for document in yaml.safe_load_all(done.stdout) if document]


def test_roles_are_printed_without_a_cluster_checks_apart_from_fixes(klinik: Run) -> None:
    """As YAML and as JSON the same objects; --part prints one of them."""
    every = objects(klinik("doctor", "--rbac", "ovn-mac-binding-leak"))
    names = {one["metadata"]["name"] for one in every}
    assert names == {"klinik-checks-ovn-mac-binding-leak", "klinik-fixes-ovn-mac-binding-leak"}
    document = json.loads(klinik("doctor", "--rbac", "ovn-mac-binding-leak", "-o", "json").stdout)
    assert [*document["checks"]["items"], *document["fixes"]["items"]] == every
    assert document["subject"]["placeholder"] is True
    assert any(p["verb"] == "delete" for p in document["permissions"]["fixes"])
    checks = objects(klinik("doctor", "--rbac", "--part", "checks"))
    assert {one["metadata"]["name"] for one in checks} == {"klinik-checks"}


def test_a_placeholder_is_said_to_be_one(klinik: Run) -> None:
    """--subject and --as take its place."""
    assert "--subject" in klinik("doctor", "--rbac").stdout
    told = klinik("doctor", "--rbac", "--as", "chen", "--lang", "zh")
    assert "占位符" not in told.stdout
    assert {s["name"] for one in objects(told) for s in one.get("subjects", [])} == {"chen"}
    account = objects(klinik("doctor", "--rbac", "ovn.raft", "--subject", "serviceaccount:ops/klinik"))
    subjects = [s for one in account for s in one.get("subjects", [])]
    assert subjects[0] == {"kind": "ServiceAccount", "name": "klinik", "namespace": "ops"}


def test_an_article_without_live_checks_needs_no_role(klinik: Run, tmp_path: Path) -> None:
    """A guide derived from a text runs nothing, and that is what is said, in YAML that is still valid."""
    (tmp_path / "mine.md").write_text(
        "# A frobnicator squeaks\n\n## Resolution\n\n1. Oil it:\n\n```bash\nkubectl delete pod frob -n a\n```\n"
    )
    done = klinik("doctor", "--rbac", "mine", "--kb", str(tmp_path))
    assert objects(done) == []
    assert "no permission" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--rbac", "no-such-article"), "no-such-article"),
        (("--rbac", "ovn-mac-binding-lek"), "ovn-mac-binding-leak"),
        (("--rbac", "--subject", "chen"), "user:NAME"),
        (("ovn.raft",), "--rbac"),
        (("--subject", "user:x"), "--rbac"),
    ],
)
def test_wrong_usage_of_the_doctor_says_what_is_right(
    klinik: Run, arguments: tuple[str, ...], said: str
) -> None:
    done = klinik("doctor", *arguments)
    assert done.returncode == 2
    assert said in done.stderr


def test_the_doctor_asks_for_what_the_roles_give(klinik: Run, troubled: Bed) -> None:
    """A user with both roles of everything may do all that the doctor asks about."""
    text = klinik("doctor", "--rbac", "--subject", "user:viewer").stdout
    for document in filter(None, yaml.safe_load_all(text)):
        namespace = document["metadata"].get("namespace", "")
        troubled.world.store.create(OF_KIND[document["kind"]], document, namespace=namespace)
    where = ("--kubeconfig", str(troubled.kubeconfig), "--as", "viewer")
    found: dict[str, Any] = json.loads(klinik("doctor", "-o", "json", *where).stdout)
    assert [p for p in found["permissions"] if p["allowed"] is not True] == []


def test_the_doctor_names_the_way_out(klinik: Run, troubled: Bed) -> None:
    """What is not allowed, who needs it, and what prints the role."""
    troubled.server.faults.forbid("delete", "ips")
    done = klinik("doctor", "--kubeconfig", str(troubled.kubeconfig))
    assert done.returncode == 1
    assert "may not delete ips.kubeovn.io: needed by subnet-ip-count-wrong/delete-orphan-ips" in done.stdout
    assert "klinik doctor --rbac" in done.stdout
