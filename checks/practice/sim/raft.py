"""``cluster/status`` of ovsdb-server, for a leader and its followers (OVS ovsdb/raft.c, compared with OVN 23.03.1)."""

from __future__ import annotations

from checks.practice.sim.stage import Raft, Stage


def cluster_status(stage: Stage, raft: Raft, node: str, log_index: int) -> str:
    """What the server on `node` says; servers of nodes whose ovn-central is away are shown as not connected."""
    now = stage.clock.now()
    me, leader = raft.members[node], raft.leader
    peers = [name for name in raft.members if name != node]
    lines = [
        me[:4],
        f"Name: {raft.database}",
        f"Cluster ID: {raft.cluster_id[:4]} ({raft.cluster_id})",
        f"Server ID: {me[:4]} ({me})",
        f"Address: tcp:[{_ip(stage, node)}]:{raft.port}",
        "Status: cluster member",
        f"Role: {'leader' if node == leader else 'follower'}",
        f"Term: {raft.term}",
        f"Leader: {'self' if node == leader else raft.members[leader][:4]}",
        f"Vote: {'self' if node == leader else raft.members[leader][:4]}",
        "",
    ]
    if node == leader:
        ago = int((now - raft.since) * 1000)
        lines += [
            f"Last Election started {ago + 12} ms ago, reason: timeout",
            f"Last Election won: {ago} ms ago",
        ]
    lines += [
        "Election timer: 5000",
        f"Log: [{max(2, log_index - 400)}, {log_index}]",
        "Entries not yet committed: 0",
        "Entries not yet applied: 0",
        "Connections: " + " ".join(f"<-{raft.members[p][:4]} ->{raft.members[p][:4]}" for p in peers),
        "Disconnections: 0",
        "Servers:",
    ]
    for name, server in raft.members.items():
        lines.append(_server(stage, raft, node, name, server, log_index))
    return "\n".join(lines) + "\n"


def _server(stage: Stage, raft: Raft, node: str, name: str, server: str, log_index: int) -> str:
    text = f"    {server[:4]} ({server[:4]} at tcp:[{_ip(stage, name)}]:{raft.port})"
    heard = int(stage.clock.now() * 1000) % 1600
    if name == node:
        text += " (self)"
    if node == raft.leader:
        text += f" next_index={log_index if name != node else max(2, log_index - 400)} match_index={log_index - 1}"
    if name != node and (node == raft.leader or name == raft.leader):
        text += f" last msg {heard} ms ago"
    return text


def _ip(stage: Stage, node: str) -> str:
    return stage.nodes[node].ip
