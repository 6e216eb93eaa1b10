"""A bundle of every staged incident replays with the verdicts that the cluster had, and lets no secret out."""

from __future__ import annotations

import json
import os
import stat
import time
import zipfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from checks.bundle.archive import Bundle, open_bundle, write_bundle
from checks.bundle.collect import Collected, Scope, collect, uses_for
from checks.bundle.compare import object_changes, output_changes, verdict_changes
from checks.bundle.replay import NotRecorded, Replayed
from checks.catalogue import load_catalogue
from checks.cluster import PODS, Resource
from checks.errors import Invalid, NotFound
from checks.layout import load_layout
from checks.live import connect
from checks.model import CheckFinished, Result
from checks.overview import look
from checks.practice.scenario import ScenarioInfo, list_scenarios
from checks.practice.server import PracticeServer
from checks.runner import run_all
from kb.library import open_library
from kb.model import CheckUse
from kb.paths import ASSETS
from tests.checks.smallworld import small_world

PACE = 0.02
NOW = 1_790_000_000.0
CATALOGUE = load_catalogue()
LAYOUT = load_layout()
SECRETS = {
    "env": "hunter2-of-the-shop",
    "token": "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzaG9wIn0.c2lnbmF0dXJlLW9mLXNob3A",
    "password": "s3cr3t-in-a-config",
    "certificate": "MIIBszCCAVmgAwIBAgIUQ2hlY2tUaGlzSXNHb25l",
}


@cache
def uses() -> tuple[CheckUse, ...]:
    """The checks of all guides, and the others."""
    library = open_library([ASSETS])
    return uses_for(CATALOGUE, [found for name in library.guided if (found := library.get(name))])


def seed_secrets(world: Any) -> None:
    """Secrets where clusters have them: environment, annotations, configuration, certificates."""
    for item in world.store.scan(PODS):  # before anybody looks
        if item["metadata"]["namespace"] == "kube-system":
            continue
        item["spec"].setdefault("containers", [{}])[0]["env"] = [{"name": "PASS", "value": SECRETS["env"]}]
        notes = item["metadata"].setdefault("annotations", {})
        notes["kubectl.kubernetes.io/last-applied-configuration"] = json.dumps({"env": SECRETS["env"]})
        notes["example.com/login"] = f"Authorization: Bearer {SECRETS['token']}"
        notes["example.com/dsn"] = f"password={SECRETS['password']}"
        notes["example.com/ca"] = (
            f"-----BEGIN CERTIFICATE-----\n{SECRETS['certificate']}\n-----END CERTIFICATE-----"
        )


def collected_from(
    scenario: str, folder: Path, *, masked: bool = False
) -> tuple[Collected, dict[str, Result]]:
    live: dict[str, Result] = {}
    bundle: Collected | None = None
    world = small_world(scenario, pace=PACE)
    try:
        seed_secrets(world)
        with PracticeServer(world) as server:
            server.write_kubeconfig(folder / "kubeconfig")
            cluster = connect(kubeconfig=str(folder / "kubeconfig"))
            try:
                scope = Scope(uses(), key="key", mask_names=masked, mask_addresses=masked)
                for event in collect(cluster, scope, CATALOGUE, layout=LAYOUT, now=time.time(), klinik="0"):
                    if isinstance(event, CheckFinished):
                        live[event.result.alias] = event.result
                    elif isinstance(event, Collected):
                        bundle = event
            finally:
                cluster.close()
    finally:
        world.close()
    assert bundle is not None
    return bundle, live


FEW = ("healthy", "monitored", "ovs-too-many-open-files", "ip-held-by-finalizer", "subnet-ip-count-wrong")
SCENARIOS = [one for one in list_scenarios() if one.name in FEW or os.environ.get("KLINIK_REPLAY") == "all"]
"""Half of them in every run of the tests, a quarter of a minute each; all with ``KLINIK_REPLAY=all``."""


Site = tuple[Path, dict[str, Result]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Site]:
    """The bundle of a scenario, and what the cluster said; collected when it is first asked for."""

    @cache
    def made(scenario: str) -> Site:
        folder = tmp_path_factory.mktemp(scenario)
        bundle, live = collected_from(scenario, folder)
        path = folder / "site.klinik"
        write_bundle(path, bundle.manifest, bundle.tape)
        return path, live

    return made


@pytest.fixture(scope="module", params=SCENARIOS, ids=lambda info: info.name)
def staged(request: pytest.FixtureRequest, site: Callable[[str], Site]) -> Site:
    info: ScenarioInfo = request.param
    return site(info.name)


def said(result: Result) -> str:
    judgement = result.judgement
    rows = [(row.target, row.verdict, row.text.en, row.value) for row in judgement.rows]
    whole = (result.verdict, judgement.reason, judgement.summary.en, judgement.summary.zh, judgement.value)
    return json.dumps([*whole, rows], default=str)


def replayed(bundle: Bundle) -> dict[str, Result]:
    return run_all(Replayed(bundle.info, bundle), uses(), CATALOGUE, layout=LAYOUT)


def test_replaying_gives_the_verdicts_of_the_cluster(staged: Site) -> None:
    path, live = staged
    with open_bundle(path) as bundle:
        first = replayed(bundle)
        kept = {v.alias: (v.verdict, v.reason, v.summary.en, v.value) for v in bundle.manifest.verdicts}
    for alias, result in first.items():
        judgement = result.judgement
        value = json.loads(json.dumps(judgement.value))
        assert kept[alias] == (result.verdict, judgement.reason, judgement.summary.en, value)
    assert {alias: result.verdict for alias, result in first.items()} == {
        alias: result.verdict for alias, result in live.items()
    }


def test_no_secret_gets_in(staged: Site) -> None:
    path, _ = staged
    with zipfile.ZipFile(path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"example.com/dsn" in everything, "the seeded objects are in the bundle"
    for secret in SECRETS.values():
        assert secret.encode() not in everything
    assert b"last-applied-configuration" not in everything
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.fixture(scope="module")
def bundle(site: Callable[[str], Site]) -> Iterator[Bundle]:
    with open_bundle(site("healthy")[0]) as opened:
        yield opened


def test_replaying_says_the_same_each_time(bundle: Bundle) -> None:
    first, second = replayed(bundle), replayed(bundle)
    assert {alias: said(result) for alias, result in first.items()} == {
        alias: said(result) for alias, result in second.items()
    }


def test_masked_names_and_addresses_are_gone_and_verdicts_stay(tmp_path: Path) -> None:
    made, live = collected_from("ovs-too-many-open-files", tmp_path, masked=True)
    write_bundle(tmp_path / "b", made.manifest, made.tape)
    with zipfile.ZipFile(tmp_path / "b") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
    assert b"10.16." not in everything
    assert b"node-3" not in everything
    assert made.changed == ()
    with open_bundle(tmp_path / "b") as bundle:
        again = replayed(bundle)
    assert {a: r.verdict for a, r in again.items()} == {a: r.verdict for a, r in live.items()}


def test_nothing_can_be_written_to_a_bundle(bundle: Bundle) -> None:
    cluster = Replayed(bundle.info, bundle)
    with pytest.raises(Invalid, match="bundle"):
        cluster.patch(PODS, "x", {}, namespace="default")
    with pytest.raises(Invalid, match="bundle"):
        cluster.delete(PODS, "x", namespace="default")
    with pytest.raises(Invalid, match="bundle"):
        cluster.create(PODS, {})


def test_what_was_not_recorded_is_not_taken_for_absent(bundle: Bundle) -> None:
    cluster = Replayed(bundle.info, bundle)
    with pytest.raises(NotRecorded):
        list(cluster.list(Resource.parse("v1/secrets")))
    with pytest.raises(NotRecorded):
        cluster.exec("kube-system", "nobody", "openvswitch", ("true",))
    with pytest.raises(NotFound):
        cluster.get(Resource.parse("v1/nodes"), "node-77")
    assert not issubclass(NotRecorded, NotFound), "a missing kind may be taken for an empty list"


def test_an_object_is_found_in_the_list_that_holds_it(bundle: Bundle) -> None:
    cluster = Replayed(bundle.info, bundle)
    assert cluster.get(Resource.parse("v1/nodes"), "node-1")["metadata"]["name"] == "node-1"
    assert cluster.version().startswith("v1.")
    assert {key for piece in look(cluster) for key in piece} == {
        "kubernetes",
        "nodes",
        "nodes_ready",
        "kube_ovn",
    }
    assert cluster.info.recorded == bundle.manifest.collected_at


def test_the_same_verdict_with_a_worse_value_is_a_change() -> None:
    """What becomes of a verdict is said as a watch would say it; words and values that nobody knows are only shown."""

    def manifest(*told: tuple[str, str, object]) -> SimpleNamespace:
        both = SimpleNamespace(en="", zh="")
        found = [SimpleNamespace(alias=a, check=a, verdict=v, value=n, summary=both) for a, v, n in told]
        return SimpleNamespace(verdicts=found)

    before = manifest(
        ("a", "fail", 100), ("b", "ok", 1), ("c", "fail", 5), ("d", "well", None), ("e", "fail", 100)
    )
    after = manifest(
        ("a", "fail", 200), ("b", "fail", 1), ("c", "ok", 5), ("d", "ill", []), ("e", "fail", 101)
    )
    changes = {c.alias: c.what for c in verdict_changes(before, after, "en")}
    assert changes == {"a": "worse", "b": "new", "c": "gone", "d": ""}


def test_two_times_are_compared(bundle: Bundle, site: Callable[[str], Site]) -> None:
    with open_bundle(site("subnet-ip-count-wrong")[0]) as later:
        changes = {
            c.alias: (c.before, c.after) for c in verdict_changes(bundle.manifest, later.manifest, "en")
        }
        objects = list(object_changes(bundle, later))
        assert list(object_changes(later, later)) == []
        assert list(output_changes(later, later)) == []
    assert ("ok", "fail") in changes.values()
    assert any(o.change == "added" and o.resource == "kubeovn.io/v1/ips" for o in objects)
