"""Sentences of an article: plain text without markup, the first sentence and the rest, what is an instruction."""

from __future__ import annotations

import re
from collections.abc import Iterable

from kb.markdown import strip_inline
from kb.safe import one_line, printable

LONGEST_TITLE = 200
LONGEST_TEXT = 2_000
_CODE = re.compile(r"(`{1,3})([^`\n]{1,500})\1")
_END = re.compile(
    r"[。！？!?；;](?=\s|$|[^\s\"'”’）)])|\.(?=\s+[A-Z0-9\u3400-\u9fff\"'(*`\x00]|\s*$)|[:：](?=\s*$)"
)
_ABBREVIATED = re.compile(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|no|approx|al|incl|fig|resp)|\b[A-Z]|\d)\.\Z", re.I)
_VERBS_EN_TEXT = """
add adjust allow append apply approve assign attach avoid back bind build bump capture change check choose clean
clear collect compare configure confirm connect convert copy cordon correct create cross-check decide decrease
delete deploy describe detach determine diagnose disable download drain edit enable ensure enter examine exclude
execute expand export extend extract fetch find first fix follow force generate get give grant identify import
increase inspect install isolate keep label leave let limit list locate log look lower make mark merge migrate
modify monitor mount move narrow note obtain open override patch pause perform pick pin place point prepare
prefer print probe provide provision pull push raise read re-check re-create re-enable re-run reapply reboot
rebuild recheck reconfigure recover recreate reduce refer reference regenerate register reinstall relax reload remove
rename reorder repair repeat replace request rerun reset resize restart restore resume retrieve retry return
review revert roll rotate route run save scale schedule search select send set shorten shut skip specify split start
stop store submit switch sync tag take test then trace trigger try tune uncordon undo uninstall unmount unset
update upgrade upload use validate verify view wait watch widen wipe write
"""
_VERBS_EN = frozenset(_VERBS_EN_TEXT.split())
_NO_OBJECT = frozenset(("is", "are", "was", "were", "has", "can", "does", "that", "will", "may", "must"))
"""Behind a verb they say that it is a noun here, or that nothing is asked (note that)."""
_VERBS_ZH = re.compile(
    r"^(?:首先|其次|然后|接着|随后|最后|再|先|请|可以|需要|建议|应当|应该|可|并|如需|若需|直接|手动|重新|依次|分别|逐个|在[^，。]{1,30}(?:上|中|内|里|时)[，,]?)*"
    r"(?:将|把|修改|执行|运行|删除|重启|升级|检查|确认|查看|查询|登录|进入|使用|通过|创建|新建|编辑|配置|设置|添加|增加|移除|清理|清空|恢复|"
    r"停止|启动|启用|禁用|关闭|打开|开启|调整|调大|调小|扩容|缩容|替换|更新|应用|部署|安装|卸载|等待|验证|备份|导出|导入|下载|上传|拉取|获取|"
    r"收集|采集|抓取|比较|对比|定位|排查|联系|回滚|回退|迁移|绑定|解绑|授予|授权|批准|选择|指定|标记|打标|隔离|驱逐|观察|测试|读取|列出|"
    r"识别|对于|减少|降低|提高|提升|增大|保持|避免|跳过|重建|重试|刷新|挂载|卸下|切换|生成|复制|粘贴|填写|输入|点击|保存|提交|同步|触发|审查|缩小|放宽|描述|记录|参考|遵循|确定|找到|找出|判断|跟踪|监控|审核|重置|补充|纠正|更正|声明|增强|完善|优化|引入|改进|加固|清除|手工|强制|统一|规划|预留|限制|扩展|缩短|延长|校验|核对|登陆|断开|释放|回收|取消|准备|杀掉|摘除|提供|注入|固定|划分|拆分|搜索)"
)
_LABEL = re.compile(r"(?:[\u3400-\u9fff]{1,4}|[A-Za-z]+(?: [a-z]+)?)\s*[:：]?\Z")
"""One or two words head what follows and say nothing themselves."""
_LABELLED = re.compile(r"[^:：。.!?！？,，;；/]{2,40}[:：]\s*(?=\S)")
_TELLING_LABEL = re.compile(
    r"symptom|cause|reason|result|expect|output|impact|effect|example|environment|error|issue|problem|warning|default|type"
    r"|现象|原因|根因|问题|结果|预期|输出|影响|示例|环境|报错|错误|说明|注|默认|类型|含义|作用",
    re.I,
)
_EFFECT_ZH = re.compile(
    r"^(?:修改|增加|减少|降低|提高|提升|增大|删除|重启|升级|更新|使用|设置|调整|调大|调小|启用|禁用|停止|启动|创建|配置|关闭|打开|恢复|执行|运行"
    r"|替换|迁移|部署|安装|保持|避免|通过|扩容|缩容)[^，。：:;；]{0,60}?"
    r"(?:可以|将会|会(?![话议计员])|能够|能(?![力量否])|不能|不再|意味着|并不|不是)"
)
"""What doing something brings about is no instruction to do it."""
_CONDITION_EN = re.compile(
    r"^(?:if|when|where|once|after|before|for|on|in|from|to|with|next|finally|alternatively|otherwise|optionally"
    r"|instead|as a (?:workaround|last resort)|then|first|also|always|never|only|do not|don't|optional)\b",
    re.I,
)
_OUTPUT_EN = re.compile(
    r"(?:output|looks? (?:like|similar)|shows?(?: the following)?|prints?|returns?|result|response|for example|example"
    r"|similar to|log|error|message|reports?)\W{0,4}$",
    re.I,
)
_OUTPUT_ZH = re.compile(
    r"(?:输出|返回|结果|显示|如下所示|类似|日志|报错|打印|示例|例如|形如|现象)[^，。]{0,12}[:：]?\s*$"
)


_TROUBLE = re.compile(
    r"\b(?:error|fail|fatal|panic|warn|denied|refus|reject|time[ds]? ?out|exceed|kill|not |cannot|can't|could ?n[o']t"
    r"|unable|invalid|no longer|no such|too many|unreachable|forbidden|unauthori|unknown|evict|back-?off|crash|oom"
    r"|corrupt|mismatch|conflict|exhaust|unexpected|missing|lost|loses|losing|drop|stuck|hang|hung|stall|slow|delay|never"
    r"|stops?\b|stale|leak|grow|climb|restart|pending|terminating|unhealthy|not ?ready|degraded|wrong|empty|disappear"
    r"|without|intermittent|flap|broken|blocked|problem|symptom|surfaces? as|drift|high\b|spike)|\bno \w+|Err\b"
    r"|失败|错误|报错|异常|无法|不能|不通|不可|没有|未能|未被|不再|超时|拒绝|崩溃|重启|丢失|丢包|断开|中断|卡住|卡在|挂起|缓慢|变慢|延迟|过高|过多|过大"
    r"|飙升|泄漏|增长|耗尽|不足|冲突|缺失|为空|不一致|不符|不匹配|失效|无效|告警|警告|驱逐|阻塞|频繁|反复|不断|问题|故障|停留|处于|残留|被删|不生效"
    r"|(?:占用|使用率|利用率|负载|延时|时延)[^，。,]{0,12}高|偏高|升高|高达|打满|跑满|占满|不正确|不会|不到|消失|抖动|错|误",
    re.I,
)


def tells_trouble(text: str) -> bool:
    """Whether a sentence says that something is not as it should be."""
    return bool(_TROUBLE.search(text[:2_000]))


_CAUSAL_EN = re.compile(
    r"\b(?:because|caused by|due to|results? from|root cause|the reason|stems from|triggered by)\b", re.I
)
_CAUSAL_ZH = re.compile(r"(?:由于|因为|原因是|原因在于|导致|引起|造成|根因|源于)")


def gives_cause(sentence: str) -> bool:
    """Whether a sentence of some length says why something is so."""
    long = len(sentence) * (2 if sentence[:1] > "\u2e80" else 1) > 20
    return long and bool(_CAUSAL_EN.search(sentence) or _CAUSAL_ZH.search(sentence))


def plain(text: str) -> str:
    """Inline Markdown without its markup; what stands in code marks stays as it is, ``<pod>`` too."""
    kept: list[str] = []

    def put(match: re.Match[str]) -> str:
        kept.append(match.group(2).strip())
        return f"\x00{len(kept) - 1}\x00"

    flat = strip_inline(_CODE.sub(put, text.replace("\x00", "")))
    flat = re.sub("\x00(\\d+)\x00", lambda m: kept[int(m[1])], flat)
    return " ".join(printable(flat).split())


def inline_code(text: str) -> list[str]:
    """What stands in code marks, in order."""
    return [match.group(2).strip() for match in _CODE.finditer(text)]


def sentences(text: str) -> list[str]:
    """The sentences of plain text, in both languages; abbreviations and versions do not end one."""
    found: list[str] = []
    start = 0
    for match in _END.finditer(text[:20_000]):
        piece = text[start : match.end()]
        if match.group() == "." and _ABBREVIATED.search(piece[-8:]):
            continue
        if match.group() in ";；" and len(piece) < 30:
            continue
        if piece.count("(") > piece.count(")") and len(piece) < 400:
            continue
        if piece.strip():
            found.append(piece.strip())
        start = match.end()
    rest = text[start:].strip()
    return [*found, rest] if rest else found


def paragraph(said: Iterable[str]) -> str:
    """Sentences as one paragraph: Chinese ones stand together."""
    return re.sub(r"(?<=[。！？；：，]) (?=\S)", "", " ".join(said))


def title(text: str, limit: int = LONGEST_TITLE) -> str:
    """A sentence as a title: one line, bounded, without the colon or full stop at its end."""
    line = one_line(text, limit).rstrip()
    return line.rstrip(":：。.;；,， ") or line


def first_and_rest(text: str) -> tuple[str, str]:
    """The first sentence and everything behind it."""
    parts = sentences(text)
    return (parts[0], paragraph(parts[1:])) if parts else ("", "")


def is_instruction(sentence: str) -> bool:
    """Whether a sentence tells somebody to do something, with or without a label before it ("Clean up: remove …")."""
    text = sentence.lstrip(" -*•\"'“(（")
    if _LABEL.match(text):
        return False
    if _tells(text):
        return True
    label = _LABELLED.match(text)
    return label is not None and not _TELLING_LABEL.search(label.group()) and _tells(text[label.end() :])


def _tells(text: str) -> bool:
    if re.match(r"[\u3400-\u9fff]", text) or re.search(r"[\u3400-\u9fff]", text[:12]):
        return (bool(_VERBS_ZH.match(text)) and not _EFFECT_ZH.match(text)) or bool(
            re.match(r"^如果.{1,60}[，,](?:请|则|可|需|应|就|将|把)", text)
        )
    words = re.findall(r"[A-Za-z'-]+", text[:200].casefold())
    if not words:
        return False
    if words[0] in _VERBS_EN:
        return not (len(words) > 1 and words[1] in _NO_OBJECT)
    if _CONDITION_EN.match(text) and "," in text[:200]:
        following = re.findall(r"[A-Za-z'-]+", text.split(",", 1)[1][:60].casefold())
        return bool(following) and (following[0] in _VERBS_EN or following[:1] == ["do"])
    return words[0] in ("then", "next", "finally", "also") and len(words) > 1 and words[1] in _VERBS_EN


def introduces_output(text: str) -> bool:
    """Whether a paragraph says that what follows is an answer, a log or an example, not something to do."""
    last = sentences(text)[-1:] or [""]
    return bool(_OUTPUT_ZH.search(last[0][-60:]) or _OUTPUT_EN.search(last[0][-60:]))


def heading_of(parts: list[str], hint: int = -1) -> tuple[str, str]:
    """From the sentences before a command: the one that says what to do, and the others.

    `hint`: which one that is by the other language of the article, where none is recognised here; -1 for not known.
    """
    if not parts:
        return "", ""
    at = next((i for i, one in enumerate(parts) if is_instruction(one)), hint)
    if not 0 <= at < len(parts):
        at = len(parts) - 1 if parts[-1].rstrip().endswith((":", "：")) else 0
    rest = paragraph(part for i, part in enumerate(parts) if i != at)
    return parts[at], rest[:LONGEST_TEXT]
