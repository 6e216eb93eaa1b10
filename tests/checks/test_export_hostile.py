"""Exports of sessions whose texts are hostile or merely odd: no secret, no mark-up and no line of them gets out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from checks.sessions.draft import draft
from checks.sessions.export import session_json, session_markdown, session_summary
from checks.sessions.exporthtml import session_html
from checks.sessions.handover import packed, unpacked
from checks.sessions.session import Session, fold
from kb.markdown import to_html

OPENED = {"kind": "opened", "session": "s-1", "article": "a", "title": "T", "at": 1.0}
JWT = "eyJhbGciOi_JIUzI1NiJ9.eyJzdWIi_OiIxMjM0NTY3.c2ln_bmF0dXJl"


def session(*entries: dict[str, Any]) -> Session:
    return fold([OPENED, *({"at": 2.0, **entry} for entry in entries)])


def written(what: str = "w", kubectl: tuple[str, ...] = ("kubectl", "get")) -> tuple[dict[str, Any], ...]:
    return (
        {"kind": "start", "step": "x"},
        {"kind": "writing", "step": "x", "what": what, "kubectl": list(kubectl)},
        {"kind": "answer", "step": "x"},
        {"kind": "ended", "step": "x", "state": "done"},
    )


@pytest.mark.parametrize(
    "secret",
    ["api_key=hunter2hunter2", "DB_PASSWORD_PROD: hunter2hunter2", f"got {JWT}", "pass\x1b[1mword=hunter2x"],
)
def test_no_export_gives_a_secret_away_wherever_it_stands(secret: str) -> None:
    """Marks that Markdown needs, and colours of a terminal, do not hide a secret from those who look for it."""
    told = session(
        *written(what=f"sets {secret}"),
        {"kind": "ran", "step": "x", "line": "kubectl get po", "end": "not-started", "why": secret},
        {"kind": "note", "text": secret},
        {"kind": "finished", "outcome": "solved", "why": secret},
    )
    every = [*draft(told, None).values(), session_markdown(told, "en"), session_html(told, "zh")]
    for text in (*every, session_summary(told, "en")):
        assert "hunter2" not in text
        assert "c2ln" not in text
        assert "secret:" in text


def test_a_key_without_its_end_takes_nothing_of_the_article_with_it() -> None:
    told = session(
        {"kind": "checked", "results": {"a": {"verdict": "fail", "summary": "-----BEGIN RSA PRIVATE KEY----- MIIE"}}},
        {"kind": "note", "text": "the last word"},
    )  # fmt: skip
    text = draft(told, None)["en.md"]
    assert "MIIE" not in text
    assert "## Resolution" in text
    assert "the last word" in text


def test_a_command_of_several_lines_stays_one_block_of_its_step() -> None:
    line = "cat <<EOF | kubectl apply -f -\nkind: Pod\nEOF"
    told = session(
        *written(kubectl=("kubectl", "exec", "p", "--", "a\nb")),
        {"kind": "start", "step": "y", "line": line},
        {"kind": "ended", "step": "y", "state": "done"},
        {"kind": "note", "text": "the last word"},
    )
    html = to_html(draft(told, None)["en.md"])
    assert html.count("<pre>") == 2
    assert "kind: Pod\nEOF\n</code></pre>" in html
    assert "<li>the last word</li>" in html


@pytest.mark.parametrize("hostile", ["~~~ x", "&lt;b&gt; &#8238;", "**b** <i> [l](http://x) | # `c`"])
def test_a_text_means_nothing_but_itself(hostile: str) -> None:
    """Neither a fence that swallows what follows, nor entities that become other characters than were there."""
    told = session(
        {"kind": "cause", "cause": hostile, "causes": {}},
        *written(what=hostile),
        {"kind": "note", "text": hostile},
        {"kind": "note", "text": "the last word"},
    )
    for text in (session_markdown(told, "en"), draft(told, None)["en.md"]):
        html = to_html(text)
        assert "\u202e" not in html
        assert "the last word</li>" in html
        assert html.count("&amp;lt;b") + html.count("~~~ x") + html.count("**b** &lt;i&gt;") >= 2
        assert "<a " not in html


def test_a_value_whose_name_says_that_it_is_secret_travels_nowhere() -> None:
    entries = [
        {**OPENED, "v": 1, "n": 1},
        {
            "kind": "start",
            "step": "x",
            "at": 2.0,
            "n": 2,
            "values": {"db_password": "hunter2hunter2", "node": "n1"},
        },
        {"kind": "saved", "step": "x", "at": 2.0, "n": 3, "name": "token", "value": "hunter2hunter2"},
    ]
    told = fold(entries)
    handed = packed(entries, by="chen", at=3.0)
    for text in (session_markdown(told, "en"), json.dumps(session_json(told, "en")), handed):
        assert "hunter2" not in text
        assert "n1" in text
    _, taken = unpacked(handed.encode())
    assert fold(taken).step("x").redacted
    bare = [entries[0], {"kind": "start", "step": "x", "at": 2.0, "n": 2}]
    assert not fold(unpacked(packed(bare, by="chen", at=3.0).encode())[1]).step("x").redacted
