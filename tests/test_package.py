"""What a user gets who installs klinik: code, data and both commands, and nothing of this machine."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_the_wheel_carries_the_knowledge_base(wheel: zipfile.ZipFile) -> None:
    """Articles, guides, checks, scenarios, translations and the layout are inside."""
    names = set(wheel.namelist())
    for source in sorted((ROOT / "assets").rglob("*")):
        if source.is_file() and "__pycache__" not in source.parts:
            assert str(source.relative_to(ROOT)) in names
    assert not [n for n in names if n.startswith("tests/")]


def test_the_wheel_installs_klinik_and_its_kubectl_plugin(wheel: zipfile.ZipFile) -> None:
    """`klinik` and `kubectl klinik` are the same program."""
    entry = next(n for n in wheel.namelist() if n.endswith("entry_points.txt"))
    text = wheel.read(entry).decode()
    assert re.search(r"^klinik = tui\.cli:main$", text, re.M)
    assert re.search(r"^kubectl-klinik = tui\.cli:main$", text, re.M)


def test_the_style_sheets_are_inside(wheel: zipfile.ZipFile) -> None:
    """A screen without its style sheet does not start."""
    names = set(wheel.namelist())
    for sheet in (ROOT / "tui").rglob("*.tcss"):
        assert str(sheet.relative_to(ROOT)) in names


def test_the_lock_has_versions_and_hashes_and_no_addresses() -> None:
    """requirements.lock can be used with any index."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in text
    assert not [line for line in text.splitlines() if line.startswith("-")], (
        "options say where packages come from"
    )
    pins = re.findall(r"^([A-Za-z0-9_.-]+)==(\S+) \\$", text, re.M)
    assert len(pins) > 40
    assert text.count("--hash=sha256:") >= len(pins)
    assert ("whoosh3", "3.54.0") in pins


def test_no_file_names_this_machine_or_a_registry() -> None:
    """Nothing committed depends on where it was written."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    hosts = ["py" + "pi.org", "pythonhosted" + ".org", "registry.npm" + "js.org", "deb.debian" + ".org"]
    bad = re.compile("|".join(map(re.escape, hosts)) + r"|/wor[k]/|/roo[t]/")
    for name in listed.stdout.decode().split("\0"):
        path = ROOT / name
        if name and path.is_file() and path.suffix not in (".png", ".svg"):
            found = bad.search(path.read_text(encoding="utf-8", errors="replace"))
            assert not found, f"{name}: {found and found[0]}"
