"""kb.library: articles by id from several roots, problems, refresh."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from kb import open_library


def put(root: Path, name: str, text: str | bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_articles_are_found_in_every_layout(root: Path, tmp_path: Path) -> None:
    library = open_library([root], tmp_path / "cache")
    assert list(library.articles) == ["Flow_table_grows", "gateway", "handles"]
    handles = library.articles["handles"]
    assert sorted(handles.texts) == ["en", "zh"]
    assert handles.title("zh") == "交换机句柄耗尽"
    assert (handles.kinds, handles.products, handles.versions) == (
        ("Troubleshooting",),
        ("Alpha",),
        ("1.12.x",),
    )
    assert handles.guide is not None
    assert handles.guide.article == "handles"
    assert library.guided == ("handles",)
    assert sorted(library.articles["Flow_table_grows"].texts) == ["en", "zh"]
    derived = library.articles["gateway"].guide
    assert derived is not None
    assert derived.origin == "derived"
    assert library.problems == ()


def test_an_unknown_article_is_none_and_a_key_error(root: Path, tmp_path: Path) -> None:
    library = open_library([root], tmp_path / "cache")
    assert library.get("nope") is None
    with pytest.raises(KeyError):
        library.articles["nope"]


def test_a_later_root_wins_by_id(root: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    put(mine, "handles.md", "# My own handles\n")
    library = open_library([root, mine], tmp_path / "cache")
    article = library.articles["handles"]
    assert (article.title("en"), article.guide, article.root) == ("My own handles", None, str(mine))
    assert "gateway" in library.articles


def test_everything_wrong_is_named_at_once_and_the_rest_works(root: Path, tmp_path: Path) -> None:
    first = put(root, "articles/one/guide.yaml", "checks: {a: {use: x}}\nsymptoms: 3\ncauses: []\n")
    put(root, "articles/one/en.md", "# One\n")
    second = put(root, "articles/two/guide.yaml", "checks:\n  a: [b\n")
    put(root, "articles/two/en.md", "# Two\n")
    alone = put(root, "articles/three/guide.yaml", (root / "articles/handles/guide.yaml").read_text())
    empty = put(root, "empty.md", "")
    binary = put(root, "binary.md", bytes(range(256)) * 9)
    twice = put(root, "other/gateway.md", "# Another gateway\n")
    (root / "folder.md").mkdir()
    (root / "dangling.md").symlink_to(root / "nowhere")
    (root / "loop.md").symlink_to(root / "loop.md")
    (root / "circle").symlink_to(root)
    os.mkfifo(root / "pipe.md")
    library = open_library([root, tmp_path / "missing"], tmp_path / "cache")
    found = {(p.path, p.line, p.code) for p in library.problems}
    assert {
        (str(first), 2, "guide.type"),
        (str(first), 3, "guide.value"),
        (str(second), 3, "yaml.syntax"),
        (str(alone), 0, "guide.no-text"),
        (str(empty), 0, "article.empty"),
        (str(binary), 0, "article.binary"),
        (str(root / "dangling.md"), 0, "file.unreadable"),
        (str(root / "loop.md"), 0, "file.unreadable"),
        (str(root / "folder.md"), 0, "file.not-a-file"),
        (str(root / "pipe.md"), 0, "file.not-a-file"),
        (str(tmp_path / "missing"), 0, "root.missing"),
    } <= found
    assert any(p.code == "article.twice" for p in library.problems), twice
    assert list(library.articles) == ["Flow_table_grows", "gateway", "handles", "one", "two"]
    assert library.articles["one"].guide is None
    assert next(h.article_id for h in library.search("too many handles")) == "handles"
    again = open_library([root, tmp_path / "missing"], tmp_path / "cache")
    assert again.problems == library.problems


def test_a_huge_file_is_refused_unread(root: Path, tmp_path: Path) -> None:
    with open(root / "huge.md", "wb") as file:
        file.truncate(3_000_000_000)
    library = open_library([root], tmp_path / "cache")
    began = time.monotonic()
    assert [p.code for p in library.problems] == ["file.too-large"]
    assert time.monotonic() - began < 5


def test_hidden_folders_and_other_files_are_not_articles(root: Path, tmp_path: Path) -> None:
    put(root, ".git/notes.md", "# No\n")
    put(root, "node_modules/x/README.md", "# No\n")
    put(root, "checks/ovs.yaml", "- id: a\n")
    put(root, "practice/guide.yaml", "nonsense: true\n")
    put(root, "articles/handles/images/a.txt", "no")
    library = open_library([root], tmp_path / "cache")
    assert list(library.articles) == ["Flow_table_grows", "gateway", "handles"]
    assert library.problems == ()


def test_refresh_rereads_only_what_changed(root: Path, tmp_path: Path) -> None:
    library = open_library([root], tmp_path / "cache")
    before = {article: library.articles[article] for article in library.articles}
    assert not library.refresh()
    put(root, "notes/gateway.md", "# Gateway renamed to zebra\n")
    put(root, "notes/new.md", "# A new one about walrus\n")
    (root / "zh/Flow_table_grows.md").unlink()
    (root / "en/Flow_table_grows.md").unlink()
    changed = library.refresh()
    assert (changed.changed, changed.removed) == (("gateway", "new"), ("Flow_table_grows",))
    assert library.articles["handles"] is before["handles"]
    assert library.articles["gateway"].title("en") == "Gateway renamed to zebra"
    assert [h.article_id for h in library.search("zebra")] == ["gateway"]
    assert [h.article_id for h in library.search("walrus")] == ["new"]
    assert [h.article_id for h in library.search("Mac_Binding")] == []


def test_what_the_index_knows_is_not_read_again(root: Path, tmp_path: Path) -> None:
    put(root, "empty.md", "")
    open_library([root], tmp_path / "cache").refresh()
    for path in root.rglob("*.*"):
        if path.is_file():
            info = path.stat()
            path.write_bytes(b"\0" * info.st_size)
            os.utime(path, ns=(info.st_atime_ns, info.st_mtime_ns))
    library = open_library([root], tmp_path / "cache")
    assert list(library.articles) == ["Flow_table_grows", "gateway", "handles"]
    assert [p.code for p in library.problems] == ["article.empty"]
    assert library.search("Mac_Binding")[0].article_id == "Flow_table_grows"


def test_names_in_any_script_and_an_empty_root_work(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    library = open_library([empty], tmp_path / "cache")
    assert (list(library.articles), library.problems, library.search("x")) == ([], (), [])
    put(empty, "故障 案例/句柄泄漏 (1).md", "# 句柄泄漏\n\n交换机打不开新端口。\n")
    library.refresh()
    assert list(library.articles) == ["句柄泄漏 (1)"]
    assert library.search("句柄")[0].title == "句柄泄漏"


def test_the_other_languages_of_an_article_are_known_without_reading_it(root: Path, tmp_path: Path) -> None:
    put(root, "loose.md", "# Only here\n")
    library = open_library([root], tmp_path / "cache")
    assert library.other_languages("handles", "en") == ("zh",)
    assert library.other_languages("handles", "zh") == ("en",)
    assert library.other_languages("loose", "en") == library.other_languages("nope", "en") == ()


def test_articles_that_were_read_are_kept_up_to_a_size(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kb import library as module

    library = open_library([root], tmp_path / "cache")
    kept = library.get("gateway")
    assert library.get("handles") is not None
    assert library.get("gateway") is kept
    monkeypatch.setattr(module, "REMEMBERED_BYTES", 300)
    assert library.get("Flow_table_grows") is not None
    again = library.get("gateway")
    assert again == kept
    assert again is not kept
