"""Words of everyday language: rare in articles and still saying little. Data."""

from __future__ import annotations

GRAMMAR_WORDS = """
a about after all also am an and any are as at be because been but by can cannot cant could couldnt did didnt do does
doesnt doing done dont for from get gets getting got had has hasnt have havent having how i if im in into is isnt it
its ive just let lets made make makes me much my no not of on one only or our out should so some such than that the
their them then there these they this those to too up us use used uses using very via was we were what whats when where
whether which while who whom whose why will with wont would wouldnt you your
"""
EVERYDAY_WORDS = """
able actually again always another anybody anyone anything anyway around away back bad badly become becomes before
being best better big bit both came cause causes certain come comes coming correct correctly day days different during
each either else enough even ever every everything exactly few find first forever found gave give given gives go goes
going gone good guys hand happen happened happening happens help here however idea instead keep keeps kept kind knew
know known last later least less like little long look looking looks lot lots magically many may maybe mean means might
more most must myself near need needed needs never new next nobody nothing now off often ok old once other others over
own part people per perhaps place please possible possibly problem properly put puts quite rather really right said same
saw say says see seem seems seen several shall show shows simply since someone something sometimes somewhere sort still
stuff suddenly sure take taken takes tell thanks thing things think though thought through time times today together
told took tried tries try trying twice under until want wanted wants way ways well went whatever whenever without word
work working works wrong yes yet
"""
GRAMMAR = frozenset(GRAMMAR_WORDS.split())
EVERYDAY = frozenset(EVERYDAY_WORDS.split())

GRAMMAR_CHARACTERS = frozenset("的了吗呢吧么是在和与就都也还又把被让给很太怎什哪谁该这那我你他它们啊呀嘛啦咋")
"""A pair with one of them crosses words or asks; it does not name a thing."""
PAIRS = """
一下 一个 一些 一会 一定 一样 一次 一直 一种 上去 上来 上面 下去 下来 不会 不出 不到 不同 不对 不想 不用 不知
不能 不行 不要 不起 之前 之后 之间 为什 为何 为啥 也许 什么 以前 以后 会不 但是 何时 依然 其他 其实 再次 出去
出来 出现 到底 办法 却不 即使 原来 又不 发现 可以 可否 可能 各种 各自 后面 否则 咋办 咋样 哪个 哪些 哪里 回事
因为 多久 多少 多长 大概 好像 如何 如果 始终 将会 尽管 居然 已经 平时 应该 总是 情况 想要 感觉 所以 所有 才能
找到 按照 据说 方便 方法 无论 时候 明明 是否 是不 有人 有办 有哪 有时 有没 有点 有的 来看 某个 某些 根本 每个
每天 每次 比如 毕竟 求助 没有 没法 然后 然而 特别 现在 由于 的话 目前 直接 看不 看到 看看 知道 确实 种情 究竟
突然 竟然 第一 等等 类似 经常 结果 继续 老是 而且 而是 能不 能否 自己 虽然 行不 要不 要么 觉得 许多 该怎 请教
请问 起来 越来 过了 过来 还是 还有 进去 进来 进行 通常 通过 那个 那么 里面 问题 除了 随便 需要 非常 首先
"""
EVERYDAY_PAIRS = frozenset(PAIRS.split())
