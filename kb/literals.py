"""The literal lines of an article that a log or an event may contain: what search by paste matches against.

Signatures of the guide, output and log lines in code blocks, quoted messages, messages that scripts print. Commands,
YAML and tables are left out: they stand in healthy pastes as well.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any
from typing import Literal as Choice
from zlib import crc32

from kb import headings
from kb.lognormal import GAP, NormalLine, has_prefix, normal_literal
from kb.markdown import Block
from kb.model import Article, ArticleText
from kb.trouble import sounds_like_trouble

Kind = Choice["signature", "literal"]
MOST = 400
"""Literals that are kept of one text."""
SHOWN = 240
"""Characters of a literal that are kept to be shown."""

INLINE = re.compile(r"(`{1,2})([^`\n]{1,400})\1")
LOGGED = re.compile(r"\s{0,8}(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d|[IWEF]\d{4} \d\d:\d\d:|\{\"(?:level|ts|log)\")")
QUOTED = re.compile(r"[\"“「]([^\"“”「」\n]{12,300})[\"”」]")
PRINTED = re.compile(r"""(["'])((?:(?!\1)[^\n\\]|\\.){10,300})\1""")
SAID = re.compile(
    r"""[^"'#]{0,120}?\b(?:echo|printf|die|fail|logger|log_\w{1,12})\s{1,4}(?:-\w{1,3}\s{1,4}){0,2}"""
    r"""(["'])((?:(?!\1)[^\n\\]|\\.){10,300})\1"""
)
"""What a script says."""
FENCE = re.compile(r"\s{0,12}(```|~~~)")
SHELLS = frozenset(("bash", "sh", "shell", "console", "zsh", "shell-session", "powershell", "cmd", "bat"))
DATA = frozenset(("yaml", "yml", "json", "toml", "ini", "properties", "xml", "conf", "hcl"))
OUTPUT = frozenset(("", "text", "txt", "log", "logs", "plaintext", "plain", "output", "none"))
COMMAND = re.compile(
    r"\s*(?:[$#%>❯➜]\s{0,4}|[\w@.~:/\[\]-]{1,60}[$#]\s{1,4})?(?:sudo\s{1,4})?"
    r"(?:kubectl|helm|docker|crictl|ctr|nerdctl|podman|ov[sn]-[a-z-]{2,20}|ovsdb-[a-z]{2,10}|cat|grep|egrep|zgrep|awk|sed"
    r"|echo|printf|export|for|do|done|if|then|fi|while|curl|wget|ssh|scp|sysctl|systemctl|journalctl|ip|iptables|nft|ls|cd"
    r"|cp|mv|rm|mkdir|chmod|chown|tar|unzip|git|go|make|apt|apt-get|yum|dnf|mysql|psql|redis-cli|rabbitmqctl|openssl"
    r"|etcdctl|virtctl|istioctl|argocd|velero|python3?|pip3?|java|keytool|jq|yq|watch|ping|tcpdump|nc|dig|nslookup|mount"
    r"|umount|df|du|ps|top|kill|modprobe|lsmod|lsof|source|set|ac|oc|cf|sqlplus|conntrack|ethtool|nmcli|crontab|vi|vim"
    r"|nsenter|docker-compose|kubeadm|rclone|rsync|skopeo|mvn|npm|yarn)(?=\s|$)"
)
SCRIPT = re.compile(
    r"\$\(|\\$|&&|\|\s{0,3}(?:grep|awk|sed|jq|sort|head|tail|wc|xargs|tee|base64|column|cut|tr|uniq)\b"
    r"|\s--?[a-z][\w-]{2,}[= ]|^\s*#|^\s*//|[{};]$"
)
CHOICE = re.compile(r"[\w\])]\|[\w\[(]")
"""A pattern for grep."""
ASSIGNED = re.compile(r"\s*-?\s*[\"']?[\w./-]{1,60}[\"']?\s{0,3}[:=]\s*(.*)")
DRAWN = re.compile(r"[\u2500-\u259f\u2190-\u21ff]|-->|<--|\+--|\|\s.*\s\|\Z")
"""Drawings and tables."""
LONG = 14
"""Letters from which a word is a name."""
SHOUTED = re.compile(r"[A-Z][A-Z0-9 _()./%-]*\Z")


@dataclass(frozen=True, slots=True)
class Literal:
    """One literal of one text."""

    kind: Kind
    section: str
    """The heading it stands under, or the symptom of the guide it belongs to."""
    text: str
    words: tuple[str, ...]
    """Its normal form."""
    trouble: bool
    symptom: bool
    """Whether it stands among the symptoms."""


def literals(article: Article, text: ArticleText, blocks: Sequence[Block]) -> tuple[Literal, ...]:
    """The literals of one text, each normal form once; `blocks` are those of its Markdown."""
    found: dict[tuple[str, ...], Literal] = {}
    for literal in (*_signatures(article, text.lang), *_of_text(text, blocks)):
        known = found.get(literal.words)
        if known is None:
            if len(found) < MOST:
                found[literal.words] = literal
        elif literal.symptom and not known.symptom and known.kind == "literal":
            found[literal.words] = literal
    return tuple(found.values())


def keys(words: tuple[str, ...]) -> Iterator[int]:
    """What lines are looked up by: a short digest of each two neighbouring words, and of words that have none."""
    for word in alone(words):
        yield key(word)
    for one, two in pairwise(words):
        if one != GAP and two != GAP:
            yield key(f"{one} {two}")


@lru_cache(maxsize=65536)
def alone(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words with nothing but gaps beside them."""
    around = (GAP, *words, GAP)
    return tuple(
        word
        for word, before, after in zip(words, around, around[2:], strict=False)
        if before == after == GAP and word != GAP
    )


def key(words: str) -> int:
    """The digest of two words with a space between them, or of one word: 32 bits."""
    return crc32(words.encode("utf-8", "replace"))


def packed(literal: Literal) -> tuple[str, str, str, str, int]:
    """A literal as the index stores it."""
    flags = literal.trouble + 2 * literal.symptom
    return literal.kind, literal.section, literal.text, " ".join(literal.words), flags


def unpacked(values: tuple[Any, ...]) -> Literal:
    """A stored literal."""
    kind, section, text, words, flags = values
    return Literal(kind, section, text, tuple(words.split(" ")), bool(flags & 1), bool(flags & 2))


def _signatures(article: Article, lang: str) -> Iterator[Literal]:
    if not article.guide:
        return
    said = [("", signature) for signature in article.guide.signatures]
    for symptom in article.guide.symptoms:
        said += [(symptom.text.get(lang), signature) for signature in symptom.signatures]
    for section, signature in sorted(
        said, key=lambda item: not item[0]
    ):  # under a symptom where it is there too
        form = normal_literal(signature)
        if form.words:
            yield _literal("signature", section, signature, form, symptom=True)


def _of_text(text: ArticleText, blocks: Sequence[Block]) -> Iterator[Literal]:
    outline = _Outline(blocks)
    for block in blocks:
        if block.kind == "heading":
            form = normal_literal(block.text)
            if form.trouble and _latin(form.words) >= 4:
                yield _literal(
                    "literal", block.text if block.text != text.title else "", block.text, form, symptom=True
                )
        elif block.kind == "code":
            section, symptom = outline.at(block.line)
            for line in _lines_of_code(block):
                form = normal_literal(line)
                if _telling(form, line):
                    yield _literal("literal", section, line, form, symptom=symptom)
    for number, line in _prose(text.markdown):
        for piece in _quoted(line):
            if len(piece) < 12 or COMMAND.match(piece) or SCRIPT.search(piece):
                continue
            if CHOICE.search(piece) and not has_prefix(piece):
                continue
            form = normal_literal(piece)
            section, symptom = outline.at(number)
            if _telling(form, piece, fewest=3 if symptom else 5):
                yield _literal("literal", section, piece, form, symptom=symptom)


def _literal(kind: Kind, section: str, text: str, form: NormalLine, *, symptom: bool) -> Literal:
    trouble = form.trouble or form.level in ("warning", "error")
    return Literal(kind, section, text.strip()[:SHOWN], form.words, trouble, symptom)


def _telling(form: NormalLine, line: str, fewest: int = 5) -> bool:
    """Whether a line says more than names and numbers: a few words; of trouble, two if one of them is a name."""
    words = [word for word in form.words if word != GAP]
    if len(words) < 2 or DRAWN.search(line) or SHOUTED.match(line.strip()):
        return False
    if form.trouble or form.level in ("warning", "error"):
        return len(words) >= 3 or any("_" in word or len(word) >= LONG for word in words)
    return len(words) >= fewest


def _latin(words: Iterable[str]) -> int:
    return sum(word[0].isascii() and len(word) > 1 for word in words)


def _lines_of_code(block: Block) -> Iterator[str]:
    """The lines of a code block that may stand in a log."""
    language = block.info.split()[0].lower() if block.info.split() else ""
    output = language in OUTPUT or language in SHELLS
    if language not in OUTPUT and not sounds_like_trouble(block.text):
        return
    for line in block.text.split("\n"):
        if len(line) < 12 or line.isspace():
            continue
        said = SAID.match(line)
        if said:
            if sounds_like_trouble(said[2]) and "$(" not in said[2]:
                yield said[2]
            continue
        if output and not COMMAND.match(line) and (not SCRIPT.search(line) or has_prefix(line)):
            if language in OUTPUT or has_prefix(line) or sounds_like_trouble(line):
                yield line
        elif language in DATA:
            value = ASSIGNED.match(line)
            if line.lstrip().startswith(("#", "//")):
                continue
            if has_prefix(line) or line.lstrip()[:2] == '{"':
                yield line
            elif value and sounds_like_trouble(value[1]):
                yield value[1]
        elif sounds_like_trouble(line):
            yield from (match[2] for match in PRINTED.finditer(line))


def _prose(markdown: str) -> Iterator[tuple[int, str]]:
    """The lines outside of fences, numbered as blocks are."""
    fence = ""
    for number, line in enumerate(markdown.split("\n"), start=1):
        mark = FENCE.match(line)
        if mark and (not fence or mark[1] == fence):
            fence = "" if fence else mark[1]
        elif not fence and len(line) < 20_000:
            yield number, line


def _quoted(line: str) -> Iterator[str]:
    """Messages quoted in a line of prose, and the line itself where it is one that somebody forgot to fence."""
    if "`" in line:
        yield from (match[2] for match in INLINE.finditer(line))
        line = INLINE.sub("", line)
    if '"' in line or "“" in line or "「" in line:
        yield from (match[1] for match in QUOTED.finditer(line))
    if LOGGED.match(line):
        yield line


class _Outline:
    """Which heading a line stands under, and whether that is among the symptoms."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._lines: list[int] = []
        self._found: list[tuple[str, bool]] = []
        kinds: list[tuple[int, str]] = []
        for block in blocks:
            if block.kind == "heading":
                while kinds and kinds[-1][0] >= block.level:
                    kinds.pop()
                kinds.append((block.level, headings.kind(block.text)))
                kind = next((kind for _, kind in reversed(kinds) if kind != "other"), "other")
                self._lines.append(block.line)
                self._found.append((block.text, kind == "symptoms"))

    def at(self, line: int) -> tuple[str, bool]:
        """The heading and whether it is one of symptoms."""
        place = bisect_right(self._lines, line) - 1
        return self._found[place] if place >= 0 else ("", False)
