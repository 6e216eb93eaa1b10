"""What klinik writes to a cluster follows the API's conventions: recorded from a walk, held against models and rules.

The practice API server refuses what a stock one would (tests/checks/practice/test_api_conventions.py); here every
request is looked at as it was sent: fields that the kind knows, options, preconditions, content types.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import example, given, settings
from hypothesis import strategies as st

from checks.cluster import Object, Resource
from checks.live import connect
from checks.live.cluster import LiveCluster
from checks.practice import handler
from checks.practice.conventions import (
    LONGEST_MANAGER,
    is_label_value,
    wrong_meta,
    wrong_name,
    wrong_options,
)
from checks.practice.records import micro_time, wrong_event, wrong_lease
from checks.practice.scenario import build_world
from checks.practice.server import PracticeServer
from checks.signature import manager_of
from checks.writing.leases import Claim, Leases
from checks.writing.traces import Trace, event_of
from checks.writing.turns import Held, Turn
from tests.checks.killing import article_of, look, one, open_walk
from tests.checks.test_turns import Hands

NOBODY: Any = None
MAPS = Resource("", "v1", "configmaps")
JSON = "application/json"
PATCHES = ("application/merge-patch+json", "application/json-patch+json")
KINDS = {
    "Lease": "V1Lease",
    "Event": "CoreV1Event",
    "Eviction": "V1Eviction",
    "DeleteOptions": "V1DeleteOptions",
    "SelfSubjectAccessReview": "V1SelfSubjectAccessReview",
    "SelfSubjectRulesReview": "V1SelfSubjectRulesReview",
}


@dataclass(frozen=True)
class Sent:
    """One request that changes something, or would, as it reached the server; and its answer's code."""

    method: str
    path: str
    query: Mapping[str, str]
    content: str
    body: Any
    code: int = 0

    @property
    def kind(self) -> str:
        """What the body says it is."""
        return str(self.body.get("kind", "")) if isinstance(self.body, dict) else ""

    @property
    def dry(self) -> bool:
        return self.query.get("dryRun") == "All"

    @property
    def review(self) -> bool:
        return self.path.endswith("reviews")


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Sent]:
    """Everything sent while an incident is fixed, and by two who want the same turn."""
    heard: list[Sent] = []

    class Listening(handler.Handler):
        async def handle(self, request: web.Request) -> web.StreamResponse:
            if request.method == "GET":
                return await super().handle(request)
            raw, content = await request.read(), request.headers.get("Content-Type", "")
            body = json.loads(raw) if raw else None
            response = await super().handle(request)
            heard.append(
                Sent(request.method, request.path, dict(request.query), content, body, response.status)
            )
            return response

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(handler, "Handler", Listening)
        folder = tmp_path_factory.mktemp("conventions")
        with PracticeServer(build_world("subnet-held-by-finalizer", pace=0.02)) as server:
            server.write_kubeconfig(folder / "kubeconfig")
            fix(folder)
            client = connect(kubeconfig=str(folder / "kubeconfig"))
            try:
                take_turns(client)
                by_the_way(client)
            finally:
                client.close()
    return heard


def fix(folder: Path) -> None:
    """The whole incident, with an operator and a reason that are not ASCII."""
    walk = open_walk(str(folder / "kubeconfig"), folder, article_of("subnet-ip-stuck-deleting"))
    walk.operator = "陈"
    walk.access.arm(walk.cluster.info, "变更单 2026-1121：" + "子网删除卡住" * 28)
    try:
        look(walk)
        walk.choose("subnet-held-stale-status")
        for step in walk.steps():
            one(walk, step)
            look(walk)
    finally:
        walk.close()
        walk.cluster.close()


def take_turns(client: LiveCluster) -> None:
    """Taken, renewed, refused, taken over, lost, given back; of an object whose name says nothing to a label."""
    claim = Claim("kube-system", f"{'very' * 20}.long.example.org/x")
    hands = Hands()
    mine = Turn(client, [claim], holder="chen@a/1", purpose="目的", clock=hands)
    mine.take()
    hands.time += 60
    mine.keep()
    other = Turn(client, [claim], holder="li@b/2", purpose="p", clock=hands)
    with pytest.raises(Held):
        other.take()
    other.take(over=True)
    mine.release()
    other.release()


def by_the_way(client: LiveCluster) -> None:
    """What undoing and asking send."""
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "made"}, "data": {"a": "b"}}
    for dry_run in (True, False):
        made = client.create(MAPS, body, namespace="default", dry_run=dry_run)
    uid = made["metadata"]["uid"]
    for dry_run in (True, False):
        client.delete(MAPS, "made", namespace="default", uid=uid, dry_run=dry_run)
    client.can("patch", MAPS)
    client.rules("kube-system")


# --- fields


def unknown(body: Any, type_: str, where: str = "") -> Iterator[str]:
    """Fields that the kind does not have, and values of another type than theirs."""
    from kubernetes import client

    inner = re.fullmatch(r"(?i)(list|dict)[\[(](?:str, )?(.+)[\])]", type_)
    plain = {"str": str, "int": int, "bool": bool, "object": object}.get(type_)
    if inner:
        if not isinstance(body, list if inner[1].lower() == "list" else dict):
            yield f"{where}: {body!r} is no {type_}"
            return
        for at, value in body.items() if isinstance(body, dict) else enumerate(body):
            yield from unknown(value, inner[2], f"{where}.{at}")
    elif type_ == "datetime":
        if not isinstance(body, str) or datetime.fromisoformat(body.replace("Z", "+00:00")).tzinfo is None:
            yield f"{where}: {body!r} is no time"
    elif plain is not None:
        if not isinstance(body, plain) or (plain is int and isinstance(body, bool)):
            yield f"{where}: {body!r} is no {type_}"
    else:
        model = getattr(client, type_)
        names = {key: name for name, key in model.attribute_map.items()}
        for key, value in body.items():
            if key in names:
                yield from unknown(value, model.openapi_types[names[key]], f"{where}.{key}")
            else:
                yield f"{where}.{key}: {type_} has no such field"
        if not where and hasattr(
            model, "from_dict"
        ):  # the models before kubernetes 36 do not say what they require
            model.from_dict(body)


def test_every_body_has_the_fields_of_its_kind_and_no_others(sent: Sequence[Sent]) -> None:
    wrong = []
    for one_ in sent:
        if one_.kind in KINDS:
            wrong += [f"{one_.path} {why}" for why in unknown(one_.body, KINDS[one_.kind])]
        if one_.method == "PATCH" and "/leases/" in one_.path:
            wrong += [f"{one_.path} {why}" for why in unknown(one_.body, "V1Lease", "lease")]
    assert not wrong
    assert {one_.kind for one_ in sent} >= {*KINDS, "ConfigMap"}
    assert list(unknown({"spec": {"holder": 1, "leaseDurationSeconds": "x"}}, "V1Lease", "lease")) == [
        "lease.spec.holder: V1LeaseSpec has no such field",
        "lease.spec.leaseDurationSeconds: 'x' is no int",
    ]


def test_nothing_was_refused_for_its_form(sent: Sequence[Sent]) -> None:
    assert [one_ for one_ in sent if one_.code in (400, 405, 413, 415, 422, 500)] == []


# --- options


def test_content_types_field_managers_and_dry_runs(sent: Sequence[Sent]) -> None:
    """As the API takes them; a body of options says of a dry run what its query says."""
    for one_ in sent:
        assert one_.content in (PATCHES if one_.method == "PATCH" else (JSON,)), one_
        assert set(one_.query) <= {"dryRun", "fieldManager"}, one_
        assert one_.query.get("dryRun", "All") == "All"
        if one_.method == "PATCH" or (one_.method == "POST" and not one_.review and one_.kind != "Eviction"):
            manager = one_.query["fieldManager"]
            assert manager.startswith("klinik")
            assert manager.isprintable()
            assert len(manager.encode()) <= LONGEST_MANAGER
        options = one_.body.get("deleteOptions", {}) if one_.kind == "Eviction" else one_.body
        if one_.method == "DELETE" or one_.kind == "Eviction":
            assert (options.get("dryRun") == ["All"]) is one_.dry, one_


def test_what_a_step_wrote_says_why_in_the_fields_it_manages(sent: Sequence[Sent]) -> None:
    """The reason of the arming stands in managedFields, cut to what a field manager may hold."""
    patched = [
        one_ for one_ in sent if one_.method == "PATCH" and not one_.dry and "/leases/" not in one_.path
    ]
    assert patched
    for one_ in patched:
        assert one_.query["fieldManager"].startswith("klinik: 变更单 2026-1121：子网"), one_
    assert {one_.query["fieldManager"] for one_ in sent if one_.kind == "Lease"} == {"klinik"}


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_no_reason_makes_a_field_manager_that_is_refused(reason: str) -> None:
    assert not [*wrong_options({"fieldManager": manager_of(reason)}, apply=False)]


def test_every_write_is_bound_to_what_was_seen(sent: Sequence[Sent]) -> None:
    """Patches to a version, deletions and evictions to a uid; what is made new has a name that can be taken."""
    kinds = set()
    for one_ in sent:
        if one_.review or one_.dry:
            continue
        kinds.add(one_.method)
        if one_.method == "PATCH":
            assert version_of(one_.body).isdigit(), one_
        elif one_.method == "DELETE":
            assert one_.body["preconditions"]["uid"], one_
        elif one_.kind == "Eviction":
            assert one_.body["deleteOptions"]["preconditions"]["uid"], one_
            assert one_.path.endswith(f"/pods/{one_.body['metadata']['name']}/eviction")
        else:
            assert one_.method == "POST"
            assert not wrong_name(one_.path.rpartition("/")[2], one_.body["metadata"]["name"])
    assert kinds == {"PATCH", "DELETE", "POST"}


def version_of(patch: Any) -> str:
    if isinstance(patch, list):
        return str(patch[0]["value"]) if patch[0]["path"] == "/metadata/resourceVersion" else ""
    return str(patch["metadata"]["resourceVersion"])


def test_what_a_step_writes_was_tried_out_before(sent: Sequence[Sent]) -> None:
    """Every patch of the incident went out as a dry run first; so did evictions, which ask the budgets."""
    tried: set[str] = set()
    ours = [one_ for one_ in sent if not one_.review and "/leases" not in one_.path and one_.kind != "Event"]
    for one_ in ours:
        if one_.dry:
            tried.add(one_.path)
        else:
            assert one_.path in tried, one_
    assert len(tried) >= 3


# --- what others read


def test_leases_and_events_are_written_as_others_read_them(sent: Sequence[Sent]) -> None:
    leases = [one_ for one_ in sent if one_.kind == "Lease"]
    events = [one_ for one_ in sent if one_.kind == "Event"]
    assert leases
    assert events
    for one_ in (*leases, *events):
        assert not [*wrong_meta(one_.body["metadata"])], one_
        assert one_.body["metadata"]["namespace"] == one_.path.split("/")[-2]
    for one_ in leases:
        spec = one_.body["spec"]
        assert not [*wrong_lease(one_.body)]
        assert micro_time(spec["acquireTime"])
        assert micro_time(spec["renewTime"])
        assert spec["holderIdentity"]
    for one_ in events:
        assert not [*wrong_event(one_.body)]
        assert micro_time(one_.body["eventTime"])
        about = one_.body["involvedObject"]
        assert {"apiVersion", "kind", "name", "uid"} <= set(about)
        assert "变更单" in one_.body["message"]


WORDS = st.text(max_size=300) | st.text("网络子x-. ", max_size=2000)


@example("陈", "网" * 2000, "x" * 2000, "apps", 0)
@settings(max_examples=60, deadline=None)
@given(WORDS, WORDS, WORDS, st.sampled_from(["", "apps"]), st.integers(0, 4_000_000_000))
def test_no_operator_reason_or_object_makes_an_event_that_is_refused(
    operator: str, reason: str, name: str, namespace: str, now: int
) -> None:
    about: Object = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "uid": "u"}}
    if namespace:
        about["metadata"]["namespace"] = namespace
    trace = Trace("article", "step", "do", operator, "20261121-210000-x", reason)
    event = event_of(about, replace(trace, step=name), now + 0.5, more=3)
    assert not [*wrong_event(event)]
    assert not [*wrong_meta(event["metadata"])]
    assert not [*unknown(event, "CoreV1Event")]


@settings(max_examples=60, deadline=None)
@given(st.text("abc./-_XYZ网", min_size=1, max_size=120), WORDS, WORDS)
def test_no_target_or_purpose_makes_a_lease_that_is_refused(target: str, holder: str, purpose: str) -> None:
    claim = Claim("kube-system", target)
    leases = Leases(NOBODY, holder=holder, purpose=purpose, clock=Hands())
    lease = leases.new(claim)
    assert not wrong_name("leases", lease["metadata"]["name"])
    assert not [*wrong_meta(lease["metadata"])]
    assert is_label_value(claim.label)
    assert not [*wrong_lease(lease)]
    assert not [*unknown(lease, "V1Lease")]
