"""Judges over NetworkPolicies: those that cut their pods off from DNS, and those that select nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from checks.judges.lists import Object, failure, labels, name, namespace, spec, terminating
from checks.judges.shapes import split, told
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message

DNS = 53
DNS_NAMES = ("dns", "dns-tcp", "domain")
DNS_PODS = {"k8s-app": ("kube-dns", "coredns", "node-local-dns")}


def matches(selector: object, tags: Mapping[str, str]) -> bool:
    """Whether a label selector chooses these labels; an empty one chooses everything, none chooses nothing."""
    if not isinstance(selector, Mapping):
        return False
    wanted = selector.get("matchLabels")
    if isinstance(wanted, Mapping) and any(tags.get(key) != value for key, value in wanted.items()):
        return False
    more = selector.get("matchExpressions")
    return all(_expression(e, tags) for e in (more if isinstance(more, list) else ()))


def _expression(rule: object, tags: Mapping[str, str]) -> bool:
    if not isinstance(rule, Mapping):
        return False
    key, operator = str(rule.get("key")), str(rule.get("operator"))
    values = rule.get("values") or ()
    if operator in ("In", "NotIn"):
        return (tags.get(key) in list(values)) is (operator == "In")
    return operator in ("Exists", "DoesNotExist") and (key in tags) is (operator == "Exists")


def readable(objects: Iterable[Object]) -> tuple[list[Object], list[Row]]:
    """The policies that have a pod selector, which every policy must have, and rows of those that have none."""
    return split(objects, "spec", sound=lambda p: isinstance(spec(p).get("podSelector"), Mapping))


def _selector(policy: Object) -> Mapping[str, Any]:
    found = spec(policy).get("podSelector")
    return found if isinstance(found, Mapping) else {}


def _list(value: object) -> Iterator[Mapping[str, Any]]:
    for item in value if isinstance(value, list) else ():
        if isinstance(item, Mapping):
            yield item


# --- DNS ------------------------------------------------------------------------------------------------------------


def judge_policy_dns(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Policies that isolate egress and let nothing out on port 53, where no other policy for all their pods does.

    A policy that selects only some of the pods may still let those out: the row says that no policy covers all.
    """
    if lost := failure(facts, "policies", "namespaces"):
        return lost
    dns_space = {"kubernetes.io/metadata.name": "kube-system"}
    for space in facts["namespaces"].items:
        if name(space) == "kube-system":
            dns_space.update(labels(space))
    by_space: dict[str, list[Object]] = defaultdict(list)
    known, broken = readable(facts["policies"].items)
    for one in known:
        if not terminating(one):
            by_space[namespace(one)].append(one)
    isolating = [p for mine in by_space.values() for p in mine if _isolates_egress(p)]
    rows = []
    for policy in sorted(isolating, key=lambda p: (namespace(p), name(p))):
        where = namespace(policy)
        if any(
            _covers(other, policy) and _lets_dns_out(other, where, dns_space) for other in by_space[where]
        ):
            continue
        everything = not _selector(policy)
        data: dict[str, JSON] = {"namespace": where, "name": name(policy), "all": everything}
        text = message("policies.no-dns-all" if everything else "policies.no-dns")
        rows.append(Row(f"{where}/{name(policy)}", Verdict.WARN, text, data=data))
    counts: dict[str, JSON] = {
        "total": sum(map(len, by_space.values())),
        "isolating": len(isolating),
        "cut": len(rows),
        "worst": rows[0].target if rows else "",
    }
    if not counts["total"] and not broken:
        return Judgement(Verdict.SKIPPED, message("policies.none"))
    return told(
        rows,
        broken,
        message("policies.cut" if rows else "policies.dns-ok", **counts),
        verdict=Verdict.WARN if rows else Verdict.OK,
        value=len(rows),
        data=counts,
        tables={"policies": tuple(dict(row.data) for row in rows)},
    )


def _isolates_egress(policy: Object) -> bool:
    types = spec(policy).get("policyTypes")
    return "Egress" in types if isinstance(types, list) else bool(spec(policy).get("egress"))


def _covers(other: Object, policy: Object) -> bool:
    """Whether `other` selects at least the pods of `policy`, as far as the selectors alone can tell."""
    mine, wider = _selector(policy), _selector(other)
    if not wider or mine == wider:
        return True
    some = wider.get("matchLabels") or {}
    return not wider.get("matchExpressions") and set(some.items()) <= set(
        (mine.get("matchLabels") or {}).items()
    )


def _lets_dns_out(policy: Object, space: str, system: Mapping[str, str]) -> bool:
    if not _isolates_egress(policy):
        return False
    return any(
        _port_53(rule) and _reaches_dns(rule, space, system) for rule in _list(spec(policy).get("egress"))
    )


def _port_53(rule: Mapping[str, Any]) -> bool:
    ports = list(_list(rule.get("ports")))
    if not ports:
        return not rule.get("ports")
    return any(_holds_53(port) for port in ports if port.get("protocol", "TCP") in ("UDP", "TCP"))


def _holds_53(port: Mapping[str, Any]) -> bool:
    first, last = port.get("port"), port.get("endPort")
    if first is None:
        return True
    if isinstance(first, str):
        return first in DNS_NAMES or first == str(DNS)
    return first == DNS or (isinstance(last, int) and isinstance(first, int) and first <= DNS <= last)


def _reaches_dns(rule: Mapping[str, Any], space: str, system: Mapping[str, str]) -> bool:
    """Whether a peer may be the cluster's DNS: address blocks may always be, selectors where they fit kube-system."""
    peers = list(_list(rule.get("to")))
    return not peers or any(_peer(peer, space, system) for peer in peers)


def _peer(peer: Mapping[str, Any], space: str, system: Mapping[str, str]) -> bool:
    if "ipBlock" in peer:
        return True
    there = (
        matches(peer["namespaceSelector"], system) if "namespaceSelector" in peer else space == "kube-system"
    )
    wanted = (peer.get("podSelector") or {}).get("matchLabels") or {}
    return there and all(wanted.get(key) in (None, *known) for key, known in DNS_PODS.items())


# --- policies without pods ------------------------------------------------------------------------------------------


def judge_policy_empty(facts: Mapping[str, Fact], params: Mapping[str, JSON], now: float) -> Judgement:
    """Policies whose selector fits no pod of their namespace: what they were written to protect is not protected."""
    if lost := failure(facts, "policies", "pods"):
        return lost
    known, broken = readable(facts["policies"].items)
    policies = [p for p in known if not terminating(p)]
    if not policies and not broken:
        return Judgement(Verdict.SKIPPED, message("policies.none"))
    spaces = {namespace(p) for p in policies}
    tags: dict[str, list[Mapping[str, str]]] = defaultdict(list)
    for pod in facts["pods"].items:
        if namespace(pod) in spaces:
            tags[namespace(pod)].append(labels(pod))
    rows = [
        Row(
            f"{namespace(p)}/{name(p)}",
            Verdict.WARN,
            message("policies.empty-row", pods=len(tags[namespace(p)])),
            data={"namespace": namespace(p), "name": name(p), "pods": len(tags[namespace(p)])},
        )
        for p in sorted(policies, key=lambda p: (namespace(p), name(p)))
        if not any(matches(_selector(p), one) for one in tags[namespace(p)])
    ]
    counts: dict[str, JSON] = {
        "total": len(policies),
        "empty": len(rows),
        "worst": rows[0].target if rows else "",
    }
    return told(
        rows,
        broken,
        message("policies.empty" if rows else "policies.used", **counts),
        verdict=Verdict.WARN if rows else Verdict.OK,
        value=len(rows),
        data=counts,
    )
