"""Whatever stands in a journal: it is read, shown, exported and listed, and what is none of klinik's is counted."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from checks.sessions.draft import draft
from checks.sessions.export import session_summary
from checks.sessions.exportforms import exported
from checks.sessions.handover import NoSession, unpacked
from checks.sessions.session import Entry, fold, interrupted, summary
from checks.sessions.timeline import timeline
from checks.sessions.trackrecord import track_record
from tests.checks.incident import ARTICLE, Ovn, cluster_with, done, run, walk_on


def walked() -> list[Entry]:
    """Entries of every kind that a walk writes."""
    walk = walk_on(cluster_with(Ovn()))
    run(walk, "stop")
    run(walk, "purge")
    run(walk, "label")
    done(walk.undo(walk.plan_undo("stop"), typed="y"))
    walk.skip("drop", "not needed")
    walk.note("a note")
    walk.finish("solved", "why", {"kube-ovn": "v1.12.4"})
    return list(walk.journal.entries)


ENTRIES = walked()
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to everything inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, one in inner for place in ((*way, key), *places(one, (*way, key)))]


PLACES = [place for place in places(ENTRIES) if len(place) > 1 and place[1] not in ("v", "n", "at", "kind")]


def all_of(entries: list[Entry]) -> None:
    """Everything that reads a session."""
    session = interrupted(fold(entries))
    summary(entries)
    for moment in timeline(session):
        assert all(isinstance(more.get("zh"), str) for more in moment.more)
    for form in ("md", "html", "json"):
        exported(entries, form, "zh", by="x", at=1.0)
    session_summary(session, "en")
    draft(session, ARTICLE)
    track_record(session.article, [session])


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(PLACES), JSON)
def test_nothing_in_a_journal_breaks_what_reads_it(place: tuple[Any, ...], value: Any) -> None:
    entries = copy.deepcopy(ENTRIES)
    holder: Any = entries
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    all_of(entries)


@pytest.mark.parametrize("gone", range(0, len(ENTRIES), 3))
def test_a_journal_that_lacks_a_line_is_still_read(gone: int) -> None:
    all_of([*ENTRIES[:gone], *ENTRIES[gone + 1 :]])


def test_what_klinik_writes_is_never_damage_and_a_stranger_s_shape_is() -> None:
    assert fold(ENTRIES).damaged == 0
    wrong = {**next(e for e in ENTRIES if e["kind"] == "checked"), "results": {"macs": "fail"}}
    assert fold([*ENTRIES, wrong]).damaged == 1
    raw = "".join(json.dumps({**e, "n": n}) + "\n" for n, e in enumerate([*ENTRIES, wrong], 1)).encode()
    with pytest.raises(NoSession, match="damaged"):
        unpacked(raw)


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "saved_object", "step": "a", "name": "n", "object": {"metadata": {}}},
        {"kind": "saved_object", "step": "a", "resource": "v1/pods", "name": "n"},
        {"kind": "saved_rows", "step": "a"},
        {"kind": "saved", "step": "a", "value": 1},
        {"kind": "saved_file", "step": "a", "purpose": "do", "sha256": "0", "database": "d", "name": "n"},
    ],
)
def test_what_an_undo_goes_by_is_whole_or_damaged(entry: Entry) -> None:
    """Half of what was saved before a write would end an undo in the middle of its planning."""
    assert fold([entry]).damaged == 1
