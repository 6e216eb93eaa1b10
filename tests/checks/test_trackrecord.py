"""An article's track record comes from finished sessions on real clusters, and from nothing else."""

from __future__ import annotations

from dataclasses import replace

from checks.sessions.session import Round, Session
from checks.sessions.trackrecord import track_record

VERSION = {"v": {"check": "kube-ovn.version", "value": "v1.12.4"}}
SOLVED = Session(
    id="1", article="a", cause="x", outcome="solved", finished=10.0, rounds=(Round(1.0, VERSION),)
)


def test_what_worked_what_did_not_and_when() -> None:
    newer = {"v": {"check": "kube-ovn.version", "value": "v1.13.0"}}
    sessions = [
        SOLVED,
        replace(SOLVED, finished=30.0, rounds=(Round(1.0, newer),)),
        replace(SOLVED, outcome="not-solved", finished=20.0),
        replace(SOLVED, cause="y", outcome="abandoned", finished=5.0),
    ]
    found = track_record("a", sessions)
    assert (found.solved, found.not_solved, found.abandoned, found.last) == (2, 1, 1, 30.0)
    assert found.causes == (("x", 2, 3),)
    assert found.versions == ("v1.13.0", "v1.12.4")
    assert found.text().en.startswith("solved 2 of 4 times")


def test_practice_open_sessions_and_other_articles_do_not_count() -> None:
    sessions = [
        replace(SOLVED, cluster={"practice": "healthy"}),
        replace(SOLVED, outcome=""),
        replace(SOLVED, article="b"),
    ]
    found = track_record("a", sessions)
    assert found.walked == 0
    assert not found.text()
    assert track_record("a", []).versions == ()
