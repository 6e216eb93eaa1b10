"""kb.importing.run: sources of any kind to articles, twice without a difference, and never outside the root."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb import frontmatter, markdown
from kb.importing.convert import draft
from kb.importing.model import Finished, Imported
from kb.importing.pairing import is_stale
from kb.importing.repair import repair
from kb.importing.rows import rows_of, text_of
from kb.importing.run import Options, import_sources
from kb.library import open_library

SHARED = Path(__file__).parents[3] / ".." / "shared"
EN = """---kind: Troubleshooting
products: [Alpha]
---
<!-- a template's comment -->
# Gateway drops packets

Resolution
----------

```bash
kubectl ko nbctl lr-policy-list ovn-cluster
ovs-appctl -t ovs-vswitchd dpif/show-flows
```

## Symptoms

Packets vanish, see [the other](other.md#fix) and ![a graph](../img/graph.png).
"""
ZH = """# 网关丢包

## 现象

报文丢失，检查 `ovn-cluster`。

## 处理步骤

```bash
kubectl ko nbctl lr-policy-list ovn-cluster
ovs-appctl -t ovs-vswitchd dpif/show-flows
```
"""


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def bring(
    sources: Sequence[Path | str], root: Path, options: Options | None = None, stdin: bytes = b""
) -> tuple[list[Imported], Finished]:
    events = list(import_sources([str(s) for s in sources], root, options, stdin=io.BytesIO(stdin)))
    end = events[-1]
    assert isinstance(end, Finished)
    return [event for event in events if isinstance(event, Imported)], end


def files(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()}


def code_lines(text: str) -> set[str]:
    blocks = [block for block in markdown.blocks(text) if block.kind == "code"]
    lines = {line.strip() for block in blocks for line in block.text.split("\n")}
    return {
        line for line in lines if line and not line.startswith("```")
    }  # an opening that an open fence swallowed


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


PAGE = """<html lang="en"><head><title>Leak | Site</title>
<link rel="canonical" href="https://example.org/leak"></head><body>
<nav><a href="/">Home</a></nav><div class="sidebar"><ul><li><a href="/x">Other page</a></li></ul></div>
<main><h1>Leak</h1><h2>Symptoms<a class="hash-link" href="#s">#</a></h2>
<p>Set <code>&lt;node&gt;</code> for &lt;name&gt; first.</p>
<div class="highlight-source-bash"><pre>kubectl get pods \\
  -o <span>wide</span> | grep "a &lt; b"</pre></div>
<pre><code class="language-yaml">a:

  - b: "```"
</code></pre>
<ol><li>One<ul><li>nested<pre><code>lsof -p 1</code></pre></li></ul></li></ol>
<table><tr><th>Node</th><th>Flows</th></tr><tr><td>a|b</td><td>10</td></tr></table></main>
<footer>Copyright</footer><div class="related"><a href="/y">Related</a></div></body></html>"""


def test_a_page_loses_its_frame_and_keeps_its_code() -> None:
    made = draft(PAGE, "x.html", "x.html")
    assert made is not None
    assert (made.title, made.url) == ("Leak", "https://example.org/leak")
    text = made.markdown
    assert '```bash\nkubectl get pods \\\n  -o wide | grep "a < b"\n```' in text
    assert '````yaml\na:\n\n  - b: "```"\n````' in text
    assert "`<node>` for `<name>` first" in text
    assert "| a\\|b | 10 |" in text
    assert "lsof -p 1" in code_lines(text)
    for gone in ("Home", "Other page", "Related", "Copyright", "#s"):
        assert gone not in text


def test_confluence_macros_keep_code_and_notes() -> None:
    page = (
        '<h2>Fix</h2><ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter>'
        "<ac:plain-text-body><![CDATA[ovs-vsctl show | grep <port>\n\nreboot]]></ac:plain-text-body>"
        "</ac:structured-macro>"
        '<ac:structured-macro ac:name="warning"><ac:rich-text-body><p>Traffic stops.</p></ac:rich-text-body>'
        '</ac:structured-macro><ac:structured-macro ac:name="toc"/><p>Then wait for the pods to be ready again.</p>'
    )
    made = draft(page, "x.xml", "x.xml")
    assert made is not None
    assert "```bash\novs-vsctl show | grep <port>\n\nreboot\n```" in made.markdown
    assert "**Warning:**" in made.markdown
    assert "toc" not in made.markdown


def test_a_dump_of_a_wiki_is_many_articles(tmp_path: Path) -> None:
    dump = """<mediawiki><page><title>Node down</title><ns>0</ns><revision><text xml:space="preserve">== Symptoms ==
'''Nothing''' works, see [[Other|that page]].
&lt;syntaxhighlight lang="bash"&gt;
kubectl get nodes &amp;&amp; true
&lt;/syntaxhighlight&gt;
* one
** two
{| class="x"
! A !! B
|-
| 1 || 2
|}</text></revision></page><page><title>Talk:X</title><ns>1</ns><revision><text>no</text></revision></page>
<page><title>Other</title><ns>0</ns><revision><text>Words about the other thing.</text></revision></page></mediawiki>"""
    done, _ = bring([write(tmp_path / "w", {"dump.xml": dump})], tmp_path / "kb")
    assert [event.title for event in done] == ["Node down", "Other"]
    text = (tmp_path / "kb/articles/Node-down/en.md").read_text(encoding="utf-8")
    assert "```bash\nkubectl get nodes && true\n```" in text
    assert "| A | B |" in text
    assert "## Symptoms" in text


MDX = """import Tabs from '@theme/Tabs';

# Title

:::warning
Stop first.
:::

<Tabs>
  <Tab label="First">

```js
import x from 'y';
```

  </Tab>
</Tabs>

{/* hidden */}
Keep <YOUR_NODE> here.
"""


def test_mdx_is_plain_markdown_afterwards(tmp_path: Path) -> None:
    bring([write(tmp_path / "w", {"a.mdx": MDX})], tmp_path / "kb")
    text = (tmp_path / "kb/articles/a/en.md").read_text(encoding="utf-8")
    assert "import x from 'y';" in text
    assert "<YOUR_NODE>" in text
    assert "**Warning:**" in text
    assert "## First" in text
    for gone in ("@theme", "<Tab", ":::", "hidden"):
        assert gone not in text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# T\n\n```bash\nls\n", "```bash\nls\n```"),
        (
            "# T\n\n```bash\nls\n\n## Resolution\n\n```bash\npwd\n```\n",
            "```bash\nls\n```\n\n## Resolution\n\n```bash\npwd\n```",
        ),
        ("# T\n\n### Cause\n\nx\n\n###### Deep\n\ny", "## Cause\n\nx\n\n### Deep\n\ny"),
        ("# T\n\n**现象**\n\nx\n", "## 现象\n\nx"),
        ("# A\n\n# B\n\nx", "## B\n\nx"),
        ("# T\n\n```\n<!-- kept -->\n```\n", "```\n<!-- kept -->\n```"),
    ],
)
def test_markdown_is_put_right(text: str, expected: str) -> None:
    assert text_of(repair(rows_of(text, 1), "x").rows).strip() == expected


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 60), st.sampled_from(["cut", "twice", "flip"])),
        max_size=6,
    ),
    st.sampled_from([EN, ZH, MDX, EN + ZH + MDX]),
)
def test_mutated_markdown_loses_no_line_of_code(changes: list[tuple[int, int, str]], text: str) -> None:
    for at, size, how in changes:
        piece = text[at : at + size]
        text = (
            text[:at]
            + {"cut": "", "twice": piece * 2, "flip": piece.swapcase()[::-1]}[how]
            + text[at + size :]
        )
    rows = rows_of(text, 1)
    before = words([row.text for row in rows if row.code])
    assert before <= words([row.text for row in repair(rows, "x").rows])


def words(lines: Sequence[str]) -> set[str]:
    """Lines without the signs of headings and fences: where an open fence ends is guessed, so these may change."""
    bare = {line.strip().lstrip("#`~").strip() for line in lines}
    return {line for line in bare if any(c.isalnum() for c in line)}


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
