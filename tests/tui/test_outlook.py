"""The whole plan before the first step: on the command line, and in the app on the way from a cause to its steps."""

from __future__ import annotations

import io
import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from checks.cluster import Object
from checks.rights.rbac import API_GROUP
from checks.risk.command import risk_of_argv
from tests.checks.asked import asked_of
from tests.checks.troubled import OF_KIND, Bed, bed
from tests.tui.conftest import klinik as app_of
from tests.tui.conftest import screen_text, until
from tests.tui.walking import open_guide, search_and_open, through_the_plan
from tui.cli.main import main
from tui.screens.outlook import OutlookScreen
from tui.screens.raw import RawScreen
from tui.services import Services

GUIDE = "subnet-ip-stuck-deleting"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def stuck(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    """IPs that keep their finalizer, served for the whole module; nobody writes there."""
    with bed(tmp_path_factory.mktemp("stuck"), "ip-held-by-finalizer") as running:
        yield running


@pytest.fixture
def klinik(tmp_path: Path, shelf_cache: Path) -> Run:
    """klinik's entry point in this process, with an empty home."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("HOME", str(tmp_path))
            patch.setenv("KLINIK_CACHE_DIR", str(shelf_cache))
            patch.delenv("KUBECONFIG", raising=False)
            with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
                main(list(arguments))
        said = [stream.buffer.getvalue().decode() for stream in (out, err)]
        return subprocess.CompletedProcess(arguments, int(ended.value.code or 0), *said)

    return run


def planned(klinik: Run, cluster: Bed, *more: str) -> dict[str, Any]:
    """The plan of the cause that the evidence supports."""
    done = klinik("guide", GUIDE, "--plan", "-o", "json", "--kubeconfig", str(cluster.kubeconfig), *more)
    assert done.returncode == 1, done.stderr
    (plan,) = json.loads(done.stdout)["plans"]
    assert isinstance(plan, dict)
    return plan


def test_a_plan_names_everything_and_writes_nothing(klinik: Run, stuck: Bed) -> None:
    """Numbers, versions, proof, undo and commands; the server was asked for nothing but reads."""
    plan = planned(klinik, stuck)
    assert plan["cause"] == "ip-held-subnet-gone"
    assert plan["missing"] == []
    assert plan["versions"][0]["fits"] is True
    restart, drop, ports = plan["steps"]
    assert restart["reach"]["restarts"] == 1
    assert restart["traffic"] == "changes"
    assert drop["reach"]["objects"] == {"ips.kubeovn.io": 3}
    assert drop["risk"] == "destructive"
    assert drop["reversible"] is False
    assert len(drop["commands"]) == 3
    assert all(line.startswith("kubectl --context=") for line in drop["commands"])
    assert ports["already_done"]
    assert {"restart-controller-leader", "drop-ip-finalizer"} <= set(plan["irreversible"])
    asked = asked_of(stuck).requests
    assert [one.target for one in asked if one.method != "GET"] == []
    queries = [parse_qs(urlsplit(one.target).query) for one in asked if one.verb == "exec"]
    assert queries
    assert {risk_of_argv(tuple(query["command"])) for query in queries} == {"read"}


def test_what_this_user_may_not_do_is_said_before_anything_begins(klinik: Run, stuck: Bed) -> None:
    """An onlooker gets the plan too, with every permission that is missing."""
    body: Object = {
        "metadata": {"name": "onlookers"},
        "roleRef": {"apiGroup": API_GROUP, "kind": "ClusterRole", "name": "view"},
        "subjects": [{"kind": "User", "name": "onlooker", "apiGroup": API_GROUP}],
    }
    with stuck.connected() as client:
        client.create(OF_KIND["ClusterRoleBinding"], body)
    plan = planned(klinik, stuck, "--as", "onlooker", "--cause", "ip-held-subnet-gone")
    assert "patch ips.kubeovn.io" in plan["missing"]
    assert plan["against"][0]["tone"] == "bad"
    wanted = ("--kubeconfig", str(stuck.kubeconfig), "--as", "onlooker")
    said = klinik("--lang", "zh", "guide", GUIDE, "--plan", "--cause", "ip-held-subnet-gone", *wanted).stdout
    assert "缺少：patch ips.kubeovn.io" in said
    assert "不可撤销的内容" in said


def test_a_plan_that_cannot_be_asked_for_is_a_usage_error(klinik: Run) -> None:
    """Before any cluster is asked."""
    for wrong in (["--cause", "x"], ["--plan", "--cause", "x"], ["--plan", "-o", "junit"]):
        done = klinik("guide", GUIDE, *wrong, "--kubeconfig", "/nowhere")
        assert done.returncode == 2, (wrong, done.stdout)
    assert "ip-held-subnet-gone" in klinik("guide", GUIDE, "--plan", "--cause", "x").stderr


async def test_the_way_from_a_cause_to_its_steps_leads_through_the_plan(
    services: Callable[..., Services], tmp_path: Path
) -> None:
    """Esc chooses nothing and writes no file; steps are copied, read as text, gone on to; P comes back to it."""
    app = app_of(services("ip-held-by-finalizer", looks=False))
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.cluster_state.phase == "connected", "the cluster")
        await search_and_open(pilot, "subnet stuck deleting", GUIDE)
        guide = await open_guide(pilot)
        await pilot.press("2", "enter")
        await until(pilot, lambda: isinstance(app.screen, OutlookScreen) and app.screen.seen, "the plan")
        await until(pilot, lambda: "can begin" in screen_text(app), "the steps")
        await until(pilot, lambda: "What stands against it" in screen_text(app), "what is known")
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is guide, "the causes again")
        assert guide.snap.session.cause == ""
        assert not list((tmp_path / "sessions").glob("*"))

        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, OutlookScreen) and app.screen.seen, "the plan")
        await pilot.press("down", "down")
        await until(pilot, lambda: "IPs to let go: 3 of 3" in screen_text(app), "the second step")
        await pilot.press("ctrl+y")
        lines = app.clipboard.split("\n")
        assert lines[0] == "# Let go of the IPs whose Subnet is gone"
        assert len(lines) == 4
        assert all(" patch ips.kubeovn.io " in line and "--context=" in line for line in lines[1:])
        await pilot.press("pagedown", "o")
        await until(pilot, lambda: isinstance(app.screen, RawScreen), "all of it")
        assert isinstance(app.screen, RawScreen)
        assert "Who may revert it" in app.screen.text
        await pilot.press("escape", "ctrl+l")
        await until(pilot, lambda: "可能被谁还原" in screen_text(app), "the other language")
        await through_the_plan(pilot)
        await until(pilot, lambda: guide.snap.session.cause and guide.phase == 3, "the steps")
        await pilot.press("P")
        await through_the_plan(pilot)
        await until(pilot, lambda: app.screen is guide and guide.phase == 3, "the steps again")
