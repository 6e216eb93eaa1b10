"""The OVN and OVS databases of a new stage: routers, switches, load balancers, chassis, bridges."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any

from checks.practice.sim.network import Network
from checks.practice.sim.node import Node
from checks.practice.sim.stage import Raft, Stage
from checks.practice.sim.types import version_key

GENERATION = 318
"""How often somebody has asked OVN to wait; everybody has come that far."""


def stage_rafts(stage: Stage) -> None:
    """Both raft clusters; the first central node leads the northbound, the second the southbound one."""
    central = [name for name, node in stage.nodes.items() if node.central]
    for at, (which, database, port) in enumerate(
        (("nb", "OVN_Northbound", 6643), ("sb", "OVN_Southbound", 6644))
    ):
        members = {name: stage.uuid() for name in central}
        stage.rafts[which] = Raft(database, port, stage.uuid(), members, central[at % len(central)])
    stage.northd_leader = central[-1]


def stage_ovn(stage: Stage, network: Network, data: Mapping[str, Any]) -> None:
    """Routers of the VPCs, switches of the Subnets with their router ports, load balancers, chassis."""
    nb, sb = stage.nb, stage.sb
    options = {
        "mac_prefix": "0a:a9:4a",
        "max_tunid": "16711680",
        "northd_internal_version": f"{stage.versions.ovn}-20.27.0-70.6",
        "svc_monitor_mac": "3a:d2:00:7e:7b:e3",
    }
    done: dict[str, Any] = {f"{who}_cfg": GENERATION for who in ("nb", "sb", "hv")}
    at = int((stage.store.clock() - 3600) * 1000)
    times = {f"{who}_cfg_timestamp": at for who in ("nb", "sb", "hv")}
    nb.insert("NB_Global", {"name": "", "options": dict(options), **done, **times})
    sb.insert("SB_Global", {"options": dict(options), "nb_cfg": GENERATION})
    if stage.before_1_12:
        # Older start scripts listen through the Connection table, with a probe of three minutes.
        for database, number in ((nb, 6641), (sb, 6642)):
            database.insert("Connection", {"target": f"ptcp:{number}:[::]", "inactivity_probe": (180_000,)})
    balancers = _balancers(stage)
    switches: dict[str, tuple[str, ...]] = {}
    routers: dict[str, tuple[str, ...]] = {}
    for name, spec in data["subnets"].items():
        if spec.get("provider", "ovn") != "ovn":
            continue
        vpc = spec["vpc"]
        address = ipaddress.ip_network(spec["cidr"])
        gateway = spec.get("gateway", str(address[1]))
        switch_port, router_port = f"{name}-{vpc}", f"{vpc}-{name}"
        mac = network.mac(gateway)
        port = nb.insert(
            "Logical_Switch_Port",
            {
                "name": switch_port,
                "type": "router",
                "addresses": ("router",),
                "options": {"router-port": router_port},
                "up": (True,),
            },
        )
        switches[name] = (port,)
        routers[vpc] = (
            *routers.get(vpc, ()),
            nb.insert(
                "Logical_Router_Port",
                {"name": router_port, "mac": mac, "networks": (f"{gateway}/{address.prefixlen}",)},
            ),
        )
        pairs = ((switch_port, router_port, name), (router_port, switch_port, vpc))
        for logical, peer, datapath in pairs:
            networks = f"{mac} {gateway}/{address.prefixlen}" if logical == router_port else "router"
            sb.insert(
                "Port_Binding",
                {
                    "logical_port": logical,
                    "type": "patch",
                    "options": {"peer": peer},
                    "datapath": network.datapath(datapath),
                    "tunnel_key": network.tunnel_key(network.datapath(datapath)),
                    "mac": (networks,),
                    "up": (False,),
                },
            )
    for name, ports in switches.items():
        nb.insert(
            "Logical_Switch",
            {
                "name": name,
                "ports": ports,
                "load_balancer": balancers if name != "join" else (),
                "external_ids": {"vendor": "kube-ovn"},
            },
        )
    for name, spec in data["vpcs"].items():
        nb.insert(
            "Logical_Router",
            {
                "name": name,
                "ports": routers.get(name, ()),
                "options": dict(spec.get("options", {})),
                "external_ids": {"vendor": "kube-ovn"},
            },
        )
    for node in stage.nodes.values():
        network.chassis[node.name] = _chassis(stage, node)


def _balancers(stage: Stage) -> tuple[str, ...]:
    """The cluster's load balancers; `checks.practice.sim.services` fills in the VIPs."""
    names = [
        f"cluster-{protocol}-{kind}loadbalancer" for kind in ("", "session-") for protocol in ("tcp", "udp")
    ]
    return tuple(
        stage.nb.insert("Load_Balancer", {"name": name, "protocol": (name.split("-")[1],), "vips": {}})
        for name in names
    )


def _chassis(stage: Stage, node: Node) -> str:
    sb = stage.sb
    encap = sb.insert(
        "Encap", {"chassis_name": node.chassis, "ip": node.ip, "type": "geneve", "options": {"csum": "true"}}
    )
    config = {
        "datapath-type": "system",
        "iface-types": "erspan,geneve,gre,internal,ip6erspan,ip6gre,patch,stt,system,tap,vxlan",
        "is-interconn": "false", "ovn-bridge-mappings": "", "ovn-chassis-mac-mappings": "", "ovn-cms-options": "",
        "ovn-enable-lflow-cache": "true", "ovn-limit-lflow-cache": "", "ovn-memlimit-lflow-cache-kb": "",
        "ovn-monitor-all": "false", "port-up-notif": "true",
    }  # fmt: skip
    if stage.settings["mac_flag"] and version_key(stage.versions.ovn) >= (22, 12):
        config |= {"mac-binding-timestamp": "true", "ovn-ct-lb-related": "true", "ct-no-masked-label": "true"}
    row = sb.insert(
        "Chassis", {"name": node.chassis, "hostname": node.name, "encaps": (encap,), "other_config": config}
    )
    at = int((stage.store.clock() - 3600) * 1000)
    sb.insert(
        "Chassis_Private",
        {"name": node.chassis, "chassis": (row,), "nb_cfg": GENERATION, "nb_cfg_timestamp": at},
    )
    return row


def stage_ovs(stage: Stage, node: Node) -> None:
    """The OVS database of a node: br-int without any ports but its own."""
    ovs = node.ovs
    remote = ",".join(f"tcp:[{n.ip}]:6642" for n in stage.nodes.values() if n.central)
    interface = ovs.insert(
        "Interface", {"name": "br-int", "type": "internal", "ofport": (65534,), "admin_state": ("up",)}
    )
    port = ovs.insert("Port", {"name": "br-int", "interfaces": (interface,)})
    bridge = ovs.insert(
        "Bridge",
        {
            "name": "br-int",
            "ports": (port,),
            "fail_mode": ("secure",),
            "datapath_type": "system",
            "datapath_id": (f"{int(node.chassis[:8], 16):016x}",),
        },
    )
    ids = {
        "hostname": node.name,
        "ovn-encap-ip": node.ip,
        "ovn-encap-type": "geneve",
        "ovn-openflow-probe-interval": "180",
        "ovn-remote": remote,
        "ovn-remote-probe-interval": "10000",
        "rundir": "/var/run/openvswitch",
        "system-id": node.chassis,
    }
    ovs.insert(
        "Open_vSwitch",
        {
            "bridges": (bridge,),
            "external_ids": ids,
            "ovs_version": (stage.versions.ovs,),
            "db_version": ("8.3.0",),
            "system_type": ("ubuntu",),
        },
    )
