"""Who klinik is to a cluster and by which way it gets there: certificates, tokens, plugins, proxies, or no way."""

from __future__ import annotations

import datetime
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from checks.cluster import PODS, ExecResult
from checks.errors import Forbidden, Timeout, Unauthenticated, Unreachable
from checks.live import LiveCluster, connect
from checks.practice.server import PracticeServer
from tests.checks.conftest import Connect
from tests.checks.livebed import config_for, within
from tests.checks.practice.scripted import SUBNETS, ScriptedWorld


def test_an_expired_token_is_unauthenticated(cluster: LiveCluster, server: PracticeServer) -> None:
    assert cluster.get(SUBNETS, "ovn-default")
    server.faults.tokens_expired = True
    with pytest.raises(Unauthenticated, match="401"):
        cluster.get(SUBNETS, "ovn-default")
    with pytest.raises(Unauthenticated):
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("x",))


Use = Callable[..., LiveCluster]


@pytest.fixture
def use(server: PracticeServer, tmp_path: Path) -> Iterator[Use]:
    """Connects with a kubeconfig of the test's own making."""
    made: list[LiveCluster] = []

    def make(config: dict[str, object]) -> LiveCluster:
        path = tmp_path / f"config-{len(made)}"
        path.write_text(json.dumps(config))
        made.append(connect(kubeconfig=str(path)))
        return made[-1]

    yield make
    for cluster in made:
        cluster.close()


def test_client_certificates(use: Use, server: PracticeServer, world: ScriptedWorld) -> None:
    server.faults.forbid("list", "pods", user="anna")
    pair = server.authority.client("anna")
    cluster = use(server.kubeconfig(certificate=pair.certificate, key=pair.key))
    assert cluster.get(SUBNETS, "ovn-default")
    with pytest.raises(Forbidden, match='User "anna"'):
        list(cluster.list(PODS))


def test_an_expired_client_certificate_is_named(use: Use, server: PracticeServer) -> None:
    pair = server.authority.client("anna", valid=-datetime.timedelta(days=3))
    cluster = use(server.kubeconfig(certificate=pair.certificate, key=pair.key))
    with pytest.raises(Unauthenticated, match=r"client certificate of this context expired on \d{4}-"):
        cluster.version()


def test_a_lost_write_stays_in_doubt_whatever_this_machine_s_clock_says_of_the_certificate(
    use: Use, server: PracticeServer, world: ScriptedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The clock has jumped beyond the end of the certificate, which the server still takes."""
    pair = server.authority.client("anna", groups=("system:masters",))
    cluster = use(server.kubeconfig(certificate=pair.certificate, key=pair.key))
    jumped = SimpleNamespace(time=lambda: time.time() + 1e7, strftime=time.strftime, gmtime=time.gmtime)
    monkeypatch.setattr("checks.live.access.time", jumped)
    server.faults.drop("PATCH", after=True, times=1)
    with pytest.raises(Unauthenticated) as caught:
        cluster.patch(SUBNETS, "ovn-default", {"spec": {"mtu": 1400}})
    assert caught.value.sent
    assert world.store.get(SUBNETS, "ovn-default")["spec"]["mtu"] == 1400


def test_an_unknown_authority_is_unreachable(use: Use, server: PracticeServer) -> None:
    config = server.kubeconfig()
    with PracticeServer(server.world) as other:
        theirs = other.kubeconfig()["clusters"][0]["cluster"]["certificate-authority-data"]
    config["clusters"][0]["cluster"]["certificate-authority-data"] = theirs
    cluster = use(config)
    with pytest.raises(Unreachable, match="no trusted connection"):
        cluster.version()
    with pytest.raises(Unreachable):
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("x",))


def test_nobody_there_and_no_such_host(use: Use) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable, match="Connection refused"):
        use(config_for(f"https://127.0.0.1:{port}")).version()
    with within(4), pytest.raises((Unreachable, Timeout)):
        use(config_for("https://no-such-host.invalid")).version(timeout=3)


def test_proxies_of_the_environment_are_not_for_loopback(
    connected: Connect, world: ScriptedWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    world.commands["true"] = lambda argv, emit: ExecResult("", "", 0)
    cluster = connected()
    assert cluster.version()
    assert cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("true",)).code == 0


def test_a_proxy_of_the_kubeconfig_is_used(use: Use, server: PracticeServer) -> None:
    config = server.kubeconfig()
    config["clusters"][0]["cluster"]["proxy-url"] = "http://127.0.0.1:9"
    cluster = use(config)
    with pytest.raises(Unreachable):
        cluster.version()
    with pytest.raises(Unreachable):
        cluster.exec("kube-system", "ovs-ovn-1", "openvswitch", ("true",))


PLUGIN = """#!/bin/sh
echo x >> "$COUNT"
echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {"token": "'$TOKEN'"}}'
"""


def plugin(tmp_path: Path, script: str, **env: str) -> dict[str, object]:
    path = tmp_path / "plugin.sh"
    path.write_text(script)
    path.chmod(0o700)
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": str(path),
            "args": None,
            "env": [{"name": k, "value": v} for k, v in env.items()],
        }
    }


def test_credential_plugins(use: Use, server: PracticeServer, tmp_path: Path) -> None:
    """The plugin runs once for many calls, and once more when its token is refused."""
    count = tmp_path / "count"
    user = plugin(tmp_path, PLUGIN, TOKEN=server.token, COUNT=str(count))
    cluster = use(config_for(server.url, **user))
    cluster.version()
    assert list(cluster.list(PODS))
    assert count.read_text().count("x") == 1
    server.faults.status("/subnets", 401, times=1)
    assert list(cluster.list(SUBNETS))
    assert count.read_text().count("x") == 2


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("#!/bin/sh\necho no session >&2\nexit 1\n", "failed: no session"),
        ("#!/bin/sh\necho nonsense\n", "printed no usable credential"),
        ("#!/bin/sh\nexec sleep 20\n", r"gave nothing within"),
    ],
)
def test_credential_plugins_that_fail(use: Use, tmp_path: Path, script: str, said: str) -> None:
    cluster = use(config_for("https://127.0.0.1:9", **plugin(tmp_path, script)))
    with within(2), pytest.raises(Unauthenticated, match=said):
        cluster.version(timeout=1)


def test_a_credential_plugin_that_is_not_installed(use: Use) -> None:
    user = {"exec": {"apiVersion": "v1", "command": "no-such-plugin", "installHint": "Install it from here."}}
    with pytest.raises(Unauthenticated, match=r"no-such-plugin.*is not installed\. Install it from here\."):
        use(config_for("https://127.0.0.1:9", **user)).version()
