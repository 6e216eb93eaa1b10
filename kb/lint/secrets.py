"""What looks like a secret in an article: keys, tokens, passwords that were real. The finding never repeats it."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator

from kb.lint.view import View, grouped
from kb.problem import Problem

LONGEST = 4_000
"""Characters of a line that are looked at."""
KEY_BEGIN = re.compile(r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----")
KEY_BODY = re.compile(r"[\s>\"'|]*[A-Za-z0-9+/=\\n]{40,}")
TOKENS = re.compile(
    r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bglpat-[A-Za-z0-9_-]{20}\b"
    r"|\bxox[abprs]-[0-9]{6,}-[A-Za-z0-9-]{10,}|\bLTAI[A-Za-z0-9]{16,26}\b|\bsk-[A-Za-z0-9]{40,}\b"
)
JWT = re.compile(r"\b(eyJ[A-Za-z0-9_-]{10,})\.eyJ[A-Za-z0-9_-]{10,}\.([A-Za-z0-9_-]{20,})")
PASSWORD = re.compile(
    r"(?i)(?:password|passwd|passphrase|secret_?key|access_?key|api_?key|token)[\"']?\s{0,3}[:=]\s{0,3}[\"']?"
    r"([A-Za-z0-9+/=_!@#%^&*.-]{16,200})(?![\w./:-])"
)
URL = re.compile(r"\bhttps?://([^\s/:@<>\"'`]{1,80}):([^\s/@<>\"'`]{3,200})@[\w.-]")
STAND_IN = re.compile(
    r"(?i)[<>${}*%\\]|\.\.\.|…|xxx|example|changeme|change-me|your|placeholder|redacted|passw|secret|token|"
    r"sample|dummy|demo|test|1234|abcd|foobar"
)


def check(view: View) -> Iterator[Problem]:
    """Private keys, tokens, random passwords, and URLs with a password in them."""
    keys, tokens, passwords, urls = [], [], [], []
    for number, whole in enumerate(view.lines, start=1):
        line = whole[:LONGEST]
        if "PRIVATE KEY-----" in line and KEY_BEGIN.search(line) and _key_follows(view, number):
            keys.append(number)
        if any(not STAND_IN.search(m[0][4:]) for m in TOKENS.finditer(line)) or any(
            _is_jwt(m[1]) for m in JWT.finditer(line)
        ):
            tokens.append(number)
        elif any(_random(m[1]) for m in PASSWORD.finditer(line)):
            passwords.append(number)
        if "@" in line and any(not STAND_IN.search(m[2]) for m in URL.finditer(line)):
            urls.append(number)
    yield from grouped(view.path, keys, "secret.private-key")
    yield from grouped(view.path, tokens, "secret.token")
    yield from grouped(view.path, passwords, "secret.password")
    yield from grouped(view.path, urls, "secret.url")


def _key_follows(view: View, number: int) -> bool:
    here = KEY_BEGIN.split(view.lines[number - 1][:LONGEST], maxsplit=1)[-1]
    following = [here, *(line[:LONGEST] for line in view.lines[number : number + 4])]
    return any(KEY_BODY.match(line) for line in following)


def _is_jwt(head: str) -> bool:
    try:
        return "alg" in json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except (ValueError, binascii.Error, TypeError, RecursionError):
        return False


def _random(text: str) -> bool:
    """Whether a value looks generated: three classes of characters, many different ones, no stand-in word."""
    if STAND_IN.search(text):
        return False
    classes = sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    # words joined by dashes are names of things, however long
    return classes == 3 and len(set(text)) >= 10 and not re.search(r"[a-z]{3,}[-_.][a-z]{3,}", text)
