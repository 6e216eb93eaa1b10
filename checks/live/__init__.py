"""The live implementation of `checks.cluster.Cluster`: any cluster that a kubeconfig or the own pod leads to."""

from __future__ import annotations

from checks.kubeconfig import ContextInfo, contexts
from checks.live.cluster import LiveCluster
from checks.live.connecting import connect
from checks.live.locked import LockedCluster

__all__ = ["ContextInfo", "LiveCluster", "LockedCluster", "connect", "contexts"]
