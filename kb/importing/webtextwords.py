"""The words of web pages that are no article: buttons, counters, menus, in Chinese and English.

`button` says whether a whole line is made of nothing else; the sets are folded (see `fold`). A word that could be
a heading or a sentence of an article ("comments", "share") is only here where a line of nothing else cannot be one.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

_STRONG = {
    "share": """
        点赞 | 赞 | 收藏 | 分享 | 转发 | 转载 | 推荐 | 反对 | 踩 | 打赏 | 赞赏 | 扫一扫 | 微信扫一扫 |
        扫码分享 | 分享到 | 分享到微博 | 分享到微信 | 微信 | 微博 | 朋友圈 | qq空间 | qq好友 | 生成海报 |
        一键三连 | 喜欢 | 感谢 | 举报 | 举报反馈 | 复制链接 | 点赞数 | 收藏数 | 赞同 | 添加评论 | 写评论 |
        关注 | 已关注 | 关注作者 | 取消关注 | 私信 | 投币 | 在看 | 订阅 | 订阅专栏 | 收藏本文 | 点击收藏 |
        已收藏 | 已赞 | 有用 | 无用 | 开通会员 | 编辑于 | 阅读数 | 浏览 | 浏览量 | 阅读 | 阅读量 | 评论数 |
        人点赞 | 次阅读 | 人收藏 | 踩一下 | 顶一下 | 刷新 | like | likes | share | share this |
        share this post | share this article | tweet | retweet | bookmark | reblog | follow | following |
        followers | claps | clap | upvote | downvote | save | saved | report | print | email | facebook |
        twitter | linkedin | reddit | whatsapp | telegram | pinterest | weibo | share on facebook |
        share on twitter | share on linkedin | share on reddit | share via email | copy link | copied |
        link copied | hacker news | x | give kudos | kudos | listen | improve this answer |
        improve this question | embed | pocket | flipboard | tumblr | add reaction | react | share this page |
        more actions | helpful | not helpful | watch | unwatch | fork | star | stars | forks
    """,
    "copy-code": """
        toggle overflow | 一键运行 | 登录后即可复制 | 收起代码 |
        复制 | 复制代码 | 代码复制 | 一键复制 | 点击复制 | 复制成功 | 已复制 | 登录复制 | 运行 | 在线运行 |
        ai写代码 | 运行代码 | 代码解读 | 自动换行 | copy | copy code | copy to clipboard | toggle word wrap |
        copied! | copy snippet | click to copy | wrap text | open in playground | run code | expand code |
        collapse code | view raw | toggle line numbers | toggle dark mode | show more code | 复制到剪贴板 |
        体验ai代码助手 | ai代码助手 | ai代码解释 | raw |
        登录后复制 | 代码语言 | 显示代码 | explain | try it | code snippet | 点击展开代码 | view plain |
        copy as markdown | content_copy
    """,
    "navigation": """
        customer portal faq | 您还未登录 |
        首页 | 博客首页 | 返回首页 | 网站首页 | 主页 | 登录 | 注册 | 登录/注册 | 登录注册 | 立即登录 |
        立即注册 | 退出 | 退出登录 | 搜索 | 站内搜索 | 菜单 | 导航 | 目录导航 | 返回 | 返回顶部 | 回到顶部 |
        回顶部 | 收起 | 展开 | 展开全文 | 阅读全文 | 查看全文 | 查看更多 | 加载更多 | 点击查看更多 | 查看原文 |
        登录后查看全文 | 写文章 | 写博客 | 发布 | 消息 | 会员中心 | 创作中心 | 个人中心 | 我的 | 更多 |
        下载app | 客户端 | 夜间模式 | 切换主题 | 新随笔 | 联系 | 管理 | 订阅rss | 博客园 | 闪存 | 新闻 | 问答 |
        博问 | 专栏 | 直播 | 课程 | 沸点 | 社区首页 | 积分商城 | 任务 | 签到 | 上一页 | 下一页 | 上一篇 |
        下一篇 | 上一章 | 下一章 | 跳到主要内容 | 跳转到内容 | 跳至内容 | 切换导航 | 切换语言 | 简体中文 |
        繁體中文 | 中文 | english | 编辑此页 | 在 github 上编辑此页 | 编辑本页 | 本页内容 | 反馈 | 意见反馈 |
        文档反馈 | 帮助中心 | 控制台 | 免费试用 | 立即购买 | home | sign in | sign up | log in | login |
        log out | logout | register | subscribe | search | menu | navigation | toggle navigation | main menu |
        main navigation | skip to content | skip to main content | skip to navigation | skip to search |
        back to top | scroll to top | go to top | back | next | previous | prev | next page | previous page |
        next post | previous post | next article | previous article | older posts | newer posts | read more |
        show more | load more | show less | see more | see all | view all | view more | learn more |
        continue reading | open menu | close menu | close | open | expand | collapse | expand all |
        collapse all | edit this page | edit on github | edit page | edit | view page source | show source |
        report a bug | get started | start free trial | free trial | pricing | contact us | contact sales |
        about | about us | blog | docs | products | solutions | careers | company | support | community |
        forum | toggle theme | dark mode | light mode | theme | write | sign out | open in app | get app |
        open sidebar | toggle sidebar | select language | select version | language | all products |
        customer portal | help center | documentation | marketplace | explore | features | open user menu |
        create account | main page | page | pages | space shortcuts | child pages | page tree | browse pages |
        configure space tools | create issue | new issue | sponsor | notifications | actions | security |
        insights | pull requests | discussions | wiki | projects | code | jump to bottom | jump to top |
        jump to content | jump to navigation | search… | search... | type / to search |
        calendar_today | thumb_up | thumb_down | expand_more | expand_less | chevron_right | chevron_left |
        arrow_back | arrow_forward | arrow_drop_down | more_vert | open_in_new | keyboard_arrow_down |
        keyboard_arrow_right | bookmark_border | account_circle | search cancel | 产品详情 | 我的收藏 |
        you must be logged in to vote | ask question | follow us | tour | help | chat | for teams | sitemap
    """,
    "comments": """
        刷新页面 | 登录后可评论 | 全部回复 | 上滑加载中 |
        评论 | 条评论 | 暂无评论 | 还没有评论 | 发表评论 | 发送评论 | 编辑评论 | 提交评论 | 我要评论 |
        写下你的评论 | 网友评论 | 评论列表 | 全部评论 | 热门评论 | 最新评论 | 最热评论 | 精选评论 | 查看评论 |
        查看更多评论 | 回复 | 取消回复 | 楼主 | 沙发 | 板凳 | 登录后评论 | 请先登录 | 登录后才能评论 |
        请登录后发表评论 | 昵称 | 邮箱 | 网址 | 验证码 | 提交 | 匿名 | 只看楼主 | 刷新评论 | 评论区 |
        参与评论 | 我来说两句 | 颜文字 | 表情 | 小恐龙 | emoji | 贴吧表情 | 悄悄话 | 有人回复时邮件通知我 |
        取消 | reply | leave a reply | leave a comment | post a comment | add a comment | add comment |
        post comment | cancel reply | no comments | no comments yet | write a comment | view comments |
        show comments | submit comment | submit | cancel | be the first to comment | comment | load comments |
        sort by | newest | oldest | log in to reply | sign in to comment | post your answer | your answer |
        write a response | save my name, email, and website in this browser for the next time i comment |
        name * | email * | website | sign in to reply | log in to leave a comment | quote reply | post reply |
        top comments
    """,
    "related": """
        编辑推荐 | 阅读排行 | 推荐排行 | 最新随笔 | quick links | related resources | further resources | 相关产品 |
        本文收录于以下专栏 | 收录于以下专栏 | 作者最近文章 |
        热门项目推荐 | 热门内容推荐 | 项目优选 | 相关推荐 | 相关项目推荐 | 相关内容推荐 | 热门推荐 | 推荐阅读 |
        推荐文章 | 为你推荐 | 猜你喜欢 | 猜你还喜欢 | 热门文章 | 最新文章 | 最近文章 | 热门标签 | 文章推荐 |
        更多推荐 | 更多文章 | 更多相关文章 | 相关阅读 | 大家都在看 | 大家还在看 | 看了又看 | 精彩推荐 |
        推荐内容 | 推荐专栏 | 热点推荐 | 热门博文 | 随机文章 | 随便看看 | 你可能感兴趣 | 你可能还喜欢 |
        您可能感兴趣的文章 | 您可能还喜欢 | 相似文章 | 相似问题 | 关联问题 | 相关问题 | 同类文章 | 本周热门 |
        阅读排行 | 阅读排行榜 | 评论排行榜 | 推荐排行榜 | 随笔分类 | 随笔档案 | 文章分类 | 文章归档 | 归档 |
        标签云 | 友情链接 | 最新活动 | 最新推荐 | 热门话题 | 热门问答 | 热门课程 | 热门专栏 | 往期推荐 |
        往期精选 | 往期回顾 | 推荐项目 | 热门开源项目 | 热点内容 | 热门资讯 | 换一批 | 作者文章 |
        他的更多文章 | 作者其他文章 | 作者相关文章 | 本类最新 | 相关标签 | 目录树 | 本文收录于 | 分类专栏 |
        related posts | related articles | related projects | related stories | related content |
        related questions | related topics | suggested topics | recommended | recommended for you |
        recommended articles | recommended reading | recommended posts | recommended stories |
        you may also like | you might also like | you might be interested in | more from this author |
        more stories | more articles | more posts | popular posts | popular articles | recent posts |
        recent articles | recent comments | latest posts | latest articles | latest news | trending |
        trending now | trending articles | top stories | top posts | hot network questions | linked |
        similar questions | similar articles | similar posts | keep reading | read next | up next |
        what to read next | further articles | archives | categories | tag cloud | tags | blogroll |
        people also read | more like this | see also these posts | more from medium | recommended from medium |
        related videos | featured posts | featured articles | editors' picks | editor's picks | explore more |
        discover more | post navigation | popular tags | discover more from | more resources | in this series |
        series navigation
    """,
    "advert": """
        确定要放弃本次机会 | 福利倒计时 | 立减 | 普通vip年卡可用 | 立即使用 | 红包 | 余额充值 |
        广告 | 推广 | 赞助商 | 赞助商链接 | 立即领取 | 立即体验 | 立即参与 | 立即咨询 | 优惠券 | 限时优惠 |
        秒杀 | 点击领取 | 免费领取 | 广告位招租 | 去看看 | 关闭广告 | advertisement | advertisements |
        sponsored | sponsored content | ad | ads | promoted | sponsored by | close ad | skip ad |
        continue reading below | buy now | shop now | report this ad | remove ads | start your free trial |
        try for free | try it free | get a demo | book a demo | request a demo | sponsored post | powered by |
        promotion
    """,
    "footer": """
        版权所有 | 关于我们 | 联系我们 | 加入我们 | 招贤纳士 | 商务合作 | 寻求报道 | 隐私政策 | 隐私权政策 |
        用户协议 | 服务条款 | 法律声明 | 免责声明 | 网站地图 | 服务协议 | 使用条款 | 公安备案 | 营业执照 |
        人才招聘 | 广告服务 | 版权申诉 | 关于csdn | 帮助 | all rights reserved | privacy policy | privacy |
        terms | terms of service | terms of use | terms and conditions | cookie policy | cookie settings |
        cookie preferences | manage cookies | accept all cookies | accept cookies | accept | accept all |
        reject all | 接受 cookie | 接受所有 cookie | 全部接受 | 全部拒绝 | cookie 设置 |
        legal | code of conduct | do not sell my personal information | legal notice | imprint |
        accessibility | trademarks | status | site status | manage preferences | your privacy choices |
        contact | press | newsletter | newsletter signup | join our newsletter | rss | atom | facebook page |
        stay connected | disclaimer
    """,
    "image-label": """
        在这里插入图片描述 | 图片 | 图片描述 | 请输入图片描述 | 插入图片 | 点击查看大图 | 点击图片查看大图 |
        image | img | photo | picture | screenshot | image.png |
        press enter or click to view image in full size | enlarge image | click to enlarge |
        click image to enlarge | zoom | alt text | avatar | logo | 头像 | 用户头像 | 封面 | cover image |
        featured image | profile image | profile picture | user avatar | zoom image will be displayed
    """,
    "author-line": """
        labels | product(s) | products(s) | 专栏目录 | 首发于 |
        作者 | 原创 | 已认证 | 关注数 | 粉丝 | 粉丝数 | 文章数 | 文章标签 | 标签 | 分类 | 专栏 | 版权 | 置顶 |
        编辑 | 楼主 | 个人主页 | 博主 | 等级 | 码龄 | author | posted by | written by | member | contributor |
        collaborator | owner | maintainer | min read | edited | updated | published | modified | asked |
        viewed | answered | solution verified | member-only story | verified | staff | moderator | admin | op |
        new contributor | 文章目录收起 | 专栏作家 | 内容来源 | 文章来源 | 来源 | 发布时间 | 更新时间 |
        最后更新 | 最近更新
    """,
}
STRONG: dict[str, tuple[str, ...]] = {
    reason: tuple(word.strip() for word in words.split("|")) for reason, words in _STRONG.items()
}

_NO_START = """
    作者 标签 分类 来源 版权 编辑 发布 运行 帮助 更多 任务 管理 刷新 图片 取消 反馈 目录树 文章分类 推荐 下一页
    code explain image security actions projects features status open close save report watch print x contact
    support labels edited updated linked documentation solutions community screenshot star stars pages page language
    terms theme trending ad 归档 categories archives next back previous submit cancel website
"""
NO_START = frozenset(_NO_START.split())
"""Words that only count as chrome beside other chrome: alone they may be a heading, a value, an option."""

COUNT = re.compile(r"[0-9]+(?:[.,][0-9]+)*\s*(?:[kmw万千+]|次|人|条|个|篇)?", re.IGNORECASE)
MARKS = " :.!?…。>»<«*#¶-—_|·•→←↑↓▲▼×✓"
LONGEST = 80
"""Characters. A longer line is not a row of buttons."""


class _Kept(dict[int, int | None]):
    """Which characters stay when a line is folded; asked once per character."""

    def __missing__(self, code: int) -> int | None:
        kept = unicodedata.category(chr(code)) not in ("So", "Cf", "Mn", "Co", "Sk", "Cs")
        self[code] = code if kept else None
        return self[code]


_KEPT = _Kept()
REMEMBERED = 20_000
"""Short lines whose folding is remembered: every line is folded several times."""


@lru_cache(REMEMBERED)
def fold(text: str) -> str:
    """A line as it is compared: NFKC, small letters, no emoji or closing marks, single spaces."""
    wide = unicodedata.normalize("NFKC", text[:400]).casefold()
    kept = wide if wide.isascii() else wide.translate(_KEPT)
    return " ".join(kept.split()).strip(MARKS)


def button(text: str) -> str:
    """The reason code of a line that is nothing but words of a page's chrome; empty where it says more."""
    bare = text.strip()
    if not bare or len(bare) > LONGEST:
        return ""
    words = fold(bare)
    table = _table()
    if COUNT.fullmatch(words) and any(unicodedata.category(c) == "So" for c in bare):
        return "share"
    if words in table:
        return table[words]
    found = _split(words)
    return found[0] if found and (len(found) >= 2 or COUNT.search(words)) else ""


def weak(text: str) -> bool:
    """Whether a chrome line may also be something else where no other chrome stands beside it."""
    return fold(text) in NO_START


def _split(words: str) -> list[str]:
    """Reasons of the chrome words a line is made of, with counters between them; empty where more is said."""
    table = _table()
    found: list[str] = []
    at = 0
    while at < len(words):
        if words[at] in " |/·•,、-—_:.()[]>»<«~&+*#":
            at += 1
            continue
        number = COUNT.match(words, at)
        if number and number.end() > at:
            at = number.end()
            continue
        lengths = _lengths().get(words[at], ())
        size = next((n for n in lengths if _word_at(words, at, n, table)), 0)
        if not size:
            return []
        found.append(table[words[at : at + size]])
        at += size
    return found


def _word_at(words: str, at: int, size: int, table: dict[str, str]) -> bool:
    piece = words[at : at + size]
    if piece not in table:
        return False
    end = at + size
    inside_word = end < len(words) and piece[-1].isascii() and words[end].isascii() and words[end].isalpha()
    starts_inside = at > 0 and piece[0].isascii() and words[at - 1].isascii() and words[at - 1].isalpha()
    return not inside_word and not starts_inside


@cache
def _table() -> dict[str, str]:
    return {fold(word): reason for reason, words in reversed(STRONG.items()) for word in words}


@cache
def _lengths() -> dict[str, tuple[int, ...]]:
    """The lengths of the chrome words that begin with a character, longest first."""
    found: dict[str, set[int]] = {}
    for word in _table():
        if word:
            found.setdefault(word[0], set()).add(len(word))
    return {first: tuple(sorted(sizes, reverse=True)) for first, sizes in found.items()}
