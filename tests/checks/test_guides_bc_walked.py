"""The articles of incidents (b) and (c): found by what people type, and walked to their end on the practice cluster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from checks.catalogue import load_catalogue
from checks.cluster import Resource
from checks.live import connect
from checks.plans.plan import PlanError
from checks.practice.scenario import build_world
from checks.practice.server import PracticeServer
from checks.walking.access import Access
from checks.walking.walk import Walk
from kb.library import Library, open_library
from kb.paths import ASSETS

CATALOGUE = load_catalogue()
COUNT, STUCK = "subnet-ip-count-wrong", "subnet-ip-stuck-deleting"

# --- articles -------------------------------------------------------------------------------------------------------

SECTIONS = (
    "symptoms",
    "environment",
    "diagnosis",
    "cause",
    "resolution",
    "workaround",
    "prevention",
    "related",
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Library:
    return open_library([ASSETS], cache_dir=tmp_path_factory.mktemp("cache"))


@pytest.mark.parametrize("article", [COUNT, STUCK])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_language_has_every_section_in_order(library: Library, article: str, lang: str) -> None:
    found = library.articles[article]
    kinds = [s.kind for s in found.texts[lang].sections if s.kind in SECTIONS and s.level == 2]
    assert kinds == list(SECTIONS)


@pytest.mark.parametrize("article", [COUNT, STUCK])
def test_both_languages_give_the_same_commands(library: Library, article: str) -> None:
    found = library.articles[article]
    blocks = {lang: [b.text for s in text.sections for b in s.blocks] for lang, text in found.texts.items()}
    assert blocks["zh"] == blocks["en"]
    assert blocks["en"]
    assert not any(line.startswith("$ ") for block in blocks["en"] for line in block.splitlines())


@pytest.mark.parametrize(
    ("query", "article"),
    [
        ("v4usingIPs 超过", COUNT),
        ("leaked ip nat gateway", COUNT),
        ("子网 无法删除 finalizer", STUCK),
        ("subnet stuck deleting", STUCK),
        ('subnet.kubeovn.io "gone" not found requeuing', STUCK),
        ("IP 泄漏", COUNT),
    ],
)
def test_what_people_type_finds_the_article_first(library: Library, query: str, article: str) -> None:
    assert library.search(query, limit=3)[0].article_id == article


# --- walked on the practice cluster over HTTPS ----------------------------------------------------------------------


@pytest.fixture
def walk(request: pytest.FixtureRequest, library: Library, tmp_path: Path) -> Iterator[Walk]:
    """A walk through a guide on its scenario, checked once and armed."""
    scenario, article = request.param
    world = build_world(scenario, pace=0.02)
    try:
        with PracticeServer(world) as server:
            server.write_kubeconfig(tmp_path / "kubeconfig")
            cluster = connect(kubeconfig=str(tmp_path / "kubeconfig"))
            access = Access()
            access.arm(cluster.info, "a test")
            opened = Walk.open(
                cluster,
                library.articles[article],
                CATALOGUE,
                journal_dir=tmp_path / "sessions",
                access=access,
            )
            for _ in opened.check():
                pass
            yield opened
            opened.close()
            cluster.close()
    finally:
        world.close()


def do(walk: Walk, step_id: str) -> None:
    """Runs a step with the values the evidence proposes; it must be proven."""
    plan = walk.plan(step_id, walk.proposed(step_id))
    for _ in walk.run(plan, typed=plan.confirm.expected):
        pass
    assert walk.state(step_id) == "done", walk.record_of(step_id).reason


def finish(walk: Walk, cause: str) -> list[str]:
    """Walks every step of the cause that is not done already; returns those that were run."""
    assert [view.cause.id for view in walk.causes() if view.state == "supported"] == [cause]
    walk.choose(cause)
    ran = []
    for step in walk.steps():
        if walk.already_done(step.id):
            walk.accept_done(step.id)
        else:
            do(walk, step.id)
            ran.append(step.id)
    for _ in walk.check():
        pass
    assert not [view.cause.id for view in walk.causes() if view.state != "refuted"]
    assert walk.next_step() is None
    return ran


SCENARIOS = {
    "leaked": ("subnet-ip-count-wrong", COUNT),
    "stale": ("subnet-status-stale", COUNT),
    "ip-held": ("ip-held-by-finalizer", STUCK),
    "subnet-held": ("subnet-held-by-finalizer", STUCK),
}


@pytest.mark.parametrize(
    ("walk", "cause", "steps"),
    [
        (
            SCENARIOS["leaked"],
            "leaked-ip-objects",
            {"delete-orphan-ips", "delete-orphan-eips", "restart-controller-leader"},
        ),
        (SCENARIOS["stale"], "stale-subnet-status", {"restart-controller-leader"}),
        (SCENARIOS["ip-held"], "ip-held-subnet-gone", {"restart-controller-leader", "drop-ip-finalizer"}),
        (SCENARIOS["subnet-held"], "subnet-held-stale-status", {"nudge-subnet", "restart-controller-leader"}),
    ],
    indirect=["walk"],
    ids=list(SCENARIOS),
)
def test_a_staged_incident_is_walked_to_its_end(walk: Walk, cause: str, steps: set[str]) -> None:
    assert steps <= set(finish(walk, cause))


@pytest.mark.parametrize("walk", [SCENARIOS["leaked"]], indirect=True)
def test_deleted_ip_objects_come_back_when_the_step_is_undone(walk: Walk) -> None:
    before = {row["name"] for row in walk.results["orphans"].judgement.tables["orphans"]}
    walk.choose("leaked-ip-objects")
    do(walk, "delete-orphan-ips")
    plan = walk.plan_undo("delete-orphan-ips")
    for _ in walk.undo(plan, typed=plan.confirm.expected):
        pass
    assert walk.state("delete-orphan-ips") == "undone"
    names = {ip["metadata"]["name"] for ip in walk.cluster.list(Resource.parse("kubeovn.io/v1/ips"))}
    assert before <= names


@pytest.mark.parametrize("walk", [SCENARIOS["ip-held"]], indirect=True)
def test_a_port_left_behind_is_found_and_removed(walk: Walk) -> None:
    walk.choose("ip-held-subnet-gone")
    assert walk.already_done("remove-orphan-port")
    do(walk, "drop-ip-finalizer")
    assert not walk.already_done("remove-orphan-port")
    assert len(walk.proposed("remove-orphan-port")["ports"]) == 3
    do(walk, "remove-orphan-port")
    assert walk.already_done("remove-orphan-port")


@pytest.mark.parametrize("walk", [SCENARIOS["ip-held"]], indirect=True)
def test_a_finalizer_cannot_be_put_back_and_the_step_says_so(walk: Walk) -> None:
    walk.choose("ip-held-subnet-gone")
    do(walk, "drop-ip-finalizer")
    with pytest.raises(PlanError) as refused:
        walk.plan_undo("drop-ip-finalizer")
    assert "cannot be undone" in refused.value.text.en.lower()
    assert "无法撤销" in refused.value.text.zh
