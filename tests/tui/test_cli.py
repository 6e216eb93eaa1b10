"""The command line as a user runs it: processes, exit codes, one JSON document on stdout, everything else on stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.tui.here import Run, here

ROOT = Path(__file__).resolve().parents[2]
SEARCHES = [
    ("流表 10w 内存", "ovn-mac-binding-leak"),
    ("mac_binding memory", "ovn-mac-binding-leak"),
    ("v4usingIPs 超过", "subnet-ip-count-wrong"),
    ("leaked ip nat gateway", "subnet-ip-count-wrong"),
    ("子网 无法删除 finalizer", "subnet-ip-stuck-deleting"),
    ("subnet stuck deleting", "subnet-ip-stuck-deleting"),
    ("海光 CPU 100% ovn-controller", "ovn-controller-starved"),
    ("inactivity probe disconnect flows missing", "ovn-controller-starved"),
    ("Too many open files ovs", "ovs-too-many-open-files"),
    ("句柄 泄漏", "ovs-too-many-open-files"),
]
STAGED = [
    ("mac-binding-leak", "ovn-mac-binding-leak", "stale-mac-bindings"),
    ("subnet-ip-count-wrong", "subnet-ip-count-wrong", "leaked-ip-objects"),
    ("subnet-status-stale", "subnet-ip-count-wrong", "stale-subnet-status"),
    ("ip-held-by-finalizer", "subnet-ip-stuck-deleting", "ip-held-subnet-gone"),
    ("subnet-held-by-finalizer", "subnet-ip-stuck-deleting", "subnet-held-stale-status"),
    ("ovn-controller-starved", "ovn-controller-starved", "cpu-not-given"),
    ("ovn-controller-busy", "ovn-controller-starved", "busy-recompute"),
    ("ovs-too-many-open-files", "ovs-too-many-open-files", "flapping-port-leak"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def runner(home: Path) -> Run:
    """Runs klinik with this home, empty at first, and no cluster."""

    def run(*arguments: str, **extra: str) -> subprocess.CompletedProcess[str]:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "LANG": "C.UTF-8",
            "PYTHONWARNINGS": "error",
            **extra,
        }
        return subprocess.run(
            [sys.executable, "-m", "tui.cli", *arguments],
            cwd=ROOT, env=env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    return run


@pytest.fixture(scope="module")
def klinik(home: Path) -> Run:
    return runner(home)


@pytest.fixture(scope="module")
def inside(home: Path) -> Run:
    """The same in this process."""
    return here(home)


def document(done: subprocess.CompletedProcess[str]) -> Any:
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("query", "expected"), SEARCHES)
def test_search_finds_the_incident_first(klinik: Run, inside: Run, query: str, expected: str) -> None:
    """An operator's tired words lead to the right article at the first place."""
    run = klinik if query == SEARCHES[0][0] else inside
    done = run("search", *query.split(), "-o", "json")
    found = document(done)
    assert done.returncode == 0
    assert found["query"] == query
    assert found["hits"][0]["id"] == expected
    assert set(found["hits"][0]) == {"id", "lang", "title", "score", "path", "section", "snippet"}


def test_search_that_finds_nothing_says_so_and_exits_1(klinik: Run) -> None:
    """No hit is no success, and the words are repeated."""
    done = klinik("search", "zzzxqwv")
    assert done.returncode == 1
    assert "zzzxqwv" in done.stdout
    assert document(klinik("search", "zzzxqwv", "-o", "json"))["hits"] == []


def test_show_prints_the_article_in_the_language_asked_for(klinik: Run) -> None:
    """--lang decides; JSON carries sections and guide."""
    assert "现象" in klinik("show", "ovn-mac-binding-leak", "--lang", "zh").stdout
    shown = document(klinik("show", "ovn-mac-binding-leak", "-o", "json", "--lang", "en"))
    assert shown["lang"] == "en"
    assert {"symptoms", "resolution"} <= {s["kind"] for s in shown["sections"]}
    assert shown["guide"]["causes"]


def test_an_unknown_article_is_wrong_usage_with_the_nearest_names(klinik: Run) -> None:
    """A slip of the finger is answered with what was probably meant."""
    done = klinik("show", "ovn-mac-binding")
    assert done.returncode == 2
    assert "ovn-mac-binding-leak" in done.stderr
    assert not done.stdout


def test_no_kubeconfig_is_exit_4_and_says_what_still_works(klinik: Run) -> None:
    """Without a cluster the answer names the reason and the practice cluster."""
    done = klinik("guide", "ovn-mac-binding-leak")
    assert done.returncode == 4, done.stderr
    assert "--practice" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_context_names_the_contexts_there_are(klinik: Run, tmp_path: Path) -> None:
    """An unknown context is wrong configuration, an unreachable server no cluster."""
    config = tmp_path / "config"
    config.write_text(
        json.dumps(
            {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "prod-bj",
                "contexts": [{"name": "prod-bj", "context": {"cluster": "c", "user": "u"}}],
                "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
                "users": [{"name": "u", "user": {"token": "t"}}],
            }
        )
    )
    done = klinik("check", "--kubeconfig", str(config), "--context", "prod-sh")
    assert done.returncode == 2
    assert "prod-bj" in done.stderr
    unreachable = klinik("check", "--kubeconfig", str(config))
    assert unreachable.returncode == 4
    assert "127.0.0.1" in unreachable.stderr
    assert "Traceback" not in unreachable.stderr


def test_wrong_usage_exits_2(klinik: Run) -> None:
    """Unknown commands, options, checks, scenarios and durations are usage errors."""
    for arguments in (
        ["nonsense"],
        ["search"],
        ["check", "no.such-check", "--practice", "healthy"],
        ["check", "--practice", "no-such-scenario"],
        ["check", "--request-timeout", "soon"],
        ["search", "x", "--where", "colour=red"],
        ["practice", "serve", "no-such-scenario"],
        ["sessions", "show", "../../etc/passwd"],
    ):
        done = klinik(*arguments)
        assert done.returncode == 2, (arguments, done.stderr)
        assert done.stderr
        assert "Traceback" not in done.stderr


def test_help_speaks_both_languages(klinik: Run) -> None:
    """--help follows the locale and --lang."""
    assert "knowledge base" in klinik("--help").stdout
    assert "知识库" in klinik("--help", LANG="zh_CN.UTF-8").stdout
    assert "搜索" in klinik("--lang", "zh", "--help").stdout


@pytest.mark.parametrize(("scenario", "article", "cause"), STAGED)
def test_a_guide_supports_exactly_the_staged_cause(
    klinik: Run, inside: Run, scenario: str, article: str, cause: str
) -> None:
    """On every staged incident the evidence supports that cause and no other; exit code 1."""
    run = klinik if scenario == "subnet-status-stale" else inside
    done = run("guide", article, "--practice", scenario, "-o", "json")
    found = document(done)
    assert done.returncode == 1, done.stderr
    supported = [c["id"] for c in found["causes"] if c["state"] == "supported"]
    assert supported == [cause], json.dumps(found["causes"], indent=1)
    assert {c["state"] for c in found["causes"] if c["id"] != cause} <= {"refuted", "open"}
    assert any(s["verdict"] in ("fail", "warn") for s in found["symptoms"])
    assert all(c["because"] for c in found["causes"])
    assert any(step["cause"] == cause and step["risk"] != "read" for step in found["steps"])


@pytest.mark.parametrize("article", sorted({article for _, article, _ in STAGED}))
def test_a_healthy_cluster_supports_no_cause(inside: Run, article: str) -> None:
    """Nothing is wrong: no cause supported, no symptom present, exit code 0."""
    done = inside("guide", article, "--practice", "healthy", "-o", "json")
    found = document(done)
    assert [c["id"] for c in found["causes"] if c["state"] == "supported"] == []
    assert [s["id"] for s in found["symptoms"] if s["verdict"] in ("fail", "warn")] == []
    assert done.returncode == 0, found["symptoms"]


def test_practice_list_names_every_scenario_with_article_and_cause(klinik: Run) -> None:
    """The list is what the guides are judged on, the healthy one among them."""
    found = {s["name"]: s for s in document(klinik("practice", "list", "-o", "json"))}
    assert {name for name, _, _ in STAGED} | {"healthy"} <= set(found)
    for name, article, cause in STAGED:
        assert (found[name]["article"], found[name]["cause"]) == (article, cause)


def test_check_prints_one_document_with_totals(klinik: Run) -> None:
    """check -o json has the shape of the design, and the exit code follows the verdicts."""
    done = klinik("check", "ovs.flow-count", "ovn.raft", "--practice", "mac-binding-leak", "-o", "json")
    found = document(done)
    assert set(found) == {"cluster", "results", "totals", "mutes", "roots"}
    verdicts = {r["id"]: r["verdict"] for r in found["results"]}
    assert verdicts == {"ovs.flow-count": "fail", "ovn.raft": "ok"}
    for result in found["results"]:
        assert {"id", "verdict", "reason", "value", "summary", "evidence", "took_ms"} <= set(result)
        assert result["evidence"]
    assert done.returncode == 1
    assert klinik("check", "ovn.raft", "--practice", "healthy").returncode == 0


def test_the_shipped_library_has_no_problem(klinik: Run) -> None:
    """kb lint is silent on what klinik ships."""
    done = klinik("kb", "lint", "-o", "json")
    assert document(done) == []
    assert done.returncode == 0


def test_a_broken_root_is_reported_and_the_rest_works(klinik: Run, tmp_path: Path) -> None:
    """Broken guide and check files are named with file and line, all at once, and search goes on."""
    article = tmp_path / "articles" / "mine"
    article.mkdir(parents=True)
    (article / "en.md").write_text("# My own outage\n\n## Symptoms\n\nThe frobnicator squeaks.\n")
    (article / "guide.yaml").write_text(
        "symptoms:\n  - id: a\n    text: {en: x}\n    checks: [nope]\ncausess: []\n"
    )
    checks = tmp_path / "checks"
    checks.mkdir()
    (checks / "bad.yaml").write_text("- id: x.y\n  outcomes: [{when: '1 +', verdict: fine}]\n")
    done = klinik("kb", "lint", "--kb", str(tmp_path))
    assert done.returncode == 1
    assert "guide.yaml:5" in done.stdout
    assert "guide.yaml:4" in done.stdout or "guide.yaml:3" in done.stdout
    assert "bad.yaml:" in done.stdout
    found = document(klinik("search", "frobnicator", "--kb", str(tmp_path), "-o", "json"))
    assert found["hits"][0]["id"] == "mine"


def test_doctor_says_what_works_and_what_does_not(klinik: Run) -> None:
    """doctor works without a cluster (exit 4) and with one (exit 0)."""
    without = klinik("doctor")
    assert without.returncode == 4
    assert "klinik" in without.stdout
    within = document(klinik("doctor", "--practice", "healthy", "-o", "json"))
    assert within["cluster"]["kubernetes"].startswith("v1.")
    assert within["cluster"]["kube-ovn"]
    assert all(p["allowed"] is True for p in within["permissions"])
    assert within["library"]["problems"] == 0
