"""Kinds of objects that have to do with addresses, and what a shipped check says about a world of them."""

from __future__ import annotations

from typing import Any

from checks.catalogue import load_catalogue
from checks.model import Judgement
from tests.checks.objects import judged

CATALOGUE = load_catalogue()
SUBNETS, IPS, EIPS = "kubeovn.io/v1/subnets", "kubeovn.io/v1/ips", "kubeovn.io/v1/iptables-eips"
GATEWAYS, VIPS, OVN_EIPS = "kubeovn.io/v1/vpc-nat-gateways", "kubeovn.io/v1/vips", "kubeovn.io/v1/ovn-eips"
PODS, SETS, NODES, VMS = "v1/pods", "apps/v1/statefulsets", "v1/nodes", "kubevirt.io/v1/virtualmachines"


def run(check: str, world: dict[str, Any], **params: Any) -> Judgement:
    """The judgement of the check of this id."""
    spec = CATALOGUE.get(check)
    assert spec is not None
    return judged(spec, world, **params)
