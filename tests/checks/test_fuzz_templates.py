"""Hostile inputs in every template there is: no word changes its place or becomes an option, nothing reaches a shell.

Templates: every command, preview, saved read and undo of the shipped guides, every command of the catalogue's checks,
and steps derived from the texts of the shipped articles and of one with lines of all shapes.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
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
from checks.local.options import NotLocal
from checks.local.run import local_command
from checks.plans.commandline import fill_line
from checks.plans.inputs import Choices, InputError, validate
from checks.plans.plan import PlanError, PlannedWrite
from checks.plans.template import SLOT, SlotError, slots, word
from checks.plans.writes import Expander
from checks.practice.patches import json_patch
from checks.reads import ExecRead, branches
from checks.risk.options import words_of
from checks.specs.readspec import fill as fill_read
from checks.specs.slots import SlotError as ParamError
from kb import open_library
from kb.articlefile import parse_article
from kb.derive import derive
from kb.model import (
    Action,
    Article,
    CommandAction,
    DeleteAction,
    ExecAction,
    Input,
    PatchAction,
    RestartAction,
    Step,
)
from kb.paths import ASSETS
from kb.shell import Line, parse
from kb.text import Text
from tests.checks.dictcluster import DictCluster

SEEDS = (
    *(
        "-",
        "--",
        "-rf",
        "--all",
        "--db=tcp:1.2.3.4:6641",
        "-c id",
        "--context=prod",
        "−x",
        "a",
        "10.16.0.0/16",
    ),
    *("; reboot", "$(reboot)", "`reboot`", "a && b", "a || b", "a | b", "a > /etc/passwd", "<(x)"),
    *("a\nb", "a\r\nb", "a\0b", "a b", "a\tb", "'", '"', "'\"'", "\\", "\\'", "a'b\"c"),
    *("$HOME", "${x}", "!!", "*", "?", "[a-z]", "{a,b}", "~root", "#", "@x", "a,b=c", "[]", "{}"),
    *("..", ".", "../../secrets/x", "a/b", "%2e%2e", "%2F", "x?dryRun=All", "a#b", "a&b=c", "a+b"),
    *("{item}", "{item.name}", "{0}", "%s", "网络", "名 字", "\u202e", "\ufeffa", "\u2028", "\udc80", "ﬁ"),
)
HOSTILE = st.one_of(
    st.sampled_from(SEEDS),
    st.builds("".join, st.lists(st.sampled_from(SEEDS), min_size=2, max_size=3)),
    st.text("ab -'\"\\$`;|&<>(){}[]*?!~#%@=,\n\t网", min_size=1, max_size=12),
    st.text(min_size=1, max_size=30),
    st.integers(-5, 10**12),
    st.booleans(),
)
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
def shipped() -> tuple[Article, ...]:
    with tempfile.TemporaryDirectory() as folder:
        library = open_library([ASSETS], cache_dir=Path(folder))
        return tuple(article for one in sorted(library.guided) if (article := library.get(one)))


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


SHAPES = """# The pods of a node get no address

## Symptoms

Pods stay in ContainerCreating.

## Resolution

```bash
kubectl -n <namespace> get pod <pod> -o wide
kubectl -n <namespace> get pods -o json | grep "<pod>" | head -n 5
kubectl -n <namespace> exec <pod> -- ovn-nbctl --timeout=10 set Logical_Router '<router>' "options:x=<value>"
kubectl ko nbctl lr-route-list "$(kubectl get vpc <vpc> -o name)" && echo '<vpc> done' >> /tmp/<file>
kubectl patch subnet <subnet> --type=merge -p '{"spec": {"gateway": "<gateway>"}}'
for pod in <pods>; do kubectl delete pod $pod -n <namespace>; done
echo "`hostname` <note>" | tee "/tmp/<file>.log"
cat <<EOF | kubectl apply -f -
name: <subnet>
EOF
```
"""


@cache
def derived() -> tuple[Step, ...]:
    """Steps derived from articles' texts, whose lines a person copies or klinik runs when they only read."""
    text, _ = parse_article(SHAPES.encode(), "en.md", lang="en")
    assert text is not None
    articles = [Article("shapes", {"en": text}, ""), *(Article(one.id, one.texts, "") for one in shipped())]
    guides = [guide for one in articles if (guide := derive(one))]
    return tuple(step for guide in guides for step in guide.steps if isinstance(step.action, CommandAction))


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


def shown(value: Any) -> str:
    """A value as its word has it."""
    return str(value).lower() if isinstance(value, bool) else str(value)


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


# --- lines of derived guides


def line_values(data: st.DataObject, step: Step) -> dict[str, Any]:
    return {spec.name: data.draw(HOSTILE, label=spec.name) for spec in step.inputs}


def skeleton(line: Line) -> Any:
    """What a shell would do with a line, the words left out."""
    return (
        line.operators,
        line.broken,
        len(line.inner),
        [
            (len(one.words), len(one.assignments), [r.operator for r in one.redirects])
            for one in line.commands
        ],
    )


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_derived_line_keeps_its_commands_and_words(data: st.DataObject) -> None:
    step = data.draw(st.sampled_from(derived()), label="step")
    assert isinstance(step.action, CommandAction)
    values = line_values(data, step)
    try:
        line = fill_line(step.action.shell, values)
    except SlotError:
        return
    marks = {name: f"Zq{number}Z" for number, name in enumerate(values)}
    plain = parse(fill_line(step.action.shell, marks))
    found = parse(line)
    assert skeleton(found) == skeleton(plain), line
    back = {mark: shown(values[name]) for name, mark in marks.items()}
    pattern = re.compile("|".join(map(re.escape, back)) or r"(?!)")
    for one, other in zip(plain.commands, found.commands, strict=True):
        for was, now in zip(one.words, other.words, strict=True):
            if was.literal:
                assert now.text == pattern.sub(lambda match: back[match[0]], was.text), line


@cache
def runnable() -> tuple[Step, ...]:
    """The steps that klinik would run with harmless values."""
    return tuple(step for step in derived() if accepts(step))


def accepts(step: Step) -> bool:
    try:
        local_command(step, {spec.name: "zqz" for spec in step.inputs})
    except NotLocal:
        return False
    return True


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_line_that_klinik_runs_itself_keeps_its_words(data: st.DataObject) -> None:
    step = data.draw(st.sampled_from(runnable()), label="step")
    values = line_values(data, step)
    try:
        command = local_command(step, values)
    except NotLocal:
        return
    marks = {name: f"zq{number}z" for number, name in enumerate(values)}
    back = {mark: shown(values[name]) for name, mark in marks.items()}
    pattern = re.compile("|".join(map(re.escape, back)) or r"(?!)")
    plain = local_command(step, marks)
    assert command.stages == tuple(
        tuple(pattern.sub(lambda match: back[match[0]], text) for text in stage) for stage in plain.stages
    )


FORMS = ("{x}", "a{x}b", '"{x}"', "'{x}'", "--o={x}", "\"a '{x}' b\"", "'a \"{x}\" b'", "{x}{x}")


@pytest.mark.parametrize("shell", ["bash", "sh"])
def test_real_shells_read_a_filled_word_as_one_word(shell: str) -> None:
    """Whatever stands in a value, and however the article quotes it, the shell gives the program exactly that text."""

    @settings(max_examples=8, deadline=None)
    @given(st.lists(HOSTILE, min_size=25, max_size=40))
    def read_back(values: Sequence[Any]) -> None:
        lines, wanted = [], []
        for value in values:
            for form in FORMS:
                try:
                    lines.append(f"printf '%s\\0' {fill_line(form, {'x': value})}")
                except SlotError:
                    continue
                wanted.append(unquoted(form).replace("{x}", shown(value)))
        run = subprocess.run(
            [shell],
            input="\n".join(lines).encode(),
            capture_output=True,
            check=True,
            env={"LC_ALL": "C.UTF-8"},
        )
        assert run.stderr == b""
        assert run.stdout.decode().split("\0")[:-1] == wanted

    read_back()


def unquoted(form: str) -> str:
    return {'"{x}"': "{x}", "'{x}'": "{x}", "\"a '{x}' b\"": "a '{x}' b", "'a \"{x}\" b'": 'a "{x}" b'}.get(
        form, form
    )
