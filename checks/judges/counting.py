"""What a Subnet's used number counts, by release; read in kube-ovn's calcSubnetStatusIP at the tags named below."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from checks.judges import addresses
from checks.judges.lists import Object, created, labels, name, spec
from checks.judges.owners import RESERVED, addresses_of
from checks.judges.versions import Version
from checks.model import Fact

SUBNET_LABEL = "ovn.kubernetes.io/subnet"
EXTERNAL_NET = "ovn-vpc-external-network"
"""The only Subnet whose EIPs counted in 1.10 and 1.11."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One release's sum: IP objects, less those in excludeIps, and what is added to them."""

    since: Version
    excluded: Literal["kept", "without", "without but gateway"]
    """Whether IP objects with an excluded address are left out."""
    vips: Literal["no", "all", "reserved"]
    eips: Literal["no", "external", "foreign", "all"]
    """iptables EIPs: of the one external Subnet, of Subnets that OVN does not serve, or of all."""
    ovn_eips: Literal["no", "vlan", "all"]


RULES = (
    Rule((0, 0, 0), "kept", "no", "no", "no"),  # v1.9.27
    Rule((1, 9, 38), "without", "no", "no", "no"),  # v1.9.38, v1.9.41
    Rule((1, 10, 0), "kept", "all", "external", "no"),  # v1.10.0, v1.10.10
    Rule((1, 11, 0), "kept", "reserved", "external", "no"),  # v1.11.0, v1.11.14
    Rule((1, 11, 15), "without", "reserved", "external", "no"),  # v1.11.15, v1.11.20
    Rule((1, 12, 0), "kept", "reserved", "foreign", "no"),  # v1.12.0, v1.12.3
    Rule((1, 12, 4), "kept", "reserved", "foreign", "all"),  # v1.12.4
    Rule((1, 12, 5), "without", "reserved", "foreign", "all"),  # v1.12.5, v1.12.35
    Rule((1, 13, 0), "without but gateway", "reserved", "foreign", "vlan"),  # v1.13.0, v1.14.41
    Rule((1, 15, 0), "without but gateway", "reserved", "all", "all"),  # v1.15.0, v1.16.2, master 2026-08
)


def rules_of(version: Version | None) -> tuple[Rule, ...]:
    """The rule of a release, or all where it is not known."""
    return RULES if version is None else ([rule for rule in RULES if rule.since <= version][-1],)


@dataclass(frozen=True, slots=True)
class Counted:
    """What stands for one Subnet, per kind; `young` of them are too new for the status to know them surely."""

    ips: int
    excluded: int
    """IP objects whose address lies in excludeIps."""
    excluded_but_gateway: int
    vips: int
    reserved_vips: int
    eips: int
    ovn_eips: int
    young: int

    def totals(self, subnet: Object, version: Version | None) -> set[int]:
        """The numbers that the status may hold by the rule of this version (by any where it is unknown)."""
        totals = {self.total(subnet, rule) for rule in rules_of(version)}
        if spec(subnet).get("protocol") == "Dual" and (version is None or version[:2] == (1, 12)):
            # 1.12 counts OVN EIPs of dual-stack Subnets only with a VLAN, and not from its first release on.
            totals |= {total - self.ovn_eips for total in totals}
        return totals

    def total(self, subnet: Object, rule: Rule) -> int:
        """The number by one rule."""
        left_out = {"kept": 0, "without": self.excluded, "without but gateway": self.excluded_but_gateway}
        vips = {"no": 0, "all": self.vips, "reserved": self.reserved_vips}
        with_eips = {
            "no": False,
            "external": name(subnet) == EXTERNAL_NET,
            "foreign": not is_ovn(subnet),
            "all": True,
        }
        with_ovn = {"no": False, "vlan": bool(spec(subnet).get("vlan")), "all": True}
        eips = self.eips if with_eips[rule.eips] else 0
        ovn_eips = self.ovn_eips if with_ovn[rule.ovn_eips] else 0
        return self.ips - left_out[rule.excluded] + vips[rule.vips] + eips + ovn_eips


def is_ovn(subnet: Object) -> bool:
    """Whether OVN serves the Subnet (its provider is empty, ``ovn`` or ends in ``.ovn``)."""
    provider = str(spec(subnet).get("provider") or "ovn")
    return provider == "ovn" or provider.endswith(".ovn")


class Shelf:
    """The objects that take addresses, from the reads ips, vips, eips and ovn_eips, sorted by Subnet once."""

    def __init__(self, facts: Mapping[str, Fact]) -> None:
        self.ips: dict[str, list[Object]] = defaultdict(list)
        for ip in facts["ips"].items:
            # The controller selects by the label named like the Subnet; an attached Subnet is a label too.
            subnets = {key for key, value in labels(ip).items() if value == "" and "/" not in key}
            for subnet in subnets or {str(spec(ip).get("subnet", ""))}:
                self.ips[subnet].append(ip)
        self.vips = _by_subnet(facts["vips"].items, "subnet")
        self.eips = _by_subnet(facts["eips"].items, "externalSubnet")
        self.ovn_eips = _by_subnet(facts["ovn_eips"].items, "externalSubnet")

    def counted(self, subnet: Object, now: float, settle: float) -> Counted:
        """How many objects of each kind stand for a Subnet; ValueError where its ranges cannot be read."""
        key = name(subnet)
        ips, vips = self.ips.get(key, []), self.vips.get(key, [])
        eips, ovn_eips = self.eips.get(key, []), self.ovn_eips.get(key, [])
        excluded, excluded_but_gateway = _inside(ips, subnet)
        return Counted(
            ips=len(ips),
            excluded=excluded,
            excluded_but_gateway=excluded_but_gateway,
            vips=len(vips),
            reserved_vips=sum(labels(v).get(RESERVED) == "" for v in vips),
            eips=len(eips),
            ovn_eips=len(ovn_eips),
            young=sum(now - (created(o) or 0.0) < settle for o in (*ips, *vips, *eips, *ovn_eips)),
        )


def _by_subnet(objects: Iterable[Object], field: str) -> dict[str, list[Object]]:
    """Objects by Subnet: its label, else the spec field."""
    found: dict[str, list[Object]] = defaultdict(list)
    for obj in objects:
        found[str(labels(obj).get(SUBNET_LABEL) or spec(obj).get(field) or "")].append(obj)
    return found


def _inside(ips: Iterable[Object], subnet: Object) -> tuple[int, int]:
    """How many IP objects have an excluded address, and how many have one but for the gateway's."""
    spans = {v: addresses.excluded(spec(subnet), v) for v in (4, 6)}
    but_gateway = {v: addresses.excluded(spec(subnet), v, gateway=False) for v in (4, 6)}
    found = found_but_gateway = 0
    for ip in ips:
        # Nearly all lie in none of them; what lies in the narrower ranges lies in the wider ones too.
        own = [a for a in addresses_of(ip) if addresses.inside(spans[6 if ":" in a else 4], a)]
        found += bool(own)
        found_but_gateway += any(addresses.inside(but_gateway[6 if ":" in a else 4], a) for a in own)
    return found, found_but_gateway
