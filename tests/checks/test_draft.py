"""A session becomes the beginning of an article: what happened is in it, lint has no error, secrets are not in it."""

from __future__ import annotations

from pathlib import Path

from checks.sessions.draft import draft
from checks.sessions.session import fold
from kb import open_library
from kb.derive import derive
from kb.lint.run import lint
from kb.scaffold import write
from tests.checks.incident import ARTICLE, Ovn, cluster_with, run, walk_on


def made() -> dict[str, str]:
    walk = walk_on(cluster_with(Ovn()))
    run(walk, "stop")
    run(walk, "purge")
    list(walk.check())
    walk.note("password=hunter2hunter2 # not a heading")
    walk.finish("solved")
    return draft(walk.session, ARTICLE)


def test_what_happened_stands_in_both_languages() -> None:
    files = made()
    assert sorted(files) == ["en.md", "zh.md"]
    en, zh = files["en.md"], files["zh.md"]
    for part in (
        "## Symptoms",
        "## Root Cause",
        "## Resolution",
        "kubectl -n kube-system exec",
        "verified",
        "fail: on",
    ):
        assert part in en, part
    for part in ("## 现象", "## 根本原因", "## 解决方案", "已验证"):
        assert part in zh, part
    assert "hunter2" not in en + zh
    assert "\n# not a heading" not in en


def test_it_is_ready_for_lint_and_for_a_guide(tmp_path: Path) -> None:
    """No error; and the steps that were taken are walked again from its text."""
    write(tmp_path, "mac-rows-again", made())
    found = [one for one in lint([tmp_path]) if one.severity == "error"]
    assert found == []
    article = open_library([tmp_path], cache_dir=tmp_path / "cache").get("mac-rows-again")
    assert article is not None
    guide = derive(article)
    assert guide is not None
    assert guide.steps


def test_an_empty_session_makes_a_skeleton() -> None:
    assert "TODO: what to do" in draft(fold([]), None)["en.md"]
