"""A guide derived from an article is walked by hand: nothing is sent, everything is written down, secrets are not."""

from __future__ import annotations

import pytest

from checks.plans.plan import PlanError
from checks.reports.guidejson import guide_json
from checks.sessions.export import session_json, session_markdown
from checks.sessions.journal import MemoryJournal
from checks.walking.walk import Walk
from kb.articlefile import parse_article
from kb.derive import derive
from kb.model import Article
from tests.checks.incident import CATALOGUE, Ovn, cluster_with, done

TEXT = """# Cache node is out of its cluster

## Symptoms

The node shows no slots.

## Resolution

Forget the node:

```bash
redis-cli -h <healthy-ip> -a <password> cluster forget <node-id>
```
"""


def article() -> Article:
    text, _ = parse_article(TEXT.encode(), "en.md", lang="en")
    assert text is not None
    bare = Article("cache", {"en": text}, "")
    return Article("cache", {"en": text}, "", guide=derive(bare))


def test_an_articles_command_is_copied_and_ticked_off_and_never_planned() -> None:
    journal = MemoryJournal()
    walk = Walk.open(cluster_with(Ovn()), article(), CATALOGUE, journal=journal)
    (cause,) = walk.causes()
    assert cause.state == "open"
    walk.choose(cause.cause.id)
    (step,) = walk.steps()
    with pytest.raises(PlanError):
        walk.plan(step.id, {})
    values = {"healthy_ip": "10.0.0.9", "password": "hunter2"}
    assert walk.line(step.id, values) == "redis-cli -h 10.0.0.9 -a hunter2 cluster forget {node_id}"
    assert done(walk.done_by_hand(step.id, values=values)).state == "done"
    assert walk.state(step.id) == "done"
    assert "hunter2" not in str(journal.entries)
    assert "10.0.0.9" in str(journal.entries)


def test_the_line_that_was_shown_stands_in_the_journal_and_in_the_export() -> None:
    """Weeks later it is known what a person ran, with the values of that night and without the password."""
    journal = MemoryJournal()
    walk = Walk.open(cluster_with(Ovn()), article(), CATALOGUE, journal=journal)
    walk.choose("cause-1")
    (step,) = walk.steps()
    done(walk.done_by_hand(step.id, values={"healthy_ip": "10.0.0.9", "password": "hunter2"}))
    line = "redis-cli -h 10.0.0.9 -a {password} cluster forget {node_id}"
    assert walk.record_of(step.id).line == line
    assert line in session_markdown(walk.session, "en")
    assert session_json(walk.session, "en")["steps"][0]["line"] == line


def test_the_json_of_a_derived_guide_names_command_inputs_and_risk() -> None:
    document = guide_json(cluster_with(Ovn()).info, article(), {}, "en")
    (step,) = document["steps"]
    assert document["origin"] == "derived"
    assert (step["action"], step["risk"]) == ("command", "destructive")
    assert step["command"] == "redis-cli -h {healthy_ip} -a {password} cluster forget {node_id}"
    assert list(step["inputs"]) == ["healthy_ip", "password", "node_id"]
