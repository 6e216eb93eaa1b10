"""Importing any bytes: every source gets an event, nothing crashes or hangs, and the rest arrives."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb import open_library
from kb.importing.model import Imported
from kb.importing.run import import_sources
from tests.kb.test_bad_input import SAMPLE, mutated

SLOW = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    derandomize=True,
)


def imported(source: Path, root: Path) -> list[Imported]:
    return [event for event in import_sources([str(source)], root) if isinstance(event, Imported)]


@SLOW
@given(mutated(SAMPLE) | st.binary(max_size=200), st.sampled_from([".md", ".txt", ".html", ".mdx"]))
def test_a_document_of_any_bytes_is_imported_or_refused(tmp_path: Path, data: bytes, ending: str) -> None:
    source = tmp_path / f"some{ending}"
    source.write_bytes(data)
    (event,) = imported(source, tmp_path / "root")[:1]
    source.unlink()
    assert event.state


def test_what_is_no_document_does_not_keep_the_rest_out(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "sound.md").write_text("# Sound one\n\n## Symptoms\n\nzebrafish\n")
    (source / "empty.md").touch()
    (source / "binary.md").write_bytes(bytes(range(256)) * 40)
    (source / "sparse.md").touch()
    os.truncate(source / "sparse.md", 200_000_000)
    os.mkfifo(source / "fifo.md")
    (source / "self.md").symlink_to("self.md")
    (source / "loop").symlink_to(source, target_is_directory=True)
    began = time.perf_counter()
    imported(source, tmp_path / "root")
    assert time.perf_counter() - began < 10
    library = open_library([tmp_path / "root"], tmp_path / "cache")
    assert [hit.title for hit in library.search("zebrafish")] == ["Sound one"]


@pytest.mark.parametrize(
    "unit", [b"[", b"<a b='", b"> a\n", b"'\n", b"# (((((\n", b"|a|b|\n", b"$ ls \\\n", b"<div>"]
)
def test_time_is_linear_in_size(tmp_path: Path, unit: bytes) -> None:
    def seconds(size: int) -> float:
        source, root = tmp_path / f"{size}.txt", tmp_path / f"root-{size}"
        source.write_bytes(b"# T\n\n" + unit * (size // len(unit)))
        began = time.thread_time()  # of this thread: others of the process may still be ending
        imported(source, root)
        return time.thread_time() - began

    seconds(1_000)
    # the least of three: a collection of all garbage of the process may fall into one of them
    quick, slow = seconds(4_000), min(seconds(size) for size in (32_000, 32_100, 32_200))
    assert slow < 24 * quick + 0.3, (quick, slow)
