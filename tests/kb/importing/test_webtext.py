"""Page text to Markdown, over small invented pages of the shapes that are found in the wild."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kb import headings
from kb.importing.codelines import is_command
from kb.importing.gluedmarkdown import unglue
from kb.importing.webtext import clean, is_scraped
from kb.importing.webtextsigns import SIGNS
from kb.importing.webtextwords import STRONG
from kb.messages import message
from tests.kb.importing.pages import fenced, sections

ZH_BLOG = """首页
/ 节点重启后容器拿不到地址的排查

节点重启后容器拿不到地址的排查

2024-03-02 10:11:12作者:某人

节点重启以后,一部分容器一直停在 ContainerCreating,事件里反复出现分配地址失败的记录,下面是排查的过程。

问题现象

容器的事件里可以看到下面的报错:

  1. 容器一直没有地址
  2. 控制器日志里反复重试

排查步骤

先看网络插件的状态:

bash
复制代码
kubectl -n kube-system get pods -o wide
NAME          READY   STATUS    RESTARTS   AGE
cni-agent-1   0/1     Running   12         3d

  • 查看节点上的网桥

    [root@node1 ~]# ovs-vsctl show
    8c1f-bridge

解决方案

重启节点上的代理以后地址恢复正常,之后再观察十分钟确认没有新的报错出现。

登录后查看全文
热门项目推荐

相关推荐
某项目某项目
一个非常好用的开源工具,欢迎试用
Python
120
33
😀
😅
😂
"""

EN_TIGHT = """Skip to content
Pods cannot resolve names after an upgrade - Example Docs
By Jane Roe
5 min read
After the upgrade of the cluster some pods cannot resolve any name, and the applications in them fail to start.
Symptoms
- lookups time out after five seconds
-
only pods on two of the nodes are affected.
Diagnostic Steps
Look at the name servers first:
# list the pods of the service
kubectl -n kube-system get pods -l k8s-app=dns
kubectl -n kube-system logs deploy/dns --tail=20
Then look at the configuration that was applied:
apiVersion: v1
kind: ConfigMap
metadata:
name: dns
Root Cause
The old rules were still in the kernel, so that the packets went to an address that no longer exists anywhere.
Resolution
Remove the stale rules on both nodes and wait until the lookups succeed again.
| Node | State |
|---|---|
| a | stale |
| b | stale |
Was this page helpful?
Related articles
Ten things about names
Getting started in an hour
© 2024 Example Inc. All rights reserved.
"""


def test_a_chinese_blog_page_becomes_an_article() -> None:
    """Title, sections, lists, code and logs stay; the page around them goes."""
    cleaned = clean(ZH_BLOG)
    assert cleaned.title == "节点重启后容器拿不到地址的排查"
    assert [headings.kind(name) for name in sections(cleaned.markdown)] == [
        "symptoms",
        "diagnosis",
        "resolution",
    ]
    assert "kubectl -n kube-system get pods -o wide" in fenced(cleaned.markdown)
    assert "[root@node1 ~]# ovs-vsctl show" in fenced(cleaned.markdown)
    assert "1. 容器一直没有地址" in cleaned.markdown
    for gone in ("首页", "作者", "复制代码", "登录后", "推荐", "某项目", "开源工具", "😀", "33"):
        assert gone not in cleaned.markdown, gone
    assert {"author-line", "related", "copy-code"} <= {cut.reason for cut in cleaned.cuts}


def test_an_english_page_without_blank_lines_becomes_an_article() -> None:
    """Headings, commands, YAML and tables are found where every block is one line."""
    cleaned = clean(EN_TIGHT)
    assert cleaned.title == "Pods cannot resolve names after an upgrade"
    assert cleaned.site == "Example Docs"
    assert sections(cleaned.markdown) == ["Symptoms", "Diagnostic Steps", "Root Cause", "Resolution"]
    code = fenced(cleaned.markdown)
    assert "kubectl -n kube-system logs deploy/dns --tail=20" in code
    assert "```yaml" in cleaned.markdown
    assert "kind: ConfigMap" in code
    assert "- only pods on two of the nodes are affected." in cleaned.markdown
    assert "| a | stale |" in cleaned.markdown
    for gone in ("Skip to content", "Jane Roe", "min read", "helpful", "Related", "Ten things", "All rights"):
        assert gone not in cleaned.markdown, gone


def test_cuts_name_their_lines_in_the_source() -> None:
    """Every cut says where it was, so that an operator can look."""
    source = ZH_BLOG.split("\n")
    for cut in clean(ZH_BLOG).cuts:
        assert 1 <= cut.first <= cut.last <= len(source)
        assert source[cut.first - 1].strip().startswith(cut.sample[:5])


def test_every_reason_has_a_name_in_both_languages() -> None:
    """What the report says of a cut is a sentence and no code."""
    pages = (ZH_BLOG, EN_TIGHT, "kubectl get pods\n相关推荐\n某个很长的标题文字\n")
    reasons = {cut.reason for page in pages for cut in clean(page).cuts}
    reasons |= {guess.reason for page in pages for guess in clean(page).guesses}
    for reason in (
        reasons | set(STRONG) | {reason for reason, _ in SIGNS} | {"glued", "title", "line-numbers"}
    ):
        named = message(f"import.reason.{reason}")
        assert named.en
        assert named.zh


@pytest.mark.parametrize("page", [ZH_BLOG, EN_TIGHT])
def test_what_was_cleaned_is_markdown(page: str) -> None:
    """Cleaning again changes nothing, because the result is no page text any more."""
    assert is_scraped(page)
    assert not is_scraped(clean(page).markdown)


@pytest.mark.parametrize(
    "text",
    [
        "---\nkind: x\n---\n# A title\n\ntext\n",
        "# A title\n\ntext\n",
        "intro\n\n## One\n\ntext\n\n```bash\nls -l\n```\n",
        "",
        "   \n",
    ],
)
def test_markdown_is_left_alone(text: str) -> None:
    """Sound Markdown and empty files are not for this module."""
    assert not is_scraped(text)


def test_remarks_of_a_shell_are_no_headings() -> None:
    """A page whose commands have remarks is still a page."""
    assert is_scraped(
        "A note about pods\n\nRun this:\n\n# list them\nkubectl get pods\n\n# and delete one\nkubectl delete pod a\n"
    )


def test_an_emoji_picker_goes_and_a_diagram_stays() -> None:
    """Faces in a row are a picker; boxes and arrows are content."""
    page = (
        "How the packet travels through the node\n\n"
        "The packet goes from the pod to the bridge and on to the tunnel.\n\n"
        "┌─────┐   ┌──────┐\n│ pod │──▶│ br-x │\n└─────┘   └──────┘\n\n"
        "No comments yet\n(≧∇≦)ノ\nヾ(´・ω・`)ノ\n😀\n😅\nEmoji\n"
    )
    markdown = clean(page).markdown
    assert "│ pod │──▶│ br-x │" in markdown
    assert not re.search(r"[😀😅∇ω]|Emoji", markdown)


def test_line_numbers_and_copy_buttons_go() -> None:
    """The gutter of a code viewer is no content; the code is."""
    page = (
        "Restarting the agent by hand\n\n"
        "The agent is restarted with three commands, one after the other.\n\nbash\nCopy code\n1\n2\n3\n"
        "systemctl stop agent\nsleep 5\nsystemctl start agent\n"
    )
    markdown = clean(page).markdown
    assert fenced(markdown) == ["systemctl stop agent", "sleep 5", "systemctl start agent"]
    assert "Copy code" not in markdown
    assert "\n1\n" not in markdown


def test_a_heredoc_is_one_block() -> None:
    """What is typed into a command belongs to it."""
    page = (
        "Making a subnet\n\nThe subnet is made from the command line, as the following lines show.\n\n"
        "cat <<EOF | kubectl apply -f -\nkind: Subnet\n\nspec:\n  cidr: 10.1.0.0/16\nEOF\n"
    )
    markdown = clean(page).markdown
    assert markdown.count("```") == 2
    assert fenced(markdown)[-1] == "EOF"


def test_a_table_of_contents_goes_and_names_the_headings() -> None:
    """Lines that come again further down are headings there."""
    page = (
        "某组件的内存问题分析\n\n目录\n\n为什么会涨\n\n怎么处理它\n\n为什么会涨\n\n"
        "内存一直在涨,原因是缓存没有上限,而且没有任何机制会去清理它。\n\n"
        "怎么处理它\n\n把缓存的上限调小,然后重启组件,观察一天之内的变化情况。\n"
    )
    cleaned = clean(page)
    assert sections(cleaned.markdown) == ["为什么会涨", "怎么处理它"]
    assert "toc" in {cut.reason for cut in cleaned.cuts}


def test_invisible_characters_do_not_reach_the_article() -> None:
    """Zero-width marks, odd spaces and escape sequences are no text."""
    markdown = clean(
        "A short title\u200b here\n\nThe text\u00a0goes on \x1b[31mred\x1b[0m\ufeff and ends here, as it should.\n"
    ).markdown
    assert "A short title here" in markdown
    assert "The text goes on red and ends here" in markdown


def test_glued_markdown_is_taken_apart() -> None:
    """Front matter, headings and items that lost their line ends get them back."""
    glued = (
        "---kind:   - Troubleshootingproducts:    - Some Platform   - Another---# Pods"
        " are slow to start## Cause- the disk is full"
        "- the image is large## Resolution- clean the disk## [Related Information]![a](x/a.png)"
    )
    assert is_scraped(glued)
    markdown = unglue(glued)
    assert "kind:\n  - Troubleshooting\nproducts:\n  - Some Platform\n  - Another\n---" in markdown
    assert "## Cause\n\n- the disk is full\n- the image is large\n" in markdown
    assert clean(glued).title == "Pods are slow to start"
    assert not is_scraped(markdown)


COMMANDS = st.sampled_from(
    [
        "kubectl get pods -A -o wide",
        "ovs-vsctl --timeout=10 list-br",
        "ovn-nbctl lsp-list subnet-1",
        "systemctl restart kubelet",
        "journalctl -u kubelet --since today | grep -i error",
        "$ ip addr show dev eth0",
        "[root@host1 ~]# tcpdump -i any -nn port 53",
        "etcdctl --endpoints=https://127.0.0.1:2379 endpoint status",
        "iptables -t nat -S | grep 10.96.0.10",
        "./cleanup.sh --dry-run 10.16.0.0/16",
    ]
)
CHROME = st.sampled_from(
    [
        "点赞",
        "相关推荐",
        "Share",
        "Copy code",
        "上一篇",
        "Related posts",
        "😀",
        "登录后查看全文",
        "© 2024 Example",
        "12",
        "Reply",
        "发表评论",
        "Subscribe to our newsletter today",
        "目录",
        "",
        "版权声明:本文为博主原创文章",
        "Read more",
        "某某的博客",
        "关于我们",
    ]
)
PROSE = st.sampled_from(
    [
        "这时网络已经中断,需要先确认控制器的状态是否正常,再决定下一步怎么做。",
        "The agent on the node is restarted, and then the state is looked at again.",
        "解决方案",
        "Root Cause",
        "- 第一项内容说明",
        "  • an item of a list",
        "1. 查看状态",
    ]
)


@settings(max_examples=120, deadline=None)
@given(st.lists(st.one_of(COMMANDS, CHROME, PROSE), min_size=1, max_size=40))
def test_no_command_is_lost_whatever_stands_around_it(lines: list[str]) -> None:
    """Every command of the source is in the result, in a fence or as inline code."""
    markdown = clean("\n".join(lines)).markdown
    code = fenced(markdown) + re.findall(r"`([^`\n]+)`", markdown)
    for line in lines:
        if is_command(line):
            assert line.strip() in code, (line, markdown)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=400))
def test_any_text_is_taken(text: str) -> None:
    """No text raises, and no control character comes out."""
    cleaned = clean(text)
    is_scraped(text)
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", cleaned.markdown)


@pytest.mark.parametrize(
    "unit",
    ["点赞\n", "- \n", "{", "a | b\n", "kubectl get x \\\n", "(a", "😀\n", "Title\n", "cat <<EOF\nx\n"],
)
def test_time_grows_with_the_length_only(unit: str) -> None:
    """Twenty times the text takes nothing like four hundred times as long."""

    def seconds(size: int) -> float:
        started = time.process_time()
        clean((unit * size)[: 20 * size])
        return time.process_time() - started

    small = max(seconds(200), 0.002)
    assert seconds(4000) < small * 120 + 0.5
