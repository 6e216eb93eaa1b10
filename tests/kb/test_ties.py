"""Language and recency decide between equals only."""

from __future__ import annotations

from pathlib import Path

import pytest

from kb import open_library
from kb.ties import newest, settled


@pytest.mark.parametrize(
    ("versions", "newest_of"),
    [
        ((), ()),
        (("4.2.x", "4.10"), (4, 10)),
        (("3.x",), (3,)),
        (("latest",), ()),
        (("v4.1.0", "4.0"), (4, 1, 0)),
    ],
)
def test_the_newest_version_is_the_highest_number(
    versions: tuple[str, ...], newest_of: tuple[int, ...]
) -> None:
    assert newest(versions) == newest_of


def test_only_equal_scores_change_places() -> None:
    standing = {"a": (False, (4,)), "b": (True, (3,)), "c": (True, (4,)), "d": (True, (9,))}
    ranked = [("a", 10.0), ("b", 9.99), ("c", 9.98), ("d", 9.0)]
    assert [article for article, _ in settled(ranked, standing.__getitem__)] == ["c", "b", "a", "d"]


def write(root: Path, name: str, lang: str, version: str, extra: str = "") -> None:
    folder = root / lang
    folder.mkdir(exist_ok=True, parents=True)
    head = f"---\nkind:\n  - Troubleshooting\nProductsVersion:\n  - {version}\n---\n"
    text = f"{head}# Walrus falls asleep\n\nThe walrus sleeps.{extra}\n"
    (folder / f"{name}.md").write_text(text, encoding="utf-8")


def test_of_two_equal_articles_the_newer_one_comes_first(tmp_path: Path) -> None:
    root = tmp_path / "kb"
    write(root, "a-old", "en", "3.18")
    write(root, "b-new", "en", "4.2")
    found = open_library([root], tmp_path / "cache").search("walrus asleep")
    assert [hit.article_id for hit in found] == ["b-new", "a-old"]


def test_a_better_answer_beats_a_newer_one(tmp_path: Path) -> None:
    root = tmp_path / "kb"
    write(root, "a-old", "en", "3.18", " It snores and cannot be woken by the keeper.")
    write(root, "b-new", "en", "4.2")
    found = open_library([root], tmp_path / "cache").search("walrus snores, keeper cannot wake it")
    assert next(hit.article_id for hit in found) == "a-old"
