"""Whether a message sounds like something going wrong: one question, asked of every line of a paste."""

from __future__ import annotations

import re

_SAID = (
    "fail", "error", "cannot", "can not", "can't", "couldn't", "could not", "unable", "denied", "denying", "refused",
    "reset by", "timeout", "time out", "timedout", "timed out", "timesout", "times out", "deadline", "exceed",
    "exhaust", "invalid", "illegal", "unexpected", "forbidden", "unauthorized", "unauthorised", "not found", "notfound",
    "no such", "missing", "conflict", "abort", "panic", "fatal", "crash", "corrupt", "broken", "kill", "evict",
    "unhealthy", "not ready", "notready", "backoff", "back-off", "too many", "too long", "too large", "too old",
    "too small", "unreasonabl", "leak", "overflow", "stuck", "reject", "unreachable", "disconnect", "expired",
    "not allowed", "not permitted", "not supported", "not responding", "not responded", "not available", "not enough",
    "not match", "not healthy", "not valid", "not trusted", "not in ", "no response", "unsupported", "no space",
    "out of", "segfault", "traceback", "exception", "mismatch", "violat", "insufficient", "didn't", "doesn't",
    "noavailable", "is empty", "force recompute", "duplicate", "deadlock", "stale", "dropped", "unschedulable",
    "pending",
    "失败", "错误", "异常", "超时", "拒绝", "无法", "不能", "找不到", "不存在", "冲突", "不足", "耗尽", "泄漏", "过期",
    "丢失", "崩溃",
)  # fmt: skip
_WHOLE = ("err", "lost", "oom", "warn", "unknown", "bad ")
"""Only where a word begins; the first two are whole words."""


def _one_pattern(said: dict[str, str]) -> str:
    """The alternatives as a tree of letters: several times as fast as side by side; the values are conditions."""
    branches: dict[str, dict[str, str]] = {}
    ends = []
    for word, condition in said.items():
        if not word:
            ends.append(condition)
        else:
            branches.setdefault(word[0], {})[word[1:]] = condition
    if "" in ends:
        return ""
    found = [re.escape(letter) + _one_pattern(rest) for letter, rest in branches.items()] + ends
    return found[0] if len(found) == 1 else f"(?:{'|'.join(found)})"


TROUBLE = re.compile(
    _one_pattern(
        dict.fromkeys(_SAID, "")
        | {word: rf"(?<!\w{word})" + (r"\b" if word in ("err", "lost") else "") for word in _WHOLE}
    )
)
"""Words of something going wrong, in small letters."""


def sounds_like_trouble(message: str) -> bool:
    """Whether the words of a message, in whatever letters, are those of something going wrong."""
    return TROUBLE.search(message.lower()) is not None
