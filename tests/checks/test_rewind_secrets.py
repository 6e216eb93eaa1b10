"""Saved Secrets: the undo works at home, and no export, hand-over, screen or comparison gives their data away."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from checks.cluster import Resource
from checks.plans.plan import PlanError
from checks.redact import redact_tree, redact_words, redactor
from checks.sessions.export import session_json, session_markdown
from checks.sessions.exporthtml import session_html
from checks.sessions.handover import packed
from checks.sessions.journal import read
from checks.sessions.session import fold
from checks.walking.walk import Walk
from kb.model import PatchAction, RecreateAction, Undo, UndoPart
from kb.text import Text
from tests.checks.incident import Ovn, cluster_with, done, run, walk_on

SECRETS = Resource.parse("v1/secrets")
BEFORE, AFTER, APPLIED = "T2xkIHBhc3M=", "bmV3IHBhc3M=", '{"stringData":{"p":"Old pass, \\"x\\""}}'
LAST = "kubectl.kubernetes.io/last-applied-configuration"


def walked(folder: Path) -> Walk:
    """A step patched a Secret; the Secret's data was saved before it."""
    cluster = cluster_with(Ovn())
    cluster.add(
        "v1/secrets",
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "key", "namespace": "kube-system", "annotations": {LAST: APPLIED}},
            "data": {"p": BEFORE},
        },
    )
    walk = walk_on(cluster, folder)
    patch = PatchAction("v1/secrets", "key", {"data": {"p": AFTER}}, namespace="kube-system")
    back = Undo(Text("Back", "恢复"), (UndoPart(RecreateAction()),))
    steps = tuple(
        replace(step, action=patch, undo=back, inputs=()) if step.id == "label" else step
        for step in walk.guide.steps
    )
    walk.guide = replace(walk.guide, steps=steps)
    return walk


def test_the_undo_of_a_secret_works_at_home_and_leaks_nowhere(tmp_path: Path) -> None:
    """Everything that leaves this machine has a token in the place of what the Secret holds."""
    walk = walked(tmp_path)
    plan = walk.plan("label", {})
    shown = "\n".join(plan.preview.lines)
    assert BEFORE not in shown
    assert AFTER not in shown
    assert "-  p:" in shown, "that it changes is shown"
    assert done(walk.run(plan, typed=plan.confirm.expected)).state == "done"
    back = walk.plan_undo("label")
    assert done(walk.undo(back, typed=back.confirm.expected)).state == "undone"
    assert walk.cluster.get(SECRETS, "key", namespace="kube-system")["data"] == {"p": BEFORE}
    session, entries = walk.session, read(walk.path)  # type: ignore[arg-type]
    out = [
        json.dumps(session_json(session, "en")),
        *(session_markdown(session, lang) + session_html(session, lang) for lang in ("en", "zh")),
        packed(entries, by="chen", at=1.0),
    ]
    for text in out:
        assert not [secret for secret in (BEFORE, AFTER, "Old pass", 'x\\"') if secret in text]
    assert not [
        e for e in entries if e["kind"] != "saved_object" and e["kind"] != "before_undo" and AFTER in str(e)
    ]


def test_who_takes_the_session_over_cannot_undo_what_was_redacted(tmp_path: Path) -> None:
    """A token is never written into a cluster."""
    walk = walked(tmp_path)
    assert run(walk, "label").state == "done"
    lines = packed(walk.journal.entries, by="chen", at=1.0).splitlines()
    walk._session = fold(json.loads(line) for line in lines)
    with pytest.raises(PlanError, match=r"redacted|secret"):
        walk.plan_undo("label")


def test_what_is_in_a_secret_is_masked_whole() -> None:
    """Short values, blanks and quotes; objects that only the entry around them calls a Secret; lists; patches."""
    redact = redactor("k")
    short = redact_tree({"kind": "Secret", "data": {"a": "YQ=="}, "stringData": {"b": 'x y "z"'}}, redact)
    assert not [bit for bit in ("YQ", "x y", '"z') if bit in json.dumps(short)]
    entry = {"resource": "v1/secrets", "object": {"data": {"a": "YWJj"}, "metadata": {"name": "n"}}}
    assert "YWJj" not in json.dumps(redact_tree(entry, redact))
    assert redact_tree(entry, redact)["object"]["metadata"]["name"] == "n"
    many = {"kind": "SecretList", "items": [{"data": {"a": "YWJj"}}]}
    assert "YWJj" not in json.dumps(redact_tree(many, redact))
    again = redact_tree(redact_tree(entry, redact), redact)
    assert again == redact_tree(entry, redact)
    words = ("kubectl", "patch", "secrets", "n", "-p", '{"data":{"a":"YWJj"}}')
    assert "YWJj" not in " ".join(redact_words(words, redact))
    patch = ("kubectl", "patch", "secrets", "n", "-p", '[{"op":"add","path":"/data/a","value":"YWJj"}]')
    assert "YWJj" not in " ".join(redact_words(patch, redact))
    assert "/data/a" in " ".join(redact_words(patch, redact))
    plain = ("kubectl", "patch", "subnets.kubeovn.io", "n", "-p", '{"spec":{"a":"b"}}')
    assert redact_words(plain, redact) == list(plain)
