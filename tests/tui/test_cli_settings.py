"""--config and config.yaml from the command line and for the app: thresholds, layout, production, and what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tui.cli.main import cli
from tui.cli.options import Root, Where
from tui.connect import connect
from tui.services import Place, Services
from tui.setting import settings_of

KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: lab
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts:
  - {name: lab, context: {cluster: c, user: u}}
  - {name: prod, context: {cluster: c, user: u}}
"""
CONFIG = """\
layout: {namespace: network}
checks: {ovs.flow-count: {warn: 1234}}
contexts:
  prod: {production: true, checks: {ovs.flow-count: {fail: 99999}}}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CONFIG", "CACHE", "STATE"):
        monkeypatch.setenv(f"KLINIK_{name}_DIR", str(tmp_path / name.lower()))
    (tmp_path / "config").mkdir()
    (tmp_path / "kubeconfig").write_text(KUBECONFIG, encoding="utf-8")
    (tmp_path / "config" / "config.yaml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    return tmp_path


def klinik(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--lang", "en", *arguments])


def params(*arguments: str) -> dict[str, int]:
    done = klinik("check", "ovs.flow-count", "--list", "-o", "json", *arguments)
    assert done.exit_code == 0, done.output
    (described,) = json.loads(done.stdout)
    found: dict[str, int] = described["params"]
    return found


def test_thresholds_of_the_file_are_the_defaults_of_their_checks(home: Path) -> None:
    assert params() == {"warn": 1234, "fail": 100000}
    assert params("--context", "prod") == {"warn": 1234, "fail": 99999}


def test_a_named_file_takes_the_place_of_the_own_one(home: Path) -> None:
    other = home / "other.yaml"
    other.write_text("checks: {ovs.flow-count: {fail: 7}}\n", encoding="utf-8")
    assert params("--config", str(other)) == {"warn": 50000, "fail": 7}


def test_the_practice_cluster_is_as_klinik_makes_it(home: Path) -> None:
    assert params("--practice", "mac-binding-leak") == {"warn": 50000, "fail": 100000}


def test_a_context_may_be_marked_as_production(home: Path) -> None:
    def production(context: str | None) -> bool:
        with connect(Where(context=context)) as connection:
            return connection.cluster.info.production

    assert production("prod") is True
    assert production(None) is False


def test_the_app_has_the_settings_of_the_place_it_is_at(home: Path) -> None:
    services = Services.from_options(Root())
    assert services.catalogue().get("ovs.flow-count").params["fail"] == 100000
    assert services.layout().role("ovs").namespace == "network"
    assert services.connect(Place("context", "prod")).info.production is True
    assert services.catalogue().get("ovs.flow-count").params["fail"] == 99999
    services.close()


def test_a_broken_file_is_named_with_its_line_and_nothing_is_connected_to(home: Path) -> None:
    (home / "config" / "config.yaml").write_text(
        "layout: {}\nproduktion: true\nchecks: []\n", encoding="utf-8"
    )
    from checks.errors import ConfigError

    with pytest.raises(ConfigError, match=r"config\.yaml:2.*produktion.*config\.yaml:3"):
        settings_of(Where())
    with pytest.raises(ConfigError, match=r"config\.yaml:2"):
        connect(Where(context="prod"))


def test_the_doctor_says_which_file_and_layout_count(home: Path) -> None:
    done = klinik("doctor", "-o", "json", "--context", "prod", "--request-timeout", "1s")
    document = json.loads(done.stdout)
    assert document["settings"] == {
        "file": str(home / "config" / "config.yaml"),
        "context": "prod",
        "layout": "kube-ovn",
        "namespaces": ["network"],
        "roles": [],
        "thresholds": {"ovs.flow-count": {"warn": 1234, "fail": 99999}},
        "prometheus": None,
        "production": True,
        "found_in": None,
    }
    shown = klinik("doctor", "--context", "prod", "--request-timeout", "1s").stdout
    assert "namespaces network" in shown
    assert "marked as production" in shown
