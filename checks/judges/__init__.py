"""Judges written in Python: pure functions of facts where an expression cannot say it.

The table names every judge a check may refer to with ``judge: NAME``; the module is imported on first use. A judge is
``judge_NAME(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement``, `now` in Unix seconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

JUDGES: Mapping[str, str] = MappingProxyType(
    {
        "controller_errors": "checks.judges.controller:judge_controller_errors",
        "controller_lease": "checks.judges.controller:judge_controller_lease",
        "controller_panics": "checks.judges.controller:judge_controller_panics",
        "duplicate_addresses": "checks.judges.ipam:judge_duplicate_addresses",
        "kubeovn_terminating": "checks.judges.terminating:judge_kubeovn_terminating",
        "live_pods": "checks.judges.terminating:judge_live_pods",
        "orphan_eips": "checks.judges.ipam:judge_orphan_eips",
        "orphan_ips": "checks.judges.ipam:judge_orphan_ips",
        "orphan_ports": "checks.judges.terminating:judge_orphan_ports",
        "subnet_capacity": "checks.judges.subnets:judge_subnet_capacity",
        "subnet_range": "checks.judges.subnets:judge_subnet_range",
        "subnet_recount": "checks.judges.subnets:judge_subnet_recount",
        "workloads_ready": "checks.judges.workloads:judge_workloads_ready",
        "workloads_restarts": "checks.judges.workloads:judge_workloads_restarts",
    }
)
"""Name of a judge to ``module:function``."""
