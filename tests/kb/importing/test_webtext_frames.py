"""The frames of many kinds of pages, invented and shared: menus, banners, counters and licences go."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from kb import headings
from kb.articlefile import language
from kb.importing.codelines import is_command
from kb.importing.model import Imported
from kb.importing.run import import_sources
from kb.importing.webtext import clean, is_scraped
from tests.kb.importing.pages import fenced, sections

SEEDS = Path(__file__).resolve().parents[4] / "shared" / "seeds"


FORUM = """Example Forum
Sign Up
Log In
Categories
Networking
All categories
Gateway loses its address after a reboot
Networking
gateway, reboot
post by anna on Mar 4, 2024
After the node was rebooted the gateway has no address and nothing leaves the cluster:

$ ip addr show net1
Device "net1" does not exist.

Create the interface again:

ip link add net1 type dummy
Share
Improve this answer
\N{THUMBS UP SIGN}
3
Reply
Powered by Example, best viewed with JavaScript enabled
"""
MANUAL = """跳转至
示例文档

示例文档
网关处理
正在初始化搜索引擎
v1.2.0
快速开始
快速开始
准备工作
运维指南
运维指南
网关处理
目录
收起
现象
排查
网关处理¶
更新时间：2024-02-28 15:41:36
现象¶
重启节点后 Pod 访问外网失败,网关上没有地址。

排查¶
查看节点上的规则:

# ip rule list
0:\tfrom all lookup local
再看一下成员:
ipset list demo
Members:
10.16.0.0/16
修复
重启网关:

kubectl delete pod -n kube-system -l app=gw
Warning

操作期间该节点上新建 Pod 会失败。

上一页
准备工作
最后更新: 2023-09-06
Made with Material for MkDocs
"""
KB = """Example Support Portal
Knowledge Base
Search cancel
Gateway agent restarts every few minutes
book
Article ID: 345678
calendar_today
Updated On: 05-10-2024
Issue/Introduction
The gateway agent restarts every few minutes and its log contains:
E0510 10:00:00.123456       1 agent.go:77] Failed to connect to OVSDB: timeout
Environment
Agent 1.13
Cause
The socket is removed by the cleanup job of the node.
Resolution
Restart the agent:
Raw
# kubectl -n kube-system rollout restart ds agent
Product(s)
Example Platform
Component
gateway
Was this article helpful?
thumb_up
Yes
"""
BLOG = """社区首页 >专栏 >会话保持失效问题处理
会话保持失效问题处理
原创
小站
关注
发布于 2023-11-20 18:05:33
举报
文章被收录于专栏：
容器网络
问题描述
同一客户端的请求被调度到了不同的 Pod 上,会话丢失。
解决办法
代码语言：bash
AI代码解释
复制
kubectl patch svc web -p '{"spec":{"externalTrafficPolicy":"Local"}}'
原创声明：本文系作者授权本社区发表，未经许可，不得转载。
如有侵权，请联系 someone@example.com 删除。
评论
登录后参与评论
推荐阅读
随笔 - 88  文章 - 0  评论 - 12  阅读 - 500
"""
AUTHOR = """Open in app
Sign in
Debugging the gateway of a cluster
Jane Networks
Jane Networks
·
Follow
6 min read
·
Mar 3, 2023
Large responses hang while small ones work. That is the classic sign of a wrong MTU.
The fix
Lower it:
$ ip link set net1 mtu 1400
Jane Networks's user avatar
1311 silver badge44 bronze badges
Click to share on Twitter (Opens in new window)
Posted in Networking
"""


@pytest.mark.parametrize(
    ("page", "title", "code", "left"),
    [
        (
            FORUM,
            "Gateway loses its address after a reboot",
            ["ip link add net1 type dummy"],
            "Create the interface",
        ),
        (
            MANUAL,
            "网关处理",
            [
                "# ip rule list",
                "ipset list demo",
                "10.16.0.0/16",
                "kubectl delete pod -n kube-system -l app=gw",
            ],
            "Warning: 操作期间",
        ),
        (
            KB,
            "Gateway agent restarts every few minutes",
            ["# kubectl -n kube-system rollout restart ds agent"],
            "Agent 1.13",
        ),
        (
            BLOG,
            "会话保持失效问题处理",
            ['kubectl patch svc web -p \'{"spec":{"externalTrafficPolicy":"Local"}}\''],
            "会话丢失",
        ),
        (AUTHOR, "Debugging the gateway of a cluster", ["$ ip link set net1 mtu 1400"], "The fix"),
    ],
)
def test_frames_of_many_kinds_go_and_the_article_stays(
    page: str, title: str, code: list[str], left: str
) -> None:
    """Menus that name the page, doubled authors, banners, icons, counters, licences, what stands right behind code."""
    cleaned = clean(page)
    assert cleaned.title == title
    for line in code:
        assert line in fenced(cleaned.markdown)
    assert left in cleaned.markdown
    assert not re.search(
        "Sign|Categories|Reply|Share|Powered|\N{THUMBS UP SIGN}|快速开始|运维指南|初始化|目录|收起|上一页|更新"
        "|Material|Portal|Article ID|calendar|thumb|Raw|Product"
        "|Component|社区首页|关注|收录|声明|侵权|评论|推荐|随笔|AI代码|Follow"
        "|min read|avatar|badge|Twitter|Posted in|gateway, reboot",
        cleaned.markdown,
    )


seeds = pytest.mark.skipif(not SEEDS.is_dir(), reason="no shared material here")


def seed(number: str) -> str:
    return next(SEEDS.glob(f"{number}_*.txt")).read_text(encoding="utf-8")


@seeds
@pytest.mark.shared
@pytest.mark.parametrize(
    ("number", "title", "kinds"),
    [
        ("001", "Kube-OVN 中子网IP统计异常", {"symptoms", "cause", "resolution"}),
        ("002", "Kube-OVN中Pod与Subnet删除过程", {"symptoms", "cause", "resolution"}),
        ("003", "国产海光CPU虚拟机平台性能异常", {"cause", "resolution", "workaround", "related"}),
        ("004", "ovs报Too many open files", {"symptoms"}),
    ],
)
def test_seeds_become_clean_articles(number: str, title: str, kinds: set[str]) -> None:
    """Right title, language and sections, every command kept, nothing of the page left, and stable."""
    source = seed(number)
    assert is_scraped(source)
    cleaned = clean(source)
    assert cleaned.title.startswith(title)
    assert language(cleaned.markdown) == "zh"
    assert kinds <= {headings.kind(name) for name in sections(cleaned.markdown)}
    assert not is_scraped(cleaned.markdown)
    assert not re.search(
        "首页|登录后查看|推荐|项目优选|颜文字|暂无评论|上一篇|小恐龙|flowerhd|😀|ω|鸿蒙|GLM", cleaned.markdown
    )
    code = fenced(cleaned.markdown)
    for line in source.split("\n") if number != "003" else ():
        if is_command(line):
            assert line.strip() in code, line


@seeds
@pytest.mark.shared
def test_the_markdown_seed_is_no_page() -> None:
    """What is Markdown already is left to the Markdown import."""
    assert not is_scraped(seed("000"))


@seeds
@pytest.mark.shared
def test_the_markdown_seed_is_named_after_its_original_title(tmp_path: Path) -> None:
    """Its heading is one word; the export says below what the page was called."""
    (source,) = SEEDS.glob("000_*.txt")
    (made,) = (e for e in import_sources([str(source)], tmp_path) if isinstance(e, Imported))
    assert made.lang == "zh"
    assert made.title.startswith("ovs-vswitched ")
    assert made.article.startswith("ovs-vswitched")
