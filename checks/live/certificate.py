"""When a client certificate ends: told from its PEM text without a library."""

from __future__ import annotations

import base64
import binascii
import calendar
import re
import time

_PEM = re.compile(r"-----BEGIN CERTIFICATE-----(.*?)-----END CERTIFICATE-----", re.S)
# Validity ::= SEQUENCE { notBefore Time, notAfter Time }, each UTCTime (17) or GeneralizedTime (18), RFC 5280 4.1.2.5
_VALIDITY = re.compile(
    rb"\x30.(?:\x17\x0d\d{12}Z|\x18\x0f\d{14}Z)(?:\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z)", re.S
)


def not_after(pem: str) -> float | None:
    """Unix time at which the first certificate of a PEM text ends; None where that cannot be read."""
    match = _PEM.search(pem)
    if not match:
        return None
    try:
        der = base64.b64decode("".join(match[1].split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    found = _VALIDITY.search(der)
    if not found:
        return None
    short, long = found[1], found[2]
    # two-digit years: 50 and above are of the last century (RFC 5280 4.1.2.5.1)
    text = long.decode() if long else ("19" if short[:2] >= b"50" else "20") + short.decode()
    return float(calendar.timegm(time.strptime(text, "%Y%m%d%H%M%S")))
