"""The codes of all findings about a library with their severities: stable names that scripts may rely on.

An error: klinik cannot use a file or a part of it. A warning: a reader or operator will be misled or harmed. An info:
it could be better. What each says and what to do about it stands in the catalogue and, generated, in docs/lint.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from kb.messages import area, message
from kb.problem import Severity
from kb.text import Text

OF_LINT: Mapping[str, Severity] = MappingProxyType(
    {
        # files and front matter
        "article.overridden": "info",
        "article.id-case": "warning",
        "article.bad-id": "info",
        "article.duplicate": "warning",
        "article.near-duplicate": "info",
        "article.missing-language": "info",
        "article.wrong-language": "warning",
        "article.todo": "info",
        "front.no-kind": "info",
        "front.duplicate-id": "warning",
        "front.languages-differ": "info",
        "root.one-language": "info",
        "translation.stale": "warning",
        "translation.differs": "info",
        # text
        "text.control": "warning",
        "text.bidi": "warning",
        "text.invisible": "info",
        "text.line-cut": "warning",
        "text.long-line": "info",
        "fence.unclosed": "warning",
        "fence.tab": "warning",
        "section.empty": "info",
        "section.unknown": "info",
        "section.no-steps": "warning",
        "link.dead-image": "warning",
        "link.dead-article": "warning",
        "link.dead-file": "info",
        "secret.private-key": "warning",
        "secret.token": "warning",
        "secret.password": "warning",
        "secret.url": "warning",
        # commands
        "command.prompt": "info",
        "command.unparsable": "info",
        "command.no-namespace": "info",
        "command.write-no-namespace": "warning",
        # guides
        "guide.placeholder": "warning",
        "guide.todo": "info",
        "guide.signature-general": "warning",
        "guide.cause-no-fix": "info",
        "guide.leads-nowhere": "warning",
        "guide.check-unused": "info",
    }
)
"""Codes whose sentence is ``lint.CODE``."""

_OF_READING: Mapping[str, Severity] = MappingProxyType(
    dict.fromkeys(
        (
            *("article.bytes", "article.control", "article.encoding", "article.no-title", "article.twice"),
            *("front.glued", "front.loose", "front.no-end", "front.no-start", "front.toml"),
            *("index.behind", "index.busy", "index.no-room"),
            *("glossary.contradiction", "glossary.duplicate", "glossary.duplicate-pair"),
            *("glossary.not-en", "glossary.not-zh"),
        ),
        "warning",
    )
)
"""Codes of reading files, ``kb.CODE`` in the catalogue, that are no errors; all others there are."""
_PREFIXES = ("file.", "root.", "article.", "front.", "yaml.", "guide.", "glossary.", "index.")
_OF_GUIDES: Mapping[str, Severity] = MappingProxyType(
    {
        **dict.fromkeys(
            (
                *("guide.unknown-check", "guide.unknown-param", "guide.param-type", "guide.cel"),
                *("guide.unknown-field", "guide.unknown-role", "guide.cause-unreachable"),
            ),
            "error",
        ),
        **dict.fromkeys(("guide.cause-blind", "guide.step-unreachable", "guide.no-verify"), "warning"),
    }
)
"""Codes of a guide against the catalogue of checks."""
_OF_CHECKS = (
    *(
        "type",
        "unknown-key",
        "missing",
        "missing-language",
        "choice",
        "not-list",
        "bad-id",
        "bad-name",
        "duplicate-id",
    ),
    *("no-reads", "one-read", "parse-of-list", "empty-argv", "shell", "writes", "resource", "parse", "cel"),
    *("unknown-slot", "unknown-read", "unknown-role", "unknown-measure", "unknown-name", "unknown-param"),
    *("unknown-placeholder", "unknown-judge", "judge-and", "name-taken", "no-outcomes", "no-default"),
    *("default-not-last", "no-summary", "braces", "keep-path"),
    *("no-families", "bad-family", "port", "url-path", "promql", "bad-label", "on-without-by"),
    *("as", "only-of-answers", "or-list", "or-of-listing"),
    *(
        "test-list",
        "test-mapping",
        "test-no-check",
        "test-now",
        "test-target",
        "test-answer",
        "test-garbled-ok",
    ),
    "test-failed",
    *("applies-role", "applies-kind", "applies-optional", "applies-version"),
)
"""Codes of files of checks, ``check.CODE``; a check with any of them is not used, but for those of its tests."""


def severities() -> dict[str, Severity]:
    """Every code with its severity, in the order of their names."""
    found: dict[str, Severity] = {}
    for key in area("kb"):
        if key.startswith(_PREFIXES):
            found[key] = _OF_READING.get(key, "error")
    found |= {f"check.{code}": "error" for code in _OF_CHECKS}
    found["check.no-tests"] = "info"
    found |= _OF_GUIDES
    found |= OF_LINT
    return dict(sorted(found.items()))


def sentence(code: str) -> Text:
    """The sentence of a code with its placeholders unfilled; KeyError for a code that does not exist."""
    if code in OF_LINT:
        return area("lint")[code]
    if code in area("kb"):
        return area("kb")[code]
    group, _, name = code.partition(".")
    return area("checks")[name if group == "check" else f"{group}-{name}"]


def hint(code: str) -> Text:
    """What to do about a finding; empty where nothing is known about the code."""
    key = f"hint.{code}"
    return message(f"lint.{key}", code=code) if key in area("lint") else Text()


def matching(patterns: Sequence[str]) -> frozenset[str]:
    """The codes meant by ``guide.no-undo``, ``guide.*`` or ``guide``; KeyError names a pattern that means none."""
    found: set[str] = set()
    for pattern in patterns:
        stem = pattern.removesuffix("*").removesuffix(".")
        hits = [code for code in severities() if code == pattern or code.startswith(stem + ".")]
        if not hits:
            raise KeyError(pattern)
        found.update(hits)
    return frozenset(found)


def lines_of(lines: Sequence[int]) -> Text:
    """``lines 3, 8, 12 and 4 more``: the places of one kind of finding in a file."""
    shown = 5
    first = [str(line) for line in lines[:shown]]
    if len(lines) == 1:
        return message("lint.lines.one", line=first[0])
    more = len(lines) - shown
    name = "lint.lines.more" if more > 0 else "lint.lines.all"
    listed = Text(", ".join(first), "、".join(first))
    return message(name, lines=listed, more=max(more, 0))
