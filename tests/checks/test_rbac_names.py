"""What the roles that klinik prints are called, whom they are for, and that they stay whole whatever a name holds."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.cluster import Object, Resource
from checks.rights.permissions import Permission
from checks.rights.rbac import Subject, in_words, missing, role_name, roles_of, without_covered
from checks.rights.rbactext import Part, comment, yaml_of


def test_wider_permissions_take_the_narrower_ones_in() -> None:
    """And who needed the narrower one is still named."""
    pods = Resource.parse("v1/pods")
    wide, narrow = Permission("list", pods), Permission("list", pods, "kube-system")
    named = Permission("get", pods, "kube-system", name="a")
    alone = Permission("get", pods, "kube-system", "log")
    found = without_covered({narrow: ("b",), wide: ("a",), named: ("c",), alone: ("d",)})
    assert found[wide] == ("b", "a")
    assert set(found) == {wide, named, alone}


def test_names_and_kinds_are_never_mixed_up() -> None:
    """A rule with resourceNames stands alone: another kind in it would be bound to the same name."""
    apps = [Resource.parse(f"apps/v1/{plural}") for plural in ("daemonsets", "deployments")]
    needs = {Permission("patch", kind, "a", name="x"): ("s",) for kind in apps}
    (role,) = roles_of(needs, "n")
    assert [(r.resources, r.names) for r in role.rules] == [
        (("daemonsets",), ("x",)),
        (("deployments",), ("x",)),
    ]


@given(st.text(min_size=1, max_size=300))
def test_any_article_gets_a_role_name_that_kubernetes_takes(article: str) -> None:
    """Short enough, of the letters that are allowed, and two articles never share one."""
    name = role_name("checks", article)
    assert len(name) <= 253
    assert all(c in "abcdefghijklmnopqrstuvwxyz0123456789-." for c in name)
    assert name[-1] not in "-."
    assert role_name("checks", article + "é") != name


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("user:alice@example.com", {"kind": "User", "name": "alice@example.com"}),
        ("User:system:serviceaccount:a:b", {"kind": "User", "name": "system:serviceaccount:a:b"}),
        ("group:sre", {"kind": "Group", "name": "sre"}),
        ("sa:ops/klinik", {"kind": "ServiceAccount", "name": "klinik", "namespace": "ops"}),
    ],
)
def test_subjects_are_read_as_they_are_written(text: str, wanted: Object) -> None:
    found = Subject.parse(text).object()
    assert {key: value for key, value in found.items() if key != "apiGroup"} == wanted


@pytest.mark.parametrize(
    "text", ["", "alice", "user:", "sa:klinik", "sa:/x", "sa:a/", "robot:x", "user:a\nb"]
)
def test_what_is_no_subject_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no subject"):
        Subject.parse(text)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=200), st.text(min_size=1, max_size=40))
def test_no_text_gets_out_of_a_comment_or_a_name(text: str, name: str) -> None:
    """Whatever an article or a user is called, the documents say what they shall say."""
    assert all(line.startswith("#") and "\n" not in line for line in comment(text))
    role = roles_of({Permission("list", Resource.parse("v1/pods")): (text,)}, "n")
    made = yaml_of([Part((text,), role)], Subject("User", name), "en")
    (_, binding) = [d for d in yaml.safe_load_all(made) if d]
    assert binding["subjects"][0]["name"] == name


def test_what_is_missing_is_named_in_words() -> None:
    """Only what was refused; an answer that did not come is no refusal."""
    pods = Resource.parse("v1/pods")
    one, two = (Permission(verb, pods, "kube-system", "exec") for verb in ("get", "create"))
    three = Permission("list", pods)
    found = missing([one, two, three], {one: False, two: False, three: None})
    assert in_words(found) == "create, get pods/exec -n kube-system"
    wide = [Permission("list", Resource.parse(kind)) for kind in ("v1/nodes", "kubeovn.io/v1/ips")]
    assert in_words([*wide, one]) == "list nodes, ips.kubeovn.io; get pods/exec -n kube-system"
