"""Which cluster flags and files lead to, and what is said where they lead to none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from checks.errors import ConfigError
from checks.kubeconfig import ContextInfo, choose, contexts, read
from checks.live import connect

ROOT = Path(__file__).resolve().parents[2]


def config(
    *names: str, current: str = "", server: str = "https://127.0.0.1:1", **user: Any
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current or names[0],
        "contexts": [
            {"name": n, "context": {"cluster": n, "user": n, "namespace": f"ns-{n}"}} for n in names
        ],
        "clusters": [{"name": n, "cluster": {"server": f"{server}/{n}"}} for n in names],
        "users": [{"name": n, "user": user} for n in names],
    }


def write(path: Path, content: Any) -> str:
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


@pytest.fixture(autouse=True)
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No kubeconfig of the user, and not inside a cluster."""
    for name in ("KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_contexts_are_listed_without_connecting(tmp_path: Path) -> None:
    path = write(tmp_path / "c", config("prod", "dev", current="dev"))
    assert contexts(path) == [
        ContextInfo("dev", "dev", "dev", "ns-dev", True),
        ContextInfo("prod", "prod", "prod", "ns-prod", False),
    ]
    assert contexts() == []


def test_the_first_definition_of_a_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = write(tmp_path / "one", config("a", "b", server="https://one"))
    two = write(tmp_path / "two", config("b", "c", server="https://two"))
    monkeypatch.setenv("KUBECONFIG", os.pathsep.join([one, str(tmp_path / "missing"), "", two]))
    found = read()
    assert found is not None
    assert found.current == "a"
    assert found.clusters["b"]["server"] == "https://one/b"
    assert sorted(found.contexts) == ["a", "b", "c"]


def test_home_is_the_last_resort(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    write(tmp_path / ".kube" / "config", config("home"))
    with_home = connect()
    assert with_home.info.context == "home"
    with_home.close()


def test_flags_choose(tmp_path: Path) -> None:
    path = write(tmp_path / "c", config("prod", "dev"))
    cluster = connect(kubeconfig=path, context="dev", namespace="other", as_user="jane")
    assert (cluster.info.context, cluster.info.namespace, cluster.info.user) == ("dev", "other", "jane")
    assert cluster.info.server == "https://127.0.0.1:1/dev"
    assert (cluster.info.practice, cluster.info.pace) == ("", 1.0)
    cluster.close()


def test_yaml_is_read_as_kubectl_writes_it(tmp_path: Path) -> None:
    """Numbers stay text, nulls are nothing, files are found beside the kubeconfig."""
    (tmp_path / "ca.crt").write_text("x")
    path = write(
        tmp_path / "c",
        "apiVersion: v1\nkind: Config\ncurrent-context: a\nusers:\n- name: a\n  user:\n    token: 0123456e7\n"
        "contexts:\n- name: a\n  context: {cluster: a, user: a}\npreferences: {}\n"
        "clusters:\n- name: a\n  cluster:\n    server: https://x\n    certificate-authority: ca.crt\n"
        "    insecure-skip-tls-verify: true\n- name: b\n  cluster: null\n",
    )
    found = read(path)
    assert found is not None
    chosen = choose(found)
    assert chosen.user["token"] == "0123456e7"
    assert chosen.cluster["certificate-authority"] == str(tmp_path / "ca.crt")
    assert chosen.cluster["insecure-skip-tls-verify"] is True
    assert chosen.namespace == "default"


def broken() -> list[tuple[str, Any, dict[str, str], str]]:
    dangling = config("a")
    dangling["clusters"] = None
    userless = config("a")
    userless["users"] = []
    certless = config("a", **{"client-certificate": "gone.crt"})
    return [
        ("not-yaml", "a: [", {}, "is broken"),
        ("a-list", "- a", {}, "not a mapping"),
        ("empty", "", {"context": "x"}, "no context x; known: -"),
        ("no-current", {**config("a", "b"), "current-context": ""}, {}, "choose one with --context: a, b"),
        ("unknown", config("a", "b"), {"context": "c"}, "no context c; known: a, b"),
        ("dangling", dangling, {}, 'names cluster "a"'),
        ("userless", userless, {}, 'names user "a"'),
        ("certless", certless, {}, r"client-certificate is not there: .*gone\.crt"),
    ]


@pytest.mark.parametrize(
    ("name", "content", "flags", "said"), broken(), ids=lambda v: v if isinstance(v, str) else ""
)
def test_what_leads_nowhere_is_said_clearly(
    tmp_path: Path, name: str, content: Any, flags: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigError, match=said) as caught:
        connect(kubeconfig=write(tmp_path / name, content), **flags)
    assert caught.value.text.get("zh") != caught.value.text.get("en")


def test_no_file_at_all_is_said_with_the_places_looked_at(tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"no kubeconfig with a context found \(looked at .*\.kube/config\)"
    ):
        connect()
    with pytest.raises(ConfigError, match=r"kubeconfig .*gone does not exist"):
        connect(kubeconfig=str(tmp_path / "gone"))


def test_inside_a_cluster_no_file_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    cluster = connect()
    assert (cluster.info.context, cluster.info.server) == ("in-cluster", "https://10.96.0.1:443")
    cluster.close()


def test_connecting_imports_no_kubernetes(tmp_path: Path) -> None:
    """The library is loaded by the first call, not by connecting, and never its typed models."""
    path = write(tmp_path / "c", config("a"))
    code = f"""
import sys
from checks.live import connect, contexts
cluster = connect(kubeconfig={path!r}); contexts({path!r})
assert "kubernetes" not in sys.modules and "websocket" not in sys.modules and "urllib3" not in sys.modules
try:
    cluster.version(timeout=2)
except Exception as error:
    assert type(error).__name__ == "Unreachable", error
assert "kubernetes" in sys.modules
assert not [m for m in sys.modules if m.startswith("kubernetes.client.models.")]
assert "kubernetes.client.api.core_v1_api" not in sys.modules
cluster.close()
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, check=True, timeout=60)
