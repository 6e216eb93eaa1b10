"""Certificates in a bundle: nothing of them but when they end, which checks can still judge."""

from __future__ import annotations

import base64
import json

import pytest

from checks.bundle.cleaning import Cleaner
from checks.bundle.tape import Answered
from checks.certificates import ends
from checks.practice.certs import Authority

LIST = ("list", "v1/configmaps", "", "", "")


@pytest.fixture(scope="module")
def pem() -> str:
    return Authority().pem.decode()


def cleaned(value: object) -> object:
    body = json.dumps(value).encode()
    return json.loads(Cleaner("key").answered(LIST, Answered(0.0, body)).body or b"")


def test_when_a_certificate_ends_stays_and_nothing_else(pem: str) -> None:
    """As PEM, in base64, and in the output of a command; the same one is the same token."""
    packed = base64.b64encode(pem.encode()).decode()
    found = cleaned({"data": {"ca.crt": pem}, "caBundle": packed, "text": f"depth=0\n{pem}\n---"})
    assert isinstance(found, dict)
    whole = json.dumps(found)
    assert pem.split("\n")[1] not in whole
    assert packed not in whole
    kept = found["data"]["ca.crt"]
    assert ends(kept) == ends(pem) != ()
    assert ends(base64.b64decode(found["caBundle"]).decode()) == ends(pem)
    assert ends(found["text"]) == ends(pem)
    assert len(base64.b64decode(kept.split("\n")[1])) < 60, "there is no room for a name or a key"


EMPTY = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"


@pytest.mark.parametrize("text", ["not a certificate", "LS0tLS1CRUdJTi!!", EMPTY])
def test_what_does_not_say_when_it_ends_is_a_token(text: str) -> None:
    """So is what stands in a certificate's place."""
    found = cleaned([{"caBundle": text, "certificate": text}])
    assert isinstance(found, list)
    assert text not in json.dumps(found)
    assert found[0]["caBundle"].startswith("<pem:")


def test_keys_are_tokens_wherever_they_stand(pem: str) -> None:
    """Also beside a certificate, and in base64."""
    key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0\n-----END PRIVATE KEY-----\n"
    both = base64.b64encode(f"{pem}\n{key}".encode()).decode()
    found = json.dumps(cleaned({"clientKey": both, "data": {"tls": pem + key}, "certificate": pem + key}))
    assert "c2VjcmV0" not in found
    assert both[:60] not in found
