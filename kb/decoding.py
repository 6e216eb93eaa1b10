"""Bytes of unknown encoding to text; never an exception."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from kb.findings import finding
from kb.problem import Problem

HAN = re.compile(r"[\u3400-\u9fff]")
INVISIBLE = re.compile("[\u200b\u2060\ufeff\u00ad]")
"""Zero-width blanks, joins, marks and soft hyphens: they split words that look whole."""
TYPOGRAPHIC = frozenset(
    b"\x85\x91\x92\x93\x94\x95\x96\x97\x99\xa0\xa3\xa9\xab\xae\xb0\xb1\xb5\xb7\xbb\xd7"
    b"\xc4\xd6\xdc\xdf\xe0\xe4\xe7\xe8\xe9\xea\xf1\xf6\xfc"
)
"""The bytes of Windows-1252 that turn up in notes: quotes, dashes, signs, common accents."""
SAMPLE = 65_536


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text (None for what is no text at all) and what had to be done to get it."""

    text: str | None
    problems: tuple[Problem, ...] = ()
    encoding: str = "UTF-8"


def decode(data: bytes, path: str) -> Decoded:
    """Text from UTF-8, UTF-16/32, GB18030 or Windows-1252, with ``\\n`` line ends, without NUL and invisible marks."""
    text, encoding, problems = _text(data, path)
    if text is None:
        return Decoded(None, tuple(problems))
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        problems.append(finding(path, line, "article.control", "warning"))
        text = text.replace("\0", "")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.isascii():
        text = text.replace("\u2028", "\n").replace("\u2029", "\n")
        text = INVISIBLE.sub("", text)
    return Decoded(text, tuple(problems), encoding)


def _text(data: bytes, path: str) -> tuple[str | None, str, list[Problem]]:
    wide = _wide(data)
    if wide:
        named = wide.removesuffix("-le").removesuffix("-be").upper()
        text = data.decode(wide, "replace")
        return text, named, [finding(path, 0, "article.encoding", "warning", encoding=named)]
    if is_binary(data):
        return None, "", [finding(path, 0, "article.binary")]
    try:
        return data.decode("utf-8-sig"), "UTF-8", []
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
    return _not_utf8(data, path, line)


def _not_utf8(data: bytes, path: str, line: int) -> tuple[str, str, list[Problem]]:
    """Broken UTF-8 stays UTF-8: its characters outnumber the breaks, which no other encoding does by chance."""
    text = data.decode("utf-8-sig", "replace")
    broken = text.count("\ufffd")
    whole = sum(1 for c in text if c > "\x7f") - broken
    if whole <= broken:
        chinese = data.decode("gb18030", "replace")
        bad = chinese.count("\ufffd")
        han = len(HAN.findall(chinese))
        if han >= 5 * bad and han * 2 >= sum(1 for c in chinese if c > "\x7f") and _common(chinese):
            problem = finding(path, line, "article.encoding", "warning", encoding="GB18030")
            return chinese, "GB18030", [problem]
        if all(byte < 128 or byte in TYPOGRAPHIC for byte in data):
            western = data.decode("cp1252", "replace")
            problem = finding(path, line, "article.encoding", "warning", encoding="Windows-1252")
            return western, "Windows-1252", [problem]
    return text, "UTF-8", [finding(path, line, "article.bytes", "warning")]


def _common(text: str) -> bool:
    """Whether Chinese characters are those people write: GB2312's first level, not rare ones hit by chance."""
    han = HAN.findall(text[:SAMPLE])
    raw = "".join(han).encode("gb18030", "replace")
    level_one = sum(1 for at in range(0, len(raw) - 1, 2) if 0xB0 <= raw[at] <= 0xD7 and raw[at + 1] >= 0xA1)
    return level_one * 10 >= len(han) * 7


def _wide(data: bytes) -> str:
    """The UTF-16 or UTF-32 the data is in, by its mark or by where its zero bytes are; empty for neither."""
    if data.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return "utf-32"
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return "utf-16"
    head = data[:SAMPLE][: len(data[:SAMPLE]) & ~1]
    if len(head) < 4 or b"\0" not in head:
        return ""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    for zeros, others, name in ((odd, even, "utf-16-le"), (even, odd, "utf-16-be")):
        if zeros * 50 >= len(head) and others * 4 <= zeros and _reads(head, name):
            return name
    return ""


CONTROLS = bytes((*range(9), *range(14, 27), *range(28, 32)))
"""Control characters that no text has, apart from the escape of coloured logs."""


def _reads(head: bytes, encoding: str) -> bool:
    text = head.decode(encoding, "replace")
    strange = sum(1 for c in text if c == "\ufffd" or (not c.isprintable() and c not in "\t\r\n\f\ufeff"))
    return strange * 50 <= len(text)


def is_binary(data: bytes) -> bool:
    """Whether the first bytes hold more control characters than any text does."""
    head = data[:8192]
    strange = len(head) - len(head.translate(None, CONTROLS))
    return strange * 20 > len(head)
