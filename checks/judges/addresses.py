"""IP arithmetic of Subnets: capacity, excluded ranges and the ranges the controller writes into the status.

Addresses are integers in here; ranges are inclusive pairs ``(first, last)``. Everything raises ValueError for text that
is no address. Capacity follows kube-ovn's ``util.AddressCount``: 2^(bits - prefix) - 2 less the excluded addresses.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import Any

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Span = tuple[int, int]


def networks(cidr_block: str) -> dict[int, Network]:
    """The networks of spec.cidrBlock by IP version (4, 6); a dual-stack Subnet has both, separated by a comma."""
    found: dict[int, Network] = {}
    for part in str(cidr_block).split(","):
        if part.strip():
            network = ipaddress.ip_network(part.strip(), strict=False)
            found[network.version] = network
    return found


def networks_or_none(cidr_block: str) -> dict[int, Network] | None:
    """The networks of spec.cidrBlock; None where it is not one."""
    try:
        return networks(cidr_block)
    except ValueError:
        return None


def span(text: str) -> tuple[int, Span]:
    """IP version and range of one entry: ``a``, ``a..b`` (excludeIps), ``a-b`` (status) or a CIDR."""
    text = text.strip()
    for sign in ("..", "-"):
        if sign in text:
            low, _, high = text.partition(sign)
            first, last = ipaddress.ip_address(low.strip()), ipaddress.ip_address(high.strip())
            if first.version != last.version or int(first) > int(last):
                raise ValueError(f"{text!r} is no range")
            return first.version, (int(first), int(last))
    if "/" in text:
        network = ipaddress.ip_network(text, strict=False)
        return network.version, (int(network[0]), int(network[-1]))
    address = ipaddress.ip_address(text)
    return address.version, (int(address), int(address))


def merged(spans: Iterable[Span]) -> list[Span]:
    """The same addresses as disjoint ranges in order."""
    result: list[Span] = []
    for first, last in sorted(spans):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return result


def count(spans: Iterable[Span]) -> int:
    """How many addresses lie in the ranges, each once."""
    return sum(last - first + 1 for first, last in merged(spans))


def spans_of(entries: Iterable[str], version: int) -> list[Span]:
    """The ranges of one IP version among entries (excludeIps of a dual-stack Subnet hold both)."""
    found = [span(entry) for entry in entries if str(entry).strip()]
    return merged(pair for v, pair in found if v == version)


def range_count(text: str) -> int:
    """How many addresses a status range names, ``10.16.0.2-10.16.0.9,10.16.0.11``."""
    return count(span(part)[1] for part in str(text).split(",") if part.strip())


def excluded(subnet_spec: Mapping[str, Any], version: int, *, gateway: bool = True) -> list[Span]:
    """The excluded ranges inside the CIDR; the controller always holds the gateway among them."""
    network = networks(str(subnet_spec.get("cidrBlock", ""))).get(version)
    if network is None:
        return []
    entries = [str(e) for e in subnet_spec.get("excludeIps") or ()]
    gateways = [g.strip() for g in str(subnet_spec.get("gateway") or "").split(",") if g.strip()]
    entries = [*entries, *gateways] if gateway else [e for e in entries if e.strip() not in gateways]
    low, high = int(network[0]), int(network[-1])
    return merged(
        (max(first, low), min(last, high))
        for first, last in spans_of(entries, version)
        if first <= high and last >= low
    )


def capacity(subnet_spec: Mapping[str, Any], version: int) -> int | None:
    """How many addresses the Subnet can give out in one IP version; None where it has no such network."""
    network = networks(str(subnet_spec.get("cidrBlock", ""))).get(version)
    if network is None:
        return None
    # Network and broadcast address are no hosts, so an exclude that names them takes nothing away twice.
    low, high = int(network[0]) + 1, int(network[-1]) - 1
    if high < low:
        return 0
    taken = count(
        (max(f, low), min(t, high)) for f, t in excluded(subnet_spec, version) if f <= high and t >= low
    )
    return high - low + 1 - taken


def inside(spans: Iterable[Span], address: str) -> bool:
    """Whether the address lies in one of the ranges; an empty or broken address lies nowhere."""
    try:
        value = int(ipaddress.ip_address(address.strip()))
    except ValueError:
        return False
    return any(first <= value <= last for first, last in spans)
