"""Names and addresses replaced by others of the same shape, always the same one for the same value. Pure.

Addresses keep what checks reckon with: the private range they are in, the lower parts, and which of them share a
prefix, so that a subnet still holds its addresses. Names that Kubernetes or Kube-OVN gives (kube-system, ovn-default,
the pods of system namespaces) say nothing about a site and stay.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address
from typing import Any

from checks.cluster import Object

SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "default"})
KNOWN = frozenset(
    {"kubernetes", "kube-dns", "coredns", "kube-ovn", "ovn-default", "ovn-cluster", "join", "node-local-dns"}
)
_WORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_PARTS = re.compile(r"[-._]")
_MOST_PARTS = 12
_PLAIN = 5
"""A shorter name of letters only is an ordinary word too: it is replaced in objects, not inside of free text."""
_NAME_KEYS = frozenset(
    {"name", "namespace", "nodeName", "node", "hostname", "pod", "podName", "kubernetes.io/service-name"}
)
_IPV4 = re.compile(r"(?<![\w])(?<!\d\.)(\d{1,3}(?:\.\d{1,3}){3})(?!\.?\d)(?:/(\d{1,2})(?!\d))?")
_IPV6 = re.compile(r"(?<![\w:])[0-9a-fA-F]{1,4}:[0-9a-fA-F:]{2,34}(?![\w:])")
_MAC = re.compile(r"(?<![\w:])((?:[0-9a-fA-F]{2}:){3})((?:[0-9a-fA-F]{2}:){2}[0-9a-fA-F]{2})(?![\w:])")

_RANGES = (
    (IPv4Network("10.0.0.0/8"), 16, 255),
    (IPv4Network("172.16.0.0/12"), 16, 15),
    (IPv4Network("192.168.0.0/16"), 8, 255),
    (IPv4Network("100.64.0.0/10"), 16, 63),
)
"""Private ranges: which bits say something about a site, from where and how many of them are turned over."""


class Masks:
    """The replacements of one bundle."""

    def __init__(self, key: str, names: Iterable[str], *, addresses: bool) -> None:
        self._key = key.encode()
        self._names = {name: self._fake(name) for name in sorted(set(names) - KNOWN - SYSTEM_NAMESPACES)}
        self._heads = frozenset(_PARTS.split(name, maxsplit=1)[0] for name in self._names)
        """First parts of names: a word without any of them holds no name."""
        self._addresses = addresses

    def word(self, word: str) -> str:
        """A word that is nothing but a name or an address, or text around them."""
        return self._names.get(word) or self.text(word)

    def text(self, text: str) -> str:
        """Free text with names and addresses replaced."""
        if self._addresses:
            if ":" in text:
                text = _MAC.sub(lambda m: m.group(1) + self._mac(m.group(2)), text)
                text = _IPV6.sub(self._ipv6, text)
            if "." in text:
                text = _IPV4.sub(self._ipv4, text)
        return self._named(text) if self._names else text

    def tree(self, value: Any, key: str = "") -> Any:
        """A JSON value; fields that hold a name are replaced whole, other strings as free text."""
        if isinstance(value, str):
            return self.word(value) if key in _NAME_KEYS else self.text(value)
        if isinstance(value, Mapping):
            return {self.text(k): self.tree(inner, k) for k, inner in value.items()}
        if isinstance(value, list):
            return [self.tree(inner, key) for inner in value]
        return value

    # --- names --------------------------------------------------------------------------------------------------

    def _fake(self, name: str) -> str:
        return "x" + self._digest("name", name).hex()[:9]

    def _named(self, text: str) -> str:
        """Only the distinct words are looked at, and the text is gone through again only where one is a name."""
        changed = {word: new for word in set(_WORD.findall(text)) if (new := self._in_word(word)) != word}
        return _WORD.sub(lambda m: changed.get(m.group(), m.group()), text) if changed else text

    def _in_word(self, word: str) -> str:
        """A name inside of a longer word too: a static pod ends in the name of its node."""
        if word in self._names:
            return self._names[word] if _speaks(word) else word
        if self._heads.isdisjoint(_PARTS.split(word)):
            return word
        cuts = [0, *(m.end() for m in _PARTS.finditer(word))]
        if len(cuts) == 1 or len(cuts) > _MOST_PARTS:
            return word
        ends = [*(m.start() for m in _PARTS.finditer(word)), len(word)]
        for length in range(len(cuts) - 1, 0, -1):
            for first in range(len(cuts) - length + 1):
                part = word[cuts[first] : ends[first + length - 1]]
                if part in self._names and _speaks(part):
                    before, after = word[: cuts[first]], word[ends[first + length - 1] :]
                    return self._in_word_end(before) + self._names[part] + self._in_word_end(after)
        return word

    def _in_word_end(self, rest: str) -> str:
        """What stands beside a name in one word; here an ordinary word that is a name is one: ``web-0.shop``."""
        return _WORD.sub(lambda m: self._names.get(m.group()) or self._in_word(m.group()), rest)

    # --- addresses ----------------------------------------------------------------------------------------------

    def _ipv4(self, match: re.Match[str]) -> str:
        try:
            address = IPv4Address(match.group(1))
        except ValueError:
            return match.group()
        flipped = int(address) ^ self._flips(address)
        length = int(match.group(2) or 32)
        host = (1 << 32 - length) - 1 if length <= 32 else 0
        if match.group(2) and not int(address) & host:
            flipped &= ~host  # the name of a network stays one
        return str(IPv4Address(flipped)) + (f"/{match.group(2)}" if match.group(2) else "")

    def _flips(self, address: IPv4Address) -> int:
        """The bits to turn over: the same ones in all of a range, so that prefixes stay shared."""
        if address.is_loopback or address.is_multicast or address.is_link_local or address.is_unspecified:
            return 0
        for network, shift, most in _RANGES:
            if address in network:
                return (self._mask(str(network)) % most + 1) << shift
        first = int(address) >> 24
        return self._mask(f"{first}") << 16 | self._mask(f"{first}.") << 8 if first not in (0, 255) else 0

    def _ipv6(self, match: re.Match[str]) -> str:
        text = match.group()
        try:
            address = IPv6Address(text)
        except ValueError:
            return text
        if address.is_loopback or address.is_multicast or address.is_link_local or address.is_unspecified:
            return text
        parts = text.split(":")
        if len(parts) < 2 or not parts[1]:
            return text
        mask = int.from_bytes(self._digest("ipv6", parts[0].lower())[:2], "big") | 1
        parts[1] = f"{int(parts[1], 16) ^ mask:x}"
        return ":".join(parts)

    def _mac(self, tail: str) -> str:
        if tail in ("00:00:00", "ff:ff:ff", "FF:FF:FF"):
            return tail
        mask = self._digest("mac", "")[:3]
        changed = bytes(a ^ b for a, b in zip(bytes.fromhex(tail.replace(":", "")), mask, strict=True))
        return ":".join(f"{byte:02x}" for byte in changed)

    def _mask(self, of: str) -> int:
        """A byte that is never 0, so that every address changes."""
        return self._digest("ipv4", of)[0] or 0x5A

    def _digest(self, kind: str, value: str) -> bytes:
        return hmac.new(self._key, f"{kind} {value}".encode(), hashlib.sha256).digest()


def _speaks(name: str) -> bool:
    """Whether a name is more than an ordinary word."""
    return len(name) > _PLAIN or not name.isalpha()


def names_of(kind: str, objects: Iterable[Object]) -> set[str]:
    """The names in a list of objects that could tell whose cluster it is."""
    found: set[str] = set()
    for item in objects:
        meta = item.get("metadata")
        if not isinstance(meta, dict):
            continue
        namespace, name = meta.get("namespace"), meta.get("name")
        if isinstance(namespace, str):
            found.add(namespace)
        ours = isinstance(namespace, str) and namespace not in SYSTEM_NAMESPACES
        if isinstance(name, str) and (ours or kind in ("nodes", "namespaces")):
            found.add(name)
    return found - SYSTEM_NAMESPACES - {""}
