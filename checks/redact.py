"""Secrets out of text: the same secret always becomes the same token, and the token does not give it away. Pure."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
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


def redactor(key: str) -> Callable[[str], str]:
    """A function that replaces secrets in text by tokens like ``<secret:1a2b3c4d>``; tokens depend on `key`."""

    def token(secret: str) -> str:
        return f"<secret:{hmac.new(key.encode(), secret.encode(), hashlib.sha256).hexdigest()[:8]}>"

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
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        secret = value.get("kind") == "Secret"
        return {
            key: _masked(inner, redact) if secret and key in _SECRET_KEYS else redact_tree(inner, redact)
            for key, inner in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact_tree(inner, redact) for inner in value]
    return value


def _masked(value: Any, redact: Callable[[str], str]) -> Any:
    if isinstance(value, Mapping):
        return {key: redact(f"secret={inner}") for key, inner in value.items()}
    return value
