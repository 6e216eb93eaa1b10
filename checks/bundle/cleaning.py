"""What must not leave the site, taken out of recorded answers: secrets always, names and addresses on request. Pure.

The same value always becomes the same token under one key, so that what belonged together still does. A cleaned answer
is judged again when the bundle is made: the verdicts of a bundle are those of its cleaned facts.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from checks.bundle.masks import Masks
from checks.bundle.tape import Answered, Call, packed_json
from checks.certificates import stub
from checks.prom.selecting import matching
from checks.redact import redact_tree, redactor

_DROPPED_ANNOTATIONS = ("kubectl.kubernetes.io/last-applied-configuration",)
"""Holds the whole object once more, environment included."""
_PEM = re.compile(r"-----BEGIN [A-Z0-9 ]+-----.*?(?:-----END [A-Z0-9 ]+-----|\Z)", re.S)
_PEM_BASE64 = re.compile(r"\bLS0tLS1CRUdJTi[A-Za-z0-9+/=]{40,}")
_CERTIFICATE_KEYS = frozenset({"caBundle", "certificate", "clientCertificate", "clientKey", "ca.crt"})
_JSON_CALLS = frozenset({"list", "get", "version", "can", "proxied", "fetched"})
"""Answers that are JSON, or may be."""

Mask = Callable[[str], str]


class Cleaner:
    """Cleans answers and the calls they belong to; `key` stays at home, tokens cannot be turned back without it."""

    def __init__(self, key: str, masks: Masks | None = None, match: Sequence[tuple[str, str]] = ()) -> None:
        self._key = key
        self._redact = redactor(key)
        self._masks = masks
        self._match = match

    def token(self, kind: str, secret: str) -> str:
        """The token of a secret, ``<kind:1a2b3c4d>``."""
        return f"<{kind}:{hmac.new(self._key.encode(), secret.encode(), hashlib.sha256).hexdigest()[:8]}>"

    def text(self, text: str) -> str:
        """Free text without certificates, keys and secrets; names and addresses masked where that is wanted."""
        text = self._without_secrets(text)
        return self._masks.text(text) if self._masks else text

    def _without_secrets(self, text: str) -> str:
        if "-----BEGIN " in text:
            text = _PEM.sub(lambda m: self._pem(m.group()), text)
        if "LS0tLS1CRUdJTi" in text:
            text = _PEM_BASE64.sub(lambda m: self._pem_base64(m.group()), text)
        return self._redact(text)

    def _pem(self, block: str) -> str:
        """The token of a key; of a certificate a stub that only says when it ends, so that this can still be judged."""
        token = self.token("pem", block)
        return stub(block, token) or token

    def _pem_base64(self, text: str) -> str:
        try:
            inner = base64.b64decode(text, validate=True).decode("ascii").strip()
        except ValueError:
            return self.token("pem", text)
        rest = _PEM.sub("", inner)
        if rest.strip():  # something else stands beside the certificates
            return self.token("pem", text)
        return base64.b64encode(_PEM.sub(lambda m: self._pem(m.group()), inner).encode()).decode()

    def word(self, word: str) -> str:
        """A word that is nothing but a name, masked where that is wanted."""
        return self._masks.word(word) if self._masks else word

    def call(self, call: Call) -> Call:
        """The call as the cleaned facts lead to it."""
        if not self._masks:
            return call
        chosen = {
            _encoded(label, value): _encoded(label, self._masks.word(value)) for label, value in self._match
        }
        words = list(call[1:])
        for before, after in chosen.items() if call[0] in ("proxied", "fetched") else ():
            words = [word.replace(before, after) for word in words]
        return (call[0], *(self._masks.word(word) for word in words))

    def answered(self, call: Call, answered: Answered) -> Answered:
        """The answer cleaned; one that is not the JSON it should be is cleaned as text."""
        failure = answered.failure
        if failure is not None:
            both = type(failure.text)(self.text(failure.text.en), self.text(failure.text.zh))
            masked = [self._masks.word(w) if self._masks else w for w in (failure.namespace, failure.name)]
            failure = replace(failure, text=both, namespace=masked[0], name=masked[1])
        body = answered.body
        if body is not None:
            body = self._json(body) if call[0] in _JSON_CALLS else None
            if body is None:
                body = self.text((answered.body or b"").decode(errors="replace")).encode()
        return replace(answered, body=body, failure=failure, stderr=self.text(answered.stderr))

    def _json(self, body: bytes) -> bytes | None:
        try:
            value = json.loads(body)
        except (ValueError, RecursionError):
            return None
        return packed_json(self.tree(value))

    def tree(self, value: Any) -> Any:
        """A JSON value with every secret in it replaced."""
        cleaned = redact_tree(self._without(value), self._without_secrets)
        # masking twice would turn an address back
        return self._masks.tree(cleaned) if self._masks else cleaned

    def _without(self, value: Any) -> Any:
        """Environment values and certificates replaced, copies of whole objects dropped."""
        if isinstance(value, Mapping):
            kept = {k: v for k, v in value.items() if k not in _DROPPED_ANNOTATIONS}
            return {key: self._field(key, inner) for key, inner in kept.items()}
        if isinstance(value, list):
            return [self._without(inner) for inner in value]
        return value

    def _field(self, key: str, value: Any) -> Any:
        if key in _CERTIFICATE_KEYS and isinstance(value, str) and value:
            return self._certificate(value)
        if key == "env" and isinstance(value, list):
            return [self._variable(item) for item in value]
        return self._without(value)

    def _certificate(self, value: str) -> str:
        """A field that holds certificates, as PEM or in base64; the token of anything else."""
        if _PEM_BASE64.fullmatch(value):
            return self._pem_base64(value)
        if "-----BEGIN " in value and not _PEM.sub("", value).strip():
            return _PEM.sub(lambda m: self._pem(m.group()), value)
        return self.token("pem", value)

    def _variable(self, item: Any) -> Any:
        if isinstance(item, Mapping) and isinstance(item.get("value"), str) and item["value"]:
            return {**item, "value": self.token("env", item["value"])}
        return self._without(item)


def _encoded(label: str, value: str) -> str:
    """A condition on a label as it stands in the query of a URL."""
    return urlencode([("", matching(label, value))])[1:]
