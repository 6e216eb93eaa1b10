"""Judges written in Python: pure functions of facts where an expression cannot say it.

The table names every judge a check may refer to with ``judge: NAME``; the module is imported on first use. A judge is
``judge_NAME(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement``, `now` in Unix seconds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any

from checks.model import Fact, Judgement

Judge = Callable[[Mapping[str, Fact], Mapping[str, Any], float], Judgement]

JUDGES: Mapping[str, str] = MappingProxyType(
    {
        "address_plan": "checks.judges.addressplan:judge_address_plan",
        "agents": "checks.judges.members:judge_agents",
        "api_health": "checks.judges.apihealth:judge_api_health",
        "api_latency": "checks.judges.measured:judge_api_latency",
        "authorities": "checks.judges.certificates:judge_authorities",
        "chassis_annotations": "checks.judges.chassis:judge_chassis_annotations",
        "chassis_nodes": "checks.judges.chassis:judge_chassis_nodes",
        "checksum_errors": "checks.judges.kernelcounters:judge_checksum_errors",
        "conntrack_drops": "checks.judges.kernelcounters:judge_conntrack_drops",
        "control_leaders": "checks.judges.leaders:judge_control_leaders",
        "control_plane": "checks.judges.componentpods:judge_control_plane",
        "controller_cpu": "checks.judges.nodes:judge_controller_cpu",
        "controller_errors": "checks.judges.controller:judge_controller_errors",
        "controller_lease": "checks.judges.controller:judge_controller_lease",
        "controller_panics": "checks.judges.controller:judge_controller_panics",
        "corefile": "checks.judges.corefile:judge_corefile",
        "db_logs": "checks.judges.dblogs:judge_db_logs",
        "device_drops": "checks.judges.kernelcounters:judge_device_drops",
        "dns_endpoints": "checks.judges.services:judge_dns_endpoints",
        "dns_pods": "checks.judges.componentpods:judge_dns_pods",
        "duplicate_addresses": "checks.judges.ipam:judge_duplicate_addresses",
        "eip_addresses": "checks.judges.natgateways:judge_eip_addresses",
        "encaps": "checks.judges.chassis:judge_encaps",
        "etcd_status": "checks.judges.etcd:judge_etcd_status",
        "foreign_finalizers": "checks.judges.members:judge_foreign_finalizers",
        "host_sysctls": "checks.judges.hostnet:judge_host_sysctls",
        "interface_drops": "checks.judges.kernelcounters:judge_interface_drops",
        "ip_pools": "checks.judges.addressplan:judge_ip_pools",
        "kube_ovn_version": "checks.judges.ovn:judge_kube_ovn_version",
        "kubelet_client": "checks.judges.measured:judge_kubelet_client",
        "kubeovn_terminating": "checks.judges.terminating:judge_kubeovn_terminating",
        "leader_labels": "checks.judges.raftmembers:judge_leader_labels",
        "live_pods": "checks.judges.terminating:judge_live_pods",
        "load_balancers": "checks.judges.ovn:judge_load_balancers",
        "long_polls": "checks.judges.nodes:judge_long_polls",
        "mac_ageing": "checks.judges.bindings:judge_mac_ageing",
        "mac_bindings": "checks.judges.bindings:judge_mac_bindings",
        "mtu_chain": "checks.judges.hostports:judge_mtu_chain",
        "namespaces_terminating": "checks.judges.namespaces:judge_namespaces_terminating",
        "nat_gateways": "checks.judges.natgateways:judge_nat_gateways",
        "nat_rules": "checks.judges.natgateways:judge_nat_rules",
        "nat_settings": "checks.judges.natgateways:judge_nat_settings",
        "network_events": "checks.judges.eventsigns:judge_network_events",
        "node_addresses": "checks.judges.members:judge_node_addresses",
        "node_conditions": "checks.judges.nodehealth:judge_node_conditions",
        "node_events": "checks.judges.eventsigns:judge_node_events",
        "node_load": "checks.judges.nodehealth:judge_node_load",
        "node_network": "checks.judges.nodehealth:judge_node_network",
        "node_ovn0": "checks.judges.hostports:judge_node_ovn0",
        "node_routes": "checks.judges.routes:judge_node_routes",
        "node_steal": "checks.judges.nodes:judge_node_steal",
        "node_usage": "checks.judges.nodehealth:judge_node_usage",
        "objects_ready": "checks.judges.natgateways:judge_objects_ready",
        "orphan_eips": "checks.judges.ipam:judge_orphan_eips",
        "orphan_ips": "checks.judges.ipam:judge_orphan_ips",
        "orphan_ports": "checks.judges.terminating:judge_orphan_ports",
        "ovn_elections": "checks.judges.raftmembers:judge_ovn_elections",
        "ovn_leaders": "checks.judges.ovn:judge_ovn_leaders",
        "ovn_listeners": "checks.judges.databases:judge_ovn_listeners",
        "ovn_members": "checks.judges.raftmembers:judge_ovn_members",
        "ovn_northd": "checks.judges.databases:judge_ovn_northd",
        "ovn_probes": "checks.judges.databases:judge_ovn_probes",
        "ovn_raft": "checks.judges.ovn:judge_ovn_raft",
        "ovn_sync": "checks.judges.databases:judge_ovn_sync",
        "ovs_daemonset": "checks.judges.ovs:judge_ovs_daemonset",
        "ovs_dispatch_mode": "checks.judges.descriptors:judge_ovs_dispatch_mode",
        "ovs_emfile_log": "checks.judges.descriptors:judge_ovs_emfile_log",
        "ovs_fd_kinds": "checks.judges.descriptors:judge_ovs_fd_kinds",
        "ovs_fd_usage": "checks.judges.descriptors:judge_ovs_fd_usage",
        "ovs_lost_interfaces": "checks.judges.ovsports:judge_ovs_lost_interfaces",
        "ovs_memory": "checks.judges.ovs:judge_ovs_memory",
        "ovs_netlink_sockets": "checks.judges.descriptors:judge_ovs_netlink_sockets",
        "ovs_port_flaps": "checks.judges.ovsports:judge_ovs_port_flaps",
        "ovs_throttling": "checks.judges.ovs:judge_ovs_throttling",
        "pinger": "checks.judges.connectivity:judge_pinger",
        "pleg": "checks.judges.measured:judge_pleg",
        "pod_ports": "checks.judges.podnetwork:judge_pod_ports",
        "pods_crashing": "checks.judges.podhealth:judge_pods_crashing",
        "pods_pending": "checks.judges.podhealth:judge_pods_pending",
        "policy_dns": "checks.judges.policies:judge_policy_dns",
        "policy_empty": "checks.judges.policies:judge_policy_empty",
        "port_addresses": "checks.judges.topology:judge_port_addresses",
        "ports_not_up": "checks.judges.ovn:judge_ports_not_up",
        "probe_interval": "checks.judges.nodes:judge_probe_interval",
        "probe_log": "checks.judges.nodes:judge_probe_log",
        "provider_networks": "checks.judges.underlay:judge_provider_networks",
        "router_options": "checks.judges.bindings:judge_router_options",
        "server_certificates": "checks.judges.certificates:judge_server_certificates",
        "service_endpoints": "checks.judges.services:judge_service_endpoints",
        "service_vips": "checks.judges.vips:judge_service_vips",
        "signing_requests": "checks.judges.certificates:judge_signing_requests",
        "static_addresses": "checks.judges.addressplan:judge_static_addresses",
        "subnet_capacity": "checks.judges.subnets:judge_subnet_capacity",
        "subnet_conditions": "checks.judges.subnetstate:judge_subnet_conditions",
        "subnet_gateways": "checks.judges.subnetstate:judge_subnet_gateways",
        "subnet_overlaps": "checks.judges.addressplan:judge_subnet_overlaps",
        "subnet_range": "checks.judges.subnets:judge_subnet_range",
        "subnet_recount": "checks.judges.subnets:judge_subnet_recount",
        "system_ids": "checks.judges.chassis:judge_system_ids",
        "topology": "checks.judges.topology:judge_topology",
        "tunnel_endpoint": "checks.judges.hostports:judge_tunnel_endpoint",
        "unclaimed_ports": "checks.judges.ovn:judge_unclaimed_ports",
        "vlans": "checks.judges.underlay:judge_vlans",
        "vpc_status": "checks.judges.subnetstate:judge_vpc_status",
        "waiting_pods": "checks.judges.podnetwork:judge_waiting_pods",
        "webhook_authorities": "checks.judges.certificates:judge_webhook_authorities",
        "webhooks": "checks.judges.services:judge_webhooks",
        "workloads_ready": "checks.judges.workloads:judge_workloads_ready",
        "workloads_restarts": "checks.judges.workloads:judge_workloads_restarts",
    }
)
"""Name of a judge to ``module:function``."""


def find(name: str) -> Judge:
    """The judge of this name, its module imported now; KeyError for an unknown one."""
    module, _, function = JUDGES[name].partition(":")
    judge: Judge = getattr(import_module(module), function)
    return judge
