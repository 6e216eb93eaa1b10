"""HTML, Confluence, MediaWiki, MDX and broken Markdown become sound Markdown that keeps its code."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.importing.convert import draft
from kb.importing.repair import repair
from kb.importing.rows import rows_of, text_of
from tests.kb.importing.sources import EN, ZH, bring, code_lines, write

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
