"""Patterns of lines that are a page's own and no article: by-lines, counters, notices, cards, emoji, footers."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from kb.importing.webtextmodel import cells

REMEMBERED = 20_000
"""Lines whose sign is remembered: neighbours ask for it again."""
LONGEST = 400
"""Characters. A longer line is a paragraph, except for the cards of a recommendation list."""
DATE = (
    r"(?:(?:19|20)\d\d\s*[-/.年]\s*\d{1,2}\s*[-/.月]\s*\d{1,2}\s*日?"
    r"|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?\s+\d{1,2}(?:st|nd|rd|"
    r"th)?(?:,?\s+(?:19|20)?\d\d)?"
    r"|\d{1,2}\s+(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?,?\s+(?:19|20)\d\d"
    r"|\d{1,2}[/-]\d{1,2}[/-](?:19|20)\d\d)"
)
TIME = r"(?:[T ,]*(?:at\s+)?\d{1,2}:\d\d(?::\d\d)?(?:\s*[ap]m)?(?:\s*(?:utc|gmt|z|cst|[+-]\d\d:?\d\d))?)?"
AGO = (
    r"(?:\d+|an?|one|two|three|last|几|半)\s*(?:second|minute|hour|day|week|month|year|秒|"
    r"分钟|小时|天|周|个?月|年)s?\s*"
    r"(?:ago|前|以前|之前)?"
)
COUNT = r"\d[\d.,]*\s*(?:[kmw万千]\+?)?"

# Whole lines, folded to small letters, of at most LONGEST characters. Every repetition is bounded or over one class,
# and each starts at a fixed word, so that a long hostile line costs no more than its length.
SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (reason, re.compile(pattern))
    for reason, pattern in (
        ("author-line", r"^#[^\s#]{1,30}(?:\s+#[^\s#]{1,30})+$"),
        ("footer", r"^posted @ .{0,200}$"),
        ("footer", r"^this (?:solution|article|content) is part of .{0,300}$"),
        ("advert", r"^【(?:推荐|广告|活动)】.{0,200}$"),
        ("advert", r"^(?:摘要由|摘要生成).{0,80}$"),
        ("comments", r"^(?:登录\s?后(?:才能|即可|可|可以)?(?:查看|发表|评论|回复|参与)|参与评论).{0,60}$"),
        ("share", r"^(?:thanks for reading|thank you for reading|感谢阅读|谢谢阅读|感谢您的阅读).{0,160}$"),
        ("share", r"^觉得还不错.{0,40}$"),
        ("author-line", r"^@[\w-]{1,39}$"),
        ("author-line", r"^原创\s+\S.{0,40}$"),
        ("author-line",
         rf"^(?:更新时间|发布时间|创建时间|最后更新(?:时间)?|最近更新|上次更新)\s*[:：]?\s*{DATE}.{{0,20}}$"),
        ("author-line", r"^(?:article|document|doc|kb)\s*(?:id|number|no\.?)\s*[:：#]?\s*[\w-]{1,20}$"),
        ("author-line", rf"^(?:post|posted|written) by \S{{1,40}}(?: on)? {DATE}.{{0,20}}$"),
        ("author-line", r"^(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.? (?:19|20)\d\d$"),
        ("author-line", r"^(?:posted in|tagged|filed under)\s+\S.{0,60}$"),
        ("author-line", r"^solved by \S{1,40} in (?:post|reply).{0,20}$"),
        ("navigation", r"^(?:skip|go|jump) to (?:end|start|beginning) of .{0,30}$"),
        ("navigation", r"^[^\s>›»=$/]{2,16}\s*[>›»]\s*[^>›»=$/]{1,24}\s*[>›»]\s*[^=$]{0,120}$"),
        ("navigation", r"^(?:正在)?(?:初始化|加载)(?:中|搜索引擎).{0,10}$|^loading\.{0,3}$|^initializing search$"),
        ("navigation", r"^(?:请)?(?:输入|键入).{0,10}(?:关键字|关键词|搜索内容).{0,8}$"),
        ("share", r"^click to (?:share|email|print).{0,60}$|^like (?:this|loading).{0,3}$"),
        ("related", r"^.{0,80}\bview all posts by\b.{0,40}$|^(?:文章|本文)(?:被|已)?收录于.{0,20}$"),
        ("footer", r"^如有(?:侵权|侵犯|版权).{0,20}(?:联系|删除).{0,80}$"),
        ("author-line", rf"^{DATE}{TIME}\s+[\u4e00-\u9fff]{{2,4}}$"),
        ("author-line", r"^.{0,40}(?:ip属地|ip 属地|发表于 ?\S{2,4}省).{0,20}$"),
        ("author-line", r"^\d{0,3}\s?(?:\d[\d,.k]*\s?(?:gold|silver|bronze)\s?badges?\s?){1,3}.{0,20}$"),
        ("author-line", r"^(?:version|版本)\s*[:：]\s*v?\d[\w.]{0,12}$"),
        ("image-label", r"^.{1,40}'s (?:user )?avatar$"),
        ("share", r"^(?:点击|戳)(?:上方|下方|文末|左下角)?.{0,6}(?:蓝字|卡片|名片|公众号|链接).{0,16}$"),
        ("share", r"^(?:[\u4e00-\u9fff]{1,4}\s*[-:：]?\s*\d[\d,.]*[kw万+]?\s*[|·]?\s*){3,8}$"),
        ("comments", r"^.{0,12}即可(?:发布|发表)评论.{0,6}$"),
        ("related", r"^[·•]?\s*\d+\s*篇(?:文章|内容)$"),
        ("advert", r"^ask questions, find answers and collaborate at work.{0,80}$"),
        ("author-line", rf"^\S{{1,40}}\s+(?:commented|replied|answered|wrote|said)\s.{{0,20}}{DATE}.{{0,40}}$"),
        ("author-line", r"^[\d,.k]{1,8}\s*\d*\s*(?:gold|silver|bronze)\s*badges?\b.{0,60}$"),
        ("share", r"^(?:sorted by:?|highest score(?: \(default\))?|trending \(recent votes count more\))$"),
        ("author-line",
         rf"^[•*·\-|\s]*(?:于|发布于|发表于|更新于|修改于|编辑于|首次发布|最后编辑于|最后修改于|posted|"
         rf"published|updated|last updated|last modified|modified|created|edited|asked|answered|reviewed|"
         rf"revised|date)?\s*(?:on|at|:|：)?\s*{DATE}{TIME}\s*(?:发布|发表|修改|更新|编辑|首发)?[\s|·•.,/-]*$"),
        ("author-line",
         rf"^{DATE}{TIME}\s*[|·•/,-]?\s*(?:作者|by|author|来源|编辑|发布者|发布|阅读|浏览|·|•|\|).{{0,120}}$"),
        ("author-line",
         rf"^.{{0,60}}(?:发表于|发布于|更新于|修改于|编辑于|创建于|提问于|回答于|于)\s*(?:{DATE}|"
         rf"{AGO}).{{0,80}}$"),
        ("author-line",
         rf"^(?:posted|published|updated|last updated|last modified|last reviewed|created|edited|asked|"
         rf"answered|modified|written|submitted|first published|originally published)\s*(?:on|by|at|in|"
         rf":)?\s.{{0,60}}(?:{DATE}|{AGO}|\b20\d\d\b).{{0,60}}$"),
        ("author-line",
         r"^(?:posted|published|written|authored|reviewed|submitted|created|edited|"
         r"maintained)\s+by\s(?!the\b|an?\b|this\b|our\b).{1,60}$"),
        ("author-line",
         r"^(?:by|author|作者|原创作者|本文作者|文/|撰稿人?|撰文|编辑|责任编辑|责编|译者|翻译|审校|校对|整理|"
         r"来源|文章来源|内容来源|原作者|发布者|发布人|编者)\s*[:：|]\s*\S.{0,60}$"),
        ("author-line", r"^by\s+[a-z][\w.'-]{1,20}(?:\s+[a-z][\w.'-]{0,20}){0,3}(?:\s*[|·•,-].{0,60})?$"),
        ("author-line", r"^.{0,80}\b\d{1,3}\s*(?:min|mins|minute|minutes)\s+(?:read|to read)\b.{0,40}$"),
        ("author-line",
         r"^(?:本文|全文|约|预计)?.{0,12}(?:字数|阅读时长|阅读时间|预计阅读|阅读约|阅读大约|"
         r"分钟阅读)\s*[:：]?.{0,30}$"),
        ("author-line",
         rf"^(?:asked|modified|viewed|active|edited|answered|opened|closed|commented)\s+(?:{AGO}|today|"
         rf"yesterday|{COUNT}|on\s).{{0,60}}$"),
        ("author-line",
         r"^(?:所属分类|文章分类|分类专栏|文章标签|文章类型|分类|标签|关键词|关键字|专栏|tags?|filed under|"
         r"categor(?:y|ies)|keywords|posted in|topics|labels)\s*[:：][^=]{0,120}$"),
        ("author-line",
         r"^(?:issue|bug|incident|ticket)?\s*#?\d*\s*\S{0,40}\s*(?:opened|closed|reopened|"
         r"merged)\s+this\s.{0,80}$"),
        ("author-line",
         r"^\S{1,40}\s+(?:opened|commented|edited|closed|reopened|assigned|added|removed|changed|mentioned|"
         r"pinned|locked|labeled|referenced|self-assigned)\b.{0,30}(?:\bon\b|\bago\b|comment|label|this|issue|"
         r"milestone).{0,80}$"),
        ("author-line", r"^(?:gold|silver|bronze)?\s*\d[\d,.k]*\s*(?:gold|silver|bronze)?\s*badges?\b.{0,60}$"),
        ("author-line", r"^(?:solution|article|kb)\s+(?:verified|unverified|in progress)\b.{0,60}$"),
        ("author-line",
         r"^(?:原文链接|本文链接|文章链接|原文地址|本文地址|转载自|转自|出处|本文出处|文章出处|转载请注明|"
         r"原文|originally published at|this post was originally)\s*[:：]?.{0,200}$"),
        ("share",
         rf"^(?:阅读|浏览|点击|访问|热度|人气|views?|reads?|hits|点赞|收藏|评论|赞同|喜欢|被收藏|推荐|回复|"
         rf"分享|赞|comments?|likes?|claps?|shares?|转发|播放|下载)(?:数|量|"
         rf"次数)?\s*[:：(（]?\s*{COUNT}[)）]?.{{0,40}}$"),
        ("share",
         rf"^{COUNT}\s*(?:次阅读|次浏览|阅读|浏览|人阅读|人浏览|views?\b|reads?\b|点赞|收藏|评论|条评论|人赞同|"
         rf"个赞|人点赞|次点击|likes?\b|claps?\b|shares?\b|comments?\b|followers?\b|reactions?\b|replies\b|"
         rf"responses?\b|粉丝|关注|回复|people found|upvotes?\b|votes?\b|stars?\b|forks?\b|人收藏|"
         rf"人喜欢).{{0,80}}$"),
        ("share", r"^(?:share|save|print|email|tweet)\s+(?:this|on|to|via|with)\b.{0,40}$"),
        ("share",
         r"^(?:微信)?(?:扫一扫|扫码|扫描|长按)(?:上方|下方|上面|下面)?.{0,40}(?:二维码|关注|分享|加群|微信|"
         r"公众号|支付|打赏).{0,30}$"),
        ("share",
         r"^.{0,40}(?:觉得(?:文章|本文)?(?:不错|有用|有帮助)|如果.{0,12}(?:对你|"
         r"对您)有(?:所)?帮助).{0,30}(?:赞|收藏|分享|关注|转发|打赏|支持|推荐).{0,30}$"),
        ("share",
         r"^(?:欢迎|请|记得|别忘了|麻烦|求)?.{0,6}(?:点赞|一键三连|关注|收藏).{0,8}(?:点赞|三连|关注|收藏|"
         r"转发|评论|支持).{0,40}$"),
        ("share", r"^.{0,30}(?:关注|搜索|添加).{0,8}(?:公众号|微信号|视频号|qq\s?群|交流群|读者群|技术群).{0,60}$"),
        ("share",
         r"^(?:please\s+)?(?:like|follow|subscribe|share)\b.{0,30}\b(?:us|me|newsletter|channel|updates|"
         r"for more)\b.{0,40}$"),
        ("share",
         r"^(?:was|did|is)\s+(?:this|you find this)\s*(?:page|article|post|answer|content|document|topic|"
         r"information)?\s*(?:helpful|useful|help|find|solve).{0,60}$"),
        ("share",
         r"^.{0,12}(?:本页|此页|文档|本文|内容|文章|以上内容).{0,8}(?:是否|有没有|对您|对你).{0,8}(?:帮助|"
         r"有用|解决).{0,20}$"),
        ("advert",
         r"^.{0,40}(?:限时(?:优惠|折扣|免费|抢购|秒杀)|立即(?:购买|抢购|领取|报名|下单|试用)|扫码(?:领取|进群|"
         r"咨询)|(?:低至|仅需|特惠)\s*[¥￥]?\d|[¥￥]\d+/[年月]|点击(?:领取|报名|购买|咨询)|免费领取|"
         r"新人(?:专享|礼包)).{0,80}$"),
        ("advert", r"^(?:ad|ads|advertisement|sponsored|promoted)\s*[:：·|-].{0,160}$"),
        ("advert",
         r"^.{0,60}\b(?:start your free trial|try (?:it )?(?:for )?free|sign up (?:now|today|for free)|"
         r"limited[- ]time offer|get started for free|book a demo|request a demo|\d+% off|no credit card|"
         r"unlimited access|become a member|join \d[\d,.]*k?\+?\s)\b.{0,100}$"),
        ("advert",
         r"^.{0,20}(?:subscribe to|sign up for|join|get)\b.{0,30}\b(?:newsletter|mailing list|weekly digest|"
         r"our blog|email updates|your inbox)\b.{0,80}$"),
        ("advert", r"^摘要生成于\s.{0,80}$"),
        ("footer",
         r"^.{0,80}(?:©|\(c\)\s*(?:19|20)\d\d|copyright\b|all rights reserved|版权所有|icp\s?备|icp\s?证|"
         r"公网安备|京公网|粤公网|浙公网|沪公网|增值电信).{0,200}$"),
        ("footer",
         r"^[【\[]?(?:版权声明|原创声明|版权归属|著作权|许可协议|本文(?:采用|遵循|为.{0,12}原创)|本作品采用|转载声明|免责声明|"
         r"声明)\s*[:：,，]?.{0,20}(?:原创|版权|协议|许可|转载|授权|cc|观点|侵权|自负|独家).{0,200}$"),
        ("footer", r"^.{0,60}(?:\bcc\s?(?:by\b|4\.0)|creative commons|知识共享署名).{0,160}$"),
        ("footer",
         r"^(?:powered by|theme by|built with|made with|hosted (?:on|by)|generated (?:by|with)|designed by|"
         r"proudly powered|site by|本站由|由.{1,20}强力驱动)\s.{0,80}$"),
        ("footer",
         r"^.{0,60}(?:we use cookies|this (?:site|website) uses cookies|by (?:continuing|"
         r"using) (?:to use )?this site|cookie (?:policy|notice|consent)|accept (?:all )?cookies|"
         r"本网站使用\s?cookie).{0,240}$"),
        ("footer",
         r"^(?:this site is protected by recaptcha|this site uses akismet|please enable javascript|"
         r"javascript (?:is )?(?:disabled|required)|you need to enable javascript|您的浏览器(?:不支持|禁用)|"
         r"请启用\s?javascript).{0,160}$"),
        ("notice",
         r"^.{0,100}(?:no longer (?:actively )?maintained|for up-to-date information, see|"
         r"you are viewing (?:the )?documentation for|is a static snapshot|您正在查看的是|已不再维护).{0,240}$"),
        ("notice", r"^(?:you'?re|you are) (?:viewing|reading|browsing|not logged|signed (?:in|out))\b.{0,160}$"),
        ("notice",
         r"^(?:you (?:must|need to) (?:be )?(?:log(?:ged)? in|sign(?:ed)? in)|(?:sign|"
         r"log) in (?:to|for|and) (?:your account|continue|comment|view|reply|see|vote|save|"
         r"read|leave|post|ask)\b|"
         r"already have an account|sign up for (?:free|github)|you (?:signed|switched)|reload to refresh|"
         r"dismiss alert|to see (?:the full|this) (?:content|article)|subscriber exclusive|"
         r"a red hat subscription provides).{0,160}$"),
        ("notice", r"^(?:您|你)?(?:需要|必须|请(?:先)?)(?:登录|登陆|注册)(?:后|才|账号|帐号|或注册|"
        r"即可)?(?:再|能|可|才能|可以)?(?:查看|发表|评论|回复|点赞|收藏|下载|阅读|参与|继续|"
        r"$).{0,20}$"),
        ("notice",
         r"^.{0,10}(?:最低0\.47元|开通会员|成为会员|解锁(?:文章|全文)|本文(?:共|为会员)|该文章(?:已|为)|"
         r"免费试读|剩余\d+%|剩余.{0,6}内容).{0,60}$"),
        ("comments",
         r"^(?:\d+|no|one|an?|leave|post|add|join|start|view|show|load|see)\s+(?:more |all |your |"
         r"the )?(?:\d+ |more )?(?:comments?|repl(?:y|ies)|responses?|discussion|thoughts? on)\b.{0,80}$"),
        ("comments",
         r"^(?:your email address will not be published|required fields are marked|notify me of|save my name|"
         r"logged in as|log in to comment|you can use markdown|comments are closed|this site uses akismet|"
         r"name\s*\*|email\s*\*|website$).{0,160}$"),
        ("comments",
         r"^(?:共|已有|全部|所有|最新|热门)?\s*\(?\d*\)?\s*(?:条|个)?(?:评论|回复|留言|"
         r"回答)\s*(?:[(（]\d*\s*(?:条|个)?[)）]|\d+\s*(?:条|个)?)?\s*(?:[|/].{0,30})?$"),
        ("comments",
         r"^(?:您的邮箱地址不会被公开|电子邮件地址不会被公开|必填项已用|文明(?:发言|上网)|(?:发表|提交|"
         r"添加)(?:您的|你的)?(?:评论|回复)|说点什么|写下(?:你|您)的|请(?:输入|填写).{0,10}(?:评论|昵称|邮箱|"
         r"验证码)|支持\s?markdown).{0,60}$"),
        ("navigation",
         r"^(?:上一篇|下一篇|上一章|下一章|上一页|下一页|上篇|下篇|前一篇|后一篇|上一条|下一条|previous|next|"
         r"prev|previous post|next post|previous article|next article|newer|older)\s*[:：→←»«>-].{0,120}$"),
        ("navigation",
         r"^(?:首页|主页|博客首页|home|docs|documentation|all products|knowledgebase|community|"
         r"blog)\s*(?:[>/»›|→]|::).{0,200}$"),
        ("navigation", r"^(?:当前位置|您的位置|你的位置|您当前的位置|位置|you are here)\s*[:：].{0,200}$"),
        ("navigation",
         r"^(?:click|tap|press|点击|单击).{0,20}(?:阅读原文|here to (?:return|go back|read)|返回(?:首页|列表|"
         r"目录)|查看原文|展开|more).{0,60}$"),
        ("navigation",
         r"^(?:edit|view|improve|suggest|report|open|download)\s+(?:this\s)?(?:page|an? issue|"
         r"(?:a )?(?:documentation|docs) (?:issue|bug)|on github|source|as pdf|pdf|changes to).{0,60}$"),
        ("related",
         r"^(?:更多|查看|浏览|阅读|了解).{0,14}(?:相关(?:文章|内容|信息|项目)|精彩(?:内容|文章)|更多(?:文章|"
         r"内容)|系列文章|全部文章|同类).{0,40}$"),
        ("related",
         r"^(?:related|recommended|suggested|popular|recent|trending|similar|latest|further|more)\s+(?:posts?|"
         r"articles?|stories|topics?|questions?|reading|content|projects?|repositories|videos?|documents?|"
         r"news|tags|searches)\b.{0,40}$"),
        ("related", r"^more (?:from|by)\s.{1,60}$"),
        ("related",
         r"^(?:about the author|about this author|关于作者|作者简介|个人简介|about (?:red hat|us|"
         r"our company))\s*[:：]?.{0,40}$"),
        ("related", r"^(?:文章浏览阅读|文章已被|本文已收录|收录于|本专栏|该专栏|系列文章目录).{0,200}$"),
    )
)  # fmt: skip

PROGRAMMING = (
    "python|java|javascript|typescript|go|c|c\\+\\+|c#|rust|kotlin|swift|php|ruby|shell|html|css|less|scss|vue|jinja|"
    "dart|scala|lua|perl|r|matlab|groovy|objective-c|assembly|makefile|dockerfile|markdown|cangjie|jupyter notebook|"
    "tsx|svelte|haskell|elixir|erlang|clojure|julia|powershell|hcl|smarty|batchfile|cmake|arkts|ets|zig|mdx|cuda|"
    "vim script|tex|other|其他|unknown|暂无"
)
CARD = re.compile(
    rf"\S(?:{PROGRAMMING}|[.。!！\u4e00-\u9fff])\d{{1,5}}(?:\.\d+\s?[kKwW])?\d{{0,6}}$", re.IGNORECASE
)
CARD_LANGUAGE = re.compile(rf"^(?:{PROGRAMMING})$", re.IGNORECASE)
DOUBLED = re.compile(r"^(\S.{2,60}?)\s*\1(?=\S|$)")
BARE_COUNT = re.compile(r"^[+-]?\d[\d.,]*\s*(?:[kKmMwW万千]\+?)?%?$")
HAN = re.compile(r"[\u3400-\u9fff]{3}")
"""So many Chinese characters together are words and no face."""


@lru_cache(REMEMBERED)
def page_line(text: str) -> str:
    """The reason code of a whole line that belongs to the page and not to the article; empty for all others."""
    bare = text.strip()
    if not bare or len(bare) > LONGEST:
        return ""
    small = unicodedata.normalize("NFKC", bare).casefold()
    return next((reason for reason, sign in SIGNS if sign.match(small)), "")


def card(text: str) -> bool:
    """Whether a line is a recommendation card glued together: name, description, language, counters."""
    bare = text.strip()
    if cells(bare) < 16 or len(bare) > 1200 or not bare[-1].isdigit():
        return False
    tail = bare[-40:]
    found = CARD.search(tail)
    return bool(found) and not re.search(r"[=/:|\\]\S*$", tail[-12:])


def doubled(text: str) -> bool:
    """Whether a line begins with the same name twice, as the title and the link of a card do."""
    bare = text.strip()
    return len(bare) <= 200 and bool(DOUBLED.match(bare)) and len(set(bare)) > 3


def pictographic(text: str) -> bool:
    """Whether a line is an emoji or a face drawn with signs: hardly a letter, and signs of many scripts."""
    bare = text.strip()
    if not 1 <= len(bare) <= 32 or bare.isascii() or HAN.search(bare):
        return False
    emoji = sum(_emoji(c) for c in bare)
    plain = sum(c.isascii() and (c.isalnum() or c == " ") for c in bare)
    han = sum("\u3400" <= c <= "\u9fff" for c in bare)
    if emoji and plain + han == 0:
        return True
    strange = sum(not c.isascii() and not "\u3400" <= c <= "\u9fff" and not _punctuation(c) for c in bare)
    return strange >= 2 and han <= 1 and plain <= max(2, strange) and not _drawing(bare)


def _emoji(c: str) -> bool:
    return (
        c >= "\u2600"
        and (unicodedata.category(c) in ("So", "Sk") or c >= "\U0001f000")
        and not "\u2e80" <= c < "\ua000"
    )


def _punctuation(c: str) -> bool:
    return c in "，。、；：？！“”‘’（）《》【】「」『』…—～·￥" or unicodedata.category(c) in (
        "Pd",
        "Pi",
        "Pf",
        "Zs",
    )


def _drawing(bare: str) -> bool:
    """Boxes and arrows of diagrams and trees are article."""
    return (
        all(
            c in " |+-_=<>/\\.*:'`" or "\u2500" <= c <= "\u25ff" or "\u2190" <= c <= "\u21ff" or c.isalnum()
            for c in bare
        )
        and "→_→" not in bare
    )
