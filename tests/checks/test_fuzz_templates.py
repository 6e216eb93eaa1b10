"""Hostile inputs in the commands, previews, saved reads and undos of guides and checks: each word keeps its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.catalogue import load_catalogue
from checks.cluster import Object, Resource, Target
from checks.errors import Invalid
from checks.layout import load_layout
from checks.live.failures import About, path_of
from checks.plans.inputs import Choices, InputError, validate
from checks.plans.plan import PlanError, PlannedWrite
from checks.plans.template import SLOT, slots, word
from checks.plans.writes import Expander
from checks.practice.patches import json_patch
from checks.reads import ExecRead, branches
from checks.risk.options import words_of
from checks.specs.readspec import fill as fill_read
from checks.specs.slots import SlotError as ParamError
from kb.model import Action, DeleteAction, ExecAction, Input, PatchAction, RestartAction, Step
from kb.text import Text
from tests.checks.dictcluster import DictCluster
from tests.checks.hostile import HOSTILE, derived, shipped, shown

INTERPRETERS = words_of(
    "sh bash ash dash zsh ksh busybox env xargs eval exec nsenter chroot ssh su sudo runuser script timeout nohup"
    " setsid watch find awk gawk sed perl python python3 ruby node lua tclsh expect parallel flock unshare kubectl"
)
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")


# --- what there is


@dataclass(frozen=True)
class Template:
    """An action of a shipped guide and where it stands."""

    where: str
    action: Action


def actions(article: str, step: Step) -> Iterator[Template]:
    found: list[tuple[str, Action]] = [("action", step.action)]
    found += [("undo", part.action) for part in step.undo.parts]
    found += [("save", save.read) for save in step.saves]
    found += [("preview", step.preview)] if step.preview else []
    for where, action in found:
        yield Template(f"{article}/{step.id}/{where}", action)


@cache
def templates() -> tuple[Template, ...]:
    return tuple(
        found
        for article in shipped()
        if article.guide
        for step in article.guide.steps
        for found in actions(article.id, step)
        if isinstance(found.action, ExecAction | PatchAction | DeleteAction | RestartAction)
    )


@cache
def reads() -> tuple[tuple[str, ExecRead], ...]:
    return tuple(
        (f"{spec.id}/{name}", branch)
        for spec in load_catalogue().checks.values()
        for name, read in spec.reads.items()
        for branch in branches(read)
        if isinstance(branch, ExecRead)
    )


class Everywhere(Expander):
    """Every role is one pod, and every object is there."""

    def targets(self, role: str) -> tuple[Target, ...]:
        assert not UNSEEN.search(role)
        return (Target("kube-system", "pod-0", "main", "node-1"),)

    def object(self, resource: str, namespace: str, name: str) -> Object:
        path_of(
            About("get", resource, namespace, name), Resource.parse(resource)
        )  # where a live cluster looks
        owner = {"controller": True, "kind": "DaemonSet", "name": "d"}
        return {"metadata": {"name": name, "uid": "u", "resourceVersion": "1", "ownerReferences": [owner]}}


def names_in(action: Action) -> list[str]:
    """All slots of an action, in its words, its tail, its role, name, namespace and body."""
    texts: list[str] = []

    def walk(node: Any) -> None:
        if isinstance(node, str):
            texts.append(node)
        elif isinstance(node, Mapping):
            for key, value in node.items():
                walk(key)
                walk(value)
        elif isinstance(node, Sequence):
            for value in node:
                walk(value)

    for field in ("argv", "tail", "on", "name", "namespace", "body"):
        walk(getattr(action, field, ()))
    return sorted({name for text in texts for name in slots(text)})


# --- commands and objects of authored guides


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_a_guides_writes_keep_their_shape_whatever_is_put_in(data: st.DataObject) -> None:
    one = data.draw(st.sampled_from(templates()), label="template")
    action = one.action
    each = getattr(action, "each", "")
    names = names_in(action)
    filled = {name: data.draw(HOSTILE, label=name) for name in names if not name.startswith("item")}
    items: list[Any] = []
    for _ in range(data.draw(st.integers(1, 3)) if each else 0):
        own = {name[5:]: data.draw(HOSTILE, label=name) for name in names if name.startswith("item.")}
        items.append(data.draw(HOSTILE, label="item") if "item" in names else own)
    values = {**filled, **({each: items} if each else {})}
    try:
        writes = Everywhere(DictCluster(), load_layout(), ()).expand(action, values)
    except (PlanError, Invalid):
        return  # refused as a whole: nothing of it goes out
    if isinstance(action, ExecAction):
        check_commands(action, writes, filled, items)
    for write in writes:
        if write.resource and write.name:
            check_path(Resource.parse(write.resource), write.namespace, write.name)


def check_commands(
    action: ExecAction, writes: Sequence[PlannedWrite], filled: Mapping[str, Any], items: Sequence[Any]
) -> None:
    """Word for word what the template has, with the values in their places."""
    for write in writes:
        mine = items[write.first : write.first + write.items] if action.each else [None]
        first = {**filled, **flat(mine[0])}
        wanted = [expected(part, first) for part in action.argv]
        wanted += [expected(part, {**filled, **flat(item)}) for item in mine for part in action.tail]
        assert list(write.argv) == wanted
        parts = [*action.argv, *(part for _ in mine for part in action.tail)]
        for part, text in zip(parts, write.argv, strict=True):
            assert text.startswith("-") is part.startswith("-"), (part, text)
            assert not UNSEEN.search(text)
        assert [
            value for _, value in parse_qsl(urlencode([("command", text) for text in write.argv]))
        ] == wanted
        assert list(write.kubectl[write.kubectl.index("--") + 1 :]) == wanted


def flat(item: Any) -> dict[str, Any]:
    return (
        {f"item.{key}": value for key, value in item.items()} if isinstance(item, Mapping) else {"item": item}
    )


def expected(part: str, values: Mapping[str, Any]) -> str:
    return SLOT.sub(lambda match: shown(values[match[1]]), part)


def check_path(resource: Resource, namespace: str, name: str) -> None:
    """The URL means this object and no other, also after a client or proxy has normalised it."""
    from urllib3.util import parse_url

    path = resource.path(namespace, name)
    parsed = parse_url(f"https://example.org:6443{path}")
    assert unquote(parsed.path or "") == path
    assert parsed.query is None
    assert path.split("/")[-1] == name
    assert path.count("/") == resource.path(namespace, "x").count("/") == path.count("/")


def test_no_command_with_a_slot_is_given_to_an_interpreter() -> None:
    """Shells and what starts other programs take no values; and there is something to be fuzzed at all."""
    commands = [(one.where, one.action.argv) for one in templates() if isinstance(one.action, ExecAction)]
    commands += [(where, read.argv) for where, read in reads()]
    for where, argv in commands:
        assert not slots(argv[0]), where
        assert argv[0].rpartition("/")[2] not in INTERPRETERS, where
    assert sum(any(map(slots, argv)) for _, argv in commands) >= 8
    assert len(derived()) >= 12


@pytest.mark.parametrize(
    "name", ["..", ".", "a/../b", "a/b", "x?dryRun=All", "a#b", "%2e%2e", "a b", "a\\b", "\n"]
)
def test_a_name_that_leads_elsewhere_makes_no_url(name: str) -> None:
    """A client takes ``pods/..`` for the namespace: deleting that pod would delete the namespace."""
    pods = Resource("", "v1", "pods")
    for namespace, own in (("kube-system", name), (name, "x")):
        with pytest.raises(Invalid) as refused:
            path_of(About("delete", "pods", namespace, own, write=True), pods)
        assert refused.value.text.zh
        assert not refused.value.sent
    assert pods.path("kube-system", "system:a.b_c") == "/api/v1/namespaces/kube-system/pods/system:a.b_c"


@settings(max_examples=150, deadline=None)
@given(HOSTILE)
def test_a_value_in_the_path_of_a_json_patch_is_one_key(value: Any) -> None:
    operations = ({"op": "add", "path": "/metadata/annotations/{key}", "value": "{key}"},)
    action = PatchAction("v1/pods", "a", operations, type="json")
    try:
        (write,) = Everywhere(DictCluster(), load_layout(), ()).expand(action, {"key": value})
    except PlanError:
        return
    before = {"metadata": {"name": "a", "annotations": {"other": "1"}}}
    after = json_patch(before, write.body)
    assert after == {"metadata": {"name": "a", "annotations": {"other": "1", shown(value): value}}}


@settings(max_examples=200, deadline=None)
@given(
    HOSTILE | st.lists(HOSTILE, max_size=3),
    st.sampled_from(["string", "name", "node", "int", "ip", "cidr", "choice"]),
)
def test_what_is_entered_is_refused_or_can_stand_in_a_word(raw: Any, kind: Any) -> None:
    try:
        value = validate(Input("x", Text("x"), kind, minimum=0), raw, Choices())
    except InputError:
        return
    assert word("x", value) == shown(value)


# --- reads of checks


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_checks_commands_keep_their_shape(data: st.DataObject) -> None:
    """With params of a guide or of the settings, and with what a pod answered (`given`)."""
    name, read = data.draw(st.sampled_from([one for one in reads() if any(map(slots, one[1].argv))]))
    own = {slot for part in read.argv for slot in slots(part)}
    params = {slot: data.draw(HOSTILE, label=slot) for slot in {*own, *read.numbers.values()}}
    params |= dict.fromkeys(read.numbers.values(), 2)
    try:
        filled = fill_read(read, params)
    except ParamError:
        return
    assert isinstance(filled, ExecRead)
    values = {slot: f"{{{slot}}}" if slot in read.given else shown(params[slot]) for slot in own}
    for part, text in zip(read.argv, filled.argv, strict=True):
        assert text == expected(part, values), name
        assert text.startswith("-") is part.startswith("-"), name
