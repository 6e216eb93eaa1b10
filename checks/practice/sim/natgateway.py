"""What the container of a VPC NAT gateway has on its interfaces: its own addresses and the EIPs that were set on it."""

from __future__ import annotations

from collections.abc import Sequence

from checks.cluster import ExecResult, Object
from checks.practice.sim import manifests as m
from checks.practice.sim.stage import Stage

CONTAINER = "vpc-nat-gw"
PREFIX = "vpc-nat-gw-"


def ip(stage: Stage, pod: Object, argv: Sequence[str]) -> ExecResult | None:
    """``ip [-4] addr [show]``; None for everything else."""
    words = [word for word in argv[1:] if not word.startswith("-")]
    options = {word for word in argv[1:] if word.startswith("-")}
    if not options <= {"-4"} or words not in (["addr"], ["addr", "show"], ["a"], ["address", "show"]):
        return None
    meta = pod["metadata"]
    own = {
        i["spec"]["v4IpAddress"]: "net1" if i["metadata"]["name"].count(".") > 1 else "eth0"
        for i in stage.store.scan(m.IPS)
        if i["spec"].get("podName") == meta["name"] and i["spec"].get("namespace") == meta["namespace"]
    }
    gateway = str(meta.get("labels", {}).get("app", "")).removeprefix(PREFIX)
    for eip in stage.store.scan(m.EIPS) if m.EIPS in stage.store.kinds else ():
        if eip["spec"].get("natGwDp") == gateway and eip.get("status", {}).get("ready") is True:
            own[eip["spec"]["v4ip"]] = "net1"
    text = _device(1, "lo", "LOOPBACK,UP,LOWER_UP", 65536, ["127.0.0.1/8 scope host lo"])
    for number, device in enumerate(("eth0", "net1"), 2):
        held = [f"{a}/24 scope global {device}" for a, where in own.items() if where == device]
        text += _device(number, f"{device}@if{number + 8}", "BROADCAST,MULTICAST,UP,LOWER_UP", 1400, held)
    return ExecResult(text, "", 0)


def _device(number: int, name: str, flags: str, mtu: int, held: Sequence[str]) -> str:
    head = f"{number}: {name}: <{flags}> mtu {mtu} qdisc noqueue state UP group default qlen 1000\n"
    return head + "".join(f"    inet {one}\n       valid_lft forever preferred_lft forever\n" for one in held)
