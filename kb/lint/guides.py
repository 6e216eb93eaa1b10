"""What a guide says by itself: placeholders left in its steps, signatures that match everything, loose ends."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from kb.lint.view import found
from kb.model import Guide, Step
from kb.problem import Problem
from kb.text import Text

PLACEHOLDER = re.compile(
    r"<[A-Za-z][\w .-]{0,60}>|\bYOUR[_-][A-Z_]{2,40}\b|\byour-[a-z][a-z-]{1,40}\b|\bxxx+\b|\$\{\w{1,60}\}"
)
TODO = re.compile(r"\bTODO\b")
WORDS = re.compile(r"[A-Za-z][A-Za-z_]+|[\u3400-\u9fff]+")
GENERAL_WORDS = """
error errors err failed failure fail fails failing fatal warning warn warnings info debug notice critical exception
panic timeout timed out denied refused forbidden unauthorized connection connect closed reset crash crashed killed
restart restarted restarting pod pods node nodes container containers kubernetes kubectl kube-system event normal
the of to in on for is not no and a an with by at from was were log level msg message status state reason unknown
错误 失败 异常 超时 告警 警告 报错 拒绝 重启 崩溃 无法 日志 信息
"""
GENERAL = frozenset(GENERAL_WORDS.split())
SHORTEST = 6
"""Letters (a Han character counts three) below which a signature is found in any log."""


def check(guide: Guide) -> Iterator[Problem]:
    """Findings about one guide, each at the line of its part."""
    path = guide.path
    for step in guide.steps:
        left = {match for text in _commands(step) for match in PLACEHOLDER.findall(text)}
        if left:
            yield found(
                path,
                guide.lines.get(f"steps.{step.id}", 0),
                "guide.placeholder",
                step=step.id,
                names=", ".join(sorted(left)[:5]),
            )
    todo = sum(1 for text in _texts(guide) if TODO.search(text))
    if todo:
        yield found(path, 0, "guide.todo", count=todo)
    signatures = dict.fromkeys((*guide.signatures, *(s for one in guide.symptoms for s in one.signatures)))
    for signature in signatures:
        if too_general(signature):
            yield found(path, 0, "guide.signature-general", signature=signature)
    if guide.steps:
        for cause in guide.causes:
            if not cause.fix:
                yield found(
                    path, guide.lines.get(f"causes.{cause.id}", 0), "guide.cause-no-fix", cause=cause.id
                )
    if guide.origin == "authored":
        yield from _unused(guide)


def too_general(signature: str) -> bool:
    """Whether a literal log fragment would be found in the log of almost any trouble."""
    words = [word.casefold() for word in WORDS.findall(signature)]
    if sum(len(word) if word.isascii() else 3 * len(word) for word in words) < SHORTEST:
        return True
    return all(word in GENERAL for word in words)


def _unused(guide: Guide) -> Iterator[Problem]:
    said = " ".join(_texts(guide, expressions=True))
    for alias, use in guide.checks.items():
        if use.check.endswith(".version") and (guide.applies_to or guide.fixed_in):
            continue  # shown beside what the guide says of versions
        named = any(alias in symptom.checks for symptom in guide.symptoms)
        named = named or any(alias in cause.evidence for cause in guide.causes)
        if not named and not re.search(rf"(?<![\w.]){re.escape(alias)}(?!\w)", said):
            yield found(guide.path, guide.lines.get(f"checks.{alias}", 0), "guide.check-unused", alias=alias)


def _commands(step: Step) -> Iterable[str]:
    """What a step sends or patches, without its explanations."""
    for action in (step.action, *(part.action for part in step.undo.parts), step.preview):
        if action is not None and action.kind not in ("manual", "command"):
            yield from _strings(action)


def _texts(guide: Guide, *, expressions: bool = False) -> Iterator[str]:
    """All texts of a guide; with `expressions` also what names a check: conditions, sources, verifications."""
    for part in (*guide.symptoms, *guide.causes, *guide.steps):
        yield from _strings(part)
    if not expressions:
        yield from guide.signatures


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Text):
        yield value.en
        yield value.zh
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            yield from _strings(getattr(value, one.name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)
