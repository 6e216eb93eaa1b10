"""Secrets out of text: the same secret always becomes the same token, and the token does not give it away. Pure."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_PATTERNS: tuple[tuple[tuple[str, ...], re.Pattern[str]], ...] = (
    (
        ("private key-----",),
        re.compile(
            r"(?P<keep>-----BEGIN [A-Z ]*PRIVATE KEY-----)(?P<secret>.+?)(?=-----END [A-Z ]*PRIVATE KEY-----|\Z)",
            re.S,
        ),
    ),
    (
        ("eyj",),
        re.compile(r"(?P<keep>)(?P<secret>\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*)"),
    ),
    (("bearer", "basic"), re.compile(r"(?P<keep>\b(?i:bearer|basic)\s+)(?P<secret>[A-Za-z0-9._~+/=-]{12,})")),
    (
        ("password", "passwd", "secret", "token", "key"),
        re.compile(
            r"(?P<keep>(?i:password|passwd|secret|token|api[_-]?key|access[_-]?key)[\w.-]*[\"']?\s*[:=]\s*[\"']?)"
            r"(?P<secret>[^\s\"',;}{]{4,})"
        ),
    ),
    (("://",), re.compile(r"(?P<keep>\b[a-z][a-z0-9+.-]{0,30}://[^\s/:@]{1,200}:)(?P<secret>[^\s/@]+)(?=@)")),
)
"""Each with what a text must hold, in lower case, before the pattern is worth trying: outputs are tens of megabytes."""
_SECRET_KEYS = ("data", "stringData")
_SECRET_NAMES = ("secret", "secrets")
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_TOKEN = re.compile(r"secret=<secret:[0-9a-f]{8}>")


def redactor(key: str) -> Callable[[str], str]:
    """A function that replaces secrets in text by tokens like ``<secret:1a2b3c4d>``; tokens depend on `key`."""

    def token(secret: str) -> str:
        raw = secret.encode("utf-8", "surrogatepass")
        return f"<secret:{hmac.new(key.encode(), raw, hashlib.sha256).hexdigest()[:8]}>"

    def replace(match: re.Match[str]) -> str:
        secret = match.group("secret")
        return match.group("keep") + (secret if secret.startswith("<secret:") else token(secret))

    def redact(text: str) -> str:
        lowered = text.lower()
        for signs, pattern in _PATTERNS:
            if any(sign in lowered for sign in signs):
                text = pattern.sub(replace, text)
        return text

    return redact


def redact_tree(value: Any, redact: Callable[[str], str]) -> Any:
    """A JSON-like value with every string redacted, and the data of Kubernetes Secrets whole."""
    return _tree(value, redact, secret=False)


def redact_words(words: Sequence[str], redact: Callable[[str], str]) -> list[str]:
    """A command line redacted word by word; what it writes into a Secret is a secret whatever it looks like."""
    secret = any(word.partition("/")[0].partition(".")[0] in _SECRET_NAMES for word in words)
    return [_patch(word, redact) if secret and word[:1] in "{[" else redact(word) for word in words]


def _tree(value: Any, redact: Callable[[str], str], *, secret: bool) -> Any:
    """`secret`: the value is, or is part of, an object that is known to be a Secret from what stands around it."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        known = secret or value.get("kind") in ("Secret", "SecretList") or _of_secret(value)
        return {key: _field(key, inner, redact, secret=known) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_tree(inner, redact, secret=secret) for inner in value]
    return value


def _field(key: str, inner: Any, redact: Callable[[str], str], *, secret: bool) -> Any:
    if secret and (key in _SECRET_KEYS or key == _LAST_APPLIED):
        return _masked(inner, redact)
    return _tree(inner, redact, secret=secret)


def _of_secret(value: Mapping[str, Any]) -> bool:
    """A journal's entry about a Secret: the object inside may not say what it is."""
    return str(value.get("resource", "")).rpartition("/")[2] == "secrets"


def _masked(value: Any, redact: Callable[[str], str]) -> Any:
    """Tokens for values, whole: blanks, quotes and short values do not let a part of one through."""
    if isinstance(value, Mapping):
        return {key: _masked(inner, redact) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_masked(inner, redact) for inner in value]
    if not isinstance(value, str) or _TOKEN.fullmatch(value):
        return value
    return redact(f"secret={hashlib.sha256(value.encode('utf-8', 'surrogatepass')).hexdigest()}")


def _patch(word: str, redact: Callable[[str], str]) -> str:
    try:
        body = json.loads(word)
    except ValueError:
        return redact("secret=" + hashlib.sha256(word.encode("utf-8", "surrogatepass")).hexdigest())
    if isinstance(body, list):  # a JSON patch: any of its values may be one
        clean: Any = [
            {key: _masked(inner, redact) if key == "value" else inner for key, inner in one.items()}
            if isinstance(one, Mapping)
            else one
            for one in body
        ]
    else:
        clean = _tree(body, redact, secret=True)
    return json.dumps(clean, ensure_ascii=False)
