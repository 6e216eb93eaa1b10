"""A new article: good ids only, whole files or none, and nothing wrong in it but what says TODO."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from checks.catalogue import lint_guide, load_catalogue
from kb.lint import lint
from kb.paths import ASSETS
from kb.scaffold import KINDS, Refused, checked_id, draft, write, write_schemas


@pytest.mark.parametrize("langs", [["zh", "en"], ["en"], ["zh"]])
@pytest.mark.parametrize("kind", KINDS)
def test_a_new_article_has_only_things_to_do(tmp_path: Path, kind: str, langs: list[str]) -> None:
    written = write(tmp_path, "leases-expire", draft("leases-expire", langs, kind))
    assert {path.name for path in written} == {f"{lang}.md" for lang in langs} | (
        {"guide.yaml"} if kind == "troubleshooting" else set()
    )
    catalogue = load_catalogue([ASSETS])
    found = list(lint([tmp_path], of_guide=lambda guide: lint_guide(guide, catalogue)))
    todo = {"article.todo", "guide.todo"} if kind == "troubleshooting" else {"article.todo"}
    assert {p.code for p in found} - {"root.one-language"} == todo
    assert all(p.severity == "info" for p in found)
    assert not any("@" in path.read_text(encoding="utf-8") for path in written)


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "A",
            "Upper-case",
            "under_score",
            "a b",
            "a/b",
            "../up",
            "-a",
            "a-",
            "a--b",
            ".hidden",
            "a.md",
            "con",
        ),
        *("aux", "en", "zh", "子网", "a" * 81, "a\n", "e\u0301"),
    ],
)
def test_ids_that_do_not_travel_are_refused(name: str) -> None:
    with pytest.raises(Refused) as caught:
        checked_id(name, {})
    assert caught.value.text.zh


def test_an_id_that_is_taken_is_refused_with_its_place() -> None:
    assert checked_id("leases", {"other": "here"}) == "leases"
    with pytest.raises(Refused, match="over/there"):
        checked_id("leases", {"Leases": "over/there"})


def test_what_is_there_stays(tmp_path: Path) -> None:
    mine = tmp_path / "articles" / "leases"
    mine.mkdir(parents=True)
    (mine / "en.md").write_text("mine")
    with pytest.raises(FileExistsError):
        write(tmp_path, "leases", {"en.md": "new"})
    assert (mine / "en.md").read_text() == "mine"
    (tmp_path / "articles" / "gone").symlink_to(tmp_path / "nowhere")
    with pytest.raises(FileExistsError):
        write(tmp_path, "gone", {"en.md": "new"})
    assert not (tmp_path / "nowhere").exists()


def test_half_an_article_is_never_left(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="name"):
        write(tmp_path, "leases", {"en.md": "text", "x" * 300: "too long a name"})
    assert list((tmp_path / "articles").iterdir()) == []


def test_schemas_replace_what_was_there_and_follow_no_link(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("safe")
    (tmp_path / ".klinik").mkdir()
    os.symlink(victim, tmp_path / ".klinik" / "guide.schema.json")
    write_schemas(tmp_path, {"guide": "{}"})
    write_schemas(tmp_path, {"guide": "{}\n"})
    assert victim.read_text() == "safe"
    assert [p.name for p in (tmp_path / ".klinik").iterdir()] == ["guide.schema.json"]
    assert (tmp_path / ".klinik" / "guide.schema.json").read_text() == "{}\n"
