"""The roles that `klinik doctor --rbac` prints: exactly what is read and written, and enough to do it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from checks.catalogue import Catalogue, load_catalogue
from checks.cluster import Object, Resource
from checks.layout import Layout, load_layout
from checks.model import EventsRead, ExecRead, HealthRead, ListRead, PrometheusRead, surest
from checks.rights.permissions import for_checks, for_steps
from checks.rights.rbac import Role, Subject, role_name, roles_of
from checks.rights.rbactext import Part, objects_of, yaml_of
from checks.walking.access import Access
from checks.walking.walk import Walk
from checks.writing.stepevents import StepEnded
from kb import open_library
from kb.model import Article, DeleteAction, ExecAction, Guide, PatchAction, RestartAction, Step
from kb.paths import ASSETS
from tests.checks.troubled import OF_KIND, Bed, bed

Ask = tuple[str, str, str, str, str]
"""Verb, group, resource with subresource, namespace, name."""
VIEWER = Subject("User", "viewer")


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="module")
def layout() -> Layout:
    return load_layout()


@pytest.fixture(scope="module")
def articles(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Article]:
    library = open_library([ASSETS], cache_dir=tmp_path_factory.mktemp("index"))
    return {i: a for i in library.guided if (a := library.get(i)) and a.guide}


@pytest.fixture(scope="module")
def guides(articles: dict[str, Article]) -> list[Guide]:
    return [article.guide for article in articles.values() if article.guide]


def check_roles(catalogue: Catalogue, layout: Layout) -> tuple[Role, ...]:
    return roles_of(for_checks(((spec, spec.params) for spec in catalogue), layout), role_name("checks"))


def fix_roles(guides: list[Guide], layout: Layout) -> tuple[Role, ...]:
    return roles_of(for_steps(guides, layout), role_name("fixes"))


# --- what the declarations say, read a second time and in another way -------------------------------------------------


def reads_asked(catalogue: Catalogue, layout: Layout) -> Iterator[Ask]:
    """Every call that the reads of all checks make, spelt out."""
    for spec in catalogue:
        for read in map(surest, spec.reads.values()):
            if isinstance(read, ListRead):
                kind = Resource.parse(read.resource)
                yield "list", kind.group, kind.plural, read.namespace.format(**spec.params), ""
                continue
            if isinstance(read, EventsRead):
                yield "list", "", "events", read.namespace.format(**spec.params), ""
                continue
            if isinstance(read, HealthRead):
                yield "get", "", read.path, "", ""
                continue
            if isinstance(read, PrometheusRead) and not read.on:
                yield "list", "", "services", "", ""
                yield "get", "", "services/proxy", "", ""
                continue
            roles = [read.on]
            if isinstance(read, ExecRead) and read.fallback:
                roles.append(read.fallback)
            for name in roles:
                role = layout.role(name)
                yield "list", "", "pods", role.namespace, ""
                if role.per == "node":
                    yield "list", "", "nodes", "", ""
                if role.lease:
                    yield "get", "coordination.k8s.io", "leases", role.namespace, role.lease
                if isinstance(read, ExecRead):
                    yield "create", "", "pods/exec", role.namespace, ""
                    yield "get", "", "pods/exec", role.namespace, ""
                else:
                    yield "get", "", "pods/log", role.namespace, ""


def writes_asked(guides: list[Guide], layout: Layout) -> Iterator[Ask]:
    """Every call that the steps of all guides make."""
    for guide in guides:
        for step in guide.steps:
            back = [part.action for part in step.undo.parts]
            for action in (step.action, *back, *(save.read for save in step.saves), step.preview):
                yield from _action_asked(action, layout)
            for action in (step.action, *back):
                yield from _announcing_asked(action, layout)
            if any(action.kind == "recreate" for action in back):
                assert isinstance(step.action, PatchAction | DeleteAction)
                kind = Resource.parse(step.action.resource)
                for verb in ("create", "patch"):
                    yield verb, kind.group, kind.plural, "", ""


def _action_asked(action: Any, layout: Layout) -> Iterator[Ask]:
    if isinstance(action, ExecAction | RestartAction):
        role = layout.role(action.on)
        yield "list", "", "pods", role.namespace, ""
        if role.per == "node":
            yield "list", "", "nodes", "", ""
        if role.lease:
            yield "get", "coordination.k8s.io", "leases", role.namespace, role.lease
        exec_ = isinstance(action, ExecAction)
        for verb, what in (
            [("create", "pods/exec"), ("get", "pods/exec")]
            if exec_
            else [("get", "pods"), ("create", "pods/eviction")]
        ):
            yield verb, "", what, role.namespace, ""
    if isinstance(action, PatchAction | DeleteAction):
        kind = Resource.parse(action.resource)
        name = "" if "{" in action.name else action.name
        namespace = "" if "{" in action.namespace else action.namespace
        for verb in ("get", "patch" if isinstance(action, PatchAction) else "delete"):
            yield verb, kind.group, kind.plural, namespace, name


def _announcing_asked(action: Any, layout: Layout) -> Iterator[Ask]:
    """The Lease that announces a write, the Event it leaves, and the last look at a pod before a command."""
    if isinstance(action, ExecAction | RestartAction):
        leases = events = layout.role(action.on).namespace
        yield "get", "", "pods", leases, ""
    elif isinstance(action, PatchAction | DeleteAction):
        leases, events = (
            (action.namespace, action.namespace) if action.namespace else ("kube-system", "default")
        )
        if "{" in leases:
            leases = events = ""
    else:
        return
    for verb in ("create", "get", "list", "patch", "delete"):
        yield verb, "coordination.k8s.io", "leases", leases, ""
    yield "create", "", "events", events, ""


# --- what the roles say, read from the YAML ----------------------------------------------------------------------


def documents(roles: tuple[Role, ...], lang: str = "en") -> list[Object]:
    text = yaml_of([Part(("what it is for",), roles, True)], VIEWER, lang)
    return [document for document in yaml.safe_load_all(text) if document]


def atoms(objects: list[Object]) -> list[Ask]:
    """Every single permission that the roles give."""
    found: list[Ask] = []
    for role in objects:
        namespace = role["metadata"].get("namespace", "")
        for rule in role.get("rules", []):
            for group in rule.get("apiGroups", [""]):  # rules about URLs have none
                for resource in rule.get("resources", rule.get("nonResourceURLs")):
                    for verb in rule["verbs"]:
                        for name in rule.get("resourceNames", [""]):
                            found.append((verb, group, resource, namespace, name))
    return found


def allowed(given: list[Ask], asked: Ask) -> bool:
    return any(
        one[:3] == asked[:3] and one[3] in ("", asked[3]) and one[4] in ("", asked[4]) for one in given
    )


def test_every_read_of_every_check_is_allowed_and_nothing_else(catalogue: Catalogue, layout: Layout) -> None:
    """Exactly: what is asked is given, and whatever is taken away is missed by some check."""
    asked = set(reads_asked(catalogue, layout))
    given = atoms(documents(check_roles(catalogue, layout)))
    assert [one for one in asked if not allowed(given, one)] == []
    for one in given:
        rest = [other for other in given if other != one]
        assert any(not allowed(rest, ask) for ask in asked), f"nobody needs {one}"
    assert {verb for verb, *_ in given} <= {"get", "list", "create"}
    assert {resource for verb, _, resource, *_ in given if verb == "create"} == {"pods/exec"}


def test_every_write_of_every_step_is_allowed_and_nothing_else(guides: list[Guide], layout: Layout) -> None:
    """The same for fixes, with their previews, saves and undos."""
    asked = set(writes_asked(guides, layout))
    given = atoms(documents(fix_roles(guides, layout)))
    assert [one for one in asked if not allowed(given, one)] == []
    for one in given:
        rest = [other for other in given if other != one]
        assert any(not allowed(rest, ask) for ask in asked), f"nobody needs {one}"


def test_there_is_no_wildcard_and_nothing_is_said_twice(
    catalogue: Catalogue, guides: list[Guide], layout: Layout
) -> None:
    """Merged and sorted; the same text every time."""
    for roles in (check_roles(catalogue, layout), fix_roles(guides, layout)):
        text = yaml_of([Part((), roles)], VIEWER, "en")
        assert "*" not in text
        given = atoms(documents(roles))
        assert len(given) == len(set(given))
        for role in roles:
            for rule in role.rules:
                assert list(rule.resources) == sorted(rule.resources)
                assert list(rule.verbs) == sorted(rule.verbs)
        assert roles[0].namespace == ""
        assert [role.namespace for role in roles] == sorted({role.namespace for role in roles})


def test_commands_and_logs_are_allowed_in_their_namespace_only(
    catalogue: Catalogue, guides: list[Guide], layout: Layout
) -> None:
    """A ClusterRole never opens the containers of the whole cluster."""
    for role in (*check_roles(catalogue, layout), *fix_roles(guides, layout)):
        for rule in role.rules:
            if {"pods/exec", "pods/log"} & set(rule.resources):
                assert role.namespace == "kube-system"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_every_step_stands_at_the_rules_it_needs(guides: list[Guide], layout: Layout, lang: str) -> None:
    """As comments, which change nothing of what is read."""
    roles = fix_roles(guides, layout)
    text = yaml_of([Part(("heading",), roles, True)], VIEWER, lang)
    said = " ".join(line[2:] for line in text.splitlines() if line.startswith("# "))
    needing = {user for users in for_steps(guides, layout).values() for user in users}
    assert all(user in said for user in needing)
    assert [d for d in yaml.safe_load_all(text) if d] == objects_of(roles, VIEWER)["items"]


# --- on a cluster that enforces them ----------------------------------------------------------------------------------


def grant(bed_: Bed, *roles: Role) -> None:
    """Puts roles and bindings into the cluster, as kubectl apply would."""
    for one in objects_of(roles, VIEWER)["items"]:
        bed_.world.store.create(OF_KIND[one["kind"]], one, namespace=one["metadata"].get("namespace", ""))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Bed]:
    with bed(tmp_path, "subnet-ip-count-wrong") as running:
        yield running


def test_with_these_roles_every_check_says_what_an_administrator_sees(
    cluster: Bed, catalogue: Catalogue, layout: Layout
) -> None:
    """The same verdicts, and nothing forbidden, on a server that refuses everything else."""
    cheap = [spec.id for spec in catalogue if spec.cost == "cheap"]
    grant(cluster, *check_roles(catalogue, layout))
    found = cluster.run(*cheap, flags={"as_user": "viewer"})
    assert {r.check for r in found.values() if r.judgement.reason == "forbidden"} == set()
    assert {i: r.verdict for i, r in found.items()} == {i: r.verdict for i, r in cluster.run(*cheap).items()}
    errors = [e.error for r in found.values() for e in r.evidence if e.error.startswith("forbidden")]
    assert errors == []


def test_without_one_rule_its_checks_are_unknown(cluster: Bed, catalogue: Catalogue, layout: Layout) -> None:
    """Taking pods/exec away takes the commands away and leaves the lists."""
    every = check_roles(catalogue, layout)
    grant(cluster, *(role for role in every if not role.namespace))
    found = cluster.run("ovs.flow-count", "subnet.capacity", flags={"as_user": "viewer"})
    assert found["ovs.flow-count"].judgement.reason == "forbidden"
    assert found["subnet.capacity"].judgement.reason == ""


FIXED = [("delete-orphan-ips", "leaked-ip-objects"), ("restart-controller-leader", "stale-subnet-status")]


@pytest.mark.parametrize(("step_id", "cause"), FIXED)
def test_with_the_roles_of_an_article_its_fix_is_done_and_undone(
    tmp_path: Path,
    articles: dict[str, Article],
    catalogue: Catalogue,
    layout: Layout,
    step_id: str,
    cause: str,
) -> None:
    """Checks and fixes of the one article suffice: preview, deletion, verification, and the way back."""
    article = articles["subnet-ip-count-wrong"]
    guide = article.guide
    assert guide
    uses = [(catalogue.get(use.check), use.params) for use in guide.checks.values()]
    scenario = {"leaked-ip-objects": "subnet-ip-count-wrong"}.get(cause, "subnet-status-stale")
    with bed(tmp_path, scenario) as running:
        grant(running, *roles_of(for_checks(uses, layout), role_name("checks", article.id)))
        grant(running, *roles_of(for_steps([guide], layout), role_name("fixes", article.id)))
        with running.connected(as_user="viewer") as client:
            access = Access()
            access.arm(client.info, "TEST-1")
            walk = Walk.open(client, article, catalogue, journal_dir=tmp_path / "s", access=access)
            try:
                for _ in walk.check():
                    pass
                walk.choose(cause)
                step = guide.step(step_id)
                assert ended(walk, step) == "done"
                if step.undo.parts:
                    plan = walk.plan_undo(step_id)
                    last = list(walk.undo(plan, typed=plan.confirm.words[-1]))[-1]
                    assert isinstance(last, StepEnded)
                    assert last.state in ("undone", "done"), last.message.en
            finally:
                walk.close()


def ended(walk: Walk, step: Step) -> str:
    plan = walk.plan(step.id, walk.proposed(step.id))
    typed = plan.confirm.words
    last = list(walk.run(plan, typed=typed[-1] if len(typed) == 1 else " ".join(typed)))[-1]
    assert isinstance(last, StepEnded)
    return f"{last.state}" if last.state == "done" else f"{last.state}: {last.message.en}"


# --- kubectl ----------------------------------------------------------------------------------------------------------


@pytest.mark.skipif(not shutil.which("kubectl"), reason="no kubectl on PATH")
def test_kubectl_takes_the_yaml(
    cluster: Bed, tmp_path: Path, catalogue: Catalogue, guides: list[Guide], layout: Layout
) -> None:
    """Client-side, server-side and for good; then `kubectl auth can-i` gives the answers of the roles."""
    parts = [
        Part(("检查",), check_roles(catalogue, layout)),
        Part(("修复",), fix_roles(guides, layout), True),
    ]
    text = yaml_of(parts, VIEWER, "zh")
    env = {**os.environ, "HOME": str(tmp_path), "KUBECONFIG": str(cluster.kubeconfig), "LANG": "C.UTF-8"}

    def kubectl(*argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ("kubectl", *argv), env=env, capture_output=True, text=True, input=stdin, timeout=60, check=False
        )

    count = len([d for d in yaml.safe_load_all(text) if d])
    for how in (("--dry-run=client",), ("--dry-run=server",), ()):
        done = kubectl("apply", "-f", "-", *how, stdin=text)
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) == count
    assert kubectl("auth", "can-i", "list", "subnets.kubeovn.io", "--as", "viewer").stdout == "yes\n"
    assert kubectl("auth", "can-i", "create", "pods", "--as", "viewer", "-n", "default").stdout.startswith(
        "no"
    )
