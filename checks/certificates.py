"""When certificates end: told from PEM text without a library (RFC 7468, RFC 5280 section 4.1.2.5)."""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime

MOST = 64
"""Certificates of one text that are looked at; a bundle of a public authority list has 140, ours have one to three."""
_PEM = re.compile(r"-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]{1,40000})-----END CERTIFICATE-----")
# Validity ::= SEQUENCE { notBefore Time, notAfter Time }, each UTCTime (17) or GeneralizedTime (18)
_VALIDITY = re.compile(
    rb"\x30.(?:\x17\x0d\d{12}Z|\x18\x0f\d{14}Z)(?:\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z)", re.S
)


def ends(pem: str) -> tuple[float | None, ...]:
    """Unix times at which the certificates of a PEM text end, in their order; None for one that cannot be read."""
    return tuple(_end(match[1]) for match, _ in zip(_PEM.finditer(pem), range(MOST), strict=False))


def stub(pem: str, mark: str) -> str | None:
    """The certificate with nothing left but when it is valid, and `mark` to tell it by; None where it does not say.

    What reads only `ends` of it reads the same: for places where whose certificate it is must not be seen.
    """
    match = _PEM.search(pem)
    try:
        found = (
            _VALIDITY.search(base64.b64decode("".join(match[1].split()), validate=True)) if match else None
        )
    except (binascii.Error, ValueError):
        return None
    if not found:
        return None
    body = base64.b64encode(mark.encode() + found[0]).decode()
    return f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"


def _end(body: str) -> float | None:
    try:
        found = _VALIDITY.search(base64.b64decode("".join(body.split()), validate=True))
    except (binascii.Error, ValueError):
        return None
    if not found:
        return None
    short, long = found[1], found[2]
    # two-digit years: 50 and above are of the last century (RFC 5280 4.1.2.5.1)
    text = long.decode() if long else ("19" if short[:2] >= b"50" else "20") + short.decode()
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None
