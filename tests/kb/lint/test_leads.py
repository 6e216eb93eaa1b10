"""What a cause leads to in other articles has to be there."""

from __future__ import annotations

import pytest

from kb.lint.leads import Leads
from kb.model import Cause, Guide, Symptom
from kb.text import Text


def guide(name: str, *leads: str) -> Guide:
    cause = Cause("why", Text.of("why"), Text(), "true", "false", (), leads_to=leads)
    symptom = Symptom("seen", Text.of("seen"), ())
    return Guide(name, f"{name}/guide.yaml", {}, (symptom,), (cause,), (), lines={"causes.why": 7})


@pytest.mark.parametrize("target", ["b", "b/why", "b/seen", "unread", "unread/anything"])
def test_what_is_there_is_right(target: str) -> None:
    leads = Leads()
    leads.add(guide("a", target))
    leads.add(guide("b"))
    assert list(leads.check(frozenset({"unread"}))) == []


@pytest.mark.parametrize("target", ["c", "b/none", "a", "a/seen", "b/", ""])
def test_what_is_not_there_is_named_with_its_line(target: str) -> None:
    leads = Leads()
    leads.add(guide("a", target))
    leads.add(guide("b"))
    (problem,) = leads.check(frozenset())
    assert (problem.code, problem.line, problem.path, problem.article) == (
        "guide.leads-nowhere",
        7,
        "a/guide.yaml",
        "a",
    )
