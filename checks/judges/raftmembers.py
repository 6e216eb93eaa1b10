"""Judges of who belongs to the raft clusters of the OVN databases: members, elections, and the labels of leaders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from checks.judges import lists
from checks.judges.pernode import nobody, unread, whole_number
from checks.judges.wholes import judged, listing, mapping
from checks.model import JSON, Answer, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
DATABASES = ("nb", "sb")
_ALONE = ('"cluster/status" is not a valid command', "unknown cluster")
"""What ovsdb-server answers where it serves no database of a raft cluster (Open vSwitch 3.1, and older)."""
_HOST = re.compile(r"^(?:tcp|ssl):(?:\[(?P<six>[^\]]+)\]|(?P<four>[^:\s]+)):\d+$")


def host_of(address: str) -> str:
    """The host in ``tcp:[10.0.0.1]:6643``; empty where there is none."""
    match = _HOST.match(address)
    return (match["six"] or match["four"]) if match else ""


def alone(fact: Fact) -> bool:
    """Whether every server of a database says that it is in no cluster (one without raft does not know the command)."""
    return bool(fact.answers) and all(
        answer.error and any(words in answer.message.en for words in _ALONE) for answer in fact.answers
    )


def unseen_leader(fact: Fact) -> str:
    """The short id of the leader that members follow although none of those that answered leads; empty: there is none.

    Then the leader is a pod that was not asked or did not answer, which is no reason to say that nobody leads.
    """
    if any(answer.value.get("role") == "leader" for answer in fact.good):
        return ""
    followed = (a.value.get("leader") for a in fact.good if a.value.get("status") == "cluster member")
    return next((str(sid) for sid in followed if sid and sid not in ("unknown", "self")), "")


def not_seen(target: str, sid: str) -> Row:
    """The row of a database whose leader was not heard itself."""
    text = message("ovndb.leader-unseen", sid=one_line(sid, 40))
    return Row(target, Verdict.UNKNOWN, text, data={"reason": "absent"})


# --- members --------------------------------------------------------------------------------------------------------


def judge_ovn_members(facts: Facts, params: Params, now: float) -> Judgement:
    """One cluster per database, its members the ovn-central pods, and enough of them heard to bear a loss.

    Data: ``nb_members``, ``sb_members``, ``nb_spare``, ``sb_spare`` (members that may still fail; absent: no leader).
    """
    lost = nobody(facts, "nb", "sb") or lists.failure(facts, "pods")
    if lost:
        return lost
    if all(alone(facts[database]) for database in DATABASES):
        return Judgement(Verdict.SKIPPED, message("ovndb.standalone"))
    pods = facts["pods"].items
    homes = {host for pod in pods for host in _hosts(pod)}
    wanted = {host for pod in pods for host in _node_ips(pod)}
    rows: list[Row] = []
    data: dict[str, JSON] = {}
    for database in DATABASES:
        rows += _database(database, facts[database], homes, wanted, params, data)
    return judged(
        rows,
        well=message("ovndb.members-ok", nb=data.get("nb_members", 0), sb=data.get("sb_members", 0)),
        wrong=message("ovndb.members-bad"),
        none=message("ovndb.no-central"),
        data=data,
    )


def _hosts(pod: lists.Object) -> set[str]:
    status = lists.status(pod)
    found = [status.get("podIP"), status.get("hostIP")]
    found += [mapping(entry).get("ip") for entry in listing(status.get("podIPs"))]
    return {str(host) for host in found if host}


def _node_ips(pod: lists.Object) -> set[str]:
    """The members that the environment variable NODE_IPS of ovn-central names."""
    for container in listing(lists.spec(pod).get("containers")):
        for entry in listing(mapping(container).get("env")):
            if mapping(entry).get("name") == "NODE_IPS":
                return {part.strip() for part in str(mapping(entry).get("value") or "").split(",")} - {""}
    return set()


def _database(
    database: str, fact: Fact, homes: set[str], wanted: set[str], params: Params, data: dict[str, JSON]
) -> Iterable[Row]:
    yield from (unread(f"{a.pod or a.target} {database}", a) for a in fact.failed)
    if not fact.good:
        return
    clusters = Counter(str(a.value.get("cluster_id") or "?").partition(" ")[0] for a in fact.good)
    if len(clusters) > 1:
        yield Row(database, Verdict.FAIL, message("ovndb.clusters", names=", ".join(sorted(clusters))))
    yield from _twins(database, fact.good)
    leaders = [a for a in fact.good if a.value.get("role") == "leader"]
    if sid := unseen_leader(fact):
        yield not_seen(database, sid)
        return
    if len(leaders) != 1:
        yield Row(database, Verdict.FAIL, message("ovndb.no-leader", count=len(leaders)))
        return
    leader = leaders[0]
    known = {str(s.get("sid")): str(s.get("address") or "") for s in leader.value.get("servers") or ()}
    data[f"{database}_members"] = len(known)
    yield from _strays(database, fact, known, homes)
    yield from _unplanned(database, known, wanted)
    yield _strength(database, leader, known, params, data)


def _twins(database: str, good: Iterable[Answer]) -> Iterable[Row]:
    by_id: dict[str, list[str]] = {}
    for answer in good:
        by_id.setdefault(str(answer.value.get("server_id") or answer.value.get("sid")), []).append(
            answer.pod or answer.target
        )
    for sid, pods in by_id.items():
        if len(pods) > 1:
            text = message("ovndb.same-server", sid=one_line(sid, 40), pods=", ".join(sorted(pods)))
            yield Row(database, Verdict.FAIL, text)


def _strays(database: str, fact: Fact, known: Mapping[str, str], homes: set[str]) -> Iterable[Row]:
    """Pods that the leader does not know, and members that no pod runs."""
    running = {str(a.value.get("sid")) for a in fact.good}
    for answer in fact.good:
        if str(answer.value.get("sid")) not in known:
            target = f"{answer.pod or answer.target} {database}"
            yield Row(target, Verdict.FAIL, message("ovndb.outside", sid=str(answer.value.get("sid"))))
    for sid, address in known.items():
        host = host_of(address)
        # A pod that did not answer may be the one that runs this member.
        if sid not in running and not (fact.failed and (host in homes or not homes)):
            text = message("ovndb.ghost", sid=sid, address=one_line(address, 80))
            yield Row(f"{database} {sid}", Verdict.WARN, text, data={"sid": sid, "address": address})


def _unplanned(database: str, known: Mapping[str, str], wanted: set[str]) -> Iterable[Row]:
    hosts = {host_of(address) for address in known.values()} - {""}
    if wanted and hosts and wanted != hosts:
        missing, surplus = sorted(wanted - hosts), sorted(hosts - wanted)
        text = message("ovndb.node-ips", missing=", ".join(missing) or "-", surplus=", ".join(surplus) or "-")
        yield Row(database, Verdict.WARN, text)


def _strength(
    database: str, leader: Answer, known: Mapping[str, str], params: Params, data: dict[str, JSON]
) -> Row:
    """How many members the leader hears, and how many of them it can lose."""
    state = leader.value
    limit = float(params["timers"]) * float(whole_number(state.get("election_timer")) or 1000)
    heard = 0
    for server in state.get("servers") or ():
        last = server.get("last_msg_ms")
        fresh = last is not None and float(last) <= limit
        heard += bool(server.get("self") or (fresh and server.get("sid") not in (state.get("lost") or ())))
    total, need = len(known), len(known) // 2 + 1
    spare = heard - need
    data[f"{database}_spare"] = spare
    numbers = {"heard": heard, "total": total, "need": need, "spare": spare}
    if spare < 0:
        return Row(database, Verdict.FAIL, message("ovndb.no-majority", **numbers), data=numbers)
    if total == 2 or (spare == 0 and total > 1):
        return Row(database, Verdict.WARN, message("ovndb.no-spare", **numbers), data=numbers)
    return Row(database, Verdict.OK, message("ovndb.strength", **numbers), data=numbers)


# --- elections ------------------------------------------------------------------------------------------------------


def judge_ovn_elections(facts: Facts, params: Params, now: float) -> Judgement:
    """When each leader was elected; one that was just elected means that the one before was lost.

    Data: ``newest`` (seconds since the newest election that was won), ``nb_term``, ``sb_term``.
    """
    lost = nobody(facts, "nb", "sb")
    if lost:
        return lost
    if all(alone(facts[database]) for database in DATABASES):
        return Judgement(Verdict.SKIPPED, message("ovndb.standalone"))
    rows: list[Row] = []
    data: dict[str, JSON] = {}
    ages: list[int] = []
    for database in DATABASES:
        leaders = [a for a in facts[database].good if a.value.get("role") == "leader"]
        if not leaders:
            rows += [unread(f"{a.pod or a.target} {database}", a) for a in facts[database].failed]
            sid = unseen_leader(facts[database])
            nobody_leads = Row(database, Verdict.FAIL, message("ovndb.no-leader", count=0))
            if facts[database].good:  # nobody answered: nobody said that nobody leads
                rows.append(not_seen(database, sid) if sid else nobody_leads)
        for leader in leaders:
            target, won = f"{leader.pod or leader.target} {database}", leader.value.get("election_won_ms")
            data[f"{database}_term"] = leader.value.get("term")
            if won is None:
                text = message("ovndb.election-unread")
                rows.append(Row(target, Verdict.UNKNOWN, text, data={"reason": "unparsable"}))
                continue
            ages.append(int(won) // 1000)
            recent = ages[-1] < float(params["recent"])
            text = message("ovndb.elected", minutes=ages[-1] // 60, term=leader.value.get("term"))
            rows.append(Row(target, Verdict.WARN if recent else Verdict.OK, text, value=ages[-1]))
    return judged(
        rows,
        well=message("ovndb.elections-ok", minutes=min(ages, default=0) // 60),
        wrong=message("ovndb.elections-bad"),
        none=message("ovndb.no-central"),
        data={**data, "newest": min(ages, default=None)},
    )


# --- labels ---------------------------------------------------------------------------------------------------------


def judge_leader_labels(facts: Facts, params: Params, now: float) -> Judgement:
    """Whether the pods that carry the leader labels are those that lead.

    Data: ``nb``, ``sb``, ``northd`` (pods that really lead, empty: none is known).
    """
    lost = lists.failure(facts, "pods") or nobody(facts, "nb", "sb", "northd")
    if lost:
        return lost
    rows, data = [], {}
    for role in (*DATABASES, "northd"):
        label = f"ovn-{role}-leader"
        labelled = sorted(
            lists.name(pod)
            for pod in facts["pods"].items
            if mapping(lists.meta(pod).get("labels")).get(label) == "true"
        )
        # A single server without a cluster is its own leader.
        lead = facts[role].answers if alone(facts[role]) else facts[role].good
        real = sorted(a.pod or a.target for a in lead if a.error or _leads(role, a.value))
        data[role] = real[0] if len(real) == 1 else ""
        rows.append(_label_row(role, real, labelled, facts[role]))
    return judged(
        rows,
        well=message("ovndb.labels-ok", **data),
        wrong=message("ovndb.labels-bad"),
        none=message("ovndb.no-central"),
        data=data,
    )


def _leads(role: str, value: Any) -> bool:
    return bool(mapping(value).get("state" if role == "northd" else "role") in ("leader", "active"))


def _label_row(role: str, real: list[str], labelled: list[str], fact: Fact) -> Row:
    if not real and fact.failed:
        return unread(role, fact.failed[0])
    if role != "northd" and (sid := unseen_leader(fact)):
        return not_seen(role, sid)
    said = {"real": ", ".join(real) or "-", "labelled": ", ".join(labelled) or "-"}
    if not real:
        return Row(role, Verdict.FAIL, message("ovndb.label-nobody", **said), data=said)
    if real == labelled:
        return Row(role, Verdict.OK, message("ovndb.label", **said), data=said)
    return Row(role, Verdict.FAIL, message("ovndb.label-wrong", **said), data=said)
