"""Judges of ways out: VPC NAT gateways and their settings, EIPs and NAT rules, egress gateways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from checks.judges import lists
from checks.judges.chassis import ready
from checks.judges.pernode import nobody, unread
from checks.judges.subnetstate import conditions, settled
from checks.judges.wholes import judged, listing, mapping, text_of
from checks.model import JSON, Answer, Fact, Judgement, Row, Verdict
from kb.messages import message
from kb.safe import one_line

Facts = Mapping[str, Fact]
Params = Mapping[str, JSON]
INIT = "ovn.kubernetes.io/vpc_nat_gw_init"


# --- gateways -------------------------------------------------------------------------------------------------------


def judge_nat_gateways(facts: Facts, params: Params, now: float) -> Judgement:
    """Every VPC NAT gateway has a Ready and initialised pod, and the VPC, Subnets and attachment it is made of.

    Data: ``down`` (gateways without a Ready pod).
    """
    lost = lists.failure(facts, "gateways", "pods", "vpcs", "subnets", "attachments")
    if lost:
        return lost
    around = _Around(facts)
    rows = [
        _gateway_row(gateway, around)
        for gateway in facts["gateways"].items
        if settled(gateway, now, float(params["grace"]))
    ]
    return judged(
        rows,
        well=message("natgw.ok", total=len(rows)),
        wrong=message("natgw.bad"),
        none=message("natgw.none"),
        data={"down": [row.target for row in rows if row.data.get("kind") == "pod"]},
    )


class _Around:
    """What gateways are made of, by name."""

    def __init__(self, facts: Facts):
        self.vpcs = {lists.name(vpc): vpc for vpc in facts["vpcs"].items}
        self.subnets = {lists.name(subnet): subnet for subnet in facts["subnets"].items}
        self.attachments = {f"{lists.name(nad)}.{lists.namespace(nad)}" for nad in facts["attachments"].items}
        self.pods: dict[str, list[lists.Object]] = {}
        for pod in facts["pods"].items:
            app = text_of(mapping(lists.meta(pod).get("labels")).get("app"))
            self.pods.setdefault(app, []).append(pod)


def _gateway_row(gateway: lists.Object, around: _Around) -> Row:
    name, spec = lists.name(gateway), lists.spec(gateway)
    found = _parts(spec, around) or _pods(around.pods.get(f"vpc-nat-gw-{name}", []))
    if found:
        kind, text = found
        return Row(name, Verdict.FAIL, text, data={"kind": kind})
    return Row(name, Verdict.OK, message("natgw.row"), data={"kind": ""})


def _parts(spec: Mapping[str, Any], around: _Around) -> tuple[str, Any] | None:
    """What the gateway refers to and is not there, or not ready to be used."""
    vpc, subnet = text_of(spec.get("vpc")), text_of(spec.get("subnet"))
    if vpc not in around.vpcs:
        return "vpc", message("natgw.vpc", vpc=one_line(vpc, 60) or "-")
    if lists.status(around.vpcs[vpc]).get("standby") is not True:
        return "vpc", message("natgw.standby", vpc=vpc)
    if subnet not in around.subnets:
        return "subnet", message("natgw.subnet", subnet=one_line(subnet, 60) or "-")
    for external in (text_of(one) for one in listing(spec.get("externalSubnets"))):
        if external not in around.subnets:
            return "subnet", message("natgw.subnet", subnet=one_line(external, 60) or "-")
        provider = text_of(lists.spec(around.subnets[external]).get("provider"))
        attachment = provider.removesuffix(".ovn")
        if attachment not in around.attachments:
            return "attachment", message(
                "natgw.attachment", subnet=external, provider=one_line(provider, 80) or "-"
            )
    return None


def _pods(pods: Iterable[lists.Object]) -> tuple[str, Any] | None:
    pods = list(pods)
    if not pods:
        return "pod", message("natgw.no-pod")
    well = [pod for pod in pods if ready(pod) and not lists.terminating(pod)]
    if not well:
        return "pod", message("natgw.pod", pod=lists.name(pods[0]), why=_why(pods[0]))
    if all(mapping(lists.meta(pod).get("annotations")).get(INIT) != "true" for pod in well):
        return "init", message("natgw.init", pod=lists.name(well[0]))
    return None


def _why(pod: lists.Object) -> str:
    """What a pod waits for, in Kubernetes' own word."""
    for status in listing(lists.status(pod).get("containerStatuses")):
        waiting = mapping(mapping(mapping(status).get("state")).get("waiting"))
        if text_of(waiting.get("reason")):
            return one_line(text_of(waiting.get("reason")), 60)
    return one_line(text_of(lists.status(pod).get("phase")), 40) or "-"


def judge_nat_settings(facts: Facts, params: Params, now: float) -> Judgement:
    """The ConfigMaps without which no VPC NAT gateway works; where there are gateways."""
    lost = lists.failure(facts, "gateways", "settings")
    if lost:
        return lost
    if not facts["gateways"].items:
        return Judgement(Verdict.SKIPPED, message("natgw.none"))
    data = {
        lists.name(obj): mapping(obj.get("data"))
        for obj in facts["settings"].items
        if lists.namespace(obj) == str(params["namespace"])
    }
    rows = []
    for name, key, wanted in (
        ("ovn-vpc-nat-gw-config", "enable-vpc-nat-gw", "true"),
        ("ovn-vpc-nat-config", "image", ""),
    ):
        value = text_of(data[name].get(key)) if name in data else ""
        if name not in data:
            rows.append(Row(name, Verdict.FAIL, message("natgw.no-settings")))
        elif (wanted and value != wanted) or not value:
            text = message("natgw.setting", key=key, value=one_line(value, 60) or "-")
            rows.append(Row(name, Verdict.FAIL, text))
        else:
            rows.append(Row(name, Verdict.OK, message("natgw.set", key=key, value=one_line(value, 80))))
    return judged(
        rows,
        well=message("natgw.settings-ok"),
        wrong=message("natgw.settings-bad"),
        none=message("natgw.none"),
    )


def judge_eip_addresses(facts: Facts, params: Params, now: float) -> Judgement:
    """Every EIP stands on an interface of a pod of its gateway.

    Data: ``missing`` (EIPs that do not). Gateways without a pod are the matter of another check.
    """
    lost = lists.failure(facts, "eips", "pods")
    if lost:
        return lost
    eips = [eip for eip in facts["eips"].items if settled(eip, now, float(params["grace"]))]
    if not eips:
        return Judgement(Verdict.SKIPPED, message("natgw.ready-none"), data={"missing": []})
    if lost := nobody(facts, "addresses"):
        return lost
    apps = {
        lists.name(pod): text_of(mapping(lists.meta(pod).get("labels")).get("app"))
        for pod in facts["pods"].items
    }
    held: dict[str, set[str]] = {}
    silent: dict[str, Answer] = {}
    for answer in facts["addresses"].answers:
        gateway = apps.get(answer.pod or answer.target, "").removeprefix("vpc-nat-gw-")
        if answer.error:
            silent[gateway] = answer
        else:
            held.setdefault(gateway, set()).update(str(row.get("address")) for row in answer.value)
    rows = [row for eip in eips if (row := _eip_row(eip, held, silent))]
    return judged(
        rows,
        well=message("natgw.eips-ok", total=len(rows)),
        wrong=message("natgw.eips-bad"),
        none=message("natgw.ready-none"),
        data={"missing": [row.target for row in rows if row.verdict is Verdict.FAIL]},
    )


def _eip_row(eip: lists.Object, held: Mapping[str, set[str]], silent: Mapping[str, Answer]) -> Row | None:
    name, gateway = lists.name(eip), text_of(lists.spec(eip).get("natGwDp"))
    address = text_of(lists.status(eip).get("ip")) or text_of(lists.spec(eip).get("v4ip"))
    if address and address in held.get(gateway, ()):
        return Row(name, Verdict.OK, message("natgw.eip-set", address=one_line(address, 60)))
    if gateway in silent:
        return unread(name, silent[gateway])
    if gateway not in held:
        return None
    text = message("natgw.eip-unset", address=one_line(address, 60) or "-", gateway=one_line(gateway, 60))
    return Row(name, Verdict.FAIL, text)


# --- objects that say whether they are ready ------------------------------------------------------------------------


def judge_objects_ready(facts: Facts, params: Params, now: float) -> Judgement:
    """Objects whose status says whether they are ready; every read is one kind.

    Params: ``grace`` (seconds that a new object may take), ``field`` (of the status). Data: ``waiting`` (names).
    """
    lost = lists.failure(facts, *facts)
    if lost:
        return lost
    rows = [
        _ready_row(kind, obj, str(params["field"]))
        for kind, fact in facts.items()
        for obj in fact.items
        if settled(obj, now, float(params["grace"]))
    ]
    return judged(
        rows,
        well=message("natgw.ready-ok", total=len(rows)),
        wrong=message("natgw.ready-bad"),
        none=message("natgw.ready-none"),
        data={"waiting": [row.target for row in rows if row.verdict is Verdict.FAIL]},
    )


def _ready_row(kind: str, obj: lists.Object, field: str) -> Row:
    target = (
        f"{kind}/{lists.namespace(obj)}/{lists.name(obj)}"
        if lists.namespace(obj)
        else f"{kind}/{lists.name(obj)}"
    )
    if lists.status(obj).get(field) is True:
        return Row(target, Verdict.OK, message("natgw.ready"))
    return Row(target, Verdict.FAIL, message("natgw.unready", field=field, why=_reason(obj)))


def _reason(obj: lists.Object) -> str:
    for entry in conditions(obj).values():
        if entry.get("status") == "False" or entry.get("type") == "Error":
            said = f"{text_of(entry.get('reason'))} {text_of(entry.get('message'))}".strip()
            if said:
                return one_line(said, 200)
    return "-"


def judge_nat_rules(facts: Facts, params: Params, now: float) -> Judgement:
    """NAT rules are ready, and the EIP that each names exists.

    Data: ``waiting`` (not ready), ``without_eip``.
    """
    lost = lists.failure(facts, *facts)
    if lost:
        return lost
    eips = {"iptables": _names(facts, "eips"), "ovn": _names(facts, "ovn_eips")}
    rows = []
    for kind, fact in facts.items():
        if kind in ("eips", "ovn_eips"):
            continue
        field, known = ("ovnEip", eips["ovn"]) if kind.startswith("ovn_") else ("eip", eips["iptables"])
        for rule in fact.items:
            if not settled(rule, now, float(params["grace"])):
                continue
            eip = text_of(lists.spec(rule).get(field))
            target = f"{kind}/{lists.name(rule)}"
            if eip not in known:
                text = message("natgw.rule-eip", eip=one_line(eip, 80) or "-")
                rows.append(Row(target, Verdict.FAIL, text, data={"kind": "eip"}))
            else:
                rows.append(_ready_row(kind, rule, "ready"))
    return judged(
        rows,
        well=message("natgw.rules-ok", total=len(rows)),
        wrong=message("natgw.rules-bad"),
        none=message("natgw.rules-none"),
        data={
            "waiting": [r.target for r in rows if r.verdict is Verdict.FAIL and not r.data],
            "without_eip": [r.target for r in rows if r.data.get("kind") == "eip"],
        },
    )


def _names(facts: Facts, read: str) -> set[str]:
    return {lists.name(obj) for obj in facts[read].items}
