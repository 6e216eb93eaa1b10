"""kb.importing.run: sources of any kind to articles, twice without a difference, and never outside the root."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from kb import frontmatter
from kb.importing.model import Imported
from kb.importing.pairing import is_stale
from kb.importing.run import Options, import_sources
from kb.library import open_library
from tests.kb.importing.sources import EN, ZH, bring, code_lines, files, write

SHARED = Path(__file__).parents[3] / ".." / "shared"


def test_a_pair_becomes_one_article_in_order(tmp_path: Path) -> None:
    source = write(
        tmp_path / "wiki",
        {"docs/leak.md": EN, "docs/leak.zh.md": ZH, "docs/other.md": "# Other\n\ntext here\n"},
    )
    done, end = bring([source], tmp_path / "kb")
    assert (end.counts["new"], end.articles, end.paired) == (3, 2, 1)
    text = (tmp_path / "kb/articles/leak/en.md").read_text(encoding="utf-8")
    front = frontmatter.split(text, "x")
    assert front.problems == ()
    assert (front.data["kind"], front.data["source"]) == (["Troubleshooting"], "wiki/docs/leak.md")
    assert "comment" not in front.body
    assert (
        front.body.index("# Gateway drops")
        < front.body.index("## Symptoms")
        < front.body.index("## Resolution")
    )
    assert "(../other/en.md#fix)" in front.body
    codes = {note.code for event in done for note in event.notes}
    assert {"import.cut.comment", "import.repair.order", "front.glued"} <= codes
    article = open_library([tmp_path / "kb"]).articles["leak"]
    assert sorted(article.texts) == ["en", "zh"]
    assert article.title("zh") == "网关丢包"


def test_importing_again_changes_nothing_and_a_changed_source_updates(tmp_path: Path) -> None:
    source = write(tmp_path / "wiki", {"leak.md": EN, "zh/leak.md": ZH})
    root = tmp_path / "kb"
    bring([source], root)
    before = files(root)
    done, end = bring([source], root)
    assert {event.state for event in done} == {"unchanged"}
    assert files(root) == before
    write(source, {"leak.md": EN.replace("Gateway drops packets", "The gateway loses packets")})
    done, end = bring([source], root)
    assert (end.counts["updated"], end.counts["unchanged"]) == (1, 1)
    assert sorted(files(root)) == sorted(before)
    assert "# The gateway loses packets" in (root / "articles/leak/en.md").read_text(encoding="utf-8")


def test_an_edit_by_hand_is_kept_and_the_new_text_stands_beside_it(tmp_path: Path) -> None:
    source = write(tmp_path / "wiki", {"leak.md": EN})
    root = tmp_path / "kb"
    bring([source], root)
    article = root / "articles/leak/en.md"
    edited = article.read_text(encoding="utf-8") + "\nOne more line.\n"
    article.write_text(edited, encoding="utf-8")
    assert bring([source], root)[0][0].state == "unchanged"
    write(source, {"leak.md": EN + "\nNews.\n"})
    assert bring([source], root)[0][0].state == "conflict"
    assert article.read_text(encoding="utf-8") == edited
    assert "News." in (root / "articles/leak/en.md.new").read_text(encoding="utf-8")
    assert bring([source], root, Options(overwrite=True))[0][0].state == "updated"
    assert not (root / "articles/leak/en.md.new").exists()


def test_texts_in_two_languages_are_paired_by_what_a_translation_leaves_alone(tmp_path: Path) -> None:
    code = "\n".join(f"kubectl get pods -n team-{n} -o wide" for n in range(6))
    other = "\n".join(f"ovs-vsctl list port eth{n}x9" for n in range(6))
    source = write(
        tmp_path / "notes",
        {
            "gateway.md": f"# Gateway\n\nIt fails.\n\n```\n{code}\n```\n",
            "wangguan.md": f"# 网关故障\n\n网关无法工作，请检查以下内容。\n\n```\n{code}\n```\n",
            "qita.md": f"# 其他问题\n\n这里是完全不同的另一个问题。\n\n```\n{other}\n```\n",
        },
    )
    _, end = bring([source], tmp_path / "kb")
    assert (end.articles, end.paired) == (2, 1)
    assert sorted(os.listdir(tmp_path / "kb/articles/gateway")) == ["en.md", "zh.md"]


def test_a_translation_names_the_state_of_its_source() -> None:
    sha = "ab" * 32
    assert is_stale({"sourceSHA": sha}, {"importedSHA": sha}) is False
    assert is_stale({"sourceSHA": sha}, {}, "cd" * 32) is True
    assert is_stale({"sourceSHA": "pending"}, {}, sha) is None


def test_images_are_copied_from_below_the_source_only(tmp_path: Path) -> None:
    write(tmp_path, {"secret.png": b"no", "wiki/img/graph.png": b"PNG"})
    text = "# T\n\n![a](../img/graph.png) ![b](../../secret.png) ![c](/img/graph.png) "
    text += "![d](data:image/png;base64,AAAA)\n"
    source = write(tmp_path / "wiki", {"docs/a.md": text})
    done, _ = bring([source], tmp_path / "kb", Options(copy_images=True))
    kept = files(tmp_path / "kb")
    assert kept["articles/a/images/graph.png"] == b"PNG"
    assert sorted(kept) == ["articles/a/en.md", "articles/a/images/graph.png"]
    written = kept["articles/a/en.md"].decode()
    assert "![a](images/graph.png) ![b](../../secret.png) ![c](images/graph.png) [d]" in written
    assert "import.image-missing" in {note.code for note in done[0].notes}


def test_hostile_sources_are_findings_and_the_rest_is_imported(tmp_path: Path) -> None:
    source = write(
        tmp_path / "bad",
        {
            "empty.md": "",
            "binary.md": bytes(range(256)) * 40,
            "line.md": "# Long\n\n" + "x" * 1_000_000,
            "cycle.md": "---\na: &a [*a]\n---\n# Cycle\n\ntext\n",
            "名字 with spaces ☃.md": "# Named\n\ntext\n",
            "a" * 240 + ".md": "# Long name\n\ntext\n",
            "CON.md": "# Reserved\n\ntext\n",
            "...md": "# Dots\n\ntext\n",
            "good.md": "# Good\n\ntext\n",
        },
    )
    with open(source / "huge.md", "wb") as file:
        file.truncate(200_000_000)
    (source / "loop").symlink_to(source)
    (source / "dangling.md").symlink_to(source / "nowhere.md")
    os.mkfifo(source / "pipe.md")
    done, end = bring([source, source / "missing.md"], tmp_path / "kb")
    by_name = {event.source.rpartition("/")[2]: event for event in done}
    assert by_name["empty.md"].state == "skipped"
    for name in ("binary.md", "huge.md", "dangling.md", "pipe.md", "missing.md"):
        assert by_name[name].state == "failed"
        assert by_name[name].notes
    assert by_name["good.md"].state == "new"
    assert end.counts["new"] == 6
    for path in (tmp_path / "kb").rglob("*.md"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o644
        assert len(path.parent.name.encode()) <= 160
    assert not list((tmp_path / "kb").rglob(".*"))


def test_nothing_is_written_through_a_link_out_of_the_root(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "kb/articles").mkdir(parents=True)
    (tmp_path / "kb/articles/leak").symlink_to(outside)
    done, _ = bring([write(tmp_path / "wiki", {"leak.md": EN})], tmp_path / "kb")
    assert done[0].state == "failed"
    assert os.listdir(outside) == []


def test_the_same_text_twice_is_imported_once_and_other_texts_of_that_name_get_their_own_id(
    tmp_path: Path,
) -> None:
    source = write(
        tmp_path / "wiki",
        {"a/note-x.md": "# One\n\ntext\n", "b/note-x.md": "# Two\n\nother\n", "c/y.md": "# One\n\ntext\n"},
    )
    done, _ = bring([source], tmp_path / "kb")
    assert [(event.state, event.article) for event in done] == [
        ("new", "note-x"),
        ("new", "note-x-2"),
        ("skipped", ""),
    ]


def test_a_dry_run_and_standard_input(tmp_path: Path) -> None:
    done, _ = bring(["-"], tmp_path / "kb", Options(dry_run=True), stdin=b"# From a pipe\n\nSome words.\n")
    assert (done[0].state, done[0].path) == ("new", "articles/From-a-pipe/en.md")
    assert not (tmp_path / "kb").exists()


@pytest.mark.shared
@pytest.mark.skipif(not (SHARED / "corpus").is_dir(), reason="the customer's material is not here")
def test_the_corpus_and_the_seeds_are_imported_whole_and_stay_as_they_are(tmp_path: Path) -> None:
    root = tmp_path / "kb"
    sources = [SHARED / "corpus", SHARED / "seeds"]
    done, end = bring(sources, root)
    assert (end.counts["failed"], end.counts["conflict"]) == (0, 0)
    assert end.paired >= 260
    severe = [str(note) for event in done for note in event.notes if note.severity == "error"]
    assert severe == []
    for event in done:
        if event.source.startswith("corpus/"):
            source = (SHARED / event.source).read_text(encoding="utf-8")
            written = (root / event.path).read_text(encoding="utf-8")
            lost = code_lines(frontmatter.split(source, "x").body) - code_lines(
                frontmatter.split(written, "x").body
            )
            assert not lost, event.source
    before = files(root)
    again, end = bring(sources, root)
    assert {event.state for event in again} == {"unchanged"}
    assert files(root) == before


@pytest.mark.parametrize(
    ("heading", "line", "title"),
    [
        ("ovn", "- Original Title: Gateway nodes lose routes", "Gateway nodes lose routes"),
        ("网关", "原标题：网关节点重启后丢失路由", "网关节点重启后丢失路由"),
        (
            "Gateway nodes lo...",
            "* **Original Title**: Gateway nodes lose routes",
            "Gateway nodes lose routes",
        ),
        ("Gateway nodes lose routes", "- Original Title: something else", "Gateway nodes lose routes"),
        ("ovn", "- Original Title: ovn", "ovn"),
        ("ovn", "The original title was better.", "ovn"),
    ],
)
def test_a_title_of_one_word_gives_way_to_the_original_one(
    tmp_path: Path, heading: str, line: str, title: str
) -> None:
    """Exports of wikis shorten names and keep the full one below the text."""
    source = tmp_path / "a.md"
    source.write_text(f"# {heading}\n\n## Cause\n\n- Dust.\n\n## Related\n\n{line}\n", encoding="utf-8")
    made = [e for e in import_sources([str(source)], tmp_path / "kb") if isinstance(e, Imported)]
    assert [e.title for e in made] == [title]
