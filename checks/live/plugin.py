"""Credential plugins of a kubeconfig's ``exec:`` (client.authentication.k8s.io), run with a time limit and no terminal.

The Kubernetes library would inherit the terminal, wait for ever and log a failure instead of raising it.
"""

from __future__ import annotations

import calendar
import json
import os
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from checks.errors import Unauthenticated
from kb.messages import message
from kb.said import quoted, text_of

LIMIT = 30.0


@dataclass(frozen=True, slots=True)
class Credential:
    """What a plugin gave: a token, or a client certificate with its key (PEM), and until when (Unix time)."""

    token: str = ""
    certificate: str = ""
    key: str = ""
    expires: float | None = None


def run_plugin(spec: Mapping[str, Any], cluster: Mapping[str, Any], *, timeout: float) -> Credential:
    """Runs the plugin; Unauthenticated says what went wrong with it."""
    command = str(spec.get("command", ""))
    argv = [command, *(str(arg) for arg in _items(spec.get("args")))]
    env = {**os.environ, **{str(e["name"]): str(e["value"]) for e in _items(spec.get("env"))}}
    env["KUBERNETES_EXEC_INFO"] = json.dumps(_info(spec, cluster))
    limit = min(timeout, LIMIT)
    try:
        done = subprocess.run(
            argv, env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=limit, check=False
        )
    except FileNotFoundError:
        hint = str(spec.get("installHint", "")).strip()
        raise Unauthenticated(message("cluster.plugin-missing", command=command, hint=hint)) from None
    except subprocess.TimeoutExpired:
        raise Unauthenticated(message("cluster.plugin-slow", command=command, seconds=f"{limit:g}")) from None
    except OSError as error:
        raise Unauthenticated(message("cluster.plugin-failed", command=command, why=text_of(error))) from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip()[-500:]
        why = quoted(said) if said else message("cluster.exit-code", code=done.returncode)
        raise Unauthenticated(message("cluster.plugin-failed", command=command, why=why))
    return _credential(command, done.stdout)


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _info(spec: Mapping[str, Any], cluster: Mapping[str, Any]) -> dict[str, Any]:
    inner: dict[str, Any] = {"interactive": False}
    if spec.get("provideClusterInfo") == "true":
        inner["cluster"] = {
            key: cluster[key]
            for key in ("server", "tls-server-name", "certificate-authority-data", "proxy-url")
            if key in cluster
        }
        for extension in _items(cluster.get("extensions")):
            if extension.get("name") == "client.authentication.k8s.io/exec":
                inner["cluster"]["config"] = extension.get("extension")
    version = str(spec.get("apiVersion", "client.authentication.k8s.io/v1"))
    return {"apiVersion": version, "kind": "ExecCredential", "spec": inner}


def _credential(command: str, output: bytes) -> Credential:
    try:
        status = json.loads(output)["status"]
        found = Credential(
            token=str(status.get("token", "")),
            certificate=str(status.get("clientCertificateData", "")),
            key=str(status.get("clientKeyData", "")),
            expires=_time(status.get("expirationTimestamp")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Unauthenticated(message("cluster.plugin-garbage", command=command)) from None
    if not found.token and not (found.certificate and found.key):
        raise Unauthenticated(message("cluster.plugin-garbage", command=command))
    return found


def _time(text: Any) -> float | None:
    if not isinstance(text, str):
        return None
    return float(calendar.timegm(time.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")))
