"""Bundle files from anywhere: each that is not one is refused with its name and the reason; none is unpacked."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from checks.bundle import archive
from checks.bundle.archive import BundleError, open_bundle, write_bundle
from checks.bundle.replay import Replayed
from checks.bundle.tape import Answered, Tape, exec_call, list_call
from checks.cluster import PODS
from checks.errors import ClusterError

MANIFEST: dict[str, Any] = {
    "format": "klinik-bundle",
    "version": 1,
    "klinik": "0",
    "collected_at": 1_790_000_000.0,
    "cluster": {"context": "c", "server": "https://c"},
    "verdicts": [],
}
LIST = list_call(PODS, "kube-system")
COMMAND = exec_call("kube-system", "p", "c", ("true",))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    tape = Tape()
    tape.put(LIST, Answered(1.0, b'[{"metadata":{"name":"p"}}]'))
    tape.put(COMMAND, Answered(2.0, b"out", code=3, stderr="err"))
    tape.begin(exec_call("kube-system", "p", "c", ("sleep", "9")), 3.0)
    write_bundle(tmp_path / "b", MANIFEST, tape)
    return tmp_path / "b"


def rewritten(path: Path, change: Callable[[str, bytes], list[tuple[str, bytes]]]) -> Path:
    """The same archive with members changed."""
    other = path.with_name("changed")
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            for kept, data in change(name, old.read(name)):
                new.writestr(kept, data)
    return other


def only(name: str, change: Callable[[bytes], bytes]) -> Callable[[str, bytes], list[tuple[str, bytes]]]:
    return lambda found, data: [(found, change(data) if found == name else data)]


def test_what_is_written_is_read(path: Path) -> None:
    with open_bundle(path) as bundle:
        cluster = Replayed(bundle.info, bundle)
        assert [o["metadata"]["name"] for o in cluster.list(PODS, namespace="kube-system")] == ["p"]
        result = cluster.exec("kube-system", "p", "c", ("true",))
        assert (result.stdout, result.stderr, result.code, result.at) == ("out", "err", 3, 2.0)
        with pytest.raises(ClusterError, match="no answer"):
            cluster.exec("kube-system", "p", "c", ("sleep", "9"))


def test_equal_facts_give_equal_files(path: Path, tmp_path: Path) -> None:
    tape = Tape()
    tape.put(LIST, Answered(1.0, b"[]"))
    for name in ("one", "two"):
        write_bundle(tmp_path / name, MANIFEST, tape)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_file_that_exists_is_kept(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(BundleError, match="exists"):
        write_bundle(path, MANIFEST, Tape())
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="cannot be written"):
        write_bundle(tmp_path / "no" / "b", MANIFEST, Tape())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("length", [0, 1, 30, 200, 500])
def test_a_file_cut_short(path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(BundleError, match="cut short"):
        open_bundle(path)


def test_random_bytes_and_missing_files(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(os.urandom(4096))
    with pytest.raises(BundleError, match="no klinik bundle"):
        open_bundle(tmp_path / "junk")
    with pytest.raises(BundleError, match="No such file"):
        open_bundle(tmp_path / "nothing")
    with pytest.raises(BundleError):
        open_bundle(tmp_path)


def test_a_bundle_of_the_future(path: Path) -> None:
    newer = rewritten(path, only("manifest.json", lambda d: d.replace(b'"version": 1', b'"version": 2')))
    with pytest.raises(BundleError, match="newer klinik"):
        open_bundle(newer)


@pytest.mark.parametrize(
    "name", ["../../etc/cron.d/x", "/etc/passwd", "bodies/../x.txt", "bodies/1.sh", "C:\\x"]
)
def test_names_that_lead_elsewhere(path: Path, name: str) -> None:
    odd = rewritten(
        path, lambda found, data: [(found, data), *([(name, b"x")] if found == "calls.jsonl" else [])]
    )
    with pytest.raises(BundleError, match="does not belong"):
        open_bundle(odd)


def test_a_bomb_is_not_unpacked(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_TOTAL", 1024)
    monkeypatch.setattr(archive, "_MAX_MANIFEST", 64 * 1024)
    monkeypatch.setattr(archive, "_MAX_CALLS", 64 * 1024)
    bomb = rewritten(path, only("bodies/000003.json", lambda _: b"0" * 10_000_000))
    with pytest.raises(BundleError, match="unpack to more"):
        open_bundle(bomb)


def test_a_body_that_lies_about_its_size_is_read_to_the_limit_only(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_BODY", 8)
    with open_bundle(path) as bundle, pytest.raises(ClusterError, match="damaged"):
        list(Replayed(bundle.info, bundle).list(PODS, namespace="kube-system"))


def test_a_changed_body_is_noticed(path: Path) -> None:
    changed = rewritten(path, only("bodies/000003.json", lambda d: d.replace(b'"p"', b'"q"')))
    with open_bundle(changed) as bundle, pytest.raises(ClusterError, match="SHA-256"):
        list(Replayed(bundle.info, bundle).list(PODS, namespace="kube-system"))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: b"", "calls are there"),
        (lambda d: d[: len(d) // 2], "calls.jsonl"),
        (lambda d: d + b"[1]\n", "calls.jsonl:4"),
        (lambda d: d + b'{"call":["exec"],"at":1,"error":{"type":"x","text":{}}}\n', "calls.jsonl:4"),
        (lambda d: d + b'{"call":["list","v1/pods","","",""],"at":NaN}\n', "calls.jsonl:4"),
        (lambda d: d + b"[" * 100_000 + b"\n", "calls.jsonl:4"),
        (lambda d: d.replace(b"000001", b"000009").replace(b"000003", b"000008"), "missing"),
    ],
)
def test_a_broken_index(path: Path, change: Callable[[bytes], bytes], said: str) -> None:
    with pytest.raises(BundleError, match=said):
        open_bundle(rewritten(path, only("calls.jsonl", change)))


@pytest.mark.parametrize(
    "more",
    [{"cluster": None}, {"collected_at": "today"}, {"cluster": {"context": "c", "server": "s", "pace": 0}}],
)
def test_a_broken_manifest(path: Path, more: dict[str, Any]) -> None:
    def change(data: bytes) -> bytes:
        return json.dumps({**json.loads(data), **more}).encode()

    with pytest.raises(BundleError, match=r"manifest\.json"):
        open_bundle(rewritten(path, only("manifest.json", change)))


def test_a_zip_of_something_else(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "z", "w") as other:
        other.writestr("manifest.json", "{}")
    with pytest.raises(BundleError, match="no klinik bundle"):
        open_bundle(tmp_path / "z")


def test_an_answer_larger_than_the_bundle_is_left_out_and_named() -> None:
    tape = Tape(limit=10)
    tape.put(COMMAND, Answered(1.0, b"x" * 11))
    assert tape.left_out == [COMMAND]
    ((_, answered),) = tape.items()
    assert answered.body is None
    assert answered.failure is not None


def test_an_encrypted_body_is_damaged_not_a_crash(path: Path) -> None:
    data = bytearray(path.read_bytes())
    entry = data.find(b"PK\x01\x02")
    while entry >= 0:
        length = int.from_bytes(data[entry + 28 : entry + 30], "little")
        if data[entry + 46 : entry + 46 + length].startswith(b"bodies/"):
            data[entry + 8] |= 1  # the general purpose flag for encryption
        entry = data.find(b"PK\x01\x02", entry + 4)
    path.write_bytes(data)
    with open_bundle(path) as bundle, pytest.raises(ClusterError, match="damaged"):
        list(Replayed(bundle.info, bundle).list(PODS, namespace="kube-system"))
