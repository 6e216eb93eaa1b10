"""Judges of nodes as members of the pod network: their join address, and the agents that serve them."""

from __future__ import annotations

from collections.abc import Mapping

from checks.judges import addresses, lists
from checks.judges.chassis import ready
from checks.judges.versions import kube_ovn_finalizer, running_versions, show_version
from checks.judges.wholes import judged, mapping, text_of
from checks.model import JSON, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
NOTE = "ovn.kubernetes.io/"
FINALIZERS = ("kube-ovn-controller", "kubeovn.io/kube-ovn-controller")


def serves(node: lists.Object) -> bool:
    """Whether Kube-OVN's agents run on this node: not on virtual kubelets and not on Windows."""
    labels = mapping(lists.meta(node).get("labels"))
    return labels.get("type") != "virtual-kubelet" and labels.get("kubernetes.io/os") != "windows"


def _young(obj: lists.Object, now: float, grace: float) -> bool:
    born = lists.created(obj)
    return lists.terminating(obj) or (born is not None and now - born < grace)


# --- the join address -----------------------------------------------------------------------------------------------


def judge_node_addresses(facts: Facts, params: Params, now: float) -> Judgement:
    """The address that a node has been given lies in the join Subnet, and no other node has it."""
    lost = lists.failure(facts, "nodes", "subnets")
    if lost:
        return lost
    nodes = [node for node in facts["nodes"].items if serves(node)]
    grace = float(params["grace"])
    networks = {
        lists.name(subnet): addresses.networks_or_none(text_of(lists.spec(subnet).get("cidrBlock")))
        for subnet in facts["subnets"].items
    }
    holders: dict[str, list[str]] = {}
    for node in nodes:
        for address in _joined(node):
            holders.setdefault(address, []).append(lists.name(node))
    rows = [_address_row(node, networks, holders) for node in nodes if not _young(node, now, grace)]
    return judged(
        rows,
        well=message("members.addresses-ok", total=sum(row.verdict is Verdict.OK for row in rows)),
        wrong=message("members.addresses-bad"),
        none=message("chassis.no-nodes"),
    )


def _joined(node: lists.Object) -> list[str]:
    notes = mapping(lists.meta(node).get("annotations"))
    return [part.strip() for part in text_of(notes.get(f"{NOTE}ip_address")).split(",") if part.strip()]


def _address_row(
    node: lists.Object,
    networks: Mapping[str, dict[int, addresses.Network] | None],
    holders: Mapping[str, list[str]],
) -> Row:
    name, notes, mine = lists.name(node), mapping(lists.meta(node).get("annotations")), _joined(node)
    data = {"address": ", ".join(mine)}
    if notes.get(f"{NOTE}allocated") != "true" or not mine:
        # That it has none is what node.network says; here the addresses are compared.
        return Row(name, Verdict.SKIPPED, message("members.unallocated"), data=data)
    shared = sorted({other for a in mine for other in holders[a] if other != name})
    if shared:
        return Row(name, Verdict.FAIL, message("members.shared", others=", ".join(shared)), data=data)
    switch = text_of(notes.get(f"{NOTE}logical_switch")) or "join"
    known = networks.get(switch)
    if known is None:
        return Row(name, Verdict.FAIL, message("members.no-subnet", subnet=one_line(switch, 60)), data=data)
    spans = [(int(network[0]), int(network[-1])) for network in known.values()]
    stray = [address for address in mine if not addresses.inside(spans, address)]
    if stray:
        text = message("members.outside", address=one_line(", ".join(stray), 80), subnet=switch)
        return Row(name, Verdict.FAIL, text, data=data)
    return Row(name, Verdict.OK, message("members.address", address=data["address"]), data=data)


# --- agents ---------------------------------------------------------------------------------------------------------


def judge_agents(facts: Facts, params: Params, now: float) -> Judgement:
    """Every Ready node has a Ready pod of ovs-ovn and of kube-ovn-cni.

    Data: ``cni_missing``, ``ovs_missing`` (nodes without a Ready one).
    """
    lost = lists.failure(facts, "nodes", "pods")
    if lost:
        return lost
    there: dict[str, dict[str, bool]] = {}
    for pod in facts["pods"].items:
        app = text_of(mapping(lists.meta(pod).get("labels")).get("app"))
        home = there.setdefault(text_of(lists.spec(pod).get("nodeName")), {})
        home[app] = home.get(app, False) or (ready(pod) and not lists.terminating(pod))
    rows: list[Row] = []
    missing: dict[str, list[str]] = {"kube-ovn-cni": [], "ovs": []}
    for node in facts["nodes"].items:
        if not serves(node) or not ready(node) or _young(node, now, float(params["grace"])):
            continue
        name = lists.name(node)
        lacking = [app for app in missing if not there.get(name, {}).get(app)]
        for app in lacking:
            missing[app].append(name)
        if lacking:
            states = ", ".join(
                f"{'ovs-ovn' if app == 'ovs' else app}: "
                f"{'not Ready' if app in there.get(name, {}) else 'no pod'}"
                for app in lacking
            )
            rows.append(Row(name, Verdict.FAIL, message("members.agent", states=states)))
        else:
            rows.append(Row(name, Verdict.OK, message("members.agents")))
    return judged(
        rows,
        well=message("members.agents-ok", total=len(rows)),
        wrong=message("members.agents-bad"),
        none=message("chassis.no-nodes"),
        data={"cni_missing": missing["kube-ovn-cni"], "ovs_missing": missing["ovs"]},
    )


# --- finalizers of another release ----------------------------------------------------------------------------------


def judge_foreign_finalizers(facts: Facts, params: Params, now: float) -> Judgement:
    """Objects that carry the finalizer of another release: the running controller will not take it away.

    Data: ``count``, ``finalizer`` (what this release uses); table ``rows`` one per kind.
    """
    kinds = [name for name in facts if name != "cni_pods"]
    lost = lists.failure(facts, *kinds, "cni_pods")
    if lost:
        return lost
    versions = running_versions(facts["cni_pods"].items)
    if len({kube_ovn_finalizer(version) for version in versions}) != 1:
        return lists.unknown("absent", message("members.finalizer-version"))
    ours = kube_ovn_finalizer(versions[0])
    (foreign,) = (finalizer for finalizer in FINALIZERS if finalizer != ours)
    rows, count = [], 0
    for kind in kinds:
        items = facts[kind].items
        found = [lists.name(obj) for obj in items if foreign in lists.finalizers(obj)]
        count += len(found)
        if found:
            shown = one_line(", ".join(found[:3]), 160)
            text = message("members.finalizer", count=len(found), first=shown, finalizer=foreign)
            rows.append(Row(kind, Verdict.WARN, text, data={"names": found[:200]}))
        elif items:
            rows.append(Row(kind, Verdict.OK, message("members.finalizer-ok", count=len(items))))
    return judged(
        rows,
        well=message("members.finalizers-ok", finalizer=ours, version=show_version(versions[0])),
        wrong=message("members.finalizers-bad", version=show_version(versions[0])),
        none=message("members.finalizers-none"),
        data={"count": count, "finalizer": ours},
    )
