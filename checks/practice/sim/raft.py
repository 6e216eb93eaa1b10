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
        "Connections: " + " ".join(_connection(stage, raft, peer) for peer in peers),
        f"Disconnections: {sum(not _alive(stage, raft, peer) for peer in peers)}",
        "Servers:",
    ]
    for name, server in raft.members.items():
        lines.append(_server(stage, raft, node, name, server, log_index))
    return "\n".join(lines) + "\n"


def _alive(stage: Stage, raft: Raft, name: str) -> bool:
    which = "nb" if raft.database == "OVN_Northbound" else "sb"
    return f"ovsdb-server-{which}" in stage.nodes[name].processes


def _connection(stage: Stage, raft: Raft, peer: str) -> str:
    sid = raft.members[peer][:4]
    return f"<-{sid} ->{sid}" if _alive(stage, raft, peer) else f"(->{sid})"


def _heard(stage: Stage, raft: Raft, name: str) -> int:
    """Milliseconds since a member was heard last; one that is away has been silent since somebody noticed."""
    now = stage.clock.now()
    if _alive(stage, raft, name):
        raft.silent.pop(name, None)
        return int(now * 1000) % 1600
    return int((now - raft.silent.setdefault(name, now)) * 1000) + 1600


def _server(stage: Stage, raft: Raft, node: str, name: str, server: str, log_index: int) -> str:
    text = f"    {server[:4]} ({server[:4]} at tcp:[{_ip(stage, name)}]:{raft.port})"
    heard = _heard(stage, raft, name)
    if name == node:
        text += " (self)"
    if node == raft.leader:
        text += f" next_index={log_index if name != node else max(2, log_index - 400)} match_index={log_index - 1}"
    if name != node and (node == raft.leader or name == raft.leader):
        text += f" last msg {heard} ms ago"
    return text


def _ip(stage: Stage, node: str) -> str:
    return stage.nodes[node].ip
