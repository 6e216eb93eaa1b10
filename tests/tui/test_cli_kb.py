"""klinik kb lint, new and schema, as an operator and a pipeline call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tui.here import Run, here
from tests.tui.test_cli import runner


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("KLINIK_LANG", "en")
    for name in ("CACHE", "STATE", "CONFIG"):
        monkeypatch.setenv(f"KLINIK_{name}_DIR", str(folder / name.lower()))
    return folder


@pytest.fixture
def klinik(home: Path) -> Run:
    return here(home)


@pytest.fixture
def process(home: Path) -> Run:
    """In a process of its own, which is of one language from its start."""
    return runner(home)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "a.md").write_text(
        "---\nkind: [How To]\n---\n# Leases\n\nSee [b](b.md).\n\n```bash\n$ ls\n```\n", encoding="utf-8"
    )
    return tmp_path


def test_lint_of_a_folder_speaks_of_that_folder_only(klinik: Run, root: Path) -> None:
    done = klinik("kb", "lint", str(root), "-o", "json")
    found = json.loads(done.stdout)
    assert {p["code"] for p in found} == {"command.prompt", "link.dead-article", "root.one-language"}
    assert all(p["path"].startswith(str(root)) for p in found)
    dead = next(p for p in found if p["code"] == "link.dead-article")
    assert dead == {
        "path": str(root / "a.md"),
        "line": 6,
        "code": "link.dead-article",
        "severity": "warning",
        "message": "no such article (b.md): line 6",
        "hint": "Correct the link, or add the article.",
        "article": "a",
    }
    assert done.returncode == 0


def test_what_is_shown_and_the_exit_code_can_be_chosen(klinik: Run, process: Run, root: Path) -> None:
    done = process("kb", "lint", str(root), "--severity", "warning", "--strict", "--lang", "zh")
    assert done.returncode == 1
    assert done.stdout == f"{root / 'a.md'}:6: 警告 link.dead-article: 链接的文章不存在（b.md）：第 6 行\n"
    assert "0 个错误，1 个警告" in done.stderr
    assert klinik("kb", "lint", str(root), "--ignore", "link", "--strict").returncode == 0
    only = klinik("kb", "lint", str(root), "--only", "command.*,root", "-o", "json").stdout
    assert {p["code"] for p in json.loads(only)} == {"command.prompt", "root.one-language"}
    wrong = klinik("kb", "lint", "--only", "lnk")
    assert (wrong.returncode, "lnk" in wrong.stderr) == (2, True)


def test_a_new_article_is_whole_and_found(klinik: Run, tmp_path: Path) -> None:
    root = tmp_path / "mine"
    done = klinik("kb", "new", "leases-expire", "--to", str(root), "--lang", "en,zh")
    assert done.returncode == 0, done.stderr
    schema = json.loads((root / ".klinik" / "guide.schema.json").read_text(encoding="utf-8"))
    guide = (root / "articles" / "leases-expire" / "guide.yaml").read_text(encoding="utf-8")
    first = guide.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=")
    named = root / "articles" / "leases-expire" / first.partition("=")[2]
    assert json.loads(named.read_text(encoding="utf-8")) == schema
    found = json.loads(klinik("kb", "lint", str(root), "-o", "json").stdout)
    assert {p["code"] for p in found} == {"article.todo", "guide.todo"}
    for again in ("leases-expire", "Leases", "ovn-controller-starved"):
        refused = klinik("kb", "new", again, "--kb", str(root))
        assert refused.returncode == 2, again
        assert again in refused.stderr
    assert klinik("kb", "new", "other").returncode == 2


def test_schemas_are_printed_in_the_readers_language(klinik: Run) -> None:
    for name in ("guide", "check", "glossary", "front-matter"):
        for lang in ("en", "zh"):
            done = klinik("kb", "schema", name, "--lang", lang)
            document = json.loads(done.stdout)
            assert document["$schema"].startswith("https://json-schema.org/")
            assert any("\u4e00" <= c <= "\u9fff" for c in document["description"]) == (lang == "zh")
    assert klinik("kb", "schema").returncode == 2


def test_help_speaks_both_languages(process: Run) -> None:
    for command in ("lint", "new", "schema"):
        assert "知识库" in process("kb", command, "--help", KLINIK_LANG="zh").stdout
        assert process("kb", command, "--help").stdout.isascii() or command == "lint"
