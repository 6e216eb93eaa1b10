"""The kinds of ``kubeovn.io/v1`` with the printer columns of Kube-OVN's CRDs (install.sh, 1.12 to 1.14)."""

from __future__ import annotations

from checks.cluster import Resource
from checks.practice.kinds import Kind, columns

KUBE_OVN_1_9 = (
    "vpc-nat-gateways",
    "vpcs",
    "ips",
    "subnets",
    "vlans",
    "provider-networks",
    "security-groups",
)
"""The kinds of 1.9, where EIPs and NAT rules still live inside the gateway's spec."""


def _kind(
    plural: str,
    name: str,
    shown: str = "",
    *,
    short: tuple[str, ...] = (),
    status: bool = True,
    namespaced: bool = False,
    singular: str = "",
) -> Kind:
    return Kind(
        Resource("kubeovn.io", "v1", plural),
        name,
        namespaced=namespaced,
        short=short,
        status=status,
        custom=True,
        singular=singular or plural.removesuffix("s"),
        columns=columns(shown),
    )


def kube_ovn_kinds() -> tuple[Kind, ...]:
    """Every kind that some supported release of Kube-OVN has; a scenario serves those of its release."""
    return (
        _kind(
            "subnets",
            "Subnet",
            "Provider=.spec.provider | Vpc=.spec.vpc | Vlan=.spec.vlan | "
            "Protocol=.spec.protocol | CIDR=.spec.cidrBlock | Private=.spec.private boolean | "
            "NAT=.spec.natOutgoing boolean | Default=.spec.default boolean | "
            "GatewayType=.spec.gatewayType | V4Used=.status.v4usingIPs number | "
            "V4Available=.status.v4availableIPs number | V6Used=.status.v6usingIPs number | "
            "V6Available=.status.v6availableIPs number | ExcludeIPs=.spec.excludeIps",
        ),
        _kind(
            "ips",
            "IP",
            "V4IP=.spec.v4IpAddress | V6IP=.spec.v6IpAddress | Mac=.spec.macAddress | "
            "Node=.spec.nodeName | Subnet=.spec.subnet",
            short=("ip",),
            status=False,
        ),
        _kind(
            "vpcs",
            "Vpc",
            "EnableExternal=.status.enableExternal boolean | Standby=.status.standby boolean | "
            "Subnets=.status.subnets | Namespaces=.spec.namespaces",
        ),
        _kind(
            "vpc-nat-gateways",
            "VpcNatGateway",
            "Vpc=.spec.vpc | Subnet=.spec.subnet | LanIP=.spec.lanIp",
            short=("vpc-nat-gw",),
        ),
        _kind(
            "iptables-eips",
            "IptablesEIP",
            "IP=.status.ip | Mac=.spec.macAddress | Nat=.status.nat | NatGwDp=.spec.natGwDp | "
            "Ready=.status.ready boolean",
            short=("eip",),
        ),
        _kind(
            "iptables-fip-rules",
            "IptablesFIPRule",
            "Eip=.spec.eip | V4ip=.status.v4ip | InternalIp=.spec.internalIp | "
            "Ready=.status.ready boolean | NatGwDp=.status.natGwDp",
            short=("fip",),
        ),
        _kind(
            "iptables-dnat-rules",
            "IptablesDnatRule",
            "Eip=.spec.eip | Protocol=.spec.protocol | V4ip=.status.v4ip | "
            "InternalIp=.spec.internalIp | ExternalPort=.spec.externalPort | "
            "InternalPort=.spec.internalPort | NatGwDp=.status.natGwDp | "
            "Ready=.status.ready boolean",
            short=("dnat",),
        ),
        _kind(
            "iptables-snat-rules",
            "IptablesSnatRule",
            "EIP=.spec.eip | V4ip=.status.v4ip | InternalCIDR=.spec.internalCIDR | "
            "NatGwDp=.status.natGwDp | Ready=.status.ready boolean",
            short=("snat",),
        ),
        _kind(
            "ovn-eips",
            "OvnEip",
            "V4IP=.status.v4Ip | V6IP=.status.v6Ip | Mac=.status.macAddress | "
            "Type=.status.type | Nat=.status.nat | Ready=.status.ready boolean",
            short=("oeip",),
        ),
        _kind(
            "ovn-fips",
            "OvnFip",
            "Vpc=.status.vpc | V4Eip=.status.v4Eip | V4Ip=.status.v4Ip | Ready=.status.ready boolean",
            short=("ofip",),
        ),
        _kind(
            "ovn-snat-rules",
            "OvnSnatRule",
            "Vpc=.status.vpc | V4Eip=.status.v4Eip | V4Ip=.status.v4Ip | Ready=.status.ready boolean",
            short=("osnat",),
        ),
        _kind(
            "ovn-dnat-rules",
            "OvnDnatRule",
            "Vpc=.status.vpc | V4Eip=.status.v4Eip | V4Ip=.status.v4Ip | Ready=.status.ready boolean",
            short=("odnat",),
        ),
        _kind(
            "vlans",
            "Vlan",
            "ID=.spec.id | Provider=.spec.provider | conflict=.status.conflict boolean",
            short=("vlan",),
        ),
        _kind(
            "provider-networks",
            "ProviderNetwork",
            "DefaultInterface=.spec.defaultInterface | Ready=.status.ready boolean",
        ),
        _kind(
            "vips",
            "Vip",
            "Namespace=.spec.namespace | V4IP=.status.v4ip | V6IP=.status.v6ip | "
            "Mac=.status.mac | Subnet=.spec.subnet | Type=.status.type",
            short=("vip",),
            status=False,
        ),
        _kind(
            "ippools",
            "IPPool",
            "Subnet=.spec.subnet | IPs=.spec.ips | V4Used=.status.v4UsingIPs number | "
            "V4Available=.status.v4AvailableIPs number",
            short=("ippool",),
        ),
        _kind("security-groups", "SecurityGroup", short=("sg",)),
        _kind(
            "switch-lb-rules",
            "SwitchLBRule",
            "vip=.spec.vip | port(s)=.status.ports | service=.status.service",
            short=("slr",),
        ),
        _kind(
            "vpc-dnses",
            "VpcDns",
            "Active=.status.active boolean | Vpc=.spec.vpc | Subnet=.spec.subnet",
            short=("vpc-dns",),
            singular="vpc-dns",
        ),
        _kind(
            "qos-policies",
            "QoSPolicy",
            "Shared=.spec.shared | BindingType=.spec.bindingType",
            short=("qos",),
            singular="qos-policy",
        ),
        _kind(
            "vpc-egress-gateways",
            "VpcEgressGateway",
            "Vpc=.spec.vpc | Replicas=.spec.replicas integer | Ready=.status.ready boolean",
            short=("veg", "vpc-egress-gw"),
            namespaced=True,
        ),
        Kind(
            Resource("k8s.cni.cncf.io", "v1", "network-attachment-definitions"),
            "NetworkAttachmentDefinition",
            short=("net-attach-def",),
            custom=True,
            singular="network-attachment-definition",
        ),
        _kind(
            "htbqoses",
            "HtbQos",
            "PRIORITY=.spec.priority",
            short=("htbqos",),
            status=False,
            singular="htbqos",
        ),
    )
