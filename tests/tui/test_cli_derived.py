"""klinik guide on an article that nobody wrote a guide for: printed whole, asks no cluster, needs none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tui.derived import library_root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A library with one article without a guide."""
    return library_root(tmp_path / "root")


def klinik(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs klinik in a process of its own, without any kubeconfig."""
    folder = root.parent
    own = {f"KLINIK_{name}_DIR": str(folder / name.lower()) for name in ("CACHE", "STATE", "CONFIG")}
    nowhere = {"KUBECONFIG": "", "HOME": str(folder), "KLINIK_LANG": "en"}
    command = [sys.executable, "-m", "tui.cli", "--kb", str(root), *arguments]
    environment = {**os.environ, **own, **nowhere}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


def test_a_derived_guide_is_printed_without_a_cluster(root: Path) -> None:
    """Lines whole and with their slots explained, causes open, no verdict anywhere."""
    done = klinik(root, "guide", "tunnel-port-gone")
    assert done.returncode == 0, done.stderr
    assert "derived from the text" in done.stdout
    assert "$ kubectl -n {namespace} exec {pod} -- ovs-vsctl del-port br-int {interface}" in done.stdout
    assert "{namespace}: Namespace" in done.stdout
    assert "cause-1: The interface was removed" in done.stdout
    assert "skipped" not in done.stdout


def test_its_json_says_where_it_comes_from_and_that_no_cluster_was_asked(root: Path) -> None:
    """The same document as of a written guide."""
    done = klinik(root, "guide", "tunnel-port-gone", "-o", "json")
    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert document["origin"] == "derived"
    assert document["cluster"]["server"] == ""
    assert {step["action"] for step in document["steps"]} == {"command", "manual"}
    shown = json.loads(klinik(root, "show", "tunnel-port-gone", "-o", "json").stdout)
    assert shown["guide"]["origin"] == "derived"
