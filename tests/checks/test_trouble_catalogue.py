"""Every check of the catalogue on clusters that refuse, break and lie: never ok, never a crash, always a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from checks.catalogue import Catalogue
from checks.cluster import ExecResult
from checks.model import Result, Verdict
from tests.checks.troubled import Bed, bed, catalogue, executing

ON_OWN_LISTS = ("controller.panics", "kubeovn.terminating", "eip.addresses")
"""Judged by their lists alone where these are empty: nothing restarted, nothing is being deleted, there is no EIP."""
QUIET = ("controller.errors", "cni.errors", "dns.log", "etcd.log", "kube-proxy.log")
"""An empty log of a running pod holds no errors."""
BARE = ("node.iptables-mode",)
"""Output without any rule is said to have none, which is unknown, too."""
API = "^GET /(api|readyz|livez)"
Trouble = Callable[[Bed], None]

BROKEN: Mapping[str, tuple[Trouble, tuple[str, ...]]] = {
    "all-forbidden": (lambda b: b.server.faults.forbid() and None, ("forbidden",)),
    "api-500": (lambda b: b.server.faults.status(API, 500, "boom") and None, ("error",)),
    "api-garbage": (lambda b: b.server.faults.garbage(API) and None, ("error", "unparsable")),
    "api-drops": (lambda b: b.server.faults.drop(API) and None, ("unreachable",)),
    "token-expired": (
        lambda b: setattr(b.server.faults, "tokens_expired", True),
        ("unauthenticated",),
    ),
    "no-kinds": (
        lambda b: (
            b.server.faults.status(API, 404, "the server could not find the requested resource") and None
        ),
        ("absent",),
    ),
}


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Result]]:
    """One run of the whole catalogue per trouble, made when it is first asked for."""
    known: dict[str, dict[str, Result]] = {}

    def run(trouble: str) -> dict[str, Result]:
        if trouble not in known:
            with bed(tmp_path_factory.mktemp(trouble)) as cluster:
                (BROKEN[trouble][0] if trouble in BROKEN else LIES[trouble])(cluster)
                known[trouble] = cluster.run(within=45.0)
        return known[trouble]

    return run


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return catalogue()


def sourced(shipped: Catalogue) -> set[str]:
    """Checks that ask other sources after the commands: the reason may be theirs."""
    return {s.id for s in shipped if any(getattr(read, "alternatives", ()) for read in s.reads.values())}


def measured(shipped: Catalogue) -> set[str]:
    """Checks that are skipped where nobody measures anything."""
    asked = {s.id for s in shipped if all(read.kind == "prometheus" for read in s.reads.values())}
    return asked - sourced(shipped)


@pytest.mark.parametrize("trouble", BROKEN)
def test_no_check_is_well_on_a_cluster_that_does_not_answer(
    results: Callable[[str], dict[str, Result]], trouble: str, shipped: Catalogue
) -> None:
    """Unknown with the reason of the trouble; lists of kinds that may be missing may be empty, and that alone."""
    for check, spec in shipped.checks.items():
        result = results(trouble)[check]
        said = f"{check}: {result.summary.en}"
        lacking = trouble == "no-kinds"
        if lacking and all(getattr(r, "optional", False) for r in spec.reads.values()):
            continue
        if lacking and (check in measured(shipped) or result.summary.en.startswith("does not apply: ")):
            assert result.verdict is Verdict.SKIPPED, said
            continue
        assert result.verdict is Verdict.UNKNOWN, said
        assert result.judgement.reason in BROKEN[trouble][1], said
        assert result.summary.en, check
        assert result.summary.zh, check
        assert any(e.error for e in result.evidence), said


def lying(stdout: str, code: int = 0, stderr: str = "") -> Trouble:
    """All commands print this, all logs hold it."""

    def apply(cluster: Bed) -> None:
        cluster.world.lie = lambda pod, argv: ExecResult(stdout, stderr, code)
        cluster.world.log = stdout

    return apply


LIES: Mapping[str, Trouble] = {
    "binary": lying("\x00\udcff<html>\x1b[2J garbage \x07\n"),
    "html": lying("<html><body><h1>502 Bad Gateway</h1></body></html>\n"),
    "another-tool": lying("ovs-appctl: cannot connect to ovs-vswitchd.pid (No such file or directory)\n"),
    "one-long-line": lying("x" * 400_000 + "\n" + "7 " * 100_000 + "\n"),
    "exit-1": lying("", 1, "boom\n"),
}


@pytest.mark.parametrize("trouble", LIES)
def test_no_check_is_well_where_commands_and_logs_are_garbage(
    results: Callable[[str], dict[str, Result]], trouble: str, shipped: Catalogue
) -> None:
    """Nothing is read into garbage, however long its lines are."""
    for check in executing(shipped):
        result = results(trouble)[check]
        if check in ON_OWN_LISTS or (trouble == "exit-1" and check in QUIET):
            continue
        assert result.verdict is Verdict.UNKNOWN, (check, result.summary.en)
        wanted = ("unparsable", "error", *(("absent",) if check in BARE else ()))
        said = (check, result.summary.en)
        assert result.judgement.reason in wanted or check in sourced(shipped), said


REFUSED: Mapping[str, tuple[Trouble, str]] = {
    "exec-forbidden": (
        lambda b: b.server.faults.forbid("create", "pods", subresource="exec") and None,
        "forbidden",
    ),
    "no-binary": (
        lambda b: (
            b.server.faults.exec_without_code("^EXEC", "exec failed: executable file not found in $PATH")
            and None
        ),
        "unreachable",
    ),
    "no-exit-code": (lambda b: b.server.faults.drop("^EXEC") and None, "unreachable"),
}


@pytest.mark.parametrize("trouble", REFUSED)
def test_commands_that_cannot_run_are_unknown_everywhere(
    tmp_path: Path, trouble: str, shipped: Catalogue
) -> None:
    """Checks of lists go on; every check with commands is unknown with the reason, and its evidence names it."""
    apply, reason = REFUSED[trouble]
    with bed(tmp_path) as cluster:
        apply(cluster)
        found = cluster.run(within=45.0)
    with_exec = [s.id for s in shipped if any(read.kind == "exec" for read in s.reads.values())]
    assert with_exec
    for check in [one for one in with_exec if one not in ON_OWN_LISTS]:
        assert (found[check].verdict, found[check].judgement.reason) == (Verdict.UNKNOWN, reason), check
    assert found["workloads.ready"].verdict is Verdict.OK
    if trouble == "exec-forbidden":
        assert 'cannot create resource "pods/exec"' in found["ovs.flow-count"].summary.en
