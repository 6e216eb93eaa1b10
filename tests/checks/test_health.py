"""What an API server says of its own health: read, recorded, pasted, permitted; and never taken for health in parts."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from checks.bundle.recording import Recording
from checks.bundle.replay import Replayed
from checks.bundle.tape import Tape
from checks.catalogue import Catalogue, load_catalogue
from checks.cluster import Resource
from checks.errors import Forbidden, Timeout
from checks.layout import load_layout
from checks.live import LiveCluster
from checks.model import CheckSpec, HealthRead, Result, Verdict
from checks.parse import Unparsable, parse
from checks.pasting.elsewhere import asks
from checks.pasting.pasted import read_paste
from checks.permission import Permission, Rules
from checks.practice import health
from checks.practice.rbac import CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES
from checks.practice.server import PracticeServer
from checks.rights.permissions import for_checks, of_read
from checks.rights.rbac import Subject, roles_of
from checks.runner import run_all
from kb.model import CheckUse
from tests.checks.conftest import Connect
from tests.checks.practice.scripted import ScriptedWorld

CHECKS = ("kubernetes.api-health", "etcd.reached")
ETCD = ("etcd", "etcd-readiness")
READY = Permission("get", Resource.at("/readyz"))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


def ran(cluster: object, catalogue: Catalogue) -> dict[str, Result]:
    return run_all(cluster, [CheckUse(check, check) for check in CHECKS], catalogue)  # type: ignore[arg-type]


def verdicts(found: dict[str, Result]) -> list[tuple[Verdict, str]]:
    return [(found[check].verdict, found[check].judgement.reason) for check in CHECKS]


# --- the page -------------------------------------------------------------------------------------------------------


def test_a_page_is_read_check_by_check_also_out_of_the_error_that_kubectl_makes_of_it() -> None:
    code, page = health.page("readyz", ETCD, verbose=False, exclude=["ping"])
    assert code == 500  # told in full without being asked to, as a stock server does
    rows = parse({"health": True}, page)
    assert [row["name"] for row in rows if not row["ok"]] == list(ETCD)
    assert [row["name"] for row in rows if row["excluded"]] == ["ping"]
    quoted = page.replace("\n", "\\n")
    error = (
        f'Error from server (InternalError): an error on the server ("{quoted}") has prevented the request'
    )
    assert parse({"health": True}, error) == rows


@pytest.mark.parametrize(
    "page",
    [
        "",
        "ok",
        "[+]ping ok\n",
        "readyz check passed\n",
        "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check passed\n",
        "[+]ping ok\nreadyz check failed\n",
        "[+]ping ok\n<html>\nreadyz check passed\n",
        "[+]ping ok\nreadyz check passed\n[-]etcd failed: reason withheld\n",
        'an error on the server ("\\q") has prevented',
    ],
)
def test_what_is_no_whole_page_or_contradicts_itself_is_no_answer(page: str) -> None:
    with pytest.raises(Unparsable):
        parse({"health": True}, page)


def test_no_part_of_a_page_is_a_page() -> None:
    """Cut anywhere before its last word it never says that all is well."""
    page = health.page("readyz", (), verbose=True)[1].rstrip("\n")
    for end in range(0, len(page), 7):
        with pytest.raises(Unparsable):
            parse({"health": True}, page[:end])


# --- from the server ------------------------------------------------------------------------------------------------


def test_what_fails_is_named_and_etcd_is_judged_once(
    server: PracticeServer, cluster: LiveCluster, catalogue: Catalogue
) -> None:
    assert verdicts(ran(cluster, catalogue)) == [(Verdict.OK, ""), (Verdict.OK, "")]
    server.faults.unwell("readyz", *ETCD)
    server.faults.unwell("livez", "etcd")
    found = ran(cluster, catalogue)
    assert verdicts(found) == [(Verdict.OK, ""), (Verdict.FAIL, "")]
    assert found["etcd.reached"].judgement.value == 2
    server.faults.unwell("readyz", "poststarthook/rbac/bootstrap-roles", "shutdown")
    server.faults.unwell("livez", "ping")
    found = ran(cluster, catalogue)
    assert verdicts(found) == [(Verdict.FAIL, ""), (Verdict.OK, "")]
    rows = {row.target: row.verdict for row in found[CHECKS[0]].judgement.rows}
    assert rows["ping"] is rows["poststarthook/rbac/bootstrap-roles"] is Verdict.FAIL
    assert rows["shutdown"] is Verdict.WARN


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [("html", "unparsable"), ("cut", "unparsable"), ("garbage", "unparsable"), ("error", "error")],
)
def test_an_answer_in_a_wrong_form_is_unknown(
    server: PracticeServer, cluster: LiveCluster, catalogue: Catalogue, trouble: str, reason: str
) -> None:
    if trouble == "error":  # the API server's own refusal comes with a Status, and is no page
        server.faults.status("/readyz|/livez", 500, "boom")
    else:
        getattr(server.faults, trouble)("/readyz|/livez")
    assert verdicts(ran(cluster, catalogue)) == [(Verdict.UNKNOWN, reason)] * 2


def test_both_checks_ask_an_endpoint_once(
    server: PracticeServer, cluster: LiveCluster, catalogue: Catalogue
) -> None:
    """The second request for /readyz would meet no fault, and say that all is well."""
    server.faults.status("/readyz", 404, times=1)
    assert [verdict for verdict, _ in verdicts(ran(cluster, catalogue))] == [Verdict.UNKNOWN] * 2


def test_a_late_answer_ends_with_its_deadline(server: PracticeServer, cluster: LiveCluster) -> None:
    server.faults.hang("/readyz")
    began = time.monotonic()
    with pytest.raises(Timeout):
        cluster.health("readyz", timeout=0.3)
    assert time.monotonic() - began < 5


# --- recorded -------------------------------------------------------------------------------------------------------


def test_a_recording_gives_the_same_verdicts(
    server: PracticeServer, cluster: LiveCluster, catalogue: Catalogue
) -> None:
    server.faults.unwell("readyz", "etcd")
    server.faults.forbid("get", "/livez")
    tape = Tape()
    live = ran(Recording(cluster, tape), catalogue)
    again = ran(Replayed(cluster.info, tape), catalogue)
    assert verdicts(live) == [(Verdict.UNKNOWN, "forbidden"), (Verdict.FAIL, "")]
    assert verdicts(again) == verdicts(live)
    assert [one.judgement.summary for one in again.values()] == [
        one.judgement.summary for one in live.values()
    ]


def test_a_bundle_from_before_says_that_nobody_asked(cluster: LiveCluster, catalogue: Catalogue) -> None:
    found = ran(Replayed(cluster.info, Tape()), catalogue)
    assert verdicts(found) == [(Verdict.UNKNOWN, "absent")] * 2


# --- permitted ------------------------------------------------------------------------------------------------------


def test_what_it_needs_is_declared_asked_for_and_named_when_it_is_missing(
    server: PracticeServer, cluster: LiveCluster, catalogue: Catalogue
) -> None:
    assert of_read(HealthRead(), load_layout()) == {READY}
    assert cluster.can("get", READY.resource)
    server.faults.forbid("get", "/readyz")
    assert not cluster.can("get", READY.resource)
    with pytest.raises(Forbidden, match='cannot get path "/readyz"'):
        cluster.health("readyz")
    found = ran(cluster, catalogue)["etcd.reached"]
    assert (found.judgement.reason, found.missing, found.root) == ("forbidden", (READY,), "may:get /readyz")


def test_the_role_names_the_urls_and_nothing_else(catalogue: Catalogue) -> None:
    uses: list[tuple[CheckSpec, dict[str, object]]] = [
        (catalogue.get(check), {}) for check in (*CHECKS, "node.conditions")
    ]
    (role,) = roles_of(for_checks(uses, load_layout()), "klinik-checks")
    made, _ = role.objects(Subject())
    urls = [rule for rule in made["rules"] if "nonResourceURLs" in rule]
    assert urls == [{"nonResourceURLs": ["/livez", "/readyz"], "verbs": ["get"]}]
    assert [rule["resources"] for rule in made["rules"] if rule not in urls] == [["nodes"]]


def test_rules_about_urls_are_understood() -> None:
    """A complete answer that names no such URL refuses it; a star covers what is below."""
    get = ({"verbs": ["get"], "nonResourceURLs": ["/readyz*"]},)
    kinds = ({"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]},)
    assert not Rules(kinds, True, get).refuses(READY)
    assert Rules(kinds, True).refuses(READY)
    assert not Rules(kinds, False).refuses(READY)
    assert Rules((), True, ({"verbs": ["get"], "nonResourceURLs": "*"},)).refuses(READY)


def test_a_bound_user_may_ask_what_everybody_may(
    world: ScriptedWorld, server: PracticeServer, connected: Connect
) -> None:
    """As on a stock cluster (system:public-info-viewer); other URLs only with a rule of their own."""
    rules = [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]
    world.store.create(CLUSTER_ROLES, {"metadata": {"name": "scraper"}, "rules": rules})
    viewer = connected(as_user="viewer")
    for role, may in (("nothing", False), ("scraper", True)):
        ref = {"kind": "ClusterRole", "name": role}
        who = [{"kind": "User", "name": "viewer"}]
        world.store.create(
            CLUSTER_ROLE_BINDINGS, {"metadata": {"name": role}, "roleRef": ref, "subjects": who}
        )
        assert viewer.can("get", READY.resource)
        assert viewer.can("get", Resource.at("/metrics")) is may
        assert "check passed" in viewer.health("livez")
        assert viewer.rules("default").refuses(Permission("get", Resource.at("/metrics"))) is not may


# --- pasted ---------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl on PATH")
def test_what_kubectl_prints_elsewhere_is_judged_the_same(
    server: PracticeServer, cluster: LiveCluster, catalogue: Catalogue, kubeconfig: Path, tmp_path: Path
) -> None:
    server.faults.forbid("get", "/readyz")
    spec, layout = catalogue.get("etcd.reached"), load_layout()
    result = ran(cluster, catalogue)["etcd.reached"]
    (ask,) = asks(spec, result, layout)
    server.faults.clear()
    server.faults.unwell("readyz", "etcd")
    env = {**os.environ, "HOME": str(tmp_path), "KUBECONFIG": str(kubeconfig)}
    said = subprocess.run(["sh", "-c", ask.kubectl], env=env, capture_output=True, text=True, check=False)
    pasted = read_paste(spec, said.stdout, read="ready", by="chen", now=1.0)
    use = [CheckUse("etcd.reached", "etcd.reached")]
    server.faults.forbid("get", "/readyz")
    found = run_all(cluster, use, catalogue, pasted={"etcd.reached": pasted})["etcd.reached"]
    assert (found.verdict, found.judgement.value) == (Verdict.FAIL, 1)
    assert found.evidence[0].pasted == "chen"
