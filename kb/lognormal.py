"""A log line, event or message to its normal form: what varies from one occurrence to the next is gone.

Timestamps, addresses, UUIDs, hashes in pod names, container ids, durations, sizes, numbers and log prefixes go; words,
identifiers, paths and file names stay, in small letters. The same form is made of articles' literal lines when they are
indexed and of pasted lines when they are looked up, so a rule here only has to treat both sides alike. Lines are cut at
`LONGEST`; no pattern looks further than a few hundred characters from where it starts.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

from kb.trouble import sounds_like_trouble

Level = Literal["", "debug", "info", "warning", "error"]
LONGEST = 4000
GAP = "*"
"""Stands in the words of an article's literal where the article has a placeholder: anything may stand there."""

CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
ESCAPE = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,300}(?:\x07|\x1b\\)?|[@-Z\\-_])")

CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?"
ZONE = r"(?:\s?(?:Z|UTC|GMT|[A-Z]{3,4}T|[+-]\d\d:?\d\d))?"
MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
STAMP = (
    rf"(?:\d{{4}}[-/.]\d\d[-/.]\d\d(?:[T ]{CLOCK}{ZONE})?"
    rf"|\d\d/{MONTH}/\d{{4}}:{CLOCK}{ZONE}"
    rf"|(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? )?(?:{MONTH} {{1,2}}\d{{1,2}}|\d{{1,2}} {MONTH})"
    rf"(?:,? \d{{4}})? {CLOCK}{ZONE}(?: \d{{4}})?"
    rf"|{CLOCK}{ZONE}|\d{{10}}(?:\d{{3}}|\.\d{{1,9}}))"
)
PREFIXES = re.compile(
    r"\s*(?:"
    r"\[pod/[^\]\s]{1,300}\]"  # kubectl logs --prefix
    r"|<\d{1,3}>\d?(?=[ A-Z\d])"  # syslog priority
    rf"|[\[(]?{STAMP}[\])]?[:,]?(?=[\s|\]]|$)"
    r"|(?:stdout|stderr) [FP](?= )"  # container runtime interface
    r"|[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{1,9}\s{1,9}\d{1,9} [^\s\]]{1,120}\]"  # klog
    r"|\|?\d{5}\|[\w@-]{1,40}(?:\([\w./-]{1,40}\))?\|(?:EMER|ERR|WARN|INFO|DBG)\|"  # Open vSwitch
    r"|\[ {0,8}\d{1,9}\.\d{6}\](?:\[ {0,6}[CT]\d{1,7}\])?"  # kernel ring buffer
    r"|(?<=[\dZ] )[\w.-]{1,64} [\w./@-]{1,64}(?:\[\d{1,9}\])?:(?= )"  # syslog host and process
    r"|[\w.-]{1,64}-\d{1,3} {1,20}\|(?= )"  # docker compose
    r"|[\w./-]{1,100}\.log(?:\.\d)?:(?:\d{1,9}:)?"  # grep over files
    r"|(?:\[(?:[A-Za-z]{4,8})\]|TRACE|DEBUG|INFO|NOTICE|WARN(?:ING)?|ERROR|FATAL|CRIT(?:ICAL)?)(?=[\s:|])[:|]?"
    r"|\w[\w/.-]{0,80}\.(?:go|c|cc|cpp|rs|py|js|java):\d{1,6}\]?:?(?=\s)"
    r")"
)
KLOG = re.compile(r"(?:^|[\s|:])([IWEF])\d{4} \d\d:\d\d:\d\d\.\d")
LEVELLED = re.compile(
    r"(?:\blevel[\"']?\s?[=:]\s?[\"']?|\blvl=|\bseverity[\"']?\s?[=:]\s?[\"']?)([A-Za-z]{3,9})"
    r"|[|\s\[<]\[?(TRACE|DEBUG|DBG|INFO|INF|NOTICE|Normal|WARN|WARNING|Warning|WRN|ERR|ERROR|FATAL|CRIT|CRITICAL"
    r"|EMER|PANIC|SEVERE)[|\s\]:>]"
)
LEVELS: dict[str, Level] = {
    "trace": "debug", "debug": "debug", "dbg": "debug",
    "info": "info", "inf": "info", "notice": "info", "normal": "info", "i": "info",
    "warn": "warning", "warning": "warning", "wrn": "warning", "w": "warning",
    "err": "error", "error": "error", "fatal": "error", "crit": "error", "critical": "error", "emer": "error",
    "panic": "error", "severe": "error", "dpanic": "error", "e": "error", "f": "error",
}  # fmt: skip
MESSAGE_KEYS = (
    "msg",
    "message",
    "MESSAGE",
    "log",
    "error",
    "err",
    "reason",
    "note",
    "stacktrace",
    "exception",
)
LEVEL_KEYS = ("level", "severity", "lvl", "levelname", "type")

SUFFIX = "[bcdfghjklmnpqrstvwxz2456789]"
VARIABLE = re.compile(
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    r"|(?:sha256|sha512|md5|containerd|docker|cri-o)[:/]{1,3}[0-9a-f]{6,128}"
    r"|(?<![\w:])(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}(?![\w:])"
    rf"|(?<![\w.]){STAMP}(?![\w])"
    r"|(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d{1,5})?(?![\w.]\w)"
    r"|(?<![\w:.])\[?(?:[0-9a-fA-F]{1,4}:){2,7}(?::|[0-9a-fA-F]{1,4}|(?::[0-9a-fA-F]{1,4}){1,6})(?:%\w{1,16})?\]?(?:/\d{1,3})?(?![\w:])"
    r"|(?<![\w:])[0-9a-fA-F]{1,4}::(?:[0-9a-fA-F]{1,4}:?){0,6}(?:/\d{1,3})?(?![\w:])"
    r"|(?<![\w:])::(?:1|ffff:[\d.]{7,15})?(?:/\d{1,3})?(?![\w:])"
    rf"|-(?=[a-z]{{0,9}}\d){SUFFIX}{{7,10}}-{SUFFIX}{{5}}(?![A-Za-z0-9-])"  # ReplicaSet and pod
    rf"|(?<=[a-z0-9])-{SUFFIX}{{8,10}}-{SUFFIX}{{5}}(?![A-Za-z0-9-])"
    rf"|(?<=[a-z0-9])-(?=[a-z]{{0,9}}\d){SUFFIX}{{8,10}}(?![A-Za-z0-9-])"
    rf"|(?<=[a-z0-9])-(?=[a-z]{{0,4}}\d){SUFFIX}{{5}}(?![A-Za-z0-9-])"
    r"|\b0[xX][0-9a-fA-F]{1,32}\b"
    r"|(?<![A-Za-z0-9])(?:[0-9a-f]{12,128}|(?=[a-f]{0,10}\d)[0-9a-f]{8,11})(?![A-Za-z0-9])"
    r"|(?<![\w.])[+-]?\d{1,18}(?:[.,]\d{1,9})?\s?(?:[KMGTPE]i?B?|B|bytes|KB|kB)(?![\w-])"
    r"|(?<![\w.])(?:\d{1,9}(?:\.\d{1,9})?(?:ns|us|µs|μs|ms|msec|usec|s|m|h|d|y)){1,6}(?![\w-])"
    r"|(?<![\w.])v?\d{1,18}(?:[.,]\d{1,18}){0,6}%?(?![\w.-]\w|\w)"
)
VARYING = re.compile(r"(?<!\S)(?=\S*(?:\d|:[a-f]{2}:))\S+")
"""Only pieces with a digit in them, or like an address, are looked at for what varies: that saves most of the time."""
PLACEHOLDER = re.compile(
    r"<[^<>\s][^<>\n]{0,60}>[sm]?|\$?\{\{?[^{}\n]{1,60}\}\}?|\$[A-Za-z_]\w{1,40}|\b[xX]{3,40}\b|\.{3,6}|…|\*{3,}"
)
DIGITS = re.compile(r"\d+")
WORD = re.compile(
    r"[a-z_#\u00c0-\u024f][\w#]*(?:[./\-]+[\w#]+)*|[\u3400-\u9fff\uac00-\ud7a3\u3040-\u30ff]|\*"
)
DROPPED = frozenset(
    (
        "time",
        "ts",
        "level",
        "lvl",
        "msg",
        "caller",
        "logger",
        "pid",
        "tid",
        "thread",
        "severity",
        "timestamp",
        "#",
    )
)
"""Keys of structured logs and what is left of numbers: they say nothing."""
MOST_WORDS = 400


@dataclass(frozen=True, slots=True)
class NormalLine:
    """One line in its normal form."""

    words: tuple[str, ...]
    level: Level = ""
    """As the line says it; empty where it says none."""
    trouble: bool = False
    """Whether its words are those of something going wrong."""

    @property
    def text(self) -> str:
        """The words between single spaces, with one at each end, so that whole words can be found in it."""
        return f" {' '.join(self.words)} "


def clean(line: str) -> str:
    """The line without escape sequences, control and direction characters, at most `LONGEST` characters long."""
    if len(line) > LONGEST:
        line = line[:LONGEST]
    if not line.isprintable():
        line = CONTROL.sub(" ", ESCAPE.sub("", line))
    return line


def normal(line: str) -> NormalLine:
    """The normal form of a pasted line."""
    line = clean(line)
    message, level = message_of(line)
    words = tuple(word for word in _words(message) if word != GAP)
    return NormalLine(words, level, sounds_like_trouble(message))


def normal_literal(line: str) -> NormalLine:
    """The normal form of an article's literal: placeholders are gaps, none of them at the ends."""
    line = clean(line)
    message, level = message_of(line)
    if PLACEHOLDER.search(message):
        message = PLACEHOLDER.sub(f" {GAP} ", message)
    found = _words(message)
    words = tuple(
        word
        for place, word in enumerate(found)
        if word != GAP or found[place - 1 : place] not in ((), (GAP,))
    )
    if words[-1:] == (GAP,):
        words = words[:-1]
    return NormalLine(words, level, sounds_like_trouble(message))


def has_prefix(line: str) -> bool:
    """Whether a line begins as a log line does: with a time, a level, a runtime's prefix."""
    return PREFIXES.match(clean(line[:LONGEST])) is not None


def message_of(line: str) -> tuple[str, Level]:
    """The message of a log line without its prefixes, and the level the line gives itself."""
    level: Level = ""
    for _ in range(3):  # a container runtime wraps a log line that may itself be JSON
        stripped = line.lstrip()
        if stripped[:1] != "{" or '"' not in stripped[:3]:
            found = _level(line)
            level = found or level
            rest = _without_prefixes(line)
            if rest[:1] == "{" and rest != line:
                line = rest
                continue
            return rest, level
        inner = _json_message(stripped)
        if inner is None:
            return line, level
        line, found = inner
        level = found or level
    return line, level


def _without_prefixes(line: str) -> str:
    position = 0
    for _ in range(8):
        match = PREFIXES.match(line, position)
        if match is None or match.end() == position:
            break
        position = match.end()
    while line[position : position + 1].isspace():
        position += 1
    return line[position:]


def _level(line: str) -> Level:
    head = line[:400]
    match = KLOG.search(head[:120])
    if match:
        return LEVELS[match[1].lower()]
    match = LEVELLED.search(f" {head} ")
    return LEVELS.get((match[1] or match[2]).lower(), "") if match else ""


def _json_message(line: str) -> tuple[str, Level] | None:
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    said = [value for key in MESSAGE_KEYS if isinstance(value := values.get(key), str) and value]
    if not said:
        return None
    level = next((value for key in LEVEL_KEYS if isinstance(value := values.get(key), str)), "")
    return " ".join(" ".join(dict.fromkeys(said)).split("\n")), LEVELS.get(level.lower(), "")


def _steady(piece: re.Match[str]) -> str:
    return VARIABLE.sub(" ", piece[0])


def _named(word: str) -> str:
    """The name of an exception without that of its package: some logs have it, some not."""
    return word.rpartition(".")[2] if word.endswith(("exception", "error")) else word


def _words(message: str) -> tuple[str, ...]:
    plain = DIGITS.sub("#", VARYING.sub(_steady, message)).lower()
    found = [word for word in WORD.findall(plain) if word not in DROPPED]
    if "exception" in plain or "error" in plain:
        found = [_named(word) for word in found]
    return tuple(found[:MOST_WORDS])
