"""`klinik bundle` as a user runs it: collected from a practice cluster, shown, replayed and compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tui.here import Run, here

INCIDENT, ARTICLE = "subnet-ip-count-wrong", "subnet-ip-count-wrong"


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return here(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def bundles(command: Run, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("bundles")
    bad, good = folder / "bad.klinik", folder / "good.klinik"
    for path, scenario in ((bad, INCIDENT), (good, "healthy")):
        done = command(
            "bundle", "collect", str(path), "--practice", scenario, "--article", ARTICLE, "-o", "json"
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["bytes"] == path.stat().st_size
    return bad, good


def test_a_guide_replays(command: Run, bundles: tuple[Path, Path]) -> None:
    live = json.loads(command("guide", ARTICLE, "--practice", INCIDENT, "-o", "json").stdout)
    done = command("guide", ARTICLE, "--bundle", str(bundles[0]), "-o", "json")
    replayed = json.loads(done.stdout)
    assert done.returncode == 1
    for part in ("symptoms", "causes"):
        assert [(one["id"], one.get("verdict"), one.get("state")) for one in replayed[part]] == [
            (one["id"], one.get("verdict"), one.get("state")) for one in live[part]
        ]


def test_what_a_bundle_holds(command: Run, bundles: tuple[Path, Path]) -> None:
    shown = command("bundle", "show", str(bundles[0]), "--lang", "zh").stdout
    assert ARTICLE in shown
    document = json.loads(command("bundle", "show", str(bundles[0]), "-o", "json").stdout)
    assert document["article"] == ARTICLE
    assert {v["verdict"] for v in document["verdicts"]} >= {"fail"}


def test_a_check_outside_of_the_bundle_is_unknown(command: Run, bundles: tuple[Path, Path]) -> None:
    done = command("check", "ovn.mac-bindings", "--bundle", str(bundles[0]), "-o", "json")
    (result,) = json.loads(done.stdout)["results"]
    assert done.returncode == 3
    assert result["verdict"] == "unknown"


def test_two_times_compared(command: Run, bundles: tuple[Path, Path]) -> None:
    bad, good = bundles
    done = command("bundle", "diff", str(good), str(bad), "-o", "json")
    document = json.loads(done.stdout)
    assert done.returncode == 1
    assert any(v["before"] == "ok" and v["after"] == "fail" for v in document["verdicts"])
    assert command("bundle", "diff", str(good), str(good)).returncode == 0


def test_bad_input_is_named(command: Run, bundles: tuple[Path, Path], tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(bundles[0].read_bytes()[:900])
    done = command("check", "--bundle", str(cut))
    assert (done.returncode, done.stdout) == (2, "")
    assert "cut short" in done.stderr
    both = command("check", "--bundle", str(bundles[0]), "--practice", "healthy")
    assert both.returncode == 2
    assert "--practice" in both.stderr
    again = command("bundle", "collect", str(bundles[0]), "--practice", "healthy")
    assert again.returncode == 2
    assert "--force" in again.stderr
    none = command("bundle", "collect", str(tmp_path / "x"), "--practice", "healthy", "--article", "nothing")
    assert none.returncode == 2
    assert not (tmp_path / "x").exists()
