"""An exported session can be handed over: it says what was done, in both languages, and gives no secret away."""

from __future__ import annotations

import json

import pytest

from checks.export import session_json, session_markdown
from checks.guidejson import guide_json
from checks.redact import redact_tree, redactor
from checks.session import fold
from checks.walk import Walk
from tests.checks.incident import ARTICLE, Ovn, checked, cluster_with, done, run, walk_on


@pytest.fixture
def walk() -> Walk:
    walk = walk_on(cluster_with(Ovn()))
    run(walk, "stop")
    run(walk, "purge")
    done(walk.undo(walk.plan_undo("stop"), typed="y"))
    walk.skip("drop", "not needed")
    walk.note("pasted: password=hunter2hunter2 and a [link](http://x)")
    walk.finish("solved")
    return walk


def test_markdown_tells_the_whole_walk(walk: Walk) -> None:
    """Cluster, operator, reason, evidence, cause, exact commands, proof before and after, undo, notes."""
    text = session_markdown(walk.session, "en")
    for part in (
        "# Test article",
        "Operator: chen",
        "Reason: TEST-1",
        "Outcome: solved",
        "## Step stop: undone",
        "## Step purge: done",
        "## Step drop: skipped",
        "not needed",
        "destroy MAC_Binding uuid-1 uuid-2",
        "| t.option | fail: on | ok: off |",
        "Undo: Verification: held",
    ):
        assert part in text, part
    assert "验证" in session_markdown(walk.session, "zh")


def test_exports_give_no_secret_away(walk: Walk) -> None:
    """The same secret becomes the same token everywhere; Markdown in notes is only text."""
    text = session_markdown(walk.session, "en")
    document = json.dumps(session_json(walk.session, "zh"), ensure_ascii=False)
    assert "hunter2" not in text + document
    assert r"\[link\]" in text
    assert document.count("<secret:") == 1


def test_hostile_output_cannot_break_out_of_its_block() -> None:
    """Backticks and control sequences in a command's output stay inside a longer fence."""
    session = fold(
        [
            {"kind": "opened", "session": "s", "at": 1},
            {"kind": "start", "step": "x", "at": 1},
            {"kind": "writing", "step": "x", "at": 1, "kubectl": ["kubectl", "a b"]},
            {"kind": "answer", "step": "x", "output": "````\n# not a heading \x1b[31m", "at": 1},
        ]
    )
    text = session_markdown(session, "en")
    assert "`````\n````\n# not a heading" in text
    assert "\x1b" not in text
    assert "kubectl 'a b'" in text


def test_secrets_of_kubernetes_and_of_texts_are_found() -> None:
    """Tokens, passwords in URLs and pairs, keys, and the data of Secret objects; the same one to the same token."""
    redact = redactor("k")
    jwt = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhYmMifQ.c2lnbmF0dXJl"
    text = redact(f"Authorization: Bearer {jwt} https://user:pa55w0rd@host token={jwt} API_KEY: 'abcd1234'")
    assert jwt not in text
    assert "pa55w0rd" not in text
    assert "abcd1234" not in text
    assert redact(jwt) == redact(jwt)
    assert redact("always_learn_from_arp_request=false") == "always_learn_from_arp_request=false"
    tree = redact_tree({"kind": "Secret", "data": {"x": "c2VjcmV0"}, "metadata": {"name": "n"}}, redact)
    assert "c2VjcmV0" not in json.dumps(tree)
    assert tree["metadata"]["name"] == "n"


def test_guide_json_has_the_published_shape() -> None:
    """Symptoms, causes with because, steps with risk, command, proposed inputs and state; all of it JSON."""
    walk = walk_on(cluster_with(Ovn()))
    document = json.loads(json.dumps(guide_json(walk.cluster.info, ARTICLE, walk.results, "en")))
    assert {"article", "title", "lang", "cluster", "symptoms", "causes", "steps"} <= document.keys()
    assert document["symptoms"][0] == {
        "id": "rows",
        "text": "Rows pile up",
        "verdict": "fail",
        "reason": "",
        "summary": "4 stale",
    }
    assert document["causes"][0]["state"] == "supported"
    assert document["causes"][0]["because"][0]["check"] == "t.macs"
    steps = {step["id"]: step for step in document["steps"]}
    assert steps["stop"]["risk"] == "low"
    assert steps["purge"]["state"] == "blocked"
    assert steps["purge"]["inputs"]["rows"]["count"] == 4
    assert steps["purge"]["inputs"]["rows"]["default"]["count"] == 4
    assert "destroy MAC_Binding uuid-1" in steps["purge"]["command"]
    assert steps["drop"]["command"] == "delete subnets.kubeovn.io/net-a"
    assert steps["restart"]["command"] == "restart ovs@{node}"
    run(walk, "stop")
    checked(walk)
    after = {step["id"]: step for step in guide_json(walk.cluster.info, ARTICLE, walk.results, "zh")["steps"]}
    assert after["stop"]["state"] == "already_done"
    assert after["purge"]["state"] == "todo"
