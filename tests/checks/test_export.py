"""An exported session can be handed over: it says what was done, in both languages, and gives no secret away."""

from __future__ import annotations

import json
import re

import pytest

from checks.redact import redact_tree, redactor
from checks.reports.guidejson import guide_json
from checks.sessions.export import session_json, session_markdown, session_summary
from checks.sessions.exporthtml import session_html
from checks.sessions.session import Round, Session, fold
from checks.sessions.timeline import timeline
from checks.walking.walk import Walk
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
    assert len(set(re.findall("<secret:[0-9a-f]+>", document))) == 1


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


def test_the_page_stands_alone_and_runs_nothing(walk: Walk) -> None:
    """No script, no picture, no link to anywhere; the policy of the page forbids them besides."""
    from bs4 import BeautifulSoup

    walk.note(
        "<script>alert(1)</script> <img src=x onerror=alert(1)> ![x](https://evil.example/x) [y](javascript:1)"
    )
    for lang in ("en", "zh"):
        page = BeautifulSoup(session_html(walk.session, lang), "lxml")
        assert page.find(["script", "img", "iframe", "link", "a"]) is None
        assert not [tag for tag in page.find_all() if any(name.startswith("on") for name in tag.attrs)]
        policy = page.find("meta", {"http-equiv": "Content-Security-Policy"})
        assert policy is not None
        assert "default-src 'none'" in str(policy["content"])
        assert "alert(1)" in page.get_text()
        assert "hunter2" not in str(page)
        assert page.find("html")["lang"] == lang  # type: ignore[index]


def test_the_timeline_is_in_order_and_tells_how_it_went(walk: Walk) -> None:
    """What was checked, sent and proven, each at its time; the finish last."""
    moments = timeline(walk.session)
    assert [one.at for one in moments] == sorted(one.at for one in moments)
    told = [one.text.en for one in moments]
    assert told[0] == "session opened by chen"
    assert told[-1] == "session finished: solved"
    assert "verification of purge: held" in told
    assert "undo of stop begins" in told
    assert any("MAC_Binding" in text or "ovn-sbctl" in text for text in told)
    assert {one.tone for one in moments} >= {"good", ""}


def test_verdicts_are_counted_in_words_of_each_language() -> None:
    results = {
        "a": {"verdict": "fail"},
        "b": {"verdict": "ok"},
        "c": {"verdict": "ok"},
        "d": {"verdict": "odd"},
    }
    (moment,) = timeline(Session(rounds=(Round(5.0, results),)))
    assert (moment.text.en, moment.text.zh) == ("checks: fail 1, ok 2", "检查：异常 1，正常 2")
    assert [one.zh for one in moment.more] == ["异常 a：", "正常 b：", "正常 c：", "odd d："]


def test_a_take_over_is_told() -> None:
    session = fold(
        [{"kind": "turn", "at": 5.0, "step": "a", "state": "taken-over", "holder": "li", "before": "chen"}]
    )
    assert "taken over from chen by li" in timeline(session)[0].text.en
    assert session_json(session, "en")["turns"][0]["before"] == "chen"


def test_the_summary_for_a_chat_is_short_and_says_what_changed(walk: Walk) -> None:
    text = session_summary(walk.session, "en")
    assert text.startswith("Test article on test: solved. Cause: learning. Done: purge. Verified: ")
    assert "\n" not in text
    assert "已执行：purge" in session_summary(walk.session, "zh")
    doubt = fold(
        [{"kind": "start", "step": "drop", "at": 1.0}, {"kind": "ended", "step": "drop", "state": "in_doubt"}]
    )
    assert "In doubt: drop." in session_summary(doubt, "en")
    assert "Not verified." in session_summary(fold([]), "en")
